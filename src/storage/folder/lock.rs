//! One writer at a time for each key, among all processes that share the folder.

use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

use super::{Folder, failed, place};
use crate::model::Digest;
use crate::storage::{Key, StorageError};

/// How long a write waits for others before it gives up.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How long it sleeps between two tries: a write takes about as long.
const TURN: Duration = Duration::from_millis(1);

/// Ends when it is dropped, and with the process.
pub(super) struct Lock(#[expect(dead_code, reason = "the lock lasts as long as the file is open")] File);

impl Folder {
    /// Takes the lock that `key` shares with one in 256 keys.
    pub(super) fn lock(&self, key: &Key) -> Result<Lock, StorageError> {
        let shard = Digest::of(key.path().as_bytes()).as_bytes()[0];
        let path = self.root.join(place::LOCKS).join(format!("{shard:02x}"));
        // Lock files stay: removing one would let two writers hold locks on two files of the same name.
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|error| failed(key, &error))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock(file)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < LONGEST_WAIT => std::thread::sleep(TURN),
                Err(TryLockError::WouldBlock) => {
                    let what = format!("other writers kept `{key}` locked for {LONGEST_WAIT:?}");
                    return Err(StorageError::Unavailable(what));
                }
                Err(TryLockError::Error(error)) => return Err(failed(key, &error)),
            }
        }
    }
}
