//! Which edition of the guides from the bucket is shown, and why not a newer one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::ReleaseId;
use crate::releases;

/// The editions in the bucket, and how far this server is with them.
#[derive(Debug)]
pub struct Editions {
    /// The bucket's.
    pub bucket: releases::Editions,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    shown: Option<ReleaseId>,
    failed: Option<(ReleaseId, String)>,
}

impl Editions {
    /// None is shown yet.
    #[must_use]
    pub fn new(bucket: releases::Editions) -> Self {
        Self { bucket, state: Mutex::default() }
    }

    /// The edition that readers see; `None` before the first.
    #[must_use]
    pub fn shown(&self) -> Option<ReleaseId> {
        self.state().shown
    }

    /// Takes note that `edition` is shown now. A newer one may have failed to load.
    pub fn show(&self, edition: ReleaseId) {
        let mut state = self.state();
        state.shown = Some(edition);
        if state.failed.as_ref().is_some_and(|(failed, _)| *failed == edition) {
            state.failed = None;
        }
    }

    /// Takes note that `edition` does not load; true when that is news.
    pub fn fail(&self, edition: ReleaseId, reason: String) -> bool {
        let mut state = self.state();
        let news = state.failed.as_ref() != Some(&(edition, reason.clone()));
        state.failed = Some((edition, reason));
        news
    }

    /// A failure that no longer matters, because another edition is wanted.
    pub fn forget_failure(&self) {
        self.state().failed = None;
    }

    /// A sentence for authors when the edition that should be shown is not.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let state = self.state();
        let (failed, reason) = state.failed.as_ref()?;
        let shown = state.shown.map_or_else(|| "none".to_owned(), |shown| format!("`{shown}`"));
        Some(format!("Edition `{failed}` does not load: {reason}. Readers see {shown}."))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
