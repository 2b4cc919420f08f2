//! Blobs, by aligned chunks, through memory and this server's disk: verified whenever they come from anywhere else,
//! fetched once however many wait.
//!
//! 1. A file of up to [`CHUNK`] bytes is one chunk, and must have the digest it is named by.
//! 2. A larger file has an [`outline`]: the digests of its chunks, written down when the file arrived and was verified.
//!    Each chunk is checked by its own, so that a range costs the chunks that it covers.
//! 3. A file without an outline is read through once before its first byte is served: its digest must be right, and
//!    the outline is written down then.
//! 4. Memory, then disk, then the bucket. What fails the check is an error that names the blob, and is never kept.

use std::sync::Arc;

use bytes::Bytes;
use foyer::{Cache, CacheBuilder, S3FifoConfig};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use super::disk::{Disk, DiskForm, DiskName};
use super::outline::{self, Outline, Outliner};
use crate::model::{Digest, FileEntry};
use crate::storage::{Body, Condition, Key, Storage, StorageError};

/// The size of a chunk in bytes; the last of a file may be shorter.
pub(super) const CHUNK: u64 = 1 << 20;
/// How much memory the digests of chunks may take, in bytes: 32 a chunk, enough for 500 GB of large files.
const OUTLINE_BYTES: usize = 16 << 20;
/// What an entry takes besides its bytes.
const ENTRY_BYTES: usize = 200;
/// A shard of the cache holds this many chunks at the least.
const SHARD_BYTES: usize = 16 << 20;
/// How many chunks of a file are fetched ahead: while it is verified, and while it is sent.
const VERIFIED_AHEAD: usize = 4;
const SENT_AHEAD: usize = 2;

/// Why a blob cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BlobError {
    /// The bucket did not do its part; the same may work later.
    #[error("{0}")]
    Storage(Arc<StorageError>),
    /// A release names it, and the bucket does not hold it.
    #[error("the bucket lacks blob {0}, which a release names")]
    Missing(Digest),
    /// Its bytes are not the ones it is named by.
    #[error("blob {0} is damaged in the bucket: its bytes have another digest or size")]
    Damaged(Digest),
}

/// Reads blobs. Clones share one cache.
#[derive(Clone, Debug)]
pub struct Blobs {
    storage: Storage,
    chunks: Cache<ChunkName, Bytes>,
    /// Digest of a large file → digests of its chunks.
    outlines: Cache<Digest, Outline>,
    disk: Option<Disk>,
}

/// A whole file of one chunk, or one chunk of a larger file: never taken for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ChunkName {
    Whole(Digest),
    Part(Digest, u32),
}

/// A blob that may be served: its first read was verified.
#[derive(Clone, Debug)]
pub struct Blob {
    digest: Digest,
    size: u64,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Whole(Bytes),
    Parts { blobs: Blobs, outline: Outline },
}

impl Blobs {
    pub(super) fn new(storage: Storage, cache_bytes: usize, disk: Option<Disk>) -> Self {
        let shards = (cache_bytes / SHARD_BYTES).clamp(1, 16);
        let weight = |_: &ChunkName, bytes: &Bytes| bytes.len() + ENTRY_BYTES;
        let chunks = CacheBuilder::new(cache_bytes)
            .with_shards(shards)
            .with_eviction_config(S3FifoConfig::default())
            .with_weighter(weight)
            .build();
        let weight = |_: &Digest, outline: &Outline| size_of_val::<[Digest]>(outline) + ENTRY_BYTES;
        let outlines = CacheBuilder::new(OUTLINE_BYTES).with_shards(1).with_weighter(weight).build();
        Self { storage, chunks, outlines, disk }
    }

    /// A file of one chunk when it is in memory: no waiting, no copy, no allocation.
    #[must_use]
    pub fn cached_small(&self, digest: &Digest) -> Option<Bytes> {
        self.chunks.get(&ChunkName::Whole(*digest)).map(|held| held.value().clone())
    }

    /// Keeps a file of one chunk that has just arrived, and whose digest is right.
    pub(super) fn keep(&self, digest: Digest, bytes: Bytes) {
        self.chunks.insert(ChunkName::Whole(digest), bytes);
    }

    /// The blob of a file, verified.
    pub async fn open(&self, entry: &FileEntry) -> Result<Blob, BlobError> {
        let (digest, size) = (entry.sha256, entry.size);
        let content = if size <= CHUNK {
            Content::Whole(self.whole(digest, size).await?)
        } else {
            Content::Parts { blobs: self.clone(), outline: self.outline(digest, size).await? }
        };
        Ok(Blob { digest, size, content })
    }

    async fn whole(&self, digest: Digest, size: u64) -> Result<Bytes, BlobError> {
        let blobs = self.clone();
        let fetch = || async move {
            let name = DiskName { digest, form: DiskForm::Whole };
            blobs.read(name, digest, 0, size.max(1)).await
        };
        let held = self.chunks.get_or_fetch(&ChunkName::Whole(digest), fetch).await;
        let bytes = held.map_err(|error| named(&error))?.value().clone();
        // Verified under this digest, so another size means that the manifest is wrong.
        if bytes.len() as u64 == size { Ok(bytes) } else { Err(BlobError::Damaged(digest)) }
    }

    async fn part(&self, digest: Digest, size: u64, index: u32, right: Digest) -> Result<Bytes, BlobError> {
        let blobs = self.clone();
        let fetch = || async move {
            let (start, length) = extent(size, index);
            blobs.read(DiskName { digest, form: DiskForm::Part(index) }, right, start, length).await
        };
        let held = self.chunks.get_or_fetch(&ChunkName::Part(digest, index), fetch).await;
        Ok(held.map_err(|error| named(&error))?.value().clone())
    }

    /// `length` bytes of a blob from `start`, whose digest must be `right`: from disk, else from the bucket.
    async fn read(&self, name: DiskName, right: Digest, start: u64, length: u64) -> Result<Bytes, BlobError> {
        if let Some(disk) = &self.disk
            && let Some(bytes) = disk.get(name, Some(right)).await
        {
            return Ok(bytes);
        }
        let bytes = fetch(&self.storage, name.digest, start, length).await?;
        if Digest::of(&bytes) != right {
            return Err(BlobError::Damaged(name.digest));
        }
        if let Some(disk) = &self.disk {
            disk.keep(name, &bytes);
        }
        Ok(bytes)
    }

    /// The digests of a large file's chunks.
    async fn outline(&self, digest: Digest, size: u64) -> Result<Outline, BlobError> {
        let blobs = self.clone();
        let held = self.outlines.get_or_fetch(&digest, || blobs.read_outline(digest, size)).await;
        Ok(held.map_err(|error| named(&error))?.value().clone())
    }

    /// The outline on disk, else in the bucket, else made from the blob and written down for everybody.
    async fn read_outline(self, digest: Digest, size: u64) -> Result<Outline, BlobError> {
        let name = DiskName { digest, form: DiskForm::Outline };
        if let Some(disk) = &self.disk
            && let Some(outline) =
                disk.get(name, None).await.and_then(|held| outline::parse(&digest, size, &held))
        {
            return Ok(outline);
        }
        let key = Key::outline(&digest);
        let found = self.storage.get(&key).await.map_err(|error| BlobError::Storage(Arc::new(error)))?;
        let stored = found.as_ref().and_then(|found| outline::parse(&digest, size, &found.bytes));
        let outline = match stored {
            Some(outline) => outline,
            None => self.read_through(digest, size).await?,
        };
        let written = outline::write(&digest, size, &outline);
        if found.is_none_or(|found| found.bytes != written)
            && let Err(error) = self.storage.put(&key, Body::Bytes(written.clone()), Condition::Always).await
        {
            tracing::debug!(%error, %digest, "an outline is not written down; the next to need it makes it again");
        }
        if let Some(disk) = &self.disk {
            disk.keep(name, &written);
        }
        Ok(outline)
    }

    /// Reads a large file through: its digest must be right. Answers the digests of its chunks.
    async fn read_through(&self, digest: Digest, size: u64) -> Result<Outline, BlobError> {
        let count = u32::try_from(size.div_ceil(CHUNK)).map_err(|_| BlobError::Damaged(digest))?;
        let fetch_chunk = |index| {
            let (start, length) = extent(size, index);
            fetch(&self.storage, digest, start, length)
        };
        let chunks = stream::iter(0..count).map(fetch_chunk).buffered(VERIFIED_AHEAD);
        let outliner = chunks
            .try_fold(Outliner::new(size), |mut outliner, bytes| async move {
                outliner.add(&bytes);
                Ok(outliner)
            })
            .await?;
        let (found, outline) = outliner.finish();
        if found == digest { Ok(outline) } else { Err(BlobError::Damaged(digest)) }
    }
}

impl Blob {
    /// The digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// All its bytes, when they are one chunk.
    #[must_use]
    pub fn bytes(&self) -> Option<&Bytes> {
        match &self.content {
            Content::Whole(bytes) => Some(bytes),
            Content::Parts { .. } => None,
        }
    }

    /// `length` bytes from `start`, fewer at its end, chunk by chunk; a few chunks are fetched ahead.
    pub fn range(
        &self,
        start: u64,
        length: u64,
    ) -> impl Stream<Item = Result<Bytes, BlobError>> + Send + use<> {
        let end = start.saturating_add(length).min(self.size);
        let first = start / CHUNK;
        let chunks = if start < end { first..end.div_ceil(CHUNK) } else { 0..0 };
        let blob = self.clone();
        let pieces = chunks.map(move |index| {
            let blob = blob.clone();
            async move {
                let bytes = blob.chunk(index).await?;
                let offset = index * CHUNK;
                let within = |position: u64| {
                    let position = position.saturating_sub(offset).min(bytes.len() as u64);
                    usize::try_from(position).unwrap_or(bytes.len())
                };
                Ok(bytes.slice(within(start)..within(end)))
            }
        });
        stream::iter(pieces).buffered(SENT_AHEAD)
    }

    async fn chunk(&self, index: u64) -> Result<Bytes, BlobError> {
        let damaged = BlobError::Damaged(self.digest);
        match &self.content {
            Content::Whole(bytes) => Ok(bytes.clone()),
            Content::Parts { blobs, outline } => {
                let at = usize::try_from(index).ok().and_then(|at| outline.get(at)).ok_or(damaged.clone())?;
                let index = u32::try_from(index).map_err(|_| damaged)?;
                blobs.part(self.digest, self.size, index, *at).await
            }
        }
    }
}

/// Where a chunk begins and how long it is, in bytes.
fn extent(size: u64, index: u32) -> (u64, u64) {
    let start = u64::from(index) * CHUNK;
    (start, size.saturating_sub(start).min(CHUNK))
}

async fn fetch(storage: &Storage, digest: Digest, start: u64, length: u64) -> Result<Bytes, BlobError> {
    let read = storage.get_range(&Key::blob(&digest), start, length).await;
    read.map_err(|error| BlobError::Storage(Arc::new(error)))?.ok_or(BlobError::Missing(digest))
}

/// The error that a fetch ended with, which the cache hands to everybody who waited.
fn named(error: &foyer::Error) -> BlobError {
    error.downcast_ref::<BlobError>().cloned().unwrap_or_else(|| {
        let what = StorageError::Unavailable(format!("a fetch was cut short: {}", error.kind()));
        BlobError::Storage(Arc::new(what))
    })
}
