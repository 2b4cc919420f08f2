//! API tokens, as they are remembered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::{AppName, Digest, Person};

/// What the bucket keeps of an API token: never the token itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Which of the person's tokens it is.
    pub id: Ulid,
    /// Whose it is, as they were when it was made.
    pub person: Person,
    /// What they call it.
    pub label: String,
    /// What it may do.
    pub scope: TokenScope,
    /// The SHA-256 of its secret part.
    pub secret_sha256: Digest,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
}

/// What a token may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// Whatever its person may.
    All,
    /// Whatever its person may, to this app only.
    App(AppName),
}
