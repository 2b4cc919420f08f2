//! Time, handed in so that a test can hold it still or move it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// Where "now" comes from: the system, or a test's hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at `at` until [`Clock::advance`] moves it. Clones share the hand.
    #[must_use]
    pub fn fixed(at: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.as_millisecond()))))
    }

    /// Now, to the millisecond for a fixed clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            None => system_now(),
            Some(hand) => Timestamp::from_millisecond(hand.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX),
        }
    }

    /// Moves a fixed clock forward; the system's clock stays as it is.
    pub fn advance(&self, by: std::time::Duration) {
        if let Some(hand) = &self.0 {
            let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
            hand.fetch_add(by, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one clock that everybody else is handed")]
fn system_now() -> Timestamp {
    Timestamp::now()
}
