//! `catalog/apps.json.zst`: every app's record in one object, so that a start reads one rather than ten thousand.
//!
//! It is a copy. The truth are the records, and the journal says what changed since the copy was made.
//!
//! 1. A start takes the copy, then the journal, and reads the records that changed since. Without a copy that can be
//!    read, or with a journal that does not reach back to it, it reads every record.
//! 2. Once a minute every server looks whether somebody looked everything over (`catalog/looked-over`). If so, it takes
//!    the copy again when that is another. If nobody did since its last look, it does so itself: it lists the apps, asks
//!    for every record that is another than it holds, replaces the copy when that is outdated, and says so. Of several
//!    servers, one at a time does the work.
//! 3. An app in the copy never replaces a later version. One that is held and not in the copy is asked for.

use std::collections::HashSet;
use std::io::Read as _;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::catalog::{Catalog, Entry};
use super::{ReleaseError, Releases};
use crate::model::{App, AppName, Digest};
use crate::storage::{Body, Condition, Etag, Fetched, Key, Put, StorageError};

/// How hard the copy is compressed: it is written more often than it is read.
const LEVEL: i32 = 3;
/// A copy of more bytes than these is unpacked beside the event loop, which it would hold up for longer than a page may take.
const LARGE: usize = 16 << 10;
/// The largest copy that is unpacked, in bytes.
const LARGEST: u64 = 1 << 30;
/// A copy is replaced after so many changes although no app changed: the journal must reach back to it.
const GENERATIONS: u64 = 64;

/// What a server knows of the copy.
#[derive(Debug, Default)]
pub(super) struct Known {
    looked_over: Option<Etag>,
    copy: Option<Copy>,
}

/// A copy that was read or written.
#[derive(Debug)]
struct Copy {
    etag: Etag,
    generation: u64,
    says: Digest,
}

/// The copy as it is written.
#[derive(Serialize, Deserialize)]
struct Gathered {
    /// Every change up to this one is in it.
    generation: u64,
    apps: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    version: u64,
    etag: String,
    app: Arc<App>,
}

/// Makes every writing of `catalog/looked-over` another version.
#[derive(Serialize)]
struct LookedOver {
    round: String,
}

impl Releases {
    /// Takes the copy into the catalog; answers whether there was one.
    pub(super) async fn begin_with_copy(&self) -> Result<bool, ReleaseError> {
        let mut known = self.0.known.lock().await;
        Ok(self.take_copy(&mut known).await?.is_some())
    }

    /// Writes a first copy, after every record was read.
    pub(super) async fn begin_copy(&self, generation: u64) {
        let mut known = self.0.known.lock().await;
        if let Err(error) = self.write_copy(&mut known, generation).await {
            tracing::warn!(%error, "the apps' records could not be gathered; the next start reads them one by one");
        }
    }

    /// Compares what is held with the bucket, so that nothing depends on an announcement: by what another server found
    /// in the last minute, or by reading everything.
    pub async fn look_over(&self) -> Result<(), ReleaseError> {
        let mut known = self.0.known.lock().await;
        let looked_over =
            self.0.storage.get_if_changed(&Key::looked_over(), known.looked_over.as_ref()).await?;
        if let Fetched::Found(object) = looked_over {
            if let Some(names) = self.take_copy(&mut known).await? {
                let held = self.catalog();
                let unknown = held.names().filter(|name| !names.contains(*name)).cloned().collect();
                self.read_apps(unknown).await?;
                self.read_ended().await?;
                known.looked_over = Some(object.etag);
                return Ok(());
            }
            known.looked_over = Some(object.etag);
        }
        if known.copy.is_none() {
            // To know which it is that is replaced. What it says is compared with the truth now.
            self.take_copy(&mut known).await?;
        }
        let generation = self.catalog().generation();
        self.list().await?;
        self.write_copy(&mut known, generation).await?;
        let key = Key::looked_over();
        let round = super::update::json(&key, &LookedOver { round: self.0.entropy.secret() })?;
        let condition = known.looked_over.clone().map_or(Condition::Absent, Condition::Match);
        // Whoever else looked everything over meanwhile will be seen at the next look.
        if let Put::Stored(etag) = self.0.storage.put(&key, round, condition).await? {
            known.looked_over = Some(etag);
        }
        Ok(())
    }

    /// Takes the copy into the catalog, unless it is the one that was taken last. Answers the names in it, or in the
    /// catalog; `None` when there is no copy that can be read.
    async fn take_copy(&self, known: &mut Known) -> Result<Option<HashSet<AppName>>, ReleaseError> {
        let held = known.copy.as_ref().map(|copy| &copy.etag);
        let object = match self.0.storage.get_if_changed(&Key::gathered(), held).await? {
            Fetched::Unchanged => return Ok(Some(self.catalog().names().cloned().collect())),
            Fetched::Found(object) => object,
            Fetched::Missing => {
                known.copy = None;
                return Ok(None);
            }
        };
        let unpacked = if object.bytes.len() > LARGE {
            let packed = object.bytes.clone();
            let unpacking = tokio::task::spawn_blocking(move || unpack(&packed));
            unpacking.await.map_err(|error| StorageError::Unavailable(error.to_string()))?
        } else {
            unpack(&object.bytes)
        };
        let Unpacked { generation, entries, says } = match unpacked {
            Ok(unpacked) => unpacked,
            Err(error) => {
                tracing::warn!(%error, "the apps' gathered records cannot be read; they are read one by one");
                known.copy = Some(Copy { etag: object.etag, generation: 0, says: Digest::of(b"") });
                return Ok(None);
            }
        };
        let names = entries.iter().map(|entry| entry.app.name.clone()).collect();
        known.copy = Some(Copy { etag: object.etag, generation, says });
        self.swap(|catalog| catalog.with_apps(&entries));
        Ok(Some(names))
    }

    /// The generation that the copy was made at, when one was taken.
    pub(super) async fn generation_of_copy(&self) -> Option<u64> {
        self.0.known.lock().await.copy.as_ref().map(|copy| copy.generation)
    }

    /// Writes what the catalog holds, which has every change up to `generation`, unless the copy says the same.
    async fn write_copy(&self, known: &mut Known, generation: u64) -> Result<(), ReleaseError> {
        let catalog = self.catalog();
        let says = summary(catalog.entries());
        let current = |copy: &Copy| copy.says == says && copy.generation + GENERATIONS > generation;
        if known.copy.as_ref().is_some_and(current) {
            return Ok(());
        }
        let key = Key::gathered();
        let packed = tokio::task::spawn_blocking(move || pack(&catalog, generation)).await;
        let packed = packed.map_err(|error| StorageError::Unavailable(error.to_string()))?;
        let packed = packed
            .map_err(|error| StorageError::Unexpected { key: key.to_string(), what: error.to_string() })?;
        let condition = match &known.copy {
            Some(copy) => Condition::Match(copy.etag.clone()),
            None => Condition::Absent,
        };
        match self.0.storage.put(&key, Body::Bytes(packed.into()), condition).await? {
            Put::Stored(etag) => known.copy = Some(Copy { etag, generation, says }),
            // Somebody else's is read at the next look.
            Put::Lost => known.copy = None,
        }
        Ok(())
    }
}

fn pack(catalog: &Catalog, generation: u64) -> std::io::Result<Vec<u8>> {
    let line = |entry: &Entry| Line {
        version: entry.version,
        etag: entry.etag.0.clone(),
        app: Arc::clone(&entry.app),
    };
    let gathered = Gathered { generation, apps: catalog.entries().map(line).collect() };
    let mut packing = zstd::bulk::Compressor::new(LEVEL)?;
    packing.include_checksum(true)?;
    packing.compress(&serde_json::to_vec(&gathered)?)
}

/// A copy that was read, ready for the catalog.
struct Unpacked {
    generation: u64,
    entries: Vec<Entry>,
    says: Digest,
}

fn unpack(packed: &[u8]) -> std::io::Result<Unpacked> {
    let mut json = Vec::new();
    zstd::stream::read::Decoder::new(packed)?.take(LARGEST).read_to_end(&mut json)?;
    let gathered: Gathered = serde_json::from_slice(&json)?;
    let entry = |line: Line| {
        // Here rather than where somebody waits for the answer.
        line.app.grants.prepare();
        Entry { app: line.app, version: line.version, etag: Etag(line.etag) }
    };
    let entries: Vec<Entry> = gathered.apps.into_iter().map(entry).collect();
    Ok(Unpacked { generation: gathered.generation, says: summary(entries.iter()), entries })
}

/// The same for the same versions of the same apps.
fn summary<'e>(entries: impl Iterator<Item = &'e Entry>) -> Digest {
    let mut versions: Vec<_> = entries.map(|entry| (&entry.app.name, entry.version, &entry.etag)).collect();
    versions.sort_unstable_by_key(|(name, ..)| *name);
    let mut hash = Context::new(&SHA256);
    for (name, version, etag) in versions {
        hash.update(format!("{name} {version} {}\n", etag.0).as_bytes());
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    Digest::from_bytes(bytes)
}
