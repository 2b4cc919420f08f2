//! How much may be asked twice, and after how long: what helps against one slow answer must not bury a slow bucket.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What a second try costs. A good answer earns one, so that in the long run a tenth of all tries may be second ones.
const PRICE: u32 = 10;
/// What can be saved up: a hundred tries.
const MOST: u32 = 100 * PRICE;

/// Tries that may yet be made again.
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Budget {
    pub(super) fn full() -> Self {
        Self(AtomicU32::new(MOST))
    }

    /// Pays for a second try, where that can be afforded.
    pub(super) fn pay(&self) -> bool {
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, |held| held.checked_sub(PRICE)).is_ok()
    }

    /// A try was answered.
    pub(super) fn earn(&self) {
        let earned = |held: u32| (held < MOST).then_some(held + 1);
        let _full_already = self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, earned);
    }
}

/// How many answers are remembered, and how many it takes to know what is usual.
const REMEMBERED: usize = 128;
const ENOUGH: usize = 32;
/// Never sooner, and as long as little is known.
const SOONEST: Duration = Duration::from_millis(20);
const UNKNOWN: Duration = Duration::from_millis(500);

/// How long the last answers took to begin.
#[derive(Debug, Default)]
pub(super) struct Recent(Mutex<Times>);

#[derive(Debug, Default)]
struct Times {
    times: Vec<Duration>,
    next: usize,
}

impl Recent {
    pub(super) fn remember(&self, took: Duration) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = held.next;
        match held.times.get_mut(next) {
            Some(oldest) => *oldest = took,
            None => held.times.push(took),
        }
        held.next = (next + 1) % REMEMBERED;
    }

    /// What all but one in twenty answers came within.
    pub(super) fn usual(&self) -> Duration {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner).times.clone();
        if times.len() < ENOUGH {
            return UNKNOWN;
        }
        let rank = times.len() * 95 / 100;
        let (_, usual, _) = times.select_nth_unstable(rank);
        (*usual).max(SOONEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_long_run_a_tenth_is_tried_twice() {
        let budget = Budget::full();
        assert_eq!((0..1000).filter(|_| budget.pay()).count(), 100);
        (0..95).for_each(|_| budget.earn());
        assert_eq!((0..1000).filter(|_| budget.pay()).count(), 9);
        (0..5000).for_each(|_| budget.earn());
        assert_eq!((0..1000).filter(|_| budget.pay()).count(), 100, "no more than what can be saved up");
    }

    #[test]
    fn what_is_usual_follows_the_last_answers() {
        let recent = Recent::default();
        assert_eq!(recent.usual(), UNKNOWN);
        let millis = Duration::from_millis;
        (0..100).for_each(|n| recent.remember(millis(if n % 20 == 0 { 900 } else { 40 })));
        assert_eq!(recent.usual(), millis(900), "five in a hundred");
        (0..128).for_each(|n| recent.remember(millis(if n % 30 == 0 { 900 } else { 40 })));
        assert_eq!(recent.usual(), millis(40));
        (0..128).for_each(|_| recent.remember(millis(1)));
        assert_eq!(recent.usual(), SOONEST);
    }
}
