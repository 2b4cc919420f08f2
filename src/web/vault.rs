//! Where a permit meets bytes: the only place that opens an app's files.
//!
//! `clippy.toml` keeps everyone else from [`Blobs::open`](crate::releases::Blobs::open) and
//! [`Blobs::cached_small`](crate::releases::Blobs::cached_small).

use bytes::Bytes;

use super::coded::Coded;
use super::encoding::Coding;
use super::failure::Failure;
use super::site::{File, Site};
use crate::access::{Part, Permit};
use crate::model::FileEntry;
use crate::releases::{Blob, Releases};

/// What a permit opened.
pub(super) struct Opened {
    pub(super) content: Content,
    /// What it is encoded in.
    pub(super) coding: Option<Coding>,
}

/// Bytes, in memory or to be read.
pub(super) enum Content {
    /// A file that is whole in memory.
    Small(Bytes),
    /// A file that is read by chunks.
    Large(Blob),
}

/// The file that `permit` names; `None` when `site` is another release than the permit's, or has no such file.
pub(super) fn permitted<'s>(permit: &Permit, site: &'s Site) -> Option<&'s File> {
    let target = permit.target();
    let Part::File(path) = &target.part else { return None };
    (target.app == site.app && target.release == site.release).then(|| site.at(path.as_str()))?
}

/// Opens the file that `permit` names, and nothing else: the path that is authorised is the one that selects the bytes.
/// They come in `wanted` where the publisher brought them so, or where that makes them shorter.
pub(super) async fn open(
    releases: &Releases,
    coded: &Coded,
    permit: &Permit,
    site: &Site,
    wanted: Option<Coding>,
) -> Result<Opened, Failure> {
    let file = permitted(permit, site).ok_or(Failure::NotFound)?;
    let Some(coding) = wanted else { return plain(releases, &file.entry).await };
    if let Some(path) = file.sibling(coding) {
        let sibling = permit.clone().within(path.clone());
        let entry = &permitted(&sibling, site).ok_or(Failure::NotFound)?.entry;
        return Ok(Opened { coding: Some(coding), ..plain(releases, entry).await? });
    }
    let digest = file.entry.sha256;
    let known = coded.known(&digest, coding);
    if let Some(Some(bytes)) = known {
        return Ok(Opened { content: Content::Small(bytes), coding: Some(coding) });
    }
    let opened = plain(releases, &file.entry).await?;
    match (&opened.content, known) {
        (Content::Small(bytes), None) => match Box::pin(coded.make(digest, coding, bytes.clone())).await {
            Some(bytes) => Ok(Opened { content: Content::Small(bytes), coding: Some(coding) }),
            None => Ok(opened),
        },
        (Content::Large(blob), None) => {
            coded.make_later(blob, coding);
            Ok(opened)
        }
        (_, Some(_)) => Ok(opened),
    }
}

async fn plain(releases: &Releases, entry: &FileEntry) -> Result<Opened, Failure> {
    #[expect(clippy::disallowed_methods, reason = "this is the place, and here is the permit")]
    let cached = releases.blobs().cached_small(&entry.sha256);
    if let Some(bytes) = cached {
        return Ok(Opened { content: Content::Small(bytes), coding: None });
    }
    #[expect(clippy::disallowed_methods, reason = "this is the place, and here is the permit")]
    let blob = Box::pin(releases.blobs().open(entry)).await?;
    let content = match blob.bytes() {
        Some(bytes) => Content::Small(bytes.clone()),
        None => Content::Large(blob),
    };
    Ok(Opened { content, coding: None })
}
