//! The catalog: every app, as one immutable value.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

use crate::model::{App, AppName, Digest};
use crate::storage::Etag;

/// How old a catalog may be before access fails closed, in milliseconds.
const STALE: i64 = 60_000;

/// Every app and every ended session, at one moment.
#[derive(Clone, Debug)]
pub struct Catalog {
    apps: HashMap<AppName, Entry>,
    ended: HashSet<Digest>,
    // Shared by all snapshots of one process: the last time that storage confirmed the newest of them.
    fresh_at: Arc<AtomicI64>,
}

#[derive(Clone, Debug)]
struct Entry {
    app: Arc<App>,
    etag: Etag,
}

impl Catalog {
    pub(super) fn empty(now: Timestamp) -> Self {
        let fresh_at = Arc::new(AtomicI64::new(now.as_millisecond()));
        Self { apps: HashMap::new(), ended: HashSet::new(), fresh_at }
    }

    /// The app with this name, deleted or not.
    #[must_use]
    pub fn app(&self, name: &AppName) -> Option<&Arc<App>> {
        self.apps.get(name).map(|entry| &entry.app)
    }

    /// All apps, deleted ones too, in no order.
    pub fn apps(&self) -> impl Iterator<Item = &Arc<App>> {
        self.apps.values().map(|entry| &entry.app)
    }

    /// Whether the session with this id was ended.
    #[must_use]
    pub fn is_ended(&self, session: &str) -> bool {
        !self.ended.is_empty() && self.ended.contains(&Digest::of(session.as_bytes()))
    }

    /// When storage last confirmed it.
    #[must_use]
    pub fn fresh_at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.fresh_at.load(Ordering::Acquire)).unwrap_or(Timestamp::MIN)
    }

    /// Whether it is too old to decide from: over 60 seconds (invariant 12).
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.as_millisecond() - self.fresh_at.load(Ordering::Acquire) > STALE
    }

    pub(super) fn confirm(&self, now: Timestamp) {
        self.fresh_at.fetch_max(now.as_millisecond(), Ordering::AcqRel);
    }

    pub(super) fn etag(&self, name: &AppName) -> Option<&Etag> {
        self.apps.get(name).map(|entry| &entry.etag)
    }

    /// A catalog in which these apps are as given.
    pub(super) fn with_apps(&self, apps: &[(Arc<App>, Etag)]) -> Self {
        let mut next = self.clone();
        for (app, etag) in apps {
            next.apps.insert(app.name.clone(), Entry { app: Arc::clone(app), etag: etag.clone() });
        }
        next
    }

    pub(super) fn with_ended(&self, session: Digest) -> Self {
        let mut next = self.clone();
        next.ended.insert(session);
        next
    }

    pub(super) fn with_all_ended(&self, sessions: HashSet<Digest>) -> Self {
        Self { ended: sessions, ..self.clone() }
    }
}
