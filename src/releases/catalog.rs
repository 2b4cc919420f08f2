//! The snapshot of all apps: immutable, swapped whole.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::ended::CLOCKS;
use crate::model::{App, AppName, Digest, Lineage, Person, Whom};
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
    /// Digest of a [`Whom`] → up to when all that it names was ended. Few: whoever was signed out everywhere.
    until: Arc<HashMap<Digest, Timestamp>>,
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

    /// Whether a session of this lineage was ended, by itself or with others.
    #[must_use]
    pub fn ended(&self, of: &Lineage<'_>) -> bool {
        let Lineage { session, person, begun, provider_session } = *of;
        self.has_ended(session) || self.ended_with_others(person, begun, provider_session)
    }

    /// Whether the session whose identity has this digest was ended by itself.
    #[must_use]
    pub fn has_ended_named(&self, session: &Digest) -> bool {
        self.ended.contains_key(session)
    }

    /// Whether a session of `person` that began at `begun` was ended with all others of its kind.
    #[must_use]
    pub fn ended_with_others(
        &self,
        person: &Person,
        begun: Timestamp,
        provider_session: Option<&Digest>,
    ) -> bool {
        !self.until.is_empty()
            && (self.ended_all(&Whom::Address(&person.email), begun)
                || self.ended_all(&Whom::Subject(&person.subject), begun)
                || provider_session.is_some_and(|named| self.reaches(named, begun)))
    }

    /// Whether whatever `whom` names was ended that began at `begun`.
    #[must_use]
    pub fn ended_all(&self, whom: &Whom<'_>, begun: Timestamp) -> bool {
        !self.until.is_empty() && self.reaches(&whom.digest(), begun)
    }

    /// When a session of `person` that begins at `now` says that it began: late enough not to be taken for one of
    /// those that were ended with all others of theirs a moment ago.
    #[must_use]
    pub fn begins(&self, person: &Person, now: Timestamp) -> Timestamp {
        let later = |whom: &Whom<'_>| {
            let until = *self.until.get(&whom.digest())?;
            // Whole seconds are kept of it.
            until.checked_add(CLOCKS + SignedDuration::from_secs(1)).ok()
        };
        let later = [later(&Whom::Address(&person.email)), later(&Whom::Subject(&person.subject))];
        later.into_iter().flatten().fold(now, Timestamp::max)
    }

    fn reaches(&self, whom: &Digest, begun: Timestamp) -> bool {
        self.until.get(whom).is_some_and(|until| begun.duration_since(*until) <= CLOCKS)
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
        let (apps, ended, until) = (Arc::default(), Arc::default(), Arc::default());
        Self { apps, ended, until, generation: 0, fresh_at }
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
                // Before anybody asks who may see it.
                entry.app.grants.prepare();
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

    /// With everything ended that these name, up to their moments.
    pub(super) fn with_all_ended_until(&self, named: &[(Digest, Timestamp)]) -> Self {
        let mut held = self.until.clone();
        for (whom, until) in named {
            if self.until.get(whom).is_none_or(|known| known < until) {
                let entry = Arc::make_mut(&mut held).entry(*whom).or_insert(*until);
                *entry = (*entry).max(*until);
            }
        }
        Self { until: held, ..self.clone() }
    }

    pub(super) fn at_generation(&self, generation: u64) -> Self {
        Self { generation, ..self.clone() }
    }

    pub(super) fn fresh(&self, at: Timestamp) -> Self {
        Self { fresh_at: at.max(self.fresh_at), ..self.clone() }
    }
}
