//! Who may see an app, and how they come to: doors, sharing with many, asking, the letters about both, the record, the list of apps, their languages.

mod asking;
mod doors;
mod explaining;
mod home;
mod languages;
mod list;
mod mail;
mod record;

use loggia::config::{Config, Network};
use loggia::model::{Audience, NetworkRule, NetworkUse};
use loggia::releases::By;

use crate::support::app::TestApp;

const PAGE: &[u8] = b"<h1>Figures</h1>";
const INSIDE: (&str, &str) = ("X-Forwarded-For", "10.1.2.3");
const OUTSIDE: (&str, &str) = ("X-Forwarded-For", "192.0.2.1");

/// A server behind a proxy that it trusts, whose operator named a network.
fn behind_a_proxy(config: &mut Config) {
    config.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    config.access.networks = vec![Network {
        name: "office".to_owned(),
        description: Some("The offices".to_owned()),
        ranges: vec!["10.0.0.0/8".parse().unwrap()],
    }];
    config.access.administrators = vec!["admin@example.org".parse().unwrap()];
}

async fn house() -> TestApp {
    TestApp::start_with(behind_a_proxy).await
}

fn owner(app: &TestApp) -> By {
    By { person: app.person("owner@example.org"), from: None }
}

async fn set(app: &TestApp, name: &str, audience: Audience, network: Option<NetworkUse>) {
    let releases = &app.loggia.releases;
    let name = name.parse().unwrap();
    releases.set_audience(&name, audience, &owner(app)).await.unwrap();
    let network = network.map(|rule| NetworkRule { rule, names: vec!["office".to_owned()] });
    releases.set_network(&name, network, &owner(app)).await.unwrap();
}
