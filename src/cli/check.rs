//! `loggia check`
//!
//! 1. the guides are loaded and looked through;
//! 2. with `--external`, links to other sites are tried ([`external`]);
//! 3. what was found is written in one of three [`Format`]s.

mod external;
mod github;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::ValueEnum;
use jiff::tz::TimeZone;
use serde_json::json;

use super::output::{print, print_json, say};
use super::{Outcome, wait};
use crate::config::Content;
use crate::guides::{Library, Problem, ProblemKind, Severity};
use crate::model::Clock;
use crate::search::{Synonyms, SynonymsError};

/// Look for broken links, missing titles and overdue reviews in a folder of guides
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  loggia check\n  loggia check ./guidance --json\n  \
                        loggia check --format github      annotations in a workflow of GitHub Actions\n  \
                        loggia check --external           links to other sites too\n\n\
                        The status is 1 when there is an error; warnings alone are fine.")]
pub(super) struct Args {
    /// The folder
    #[arg(default_value = "./content")]
    dir: PathBuf,
    /// Write what was found as JSON; short for `--format json`
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// How to write what was found
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Try the links to other sites too: one request at a time to each, never more than two a second
    #[arg(long)]
    external: bool,
    /// How many seconds trying them may take; those not tried by then are counted
    #[arg(long, value_name = "SECONDS", default_value_t = 300, requires = "external",
        value_parser = clap::value_parser!(u64).range(1..=7200))]
    external_seconds: u64,
}

/// How to write what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line each, `file:line: severity: message`
    Text,
    /// One JSON object
    Json,
    /// Annotations of a workflow of GitHub Actions
    Github,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let content = Content { dir: args.dir.clone(), title: None, language: None };
    let today = TimeZone::UTC.to_datetime(Clock::system().now()).date();
    let library =
        Library::load(&content, today).with_context(|| format!("cannot check {}", args.dir.display()))?;
    let mut problems = library.problems().to_vec();
    if let Err(error) = Synonyms::of_folder(library.dir()) {
        problems.push(unusable(&error));
        problems.sort();
    }
    let mut untried = 0;
    if args.external {
        let within = Duration::from_secs(args.external_seconds);
        let tried = wait(external::check(library.external_links(), within))?;
        problems.extend(tried.problems);
        problems.sort();
        untried = tried.untried;
    }
    let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let information = count(Severity::Information);
    match if args.json { Format::Json } else { args.format } {
        Format::Json => {
            let mut found = json!({
                "site": library.kind(), "errors": errors, "warnings": warnings, "information": information, "problems": problems
            });
            if args.external {
                found["untried"] = untried.into();
            }
            print_json(&found)?;
        }
        format => {
            for problem in &problems {
                print(match format {
                    Format::Github => github::annotation(&args.dir, problem),
                    Format::Text | Format::Json => problem.to_string(),
                })?;
            }
            say(format!("{} in {}", counted(library.pages().len(), "guide"), library.kind()));
            let told = if information == 0 { String::new() } else { format!(", {information} to know") };
            say(format!("{}, {}{told}", counted(errors, "error"), counted(warnings, "warning")));
        }
    }
    if untried > 0 {
        let links = counted(untried, "link");
        say(format!(
            "{links} to other sites could not be tried in time; give them more with --external-seconds"
        ));
    }
    Ok(if errors == 0 { Outcome::Done } else { Outcome::Failed })
}

/// A file of synonyms that search goes without.
fn unusable(error: &SynonymsError) -> Problem {
    Problem {
        file: SynonymsError::FILE.to_owned(),
        line: error.line.and_then(|line| u32::try_from(line).ok()),
        severity: Severity::Error,
        kind: ProblemKind::FrontMatter,
        message: error.to_string(),
        mentions: Vec::new(),
    }
}

fn counted(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        _ => format!("{count} {thing}s"),
    }
}
