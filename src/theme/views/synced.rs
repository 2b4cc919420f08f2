//! From which folder an app is filled.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::EmailAddress;

/// From which folder an app is filled. The form posts `folders` (the name of a place, or empty for none) to
/// `/-/apps/NAME/synced`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SyncedPart {
    /// The places that the viewer may choose.
    pub choices: Vec<FoldersChoice>,
    /// What holds; `None` is filled from no folder.
    pub filling: Option<Filling>,
}

/// A place that an app may be filled from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoldersChoice {
    /// What the operator calls it.
    pub name: String,
    /// The app's folder there: `s3://bucket/prefix/NAME/`.
    pub folder: String,
    /// The file whose change says that the folder is ready.
    pub marker: Option<String>,
    /// For how many seconds nothing may change before it is ready, where there is no marker.
    pub settle: u64,
    /// Whether it is the one that holds.
    pub chosen: bool,
}

/// An app is filled from a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Filling {
    /// What the operator calls the place.
    pub folders: String,
    /// The folder; `None` where the operator names the place no more.
    pub folder: Option<String>,
    /// Who turned it on.
    pub by: EmailAddress,
    /// When.
    pub since: Timestamp,
    /// When the last release was made of it.
    pub published: Option<Timestamp>,
    /// When a change was noticed that is no release yet.
    pub noticed: Option<Timestamp>,
    /// Why it is none.
    pub trouble: Option<String>,
    /// Since when.
    pub troubled: Option<Timestamp>,
}
