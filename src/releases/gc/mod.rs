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
//!
//! Every step leaves a bucket in which whatever is named is there, so a run may end anywhere.

mod clear;
mod named;
mod notice;
mod sweep;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::model::{App, AppName, ReleaseId};

use super::retention::superfluous;
use super::{ReleaseError, Releases};

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
        let mut going = HashSet::new();
        for (app, shelf) in &stock {
            self.retire_old(app, &shelf.releases, cleared).await?;
            going.extend(self.give_up(app, &shelf.releases, cleared).await?);
        }
        let posted = self.remove_releases(&stock, &going, posted, cleared).await?;
        self.remove_abandoned(&stock, cleared).await?;
        self.remove_texts(&stock, cleared).await?;
        self.sweep(posted, &going, cleared).await
    }

    /// Deletes the releases that an app no longer keeps.
    async fn retire_old(
        &self,
        name: &AppName,
        ids: &[ReleaseId],
        cleared: &mut Cleared,
    ) -> Result<(), ReleaseError> {
        let Some(app) = self.record_or_warn(name).await?.filter(|app| app.deleted.is_none()) else {
            return Ok(());
        };
        let (now, limits) = (self.0.clock.now(), &self.0.limits);
        let mut old = superfluous(&app, ids, limits, now);
        if old.is_empty() {
            return Ok(());
        }
        if !cleared.dry_run {
            let change = |app: &mut App| {
                old = superfluous(app, ids, limits, now);
                for release in &old {
                    app.retire(*release, now);
                }
                Ok(())
            };
            self.write_live(name, change).await?;
        }
        cleared.retired.extend(old.into_iter().map(|release| Gone { app: name.clone(), release }));
        Ok(())
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
