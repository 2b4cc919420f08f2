//! Who signed in when and from where: one object a sign-in, in a folder for each person.

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use ulid::Ulid;

use crate::model::{Person, SignIn};
use crate::storage::{Condition, Key, Prefix, StorageError, ordered_id};

use super::update::json;
use super::{ReleaseError, Releases};

/// How many sign-ins of one person are read.
const MOST: usize = 100;
const AT_A_TIME: usize = 16;

impl Releases {
    /// Enters that `person` signed in.
    pub async fn record_sign_in(&self, person: &Person, sign_in: &SignIn) -> Result<(), ReleaseError> {
        let id = ordered_id(sign_in.when, self.0.entropy.bytes());
        let key = Key::sign_in(&Key::owner(&person.subject), id);
        let _stored = self.0.storage.put(&key, json(&key, sign_in)?, Condition::Absent).await?;
        Ok(())
    }

    /// The sign-ins of `person` since `since`, newest first, 100 at the most.
    pub async fn sign_ins(&self, person: &Person, since: Timestamp) -> Result<Vec<SignIn>, ReleaseError> {
        let owner = Key::owner(&person.subject);
        let listed = self.0.storage.list_all(&Prefix::sign_ins(&owner)).await?.objects;
        let since = u64::try_from(since.as_millisecond()).unwrap_or_default();
        let ids = listed.iter().rev().filter_map(|object| object.name.strip_suffix(".json")?.parse().ok());
        let ids: Vec<Ulid> = ids.filter(|id: &Ulid| id.timestamp_ms() >= since).take(MOST).collect();
        let read = stream::iter(ids).map(|id| self.sign_in(&owner, id)).buffered(AT_A_TIME);
        let read: Vec<Option<SignIn>> = read.try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// One that cannot be read is left out: it opens nothing, and hides no other.
    async fn sign_in(&self, owner: &str, id: Ulid) -> Result<Option<SignIn>, StorageError> {
        let object = self.0.storage.get(&Key::sign_in(owner, id)).await?;
        Ok(object.and_then(|object| serde_json::from_slice(&object.bytes).ok()))
    }
}
