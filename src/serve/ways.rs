//! The ways to sign in that a configuration names.

use anyhow::{Result, bail};
use url::Url;

use crate::access::provider::BuiltIn;
use crate::access::sign_in::Ways;
use crate::config::Config;
use crate::model::Entropy;
use crate::web::{Hosts, Policies};

/// What people sign in with.
pub(super) struct Opened {
    /// The providers.
    pub(super) ways: Ways,
    /// The built-in one among them, in development mode.
    pub(super) built_in: Option<BuiltIn>,
    /// Security headers that let forms of ours end up at them.
    pub(super) policies: Policies,
}

pub(super) fn open(config: &Config, hosts: &Hosts, entropy: &Entropy) -> Result<Opened> {
    let main = hosts.main_origin();
    let mut registrations = config.sign_in.providers.clone();
    let mut built_in = None;
    if config.development {
        let callback: Url = format!("{main}/-/sign-in/callback").parse()?;
        let provider = BuiltIn::new(&config.server.public_url, &callback, entropy.clone());
        registrations.insert(0, provider.registration());
        built_in = Some(provider);
    }
    if registrations.is_empty() && config.sign_in.email.is_none() {
        bail!("nobody could sign in: set `issuer` and `client_id` under [sign_in]");
    }
    let issuers = registrations.iter().filter_map(|registration| Url::parse(&registration.issuer).ok());
    let issuers = issuers.map(|issuer| issuer.origin().ascii_serialization());
    let form_targets: Vec<String> = [main.clone(), hosts.all_apps()].into_iter().chain(issuers).collect();
    let policies = Policies::new(hosts, &form_targets);
    Ok(Opened { ways: Ways::new(&registrations, &main)?, built_in, policies })
}
