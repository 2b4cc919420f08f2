//! Manifests of finished releases: immutable, so that a cache of them needs no invalidation.

use std::collections::HashMap;
use std::sync::Arc;

use foyer::{Cache, CacheBuilder, S3FifoConfig};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::model::{AppName, Digest, Manifest, ReleaseId};
use crate::storage::{Key, Prefix, StorageError};

use super::publish::Arrivals;
use super::update::unreadable;
use super::{ReleaseError, Releases};

/// How much memory manifests may take, in bytes, and those of releases in the making.
const MANIFEST_BYTES: usize = 64 << 20;
const PENDING_BYTES: usize = 32 << 20;
const SHARDS: usize = 4;
/// What a file of a manifest takes besides its path and media type, in bytes.
const ENTRY_BYTES: usize = 160;
const AT_A_TIME: usize = 16;
/// How many releases of an app are listed.
const MOST_LISTED: usize = 500;

pub(super) type Manifests = Cache<ReleaseId, Arc<Manifest>>;
pub(super) type PendingCache = Cache<ReleaseId, Arc<Pending>>;

/// A finished release, and whether its app's host serves it.
#[derive(Clone, Debug)]
pub struct Release {
    /// What it holds.
    pub manifest: Arc<Manifest>,
    /// Whether it is the live one.
    pub current: bool,
    /// When it was deleted; it can be restored.
    pub deleted: Option<Timestamp>,
}

/// What a release in the making will hold, and the size announced for each digest.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) manifest: Manifest,
    pub(super) sizes: HashMap<Digest, u64>,
    /// What of it arrived here.
    pub(super) arrivals: Arrivals,
}

pub(super) fn manifests() -> Manifests {
    let weight = |_: &ReleaseId, manifest: &Arc<Manifest>| weigh(manifest);
    CacheBuilder::new(MANIFEST_BYTES)
        .with_shards(SHARDS)
        .with_eviction_config(S3FifoConfig::default())
        .with_weighter(weight)
        .build()
}

pub(super) fn pending() -> PendingCache {
    let weight = |_: &ReleaseId, pending: &Arc<Pending>| weigh(&pending.manifest) + 100 * pending.sizes.len();
    CacheBuilder::new(PENDING_BYTES)
        .with_shards(SHARDS)
        .with_eviction_config(S3FifoConfig::default())
        .with_weighter(weight)
        .build()
}

impl Releases {
    /// The manifest of a finished release when it is in memory: no waiting, no allocation.
    #[must_use]
    pub fn manifest_cached(&self, app: &AppName, release: ReleaseId) -> Option<Arc<Manifest>> {
        let held = self.0.manifests.get(&release)?;
        (held.value().app == *app).then(|| held.value().clone())
    }

    /// The manifest of a finished release; `None` when the app has no such release, or not a finished one.
    pub async fn manifest(
        &self,
        app: &AppName,
        release: ReleaseId,
    ) -> Result<Option<Arc<Manifest>>, ReleaseError> {
        if let Some(held) = self.manifest_cached(app, release) {
            return Ok(Some(held));
        }
        let read = self.read_manifest(&Key::manifest(app, release), app, release).await?.map(Arc::new);
        if let Some(manifest) = &read {
            self.0.manifests.insert(release, manifest.clone());
        }
        Ok(read)
    }

    /// An app's finished releases, newest first, 500 at the most.
    pub async fn releases_of(&self, app: &AppName) -> Result<Vec<Release>, ReleaseError> {
        let record = self.find(app).await?;
        let ids = self.release_ids(app).await?.into_iter().take(MOST_LISTED);
        let read = stream::iter(ids).map(|id| self.manifest(app, id)).buffered(AT_A_TIME);
        let read: Vec<Option<Arc<Manifest>>> = read.try_collect().await?;
        let mark = |manifest: Arc<Manifest>| Release {
            current: record.as_ref().is_some_and(|app| app.current == Some(manifest.id)),
            deleted: record.as_ref().and_then(|app| app.retired(manifest.id)).map(|retired| retired.at),
            manifest,
        };
        Ok(read.into_iter().flatten().map(mark).collect())
    }

    /// What a release in the making will hold; `None` when there is no such release, or it is finished.
    pub(super) async fn pending(
        &self,
        app: &AppName,
        release: ReleaseId,
    ) -> Result<Option<Arc<Pending>>, ReleaseError> {
        if let Some(held) = self.0.pending.get(&release) {
            return Ok((held.value().manifest.app == *app).then(|| held.value().clone()));
        }
        let read = self.read_manifest(&Key::pending(app, release), app, release).await?;
        Ok(read.map(|manifest| self.hold_pending(manifest)))
    }

    pub(super) fn hold_pending(&self, manifest: Manifest) -> Arc<Pending> {
        let sizes = manifest.files.values().map(|file| (file.sha256, file.size)).collect();
        let pending = Arc::new(Pending { manifest, sizes, arrivals: Arrivals::default() });
        self.0.pending.insert(pending.manifest.id, pending.clone());
        pending
    }

    /// The identities of an app's finished releases, newest first.
    pub(super) async fn release_ids(&self, app: &AppName) -> Result<Vec<ReleaseId>, ReleaseError> {
        let listed = self.0.storage.list_all(&Prefix::releases(app)).await?.objects;
        let names = listed.iter().rev().filter_map(|object| object.name.strip_suffix(".json"));
        Ok(names.filter_map(|name| name.parse().ok()).collect())
    }

    pub(super) async fn read_manifest(
        &self,
        key: &Key,
        app: &AppName,
        release: ReleaseId,
    ) -> Result<Option<Manifest>, StorageError> {
        let Some(object) = self.0.storage.get(key).await? else { return Ok(None) };
        let manifest: Manifest =
            serde_json::from_slice(&object.bytes).map_err(|error| unreadable(key, &error))?;
        if manifest.app != *app || manifest.id != release {
            let what = format!("it is release `{}` of `{}`", manifest.id, manifest.app);
            return Err(StorageError::Unexpected { key: key.to_string(), what });
        }
        Ok(Some(manifest))
    }
}

/// About how much memory a manifest takes, in bytes.
fn weigh(manifest: &Manifest) -> usize {
    let texts = manifest.files.iter().map(|(path, file)| path.as_str().len() + file.media_type.len());
    ENTRY_BYTES * (manifest.files.len() + 2) + texts.sum::<usize>()
}
