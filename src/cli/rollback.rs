//! `loggia rollback`

use anyhow::Context as _;

use super::Outcome;
use super::activate::{activate, tell};
use super::client::Client;
use crate::model::AppName;

/// Go back to the release that was live before
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia rollback prison-population\n\n\
                        `loggia activate NAME RELEASE` goes to any other release.")]
pub(super) struct Args {
    /// The app
    name: AppName,
    /// Write what is live now as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let app = client.app(&args.name).await?;
    let before = app.previous.first().copied().with_context(|| {
        format!(
            "{0} has no earlier release to go back to; `loggia releases {0}` lists what there is",
            args.name
        )
    })?;
    activate(&client, &args.name, before).await?;
    tell(&client, &args.name, before, args.json).await
}
