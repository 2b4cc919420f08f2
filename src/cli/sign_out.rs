//! `loggia sign-out`: an administrator ends everything of somebody's.

use reqwest::Method;
use serde_json::json;

use super::Outcome;
use super::client::Client;
use super::output::print;
use crate::model::EmailAddress;

/// Sign somebody out everywhere; for administrators
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia sign-out ann@example.org              every session, here and at every app
  loggia sign-out ann@example.org --tokens     and every token

It works within seconds. What is shared with them stays shared: `loggia share NAME --remove WHO` changes that.")]
pub(super) struct Args {
    /// Their address
    #[arg(value_name = "WHO")]
    who: EmailAddress,
    /// End their tokens too
    #[arg(long)]
    tokens: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let body = json!({ "who": args.who, "tokens": args.tokens });
    client.change(Method::POST, &["people", "sign-out"], Some(&body)).await?;
    let what = if args.tokens { "All sessions and tokens" } else { "All sessions" };
    print(format!("{what} of {} were ended", args.who))?;
    Ok(Outcome::Done)
}
