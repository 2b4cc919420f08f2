//! An app's releases on its page, each with what it changed, and what the storage promises of them.

use super::state::Loggia;
use crate::model::{App, FilePath};
use crate::releases::{Diff, Release};
use crate::storage::{BucketSettings, Promise};
use crate::theme::views::{DiffRow, KeptFact, ReleaseRow, UnreadRow};

/// How many releases say what they changed.
const COMPARED: usize = 20;
/// How many files of each are named.
const NAMED: usize = 50;

/// The releases that were not deleted, newest first.
pub(super) fn rows(loggia: &Loggia, releases: &[Release]) -> Vec<ReleaseRow> {
    let kept: Vec<&Release> = releases.iter().filter(|release| release.deleted.is_none()).collect();
    let row = |(at, release): (usize, &&Release)| {
        let manifest = &release.manifest;
        let before = kept.get(at + 1).filter(|_| at < COMPARED);
        ReleaseRow {
            id: manifest.id,
            url: loggia.hosts.preview_url(&manifest.app, Some(manifest.id)),
            when: manifest.when,
            by: manifest.by.clone(),
            message: manifest.message.clone(),
            files: manifest.files.len(),
            size: manifest.size(),
            current: release.current,
            commit: manifest.source.as_ref().and_then(crate::model::Source::short),
            diff: before.map(|before| told(&Diff::between(&before.manifest, manifest))),
        }
    };
    kept.iter().enumerate().map(row).collect()
}

/// The files of the current release that search cannot find. That this cannot be known now spoils no page.
pub(super) async fn unread(loggia: &Loggia, app: &App) -> Vec<UnreadRow> {
    let Some(current) = app.current.filter(|_| app.settings.is_searched()) else { return Vec::new() };
    let unread = match loggia.releases.unread_of(&app.name, current).await {
        Ok(unread) => unread,
        Err(error) => {
            tracing::debug!(%error, app = %app.name, "which files could not be read is not known");
            Vec::new()
        }
    };
    let row = |(file, why): (FilePath, String)| UnreadRow { file: file.to_string(), why };
    unread.into_iter().take(NAMED).map(row).collect()
}

fn told(diff: &Diff) -> DiffRow {
    let parts =
        [(&diff.added, "+", "added"), (&diff.changed, "~", "changed"), (&diff.removed, "-", "removed")];
    let counted = parts.iter().filter(|(files, ..)| !files.is_empty());
    let summary: Vec<String> = counted.map(|(files, _, word)| format!("{} {word}", files.len())).collect();
    let all = parts
        .iter()
        .flat_map(|(files, sign, _)| files.iter().map(move |file| format!("{sign} {}", file.path)));
    let files: Vec<String> = all.clone().take(NAMED).collect();
    let more = all.count() - files.len();
    let summary = if summary.is_empty() { "no file differs".to_owned() } else { summary.join(", ") };
    DiffRow { summary, files, more }
}

/// What the storage says of itself, line by line.
pub(super) fn kept(promise: &Promise) -> Vec<KeptFact> {
    let fact = |name, value: Option<String>| KeptFact {
        name,
        value: value.unwrap_or_else(|| "not known".to_owned()),
    };
    let BucketSettings { region, versioning, encryption, lifecycle } = match promise {
        Promise::Here => return vec![fact("Kept in", Some("a folder on this server".to_owned()))],
        Promise::Bucket(settings) => settings.clone(),
    };
    let versions = |on| if on { "kept when a file is replaced or removed" } else { "not kept" }.to_owned();
    let rules = |rules: Vec<String>| {
        if rules.is_empty() { "nothing is removed".to_owned() } else { rules.join("; ") }
    };
    vec![
        fact("Kept in", Some("a bucket".to_owned())),
        fact("Region", region),
        fact("Earlier versions", versioning.map(versions)),
        fact("Encryption at rest", encryption),
        fact("Lifecycle", lifecycle.map(rules)),
    ]
}
