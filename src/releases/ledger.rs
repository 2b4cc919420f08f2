//! Small records beside the apps: API tokens, single-use markers, ended sessions, the audit record.

use std::sync::Arc;
use std::time::Duration;

use foyer::{Cache, CacheBuilder};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use ulid::Ulid;

use super::records::json;
use super::{Actor, ReleaseError};
use crate::model::{AppName, AuditAction, AuditEvent, Clock, Entropy, TokenRecord};
use crate::storage::{Body, Condition, Key, Prefix, Put, Storage, StorageError, ordered_id};

/// How long a token that was read is believed: how long a revoked one may still work on another replica.
const BELIEVED: Duration = Duration::from_secs(3);
/// The most tokens of a person.
const MOST_TOKENS: usize = 100;
const READERS: usize = 16;

/// The records. Clones share them.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    storage: Storage,
    clock: Clock,
    entropy: Entropy,
    tokens: Cache<(String, Ulid), (Timestamp, Option<TokenRecord>)>,
}

impl Ledger {
    pub(super) fn new(storage: Storage, clock: Clock, entropy: Entropy) -> Self {
        let tokens = CacheBuilder::new(10_000).with_shards(2).build();
        Self(Arc::new(Inner { storage, clock, entropy, tokens }))
    }

    /// The record of a token, a few seconds old at the most; `owner` as [`Key::owner`] writes it.
    pub async fn token(&self, owner: &str, id: Ulid) -> Result<Option<TokenRecord>, ReleaseError> {
        let at = (owner.to_owned(), id);
        let now = self.0.clock.now();
        if let Some(entry) = self.0.tokens.get(&at) {
            let (read, record) = entry.value();
            if Duration::try_from(now.duration_since(*read)).is_ok_and(|age| age < BELIEVED) {
                return Ok(record.clone());
            }
        }
        let key = Key::token(owner, id);
        let object = self.0.storage.get(&key).await?;
        let record = object.map(|object| parse(&key, &object.bytes)).transpose()?;
        self.0.tokens.insert(at, (now, record.clone()));
        Ok(record)
    }

    /// Keeps a new token's record.
    pub async fn keep_token(&self, record: &TokenRecord) -> Result<(), ReleaseError> {
        let owner = Key::owner(&record.person.subject);
        if self.0.storage.list(&Prefix::tokens(&owner), None).await?.objects.len() >= MOST_TOKENS {
            let sentence = format!("you have {MOST_TOKENS} tokens; revoke one that you no longer use");
            return Err(ReleaseError::TooLarge(sentence));
        }
        let put = self.0.storage.put(&Key::token(&owner, record.id), Body::Bytes(json(record)?), Condition::Absent);
        match put.await? {
            Put::Stored(_) => Ok(()),
            Put::Lost => Err(ReleaseError::Conflict("this token exists already; make another".to_owned())),
        }
    }

    /// A person's tokens, newest first.
    pub async fn tokens(&self, owner: &str) -> Result<Vec<TokenRecord>, ReleaseError> {
        let listed = self.0.storage.list_all(&Prefix::tokens(owner)).await?.objects;
        let ids = listed.iter().filter_map(|object| {
            Ulid::from_string(&object.name.strip_suffix(".json")?.to_ascii_uppercase()).ok()
        });
        let mut tokens: Vec<TokenRecord> = stream::iter(ids)
            .map(|id| async move {
                let key = Key::token(owner, id);
                let object = self.0.storage.get(&key).await?;
                object.map(|object| parse(&key, &object.bytes)).transpose().map_err(ReleaseError::from)
            })
            .buffer_unordered(READERS)
            .try_filter_map(|record| async { Ok(record) })
            .try_collect()
            .await?;
        tokens.sort_by_key(|record| std::cmp::Reverse(record.id));
        Ok(tokens)
    }

    /// Revokes a token: here at once, elsewhere within seconds.
    pub async fn revoke_token(&self, owner: &str, id: Ulid) -> Result<(), ReleaseError> {
        self.0.storage.delete(&Key::token(owner, id)).await?;
        self.0.tokens.remove(&(owner.to_owned(), id));
        Ok(())
    }

    /// Uses up a single-use code: true for the first who asks, on whatever replica.
    pub async fn burn(&self, code: &str) -> Result<bool, ReleaseError> {
        // Its own words in every marker tell our write from another's when an answer is lost.
        let marker = json(&(self.0.clock.now(), self.0.entropy.secret()))?;
        let marker = Body::Bytes(marker);
        let put = self.0.storage.put(&Key::burnt(code), marker, Condition::Absent).await?;
        Ok(matches!(put, Put::Stored(_)))
    }

    pub(super) async fn end_session(&self, id: &str) -> Result<(), ReleaseError> {
        let marker = Body::Bytes(json(&self.0.clock.now())?);
        // There already is as good as just written.
        let _ = self.0.storage.put(&Key::ended_session(id), marker, Condition::Always).await?;
        Ok(())
    }

    /// Adds a line to an app's audit record.
    pub async fn append(&self, app: &AppName, actor: Actor<'_>, action: AuditAction) -> Result<(), ReleaseError> {
        let when = self.0.clock.now();
        let who = Some(actor.person.email.clone());
        let event = AuditEvent { when, who, from: actor.from, app: app.clone(), action };
        let key = Key::audit(app, ordered_id(when, self.0.entropy.bytes()));
        match self.0.storage.put(&key, Body::Bytes(json(&event)?), Condition::Absent).await? {
            Put::Stored(_) => Ok(()),
            Put::Lost => Err(ReleaseError::Conflict("two lines of audit have one name".to_owned())),
        }
    }

    /// The newest `most` lines of an app's audit record, newest first.
    pub async fn audit(&self, app: &AppName, most: usize) -> Result<Vec<AuditEvent>, ReleaseError> {
        let listed = self.0.storage.list_all(&Prefix::audit(app)).await?.objects;
        let ids = listed.iter().rev().take(most).filter_map(|object| {
            Ulid::from_string(&object.name.strip_suffix(".json")?.to_ascii_uppercase()).ok()
        });
        stream::iter(ids)
            .map(|id| async move {
                let key = Key::audit(app, id);
                let object = self.0.storage.get(&key).await?;
                object.map(|object| parse(&key, &object.bytes)).transpose().map_err(ReleaseError::from)
            })
            .buffered(READERS)
            .try_filter_map(|event| async { Ok(event) })
            .try_collect()
            .await
    }
}

fn parse<T: serde::de::DeserializeOwned>(key: &Key, bytes: &[u8]) -> Result<T, StorageError> {
    serde_json::from_slice(bytes)
        .map_err(|error| StorageError::Unexpected { key: key.path().to_owned(), what: error.to_string() })
}
