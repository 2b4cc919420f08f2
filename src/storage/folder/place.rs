//! Where a key's file is: inside the folder, whatever the key says and whatever links lie there.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::Folder;
use crate::storage::StorageError;

/// Where temporary files are; no key begins with a dot.
pub(super) const TEMPORARY: &str = ".tmp";

/// Where lock files are.
pub(super) const LOCKS: &str = ".locks";

impl Folder {
    /// The path of `key`; `None` when a folder on the way to it is missing.
    pub(super) fn place(&self, key: &str) -> Result<Option<PathBuf>, StorageError> {
        self.walk(key, false)
    }

    /// The path of `key`, with all folders on the way to it made.
    pub(super) fn make_place(&self, key: &str) -> Result<PathBuf, StorageError> {
        self.walk(key, true)?.ok_or_else(|| StorageError::Unavailable(format!("`{key}`: no place for it")))
    }

    fn walk(&self, key: &str, make: bool) -> Result<Option<PathBuf>, StorageError> {
        let mut path = self.root.clone();
        let mut segments = key.split('/').peekable();
        while let Some(segment) = segments.next() {
            if !is_safe(segment) {
                return Err(StorageError::unexpected(key, "the key is not a path inside the folder"));
            }
            path.push(segment);
            let is_last = segments.peek().is_none();
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_symlink() => {
                    let what = format!("`{segment}` is a link, and links are not followed; remove it");
                    return Err(StorageError::unexpected(key, what));
                }
                Ok(metadata) if !is_last && !metadata.is_dir() => {
                    return Err(StorageError::unexpected(
                        key,
                        format!("`{segment}` is a file, not a folder"),
                    ));
                }
                Err(error) if error.kind() == ErrorKind::NotFound && !is_last => {
                    if !make {
                        return Ok(None);
                    }
                    make_dir(&path)
                        .map_err(|error| StorageError::Unavailable(format!("`{key}`: {error}")))?;
                }
                // Using the path says what else is wrong with it.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(Some(path))
    }
}

/// Whether `segment` names something directly in a folder, on every operating system.
fn is_safe(segment: &str) -> bool {
    !segment.is_empty()
        && !segment.starts_with('.')
        && !segment.contains(|c: char| c.is_control() || matches!(c, '\\' | ':'))
}

fn make_dir(path: &Path) -> io::Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(()),
        // A folder above was empty and was removed at this moment.
        Err(error) if error.kind() == ErrorKind::NotFound => fs::create_dir_all(path)?,
        made => made?,
    }
    sync_parent(path)
}

/// Removes the folders above `path` that are empty now, and syncs the one that stays.
pub(super) fn prune(root: &Path, path: &Path) -> io::Result<()> {
    for folder in path.ancestors().skip(1).take_while(|folder| *folder != root) {
        if fs::remove_dir(folder).is_err() {
            return sync(folder);
        }
    }
    sync(root)
}

/// Makes the name of `path` as durable as its bytes.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync)
}

/// Names in a folder reach the disk only when the folder itself is synced.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder) {
        Ok(folder) => folder.sync_all(),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Elsewhere the filesystem's journal orders names.
#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// The file's own number, which a rename keeps.
#[cfg(unix)]
pub(super) fn inode(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

/// The file's own number, where there are any.
#[cfg(not(unix))]
pub(super) fn inode(_metadata: &Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_stay_inside() {
        for bad in ["", ".", "..", ".tmp", "a\\b", "C:", "a\0b", "a\nb"] {
            assert!(!is_safe(bad), "{bad:?}");
        }
        assert!(is_safe("01abc.text.zst"));
    }
}
