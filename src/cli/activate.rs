//! `loggia activate`

use reqwest::Method;
use serde_json::json;

use super::Outcome;
use super::client::{Client, Failure, wire};
use super::output::{print, print_json};
use crate::model::{AppName, ReleaseId};

/// Make a release the live one, at once
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  loggia activate prison-population 01jd3m5wz0c9v1k8q2r4t6y8ab\n  loggia activate --guides 01jd3m5wz0c9v1k8q2r4t6y8ab\n\n\
                        `loggia releases NAME` lists what can be made live."
)]
pub(super) struct Args {
    /// The app; left out with `--guides`
    #[arg(value_name = "NAME")]
    first: String,
    /// The release
    #[arg(required_unless_present = "guides")]
    release: Option<ReleaseId>,
    /// Not an app but the guides: make this edition the live one
    #[arg(long, conflicts_with = "release")]
    guides: bool,
    /// Write what is live now as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let Some(release) = args.release else {
        let edition = args.first.parse().map_err(wrong)?;
        activate_guides(&client, edition).await?;
        return tell_guides(&client, args.json).await;
    };
    let name = args.first.parse().map_err(wrong)?;
    activate(&client, &name, release).await?;
    tell(&client, &name, release, args.json).await
}

/// What was typed is no name: wrong usage.
fn wrong(error: impl std::fmt::Display) -> clap::Error {
    let error = format!("{error}\n\n  `loggia activate --help` shows what it takes\n");
    clap::Error::raw(clap::error::ErrorKind::ValueValidation, error)
}

/// Makes `edition` of the guides the live one.
pub(super) async fn activate_guides(client: &Client, edition: ReleaseId) -> Result<(), Failure> {
    let path = ["guides", "releases", &edition.to_string(), "activate"];
    client.change(Method::POST, &path, Some(&json!({}))).await
}

/// Tells which edition of the guides is live now.
pub(super) async fn tell_guides(client: &Client, json: bool) -> anyhow::Result<Outcome> {
    let guides: wire::Guides = client.get(&["guides"]).await?;
    let (edition, url) = (guides.current, guides.url);
    if json {
        print_json(&json!({ "release": edition, "url": url }))?;
    } else {
        let edition = edition.map(|edition| edition.to_string()).unwrap_or_default();
        print(format!("{edition} is live at {url}"))?;
    }
    Ok(Outcome::Done)
}

/// Makes `release` the live one.
pub(super) async fn activate(client: &Client, name: &AppName, release: ReleaseId) -> Result<(), Failure> {
    let path = ["apps", name.as_str(), "releases", &release.to_string(), "activate"];
    client.change(Method::POST, &path, Some(&json!({}))).await
}

/// Tells what is live now.
pub(super) async fn tell(
    client: &Client,
    name: &AppName,
    release: ReleaseId,
    json: bool,
) -> anyhow::Result<Outcome> {
    let url = client.app(name).await?.url;
    if json {
        print_json(&json!({ "app": name, "release": release, "url": url }))?;
    } else {
        print(format!("{release} is live at {url}"))?;
    }
    Ok(Outcome::Done)
}
