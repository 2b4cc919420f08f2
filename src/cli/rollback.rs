//! `loggia rollback`

use anyhow::Context as _;

use super::Outcome;
use super::activate::{activate, activate_guides, tell, tell_guides};
use super::client::{Client, wire};
use crate::model::AppName;

/// Go back to the release that was live before
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia rollback prison-population\n  loggia rollback --guides\n\n\
                        `loggia activate NAME RELEASE` goes to any other release.")]
pub(super) struct Args {
    /// The app
    #[arg(required_unless_present = "guides")]
    name: Option<AppName>,
    /// Not an app but the guides: go back to the edition before
    #[arg(long, conflicts_with = "name")]
    guides: bool,
    /// Write what is live now as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let Some(name) = args.name else {
        let guides: wire::Guides = client.get(&["guides"]).await?;
        let before = guides.previous.first().copied();
        let before = before.context(
            "the guides have no earlier edition to go back to; `loggia releases --guides` lists what there is",
        )?;
        activate_guides(&client, before).await?;
        return tell_guides(&client, args.json).await;
    };
    let app = client.app(&name).await?;
    let before = app.previous.first().copied().with_context(|| {
        format!("{name} has no earlier release to go back to; `loggia releases {name}` lists what there is")
    })?;
    activate(&client, &name, before).await?;
    tell(&client, &name, before, args.json).await
}
