//! Codes and tokens that were given out, in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::access::session::after;
use crate::model::Entropy;

/// The most that are out at a time.
const MOST: usize = 1000;

/// Random names for values, each good for a while.
pub(super) struct Tickets<T> {
    life: Duration,
    out: Mutex<HashMap<String, (Timestamp, T)>>,
}

impl<T> Tickets<T> {
    pub(super) fn lasting(life: Duration) -> Self {
        Self { life, out: Mutex::default() }
    }

    /// A name for `value`; `None` when too many are out.
    pub(super) fn issue(&self, value: T, now: Timestamp, entropy: &Entropy) -> Option<String> {
        let mut out = self.out();
        out.retain(|_, (expires, _)| now < *expires);
        if out.len() >= MOST {
            return None;
        }
        let name = entropy.secret();
        out.insert(name.clone(), (after(now, self.life), value));
        Some(name)
    }

    /// The value called `name`, which is gone with this.
    pub(super) fn take(&self, name: &str, now: Timestamp) -> Option<T> {
        self.out().remove(name).filter(|(expires, _)| now < *expires).map(|(_, value)| value)
    }

    /// The value called `name`.
    pub(super) fn get(&self, name: &str, now: Timestamp) -> Option<T>
    where
        T: Clone,
    {
        self.out().get(name).filter(|(expires, _)| now < *expires).map(|(_, value)| value.clone())
    }

    fn out(&self) -> MutexGuard<'_, HashMap<String, (Timestamp, T)>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Tickets<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tickets({} out)", self.out().len())
    }
}
