//! `loggia releases`

use serde::Serialize;

use super::Outcome;
use super::client::{Client, wire};
use super::output::{print, print_json, say, table};
use crate::model::{AppName, Source};

/// List an app's releases, the live one marked
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia releases prison-population\n  loggia releases --guides\n  \
                        loggia releases prison-population --json | jq -r '.[] | select(.current).id'")]
pub(super) struct Args {
    /// The app
    #[arg(required_unless_present = "guides")]
    name: Option<AppName>,
    /// Not an app's but those of the guides: their editions
    #[arg(long, conflicts_with = "name")]
    guides: bool,
    /// Write the list as JSON
    #[arg(long)]
    json: bool,
}

/// A release, and whether it is the live one.
#[derive(Debug, Serialize)]
struct Marked {
    #[serde(flatten)]
    release: wire::Release,
    current: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let (current, releases): (_, Vec<wire::Release>) = if let Some(name) = &args.name {
        let app = client.app(name).await?;
        (app.current, client.get(&["apps", name.as_str(), "releases"]).await?)
    } else {
        let guides: wire::Guides = client.get(&["guides"]).await?;
        (guides.current, client.get(&["guides", "releases"]).await?)
    };
    let mark = |release: wire::Release| Marked { current: current == Some(release.id), release };
    let mut releases: Vec<Marked> = releases.into_iter().map(mark).collect();
    releases.sort_by_key(|marked| std::cmp::Reverse(marked.release.id));
    if args.json {
        print_json(&releases)?;
    } else if releases.is_empty() {
        say(match &args.name {
            Some(name) => {
                format!("{name} has no release yet; `loggia publish FOLDER --app {name}` makes one.")
            }
            None => "There is no edition yet; `loggia publish FOLDER --guides` makes one.".to_owned(),
        });
    } else {
        let rows: Vec<_> = releases.iter().map(row).collect();
        print(table(["", "RELEASE", "WHEN", "BY", "SIZE", "COMMIT", "MESSAGE"], &rows))?;
    }
    Ok(Outcome::Done)
}

fn row(marked: &Marked) -> [String; 7] {
    let release = &marked.release;
    [
        match (marked.current, release.deleted) {
            (true, _) => "live",
            (false, Some(_)) => "deleted",
            (false, None) => "",
        }
        .to_owned(),
        release.id.to_string(),
        release.when.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        release.by.clone(),
        indicatif::HumanBytes(release.size).to_string(),
        release.source.as_ref().and_then(Source::short).unwrap_or_default(),
        release.message.clone().unwrap_or_default(),
    ]
}
