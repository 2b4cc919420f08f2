//! Blobs: read by aligned chunks, verified on first read, and cached by digest and chunk.
//!
//! A blob is named by its content, so what is cached never goes stale (decision 0004). One fetch serves however many
//! wait for it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use foyer::{Cache, CacheBuilder};
use futures_util::{Stream, stream};

use super::ReleaseError;
use crate::model::{Digest, FileEntry};
use crate::storage::{Key, Storage, StorageError};

/// The size of a chunk; a blob of up to one chunk is read whole.
const CHUNK: u64 = 1 << 20;
/// How many large blobs are remembered as verified; after that, all are verified anew.
const REMEMBERED: usize = 100_000;

/// The blobs of all apps.
#[derive(Clone)]
pub struct Blobs(Arc<Inner>);

struct Inner {
    storage: Storage,
    chunks: Cache<(Digest, u64), Bytes>,
    verified: Mutex<HashSet<Digest>>,
}

/// A verified blob that can be read.
#[derive(Clone)]
pub struct Blob {
    blobs: Blobs,
    digest: Digest,
    size: u64,
    whole: Option<Bytes>,
}

impl Blobs {
    pub(super) fn new(storage: Storage, cache_bytes: usize) -> Self {
        let chunks = CacheBuilder::new(cache_bytes)
            .with_shards(8)
            .with_weighter(|_, chunk: &Bytes| chunk.len() + 128)
            .build();
        Self(Arc::new(Inner { storage, chunks, verified: Mutex::default() }))
    }

    /// The bytes of a small blob, if they are in memory.
    #[must_use]
    pub fn cached(&self, file: &FileEntry) -> Option<Bytes> {
        if file.size > CHUNK {
            return None;
        }
        self.0.chunks.get(&(file.sha256, 0)).map(|entry| entry.value().clone())
    }

    /// Opens a blob: a small one is read whole, a large one is verified if this process has not done so yet.
    pub async fn open(&self, file: &FileEntry) -> Result<Blob, ReleaseError> {
        let mut blob = Blob { blobs: self.clone(), digest: file.sha256, size: file.size, whole: None };
        if file.size <= CHUNK {
            let bytes = self.chunk(file.sha256, file.size, 0).await?;
            blob.whole = Some(bytes);
        } else if !self.is_verified(&file.sha256) {
            self.verify(file).await?;
        }
        Ok(blob)
    }

    fn is_verified(&self, digest: &Digest) -> bool {
        self.0.verified.lock().unwrap_or_else(PoisonError::into_inner).contains(digest)
    }

    /// Reads a large blob through once.
    async fn verify(&self, file: &FileEntry) -> Result<(), ReleaseError> {
        let mut context = Context::new(&SHA256);
        for number in 0..file.size.div_ceil(CHUNK) {
            context.update(&self.chunk(file.sha256, file.size, number).await?);
        }
        if context.finish().as_ref() != file.sha256.as_bytes() {
            for number in 0..file.size.div_ceil(CHUNK) {
                self.0.chunks.remove(&(file.sha256, number));
            }
            return Err(ReleaseError::Damaged(file.sha256));
        }
        let mut verified = self.0.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(file.sha256);
        Ok(())
    }

    /// One chunk, from memory or storage. The only chunk of a small blob is verified before it is kept.
    async fn chunk(&self, digest: Digest, size: u64, number: u64) -> Result<Bytes, ReleaseError> {
        let storage = self.0.storage.clone();
        let fetched = self.0.chunks.get_or_fetch(&(digest, number), || async move {
            let key = Key::blob(&digest);
            let start = number * CHUNK;
            let length = CHUNK.min(size - start);
            let wrong = |what: &str| StorageError::Unexpected { key: key.path().to_owned(), what: what.to_owned() };
            let bytes = match storage.get_range(&key, start, length).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Err(Arc::new(ReleaseError::from(wrong("it is gone")))),
                Err(error) => return Err(Arc::new(error.into())),
            };
            if bytes.len() as u64 != length {
                return Err(Arc::new(wrong("it is shorter than its release says").into()));
            }
            if size <= CHUNK && Digest::of(&bytes) != digest {
                return Err(Arc::new(ReleaseError::Damaged(digest)));
            }
            Ok(bytes)
        });
        match fetched.await {
            Ok(entry) => Ok(entry.value().clone()),
            Err(error) => Err(failure(&error, digest)),
        }
    }
}

/// What a fetch that several wait for failed with, for each of them.
fn failure(error: &foyer::Error, digest: Digest) -> ReleaseError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(error) = current.downcast_ref::<Arc<ReleaseError>>() {
            return match &**error {
                ReleaseError::Damaged(digest) => ReleaseError::Damaged(*digest),
                other => ReleaseError::Storage(StorageError::Unavailable(other.to_string())),
            };
        }
        cause = current.source();
    }
    ReleaseError::Storage(StorageError::Unavailable(format!("blob {digest} was not read: {error}")))
}

impl Blob {
    /// All bytes, when the blob is small.
    #[must_use]
    pub fn bytes(&self) -> Option<Bytes> {
        self.whole.clone()
    }

    /// `length` bytes from `start`, chunk by chunk as they are wanted.
    pub fn range(&self, start: u64, length: u64) -> impl Stream<Item = Result<Bytes, ReleaseError>> + Send + use<> {
        let end = start.saturating_add(length).min(self.size);
        let blob = self.clone();
        stream::try_unfold((blob, start), move |(blob, at)| async move {
            if at >= end {
                return Ok(None);
            }
            let number = at / CHUNK;
            let chunk = blob.blobs.chunk(blob.digest, blob.size, number).await?;
            let within = |offset: u64| usize::try_from(offset - number * CHUNK).unwrap_or(usize::MAX).min(chunk.len());
            let part = chunk.slice(within(at)..within(end.min((number + 1) * CHUNK)));
            let next = at + part.len() as u64;
            Ok(Some((part, (blob, next))))
        })
    }
}
