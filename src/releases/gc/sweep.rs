//! Removing the blobs that nothing names.

use std::collections::{BTreeSet, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::model::{Digest, ReleaseId};
use crate::releases::blobs::CHUNK;
use crate::releases::retention::older_by;
use crate::releases::{ReleaseError, Releases};
use crate::storage::{Key, Prefix, StorageError};

use super::named::Named;
use super::notice::Posted;
use super::{AT_A_TIME, Cleared, YOUNG};

/// How many blobs one notice names.
const AT_ONCE: usize = 5000;

impl Releases {
    /// Removes every blob that nothing names and that is no longer young. Without a notice (a dry run), the releases
    /// `going` count as removed, and nothing is.
    pub(super) async fn sweep(
        &self,
        mut posted: Option<Posted>,
        going: &HashSet<ReleaseId>,
        cleared: &mut Cleared,
    ) -> Result<Option<Posted>, ReleaseError> {
        let without = if posted.is_some() { HashSet::new() } else { going.clone() };
        let mut named = Named::default();
        self.read_names(&mut named, &self.stock().await?, &without).await?;
        let unnamed = self.unnamed(&named, cleared).await?;
        for batch in unnamed.chunks(AT_ONCE) {
            let Some(held) = posted else {
                cleared.blobs += batch.len();
                cleared.bytes += batch.iter().map(|(_, size)| size).sum::<u64>();
                continue;
            };
            let digests: BTreeSet<Digest> = batch.iter().map(|(digest, _)| *digest).collect();
            let held = self.post_notice(held, digests, BTreeSet::new()).await?;
            // Looked at after the notice is up: whoever began before is seen here, whoever begins later sees it.
            self.read_names(&mut named, &self.stock().await?, &without).await?;
            let doomed = batch.iter().filter(|(digest, _)| !named.blobs.contains(digest));
            let removals = stream::iter(doomed.copied().collect::<Vec<_>>()).map(|(digest, size)| {
                let held = &held;
                async move {
                    if !held.is_good(self.0.clock.now()) {
                        return Ok(None);
                    }
                    // First, so that one whose blob is gone is never left behind.
                    if size > CHUNK {
                        self.0.storage.delete(&Key::outline(&digest)).await?;
                    }
                    self.0.storage.delete(&Key::blob(&digest)).await?;
                    Ok::<_, StorageError>(Some(size))
                }
            });
            let removed: Vec<Option<u64>> = removals.buffer_unordered(AT_A_TIME).try_collect().await?;
            cleared.blobs += removed.iter().flatten().count();
            cleared.bytes += removed.iter().flatten().sum::<u64>();
            posted = Some(held);
        }
        Ok(posted)
    }

    /// The blobs that are not named and not young, and their sizes in bytes.
    async fn unnamed(
        &self,
        named: &Named,
        cleared: &mut Cleared,
    ) -> Result<Vec<(Digest, u64)>, ReleaseError> {
        let now = self.0.clock.now();
        let mut unnamed = Vec::new();
        let listing = (0..=u8::MAX).map(|first| async move {
            let listed = self.0.storage.list_all(&Prefix::blobs(first)).await?;
            Ok::<_, StorageError>(listed.objects)
        });
        let mut listings = stream::iter(listing).buffered(AT_A_TIME);
        while let Some(objects) = listings.try_next().await? {
            for blob in objects {
                let Ok(digest) = blob.name.parse::<Digest>() else { continue };
                if named.blobs.contains(&digest) {
                    cleared.kept += 1;
                } else if older_by(blob.modified, now) < YOUNG {
                    cleared.young += 1;
                } else {
                    unnamed.push((digest, blob.size));
                }
            }
        }
        Ok(unnamed)
    }
}
