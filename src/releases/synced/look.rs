//! One look at a folder: what is in it, within bounds, and what of that cannot be published.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{Context, SHA256};

use super::SyncedPlace;
use super::copy::SyncError;
use crate::config::Limits;
use crate::model::{AppName, Digest, FilePath};
use crate::releases::publish::{Announced, check};
use crate::storage::{SourceBucket, SourceObject};

/// A listing has no more pages than files for each of which it has this many, and a few: an endpoint may send short ones.
const FILES_A_PAGE: usize = 100;
const MORE_PAGES: usize = 10;

/// What is in a folder.
#[derive(Debug)]
pub(super) struct Look {
    /// What would be published.
    pub(super) files: BTreeMap<FilePath, SourceObject>,
    /// The same for the same versions of the same files.
    pub(super) fingerprint: Digest,
    /// Which version of the marker there is, where one is waited for.
    pub(super) marker: Option<String>,
}

/// Looks into the folder of `app`.
pub(super) async fn look(place: &SyncedPlace, app: &AppName, limits: &Limits) -> Result<Look, SyncError> {
    let marker = marker(place, app).await?;
    let mut files = list(&place.bucket, app, limits).await?;
    if let Some(path) = &place.folders.marker {
        files.remove(path);
    }
    let fingerprint = fingerprint(&files);
    Ok(Look { files, fingerprint, marker })
}

/// The version of the marker: what is in it, and when it was put there, so that putting the same there again counts.
pub(super) async fn marker(place: &SyncedPlace, app: &AppName) -> Result<Option<String>, SyncError> {
    let Some(path) = &place.folders.marker else { return Ok(None) };
    let found = place.bucket.find(app, path.as_str()).await.map_err(SyncError::Source)?;
    Ok(found.map(|found| format!("{} {}", found.etag.0, found.modified)))
}

/// What of a folder is too much or cannot be published, before a byte of it is read.
pub(super) fn fits(files: &BTreeMap<FilePath, SourceObject>, limits: &Limits) -> Result<(), SyncError> {
    // What their bytes are is not known yet; each stands for itself.
    let announce = |(path, object): (&FilePath, &SourceObject)| {
        (path.clone(), Announced { sha256: Digest::of(path.as_str().as_bytes()), size: object.size })
    };
    let announced = files.iter().map(announce).collect();
    check(&announced, None, None, limits).map_err(|error| SyncError::Folder(error.to_string()))
}

async fn list(
    bucket: &SourceBucket,
    app: &AppName,
    limits: &Limits,
) -> Result<BTreeMap<FilePath, SourceObject>, SyncError> {
    let most = limits.release_files.saturating_add(1);
    let mut files = BTreeMap::new();
    let mut from = None;
    for _ in 0..most / FILES_A_PAGE + MORE_PAGES {
        let page = bucket.list(app, from.as_deref()).await.map_err(SyncError::Source)?;
        for object in page.objects {
            if let Some(path) = path_of(&object)? {
                files.insert(path, object);
            }
            // The marker, which is no file of the release, may be among them.
            if files.len() > most {
                let most = limits.release_files;
                let what = format!(
                    "there are more than {most} files, the most that this server takes (`release_files`)"
                );
                return Err(SyncError::Folder(what));
            }
        }
        from = page.next;
        if from.is_none() {
            return Ok(files);
        }
    }
    Err(SyncError::Folder("its listing does not come to an end".to_owned()))
}

/// The path of an object in the release. `None` for what is left out, as `loggia publish` does: whatever is hidden, and
/// the empty objects that stand for folders.
fn path_of(object: &SourceObject) -> Result<Option<FilePath>, SyncError> {
    let stands_for_a_folder = object.name.ends_with('/') && object.size == 0;
    let hidden = |(depth, segment): (usize, &str)| {
        let dots = matches!(segment, "." | "..");
        segment.starts_with('.') && !dots && !(depth == 0 && segment == ".well-known")
    };
    if stands_for_a_folder || object.name.split('/').enumerate().any(hidden) {
        return Ok(None);
    }
    object
        .name
        .parse()
        .map(Some)
        .map_err(|error: crate::model::InvalidPath| SyncError::Folder(error.to_string()))
}

fn fingerprint(files: &BTreeMap<FilePath, SourceObject>) -> Digest {
    let mut hash = Context::new(&SHA256);
    for (path, object) in files {
        hash.update(format!("{path}\n{} {}\n", object.etag.0, object.size).as_bytes());
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    Digest::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, size: u64) -> SourceObject {
        SourceObject { name: name.to_owned(), etag: crate::storage::Etag("v1".to_owned()), size, modified: 0 }
    }

    #[test]
    fn what_is_hidden_and_what_stands_for_a_folder_is_left_out() {
        for left_out in [".git/config", "a/.DS_Store", ".env", "a/", "a/.well-known/x"] {
            assert_eq!(path_of(&object(left_out, 0)).unwrap(), None, "{left_out}");
        }
        for taken in ["index.html", "a/b c+d.html", ".well-known/security.txt"] {
            assert_eq!(path_of(&object(taken, 1)).unwrap().unwrap().as_str(), taken);
        }
    }

    #[test]
    fn a_key_that_leads_elsewhere_is_no_file() {
        for bad in [
            "../secret/index.html",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            "a/",
            "-/enter",
            "a\\..\\b",
            "a\u{7}",
        ] {
            let error = path_of(&object(bad, 1)).unwrap_err().to_string();
            assert!(error.contains("cannot be used"), "{bad}: {error}");
        }
    }

    #[test]
    fn another_version_is_another_fingerprint() {
        let of = |name: &str, etag: &str, size| {
            let object = SourceObject { etag: crate::storage::Etag(etag.to_owned()), ..object(name, size) };
            fingerprint(&[(name.parse().unwrap(), object)].into())
        };
        let first = of("a", "1", 1);
        assert_eq!(first, of("a", "1", 1));
        assert!([of("a", "2", 1), of("a", "1", 2), of("b", "1", 1)].iter().all(|other| *other != first));
    }
}
