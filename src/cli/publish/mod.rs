//! `loggia publish`: put a folder in front of people.
//!
//! 1. [`folder`] walks what is to be published, and refuses before anything is sent.
//! 2. [`hash`] names every file's bytes; [`source`] says which commit they came from.
//! 3. The release is begun, and a missing app made; [`upload`] sends the blobs that the server lacks.
//! 4. The release is finished: until then nothing is live, after that everything is. What did not arrive is sent again.

mod folder;
mod hash;
mod progress;
mod source;
mod upload;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::HumanBytes;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::client::{Client, Failure, wire};
use super::output::{print, print_json, say};
use super::{Outcome, connect, job, wait};
use crate::config::Content;
use crate::guides::{Library, Severity};
use crate::model::{AppName, Clock, Digest, ReleaseId, Source};
use folder::Folder;
use hash::Hashed;

/// How often what did not arrive is sent.
const ROUNDS: u32 = 4;
/// The pause before the second round; it grows by itself with each.
const PAUSE: Duration = Duration::from_secs(1);

/// Publish a folder, or one HTML page, as an app; or a folder of guides
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia publish ./report --app prison-population
  loggia publish report.html --app prison-population --message \"October figures\"
  loggia publish ./report --app prison-population --draft     look at it first
  loggia publish ./content --guides                           a new edition of the guides

Only what changed is sent, and the new release goes live at once; `loggia rollback NAME` goes back.
The address is the only line on standard output. Hidden files are left out, save for .well-known.")]
pub(super) struct Args {
    /// The folder, or one HTML page
    #[arg(value_name = "DIR|FILE")]
    path: PathBuf,
    /// The app; a new one is made, seen by nobody but you
    #[arg(long, value_name = "NAME", required_unless_present = "guides")]
    app: Option<AppName>,
    /// Not an app but the guides of the server, as a new edition
    #[arg(long, conflicts_with_all = ["app", "title"])]
    guides: bool,
    /// Do not go live; print a preview's address
    #[arg(long)]
    draft: bool,
    /// What to say of this release
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// What people call the app
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Write the outcome as JSON
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Published {
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<AppName>,
    release: ReleaseId,
    url: Url,
    /// How many files' bytes were sent.
    uploaded: usize,
    /// How many files' bytes the app held already.
    unchanged: usize,
    /// How many bytes were sent.
    bytes: u64,
    /// What of its `_redirects` and `_headers` cannot be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// What is published.
#[derive(Clone, Copy, Debug)]
enum Target<'a> {
    /// An app.
    App(&'a AppName),
    /// The guides.
    Guides,
}

impl<'a> Target<'a> {
    /// What was typed: one of the two is there.
    fn of(args: &'a Args) -> Self {
        args.app.as_ref().map_or(Self::Guides, Self::App)
    }

    /// Below its releases in the API.
    fn path<'p>(self, rest: &[&'p str]) -> Vec<&'p str>
    where
        'a: 'p,
    {
        let base = match self {
            Self::App(app) => vec!["apps", app.as_str(), "releases"],
            Self::Guides => vec!["guides", "releases"],
        };
        [base, rest.to_vec()].concat()
    }

    fn label(self) -> &'a str {
        match self {
            Self::App(app) => app.as_str(),
            Self::Guides => "the guides",
        }
    }
}

/// Guides that a server could not load are not sent; broken links are told.
fn look_through(dir: &Path) -> anyhow::Result<()> {
    let content = Content { dir: dir.to_owned(), title: None, language: None };
    let today = jiff::tz::TimeZone::UTC.to_datetime(Clock::system().now()).date();
    let library = Library::load(&content, today)?;
    let errors = library.problems().iter().filter(|problem| problem.severity == Severity::Error).count();
    if errors > 0 {
        let what = if errors == 1 { "1 error".to_owned() } else { format!("{errors} errors") };
        say(format!(
            "{what} in these guides, such as broken links: `loggia check {}` lists them.",
            dir.display()
        ));
    }
    Ok(())
}

pub(super) fn run(args: &Args, server: Option<&str>) -> anyhow::Result<Outcome> {
    let target = Target::of(args);
    if matches!(target, Target::Guides) {
        look_through(&args.path)?;
    }
    let folder = Folder::read(&args.path)?;
    folder.tell_skipped(matches!(target, Target::App(_)));
    let files = hash::hash(folder.files)?;
    let source = source::find(&args.path);
    let client = match target {
        Target::App(app) => match wait(job::find(server, app))? {
            Some(access) => Client::new(access)?,
            None => connect(server)?,
        },
        Target::Guides => connect(server)?,
    };
    let published = wait(publish(args, &target, &client, &files, source.as_ref()))?;
    let what = if args.draft { "Draft of" } else { "Published" };
    say(format!(
        "{what} {}: {} uploaded ({}), {} unchanged.",
        target.label(),
        counted(published.uploaded),
        HumanBytes(published.bytes),
        published.unchanged
    ));
    for warning in &published.warnings {
        say(format!("warning: {}", readable(warning)));
    }
    if args.json {
        print_json(&published)?;
    } else {
        print(published.url.as_str())?;
    }
    Ok(Outcome::Done)
}

async fn publish(
    args: &Args,
    target: &Target<'_>,
    client: &Client,
    files: &[Hashed],
    source: Option<&Source>,
) -> anyhow::Result<Published> {
    let release = wire::NewRelease {
        files: files.iter().map(|file| (&file.path, file.entry())).collect(),
        message: args.message.as_deref(),
        source,
    };
    let (begun, made) = match target {
        Target::App(app) => begin(args, app, client, &release).await?,
        Target::Guides => (client.post(&target.path(&[]), &release).await?, true),
    };
    let missing: HashSet<Digest> = begun.missing.iter().copied().collect();
    let finished = send_and_finish(args, target, client, begun.id, missing.clone(), files).await?;
    let sent = upload::sent(&missing, files);
    if let (Some(title), Target::App(app)) = (args.title.as_deref().filter(|_| !made), target) {
        client.change(Method::PATCH, &["apps", app.as_str()], Some(&json!({ "title": title }))).await?;
    }
    Ok(Published {
        app: args.app.clone(),
        release: begun.id,
        url: finished.url,
        uploaded: sent.files,
        unchanged: files.len() - sent.files,
        bytes: sent.bytes,
        warnings: finished.warnings,
    })
}

/// Sends what is `missing` and finishes the release. Where something broke off, the server is asked what is still missing,
/// and that alone is sent again, in a few rounds.
async fn send_and_finish(
    args: &Args,
    target: &Target<'_>,
    client: &Client,
    release: ReleaseId,
    mut missing: HashSet<Digest>,
    files: &[Hashed],
) -> Result<wire::Finished, Failure> {
    let id = release.to_string();
    let path = target.path(&[&id, "finish"]);
    let mut round = 1;
    loop {
        let broken = upload::upload(client, target, &id, &missing, files).await?;
        let failure = match client.post(&path, &wire::Finish { activate: !args.draft }).await {
            Err(failure) if !failure.missing().is_empty() => {
                missing = failure.missing().iter().copied().collect();
                broken.unwrap_or(failure)
            }
            Err(failure) if failure.may_pass() => {
                // Finishing again tells what is missing.
                missing.clear();
                broken.unwrap_or(failure)
            }
            finished => return finished,
        };
        if round >= ROUNDS {
            return Err(failure);
        }
        say(format!("{failure}. Sending what is still missing."));
        tokio::time::sleep(PAUSE * round).await;
        round += 1;
    }
}

/// Begins the release, and makes the app first where there is none. The answer also says whether it was made.
async fn begin(
    args: &Args,
    app: &AppName,
    client: &Client,
    release: &wire::NewRelease<'_>,
) -> anyhow::Result<(wire::Begun, bool)> {
    let releases = ["apps", app.as_str(), "releases"];
    match client.post(&releases, release).await {
        Err(missing) if missing.status() == Some(StatusCode::NOT_FOUND) => {}
        begun => return Ok((begun?, false)),
    }
    let title = args.title.clone().unwrap_or_else(|| title_of(app));
    let new = wire::NewApp { name: app, title: &title };
    let made = client.change(Method::POST, &["apps"], Some(&new)).await;
    made.map_err(|failure| taken(app, failure))?;
    say(format!("Made the app {app}; `loggia share {app} --add WHO` lets others see it."));
    Ok((client.post(&releases, release).await?, true))
}

/// A name that is taken by an app that we may not see.
fn taken(app: &AppName, failure: Failure) -> anyhow::Error {
    if failure.status() == Some(StatusCode::CONFLICT) {
        anyhow::anyhow!(
            "the name `{app}` is taken by an app that you may not publish to; choose another with --app"
        )
    } else {
        failure.into()
    }
}

/// `prison-population` is called "Prison population" until somebody says otherwise.
fn title_of(app: &AppName) -> String {
    let mut title = app.as_str().replace('-', " ");
    title[..1].make_ascii_uppercase();
    title
}

/// A server's words, without anything that would steer a terminal.
fn readable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(400).collect()
}

fn counted(files: usize) -> String {
    if files == 1 { "1 file".to_owned() } else { format!("{files} files") }
}
