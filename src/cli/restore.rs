//! `loggia restore`

use reqwest::Method;
use serde_json::json;

use super::Outcome;
use super::client::Client;
use super::output::print;
use crate::model::{AppName, ReleaseId};

/// Bring a deleted app back, as it was, or a deleted release
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia restore prison-population")]
pub(super) struct Args {
    /// The app
    name: AppName,
    /// Not the app but this release of it
    release: Option<ReleaseId>,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    if let Some(release) = args.release {
        let path = ["apps", args.name.as_str(), "releases", &release.to_string(), "restore"];
        client.change(Method::POST, &path, Some(&json!({}))).await?;
        print(format!("{release} is back; `loggia activate {} {release}` makes it live", args.name))?;
        return Ok(Outcome::Done);
    }
    client.change(Method::POST, &["apps", args.name.as_str(), "restore"], Some(&json!({}))).await?;
    print(format!("{} is back at {}", args.name, client.app(&args.name).await?.url))?;
    Ok(Outcome::Done)
}
