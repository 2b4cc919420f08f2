//! When tokens were last used: written once an hour at the most, and never waited for.

use std::sync::Arc;
use std::time::Duration;

use foyer::{Cache, CacheBuilder};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use ulid::Ulid;

use crate::model::TokenRecord;
use crate::storage::{Condition, Key, Put};

use super::update::json;
use super::{ReleaseError, Releases};

/// How coarse it is.
const EVERY: SignedDuration = SignedDuration::from_hours(1);
/// How many tokens are remembered as written.
const REMEMBERED: usize = 10_000;
/// How many are written at a time; one more waits for its next use.
const AT_A_TIME: usize = 8;
/// How long a write may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What this server wrote, or tried to.
#[derive(Debug)]
pub(super) struct Uses {
    tried: Cache<(String, Ulid), Timestamp>,
    turns: Arc<Semaphore>,
}

impl Uses {
    pub(super) fn new() -> Self {
        Self { tried: CacheBuilder::new(REMEMBERED).build(), turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }
}

impl Releases {
    /// Notes that a token is being used. Answers at once: the note is written meanwhile, unless this or another
    /// server wrote one within the hour. A note that cannot be written is lost, and the next hour writes another.
    pub fn note_use(&self, record: &TokenRecord) {
        let now = self.0.clock.now();
        if is_recent(record.used, now) {
            return;
        }
        let uses = &self.0.uses;
        let name = (Key::owner(&record.person.subject), record.id);
        if is_recent(uses.tried.get(&name).map(|tried| *tried.value()), now) {
            return;
        }
        let Ok(turn) = Arc::clone(&uses.turns).try_acquire_owned() else { return };
        uses.tried.insert(name.clone(), now);
        let releases = self.clone();
        tokio::spawn(async move {
            let (owner, id) = name;
            match tokio::time::timeout(PATIENCE, releases.write_use(&owner, id, now)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::warn!(token = %id, %error, "when a token was used is not written"),
                Err(_) => {
                    tracing::warn!(token = %id, "when a token was used is not written: no answer in time");
                }
            }
            drop(turn);
        });
    }

    /// Replaces the record that is there: one that was taken back meanwhile does not come back.
    async fn write_use(&self, owner: &str, id: Ulid, now: Timestamp) -> Result<(), ReleaseError> {
        let key = Key::token(owner, id);
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(()) };
        let Ok(mut record) = serde_json::from_slice::<TokenRecord>(&object.bytes) else { return Ok(()) };
        if is_recent(record.used, now) {
            return Ok(());
        }
        record.used = Some(now);
        match self.0.storage.put(&key, json(&key, &record)?, Condition::Match(object.etag)).await? {
            Put::Stored(_) | Put::Lost => Ok(()),
        }
    }
}

fn is_recent(used: Option<Timestamp>, now: Timestamp) -> bool {
    used.is_some_and(|used| now.duration_since(used) < EVERY)
}
