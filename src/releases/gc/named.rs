//! What is in the bucket, and which blobs it names.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::model::{AppName, Digest, Manifest, ReleaseId};
use crate::releases::retention::{FINISHED_WITHIN, older_by};
use crate::releases::{ReleaseError, Releases};
use crate::storage::{Key, Prefix, StorageError};

use super::AT_A_TIME;

/// What is stored of every app.
pub(super) type Stock = BTreeMap<AppName, Shelf>;

/// What is stored of one app.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Releases in the making, or left behind so.
    pub(super) pending: Vec<ReleaseId>,
    /// Finished releases, deleted ones too.
    pub(super) releases: Vec<ReleaseId>,
    /// Texts, and when they were written.
    pub(super) texts: Vec<(ReleaseId, Timestamp)>,
}

/// Whether a release in the making cannot be finished any more, by whichever clock.
pub(super) fn is_abandoned(release: ReleaseId, now: Timestamp) -> bool {
    older_by(release.begun(), now) > FINISHED_WITHIN + std::time::Duration::from_hours(24)
}

/// The blobs that are named, and by which releases.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub(super) blobs: HashSet<Digest>,
    read: HashSet<(AppName, ReleaseId)>,
}

impl Releases {
    /// Lists what is stored of every app. A name that no app can have stops a clearing: what lies there may be needed.
    pub(super) async fn stock(&self) -> Result<Stock, ReleaseError> {
        let folders = self.0.storage.list_all(&Prefix::apps()).await?.folders;
        let names: Result<Vec<AppName>, _> = folders.iter().map(|name| name.parse()).collect();
        let names = names.map_err(|error| StorageError::Unexpected {
            key: Prefix::apps().path().to_owned(),
            what: error.to_string(),
        })?;
        let shelves = stream::iter(names).map(|name| async {
            let shelf = self.shelf(&name).await?;
            Ok::<_, StorageError>((name, shelf))
        });
        Ok(shelves.buffer_unordered(AT_A_TIME).try_collect().await?)
    }

    /// Lists what is stored of one app. Those in the making first: one that is finished meanwhile is in the second
    /// listing, as its manifest is written before it leaves the first.
    async fn shelf(&self, app: &AppName) -> Result<Shelf, StorageError> {
        let storage = &self.0.storage;
        let pending = storage.list_all(&Prefix::pending(app)).await?.folders;
        let pending = pending.iter().filter_map(|id| id.parse().ok()).collect();
        let mut shelf = Shelf { pending, ..Shelf::default() };
        for object in storage.list_all(&Prefix::releases(app)).await?.objects {
            if let Some(text) = object.name.strip_suffix(".text.zst") {
                shelf.texts.extend(text.parse().ok().map(|id| (id, object.modified)));
            } else if let Some(manifest) = object.name.strip_suffix(".json") {
                shelf.releases.extend(manifest.parse::<ReleaseId>().ok());
            }
        }
        Ok(shelf)
    }

    /// Adds to `named` what the releases of `stock` name that it has not read yet, but for `without`. One that cannot be
    /// read is an error: it may name anything.
    pub(super) async fn read_names(
        &self,
        named: &mut Named,
        stock: &Stock,
        without: &HashSet<ReleaseId>,
    ) -> Result<(), ReleaseError> {
        let now = self.0.clock.now();
        let mut unread = Vec::new();
        for (app, shelf) in stock {
            let pending = shelf.pending.iter().filter(|id| !is_abandoned(**id, now));
            let all = shelf.releases.iter().chain(pending).filter(|id| !without.contains(id));
            unread.extend(all.map(|id| (app.clone(), *id)).filter(|release| !named.read.contains(release)));
        }
        let mut manifests = stream::iter(unread)
            .map(|(app, id)| async move {
                let manifest = self.either_manifest(&app, id).await?;
                Ok::<_, StorageError>((app, id, manifest))
            })
            .buffer_unordered(AT_A_TIME);
        while let Some((app, id, manifest)) = manifests.try_next().await? {
            named
                .blobs
                .extend(manifest.iter().flat_map(|manifest| manifest.files.values()).map(|file| file.sha256));
            named.read.insert((app, id));
        }
        Ok(())
    }

    /// What a release holds, in the making or finished. In this order: it may be finished in between.
    async fn either_manifest(&self, app: &AppName, id: ReleaseId) -> Result<Option<Manifest>, StorageError> {
        match self.read_manifest(&Key::pending(app, id), app, id).await? {
            Some(pending) => Ok(Some(pending)),
            None => self.read_manifest(&Key::manifest(app, id), app, id).await,
        }
    }
}
