//! `loggia check`

use std::path::PathBuf;

use anyhow::Context as _;
use jiff::tz::TimeZone;
use serde_json::json;

use super::Outcome;
use super::output::{print, print_json, say};
use crate::config::Content;
use crate::guides::{Library, Severity};
use crate::model::Clock;

/// Look for broken links, missing titles and overdue reviews in a folder of guides
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia check\n  loggia check ./guidance --json\n\n\
                        The status is 1 when there is an error; warnings alone are fine.")]
pub(super) struct Args {
    /// The folder
    #[arg(default_value = "./content")]
    dir: PathBuf,
    /// Write what was found as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let content = Content { dir: args.dir.clone(), title: None, language: None };
    let today = TimeZone::UTC.to_datetime(Clock::system().now()).date();
    let library =
        Library::load(&content, today).with_context(|| format!("cannot check {}", args.dir.display()))?;
    let problems = library.problems();
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let warnings = problems.len() - errors;
    if args.json {
        print_json(
            &json!({ "site": library.kind(), "errors": errors, "warnings": warnings, "problems": problems }),
        )?;
    } else {
        for problem in problems {
            print(problem.to_string())?;
        }
        say(format!("{} in {}", counted(library.pages().len(), "guide"), library.kind()));
        say(format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")));
    }
    Ok(if errors == 0 { Outcome::Done } else { Outcome::Failed })
}

fn counted(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        _ => format!("{count} {thing}s"),
    }
}
