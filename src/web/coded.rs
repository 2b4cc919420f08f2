//! Encoded forms of blobs, each made once and kept.
//!
//! A small blob is encoded when it is first asked for, off the event loop, however many wait for it. A larger one is
//! sent as it is until its encoded form is ready. What would not get shorter is remembered too. Forms stay on this
//! server's disk, where it has one for them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use foyer::{Cache, CacheBuilder, S3FifoConfig};
use futures_util::TryStreamExt as _;
use tokio::sync::Semaphore;

use super::encoding::{Coding, Effort};
use crate::model::Digest;
use crate::releases::{Blob, Disk, DiskForm, DiskName};

/// Larger blobs, in bytes, are sent as they are.
const LARGEST: u64 = 32 << 20;
/// How many large blobs are encoded at a time; others wait for their next request.
const LARGE_AT_A_TIME: usize = 2;
/// What an entry takes besides its bytes.
const ENTRY_BYTES: usize = 200;
const SHARDS: usize = 4;

/// `None` for what gets no shorter.
type Form = Option<Bytes>;
type Name = (Digest, Coding);

/// The encoded forms in memory. Clones share one cache.
#[derive(Clone, Debug)]
pub struct Coded {
    forms: Cache<Name, Form>,
    making: Arc<Mutex<HashSet<Name>>>,
    turns: Arc<Semaphore>,
    disk: Option<Disk>,
}

impl Coded {
    /// Keeps up to `bytes` bytes of encoded forms in memory, and what there is room for on `disk`.
    #[must_use]
    pub fn new(bytes: usize, disk: Option<Disk>) -> Self {
        let forms = CacheBuilder::new(bytes)
            .with_shards(SHARDS)
            .with_eviction_config(S3FifoConfig::default())
            .with_weighter(|_: &Name, form: &Form| ENTRY_BYTES + form.as_ref().map_or(0, Bytes::len))
            .build();
        Self { forms, making: Arc::default(), turns: Arc::new(Semaphore::new(LARGE_AT_A_TIME)), disk }
    }

    /// What is known of the encoded form: nothing, that it is no shorter, or its bytes.
    #[must_use]
    pub(super) fn known(&self, digest: &Digest, coding: Coding) -> Option<Form> {
        self.forms.get(&(*digest, coding)).map(|held| held.value().clone())
    }

    /// The encoded form of `plain`, whose digest is `digest`; `None` when it is no shorter.
    pub(super) async fn make(&self, digest: Digest, coding: Coding, plain: Bytes) -> Form {
        let disk = self.disk.clone();
        let encode = move || async move {
            if let Some(kept) = on_disk(disk.as_ref(), digest, coding).await {
                return Ok(Some(kept));
            }
            let encode = move || coding.encode_shorter(&plain, Effort::Thorough);
            let made = tokio::task::spawn_blocking(encode).await;
            if let Ok(Some(form)) = &made {
                keep_on_disk(disk.as_ref(), digest, coding, form);
            }
            made
        };
        let made = self.forms.get_or_fetch(&(digest, coding), encode).await;
        match made {
            Ok(held) => held.value().clone(),
            Err(error) => {
                tracing::debug!(%error, %digest, "an encoded form could not be made");
                None
            }
        }
    }

    /// Begins to make the encoded form of a large blob, unless that goes on already or there is no turn.
    pub(super) fn make_later(&self, blob: &Blob, coding: Coding) {
        let name = (blob.digest(), coding);
        if blob.size() > LARGEST {
            return;
        }
        let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() else { return };
        if !self.making.lock().unwrap_or_else(PoisonError::into_inner).insert(name) {
            return;
        }
        let (coded, blob) = (self.clone(), blob.clone());
        tokio::spawn(async move {
            let _turn = turn;
            let (digest, disk) = (blob.digest(), coded.disk.as_ref());
            if let Some(kept) = on_disk(disk, digest, coding).await {
                coded.forms.insert(name, Some(kept));
                coded.making.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
                return;
            }
            let read = blob.range(0, blob.size()).try_fold(BytesMut::new(), |mut all, chunk| async move {
                all.extend_from_slice(&chunk);
                Ok(all)
            });
            match read.await {
                Ok(plain) => {
                    let encode = move || coding.encode_shorter(&plain, Effort::Quick);
                    if let Ok(form) = tokio::task::spawn_blocking(encode).await {
                        if let Some(form) = &form {
                            keep_on_disk(disk, digest, coding, form);
                        }
                        coded.forms.insert(name, form);
                    }
                }
                Err(error) => tracing::debug!(%error, "a blob could not be read to be encoded"),
            }
            coded.making.lock().unwrap_or_else(PoisonError::into_inner).remove(&name);
        });
    }
}

fn disk_name(digest: Digest, coding: Coding) -> DiskName {
    let form = match coding {
        Coding::Brotli => DiskForm::Brotli,
        Coding::Zstd => DiskForm::Zstd,
        Coding::Gzip => DiskForm::Gzip,
    };
    DiskName { digest, form }
}

async fn on_disk(disk: Option<&Disk>, digest: Digest, coding: Coding) -> Form {
    disk?.get(disk_name(digest, coding), None).await
}

fn keep_on_disk(disk: Option<&Disk>, digest: Digest, coding: Coding, form: &Bytes) {
    if let Some(disk) = disk {
        disk.keep(disk_name(digest, coding), form);
    }
}
