//! That an app is filled from a folder which others sync.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Person;

/// An app is filled from its folder in one of the places that an operator named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synced {
    /// What the operator calls the place.
    pub folders: String,
    /// The publisher who turned it on, in whose name releases are made.
    pub by: Person,
    /// When.
    pub since: Timestamp,
}
