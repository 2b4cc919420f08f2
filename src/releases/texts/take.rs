//! The text of a whole release: taken once, stored beside it, read by every replica.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use tempfile::NamedTempFile;

use super::extract::{self, Kind, address, name_of, pages_of};
use super::stored::{FileText, ReleaseText};
use super::{MEBIBYTES, PdfReader, Taking};
use crate::model::{AppName, AppPage, FileEntry, FilePath, Manifest, ReleaseId};
use crate::releases::{Blob, BlobError, ReleaseError, Releases};
use crate::storage::{Body, Condition, Key, StorageError};

/// How long a publishing waits for its text; then it goes on, and the text is taken afterwards.
const PUBLISHING_WAITS: Duration = Duration::from_secs(3);
/// How long the text of one release may take; files that were not read by then have none.
const LONGEST: Duration = Duration::from_mins(3);
/// How many files are read at a time.
const AT_A_TIME: usize = 4;
/// The most text of one release, in bytes; pages beyond say nothing.
const RELEASE_BYTES: usize = 16 << 20;

impl Releases {
    /// Says how PDFs are read; without it they have no text.
    pub fn read_pdfs_with(&self, reader: PdfReader) {
        // Whoever said it first is right: it cannot change while a server runs.
        let _ = self.0.taking.reader.set(reader);
    }

    /// Takes and stores the text of a release that is being finished. That it fails is logged and no more, and
    /// what takes long goes on while the release is live already.
    pub(in crate::releases) async fn take_text(&self, manifest: Arc<Manifest>) {
        let app = self.catalog().app(&manifest.app).cloned();
        if app.as_ref().is_some_and(|app| !app.settings.is_searched()) {
            return;
        }
        let before = app.and_then(|app| app.current);
        let releases = self.clone();
        let (name, release) = (manifest.app.clone(), manifest.id);
        let taking = tokio::spawn(async move {
            let taken = releases.text_from(&manifest, before).await;
            if let Err(error) = taken {
                let (app, release) = (&manifest.app, manifest.id);
                tracing::warn!(%error, %app, %release, "the text of a release is not stored yet");
            }
        });
        if tokio::time::timeout(PUBLISHING_WAITS, taking).await.is_err() {
            tracing::info!(app = %name, %release, "the text of a release takes a while; search follows later");
        }
    }

    /// The pages of a release that say something, as stored; taken now where that is missing. `None` while it is
    /// being taken here already.
    pub(super) async fn text_of(
        &self,
        app: &AppName,
        release: ReleaseId,
    ) -> Result<Option<Vec<AppPage>>, ReleaseError> {
        let text = match self.stored_text(app, release).await? {
            Some(text) => Some(text),
            None => match self.manifest(app, release).await? {
                Some(manifest) => self.text_from(&manifest, None).await?,
                None => return Err(ReleaseError::NoRelease { app: app.clone(), release }),
            },
        };
        Ok(text.map(|text| text.files.into_iter().filter_map(|file| file.page).collect()))
    }

    /// The files of a release whose text could not be taken, and why; none when its text was not taken yet.
    pub async fn unread_of(
        &self,
        app: &AppName,
        release: ReleaseId,
    ) -> Result<Vec<(FilePath, String)>, ReleaseError> {
        let text = self.stored_text(app, release).await?.unwrap_or_default();
        let unread = text.files.into_iter().filter_map(|file| Some((file.file, file.unread?)));
        Ok(unread.collect())
    }

    /// `None` when there is none, or none that this version reads.
    async fn stored_text(
        &self,
        app: &AppName,
        release: ReleaseId,
    ) -> Result<Option<ReleaseText>, ReleaseError> {
        let Some(object) = self.0.storage.get(&Key::text(app, release)).await? else { return Ok(None) };
        let owner = app.clone();
        let read = run(move || ReleaseText::read(&object.bytes, &owner, release)).await?;
        Ok(read.unwrap_or_else(|error| {
            tracing::error!(%error, %app, %release, "its text cannot be read and is taken again");
            None
        }))
    }

    /// Reads every page of a release, or takes it from the text of release `before`, and stores what came of it;
    /// `None` when that is being done here already.
    async fn text_from(
        &self,
        manifest: &Manifest,
        before: Option<ReleaseId>,
    ) -> Result<Option<ReleaseText>, ReleaseError> {
        let (app, release) = (&manifest.app, manifest.id);
        let Some(_under_way) = UnderWay::begin(&self.0.taking, release) else { return Ok(None) };
        let mut known = match before.filter(|before| *before != release) {
            Some(before) => self.stored_text(app, before).await?.map(ReleaseText::known).unwrap_or_default(),
            None => HashMap::new(),
        };
        let mut asked = Vec::new();
        for (path, kind) in pages_of(manifest) {
            let Some(entry) = manifest.files.get(path.as_str()) else { continue };
            let same = known.remove(path).filter(|known| known.sha256 == entry.sha256);
            asked.push((path.clone(), entry.clone(), kind, same));
        }
        let until = Instant::now() + LONGEST;
        let read = stream::iter(asked).map(|(path, entry, kind, same)| async move {
            match same {
                Some(same) => Ok(same),
                None if Instant::now() >= until => Ok(FileText::unread(path, &entry, &too_long())),
                None => self.file_text(path, &entry, kind).await,
            }
        });
        let room = (ReleaseText::default(), RELEASE_BYTES);
        let within = |(mut text, room): (ReleaseText, usize), mut file: FileText| {
            let size = file.page.as_ref().map_or(0, size_of_page);
            let left = room.checked_sub(size);
            if left.is_none() {
                file.page = None;
                file.unread =
                    Some(format!("the pages before it fill the {RELEASE_BYTES} bytes of a release"));
            }
            text.files.push(file);
            std::future::ready(Ok((text, left.unwrap_or(room))))
        };
        let (mut text, _) = read.buffered(AT_A_TIME).try_fold(room, within).await?;
        text.files.sort_by(|a, b| a.file.cmp(&b.file));
        for file in &text.files {
            if let Some(why) = &file.unread {
                tracing::warn!(%app, %release, file = file.file.as_str(), why, "a file has no text for search");
            }
        }
        let owner = app.clone();
        let (text, bytes) = run(move || {
            let bytes = text.write(&owner, release);
            (text, bytes)
        })
        .await?;
        let key = Key::text(app, release);
        let bytes = bytes.map_err(|error| unexpected(&key, &error))?;
        let _stored = self.0.storage.put(&key, Body::Bytes(bytes.into()), Condition::Always).await?;
        Ok(Some(text))
    }

    async fn file_text(
        &self,
        path: FilePath,
        entry: &FileEntry,
        kind: Kind,
    ) -> Result<FileText, ReleaseError> {
        let mebibytes = u32::try_from(entry.size >> 20).unwrap_or(MEBIBYTES).clamp(1, MEBIBYTES);
        // A closed semaphore cannot be: it lives as long as `self`.
        let _room = self.0.taking.memory.acquire_many(mebibytes).await;
        #[expect(
            clippy::disallowed_methods,
            reason = "the text of a page is shown only to who may open the app"
        )]
        let blob = self.0.blobs.open(entry).await.map_err(|error| storage_error(&path, &error))?;
        let read = match kind {
            Kind::Pdf => self.pdf_text(&blob, &path).await?,
            kind => {
                let (bytes, path) =
                    (whole(&blob).await.map_err(|error| storage_error(&path, &error))?, path.clone());
                let read = tokio::task::spawn_blocking(move || extract::read(kind, &bytes, &path)).await;
                read.map_err(|_| "reading it ended in a panic".to_owned())
            }
        };
        let (page, unread) = match read {
            Ok(page) => (page, None),
            Err(why) => (None, Some(why)),
        };
        Ok(FileText { file: path, sha256: entry.sha256, page, unread })
    }

    async fn pdf_text(
        &self,
        blob: &Blob,
        path: &FilePath,
    ) -> Result<Result<Option<AppPage>, String>, ReleaseError> {
        let Some(reader) = self.0.taking.reader.get() else {
            return Ok(Err("this server reads no PDF".to_owned()));
        };
        let _turn = self.0.taking.pdfs.acquire().await;
        let mut file = NamedTempFile::new().map_err(ReleaseError::NoRoom)?;
        let mut pieces = std::pin::pin!(blob.range(0, blob.size()));
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| storage_error(path, &error))?;
            file.write_all(&piece).map_err(ReleaseError::NoRoom)?;
        }
        Ok(reader.read(file, address(path), name_of(path)).await)
    }
}

fn too_long() -> String {
    format!("the files before it took {} s", LONGEST.as_secs())
}

/// A release whose text is being taken, for as long as this lives.
struct UnderWay<'a>(&'a Taking, ReleaseId);

impl<'a> UnderWay<'a> {
    /// `None` when somebody else is at it.
    fn begin(taking: &'a Taking, release: ReleaseId) -> Option<Self> {
        let is_first = taking.releases_under_way().insert(release);
        // Made only then: one that is dropped takes the mark of whoever is at it away.
        is_first.then(|| Self(taking, release))
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.releases_under_way().remove(&self.1);
    }
}

/// The text of a page, in bytes.
pub(super) fn size_of_page(page: &AppPage) -> usize {
    let sections = page.sections.iter();
    sections.map(|section| section.heading.len() + section.text.len() + section.code.len()).sum()
}

async fn whole(blob: &Blob) -> Result<Bytes, BlobError> {
    if let Some(bytes) = blob.bytes() {
        return Ok(bytes.clone());
    }
    let pieces: Vec<Bytes> = blob.range(0, blob.size()).try_collect().await?;
    Ok(pieces.concat().into())
}

/// Runs what takes processor time off the event loop.
async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StorageError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StorageError::Unavailable(format!("a piece of work did not end: {error}")))
}

fn storage_error(path: &FilePath, error: &BlobError) -> ReleaseError {
    StorageError::Unavailable(format!("`{}` cannot be read: {error}", path.as_str())).into()
}

fn unexpected(key: &Key, error: &std::io::Error) -> StorageError {
    StorageError::Unexpected { key: key.to_string(), what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Clock, Entropy};

    #[test]
    fn a_text_is_taken_by_one_at_a_time() {
        let taking = Taking::default();
        let release = ReleaseId::new(Clock::system().now(), &Entropy::seeded(1));
        let first = UnderWay::begin(&taking, release);
        assert!(first.is_some());
        for _ in 0..2 {
            assert!(UnderWay::begin(&taking, release).is_none(), "the first is at it still");
        }
        drop(first);
        assert!(UnderWay::begin(&taking, release).is_some());
    }
}
