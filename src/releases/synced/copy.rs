//! Copying what changed in a folder, and making a release of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::look::{self, Look};
use super::state::{Copied, CopiedFile, Done, SyncedState};
use super::{SyncedPlace, state};
use crate::model::{App, AppName, Digest, FilePath, ReleaseId, Synced};
use crate::releases::publish::{Announced, Begun, Unfit, receive};
use crate::releases::{By, ReleaseError, Releases};
use crate::storage::{Key, SourceObject, StorageError};

/// How many files are copied at a time.
const AT_A_TIME: usize = 4;
/// The largest marker whose words become the release's message, in bytes.
const LONGEST_MARKER: u64 = 4000;

/// Why a folder did not become a release.
#[derive(Debug, thiserror::Error)]
pub(super) enum SyncError {
    /// It changed while it was copied: it is looked at anew.
    #[error("the folder changed while it was copied")]
    Changed,
    /// Another server watches too, and was faster.
    #[error("another server was faster")]
    Overtaken,
    /// Its bucket did not do its part.
    #[error("the folder cannot be read: {0}")]
    Source(StorageError),
    /// What is in it cannot be published. Looking again does not help until it changes.
    #[error("{0}")]
    Folder(String),
    /// The rest of publishing.
    #[error(transparent)]
    Release(#[from] ReleaseError),
}

impl From<StorageError> for SyncError {
    fn from(error: StorageError) -> Self {
        Self::Release(error.into())
    }
}

/// An app that is filled, from where, and how far that is.
pub(super) struct Filling<'f> {
    pub(super) app: &'f App,
    pub(super) synced: &'f Synced,
    pub(super) place: &'f SyncedPlace,
    pub(super) state: &'f SyncedState,
}

impl Releases {
    /// Makes a release of what `seen` says that the folder holds, and puts it live. Answers the state afterwards.
    pub(super) async fn fill(&self, filling: &Filling<'_>, seen: &Look) -> Result<SyncedState, SyncError> {
        let Filling { app, synced, place, state } = *filling;
        look::fits(&seen.files, &self.0.limits)?;
        let message = self.message(filling).await?;
        let before = self.copied(&app.name, &synced.folders).await?;
        let (files, fresh) = self.copy(&app.name, place, seen, &before).await?;
        self.require_unchanged(filling, seen).await?;

        let by = by(synced);
        let begun = self.begin(&app.name, &files, Some(message), None, &by).await?;
        self.bring(&app.name, place, seen, &files, &fresh, &begun).await?;
        let done = Done {
            fingerprint: seen.fingerprint,
            marker: seen.marker.clone(),
            release: begun.id,
            at: self.0.clock.now(),
        };
        // From here on whoever watches finishes this release, and no other is made of this change.
        let state = self.write_synced(&app.name, state, |state| state.begin(done.clone())).await?;
        self.write_copied(&app.name, &copied(&synced.folders, seen, &files)).await?;
        self.finish_filling(&Filling { state: &state, ..*filling }, begun.id).await
    }

    /// The last steps of a release that [`SyncedState`] names: it is finished and put live, by whichever server.
    pub(super) async fn finish_filling(
        &self,
        filling: &Filling<'_>,
        release: ReleaseId,
    ) -> Result<SyncedState, SyncError> {
        let Filling { app, synced, state, .. } = *filling;
        let rule = Some(format!("synced folder in `{}`", synced.folders));
        let manifest = self.finish_under(&app.name, release, true, &by(synced), rule).await?;
        let (files, bytes) = (manifest.files.len(), manifest.size());
        tracing::info!(app = %app.name, %release, files, bytes, folders = synced.folders, "a synced folder is live");
        self.write_synced(&app.name, state, state::SyncedState::finish).await
    }

    /// Copies the files whose version is another than was copied `before`. Answers what all of them are, and the
    /// digests of those that were read just now.
    async fn copy(
        &self,
        app: &AppName,
        place: &SyncedPlace,
        seen: &Look,
        before: &Copied,
    ) -> Result<(BTreeMap<FilePath, Announced>, BTreeSet<Digest>), SyncError> {
        let (mut files, mut new) = (BTreeMap::new(), Vec::new());
        for (path, object) in &seen.files {
            match before.files.get(path).filter(|file| file.etag == object.etag.0 && file.size == object.size)
            {
                Some(file) => {
                    files.insert(path.clone(), Announced { sha256: file.sha256, size: file.size });
                }
                None => new.push((path, object)),
            }
        }
        let copying = new.into_iter().map(|(path, object)| async move {
            let sha256 = self.copy_file(app, place, object).await?;
            Ok::<_, SyncError>((path.clone(), Announced { sha256, size: object.size }))
        });
        let copying: Vec<_> = copying.collect();
        let copied: Vec<_> = stream::iter(copying).buffer_unordered(AT_A_TIME).try_collect().await?;
        let fresh = copied.iter().map(|(_, file)| file.sha256).collect();
        files.extend(copied);
        Ok((files, fresh))
    }

    /// Copies one file into a blob; it never is in memory as a whole.
    async fn copy_file(
        &self,
        app: &AppName,
        place: &SyncedPlace,
        object: &SourceObject,
    ) -> Result<Digest, SyncError> {
        let _turn = self.turn_to_receive().await;
        let bytes = place.bucket.read(app, object).map(|piece| match piece {
            Ok(Some(piece)) => Ok::<Bytes, SyncError>(piece),
            Ok(None) => Err(SyncError::Changed),
            Err(error) => Err(SyncError::Source(error)),
        });
        let received = receive(object.size, bytes).await.map_err(|why| match why {
            Unfit::BrokeOff(error) => error,
            // The listing and the object say different things of the same version.
            Unfit::Size(what) => SyncError::Folder(format!("`{}`: {what}", object.name)),
            Unfit::NoRoom(error) => ReleaseError::NoRoom(error).into(),
        })?;
        let digest = received.digest;
        self.store_blob(app, received).await?;
        Ok(digest)
    }

    /// Brings what the release still lacks: what was read just now is there already, unless it was cleared away in
    /// the moment before the release was written down; what no release of the app holds any more is read again.
    async fn bring(
        &self,
        app: &AppName,
        place: &SyncedPlace,
        seen: &Look,
        files: &BTreeMap<FilePath, Announced>,
        fresh: &BTreeSet<Digest>,
        begun: &Begun,
    ) -> Result<(), SyncError> {
        let at: HashMap<Digest, &FilePath> = files.iter().map(|(path, file)| (file.sha256, path)).collect();
        let bringing = begun.missing.iter().map(|digest| {
            let object = at.get(digest).and_then(|path| seen.files.get(*path));
            async move {
                // No bytes: whether it is there.
                let there = fresh.contains(digest)
                    && self.0.storage.get_range(&Key::blob(digest), 0, 0).await?.is_some();
                if !there {
                    let object = object.ok_or(SyncError::Changed)?;
                    if self.copy_file(app, place, object).await? != *digest {
                        return Err(SyncError::Changed);
                    }
                }
                Ok::<_, SyncError>(*digest)
            }
        });
        let bringing: Vec<_> = bringing.collect();
        let brought: Vec<Digest> = stream::iter(bringing).buffer_unordered(AT_A_TIME).try_collect().await?;
        Ok(self.write_arrived(app, begun.id, &brought).await?)
    }

    /// The folder, and whether it is to fill the app, are as they were when the copy began.
    async fn require_unchanged(&self, filling: &Filling<'_>, seen: &Look) -> Result<(), SyncError> {
        let now = look::look(filling.place, &filling.app.name, &self.0.limits).await?;
        let app: Arc<App> = self.read(&filling.app.name).await?;
        let same = now.fingerprint == seen.fingerprint && now.marker == seen.marker;
        if same && app.synced.as_ref() == Some(filling.synced) { Ok(()) } else { Err(SyncError::Changed) }
    }

    /// What the marker says, else where it comes from.
    async fn message(&self, filling: &Filling<'_>) -> Result<String, SyncError> {
        let Filling { app, place, .. } = *filling;
        let from = format!("Synced from {}", place.folders.folder_of(&app.name));
        let Some(path) = &place.folders.marker else { return Ok(from) };
        let marker = place.bucket.find(&app.name, path.as_str()).await.map_err(SyncError::Source)?;
        let Some(marker) = marker.filter(|marker| (1..=LONGEST_MARKER).contains(&marker.size)) else {
            return Ok(from);
        };
        let pieces: Vec<_> =
            place.bucket.read(&app.name, &marker).try_collect().await.map_err(SyncError::Source)?;
        let bytes: Vec<u8> = pieces.into_iter().flatten().flatten().collect();
        let said = String::from_utf8(bytes).unwrap_or_default();
        let said = said.trim();
        let fine = crate::releases::publish::check_text("a message", said, LONGEST_MESSAGE).is_ok();
        Ok(if fine { said.to_owned() } else { from })
    }
}

/// The longest message that a marker can say, in characters.
const LONGEST_MESSAGE: usize = 2000;

fn by(synced: &Synced) -> By {
    By { person: synced.by.clone(), from: None }
}

fn copied(folders: &str, seen: &Look, files: &BTreeMap<FilePath, Announced>) -> Copied {
    let of = |(path, file): (&FilePath, &Announced)| {
        let object = seen.files.get(path)?;
        let file = CopiedFile { etag: object.etag.0.clone(), size: file.size, sha256: file.sha256 };
        Some((path.clone(), file))
    };
    Copied { folders: folders.to_owned(), files: files.iter().filter_map(of).collect() }
}
