//! `loggia activate`

use reqwest::Method;
use serde_json::json;

use super::Outcome;
use super::client::{Client, Failure};
use super::output::{print, print_json};
use crate::model::{AppName, ReleaseId};

/// Make a release the live one, at once
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia activate prison-population 01jd3m5wz0c9v1k8q2r4t6y8ab\n\n\
                        `loggia releases NAME` lists what can be made live.")]
pub(super) struct Args {
    /// The app
    name: AppName,
    /// The release
    release: ReleaseId,
    /// Write what is live now as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    activate(&client, &args.name, args.release).await?;
    tell(&client, &args.name, args.release, args.json).await
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
