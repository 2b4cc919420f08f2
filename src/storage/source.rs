//! A bucket that others fill, one folder an app below one prefix. We read it and change nothing.
//!
//! No key leads out of an app's folder: whatever is asked for begins with the prefix, the app's name and a slash.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};

use super::s3::S3;
use super::{Endpoint, Etag, Patience, StorageError};
use crate::config::SyncedFolders;
use crate::model::AppName;

/// How many bytes are asked for at a time, and how many such parts ahead of whoever takes them.
const PART: u64 = 8 << 20;
const AHEAD: usize = 2;

/// A bucket to read from. Clones share it.
#[derive(Clone, Debug)]
pub struct SourceBucket(Arc<S3>);

/// An object of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceObject {
    /// Its key without the folder's: what follows `prefix/NAME/`, as whoever put it there wrote it.
    pub name: String,
    /// Its version.
    pub etag: Etag,
    /// Its size in bytes.
    pub size: u64,
    /// When it was written, in milliseconds since 1970, by the bucket's clock.
    pub modified: i64,
}

/// One page of what is in a folder, at any depth, in the order of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourcePage {
    /// The objects; a thousand at the most.
    pub objects: Vec<SourceObject>,
    /// Where to go on, when there is more.
    pub next: Option<String>,
}

impl SourceBucket {
    /// The bucket of `folders`. It is not asked yet.
    pub async fn open(folders: &SyncedFolders) -> Result<Self, StorageError> {
        let (region, endpoint) = (folders.region.as_deref(), folders.endpoint.as_ref().map(url::Url::as_str));
        Ok(Self(S3::to_read(&folders.bucket, &folders.prefix, region, endpoint).await?))
    }

    /// A bucket whose address and credentials are given in code.
    pub fn at(endpoint: &Endpoint, patience: Patience) -> Result<Self, StorageError> {
        Ok(Self(S3::to_read_at(endpoint, patience)?))
    }

    /// One page of what is in the folder of `app`, from [`SourcePage::next`] of the page before when that is given.
    pub async fn list(&self, app: &AppName, from: Option<&str>) -> Result<SourcePage, StorageError> {
        self.0.list_source(&folder(app), from).await
    }

    /// The object called `name` in the folder of `app`; `None` when there is none.
    pub async fn find(&self, app: &AppName, name: &str) -> Result<Option<SourceObject>, StorageError> {
        self.0.find_source(&folder(app), name).await
    }

    /// The bytes of an object, in pieces of 8 MiB at the most; `None` among them when it is no longer the version that
    /// was listed.
    pub fn read<'s>(
        &'s self,
        app: &AppName,
        object: &SourceObject,
    ) -> impl Stream<Item = Result<Option<Bytes>, StorageError>> + Send + use<'s> {
        let (key, etag, size) = (format!("{}{}", folder(app), object.name), object.etag.clone(), object.size);
        let parts = (0..size.div_ceil(PART)).map(move |index| {
            let (key, etag) = (key.clone(), etag.clone());
            async move {
                let start = index * PART;
                self.0.read_source(&key, &etag, start, PART.min(size - start)).await
            }
        });
        stream::iter(parts).buffered(AHEAD)
    }
}

/// The folder of an app, below the bucket's prefix.
fn folder(app: &AppName) -> String {
    format!("{app}/")
}
