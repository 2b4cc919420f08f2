//! `loggia version`

use serde_json::json;

use super::Outcome;
use super::output::{print, print_json};

/// Say which Loggia this is
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Write it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let version = env!("CARGO_PKG_VERSION");
    if args.json {
        print_json(&json!({ "version": version }))?;
    } else {
        print(format!("loggia {version}"))?;
    }
    Ok(Outcome::Done)
}
