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
    /// The app was deleted, and what it held was cleared away.
    #[error("`{0}` was deleted, and its files were cleared away; nothing can bring it back")]
    Cleared(AppName),
    /// The release was deleted.
    #[error("release `{release}` of `{app}` was deleted; `loggia restore {app} {release}` brings it back")]
    DeletedRelease {
        /// The app.
        app: AppName,
        /// The release.
        release: ReleaseId,
    },
    /// The release that people see cannot be deleted.
    #[error("release `{release}` of `{app}` is live; make another live, then delete it")]
    Live {
        /// The app.
        app: AppName,
        /// The release.
        release: ReleaseId,
    },
    /// The release was begun too long ago to be finished.
    #[error("release `{0}` was begun more than a week ago; publish again")]
    TooLate(ReleaseId),
    /// Somebody else clears the bucket.
    #[error("the bucket is being cleared already, or a clearing broke off; repeat this after {0}")]
    Clearing(jiff::Timestamp),
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
