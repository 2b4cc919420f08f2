//! Removing what was deleted too long ago to be restored, and what was never finished.

use std::collections::{BTreeSet, HashSet};

use crate::model::{App, AppName, ReleaseId};
use crate::releases::retention::older_by;
use crate::releases::{ReleaseError, Releases};
use crate::storage::{Key, Prefix};

use super::named::{Stock, is_abandoned};
use super::notice::Posted;
use super::{Cleared, Gone, YOUNG};

/// How many releases one notice names.
const AT_ONCE: usize = 1000;

impl Releases {
    /// Those of an app's releases `ids` that nobody can restore any more. The record says so before they are answered.
    pub(super) async fn give_up(
        &self,
        name: &AppName,
        ids: &[ReleaseId],
        cleared: &mut Cleared,
    ) -> Result<Vec<ReleaseId>, ReleaseError> {
        let Some(app) = self.record_or_warn(name).await? else { return Ok(Vec::new()) };
        let (now, restore) = (self.0.clock.now(), self.0.limits.restore);
        let change = |app: &mut App| {
            if app.deleted.is_some_and(|at| older_by(at, now) > restore) && app.cleared.is_none() {
                app.cleared = Some(now);
                app.current = None;
                app.previous.clear();
                app.activations.clear();
                app.retired.clear();
                app.kept.clear();
            }
            for retired in app.retired.iter_mut().filter(|retired| older_by(retired.at, now) > restore) {
                retired.clearing = true;
            }
        };
        let mut after = App::clone(&app);
        change(&mut after);
        if after != *app && !cleared.dry_run {
            let write = |app: &mut App| {
                change(app);
                Ok(())
            };
            after = App::clone(&*self.write(name, write).await?.0);
        }
        if after.cleared.is_some() {
            if app.cleared.is_none() {
                cleared.apps.push(name.clone());
            }
            return Ok(ids.to_vec());
        }
        let clearing = after.retired.iter().filter(|retired| retired.clearing);
        Ok(clearing.map(|retired| retired.release).collect())
    }

    /// Removes the text and the manifest of the releases `going`, but for apps that are being published to: their
    /// publishers may count on the files of any release.
    pub(super) async fn remove_releases(
        &self,
        stock: &Stock,
        going: &HashSet<ReleaseId>,
        mut posted: Option<Posted>,
        cleared: &mut Cleared,
    ) -> Result<Option<Posted>, ReleaseError> {
        let mut all: Vec<Gone> = Vec::new();
        for (app, shelf) in stock {
            let here = shelf.releases.iter().filter(|id| going.contains(id));
            all.extend(here.map(|release| Gone { app: app.clone(), release: *release }));
        }
        for batch in all.chunks(AT_ONCE) {
            let Some(held) = posted else {
                cleared.releases.extend_from_slice(batch);
                continue;
            };
            let releases: BTreeSet<ReleaseId> = batch.iter().map(|gone| gone.release).collect();
            let held = self.post_notice(held, BTreeSet::new(), releases).await?;
            // Looked at after the notice is up: whoever began before is seen here, whoever begins later sees it.
            let apps: BTreeSet<&AppName> = batch.iter().map(|gone| &gone.app).collect();
            let mut busy = HashSet::new();
            for app in apps {
                if self.is_being_published(app).await? {
                    busy.insert(app.clone());
                }
            }
            for gone in batch.iter().filter(|gone| !busy.contains(&gone.app)) {
                if !held.is_good(self.0.clock.now()) {
                    break;
                }
                self.0.storage.delete(&Key::text(&gone.app, gone.release)).await?;
                self.0.storage.delete(&Key::manifest(&gone.app, gone.release)).await?;
                cleared.releases.push(gone.clone());
            }
            posted = Some(held);
        }
        if !cleared.dry_run {
            self.forget_removed(&stock.keys().cloned().collect::<Vec<_>>(), cleared).await?;
        }
        Ok(posted)
    }

    /// Takes the releases that were removed out of their apps' records.
    async fn forget_removed(&self, apps: &[AppName], cleared: &Cleared) -> Result<(), ReleaseError> {
        for name in apps {
            let Some(app) = self.record_or_warn(name).await? else { continue };
            let clearing: Vec<ReleaseId> = app
                .retired
                .iter()
                .filter(|retired| retired.clearing)
                .map(|retired| retired.release)
                .collect();
            let mut removed = HashSet::new();
            for release in clearing {
                let now_gone = cleared.releases.iter().any(|gone| gone.release == release);
                if now_gone || self.0.storage.get(&Key::manifest(name, release)).await?.is_none() {
                    removed.insert(release);
                }
            }
            if !removed.is_empty() {
                let change = |app: &mut App| {
                    app.retired.retain(|retired| !removed.contains(&retired.release));
                    Ok(())
                };
                self.write(name, change).await?;
            }
        }
        Ok(())
    }

    async fn is_being_published(&self, app: &AppName) -> Result<bool, ReleaseError> {
        let now = self.0.clock.now();
        let pending = self.0.storage.list_all(&Prefix::pending(app)).await?.folders;
        Ok(pending.iter().filter_map(|id| id.parse().ok()).any(|id| !is_abandoned(id, now)))
    }

    /// Removes releases that were begun too long ago to be finished: what arrived for them, then what they were to be.
    pub(super) async fn remove_abandoned(
        &self,
        stock: &Stock,
        cleared: &mut Cleared,
    ) -> Result<(), ReleaseError> {
        let now = self.0.clock.now();
        for (app, shelf) in stock {
            for id in shelf.pending.iter().copied().filter(|id| is_abandoned(*id, now)) {
                if !cleared.dry_run {
                    self.forget_arrived(app, id).await?;
                    self.0.storage.delete(&Key::pending(app, id)).await?;
                }
                cleared.abandoned.push(Gone { app: app.clone(), release: id });
            }
        }
        Ok(())
    }

    /// Removes texts whose release is gone: a server may have taken one while its release was removed.
    pub(super) async fn remove_texts(
        &self,
        stock: &Stock,
        cleared: &mut Cleared,
    ) -> Result<(), ReleaseError> {
        let now = self.0.clock.now();
        for (app, shelf) in stock {
            let kept: HashSet<&ReleaseId> = shelf.releases.iter().collect();
            let old = shelf.texts.iter().filter(|(id, at)| !kept.contains(id) && older_by(*at, now) > YOUNG);
            for (id, _) in old {
                if !cleared.dry_run {
                    self.0.storage.delete(&Key::text(app, *id)).await?;
                }
                cleared.texts += 1;
            }
        }
        Ok(())
    }
}
