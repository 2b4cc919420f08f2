//! Keeping the catalog fresh.
//!
//! Every change of an app or a session adds a line to `catalog/generation`, which replicas read once a second, by
//! `If-None-Match`. What changed since the generation that a replica holds is read again, one by one; if the journal
//! does not reach back that far, or once a minute in any case, everything is.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{ReleaseError, Releases};
use crate::model::{App, AppName, Digest};
use crate::storage::{Body, Condition, Etag, Fetched, Key, Object, Prefix, Put, StorageError};

const POLL: Duration = Duration::from_secs(1);
const LIST_EVERY: Duration = Duration::from_secs(60);
/// How many changes the journal keeps.
const JOURNAL: usize = 256;
/// How many records are read at a time.
const READERS: usize = 32;
/// How often a bump that lost its race is repeated.
const ATTEMPTS: u32 = 12;

/// The object that replicas poll.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Journal {
    generation: u64,
    changes: VecDeque<Entry>,
    write_id: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    generation: u64,
    #[serde(flatten)]
    change: Change,
}

/// What changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Change {
    /// An app's record.
    App { app: AppName },
    /// A session was ended.
    Session { ended: Digest },
}

/// How far this replica has followed.
#[derive(Debug, Default)]
pub(super) struct Position {
    held: Option<(u64, Etag)>,
}

impl Releases {
    /// Follows the catalog until `stop`. Storage that does not answer is asked again a second later.
    pub async fn follow(&self, stop: CancellationToken) {
        let mut listed = tokio::time::Instant::now();
        let mut failing = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(POLL) => {}
            }
            let step = async {
                if listed.elapsed() < LIST_EVERY {
                    return self.poll().await;
                }
                self.load().await?;
                listed = tokio::time::Instant::now();
                Ok(())
            };
            match tokio::time::timeout(LIST_EVERY, step).await {
                Ok(Ok(())) if failing => {
                    failing = false;
                    tracing::info!("storage answers again: the catalog is fresh");
                }
                Ok(Ok(())) => {}
                Ok(Err(error)) if !failing => {
                    failing = true;
                    tracing::error!(%error, "the catalog cannot be read; what is known is served for a minute");
                }
                Err(_) if !failing => {
                    failing = true;
                    tracing::error!("reading the catalog takes too long");
                }
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    /// One step of following: reads what changed since the last one.
    pub async fn poll(&self) -> Result<(), ReleaseError> {
        let asked = self.0.clock.now();
        let mut position = self.0.applying.lock().await;
        let held = position.held.as_ref();
        let fetched = self.0.storage.get_if_changed(&Key::generation(), held.map(|(_, etag)| etag)).await?;
        let Fetched::Found(Object { bytes, etag }) = fetched else {
            self.catalog().confirm(asked);
            return Ok(());
        };
        let journal = parse_journal(&bytes)?;
        let since = held.map(|(generation, _)| *generation);
        let oldest = journal.changes.front().map_or(journal.generation, |entry| entry.generation);
        match since {
            Some(since) if since + 1 >= oldest && since <= journal.generation => {
                let news = journal.changes.iter().filter(|entry| entry.generation > since);
                for entry in news {
                    self.apply(&entry.change).await?;
                }
            }
            _ => self.load_all().await?,
        }
        position.held = Some((journal.generation, etag));
        self.catalog().confirm(asked);
        Ok(())
    }

    /// Reads everything again.
    pub(super) async fn load(&self) -> Result<(), ReleaseError> {
        let asked = self.0.clock.now();
        let mut position = self.0.applying.lock().await;
        // The journal first: what changes while the records are read is then read once more by the next poll.
        let journal = match self.0.storage.get(&Key::generation()).await? {
            Some(object) => Some((parse_journal(&object.bytes)?.generation, object.etag)),
            None => None,
        };
        self.load_all().await?;
        position.held = journal;
        self.catalog().confirm(asked);
        Ok(())
    }

    async fn load_all(&self) -> Result<(), ReleaseError> {
        let storage = &self.0.storage;
        let folders = storage.list_all(&Prefix::apps()).await?.folders;
        let names = folders.iter().filter_map(|folder| folder.parse::<AppName>().ok());
        let catalog = self.0.catalog.load_full();
        let changed: Vec<_> = stream::iter(names)
            .map(|name| {
                let held = catalog.etag(&name).cloned();
                async move { self.read_app(&name, held).await }
            })
            .buffer_unordered(READERS)
            .try_filter_map(|read| async { Ok(read) })
            .try_collect()
            .await?;
        let sessions = storage.list_all(&Prefix::ended_sessions()).await?.objects;
        let ended: HashSet<Digest> = sessions.iter().filter_map(|object| object.name.parse().ok()).collect();
        self.0.catalog.rcu(|catalog| catalog.with_apps(&changed).with_all_ended(ended.clone()));
        Ok(())
    }

    async fn apply(&self, change: &Change) -> Result<(), ReleaseError> {
        match change {
            Change::App { app } => {
                let held = self.catalog().etag(app).cloned();
                if let Some(read) = self.read_app(app, held).await? {
                    self.0.catalog.rcu(|catalog| catalog.with_apps(std::slice::from_ref(&read)));
                }
            }
            Change::Session { ended } => {
                self.0.catalog.rcu(|catalog| catalog.with_ended(*ended));
            }
        }
        Ok(())
    }

    /// The record, unless it is still the version held. One that cannot be read is left as it was held, and said.
    async fn read_app(
        &self,
        name: &AppName,
        held: Option<Etag>,
    ) -> Result<Option<(Arc<App>, Etag)>, ReleaseError> {
        match self.0.storage.get_if_changed(&Key::app(name), held.as_ref()).await? {
            Fetched::Missing | Fetched::Unchanged => Ok(None),
            Fetched::Found(Object { bytes, etag }) => match serde_json::from_slice::<App>(&bytes) {
                Ok(app) if app.name == *name => Ok(Some((Arc::new(app), etag))),
                Ok(_) => {
                    tracing::error!(app = %name, "the app's record bears another name; it is not served");
                    Ok(None)
                }
                Err(error) => {
                    tracing::error!(app = %name, %error, "the app's record cannot be read; it is not served");
                    Ok(None)
                }
            },
        }
    }

    /// Puts a version that this replica has written itself into the catalog.
    pub(super) async fn adopt(&self, app: &Arc<App>, etag: &Etag) {
        let written = (Arc::clone(app), etag.clone());
        let _applying = self.0.applying.lock().await;
        self.0.catalog.rcu(|catalog| catalog.with_apps(std::slice::from_ref(&written)));
    }

    /// Tells the other replicas. A bump that cannot be written is healed by the listing of the next minute.
    pub(super) async fn announce(&self, change: Change) {
        for attempt in 0..ATTEMPTS {
            match self.try_announce(&change).await {
                Ok(true) => return,
                Ok(false) => tokio::time::sleep(self.backoff(attempt)).await,
                Err(error) => {
                    tracing::warn!(%error, "other replicas will see a change up to a minute later");
                    return;
                }
            }
        }
        tracing::warn!("other replicas will see a change up to a minute later: too many at a time");
    }

    async fn try_announce(&self, change: &Change) -> Result<bool, StorageError> {
        let key = Key::generation();
        let (mut journal, condition) = match self.0.storage.get(&key).await? {
            None => (Journal::default(), Condition::Absent),
            Some(Object { bytes, etag }) => (parse_journal(&bytes)?, Condition::Match(etag)),
        };
        journal.generation += 1;
        journal.changes.push_back(Entry { generation: journal.generation, change: change.clone() });
        while journal.changes.len() > JOURNAL {
            journal.changes.pop_front();
        }
        journal.write_id = self.0.entropy.secret();
        let body = Body::Bytes(super::records::json(&journal)?);
        Ok(matches!(self.0.storage.put(&key, body, condition).await?, Put::Stored(_)))
    }

    /// 10 ms doubled with every attempt up to half a second, and jittered.
    pub(super) fn backoff(&self, attempt: u32) -> Duration {
        let ceiling = 10_u64 << attempt.min(6);
        let [jitter] = self.0.entropy.bytes::<1>();
        Duration::from_millis(ceiling / 2 + ceiling * u64::from(jitter) / 512)
    }
}

fn parse_journal(bytes: &[u8]) -> Result<Journal, StorageError> {
    serde_json::from_slice(bytes).map_err(|error| StorageError::Unexpected {
        key: Key::generation().path().to_owned(),
        what: error.to_string(),
    })
}
