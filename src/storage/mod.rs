//! Bytes in, bytes out: the bucket, which is the only state.
//!
//! 1. A [`Key`] names an object; [`key`] alone knows paths and media types.
//! 2. Five verbs: [`Storage::get`], [`Storage::get_range`], [`Storage::put`], [`Storage::list`],
//!    [`Storage::delete`].
//! 3. A put may be conditional ([`Condition`]); losing the race is an answer ([`Put::Lost`]), not an error.
//! 4. Backends: S3, a folder, memory. One contract suite holds for all of them (`tests/it/storage.rs`).
//! 5. A [`SourceBucket`] is another's: we read folders of it and change nothing.

mod folder;
mod key;
mod memory;
mod promise;
mod s3;
mod source;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;

use crate::config;
use folder::Folder;
pub use key::{Key, Prefix, ordered_id};
use memory::Memory;
pub use promise::{BucketSettings, Promise};
use s3::S3;
pub use s3::{Endpoint, Patience};
pub use source::{SourceBucket, SourceObject, SourcePage};

/// The most bytes that one answer holds; larger objects are read in ranges.
const WHOLE: u64 = 64 << 20;

/// How many entries one page of a listing has, as on S3.
const PAGE: usize = 1000;

/// A bucket, or something that behaves like one. Clones share it.
#[derive(Clone, Debug)]
pub struct Storage(Backend);

#[derive(Clone, Debug)]
enum Backend {
    Memory(Memory),
    Folder(Arc<Folder>),
    S3(Arc<S3>),
}

/// An object's version, as its backend names it; compares as bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Etag(pub(crate) String);

/// A whole object.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its bytes.
    pub bytes: Bytes,
    /// Its version.
    pub etag: Etag,
}

/// The answer to a get that names the version the caller holds already.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// There is no such object.
    Missing,
    /// It is still the version the caller holds.
    Unchanged,
    /// It is this.
    Found(Object),
}

/// What to store.
#[derive(Clone, Debug)]
pub enum Body {
    /// These bytes.
    Bytes(Bytes),
    /// The bytes of this file, which stays as it is until the put has answered; never whole in memory.
    File {
        /// Where it is.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
}

/// When a put may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// Only when there is no such object yet (`If-None-Match: *`).
    Absent,
    /// Only when the object is still this version (`If-Match`).
    Match(Etag),
}

/// What became of a put.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a conditional put may have lost"]
pub enum Put {
    /// Stored, as this version.
    Stored(Etag),
    /// The condition did not hold; nothing was changed.
    Lost,
}

/// One page of a listing, in key order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The objects directly under the prefix.
    pub objects: Vec<Listed>,
    /// The next segments below the prefix that have further `/` in their keys, without slashes.
    pub folders: Vec<String>,
    /// Where to go on, when there is more; only the backend that wrote it can read it.
    pub next: Option<String>,
}

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The last segment of its key: what follows the prefix.
    pub name: String,
    /// Its version.
    pub etag: Etag,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written.
    pub modified: Timestamp,
}

/// A file that was being stored in parts, by somebody who stopped.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct UnfinishedUpload {
    /// What it was to become: the path in the bucket, below its own prefix.
    pub path: String,
    /// When it was begun.
    pub begun: Timestamp,
    #[serde(skip)]
    id: String,
}

/// Why the bucket did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It could not be reached, answered too late, or said to come back later. Worth repeating.
    #[error("storage does not answer: {0}")]
    Unavailable(String),
    /// It refused: credentials, permissions, a missing bucket. Repeating will not help.
    #[error("storage refuses: {0}")]
    Refused(String),
    /// What it holds is not what was asked for: too large, cut short, or not a known shape.
    #[error("storage holds something unexpected at `{key}`: {what}")]
    Unexpected {
        /// The object.
        key: String,
        /// What is wrong with it.
        what: String,
    },
}

impl Storage {
    /// Opens what the configuration names and makes sure that it answers: a folder is created when there is
    /// none and must be writable; a bucket must exist, admit us and honour conditional writes.
    pub async fn open(config: &config::Storage) -> Result<Self, StorageError> {
        let backend = match config {
            config::Storage::Folder(path) => Backend::Folder(Folder::open(path.clone()).await?),
            config::Storage::S3 { bucket, prefix } => Backend::S3(S3::open(bucket, prefix).await?),
        };
        Ok(Self(backend))
    }

    /// Like [`Storage::open`], for a bucket whose address and credentials are given in code rather than by
    /// the environment.
    pub async fn s3_at(endpoint: &Endpoint, patience: Patience) -> Result<Self, StorageError> {
        Ok(Self(Backend::S3(S3::open_at(endpoint, patience).await?)))
    }

    /// An empty bucket in memory, gone with its last clone. For tests.
    #[must_use]
    pub fn memory() -> Self {
        Self(Backend::Memory(Memory::default()))
    }

    /// What it is, for people: `folder ./.loggia`, `s3://bucket/prefix`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.0 {
            Backend::Memory(_) => "memory".to_owned(),
            Backend::Folder(folder) => folder.describe(),
            Backend::S3(s3) => s3.describe(),
        }
    }

    /// The whole object at `key`; `None` when there is none. For records and small blobs: larger than
    /// 64 MiB is an error, use [`Storage::get_range`].
    pub async fn get(&self, key: &Key) -> Result<Option<Object>, StorageError> {
        match self.get_if_changed(key, None).await? {
            Fetched::Found(object) => Ok(Some(object)),
            Fetched::Missing | Fetched::Unchanged => Ok(None),
        }
    }

    /// Like [`Storage::get`], and spares the bytes when the object is still version `held`.
    pub async fn get_if_changed(&self, key: &Key, held: Option<&Etag>) -> Result<Fetched, StorageError> {
        match &self.0 {
            Backend::Memory(memory) => memory.get(key, held),
            Backend::Folder(folder) => folder.get(key, held).await,
            Backend::S3(s3) => s3.get(key, held).await,
        }
    }

    /// `length` bytes of the object from `start`, fewer at its end; `None` when there is no such object.
    /// More than 64 MiB at once is an error.
    pub async fn get_range(&self, key: &Key, start: u64, length: u64) -> Result<Option<Bytes>, StorageError> {
        if length > WHOLE {
            return Err(StorageError::too_large(key));
        }
        match &self.0 {
            Backend::Memory(memory) => Ok(memory.get_range(key, start, length)),
            Backend::Folder(folder) => folder.get_range(key, start, length).await,
            Backend::S3(s3) => s3.get_range(key, start, length).await,
        }
    }

    /// Stores `body` at `key` when `condition` holds; a put that answers with an error may have happened.
    ///
    /// Whoever changes a record makes its bytes unique, with a `write_id`: versions are compared by their
    /// etags, and two versions with the same bytes may have the same one.
    pub async fn put(&self, key: &Key, body: Body, condition: Condition) -> Result<Put, StorageError> {
        match &self.0 {
            Backend::Memory(memory) => memory.put(key, body, &condition).await,
            Backend::Folder(folder) => folder.put(key, body, condition).await,
            Backend::S3(s3) => s3.put(key, &body, &condition).await,
        }
    }

    /// One page of what is directly under `prefix`: objects and folders, from [`Listing::next`] of the page
    /// before when that is given.
    pub async fn list(&self, prefix: &Prefix, from: Option<&str>) -> Result<Listing, StorageError> {
        match &self.0 {
            Backend::Memory(memory) => Ok(memory.list(prefix, from)),
            Backend::Folder(folder) => folder.list(prefix, from).await,
            Backend::S3(s3) => s3.list(prefix, from).await,
        }
    }

    /// Every page of [`Storage::list`], one after another.
    pub async fn list_all(&self, prefix: &Prefix) -> Result<Listing, StorageError> {
        let mut all = Listing::default();
        loop {
            let page = self.list(prefix, all.next.as_deref()).await?;
            all.objects.extend(page.objects);
            all.folders.extend(page.folders);
            all.next = page.next;
            if all.next.is_none() {
                return Ok(all);
            }
        }
    }

    /// Files below `prefix` that somebody began to store in parts before `before` and did not finish, `most` at the most. Only a
    /// bucket has such.
    pub async fn unfinished_uploads(
        &self,
        prefix: &Prefix,
        before: Timestamp,
        most: usize,
    ) -> Result<Vec<UnfinishedUpload>, StorageError> {
        match &self.0 {
            Backend::Memory(_) | Backend::Folder(_) => Ok(Vec::new()),
            Backend::S3(s3) => s3.unfinished_uploads(prefix.path(), before, most).await,
        }
    }

    /// Gives up what somebody began to store in parts; that it is gone is fine.
    pub async fn end_upload(&self, upload: &UnfinishedUpload) -> Result<(), StorageError> {
        match &self.0 {
            Backend::Memory(_) | Backend::Folder(_) => Ok(()),
            Backend::S3(s3) => s3.end_upload(upload).await,
        }
    }

    /// Removes the object at `key`; there being none is fine.
    pub async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        match &self.0 {
            Backend::Memory(memory) => {
                memory.delete(key);
                Ok(())
            }
            Backend::Folder(folder) => folder.delete(key).await,
            Backend::S3(s3) => s3.delete(key).await,
        }
    }
}

impl StorageError {
    fn unexpected(key: &(impl ToString + ?Sized), what: impl Into<String>) -> Self {
        Self::Unexpected { key: key.to_string(), what: what.into() }
    }

    fn too_large(key: &(impl ToString + ?Sized)) -> Self {
        Self::unexpected(key, "it is larger than 64 MiB, the most that is read at once; read it in ranges")
    }
}
