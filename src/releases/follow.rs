//! Following the bucket: the journal once a second, everything once a minute ([`super::gathered`]).

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use jiff::Timestamp;

use crate::model::AppName;
use crate::storage::{Fetched, Key, Prefix, StorageError};

use super::catalog::Entry;
use super::journal::{Changed, Journal};
use super::update::Record as _;
use super::{ReleaseError, Releases, ended, records};

const POLL_EVERY: Duration = Duration::from_secs(1);
const LIST_EVERY: Duration = Duration::from_mins(1);
/// How long a poll may take before it counts as failed.
const POLL_TIME: Duration = Duration::from_secs(30);
/// How long a listing may take.
const LISTING_TIME: Duration = Duration::from_mins(5);
/// How many records are read at a time.
const AT_A_TIME: usize = 32;

impl Releases {
    /// Keeps the catalog current until `shutdown` is ready. A bucket that does not answer is asked again; the
    /// catalog grows stale meanwhile ([`super::Catalog::is_stale`]).
    pub async fn follow(self, shutdown: impl Future<Output = ()>) {
        let poll = self.repeat("poll", POLL_EVERY, POLL_TIME, || self.poll());
        let list = self.repeat("list", LIST_EVERY, LISTING_TIME, || self.look_over());
        tokio::select! {
            () = shutdown => {}
            _ = futures_util::future::join(poll, list) => {}
        }
    }

    /// One look at the journal, and at whatever it says has changed.
    pub async fn poll(&self) -> Result<(), ReleaseError> {
        let mut followed = self.0.followed.lock().await;
        self.announce_waiting().await;
        let asked = self.0.clock.now();
        let key = Key::generation();
        let (journal, etag) = match self.0.storage.get_if_changed(&key, followed.as_ref()).await? {
            Fetched::Unchanged => {
                self.swap(|catalog| catalog.fresh(asked));
                return Ok(());
            }
            Fetched::Found(object) => (Journal::parse(&key, &object.bytes)?, Some(object.etag)),
            Fetched::Missing => (Journal::default(), None),
        };
        match journal.since(self.catalog().generation()) {
            Some(changes) => self.read_changed(changes).await?,
            None => self.list().await?,
        }
        self.swap(|catalog| catalog.at_generation(journal.generation).fresh(asked));
        *followed = etag;
        Ok(())
    }

    /// Reads every app's record and every ended session.
    pub async fn list(&self) -> Result<(), ReleaseError> {
        let storage = &self.0.storage;
        let folders = storage.list_all(&Prefix::apps()).await?.folders;
        let mut names: Vec<AppName> = folders.iter().filter_map(|name| name.parse().ok()).collect();
        // What is held but not listed is new, or was taken out of the bucket: reading it tells.
        names.extend(self.catalog().names().cloned());
        names.sort_unstable();
        names.dedup();
        self.read_apps(names).await?;
        self.read_ended().await
    }

    /// Reads which sessions ended, one by one or all of somebody's, and whose tokens.
    pub(super) async fn read_ended(&self) -> Result<(), ReleaseError> {
        let sessions = self.0.storage.list_all(&Prefix::ended_sessions()).await?.objects;
        let tokens = self.0.storage.list_all(&Prefix::ended_tokens()).await?.objects;
        let mut ended = Vec::new();
        let mut until = Vec::new();
        for (whom, up_to) in sessions.iter().chain(&tokens).filter_map(|listed| ended::parse(&listed.name)) {
            match up_to {
                None => ended.push(whom),
                Some(up_to) => until.push((whom, up_to)),
            }
        }
        let now = self.0.clock.now();
        self.swap(|catalog| catalog.with_all_ended(&ended, now).with_all_ended_until(&until));
        Ok(())
    }

    /// The first reading: the gathered records and what changed since, or else the journal before every record, so that
    /// nothing falls between.
    pub(super) async fn start(&self) -> Result<(), ReleaseError> {
        let mut followed = self.0.followed.lock().await;
        let has_copy = self.begin_with_copy().await?;
        let asked = self.0.clock.now();
        let key = Key::generation();
        let (journal, etag) = match self.0.storage.get(&key).await? {
            Some(object) => (Journal::parse(&key, &object.bytes)?, Some(object.etag)),
            None => (Journal::default(), None),
        };
        let made_at = self.generation_of_copy().await.filter(|_| has_copy);
        if let Some(changes) = made_at.and_then(|made_at| journal.since(made_at)) {
            self.read_changed(changes).await?;
            self.read_ended().await?;
        } else {
            self.list().await?;
            self.begin_copy(journal.generation).await;
        }
        self.swap(|catalog| catalog.at_generation(journal.generation).fresh(asked));
        *followed = etag;
        Ok(())
    }

    async fn read_changed(&self, changes: Vec<Changed>) -> Result<(), ReleaseError> {
        let mut names = Vec::new();
        let mut ended = Vec::new();
        let mut until = Vec::new();
        for changed in changes {
            match changed {
                Changed::App(name) => names.push(name),
                Changed::Session(session) => ended.push(session),
                Changed::Everything { whom, until: second } => {
                    // A moment that is none ends everything there is.
                    until.push((whom, Timestamp::from_second(second).unwrap_or(Timestamp::MAX)));
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        let now = self.0.clock.now();
        self.swap(|catalog| catalog.with_ended(&ended, now).with_all_ended_until(&until));
        self.read_apps(names).await
    }

    /// Reads the records of these apps into the catalog. One that is gone or cannot be read leaves it: what
    /// cannot be read admits nobody.
    pub(super) async fn read_apps(&self, names: Vec<AppName>) -> Result<(), ReleaseError> {
        let read = stream::iter(names).map(|name| self.read_app(name)).buffer_unordered(AT_A_TIME);
        let read: Vec<Read> = read.try_collect().await?;
        let mut entries = Vec::new();
        let mut gone = Vec::new();
        for read in read {
            match read {
                Read::Unchanged => {}
                Read::Found(entry) => entries.push(entry),
                Read::Gone(name) => gone.push(name),
            }
        }
        self.swap(|catalog| catalog.without_apps(&gone).with_apps(&entries));
        Ok(())
    }

    async fn read_app(&self, name: AppName) -> Result<Read, StorageError> {
        let key = Key::app(&name);
        let held = self.catalog().entry(&name).map(|entry| entry.etag.clone());
        match self.0.storage.get_if_changed(&key, held.as_ref()).await? {
            Fetched::Unchanged => Ok(Read::Unchanged),
            Fetched::Missing => Ok(Read::Gone(name)),
            Fetched::Found(object) => match records::parse(&key, &name, &object) {
                Ok(entry) => Ok(Read::Found(entry)),
                Err(error) => {
                    tracing::error!(%error, app = %name, "this app's record cannot be read; nobody can open it");
                    Ok(Read::Gone(name))
                }
            },
        }
    }

    /// Does `step` again and again, and says when it begins to fail and when it works again.
    async fn repeat<F>(&self, what: &str, every: Duration, longest: Duration, step: impl Fn() -> F)
    where
        F: Future<Output = Result<(), ReleaseError>>,
    {
        let mut timer = tokio::time::interval(every);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        timer.tick().await;
        let mut failing = false;
        loop {
            timer.tick().await;
            let late = || Err(StorageError::Unavailable("no answer in time".to_owned()).into());
            match tokio::time::timeout(longest, step()).await.unwrap_or_else(|_| late()) {
                Ok(()) if failing => {
                    tracing::info!(what, "the catalog is followed again");
                    failing = false;
                }
                Err(error) if !failing => {
                    tracing::warn!(what, %error, "the catalog cannot be followed; trying again");
                    failing = true;
                }
                Ok(()) | Err(_) => {}
            }
        }
    }
}

/// What reading one app's record came to.
enum Read {
    Unchanged,
    Found(Entry),
    Gone(AppName),
}
