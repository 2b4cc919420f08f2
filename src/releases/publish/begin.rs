//! The first step: a release is announced.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::model::{AppName, Digest, FileEntry, FilePath, Manifest, ReleaseId, Source};
use crate::releases::retention::{FINISHED_WITHIN, older_by};
use crate::releases::update::json;
use crate::releases::{By, ReleaseError, Releases, media_type};
use crate::storage::{Condition, Key, Prefix, Put, StorageError};

use super::check::check;

/// How many of an app's releases are searched for blobs that it holds already; the newest.
const SEARCHED: usize = 100;
const AT_A_TIME: usize = 8;
/// How many releases that were not finished are searched for blobs that arrived; the newest.
const BROKEN_OFF: usize = 10;

/// A file that is going to be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The digest of its bytes.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
}

/// A release that was begun.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its identity.
    pub id: ReleaseId,
    /// The blobs to upload, in order: those that no finished release of this app holds, and that the same person did not
    /// send for one that was not finished.
    pub missing: Vec<Digest>,
}

impl Releases {
    /// Begins a release of an app. Nothing is live until it is finished.
    pub async fn begin(
        &self,
        app: &AppName,
        files: &BTreeMap<FilePath, Announced>,
        message: Option<String>,
        source: Option<Source>,
        by: &By,
    ) -> Result<Begun, ReleaseError> {
        check(files, message.as_deref(), source.as_ref(), &self.0.limits)?;
        self.require_live(app).await?;
        let now = self.0.clock.now();
        let id = ReleaseId::new(now, &self.0.entropy);
        let entry = |(path, announced): (&FilePath, &Announced)| {
            let (sha256, size) = (announced.sha256, announced.size);
            (path.clone(), FileEntry { sha256, size, media_type: media_type(path) })
        };
        let files = files.iter().map(entry).collect();
        let by = by.person.email.clone();
        let manifest = Manifest { app: app.clone(), id, files, by, when: now, message, source };
        let key = Key::pending(app, id);
        if self.0.storage.put(&key, json(&key, &manifest)?, Condition::Absent).await? == Put::Lost {
            // The identity is new, so what is there is this very write, whose answer was lost; or else the
            // random bits are not random, and going on would mix two releases.
            let held = self.0.storage.get(&key).await?;
            let same =
                held.and_then(|held| serde_json::from_slice(&held.bytes).ok()) == Some(manifest.clone());
            if !same {
                let what = "another release with the same identity".to_owned();
                return Err(StorageError::Unexpected { key: key.to_string(), what }.into());
            }
        }
        let pending = self.hold_pending(manifest);
        // Written down first, asked then: see `gc::notice`.
        let wanted = pending.sizes.keys().copied().collect();
        let going = self.wait_for_clearing(&wanted).await?;
        let missing = self.lacking(app, wanted, &going).await?;
        let missing = self.carry_over(app, &pending.manifest, missing).await?;
        Ok(Begun { id, missing })
    }

    /// Takes over what the same person sent for earlier releases of this app that were not finished: whoever begins again
    /// after an upload that broke off sends only the rest. Answers those of `missing` that never came.
    async fn carry_over(
        &self,
        app: &AppName,
        begun: &Manifest,
        missing: Vec<Digest>,
    ) -> Result<Vec<Digest>, ReleaseError> {
        if missing.is_empty() {
            return Ok(missing);
        }
        let (id, storage) = (begun.id, &self.0.storage);
        let folders = storage.list_all(&Prefix::pending(app)).await?.folders;
        let earlier = folders.iter().rev().filter_map(|folder| folder.parse::<ReleaseId>().ok());
        // What was begun longer ago may be cleared away just now.
        let earlier = earlier.filter(|other| *other != id && self.require_timely(*other).is_ok());
        let mut missing: BTreeSet<Digest> = missing.into_iter().collect();
        for other in earlier.take(BROKEN_OFF) {
            // A digest alone gives nobody what another sent.
            let theirs = self.pending(app, other).await?.filter(|other| other.manifest.by == begun.by);
            if theirs.is_none() {
                continue;
            }
            let arrived = self.arrived(app, other).await?;
            let taken: Vec<Digest> = arrived.into_iter().filter(|digest| missing.remove(digest)).collect();
            self.write_arrived(app, id, &taken).await?;
            if missing.is_empty() {
                break;
            }
        }
        Ok(missing.into_iter().collect())
    }

    /// Those of `wanted` that no finished release of this app holds, in order; the releases `going` do not count.
    pub(super) async fn lacking(
        &self,
        app: &AppName,
        mut wanted: HashSet<Digest>,
        going: &BTreeSet<ReleaseId>,
    ) -> Result<Vec<Digest>, ReleaseError> {
        if !wanted.is_empty() {
            let ids =
                self.release_ids(app).await?.into_iter().filter(|id| !going.contains(id)).take(SEARCHED);
            let mut finished = stream::iter(ids).map(|id| self.manifest(app, id)).buffered(AT_A_TIME);
            while let Some(manifest) = finished.try_next().await? {
                for file in manifest.iter().flat_map(|manifest| manifest.files.values()) {
                    wanted.remove(&file.sha256);
                }
                if wanted.is_empty() {
                    break;
                }
            }
        }
        let mut lacking: Vec<Digest> = wanted.into_iter().collect();
        lacking.sort_unstable();
        Ok(lacking)
    }

    /// The release was not begun so long ago that what it named may be cleared away.
    pub(super) fn require_timely(&self, release: ReleaseId) -> Result<(), ReleaseError> {
        let late = older_by(release.begun(), self.0.clock.now()) > FINISHED_WITHIN;
        if late { Err(ReleaseError::TooLate(release)) } else { Ok(()) }
    }

    /// The app is there, and was not deleted.
    pub(super) async fn require_live(&self, app: &AppName) -> Result<(), ReleaseError> {
        match self.find(app).await? {
            None => Err(ReleaseError::NoApp(app.clone())),
            Some(found) if found.deleted.is_some() => Err(ReleaseError::Deleted(app.clone())),
            Some(_) => Ok(()),
        }
    }
}
