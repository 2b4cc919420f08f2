//! `loggia apps`

use super::Outcome;
use super::client::{Client, wire};
use super::output::{print, print_json, say, table};

/// List the apps that you may publish to
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia apps\n  loggia apps --json | jq -r '.[].url'")]
pub(super) struct Args {
    /// Write the list as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let apps: Vec<wire::App> = client.get(&["apps"]).await?;
    if args.json {
        print_json(&apps)?;
    } else if apps.is_empty() {
        say("There is no app that you may publish to yet; `loggia publish FOLDER --app NAME` makes one.");
    } else {
        let row = |app: &wire::App| {
            let live = if app.current.is_some() { app.url.to_string() } else { "(nothing live)".to_owned() };
            [app.name.to_string(), app.title.clone(), app.audience.to_string(), live]
        };
        let rows: Vec<_> = apps.iter().map(row).collect();
        print(table(["NAME", "TITLE", "AUDIENCE", "ADDRESS"], &rows))?;
    }
    Ok(Outcome::Done)
}
