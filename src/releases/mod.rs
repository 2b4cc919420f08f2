//! Apps and their releases, from the bucket and back into it.
//!
//! 1. [`Catalog`] is the snapshot that a request meets: every app's record, and the sessions that ended.
//!    [`Releases`] holds it and swaps it whole.
//! 2. An app's record changes by a conditional write ([`records`]), is put into the own snapshot at once, and
//!    is announced to other replicas in a [`journal`].
//! 3. [`follow`] reads the journal once a second, and everything once a minute, so that a lost announcement heals;
//!    [`gathered`] spares starts and most servers the reading of every record.
//! 4. [`publish`]: verify → blobs → manifest → move the pointer, last. Until then nothing is live.
//! 5. [`manifests`] and [`Blobs`] are what serving reads: immutable, verified when they are first read, held in memory
//!    and on this server's [`Disk`].
//! 6. [`texts`]: what the pages of a release say, taken at publishing, for search.
//! 7. [`rules`]: what a release's `_redirects` and `_headers` say; [`settings`], [`grants`] and [`trust`]: what a publisher may set of an app.
//! 8. [`synced`]: apps that are filled from folders which others sync.
//! 9. [`Editions`] are the same for the guides, in a folder of their own.
//! 10. [`retention`]: which releases an app keeps; [`gc`] clears away what nothing names.
//! 11. [`ledger`]: tokens (and when they were used: [`last_use`]), single-use codes, [`ended`] sessions, [`sign_ins`],
//!     commands that wait ([`devices`]); [`requests`]: what people ask of publishers.
//! 12. [`record`]: who did what, when, from where.

mod blobs;
mod catalog;
mod devices;
mod diff;
mod disk;
mod editions;
mod ended;
mod error;
mod follow;
mod gathered;
mod gc;
mod grants;
mod journal;
mod last_use;
mod ledger;
mod manifests;
mod media_type;
mod outline;
mod publish;
mod record;
mod records;
mod requests;
mod retention;
mod rules;
mod settings;
mod sign_ins;
mod synced;
mod texts;
mod trust;
mod update;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, watch};

pub use blobs::{Blob, BlobError, Blobs};
pub use catalog::Catalog;
pub use diff::{Changed, Diff};
pub use disk::{Disk, DiskForm, DiskName};
pub use editions::{Editions, FetchError};
pub use error::ReleaseError;
pub use gc::{Cleared, Gone};
pub use grants::Granted;
pub use manifests::Release;
pub use media_type::media_type;
pub use publish::{Announced, Begun, InvalidRelease, LONGEST_TITLE};
pub use record::{Cursor, Gap, InvalidCursor, Record, Sought};
pub use records::Change;
pub use requests::{Kept, LONGEST_REASON, Request};
pub use rules::{Answer, HEADERS, Headers, Named, REDIRECTS, Redirects, RuleProblem, Rules};
pub use synced::{SyncedPace, SyncedPlace, SyncedState, Trouble};
pub use texts::{PdfReader, TextChange, Texts, read_pdf};

use crate::config::Limits;
use crate::model::{Clock, Entropy, Person};
use crate::storage::{Etag, Promise, Storage};

/// How many uploads a server takes at a time; further ones wait.
const UPLOADS: usize = 64;

/// Who does something, and from where: what the audit record keeps of it.
#[derive(Clone, Debug)]
pub struct By {
    /// Who.
    pub person: Person,
    /// From which address, where one is known.
    pub from: Option<IpAddr>,
}

/// The apps of one bucket. Clones share everything.
#[derive(Clone, Debug)]
pub struct Releases(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    storage: Storage,
    limits: Limits,
    clock: Clock,
    entropy: Entropy,
    catalog: ArcSwap<Catalog>,
    /// The version of the journal that the catalog follows; locked while it is read.
    followed: tokio::sync::Mutex<Option<Etag>>,
    /// What is known of the gathered records; locked while everything is looked over.
    known: tokio::sync::Mutex<gathered::Known>,
    /// Changes that are written but not announced yet.
    unannounced: Mutex<Vec<journal::Changed>>,
    /// Whoever holds it announces for all.
    announcing: tokio::sync::Mutex<()>,
    manifests: manifests::Manifests,
    pending: manifests::PendingCache,
    tokens: ledger::Tokens,
    uses: last_use::Uses,
    blobs: Blobs,
    uploads: Semaphore,
    taking: texts::Taking,
    recorder: record::Recorder,
    /// Told when any app's record changed.
    apps_changed: watch::Sender<()>,
}

impl Releases {
    /// Reads every app of the bucket and is ready to serve.
    pub async fn open(
        storage: Storage,
        limits: &Limits,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, ReleaseError> {
        Self::open_with(storage, limits, None, clock, entropy).await
    }

    /// The same, with files kept on `disk` too.
    pub async fn open_with(
        storage: Storage,
        limits: &Limits,
        disk: Option<Disk>,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, ReleaseError> {
        let releases = Self(Arc::new(Inner {
            catalog: ArcSwap::from_pointee(Catalog::empty(jiff::Timestamp::UNIX_EPOCH)),
            followed: tokio::sync::Mutex::new(None),
            known: tokio::sync::Mutex::default(),
            unannounced: Mutex::new(Vec::new()),
            announcing: tokio::sync::Mutex::new(()),
            manifests: manifests::manifests(),
            pending: manifests::pending(),
            tokens: ledger::tokens(),
            uses: last_use::Uses::new(),
            blobs: Blobs::new(storage.clone(), limits.cache_bytes / 4 * 3, disk),
            uploads: Semaphore::new(UPLOADS),
            taking: texts::Taking::default(),
            recorder: record::Recorder::new(clock.now(), &entropy),
            apps_changed: watch::Sender::new(()),
            storage,
            limits: limits.clone(),
            clock,
            entropy,
        }));
        Box::pin(releases.start()).await?;
        Ok(releases)
    }

    /// The current snapshot; keep it for the whole of a request.
    #[must_use]
    pub fn catalog(&self) -> Arc<Catalog> {
        self.0.catalog.load_full()
    }

    /// What the storage promises of whatever is published.
    pub async fn promise(&self) -> Promise {
        self.0.storage.promise().await
    }

    /// The bytes behind manifests.
    #[must_use]
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// Swaps the catalog for what `change` makes of it; `change` may run more than once.
    fn swap(&self, change: impl Fn(&Catalog) -> Catalog) {
        let before = self.0.catalog.rcu(|held| Arc::new(change(held)));
        if !before.has_same_apps(&self.0.catalog.load()) {
            self.0.apps_changed.send_replace(());
        }
    }
}
