//! A bucket that does not answer is left alone for a while, so that nobody waits for what will not come.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// After so many tries without an answer, one after another, only one try goes through at a time.
const OPENS_AFTER: u32 = 8;

/// Counts tries that came to nothing.
#[derive(Debug)]
pub(super) struct Breaker {
    /// How long the bucket is left alone between two tries.
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Tries without an answer since the last answer.
    failed: u32,
    /// When the next try goes through; `None` lets everything through.
    next: Option<Instant>,
}

impl Breaker {
    pub(super) fn new(rest: Duration) -> Self {
        Self { rest, state: Mutex::default() }
    }

    /// Lets a try through, or says how long until one may be made.
    pub(super) fn admit(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        match state.next {
            Some(next) if now < next => Err(next - now),
            Some(_) => {
                // This one finds out; whoever else comes meanwhile does not wait with it.
                state.next = Some(now + self.rest);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The bucket answered; true when it had been left alone.
    pub(super) fn answered(&self) -> bool {
        let mut state = self.state();
        state.failed = 0;
        state.next.take().is_some()
    }

    /// A try came to nothing; true when the bucket is left alone from now on.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut state = self.state();
        state.failed = state.failed.saturating_add(1);
        if state.failed < OPENS_AFTER {
            return false;
        }
        state.next.replace(now + self.rest).is_none()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(1);

    #[test]
    fn a_bucket_that_does_not_answer_is_asked_once_a_rest() {
        let (breaker, start) = (Breaker::new(REST), Instant::now());
        for _ in 1..OPENS_AFTER {
            assert!(!breaker.failed(start) && breaker.admit(start).is_ok());
        }
        assert!(breaker.failed(start), "that was one too many");
        assert_eq!(breaker.admit(start), Err(REST));
        assert!(breaker.admit(start + REST).is_ok(), "one finds out");
        assert_eq!(breaker.admit(start + REST), Err(REST), "nobody else");
        assert!(breaker.admit(start + REST * 2).is_ok(), "one that says nothing does not block the next");
    }

    #[test]
    fn an_answer_heals() {
        let (breaker, start) = (Breaker::new(REST), Instant::now());
        let opened = (0..OPENS_AFTER).filter(|_| breaker.failed(start)).count();
        assert_eq!(opened, 1);
        assert!(breaker.answered() && breaker.admit(start).is_ok());
        assert!(!breaker.failed(start), "it counts from nothing again");
    }
}
