//! What people ask of an app's publishers: to be let in. One small record a person and app.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{AppName, Person};
use crate::storage::{Condition, Key, Prefix, StorageError};

use super::update::json;
use super::{ReleaseError, Releases};

/// The longest reason, in characters.
pub const LONGEST_REASON: usize = 500;
/// How many people may be waiting for an answer about one app; further ones are not kept.
const MOST_WAITING: usize = 200;
const AT_A_TIME: usize = 16;

/// Somebody asks to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who.
    pub person: Person,
    /// When they last asked.
    pub when: Timestamp,
    /// Why, in their words; may be empty.
    pub reason: String,
    /// Where on the app's host they wanted to go: a path and query.
    pub wanted: String,
}

/// Whether a request is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Nobody waited under that name before.
    New,
    /// In place of what the same person asked before.
    Again,
    /// There is no such app, or too many wait for an answer about it.
    Not,
}

impl Request {
    /// What names it among those of its app.
    #[must_use]
    pub fn id(&self) -> String {
        Key::owner(&self.person.subject)
    }
}

impl Releases {
    /// Keeps that somebody asks, in place of what they asked before.
    pub async fn ask(&self, app: &AppName, request: &Request) -> Result<Kept, ReleaseError> {
        if self.catalog().live(app).is_none() {
            return Ok(Kept::Not);
        }
        let storage = &self.0.storage;
        let waiting = storage.list_all(&Prefix::requests(app)).await?.objects;
        let name = format!("{}.json", request.id());
        let waits = waiting.iter().any(|held| held.name == name);
        if waiting.len() >= MOST_WAITING && !waits {
            return Ok(Kept::Not);
        }
        let key = Key::request(app, &request.id());
        let _stored = storage.put(&key, json(&key, request)?, Condition::Always).await?;
        Ok(if waits { Kept::Again } else { Kept::New })
    }

    /// Who waits for an answer about an app, the longest first.
    pub async fn requests(&self, app: &AppName) -> Result<Vec<Request>, ReleaseError> {
        let listed = self.0.storage.list_all(&Prefix::requests(app)).await?.objects;
        let ids = listed.iter().filter_map(|object| object.name.strip_suffix(".json"));
        let ids: Vec<String> = ids.take(MOST_WAITING).map(str::to_owned).collect();
        let read = stream::iter(ids).map(|id| async move { self.request(app, &id).await });
        let read: Vec<Option<Request>> = read.buffered(AT_A_TIME).try_collect().await?;
        let mut requests: Vec<Request> = read.into_iter().flatten().collect();
        requests.sort_by_key(|request| request.when);
        Ok(requests)
    }

    /// One of them, by its [`Request::id`].
    pub async fn request(&self, app: &AppName, id: &str) -> Result<Option<Request>, ReleaseError> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let key = Key::request(app, id);
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(None) };
        match serde_json::from_slice::<Request>(&object.bytes) {
            // Only under its own name does a record count.
            Ok(request) => Ok(Some(request).filter(|request| request.id() == id)),
            Err(error) => {
                tracing::warn!(%key, %error, "a request cannot be read");
                Ok(None)
            }
        }
    }

    /// Takes a request away: it is answered.
    pub async fn forget_request(&self, app: &AppName, id: &str) -> Result<(), StorageError> {
        self.0.storage.delete(&Key::request(app, id)).await
    }
}
