//! Counts are kept in the bucket: one object a server and day, for thirty days.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use tokio_util::sync::CancellationToken;

use super::tally::{Count, Marker, Tally, normal};
use crate::config::Secret;
use crate::model::{Clock, Entropy};
use crate::storage::{Body, Condition, Key, Prefix, Storage, StorageError};

/// How long counts are kept, in days.
pub(super) const DAYS: i64 = 30;
/// How often they are written.
const EVERY: Duration = Duration::from_mins(1);
/// The most objects that are read together: thirty days of some thirty servers, restarts included.
const MOST_OBJECTS: usize = 1_000;
/// The most different questions that are counted together.
const MOST_TOGETHER: usize = 200_000;
/// How many days may wait while storage does not answer.
const MOST_WAITING: usize = 3;
const AT_A_TIME: usize = 8;

/// The counts of this server, and the bucket with those of all. Clones share.
#[derive(Clone)]
pub struct Insights(Arc<Inner>);

struct Inner {
    storage: Storage,
    clock: Clock,
    marker: Marker,
    /// Names this process among the servers.
    server: String,
    /// The days that are not kept yet, today last.
    days: Mutex<Vec<Tally>>,
}

impl Insights {
    /// Counts nothing yet. Servers with the same `secret` take an asker for the same.
    #[must_use]
    pub fn new(storage: Storage, clock: Clock, entropy: &Entropy, secret: Option<&Secret>) -> Self {
        let server = format!("{:016x}", u64::from_le_bytes(entropy.bytes()));
        let marker = match secret {
            Some(secret) => Marker::new(secret.reveal().as_bytes()),
            None => Marker::new(&entropy.bytes::<32>()),
        };
        Self(Arc::new(Inner { storage, clock, marker, server, days: Mutex::default() }))
    }

    /// Somebody asked, and something was found or nothing.
    pub(in crate::web) fn asked(&self, query: &str, asker: &str, found: bool) {
        self.count(query, asker, |count| {
            count.asked += 1;
            count.nothing += u64::from(!found);
        });
    }

    /// Somebody opened a result; of suggestions while typing, that is when they are known to have asked.
    pub(in crate::web) fn opened(&self, query: &str, asker: &str, while_typing: bool) {
        self.count(query, asker, |count| {
            count.asked += u64::from(while_typing);
            count.opened += 1;
        });
    }

    fn count(&self, query: &str, asker: &str, change: impl FnOnce(&mut Count)) {
        let Some(question) = normal(query) else { return };
        let mark = self.0.marker.mark(asker, &question);
        let today = date(self.0.clock.now());
        let mut days = self.days();
        if days.last().is_none_or(|last| last.date != today) {
            days.push(Tally::new(today));
            let over = days.len().saturating_sub(MOST_WAITING);
            days.drain(..over);
        }
        if let Some(tally) = days.last_mut() {
            tally.count(question, mark, change);
        }
    }

    fn days(&self) -> MutexGuard<'_, Vec<Tally>> {
        self.0.days.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what changed once a minute and at the end, and removes what is old once a day, until `stop`.
    pub async fn follow(self, stop: CancellationToken) {
        let mut cleared = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(EVERY) => {}
            }
            let today = date(self.0.clock.now());
            let kept = async {
                self.keep().await?;
                if cleared != Some(today) {
                    self.clear().await?;
                    cleared = Some(today);
                }
                Ok::<_, StorageError>(())
            };
            if let Err(error) = kept.await {
                tracing::warn!(%error, "what was searched for could not be kept; it is tried again in a minute");
            }
        }
        if let Err(error) = self.keep().await {
            tracing::warn!(%error, "what was searched for in the last minute is lost");
        }
    }

    /// Writes what changed.
    pub async fn keep(&self) -> Result<(), StorageError> {
        let changed: Vec<Tally> = {
            let mut days = self.days();
            let changed = days.iter_mut().filter(|day| day.changed);
            let keep = |day: &mut Tally| {
                day.changed = false;
                day.clone()
            };
            changed.map(keep).collect()
        };
        for day in changed {
            let key = Key::searches(day.date, &self.0.server);
            let bytes = serde_json::to_vec(&day.questions).unwrap_or_default();
            if let Err(error) = self.0.storage.put(&key, Body::Bytes(bytes.into()), Condition::Always).await {
                self.days().iter_mut().for_each(|waiting| waiting.changed |= waiting.date == day.date);
                return Err(error);
            }
        }
        let today = date(self.0.clock.now());
        self.days().retain(|day| day.changed || day.date == today);
        Ok(())
    }

    /// Removes the days that are too old.
    pub async fn clear(&self) -> Result<(), StorageError> {
        let first = first_day(self.0.clock.now());
        for day in self.kept_days().await?.into_iter().filter(|day| *day < first) {
            for server in self.servers(day).await? {
                self.0.storage.delete(&Key::searches(day, &server)).await?;
            }
        }
        Ok(())
    }

    /// What all servers counted in thirty days.
    pub(super) async fn together(&self) -> Result<HashMap<String, Count>, StorageError> {
        self.keep().await?;
        let first = first_day(self.0.clock.now());
        let mut days: Vec<Date> = self.kept_days().await?.into_iter().filter(|day| *day >= first).collect();
        days.sort_unstable();
        let mut keys = Vec::new();
        for day in days.into_iter().rev() {
            keys.extend(self.servers(day).await?.iter().map(|server| Key::searches(day, server)));
        }
        keys.truncate(MOST_OBJECTS);
        let mut together: HashMap<String, Count> = HashMap::new();
        let mut objects = stream::iter(keys)
            .map(|key| async move { (self.0.storage.get(&key).await, key) })
            .buffer_unordered(AT_A_TIME);
        while let Some((object, key)) = objects.next().await {
            let Some(object) = object? else { continue };
            // One that cannot be read hides what it counted, and nothing else.
            let Ok(questions) = serde_json::from_slice::<HashMap<String, Count>>(&object.bytes) else {
                tracing::warn!(%key, "counts of searches cannot be read");
                continue;
            };
            for (question, count) in questions {
                if together.len() < MOST_TOGETHER || together.contains_key(&question) {
                    together.entry(question).or_default().add(&count);
                }
            }
        }
        Ok(together)
    }

    async fn kept_days(&self) -> Result<Vec<Date>, StorageError> {
        let listing = self.0.storage.list_all(&Prefix::searches()).await?;
        Ok(listing.folders.iter().filter_map(|name| name.parse().ok()).collect())
    }

    async fn servers(&self, day: Date) -> Result<Vec<String>, StorageError> {
        let listing = self.0.storage.list_all(&Prefix::searches_of(day)).await?;
        let named = listing.objects.iter().filter_map(|object| object.name.strip_suffix(".json"));
        Ok(named.map(ToOwned::to_owned).collect())
    }
}

impl fmt::Debug for Insights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Insights({})", self.0.server)
    }
}

fn date(now: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(now).date()
}

/// The first of the last thirty days, today included.
fn first_day(now: Timestamp) -> Date {
    date(now).saturating_sub((DAYS - 1).days())
}
