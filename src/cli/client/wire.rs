//! The shapes of the API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::model::{AppName, Audience, Digest, FilePath, NetworkRule, ReleaseId, Source};

/// An app.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct App {
    /// Its name.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// Who may see it.
    pub audience: Audience,
    /// From where it may be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkRule>,
    /// Where it is.
    pub url: Url,
    /// Whose it is, by address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The live release.
    #[serde(default)]
    pub current: Option<ReleaseId>,
    /// Earlier live releases, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<ReleaseId>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<Timestamp>,
    /// What its publishers set.
    #[serde(default)]
    pub settings: AppSettings,
}

/// What an app's publishers set, as far as the commands know it.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(in crate::cli) struct AppSettings {
    /// Whether search finds its pages; left out is yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<bool>,
}

/// The guides.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::cli) struct Guides {
    /// The live edition.
    pub current: Option<ReleaseId>,
    /// Earlier live editions, newest first.
    pub previous: Vec<ReleaseId>,
    /// Where they are.
    pub url: Url,
}

/// An app to be made.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct NewApp<'a> {
    /// Its name.
    pub name: &'a AppName,
    /// What people call it.
    pub title: &'a str,
}

/// A finished release.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Release {
    /// Its identity.
    pub id: ReleaseId,
    /// When it was begun.
    pub when: Timestamp,
    /// When it was deleted; it can be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// Who published it.
    pub by: String,
    /// What they say of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Where it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The size of its files together, in bytes.
    #[serde(default)]
    pub size: u64,
}

/// What differs between two releases.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Diff {
    /// Files that the other lacks.
    pub added: Vec<Changed>,
    /// Files with other bytes.
    pub changed: Vec<Changed>,
    /// Files that only the other has.
    pub removed: Vec<Changed>,
    /// How many files are the same in both.
    pub same: usize,
    /// The size of the other's files together, in bytes.
    pub size_before: u64,
    /// The size of its own files together, in bytes.
    pub size: u64,
    /// Whether there are more files than are named.
    pub cut: bool,
}

/// A file that is not the same in both.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Changed {
    /// Its path.
    pub path: String,
    /// Its size in the other, in bytes.
    pub before: u64,
    /// Its size in this one, in bytes.
    pub after: u64,
}

/// A release to be made.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct NewRelease<'a> {
    /// Path → blob.
    pub files: BTreeMap<&'a FilePath, NewFile>,
    /// What its publisher says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<&'a str>,
    /// Where it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a Source>,
}

/// A file of a release to be made.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct NewFile {
    /// The digest of its bytes.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// A release that has begun.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Begun {
    /// Its identity.
    pub id: ReleaseId,
    /// The blobs that must be sent.
    pub missing: Vec<Digest>,
}

/// Whether a finished release goes live, or a release is wanted live.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Finish {
    /// Whether it does.
    pub activate: bool,
}

/// A release that is finished.
#[derive(Debug, Deserialize)]
pub(in crate::cli) struct Finished {
    /// Where it is to be seen: the app's address, or the preview's where it is a draft.
    pub url: Url,
    /// What of its rules cannot be used.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// What a search found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Found {
    /// What was asked.
    pub query: String,
    /// How many sections answer.
    pub total: usize,
    /// How long the server took, in microseconds.
    pub took_us: u64,
    /// What was searched for instead.
    pub corrected: Option<Corrected>,
    /// What was searched for as well.
    #[serde(default)]
    pub synonyms: Vec<Also>,
    /// Questions that find something, when this one does not.
    #[serde(default)]
    pub suggestions: Vec<String>,
    /// The sections, best first.
    pub hits: Vec<Hit>,
}

/// A question that was taken for another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Corrected {
    /// What was searched for.
    pub query: String,
    /// What was asked.
    pub from: String,
}

/// A word, and another that means the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Also {
    /// What was typed.
    pub word: String,
    /// The other.
    pub synonym: String,
}

/// One section.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Hit {
    /// `guide` or `app`.
    pub kind: String,
    /// The app it is one of.
    pub app: Option<String>,
    /// The title of its page.
    pub title: String,
    /// Its heading.
    pub heading: String,
    /// Its address; one that begins with `/` is on the server.
    pub url: String,
    /// Its page's address.
    pub page: String,
    /// Escaped HTML in which only `<mark>` is markup.
    pub snippet: String,
    /// Higher is better.
    pub score: f32,
}

/// What people search for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Searches {
    /// In how many days.
    pub days: i64,
    /// The most frequent first.
    pub frequent: Vec<Searched>,
    /// What mostly found nothing.
    pub nothing_found: Vec<Searched>,
    /// What found something that nobody opened.
    pub not_opened: Vec<Searched>,
}

/// One question.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::cli) struct Searched {
    /// In lower case.
    pub query: String,
    /// How often it was asked.
    pub asked: u64,
    /// How often it found nothing.
    pub nothing: u64,
    /// How often a result was opened.
    pub opened: u64,
}
