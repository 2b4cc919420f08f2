//! Which releases an app keeps, and what deletes and restores one.
//!
//! 1. [`superfluous`] is the rule: pure, asked again within the conditional write that follows it.
//! 2. A release that is deleted, for its age or by a publisher, stays in the bucket and can be restored. It is in the
//!    app's record as [`crate::model::Retired`], so that deleting, restoring and making live are put in order by
//!    the conditional writes of one record.
//! 3. Clearing its files away is [`super::gc`]'s part.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::Limits;
use crate::model::{App, AppName, AuditAction, Manifest, ReleaseId};
use crate::storage::Key;

use super::{By, ReleaseError, Releases};

/// For how long after it was begun a release can be finished.
pub(super) const FINISHED_WITHIN: Duration = Duration::from_hours(7 * 24);
/// How many restored releases are remembered; age may delete the first of them again.
const MOST_KEPT: usize = 50;

/// Those of `ids`, an app's finished releases in any order, that it no longer keeps.
pub(super) fn superfluous(app: &App, ids: &[ReleaseId], limits: &Limits, now: Timestamp) -> Vec<ReleaseId> {
    let within = |at: Timestamp, age: Duration| older_by(at, now) < age;
    let mut live: HashSet<ReleaseId> = app.current.into_iter().collect();
    live.extend(app.previous.first());
    // What open pages may still ask for: whatever was replaced within that time.
    let kept_for = Duration::try_from(app.settings.kept_for()).unwrap_or_default();
    let replaced = app.activations.windows(2).take_while(|pair| within(pair[0].at, kept_for));
    live.extend(replaced.map(|pair| pair[1].release));
    let was_live = |id: &ReleaseId| {
        app.previous.contains(id) || app.activations.iter().any(|activation| activation.release == *id)
    };
    let mut ids: Vec<ReleaseId> = ids.iter().copied().filter(|id| app.retired(*id).is_none()).collect();
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids.dedup();
    // A release may still be on its way from finished to live for as long as it may be finished.
    let drafts_age = limits.drafts_age.max(FINISHED_WITHIN * 2);
    let old = ids.into_iter().enumerate().filter(|(newer, id)| {
        let young = if was_live(id) {
            *newer < limits.releases_kept || within(id.begun(), limits.releases_age)
        } else {
            within(id.begun(), drafts_age)
        };
        !young && !live.contains(id) && !app.kept.contains(id)
    });
    old.map(|(_, id)| id).collect()
}

/// How long ago `at` was; nothing when it is still to come.
pub(super) fn older_by(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or_default()
}

impl Releases {
    /// Deletes a release that is not live: nobody can open it, and it can be restored.
    pub async fn delete_release(
        &self,
        name: &AppName,
        release: ReleaseId,
        by: &By,
    ) -> Result<Arc<App>, ReleaseError> {
        if self.standing(name, release).await?.is_none() {
            return Err(ReleaseError::NoRelease { app: name.clone(), release });
        }
        let now = self.0.clock.now();
        let change = |app: &mut App| {
            if app.current == Some(release) {
                return Err(ReleaseError::Live { app: name.clone(), release });
            }
            app.retire(release, now);
            Ok(())
        };
        self.change(name, by, AuditAction::ReleaseDeleted { release }, change).await
    }

    /// Brings a deleted release back, as one that is not live; its age does not delete it again. One that was not
    /// deleted stays as it is.
    pub async fn restore_release(
        &self,
        name: &AppName,
        release: ReleaseId,
        by: &By,
    ) -> Result<Arc<App>, ReleaseError> {
        let manifest = self.read_manifest(&Key::manifest(name, release), name, release).await?;
        let gone = || ReleaseError::NoRelease { app: name.clone(), release };
        manifest.ok_or_else(gone)?;
        let change = |app: &mut App| match app.retired(release) {
            None => Ok(()),
            Some(retired) if retired.clearing => Err(gone()),
            Some(_) => {
                app.retired.retain(|retired| retired.release != release);
                app.kept.insert(0, release);
                app.kept.truncate(MOST_KEPT);
                Ok(())
            }
        };
        self.change(name, by, AuditAction::ReleaseRestored { release }, change).await
    }

    /// The manifest of a finished release, as it is in the bucket now, unless it is deleted; `None` when there is none.
    ///
    /// Whoever makes a release live asks this first. The record is read before the manifest: a release whose
    /// manifest is there although its record does not call it deleted stays for as long as deleted ones do.
    pub(super) async fn standing(
        &self,
        name: &AppName,
        release: ReleaseId,
    ) -> Result<Option<Arc<Manifest>>, ReleaseError> {
        let app = self.read(name).await?;
        if app.deleted.is_some() {
            return Err(ReleaseError::Deleted(name.clone()));
        }
        require_kept(&app, release)?;
        Ok(self.read_manifest(&Key::manifest(name, release), name, release).await?.map(Arc::new))
    }
}

/// The release was not deleted.
pub(super) fn require_kept(app: &App, release: ReleaseId) -> Result<(), ReleaseError> {
    match app.retired(release) {
        None => Ok(()),
        Some(_) => Err(ReleaseError::DeletedRelease { app: app.name.clone(), release }),
    }
}
