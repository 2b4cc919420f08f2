//! Removing what was deleted too long ago to be restored, and what was never finished.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::model::{App, AppName, ReleaseId};
use crate::releases::retention::older_by;
use crate::releases::{ReleaseError, Releases};
use crate::storage::{Key, Prefix};

use super::named::{Stock, is_abandoned};
use super::notice::Posted;
use super::{AT_A_TIME, Cleared, Gone, Reviewed, YOUNG};

/// How many releases one notice names.
const AT_ONCE: usize = 1000;

impl Releases {
    /// Finds those of an app's releases `ids` that nobody can restore any more. The record says so before they are told.
    pub(super) async fn give_up(
        &self,
        app: Arc<App>,
        ids: &[ReleaseId],
        dry_run: bool,
        reviewed: &mut Reviewed,
    ) -> Result<(), ReleaseError> {
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
        if after != *app && !dry_run {
            let write = |app: &mut App| {
                change(app);
                Ok(())
            };
            after = App::clone(&*self.write(&app.name, write).await?.0);
        }
        if after.cleared.is_some() {
            reviewed.given_up = app.cleared.is_none();
            if reviewed.given_up && !dry_run {
                self.0.storage.delete(&Key::synced(&app.name)).await?;
                self.0.storage.delete(&Key::copied(&app.name)).await?;
            }
            reviewed.going = ids.to_vec();
            return Ok(());
        }
        let clearing = after.retired.iter().filter(|retired| retired.clearing);
        reviewed.going = clearing.map(|retired| retired.release).collect();
        reviewed.clearing.clone_from(&reviewed.going);
        Ok(())
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
            let asking = apps.into_iter().map(|app| async move {
                Ok::<_, ReleaseError>(self.is_being_published(app).await?.then_some(app))
            });
            let asking: Vec<_> = asking.collect();
            let busy: Vec<Option<&AppName>> =
                stream::iter(asking).buffer_unordered(AT_A_TIME).try_collect().await?;
            let busy: HashSet<&AppName> = busy.into_iter().flatten().collect();
            let removing = batch.iter().filter(|gone| !busy.contains(&gone.app)).map(|gone| {
                let held = &held;
                async move {
                    if !held.is_good(self.0.clock.now()) {
                        return Ok(None);
                    }
                    self.0.storage.delete(&Key::text(&gone.app, gone.release)).await?;
                    self.0.storage.delete(&Key::manifest(&gone.app, gone.release)).await?;
                    Ok::<_, ReleaseError>(Some(gone.clone()))
                }
            });
            let removing: Vec<_> = removing.collect();
            let mut removed = stream::iter(removing).buffered(AT_A_TIME);
            while let Some(gone) = removed.try_next().await? {
                cleared.releases.extend(gone);
            }
            drop(removed);
            posted = Some(held);
        }
        Ok(posted)
    }

    /// Takes the releases that were removed out of the records of their apps, which call them `clearing`.
    pub(super) async fn forget_removed(
        &self,
        clearing: Vec<(AppName, Vec<ReleaseId>)>,
        cleared: &Cleared,
    ) -> Result<(), ReleaseError> {
        let now_gone: HashSet<ReleaseId> = cleared.releases.iter().map(|gone| gone.release).collect();
        let forgetting = clearing.into_iter().map(|(name, clearing)| {
            let now_gone = &now_gone;
            async move {
                let mut removed = HashSet::new();
                for release in clearing {
                    if now_gone.contains(&release)
                        || self.0.storage.get(&Key::manifest(&name, release)).await?.is_none()
                    {
                        removed.insert(release);
                    }
                }
                if !removed.is_empty() {
                    let change = |app: &mut App| {
                        app.retired.retain(|retired| !removed.contains(&retired.release));
                        Ok(())
                    };
                    self.write(&name, change).await?;
                }
                Ok::<_, ReleaseError>(())
            }
        });
        let forgetting: Vec<_> = forgetting.collect();
        stream::iter(forgetting).buffer_unordered(AT_A_TIME).try_collect::<()>().await
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
