//! Small records about people: their API tokens, and codes that work once.

use std::sync::Arc;

use foyer::{Cache, CacheBuilder};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::model::TokenRecord;
use crate::storage::{Condition, Key, Prefix, Put, StorageError};

use super::update::{json, unreadable};
use super::{ReleaseError, Releases};

/// For how long a token's record is believed before it is read again, so that a revocation works soon.
const BELIEVED: SignedDuration = SignedDuration::from_secs(3);
/// How many tokens are remembered.
const REMEMBERED: usize = 10_000;
/// How many tokens of one person are listed.
const MOST_TOKENS: usize = 200;
const AT_A_TIME: usize = 16;

pub(super) type Tokens = Cache<(String, Ulid), (Timestamp, Arc<TokenRecord>)>;

pub(super) fn tokens() -> Tokens {
    CacheBuilder::new(REMEMBERED).build()
}

/// Who created a marker.
#[derive(Serialize, Deserialize)]
struct Marker {
    write_id: String,
}

impl Releases {
    /// Keeps the record of a new token.
    pub async fn put_token(&self, record: &TokenRecord) -> Result<(), ReleaseError> {
        let key = Key::token(&Key::owner(&record.person.subject), record.id);
        let _stored = self.0.storage.put(&key, json(&key, record)?, Condition::Always).await?;
        Ok(())
    }

    /// One token of the person that [`Key::owner`] calls `owner`; `None` when there is none, or no longer. A token
    /// that was taken back elsewhere may be answered for 3 seconds more.
    pub async fn token(&self, owner: &str, id: Ulid) -> Result<Option<Arc<TokenRecord>>, ReleaseError> {
        let now = self.0.clock.now();
        let name = (owner.to_owned(), id);
        if let Some(held) = self.0.tokens.get(&name) {
            let (read_at, record) = held.value();
            if now.duration_since(*read_at) < BELIEVED {
                return Ok(Some(record.clone()));
            }
        }
        let Some(record) = self.read_token(owner, id).await?.map(Arc::new) else {
            self.0.tokens.remove(&name);
            return Ok(None);
        };
        self.0.tokens.insert(name, (now, record.clone()));
        Ok(Some(record))
    }

    /// The tokens of the person that [`Key::owner`] calls `owner`, oldest first, 200 at the most.
    pub async fn tokens_of(&self, owner: &str) -> Result<Vec<TokenRecord>, ReleaseError> {
        let listed = self.0.storage.list_all(&Prefix::tokens(owner)).await?.objects;
        let ids = listed.iter().filter_map(|object| object.name.strip_suffix(".json")?.parse().ok());
        let ids: Vec<Ulid> = ids.take(MOST_TOKENS).collect();
        let read = stream::iter(ids).map(|id| self.read_token(owner, id)).buffered(AT_A_TIME);
        let read: Vec<Option<TokenRecord>> = read.try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Takes a token back; there being none is fine.
    pub async fn delete_token(&self, owner: &str, id: Ulid) -> Result<(), ReleaseError> {
        self.0.storage.delete(&Key::token(owner, id)).await?;
        self.0.tokens.remove(&(owner.to_owned(), id));
        Ok(())
    }

    /// Uses up a code: true for the first who asks, false for everybody after.
    pub async fn burn(&self, code: &str) -> Result<bool, ReleaseError> {
        let key = Key::burnt(code);
        let write_id = self.0.entropy.secret();
        let body = json(&key, &Marker { write_id: write_id.clone() })?;
        match self.0.storage.put(&key, body, Condition::Absent).await? {
            Put::Stored(_) => Ok(true),
            // Lost to somebody else, or to an earlier attempt of this very write.
            Put::Lost => {
                let held = self.0.storage.get(&key).await?;
                let held = held.and_then(|held| serde_json::from_slice::<Marker>(&held.bytes).ok());
                Ok(held.is_some_and(|held| held.write_id == write_id))
            }
        }
    }

    async fn read_token(&self, owner: &str, id: Ulid) -> Result<Option<TokenRecord>, StorageError> {
        let key = Key::token(owner, id);
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(None) };
        let record: TokenRecord =
            serde_json::from_slice(&object.bytes).map_err(|error| unreadable(&key, &error))?;
        // Only under its own name does a record count.
        Ok((record.id == id && Key::owner(&record.person.subject) == owner).then_some(record))
    }
}
