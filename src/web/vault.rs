//! Where a permit meets bytes: the only place that opens an app's files.
//!
//! `clippy.toml` keeps everyone else from [`Blobs::open`](crate::releases::Blobs::open) and
//! [`Blobs::cached_small`](crate::releases::Blobs::cached_small).

use std::sync::Arc;

use bytes::Bytes;

use super::failure::Failure;
use super::resolve::{Asked, Found};
use crate::access::{Part, Permit};
use crate::model::{FileEntry, Manifest};
use crate::releases::{Blob, Releases};

/// What a permit opened.
pub(super) enum Opened {
    /// A file that is whole in memory.
    Small(FileEntry, Bytes),
    /// A file that is read by chunks.
    Large(FileEntry, Blob),
    /// A folder without the slash at its end.
    Folder,
    /// There is no such file in this release.
    Missing(Arc<Manifest>),
    /// There is no such release.
    NoRelease,
}

/// Opens what `permit` permits, and nothing else: the path that was decided on is the one that selects the bytes.
pub(super) async fn open(releases: &Releases, permit: &Permit, slash: bool) -> Result<Opened, Failure> {
    let target = permit.target();
    let manifest = match releases.manifest_cached(&target.app, target.release) {
        Some(manifest) => manifest,
        None => match releases.manifest(&target.app, target.release).await? {
            Some(manifest) => manifest,
            None => return Ok(Opened::NoRelease),
        },
    };
    let path = match &target.part {
        Part::File(path) => Some(path.clone()),
        Part::Listing => None,
    };
    let entry = match (Asked { path, slash }).find(&manifest) {
        Found::File(entry) => entry.clone(),
        Found::Folder => return Ok(Opened::Folder),
        Found::Missing => return Ok(Opened::Missing(manifest)),
    };
    #[expect(clippy::disallowed_methods, reason = "this is the place, and here is the permit")]
    let cached = releases.blobs().cached_small(&entry.sha256);
    if let Some(bytes) = cached {
        return Ok(Opened::Small(entry, bytes));
    }
    #[expect(clippy::disallowed_methods, reason = "this is the place, and here is the permit")]
    let blob = releases.blobs().open(&entry).await?;
    Ok(match blob.bytes() {
        Some(bytes) => Opened::Small(entry, bytes.clone()),
        None => Opened::Large(entry, blob),
    })
}
