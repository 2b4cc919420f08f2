//! The notice of what is about to be cleared away, which whoever publishes reads.
//!
//! Between a clearing's last look at what is named and a deletion lies a moment, and a publish may begin in it. So
//! both write before they read: a clearing posts its notice and then looks at the releases in the making; a publish
//! writes down what it will hold and then reads the notice. At least one of the two sees the other. A clearing
//! spares what it sees; a publish waits until what it needs is off the notice, and looks then at what is there.
//!
//! A notice is good until its time, and nothing is deleted by it afterwards. It is also the lock that keeps clearings
//! apart.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Digest, ReleaseId};
use crate::releases::retention::older_by;
use crate::releases::update::{json, unreadable};
use crate::releases::{ReleaseError, Releases};
use crate::storage::{Condition, Etag, Key, Put, StorageError};

/// For how long a clearing deletes by one notice.
const GOOD_FOR: Duration = Duration::from_mins(5);
/// How much later it counts as over: clocks differ, and a deletion that was sent takes its time.
const MARGIN: Duration = Duration::from_mins(5);
/// How long a publish waits for a clearing before it is told to come again.
const PUBLISH_WAITS: Duration = Duration::from_secs(15);
const ASK_EVERY: Duration = Duration::from_millis(200);

/// What is about to be cleared away.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Notice {
    /// Makes every notice another version.
    run: String,
    /// Until when things are deleted by it.
    until: Timestamp,
    pub(super) blobs: BTreeSet<Digest>,
    pub(super) releases: BTreeSet<ReleaseId>,
}

/// The right to post notices, and the last one posted.
#[derive(Debug)]
pub(super) struct Posted {
    etag: Etag,
    until: Timestamp,
}

impl Notice {
    fn is_over(&self, now: Timestamp) -> bool {
        older_by(self.until, now) > MARGIN
    }
}

impl Posted {
    /// Whether something may still be deleted by it.
    pub(super) fn is_good(&self, now: Timestamp) -> bool {
        now < self.until
    }
}

impl Releases {
    /// Posts an empty notice, which keeps other clearings out.
    pub(super) async fn begin_clearing(&self) -> Result<Posted, ReleaseError> {
        let condition = match self.notice().await? {
            None => Condition::Absent,
            Some((notice, etag)) if notice.is_over(self.0.clock.now()) => Condition::Match(etag),
            Some((notice, _)) => return Err(ReleaseError::Clearing(notice.until + MARGIN)),
        };
        self.post(Notice::default(), condition).await
    }

    /// Replaces the notice by one that names `blobs` and `releases`.
    pub(super) async fn post_notice(
        &self,
        posted: Posted,
        blobs: BTreeSet<Digest>,
        releases: BTreeSet<ReleaseId>,
    ) -> Result<Posted, ReleaseError> {
        let notice = Notice { blobs, releases, ..Notice::default() };
        self.post(notice, Condition::Match(posted.etag)).await
    }

    /// Takes the notice down. Not after a failure: a deletion that was sent may yet be done, until its time is over.
    pub(super) async fn end_clearing(&self, posted: Posted) -> Result<(), ReleaseError> {
        // Nobody takes over a notice whose time is not over, so it is the own one that is removed.
        self.post_notice(posted, BTreeSet::new(), BTreeSet::new()).await?;
        Ok(self.0.storage.delete(&Key::clearing()).await?)
    }

    /// Waits until none of `wanted` is about to be cleared away. Answers the releases that are, and so must not be
    /// counted on. Asked by a publish after it has written down what it will hold.
    pub(in crate::releases) async fn wait_for_clearing(
        &self,
        wanted: &HashSet<Digest>,
    ) -> Result<BTreeSet<ReleaseId>, ReleaseError> {
        let mut waited = Duration::ZERO;
        loop {
            let Some((notice, _)) = self.notice().await? else { return Ok(BTreeSet::new()) };
            if notice.is_over(self.0.clock.now()) {
                return Ok(BTreeSet::new());
            }
            if !notice.blobs.iter().any(|digest| wanted.contains(digest)) {
                return Ok(notice.releases);
            }
            if waited >= PUBLISH_WAITS {
                let what = "files that nothing named are being cleared away, these among them".to_owned();
                return Err(StorageError::Unavailable(what).into());
            }
            tokio::time::sleep(ASK_EVERY).await;
            waited += ASK_EVERY;
        }
    }

    async fn notice(&self) -> Result<Option<(Notice, Etag)>, ReleaseError> {
        let key = Key::clearing();
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(None) };
        let notice = serde_json::from_slice(&object.bytes).map_err(|error| unreadable(&key, &error))?;
        Ok(Some((notice, object.etag)))
    }

    async fn post(&self, notice: Notice, condition: Condition) -> Result<Posted, ReleaseError> {
        let key = Key::clearing();
        let until = self.0.clock.now() + GOOD_FOR;
        let notice = Notice { run: self.0.entropy.secret(), until, ..notice };
        match self.0.storage.put(&key, json(&key, &notice)?, condition).await? {
            Put::Stored(etag) => Ok(Posted { etag, until }),
            Put::Lost => Err(ReleaseError::Clearing(until + MARGIN)),
        }
    }
}
