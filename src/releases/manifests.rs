//! Manifests of finished releases: immutable, so cached for as long as there is room.

use std::sync::Arc;

use foyer::{Cache, CacheBuilder};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{ReleaseError, Releases};
use crate::model::{AppName, Manifest, ReleaseId};
use crate::storage::{Key, Prefix, StorageError};

/// How many manifests are read at a time.
const READERS: usize = 16;

/// A cache of about this many bytes.
pub(super) fn cache(bytes: usize) -> Cache<(AppName, ReleaseId), Arc<Manifest>> {
    CacheBuilder::new(bytes)
        .with_shards(4)
        .with_weighter(|_, manifest: &Arc<Manifest>| 256 + manifest.files.keys().map(|path| path.as_str().len() + 160).sum::<usize>())
        .build()
}

pub(super) fn parse(key: &Key, bytes: &[u8]) -> Result<Manifest, StorageError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StorageError::Unexpected { key: key.path().to_owned(), what: error.to_string() })
}

impl Releases {
    /// The manifest, if it is in memory.
    #[must_use]
    pub fn manifest_cached(&self, app: &AppName, id: ReleaseId) -> Option<Arc<Manifest>> {
        self.0.manifests.get(&(app.clone(), id)).map(|entry| Arc::clone(entry.value()))
    }

    /// The manifest of a finished release; `None` when it was never finished.
    pub async fn manifest(&self, app: &AppName, id: ReleaseId) -> Result<Option<Arc<Manifest>>, ReleaseError> {
        if let Some(manifest) = self.manifest_cached(app, id) {
            return Ok(Some(manifest));
        }
        let key = Key::manifest(app, id);
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(None) };
        let manifest = Arc::new(parse(&key, &object.bytes)?);
        self.0.manifests.insert((app.clone(), id), Arc::clone(&manifest));
        Ok(Some(manifest))
    }

    /// All finished releases of an app, newest first.
    pub async fn releases_of(&self, app: &AppName) -> Result<Vec<Arc<Manifest>>, ReleaseError> {
        let listed = self.0.storage.list_all(&Prefix::releases(app)).await?.objects;
        let ids = listed.iter().filter_map(|object| object.name.strip_suffix(".json")?.parse().ok());
        let mut manifests: Vec<_> = stream::iter(ids)
            .map(|id: ReleaseId| self.manifest(app, id))
            .buffer_unordered(READERS)
            .try_filter_map(|manifest| async { Ok(manifest) })
            .try_collect()
            .await?;
        manifests.sort_by_key(|manifest: &Arc<Manifest>| std::cmp::Reverse(manifest.id));
        Ok(manifests)
    }
}
