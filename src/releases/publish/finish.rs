//! The last steps: the manifest and the text, then the pointer.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{App, AppName, Digest, Manifest, ReleaseId};
use crate::releases::manifests::Pending;
use crate::releases::records::point;
use crate::releases::retention::require_kept;
use crate::releases::update::json;
use crate::releases::{By, ReleaseError, Releases};
use crate::storage::{Condition, Key, Put, StorageError};

impl Releases {
    /// Finishes a release whose blobs have all arrived, and makes it live when `activate` says so. Repeating it
    /// is fine: a release that was live once is not made live again.
    pub async fn finish(
        &self,
        app: &AppName,
        release: ReleaseId,
        activate: bool,
        by: &By,
    ) -> Result<Arc<Manifest>, ReleaseError> {
        self.finish_under(app, release, activate, by, None).await
    }

    /// The same, for what is published by another rule than that somebody is a publisher.
    pub(in crate::releases) async fn finish_under(
        &self,
        app: &AppName,
        release: ReleaseId,
        activate: bool,
        by: &By,
        rule: Option<String>,
    ) -> Result<Arc<Manifest>, ReleaseError> {
        let manifest = match self.standing(app, release).await? {
            Some(finished) => finished,
            None => self.write_manifest(app, release).await?,
        };
        if activate {
            let now = self.0.clock.now();
            let change = |app: &mut App| {
                require_kept(app, release)?;
                if !app.previous.contains(&release) {
                    point(app, release, now);
                }
                Ok(())
            };
            self.write_live(app, change).await?;
        }
        self.record_published(app, by, release, rule).await;
        self.forget_pending(app, release).await;
        Ok(manifest)
    }

    async fn write_manifest(&self, app: &AppName, release: ReleaseId) -> Result<Arc<Manifest>, ReleaseError> {
        self.require_timely(release)?;
        let pending = self.pending(app, release).await?;
        let pending = pending.ok_or_else(|| ReleaseError::NoRelease { app: app.clone(), release })?;
        let missing = self.not_arrived(app, &pending).await?;
        if !missing.is_empty() {
            return Err(ReleaseError::BlobsMissing { release, missing });
        }
        let key = Key::manifest(app, release);
        let body = json(&key, &pending.manifest)?;
        if self.0.storage.put(&key, body, Condition::Absent).await? == Put::Lost {
            tracing::debug!(%app, %release, "the manifest is there already");
        }
        // Whoever wrote it, what is in the bucket is what counts.
        let written = self.manifest(app, release).await?;
        let written = written.ok_or_else(|| {
            let what = "a manifest that was just written is not there".to_owned();
            StorageError::Unexpected { key: key.to_string(), what }
        })?;
        self.take_text(Arc::clone(&written)).await;
        Ok(written)
    }

    /// The blobs of a release in the making that neither arrived for it nor are held by the app's releases.
    async fn not_arrived(&self, app: &AppName, pending: &Pending) -> Result<Vec<Digest>, ReleaseError> {
        let mut wanted = pending.arrivals.without(pending.sizes.keys().copied()).await;
        if !wanted.is_empty() {
            // They came through another server, or before this one started.
            let arrived = self.arrived(app, pending.manifest.id).await?;
            wanted.retain(|digest| !arrived.contains(digest));
        }
        self.lacking(app, wanted, &BTreeSet::new()).await
    }

    /// Clears up after a release that is finished. What stays behind does no harm.
    async fn forget_pending(&self, app: &AppName, release: ReleaseId) {
        let storage = &self.0.storage;
        let forget = async {
            self.forget_arrived(app, release).await?;
            storage.delete(&Key::pending(app, release)).await
        };
        if let Err(error) = forget.await {
            tracing::debug!(%error, %app, %release, "the markers of a finished release stay behind");
        }
        self.0.pending.remove(&release);
    }
}
