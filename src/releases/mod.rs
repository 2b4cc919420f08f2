//! Apps and their releases.
//!
//! 1. [`Catalog`]: the snapshot of every app that a request meets. [`follow`] keeps it fresh: one small conditional
//!    read a second.
//! 2. [`records`]: an app's record changes by compare-and-swap, and every change leaves a line of audit.
//! 3. [`publish`]: verify → blobs → manifest → move the pointer, last.
//! 4. [`manifests`] and [`blobs`]: what is immutable is cached for as long as there is room.
//! 5. [`ledger`]: small records beside the apps: tokens, single-use markers, ended sessions, audit.

mod blobs;
mod catalog;
mod follow;
mod ledger;
mod manifests;
mod media_type;
mod publish;
mod records;

use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use foyer::Cache;

pub use blobs::{Blob, Blobs};
pub use catalog::Catalog;
pub use ledger::Ledger;
pub use media_type::media_type;
pub use publish::{NewFile, NewRelease};

use crate::config::Limits;
use crate::model::{AppName, Clock, Entropy, Manifest, Person, ReleaseId};
use crate::storage::{Storage, StorageError};

/// Apps, releases and blobs over one bucket. Clones share everything.
#[derive(Clone)]
pub struct Releases(Arc<Inner>);

struct Inner {
    storage: Storage,
    clock: Clock,
    entropy: Entropy,
    limits: Limits,
    catalog: ArcSwap<Catalog>,
    // Held while what was read is put into the catalog, so that an older reading never covers a newer one.
    applying: tokio::sync::Mutex<follow::Position>,
    manifests: Cache<(AppName, ReleaseId), Arc<Manifest>>,
    pending: Cache<(AppName, ReleaseId), Arc<Manifest>>,
    blobs: Blobs,
    ledger: Ledger,
}

/// Who does something, and from which address, for the record.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// Who.
    pub person: &'a Person,
    /// From where.
    pub from: Option<IpAddr>,
}

/// Why something was not done. Nothing was done half.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// There is no such app, release or file; the sentence names it.
    #[error("{0}")]
    NotFound(String),
    /// The name belongs to another app, perhaps a deleted one.
    #[error("the name `{0}` is taken; choose another one")]
    Taken(AppName),
    /// It cannot be done as things are.
    #[error("{0}")]
    Conflict(String),
    /// What was given breaks a rule; the sentence says which, and what to do.
    #[error("{0}")]
    Invalid(String),
    /// It is over a limit; the sentence names the limit.
    #[error("{0}")]
    TooLarge(String),
    /// Storage did not do what was asked.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A blob's bytes are not the ones that its name promises.
    #[error("blob {0} is damaged in storage; publish the file again under another app, and restore the bucket")]
    Damaged(crate::model::Digest),
}

impl Releases {
    /// Opens the apps in `storage`: reads the whole catalog.
    pub async fn open(
        storage: Storage,
        limits: &Limits,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, ReleaseError> {
        let inner = Inner {
            catalog: ArcSwap::from_pointee(Catalog::empty(clock.now())),
            applying: tokio::sync::Mutex::default(),
            manifests: manifests::cache(limits.cache_bytes / 8),
            pending: manifests::cache(limits.cache_bytes / 16),
            blobs: Blobs::new(storage.clone(), limits.cache_bytes),
            ledger: Ledger::new(storage.clone(), clock.clone(), entropy.clone()),
            limits: limits.clone(),
            storage,
            clock,
            entropy,
        };
        let releases = Self(Arc::new(inner));
        releases.load().await?;
        Ok(releases)
    }

    /// The snapshot of now. A request takes it once and keeps it.
    #[must_use]
    pub fn catalog(&self) -> arc_swap::Guard<Arc<Catalog>> {
        self.0.catalog.load()
    }

    /// The bucket.
    #[must_use]
    pub fn storage(&self) -> &Storage {
        &self.0.storage
    }

    /// The blobs of all apps. Only who holds a permit may open one.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// Tokens, single-use markers and audit.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// Ends the session with this id, here at once and on every replica within seconds.
    pub async fn end_session(&self, id: &str) -> Result<(), ReleaseError> {
        self.0.ledger.end_session(id).await?;
        let digest = crate::model::Digest::of(id.as_bytes());
        let _applying = self.0.applying.lock().await;
        self.0.catalog.rcu(|catalog| catalog.with_ended(digest));
        drop(_applying);
        self.announce(follow::Change::Session { ended: digest }).await;
        Ok(())
    }
}
