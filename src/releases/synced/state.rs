//! How far the filling of an app is: `apps/NAME/synced.json`, written by whoever watches, under a condition.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::copy::SyncError;
use crate::model::{AppName, Digest, FilePath, ReleaseId, Synced};
use crate::releases::update::{Record, json, update};
use crate::releases::{ReleaseError, Releases};
use crate::storage::{Condition, Key};

/// How far the filling of an app from its folder is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncedState {
    /// The place that it is about.
    folders: String,
    /// When that was turned on.
    since: Timestamp,
    /// What was published last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    done: Option<Done>,
    /// What is being published just now, or was when a server was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    publishing: Option<Done>,
    /// When a change was noticed that is no release yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noticed: Option<Timestamp>,
    /// Why it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    write_id: String,
}

/// What a folder held, and the release that was made of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    pub(super) fingerprint: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) marker: Option<String>,
    pub(super) release: ReleaseId,
    pub(super) at: Timestamp,
}

/// Why a change of a folder is no release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What is wrong, as a sentence without a full stop.
    pub what: String,
    /// Since when.
    pub since: Timestamp,
}

impl SyncedState {
    /// The state of a filling that has just been turned on.
    pub(super) fn new(synced: &Synced) -> Self {
        Self { folders: synced.folders.clone(), since: synced.since, ..Self::default() }
    }

    /// Whether it is about this filling, rather than one that was turned off since.
    pub(super) fn is_of(&self, synced: &Synced) -> bool {
        self.folders == synced.folders && self.since == synced.since
    }

    /// The release that was made of the folder last, and when.
    #[must_use]
    pub fn published(&self) -> Option<(ReleaseId, Timestamp)> {
        self.done.as_ref().map(|done| (done.release, done.at))
    }

    pub(super) fn done(&self) -> Option<&Done> {
        self.done.as_ref()
    }

    pub(super) fn publishing(&self) -> Option<&Done> {
        self.publishing.as_ref()
    }

    pub(super) fn begin(&mut self, done: Done) {
        self.publishing = Some(done);
    }

    /// What was being published is done.
    pub(super) fn finish(&mut self) {
        if let Some(done) = self.publishing.take() {
            *self = Self { done: Some(done), noticed: None, trouble: None, ..std::mem::take(self) };
        }
    }

    /// What was being published cannot be finished.
    pub(super) fn drop_publishing(&mut self) {
        self.publishing = None;
    }

    /// The folder holds what was published, by another marker perhaps.
    pub(super) fn unchanged(&mut self, marker: Option<String>) {
        (self.noticed, self.trouble) = (None, None);
        if let Some(done) = &mut self.done {
            done.marker = marker;
        }
    }
}

impl Record for SyncedState {
    fn write_id(&self) -> &str {
        &self.write_id
    }

    fn set_write_id(&mut self, write_id: String) {
        self.write_id = write_id;
    }
}

/// `apps/NAME/copied.json`: which version of which file is which blob, so that only what changed is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copied {
    /// Of which place.
    pub(super) folders: String,
    pub(super) files: BTreeMap<FilePath, CopiedFile>,
}

/// A version of a file, and its blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CopiedFile {
    pub(super) etag: String,
    pub(super) size: u64,
    pub(super) sha256: Digest,
}

impl Releases {
    /// How far the filling of an app from its folder is; `None` when nothing was done yet, or it is turned off.
    pub async fn synced_state(&self, name: &AppName) -> Result<Option<SyncedState>, ReleaseError> {
        let Some(synced) = self.find(name).await?.and_then(|app| app.synced.clone()) else { return Ok(None) };
        let key = Key::synced(name);
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(None) };
        let state = SyncedState::parse(&key, &object.bytes)?;
        Ok(Some(state).filter(|state| state.is_of(&synced)))
    }

    /// Writes what `change` makes of `held`, unless another server wrote in between.
    pub(super) async fn write_synced(
        &self,
        name: &AppName,
        held: &SyncedState,
        change: impl Fn(&mut SyncedState),
    ) -> Result<SyncedState, SyncError> {
        let mut next = held.clone();
        change(&mut next);
        if next == *held {
            return Ok(next);
        }
        let (storage, key) = (&self.0.storage, Key::synced(name));
        let written = update(storage, &self.0.entropy, &key, |there: Option<SyncedState>| {
            // A new filling replaces whatever is there of an earlier one.
            let of_another = |there: &SyncedState| {
                held.write_id.is_empty() && (&there.folders, there.since) != (&held.folders, held.since)
            };
            match there {
                Some(there) if there.write_id != held.write_id && !of_another(&there) => {
                    Err(SyncError::Overtaken)
                }
                None if !held.write_id.is_empty() => Err(SyncError::Overtaken),
                _ => Ok(Some(next.clone())),
            }
        });
        written.await?.map(|(state, _)| state).ok_or(SyncError::Overtaken)
    }

    /// What was copied from `folders`; nothing when that is not known.
    pub(super) async fn copied(&self, name: &AppName, folders: &str) -> Result<Copied, ReleaseError> {
        let object = self.0.storage.get(&Key::copied(name)).await?;
        let copied = object.and_then(|object| serde_json::from_slice::<Copied>(&object.bytes).ok());
        Ok(copied.filter(|copied| copied.folders == folders).unwrap_or_default())
    }

    pub(super) async fn write_copied(&self, name: &AppName, copied: &Copied) -> Result<(), ReleaseError> {
        let key = Key::copied(name);
        let _stored = self.0.storage.put(&key, json(&key, copied)?, Condition::Always).await?;
        Ok(())
    }
}
