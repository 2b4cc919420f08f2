//! `loggia publish`: put a folder in front of people.
//!
//! 1. [`folder`] walks what is to be published, and refuses before anything is sent.
//! 2. [`hash`] names every file's bytes; [`source`] says which commit they came from.
//! 3. The release is begun, and a missing app made; [`upload`] sends the blobs that the server lacks.
//! 4. The release is finished: until then nothing is live, after that everything is.

mod folder;
mod hash;
mod progress;
mod source;
mod upload;

use std::path::PathBuf;

use indicatif::HumanBytes;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::json;
use url::Url;

use super::client::{Client, Failure, wire};
use super::output::{print, print_json, say};
use super::{Outcome, connect, wait};
use crate::model::{AppName, ReleaseId, Source};
use folder::Folder;
use hash::Hashed;

/// Publish a folder, or one HTML page
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia publish ./report --app prison-population
  loggia publish report.html --app prison-population --message \"October figures\"
  loggia publish ./report --app prison-population --draft     look at it first

Only what changed is sent, and the new release goes live at once; `loggia rollback NAME` goes back.
The address is the only line on standard output. Hidden files are left out, save for .well-known.")]
pub(super) struct Args {
    /// The folder, or one HTML page
    #[arg(value_name = "DIR|FILE")]
    path: PathBuf,
    /// The app; a new one is made, seen by nobody but you
    #[arg(long, value_name = "NAME")]
    app: AppName,
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
    app: AppName,
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

pub(super) fn run(args: &Args, server: Option<&str>) -> anyhow::Result<Outcome> {
    let folder = Folder::read(&args.path)?;
    folder.tell_skipped();
    let files = hash::hash(folder.files)?;
    let source = source::find(&args.path);
    let client = connect(server)?;
    let published = wait(publish(args, &client, &files, source.as_ref()))?;
    let what = if args.draft { "Draft of" } else { "Published" };
    say(format!(
        "{what} {}: {} uploaded ({}), {} unchanged.",
        published.app,
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
    client: &Client,
    files: &[Hashed],
    source: Option<&Source>,
) -> anyhow::Result<Published> {
    let release = wire::NewRelease {
        files: files.iter().map(|file| (&file.path, file.entry())).collect(),
        message: args.message.as_deref(),
        source,
    };
    let (begun, made) = begin(args, client, &release).await?;
    let sent = upload::upload(client, &args.app, &begun, files).await?;
    let id = begun.id.to_string();
    let path = ["apps", args.app.as_str(), "releases", &id, "finish"];
    let finished: wire::Finished = client.post(&path, &wire::Finish { activate: !args.draft }).await?;
    if let Some(title) = args.title.as_deref().filter(|_| !made) {
        client.change(Method::PATCH, &["apps", args.app.as_str()], Some(&json!({ "title": title }))).await?;
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

/// Begins the release, and makes the app first where there is none. The answer also says whether it was made.
async fn begin(
    args: &Args,
    client: &Client,
    release: &wire::NewRelease<'_>,
) -> anyhow::Result<(wire::Begun, bool)> {
    let releases = ["apps", args.app.as_str(), "releases"];
    match client.post(&releases, release).await {
        Err(missing) if missing.status() == Some(StatusCode::NOT_FOUND) => {}
        begun => return Ok((begun?, false)),
    }
    let title = args.title.clone().unwrap_or_else(|| title_of(&args.app));
    let app = wire::NewApp { name: &args.app, title: &title };
    let made = client.change(Method::POST, &["apps"], Some(&app)).await;
    made.map_err(|failure| taken(&args.app, failure))?;
    say(format!("Made the app {0}; `loggia share {0} --add WHO` lets others see it.", args.app));
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
