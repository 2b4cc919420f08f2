//! `loggia searches`

use super::Outcome;
use super::client::{Client, wire};
use super::output::{print, print_json, say, table};

/// Show what people search for, and what they do not find
#[derive(Debug, clap::Args)]
#[command(
    after_help = "For those who may publish here. Counted over 30 days, without names; words that fewer than three people\n\
                  typed are not shown.\n\nExamples:\n  loggia searches\n  \
                  loggia searches --json | jq -r '.nothing_found[].query'"
)]
pub(super) struct Args {
    /// Write the lists as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let report: wire::Searches = client.ask("review/searches.json", &[]).await?;
    if args.json {
        print_json(&report)?;
        return Ok(Outcome::Done);
    }
    let lists = [
        ("NOTHING FOUND", &report.nothing_found),
        ("NOTHING OPENED", &report.not_opened),
        ("MOST FREQUENT", &report.frequent),
    ];
    for (title, rows) in lists.into_iter().filter(|(_, rows)| !rows.is_empty()) {
        let row = |row: &wire::Searched| {
            [row.query.clone(), row.asked.to_string(), row.nothing.to_string(), row.opened.to_string()]
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        print(table([title, "ASKED", "NOTHING", "OPENED"], &rows))?;
        print("")?;
    }
    if report.frequent.is_empty() {
        say(format!("Nothing was searched for by three people in {} days.", report.days));
    } else {
        say(
            "A line under [one-way] in synonyms.toml helps a word find what the guides say: \"pail\" = [\"bucket\"]",
        );
    }
    Ok(Outcome::Done)
}
