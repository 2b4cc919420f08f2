//! A release: an immutable version of an app.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AppName, Digest, EmailAddress, FilePath, ReleaseId};

/// What a release holds: `apps/NAME/releases/ID.json`, written once, when the release is finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The app it belongs to.
    pub app: AppName,
    /// Its identity.
    pub id: ReleaseId,
    /// Path → blob.
    pub files: BTreeMap<FilePath, FileEntry>,
    /// Who published it.
    pub by: EmailAddress,
    /// When it was begun.
    pub when: Timestamp,
    /// What its publisher says of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Where it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

impl Manifest {
    /// The size of all files together, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.values().map(|file| file.size).sum()
    }
}

/// One file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// The blob with its bytes.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type, taken from its name, with `charset=utf-8` for text.
    #[serde(rename = "type")]
    pub media_type: String,
}

/// Where a release was made, as its publisher says; shown, never trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The repository, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether there were changes that no commit has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dirty: bool,
}

impl Source {
    /// The commit as people write it: its first twelve characters, and whether there were changes beside it.
    #[must_use]
    pub fn short(&self) -> Option<String> {
        let short: String = self.commit.as_ref()?.chars().take(12).collect();
        Some(if self.dirty { format!("{short} and changes") } else { short })
    }
}
