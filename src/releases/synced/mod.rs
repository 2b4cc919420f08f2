//! Apps that are filled from folders which others sync (`aws s3 sync`, rclone, s3cmd): a change becomes a release.
//!
//! 1. A publisher turns it on ([`super::Change::synced`]); the app then belongs to the folder of its own name in a place that the
//!    operator named ([`SyncedPlace`]), and to no other.
//! 2. Of several servers one watches, by a [`claim`] that another takes over when it is not renewed.
//! 3. It lists each folder again and again ([`look`]) and waits until a marker changed, or nothing did for a while.
//! 4. It copies the files whose version is new, and looks once more: what changed meanwhile is begun anew ([`copy`]).
//! 5. The release is made and put live by the same steps as any other. Before the last of them [`state`] says
//!    which release it is, by a conditional write, so that two watchers never publish the same change.
//! 6. Whatever goes wrong is in the [`state`] for the app's page, and the current release stays.

mod claim;
mod copy;
mod look;
mod state;
mod watch;

use std::time::Duration;

pub use state::{SyncedState, Trouble};

use crate::config::SyncedFolders;
use crate::storage::{SourceBucket, StorageError};

/// A place for synced folders, and the bucket it is in.
#[derive(Clone, Debug)]
pub struct SyncedPlace {
    /// What the operator decided.
    pub folders: SyncedFolders,
    /// Where it is.
    pub bucket: SourceBucket,
}

/// How long the servers that share a claim wait.
#[derive(Clone, Copy, Debug)]
pub struct SyncedPace {
    /// How often the watching server thinks about what is due.
    pub tick: Duration,
    /// A claim that was not renewed for so long counts as dead. It is renewed four times as often.
    pub claim: Duration,
    /// After a fault a folder is looked at ever more rarely, and once in so long at least.
    pub rarest: Duration,
}

impl Default for SyncedPace {
    fn default() -> Self {
        Self { tick: Duration::from_secs(1), claim: Duration::from_mins(1), rarest: Duration::from_mins(30) }
    }
}

impl SyncedPlace {
    /// Opens the bucket of `folders`. It is not asked yet.
    pub async fn open(folders: SyncedFolders) -> Result<Self, StorageError> {
        Ok(Self { bucket: SourceBucket::open(&folders).await?, folders })
    }
}
