//! Clearing away what nothing names: `loggia gc`.
//!
//! 1. Releases that an app no longer keeps are deleted, as a publisher would: they can be restored
//!    ([`super::retention`]).
//! 2. What was deleted longer ago than it can be restored is marked in its app's record, by a conditional write, so
//!    that nobody restores it from then on; its text and its manifest are removed ([`clear`]).
//! 3. So are releases that were begun and never finished.
//! 4. Every manifest that is left, finished or in the making, is read: what they name stays ([`named`]).
//! 5. Blobs that are not named, and older than [`YOUNG`], are put on a [`notice`]; what is named is looked at once more;
//!    then they are removed ([`sweep`]).
//! 6. Files that somebody began to store in parts and left are given up ([`uploads`]).
//!
//! Every step leaves a bucket in which whatever is named is there, so a run may end anywhere.

mod clear;
mod named;
mod notice;
mod sweep;
mod uploads;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use crate::model::{App, AppName, ReleaseId};
use crate::storage::UnfinishedUpload;

use super::retention::superfluous;
use super::{ReleaseError, Releases};

/// How many apps, or objects, are dealt with at a time.
const AT_A_TIME: usize = 16;
/// A blob younger than this is not removed, whether or not it is named.
const YOUNG: Duration = Duration::from_hours(24);

/// What a clearing did, or with `dry_run` would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cleared {
    /// Whether nothing was changed.
    pub dry_run: bool,
    /// Releases that were deleted for their age and can be restored.
    pub retired: Vec<Gone>,
    /// Releases whose files were cleared away.
    pub releases: Vec<Gone>,
    /// Deleted apps that were cleared away.
    pub apps: Vec<AppName>,
    /// Releases that were begun and never finished.
    pub abandoned: Vec<Gone>,
    /// Texts of releases that are gone.
    pub texts: usize,
    /// Files that somebody began to store in parts and left for more than a day.
    pub uploads: Vec<UnfinishedUpload>,
    /// Blobs that were removed.
    pub blobs: usize,
    /// Their size together, in bytes.
    pub bytes: u64,
    /// Blobs that are named.
    pub kept: usize,
    /// Blobs that are not named and younger than a day.
    pub young: usize,
}

/// A release that was taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// Its app.
    pub app: AppName,
    /// Which.
    pub release: ReleaseId,
}

/// What became of one app.
#[derive(Debug, Default)]
struct Reviewed {
    /// Releases that were deleted for their age.
    retired: Vec<ReleaseId>,
    /// Releases that nobody can restore any more.
    going: Vec<ReleaseId>,
    /// Those that its record says are being cleared away, of an app that is not cleared away itself.
    clearing: Vec<ReleaseId>,
    /// Whether it was given up itself, just now.
    given_up: bool,
}

impl Releases {
    /// Clears away what nothing names; with `dry_run` it changes nothing and tells what it would do. After an error,
    /// what was done so far stands, and it can be repeated ten minutes later.
    pub async fn clear(&self, dry_run: bool) -> Result<Cleared, ReleaseError> {
        let mut cleared = Cleared { dry_run, ..Cleared::default() };
        if dry_run {
            self.clear_into(&mut cleared, None).await?;
        } else {
            let posted = self.begin_clearing().await?;
            if let Some(posted) = self.clear_into(&mut cleared, Some(posted)).await? {
                self.end_clearing(posted).await?;
            }
        }
        Ok(cleared)
    }

    async fn clear_into(
        &self,
        cleared: &mut Cleared,
        posted: Option<notice::Posted>,
    ) -> Result<Option<notice::Posted>, ReleaseError> {
        let stock = self.stock().await?;
        let reviewing = stock.iter().map(|(app, shelf)| self.review(app, &shelf.releases, cleared.dry_run));
        let reviewing: Vec<_> = reviewing.collect();
        let reviewed: Vec<Reviewed> = stream::iter(reviewing).buffered(AT_A_TIME).try_collect().await?;
        let mut going = HashSet::new();
        let mut clearing = Vec::new();
        for (name, app) in stock.keys().zip(reviewed) {
            let gone = |release| Gone { app: name.clone(), release };
            cleared.retired.extend(app.retired.into_iter().map(gone));
            cleared.apps.extend(app.given_up.then(|| name.clone()));
            going.extend(app.going);
            clearing.extend((!app.clearing.is_empty()).then(|| (name.clone(), app.clearing)));
        }
        let posted = self.remove_releases(&stock, &going, posted, cleared).await?;
        if !cleared.dry_run {
            self.forget_removed(clearing, cleared).await?;
        }
        self.remove_abandoned(&stock, cleared).await?;
        self.remove_texts(&stock, cleared).await?;
        self.end_uploads(cleared).await?;
        self.sweep(posted, &going, cleared).await
    }

    /// Deletes the releases `ids` of an app that it no longer keeps, and gives up those that nobody can restore any more.
    /// Its record is read once; what is written is decided again within the conditional write.
    async fn review(
        &self,
        name: &AppName,
        ids: &[ReleaseId],
        dry_run: bool,
    ) -> Result<Reviewed, ReleaseError> {
        let mut reviewed = Reviewed::default();
        let Some(app) = self.record_or_warn(name).await? else { return Ok(reviewed) };
        let app = self.retire_old(app, ids, dry_run, &mut reviewed).await?;
        self.give_up(app, ids, dry_run, &mut reviewed).await?;
        Ok(reviewed)
    }

    /// Deletes the releases that an app no longer keeps; answers it afterwards.
    async fn retire_old(
        &self,
        app: Arc<App>,
        ids: &[ReleaseId],
        dry_run: bool,
        reviewed: &mut Reviewed,
    ) -> Result<Arc<App>, ReleaseError> {
        if app.deleted.is_some() {
            return Ok(app);
        }
        let (now, limits) = (self.0.clock.now(), &self.0.limits);
        let mut old = superfluous(&app, ids, limits, now);
        let mut after = app.clone();
        if !old.is_empty() && !dry_run {
            let change = |app: &mut App| {
                old = superfluous(app, ids, limits, now);
                for release in &old {
                    app.retire(*release, now);
                }
                Ok(())
            };
            after = match self.write_live(&app.name, change).await {
                Ok((after, _)) => after,
                // It was deleted since it was read: the next run deals with it.
                Err(ReleaseError::Deleted(_)) => return Ok(app),
                Err(error) => return Err(error),
            };
        }
        reviewed.retired = old;
        Ok(after)
    }

    /// An app's record; `None` when it has none, or none that can be read: it then keeps what it holds.
    async fn record_or_warn(&self, name: &AppName) -> Result<Option<Arc<App>>, ReleaseError> {
        match self.read(name).await {
            Ok(app) => Ok(Some(app)),
            Err(ReleaseError::NoApp(_)) => Ok(None),
            Err(ReleaseError::Storage(error @ crate::storage::StorageError::Unexpected { .. })) => {
                tracing::warn!(%error, app = %name, "this app's record cannot be read; all that it holds is kept");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
