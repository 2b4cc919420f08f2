//! `loggia restore`

use reqwest::Method;
use serde_json::json;

use super::Outcome;
use super::client::Client;
use super::output::print;
use crate::model::AppName;

/// Bring a deleted app back, as it was
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia restore prison-population")]
pub(super) struct Args {
    /// The app
    name: AppName,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    client.change(Method::POST, &["apps", args.name.as_str(), "restore"], Some(&json!({}))).await?;
    print(format!("{} is back at {}", args.name, client.app(&args.name).await?.url))?;
    Ok(Outcome::Done)
}
