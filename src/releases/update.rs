//! A conditional write, repeated until it holds: read, change, replace if nobody else did.
//!
//! Every version carries a `write_id` of its own. When the answer to a write is lost, or says that the
//! condition did not hold, the record is read back: finding the own identity there means that the write took.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::model::Entropy;
use crate::storage::{Body, Condition, Etag, Key, Put, Storage, StorageError};

/// How often a write is tried before it is given up.
const ATTEMPTS: u32 = 40;
/// The first wait between two attempts, at the most; it doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(4);
const LONGEST_WAIT: Duration = Duration::from_millis(250);

/// A record that is replaced as a whole and says which write made it.
pub(super) trait Record: Serialize + DeserializeOwned {
    fn write_id(&self) -> &str;
    fn set_write_id(&mut self, write_id: String);

    fn parse(key: &Key, bytes: &[u8]) -> Result<Self, StorageError> {
        serde_json::from_slice(bytes).map_err(|error| unreadable(key, &error))
    }
}

/// Makes `change` of the record at `key`. `change` sees the held version and answers the next one, or `None`
/// to leave it; it may be called more than once. Answers what was written.
pub(super) async fn update<T, E>(
    storage: &Storage,
    entropy: &Entropy,
    key: &Key,
    mut change: impl FnMut(Option<T>) -> Result<Option<T>, E>,
) -> Result<Option<(T, Etag)>, E>
where
    T: Record,
    E: From<StorageError>,
{
    let mut mine = None;
    let mut trouble = None;
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(jittered(attempt, entropy)).await;
        }
        let (condition, held) = match storage.get(key).await? {
            None => (Condition::Absent, None),
            Some(object) => {
                let record = T::parse(key, &object.bytes)?;
                if mine.as_deref() == Some(record.write_id()) {
                    return Ok(Some((record, object.etag)));
                }
                (Condition::Match(object.etag), Some(record))
            }
        };
        if let Some(error) = trouble {
            return Err(E::from(error));
        }
        let Some(mut next) = change(held)? else { return Ok(None) };
        let write_id = entropy.secret();
        next.set_write_id(write_id.clone());
        match storage.put(key, json(key, &next)?, condition).await {
            Ok(Put::Stored(etag)) => return Ok(Some((next, etag))),
            Ok(Put::Lost) => {}
            Err(error @ StorageError::Unavailable(_)) => trouble = Some(error),
            Err(error) => return Err(error.into()),
        }
        mine = Some(write_id);
    }
    Err(StorageError::Unavailable(format!("`{key}` is being changed by many at once")).into())
}

/// `value` as JSON to store.
pub(super) fn json(key: &Key, value: &impl Serialize) -> Result<Body, StorageError> {
    let bytes = serde_json::to_vec(value).map_err(|error| unreadable(key, &error))?;
    Ok(Body::Bytes(bytes.into()))
}

/// The error for a record that is not what it should be.
pub(super) fn unreadable(key: &Key, error: &serde_json::Error) -> StorageError {
    StorageError::Unexpected { key: key.to_string(), what: error.to_string() }
}

/// Between nothing and the wait for this attempt, so that those who collided do not meet again.
fn jittered(attempt: u32, entropy: &Entropy) -> Duration {
    let longest = FIRST_WAIT.saturating_mul(1 << attempt.min(10)).min(LONGEST_WAIT);
    longest.mul_f64(f64::from(u32::from_le_bytes(entropy.bytes())) / f64::from(u32::MAX))
}
