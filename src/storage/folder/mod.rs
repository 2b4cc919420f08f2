//! The bucket in a folder: one file an object, for one machine.
//!
//! 1. [`Folder::open`] makes the folder and proves that it can be written.
//! 2. [`place`] turns a key into a path that cannot leave the folder.
//! 3. A write goes to a temporary file of the same filesystem, is synced, and is renamed into its place
//!    while the key's [`lock`] is held, so that a condition is checked and met in one step, also between
//!    processes; then the directory is synced.
//! 4. [`listing`] reads directories in key order.
//!
//! An object's version is the SHA-256 of its bytes, up to 4 MiB. Larger objects are immutable; theirs is
//! size, file and time.

mod listing;
mod lock;
mod place;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use tempfile::NamedTempFile;

use super::{Body, Condition, Etag, Fetched, Key, Listing, Object, Prefix, Put, StorageError, WHOLE};
use crate::model::{Clock, Digest};

/// The most bytes whose digest is the version.
const HASHED: u64 = 4 << 20;

/// Temporary files older than this were left by a process that died.
const LEFT_OVER: SignedDuration = SignedDuration::from_hours(24);

/// How often a write is repeated when the directory it goes to was removed, being empty, at that moment.
const PLACES: usize = 8;

#[derive(Debug)]
pub(super) struct Folder {
    /// The absolute path, without links.
    root: PathBuf,
    /// The path as it was given.
    shown: String,
}

impl Folder {
    pub(super) async fn open(path: PathBuf) -> Result<Arc<Self>, StorageError> {
        blocking(move || Self::open_now(&path)).await
    }

    fn open_now(path: &Path) -> Result<Arc<Self>, StorageError> {
        let shown = path.display().to_string();
        let refuse = |error: io::Error| {
            StorageError::Refused(format!(
                "folder `{shown}` cannot be used ({error}); make it writable for this user, or name another"
            ))
        };
        fs::create_dir_all(path).map_err(refuse)?;
        let root = path.canonicalize().map_err(refuse)?;
        fs::create_dir_all(root.join(place::TEMPORARY)).map_err(refuse)?;
        fs::create_dir_all(root.join(place::LOCKS)).map_err(refuse)?;
        let folder = Self { root, shown: shown.clone() };
        let mut probe = folder.temporary().map_err(refuse)?;
        probe.write_all(b"writable").map_err(refuse)?;
        probe.close().map_err(refuse)?;
        folder.sweep(Clock::system().now());
        Ok(Arc::new(folder))
    }

    pub(super) fn describe(&self) -> String {
        format!("folder {}", self.shown)
    }

    pub(super) async fn get(
        self: &Arc<Self>,
        key: &Key,
        held: Option<&Etag>,
    ) -> Result<Fetched, StorageError> {
        let (folder, key, held) = (self.clone(), key.clone(), held.cloned());
        blocking(move || {
            let Some(mut file) = folder.read(&key)? else { return Ok(Fetched::Missing) };
            let size = file.metadata().map_err(|error| failed(&key, &error))?.len();
            if size > WHOLE {
                return Err(StorageError::too_large(&key));
            }
            let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
            file.read_to_end(&mut bytes).map_err(|error| failed(&key, &error))?;
            let etag = if size > HASHED {
                version(&mut file).map_err(|error| failed(&key, &error))?
            } else {
                digest_version(&bytes)
            };
            if held.as_ref() == Some(&etag) {
                return Ok(Fetched::Unchanged);
            }
            Ok(Fetched::Found(Object { bytes: bytes.into(), etag }))
        })
        .await
    }

    pub(super) async fn get_range(
        self: &Arc<Self>,
        key: &Key,
        start: u64,
        length: u64,
    ) -> Result<Option<Bytes>, StorageError> {
        let (folder, key) = (self.clone(), key.clone());
        blocking(move || {
            let Some(mut file) = folder.read(&key)? else { return Ok(None) };
            let mut read = || {
                let size = file.metadata()?.len();
                let start = start.min(size);
                let length = length.min(size - start);
                let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
                file.seek(SeekFrom::Start(start))?;
                (&mut file).take(length).read_to_end(&mut bytes)?;
                Ok(Some(bytes.into()))
            };
            read().map_err(|error| failed(&key, &error))
        })
        .await
    }

    pub(super) async fn put(
        self: &Arc<Self>,
        key: &Key,
        body: Body,
        condition: Condition,
    ) -> Result<Put, StorageError> {
        let (folder, key) = (self.clone(), key.clone());
        blocking(move || folder.put_now(&key, &body, &condition)).await
    }

    fn put_now(&self, key: &Key, body: &Body, condition: &Condition) -> Result<Put, StorageError> {
        let io = |error| failed(key, &error);
        // What is there cannot go away unless by `delete`, so there is no need to write it first.
        if *condition == Condition::Absent && self.read(key)?.is_some() {
            return Ok(Put::Lost);
        }
        let mut temporary = self.temporary().map_err(io)?;
        fill(&mut temporary, key, body)?;
        let etag = version(temporary.as_file_mut()).map_err(io)?;

        let _lock = self.lock(key)?;
        let holds = match condition {
            Condition::Always => true,
            Condition::Absent => self.read(key)?.is_none(),
            Condition::Match(expected) => match self.read(key)? {
                None => false,
                Some(mut file) => version(&mut file).map_err(io)? == *expected,
            },
        };
        if !holds {
            return Ok(Put::Lost);
        }
        let mut tries = 0;
        loop {
            let place = self.make_place(key.path())?;
            match temporary.persist(&place) {
                Ok(_) => {
                    place::sync_parent(&place).map_err(io)?;
                    return Ok(Put::Stored(etag));
                }
                Err(error) if error.error.kind() == ErrorKind::NotFound && tries < PLACES => {
                    tries += 1;
                    temporary = error.file;
                }
                Err(error) => return Err(failed(key, &error.error)),
            }
        }
    }

    pub(super) async fn list(
        self: &Arc<Self>,
        prefix: &Prefix,
        from: Option<&str>,
    ) -> Result<Listing, StorageError> {
        let (folder, prefix, from) = (self.clone(), prefix.clone(), from.map(ToOwned::to_owned));
        blocking(move || folder.list_now(&prefix, from.as_deref())).await
    }

    pub(super) async fn delete(self: &Arc<Self>, key: &Key) -> Result<(), StorageError> {
        let (folder, key) = (self.clone(), key.clone());
        blocking(move || {
            let Some(place) = folder.place(key.path())? else { return Ok(()) };
            let _lock = folder.lock(&key)?;
            match fs::remove_file(&place) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) => return Err(failed(&key, &error)),
            }
            place::prune(&folder.root, &place).map_err(|error| failed(&key, &error))
        })
        .await
    }

    /// The object's file, opened for reading. A rename under it leaves it whole.
    fn read(&self, key: &Key) -> Result<Option<File>, StorageError> {
        let Some(place) = self.place(key.path())? else { return Ok(None) };
        match File::open(place) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(key, &error)),
        }
    }

    fn temporary(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(self.root.join(place::TEMPORARY))
    }

    /// Removes temporary files that a process left behind when it died; one that cannot be removed stays.
    fn sweep(&self, now: Timestamp) {
        let Ok(entries) = fs::read_dir(self.root.join(place::TEMPORARY)) else { return };
        for entry in entries.flatten() {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let Some(modified) = modified.ok().and_then(|time| Timestamp::try_from(time).ok()) else {
                continue;
            };
            if now.duration_since(modified) > LEFT_OVER {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Writes `body` to the temporary file and to the disk.
fn fill(temporary: &mut NamedTempFile, key: &Key, body: &Body) -> Result<(), StorageError> {
    let io = |error| failed(key, &error);
    match body {
        Body::Bytes(bytes) => temporary.write_all(bytes).map_err(io)?,
        Body::File { path, size } => {
            // Copied by the kernel, and only by reference where the filesystem can. Not linked: whoever
            // changed their file afterwards would change the object.
            let mut from = File::open(path)
                .map_err(|error| StorageError::Unavailable(format!("cannot read the upload: {error}")))?;
            let copied = io::copy(&mut from, temporary.as_file_mut()).map_err(io)?;
            if copied != *size {
                let what = format!("the upload has {copied} bytes rather than {size}");
                return Err(StorageError::unexpected(key, what));
            }
        }
    }
    temporary.as_file().sync_all().map_err(io)
}

/// The version of the object in `file`.
fn version(file: &mut File) -> io::Result<Etag> {
    let metadata = file.metadata()?;
    if metadata.len() > HASHED {
        let time = metadata.modified()?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        return Ok(Etag(format!("\"{}-{}-{:x}\"", metadata.len(), place::inode(&metadata), time.as_nanos())));
    }
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.take(HASHED).read_to_end(&mut bytes)?;
    Ok(digest_version(&bytes))
}

fn digest_version(bytes: &[u8]) -> Etag {
    Etag(format!("\"{}\"", Digest::of(bytes)))
}

/// What a failed call of the operating system means for `key`.
fn failed(key: &Key, error: &io::Error) -> StorageError {
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StorageError::Refused(format!(
            "`{key}` may not be used ({error}); give this user the folder and all that is in it"
        )),
        ErrorKind::IsADirectory | ErrorKind::NotADirectory => {
            StorageError::unexpected(key, "a file and a folder are where the other should be")
        }
        _ => StorageError::Unavailable(format!("`{key}`: {error}")),
    }
}

/// Runs what may wait for the disk away from the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(StorageError::Unavailable(format!("the work was broken off: {error}"))))
}
