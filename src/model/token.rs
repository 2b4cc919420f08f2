//! API tokens, as they are remembered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{AppName, Digest, Person, VouchedJob};

/// What the bucket keeps of an API token: never the token itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Which of the person's tokens it is.
    pub id: Ulid,
    /// Whose it is, as they were when it was made.
    pub person: Person,
    /// What they call it.
    pub label: String,
    /// Where it may do that.
    pub scope: TokenScope,
    /// What it may do, of what its person may.
    #[serde(default)]
    pub may: Ability,
    /// The SHA-256 of its secret part.
    pub secret_sha256: Digest,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// When it was last used, written once an hour at the most; `None` is never, or not for long enough to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Timestamp>,
    /// The job of continuous integration that it was given to; `None` is a person's own token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Box<VouchedJob>>,
}

/// What a token may do, and whatever stands before it here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ability {
    /// Look: lists, releases, the record, search.
    Read,
    /// Publish: make apps, put releases live, go back.
    Publish,
    /// Whatever its person may: share, change settings, delete.
    #[default]
    All,
}

impl Ability {
    /// Its name, as it is written in forms, in the API and in refusals.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::All => "all",
        }
    }

    /// The ability of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Read, Self::Publish, Self::All].into_iter().find(|ability| ability.as_str() == name)
    }
}

/// Where a token may do it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// Wherever its person may.
    All,
    /// At this app only.
    App(AppName),
}
