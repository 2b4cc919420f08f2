//! Giving up files that somebody began to store in parts and never finished: a server that was killed.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::releases::{ReleaseError, Releases};
use crate::storage::{Prefix, StorageError};

use super::{AT_A_TIME, Cleared, YOUNG};

/// How many one run gives up.
const MOST: usize = 1000;

impl Releases {
    /// Ends uploads that are no longer young. A bucket that does not let us list them keeps them, and that is told.
    pub(super) async fn end_uploads(&self, cleared: &mut Cleared) -> Result<(), ReleaseError> {
        let storage = &self.0.storage;
        let before = self.0.clock.now() - YOUNG;
        cleared.uploads = match storage.unfinished_uploads(&Prefix::all_blobs(), before, MOST).await {
            Ok(uploads) => uploads,
            Err(error @ (StorageError::Refused(_) | StorageError::Unexpected { .. })) => {
                tracing::warn!(
                    %error,
                    "uploads that were left behind cannot be listed; allow s3:ListBucketMultipartUploads on the bucket"
                );
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        if !cleared.dry_run {
            let ending = cleared.uploads.iter().map(|upload| storage.end_upload(upload));
            let ending: Vec<_> = ending.collect();
            stream::iter(ending).buffer_unordered(AT_A_TIME).try_collect::<()>().await?;
        }
        Ok(())
    }
}
