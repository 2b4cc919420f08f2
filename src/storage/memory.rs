//! The bucket in memory: the plainest backend, and the one that the others are compared with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;

use super::{
    Body, Condition, Etag, Fetched, Key, Listed, Listing, Object, PAGE, Prefix, Put, StorageError, WHOLE,
};
use crate::model::Clock;

#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Stored>,
    writes: u64,
}

#[derive(Debug)]
struct Stored {
    object: Object,
    modified: Timestamp,
}

impl Memory {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, key: &Key, held: Option<&Etag>) -> Result<Fetched, StorageError> {
        match self.state().objects.get(key.path()) {
            None => Ok(Fetched::Missing),
            Some(stored) if Some(&stored.object.etag) == held => Ok(Fetched::Unchanged),
            Some(stored) if stored.object.bytes.len() as u64 > WHOLE => Err(StorageError::too_large(key)),
            Some(stored) => Ok(Fetched::Found(stored.object.clone())),
        }
    }

    pub(super) fn get_range(&self, key: &Key, start: u64, length: u64) -> Option<Bytes> {
        let bytes = self.state().objects.get(key.path())?.object.bytes.clone();
        let size = bytes.len();
        let start = usize::try_from(start).map_or(size, |start| start.min(size));
        let end = usize::try_from(length).map_or(size, |length| start.saturating_add(length).min(size));
        Some(bytes.slice(start..end))
    }

    pub(super) async fn put(
        &self,
        key: &Key,
        body: Body,
        condition: &Condition,
    ) -> Result<Put, StorageError> {
        let bytes = match body {
            Body::Bytes(bytes) => bytes,
            Body::File { path, size } => {
                let bytes = tokio::fs::read(&path)
                    .await
                    .map_err(|error| StorageError::Unavailable(format!("cannot read the upload: {error}")))?;
                if bytes.len() as u64 != size {
                    let what = format!("the upload has {} bytes rather than {size}", bytes.len());
                    return Err(StorageError::unexpected(key, what));
                }
                bytes.into()
            }
        };
        let mut state = self.state();
        let held = state.objects.get(key.path()).map(|stored| &stored.object.etag);
        let holds = match condition {
            Condition::Always => true,
            Condition::Absent => held.is_none(),
            Condition::Match(etag) => held == Some(etag),
        };
        if !holds {
            return Ok(Put::Lost);
        }
        state.writes += 1;
        let etag = Etag(format!("\"{}\"", state.writes));
        let object = Object { bytes, etag: etag.clone() };
        state.objects.insert(key.path().to_owned(), Stored { object, modified: Clock::system().now() });
        Ok(Put::Stored(etag))
    }

    pub(super) fn list(&self, prefix: &Prefix, from: Option<&str>) -> Listing {
        let state = self.state();
        let mut listing = Listing::default();
        let mut last = None::<&str>;
        for (path, stored) in state.objects.range(prefix.path().to_owned()..) {
            let Some(rest) = path.strip_prefix(prefix.path()) else { break };
            // A folder is compared with its slash, as its keys are: `a-b/` comes before `a/`.
            let entry = rest.find('/').map_or(rest, |slash| &rest[..=slash]);
            if from.is_some_and(|from| entry <= from) || last == Some(entry) {
                continue;
            }
            if listing.objects.len() + listing.folders.len() == PAGE {
                listing.next = last.map(ToOwned::to_owned);
                break;
            }
            last = Some(entry);
            if let Some(folder) = entry.strip_suffix('/') {
                listing.folders.push(folder.to_owned());
            } else {
                listing.objects.push(Listed {
                    name: entry.to_owned(),
                    etag: stored.object.etag.clone(),
                    size: stored.object.bytes.len() as u64,
                    modified: stored.modified,
                });
            }
        }
        listing
    }

    pub(super) fn delete(&self, key: &Key) {
        self.state().objects.remove(key.path());
    }
}
