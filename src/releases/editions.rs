//! Editions of the guides: releases of one app, in a folder of the bucket that apps have no part in.
//!
//! An edition is published, made live and rolled back exactly as a release of an app is, by the same code. It lies
//! below [`FOLDER`], with blobs of its own, so no app's name can be in its way and no app can reach its bytes.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::io::AsyncWriteExt as _;

use crate::config::{self, Limits};
use crate::model::{AppName, Clock, Entropy, FileEntry, FilePath, Manifest, ReleaseId};
use crate::storage::Storage;

use super::{BlobError, By, ReleaseError, Releases};

/// The folder of the bucket that editions are in.
const FOLDER: &str = "guides";
/// The name of the only app there.
const NAME: &str = "guides";
/// How many files are fetched at a time.
const AT_A_TIME: usize = 8;
/// Files are read once, so little is kept in memory, in bytes.
const CACHE_BYTES: usize = 16 << 20;
/// The largest edition that a server fetches, in bytes.
const LARGEST: u64 = 4 << 30;

/// The editions of one bucket. Clones share everything.
#[derive(Clone, Debug)]
pub struct Editions {
    releases: Releases,
    name: AppName,
}

/// Why an edition could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The bucket has none of this identity, or does not answer.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The bytes of a file.
    #[error("`{path}`: {source}")]
    Blob {
        /// The file.
        path: FilePath,
        /// What is wrong with them.
        source: BlobError,
    },
    /// It does not fit.
    #[error("it has {size} bytes, and {LARGEST} is the most that is fetched; publish less at once")]
    TooLarge {
        /// How many it has.
        size: u64,
    },
    /// The server's own disk.
    #[error("`{}` cannot be written: {source}", path.display())]
    Disk {
        /// What could not be written.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Editions {
    /// Opens the editions in the bucket that `storage` names.
    pub async fn open(
        storage: &config::Storage,
        limits: &Limits,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, ReleaseError> {
        Self::of(Storage::open(&storage.below(FOLDER)).await?, limits, clock, entropy).await
    }

    /// The editions in `storage`, which holds nothing else.
    pub async fn of(
        storage: Storage,
        limits: &Limits,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, ReleaseError> {
        let limits = Limits { cache_bytes: CACHE_BYTES.min(limits.cache_bytes), ..limits.clone() };
        Ok(Self { releases: Releases::open(storage, &limits, clock, entropy).await?, name: name() })
    }

    /// The releases that editions are, of the app called [`Editions::name`].
    #[must_use]
    pub fn releases(&self) -> &Releases {
        &self.releases
    }

    /// The name of the app whose releases editions are.
    #[must_use]
    pub fn name(&self) -> &AppName {
        &self.name
    }

    /// Makes the record of the editions where there is none yet.
    pub async fn prepare(&self, by: &By) -> Result<(), ReleaseError> {
        if self.releases.find(&self.name).await?.is_some() {
            return Ok(());
        }
        match self.releases.create_app(&self.name, "Guides", by).await {
            // Guides are indexed from their source; nobody searches them as an app.
            Ok(_) => self.releases.set_search(&self.name, false, by).await.map(drop),
            Err(ReleaseError::Taken(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The live edition, and those that were live before it, newest first.
    #[must_use]
    pub fn wanted(&self) -> Vec<ReleaseId> {
        let app = self.releases.catalog().live(&self.name).cloned();
        app.map(|app| app.current.into_iter().chain(app.previous.iter().copied()).collect())
            .unwrap_or_default()
    }

    /// Writes the files of `edition` into the empty folder `dir`, verified, each with the time of its publication.
    pub async fn fetch(&self, edition: ReleaseId, dir: &Path) -> Result<(), FetchError> {
        let manifest = self.releases.manifest(&self.name, edition).await?;
        let missing = || ReleaseError::NoRelease { app: self.name.clone(), release: edition };
        let manifest = manifest.ok_or_else(missing)?;
        let size = manifest.size();
        if size > LARGEST {
            return Err(FetchError::TooLarge { size });
        }
        let manifest = &*manifest;
        let files = manifest.files.iter().map(|(path, entry)| self.fetch_file(manifest, path, entry, dir));
        let files: Vec<_> = files.collect();
        stream::iter(files).buffer_unordered(AT_A_TIME).try_collect().await
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the server itself reads its guides; who may read each is asked when it is shown"
    )]
    async fn fetch_file(
        &self,
        manifest: &Manifest,
        path: &FilePath,
        entry: &FileEntry,
        dir: &Path,
    ) -> Result<(), FetchError> {
        // A path in a manifest is relative and has no dot segments: it stays inside.
        let target = dir.join(path.as_str());
        let disk = |source| FetchError::Disk { path: target.clone(), source };
        let bytes = |source| FetchError::Blob { path: path.clone(), source };
        if let Some(folder) = target.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(disk)?;
        }
        let mut file = tokio::fs::File::create_new(&target).await.map_err(disk)?;
        let blob = self.releases.blobs().open(entry).await.map_err(bytes)?;
        let mut pieces = std::pin::pin!(blob.range(0, entry.size));
        while let Some(piece) = pieces.next().await {
            file.write_all(&piece.map_err(bytes)?).await.map_err(disk)?;
        }
        file.flush().await.map_err(disk)?;
        let file = file.into_std().await;
        let seconds = u64::try_from(manifest.when.as_second()).unwrap_or_default();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).map_err(disk)
    }
}

#[expect(clippy::expect_used, reason = "a literal that is a name")]
fn name() -> AppName {
    NAME.parse().expect("the editions' name is a name")
}
