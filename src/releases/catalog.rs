//! The snapshot of all apps: immutable, swapped whole.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::{App, AppName, Digest};
use crate::storage::Etag;

/// How old a catalog may be before nobody is let in by it.
const STALE_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// How long an ended session stays although a listing, begun before it ended, lacks it.
const LISTING_TIME: SignedDuration = SignedDuration::from_secs(600);

/// Every app and every ended session, as they were at one moment.
#[derive(Clone, Debug)]
pub struct Catalog {
    apps: Arc<HashMap<AppName, Entry>>,
    /// Digest of a session's identity → when this server learnt of its end.
    ended: Arc<HashMap<Digest, Timestamp>>,
    generation: u64,
    fresh_at: Timestamp,
}

/// An app's record, with what orders its versions.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) app: Arc<App>,
    /// Counts the writes of this record.
    pub(super) version: u64,
    pub(super) etag: Etag,
}

impl Catalog {
    /// The app with this name, deleted or not.
    #[must_use]
    pub fn app(&self, name: &AppName) -> Option<&Arc<App>> {
        self.apps.get(name).map(|entry| &entry.app)
    }

    /// The app with this name unless it was deleted.
    #[must_use]
    pub fn live(&self, name: &AppName) -> Option<&Arc<App>> {
        self.app(name).filter(|app| app.deleted.is_none())
    }

    /// All apps, deleted ones too, in no order.
    pub fn apps(&self) -> impl Iterator<Item = &Arc<App>> {
        self.apps.values().map(|entry| &entry.app)
    }

    /// Whether the session with this identity was ended.
    #[must_use]
    pub fn has_ended(&self, session: &str) -> bool {
        !self.ended.is_empty() && self.ended.contains_key(&Digest::of(session.as_bytes()))
    }

    /// Counts the changes that this snapshot knows of.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// When the bucket was last asked and answered.
    #[must_use]
    pub fn fresh_at(&self) -> Timestamp {
        self.fresh_at
    }

    /// Whether the bucket has been silent for so long that nobody may be let in by this snapshot.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.duration_since(self.fresh_at) > STALE_AFTER
    }

    /// Whether no app's record changed between the two.
    pub(super) fn has_same_apps(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.apps, &other.apps)
    }

    pub(super) fn empty(fresh_at: Timestamp) -> Self {
        Self { apps: Arc::default(), ended: Arc::default(), generation: 0, fresh_at }
    }

    pub(super) fn entry(&self, name: &AppName) -> Option<&Entry> {
        self.apps.get(name)
    }

    /// All apps' records.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.apps.values()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &AppName> {
        self.apps.keys()
    }

    /// With these entries, each unless a later version of it is held.
    pub(super) fn with_apps(&self, entries: &[Entry]) -> Self {
        let mut apps = self.apps.clone();
        for entry in entries {
            let held = apps.get(&entry.app.name).map_or(0, |held| held.version);
            if entry.version > held {
                Arc::make_mut(&mut apps).insert(entry.app.name.clone(), entry.clone());
            }
        }
        Self { apps, ..self.clone() }
    }

    /// Without the apps of these names, whose records are gone or cannot be read.
    pub(super) fn without_apps(&self, names: &[AppName]) -> Self {
        if names.is_empty() {
            return self.clone();
        }
        let mut apps = self.apps.clone();
        Arc::make_mut(&mut apps).retain(|name, _| !names.contains(name));
        Self { apps, ..self.clone() }
    }

    /// With these sessions ended too.
    pub(super) fn with_ended(&self, sessions: &[Digest], now: Timestamp) -> Self {
        let mut ended = self.ended.clone();
        for session in sessions.iter().filter(|session| !self.ended.contains_key(session)) {
            Arc::make_mut(&mut ended).insert(*session, now);
        }
        Self { ended, ..self.clone() }
    }

    /// With exactly these sessions ended, and those that ended while they were listed.
    pub(super) fn with_all_ended(&self, listed: &[Digest], now: Timestamp) -> Self {
        let recent = |since: &Timestamp| now.duration_since(*since) < LISTING_TIME;
        let mut ended: HashMap<_, _> =
            self.ended.iter().filter(|(_, since)| recent(since)).map(|(id, since)| (*id, *since)).collect();
        for session in listed {
            let since = self.ended.get(session).copied().unwrap_or(now);
            ended.insert(*session, since);
        }
        Self { ended: Arc::new(ended), ..self.clone() }
    }

    pub(super) fn at_generation(&self, generation: u64) -> Self {
        Self { generation, ..self.clone() }
    }

    pub(super) fn fresh(&self, at: Timestamp) -> Self {
        Self { fresh_at: at.max(self.fresh_at), ..self.clone() }
    }
}
