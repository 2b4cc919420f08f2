//! Who asks a letter at a time is not looked up among all apps for each letter.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::asker::Asker;
use crate::releases::Catalog;
use crate::search::{Kind, Scope};

/// How many askers are remembered.
const KEPT: usize = 64;

/// What was within whose sight in this very second, in one edition. A right that begins or ends by the clock is followed
/// within a second; one that is given or taken makes another catalog, and is followed at once.
#[derive(Default)]
pub(in crate::web) struct Recent(Mutex<VecDeque<Sight>>);

struct Sight {
    asker: Asker,
    within: Option<Kind>,
    second: i64,
    catalog: Arc<Catalog>,
    scope: Scope,
    sees_apps: bool,
}

impl Recent {
    /// What `asker` sees, and whether any app is among it: as it was worked out in the same `second` from the same
    /// `catalog`, else by `work_out`.
    pub(super) fn of(
        &self,
        asker: &Asker,
        within: Option<Kind>,
        second: i64,
        catalog: &Arc<Catalog>,
        work_out: impl FnOnce() -> (Scope, bool),
    ) -> (Scope, bool) {
        let now = |sight: &Sight| sight.second == second && Arc::ptr_eq(&sight.catalog, catalog);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |sight: &&Sight| now(sight) && sight.within == within && sight.asker.sees_as(asker);
        if let Some(sight) = kept.iter().find(same) {
            return (sight.scope.clone(), sight.sees_apps);
        }
        kept.retain(now);
        // Worked out outside the lock: others ask meanwhile.
        drop(kept);
        let (scope, sees_apps) = work_out();
        let (asker, catalog) = (asker.clone(), Arc::clone(catalog));
        let sight = Sight { asker, within, second, catalog, scope: scope.clone(), sees_apps };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(KEPT - 1);
        kept.push_front(sight);
        (scope, sees_apps)
    }
}
