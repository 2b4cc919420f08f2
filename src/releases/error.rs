//! What can go wrong with an app or a release.

use crate::model::{AppName, Digest, EmailAddress, ReleaseId};
use crate::storage::StorageError;

use super::{BlobError, InvalidRelease};

/// Why an app or a release is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// The bucket did not do its part; nothing else is wrong, and the same may work later.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The bytes of one of its files cannot be read.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// No app has this name.
    #[error("there is no app `{0}`; create it first")]
    NoApp(AppName),
    /// The app has no such release, or not a finished one.
    #[error("`{app}` has no finished release `{release}`; `loggia releases {app}` lists them")]
    NoRelease {
        /// The app.
        app: AppName,
        /// The release.
        release: ReleaseId,
    },
    /// Another app has this name, or had it.
    #[error("the name `{0}` is taken; choose another one")]
    Taken(AppName),
    /// The app was deleted.
    #[error("`{0}` was deleted; restore it first")]
    Deleted(AppName),
    /// No release was live before the current one.
    #[error("`{0}` has no earlier release to go back to")]
    NothingEarlier(AppName),
    /// Somebody else moved the pointer meanwhile.
    #[error("the live release of `{0}` changed meanwhile; look at it and repeat")]
    Moved(AppName),
    /// The owner cannot be taken off.
    #[error("{0} owns the app and stays its publisher")]
    OwnerStays(EmailAddress),
    /// The release cannot be finished yet.
    #[error("release `{release}` lacks {} of its blobs, the first of them {}; upload them and finish again",
        missing.len(), missing.first().map_or_else(String::new, ToString::to_string))]
    BlobsMissing {
        /// The release.
        release: ReleaseId,
        /// What has not arrived.
        missing: Vec<Digest>,
    },
    /// What was asked for is outside the rules or the limits.
    #[error(transparent)]
    Invalid(#[from] InvalidRelease),
    /// The bytes are not the ones that were announced.
    #[error("the bytes sent for {digest} are others: {what}")]
    Differs {
        /// What was announced.
        digest: Digest,
        /// What came instead.
        what: String,
    },
    /// The upload ended too early.
    #[error("the upload broke off: {0}; send the file again")]
    BrokeOff(String),
    /// The server could not keep the upload while it was checked.
    #[error("the server cannot keep the upload: {0}")]
    NoRoom(#[source] std::io::Error),
}
