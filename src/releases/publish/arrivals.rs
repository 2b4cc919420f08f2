//! What arrived for a release in the making, written down so that any server can finish it.
//!
//! Blobs arrive many at a time, and a request to the bucket for each would cost as much as the blob. So whoever has the
//! turn writes down everything that waits, in one object; who waited meanwhile finds it done. One that is alone gets an
//! object without content that is named by its digest.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use ulid::Ulid;

use crate::model::{AppName, Digest, ReleaseId};
use crate::releases::update::{json, unreadable};
use crate::releases::{ReleaseError, Releases};
use crate::storage::{Body, Condition, Key, Prefix, StorageError, ordered_id};

/// How many objects are read or removed at a time.
const AT_A_TIME: usize = 16;

/// What this server took of a release.
#[derive(Debug, Default)]
pub(in crate::releases) struct Arrivals {
    waiting: Mutex<Vec<Digest>>,
    /// What is written down; locked while that goes on.
    written: tokio::sync::Mutex<HashSet<Digest>>,
}

impl Arrivals {
    /// Those of `wanted` that this server has not written down.
    pub(super) async fn without(&self, wanted: impl Iterator<Item = Digest>) -> HashSet<Digest> {
        let written = self.written.lock().await;
        wanted.filter(|digest| !written.contains(digest)).collect()
    }
}

impl Releases {
    /// Writes down that the bytes of `digest` arrived, with all others that wait for the same.
    pub(super) async fn mark_arrived(
        &self,
        app: &AppName,
        release: ReleaseId,
        arrivals: &Arrivals,
        digest: Digest,
    ) -> Result<(), ReleaseError> {
        let waiting = || arrivals.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting().push(digest);
        let mut written = arrivals.written.lock().await;
        if written.contains(&digest) {
            return Ok(());
        }
        let mut together = std::mem::take(&mut *waiting());
        if !together.contains(&digest) {
            // Whoever took it along could not write it down.
            together.push(digest);
        }
        self.write_arrived(app, release, &together).await?;
        written.extend(together);
        Ok(())
    }

    /// Writes down that the bytes of all these digests arrived.
    pub(in crate::releases) async fn write_arrived(
        &self,
        app: &AppName,
        release: ReleaseId,
        digests: &[Digest],
    ) -> Result<(), ReleaseError> {
        let (key, body) = match digests {
            [] => return Ok(()),
            [only] => (Key::arrived(app, release, only), Body::Bytes(Bytes::new())),
            many => {
                let id = ordered_id(self.0.clock.now(), self.0.entropy.bytes());
                let key = Key::arrived_together(app, release, id);
                let body = json(&key, &many)?;
                (key, body)
            }
        };
        let _stored = self.0.storage.put(&key, body, Condition::Always).await?;
        Ok(())
    }

    /// The blobs that arrived for a release that is not finished, wherever they did.
    pub(super) async fn arrived(
        &self,
        app: &AppName,
        release: ReleaseId,
    ) -> Result<HashSet<Digest>, ReleaseError> {
        let listed = self.0.storage.list_all(&Prefix::arrived(app, release)).await?.objects;
        let alone = listed.iter().filter_map(|object| object.name.parse::<Digest>().ok());
        let keys =
            listed.iter().filter_map(|object| Some(Key::arrived_together(app, release, id(&object.name)?)));
        let mut read = stream::iter(keys.collect::<Vec<_>>())
            .map(|key| self.read_arrived(key))
            .buffer_unordered(AT_A_TIME);
        let mut arrived: HashSet<Digest> = alone.collect();
        while let Some(together) = read.try_next().await? {
            arrived.extend(together);
        }
        drop(read);
        Ok(arrived)
    }

    /// Removes what says what arrived for a release that needs it no longer.
    pub(in crate::releases) async fn forget_arrived(
        &self,
        app: &AppName,
        release: ReleaseId,
    ) -> Result<(), StorageError> {
        let storage = &self.0.storage;
        let listed = storage.list_all(&Prefix::arrived(app, release)).await?.objects;
        let key = |name: &str| match name.parse::<Digest>() {
            Ok(digest) => Some(Key::arrived(app, release, &digest)),
            Err(_) => Some(Key::arrived_together(app, release, id(name)?)),
        };
        let keys: Vec<Key> = listed.iter().filter_map(|object| key(&object.name)).collect();
        let removals = stream::iter(keys).map(|key| async move { storage.delete(&key).await });
        let removed: Vec<Result<(), StorageError>> = removals.buffer_unordered(AT_A_TIME).collect().await;
        removed.into_iter().collect()
    }

    async fn read_arrived(&self, key: Key) -> Result<Vec<Digest>, ReleaseError> {
        // Whoever finished the release meanwhile removes them.
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(Vec::new()) };
        Ok(serde_json::from_slice(&object.bytes).map_err(|error| unreadable(&key, &error))?)
    }
}

/// The identity in the name of an object that names several.
fn id(name: &str) -> Option<Ulid> {
    Ulid::from_string(name.strip_suffix(".json")?).ok()
}
