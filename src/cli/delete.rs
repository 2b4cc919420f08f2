//! `loggia delete`

use reqwest::Method;

use super::Outcome;
use super::client::Client;
use super::output::print;
use crate::model::AppName;

/// Take an app away from everybody; `restore` brings it back
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia delete prison-population\n\n\
                        Its name stays taken, so that nobody else's app can ever appear at its address.")]
pub(super) struct Args {
    /// The app
    name: AppName,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    client.change(Method::DELETE, &["apps", args.name.as_str()], None::<&()>).await?;
    print(format!("{0} is deleted; `loggia restore {0}` brings it back", args.name))?;
    Ok(Outcome::Done)
}
