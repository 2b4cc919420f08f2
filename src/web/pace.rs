//! How often somebody may do something that could be guessing, or could fill the bucket. Counted on each server, in
//! memory, with a bound.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// How many are counted; when all of them are busy, nobody else may.
const MOST: usize = 10_000;

/// So many times within so long, for each name.
#[derive(Debug)]
pub(super) struct Pace {
    times: u32,
    within: SignedDuration,
    counted: Mutex<HashMap<String, (Timestamp, u32)>>,
}

/// What is paced.
#[derive(Debug)]
pub struct Paces {
    /// Commands that begin to wait, from one network.
    pub(super) begun: Pace,
    /// Codes that one person types.
    pub(super) typed: Pace,
    /// Questions of one command that waits.
    pub(super) asked: Pace,
}

impl Default for Paces {
    fn default() -> Self {
        Self {
            begun: Pace::new(30, SignedDuration::from_mins(10)),
            typed: Pace::new(10, SignedDuration::from_mins(10)),
            // A second less than commands are told to wait, since the network makes some of them early.
            asked: Pace::new(1, SignedDuration::from_secs(4)),
        }
    }
}

impl Pace {
    fn new(times: u32, within: SignedDuration) -> Self {
        Self { times, within, counted: Mutex::default() }
    }

    /// Counts once more for `name`, and says whether that is still within its pace.
    pub(super) fn allows(&self, name: &str, now: Timestamp) -> bool {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MOST {
            counted.retain(|_, (since, _)| now.duration_since(*since) < self.within);
        }
        if counted.len() >= MOST && !counted.contains_key(name) {
            return false;
        }
        let (since, times) = counted.entry(name.to_owned()).or_insert((now, 0));
        if now.duration_since(*since) >= self.within {
            (*since, *times) = (now, 0);
        }
        *times = times.saturating_add(1);
        *times <= self.times
    }
}

/// The network that counts as one asker: an IPv4 address, or the half of an IPv6 address that a site is given.
pub(super) fn network(from: IpAddr) -> String {
    match from {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn each_name_has_so_many_tries_within_so_long() {
        let pace = Pace::new(2, SignedDuration::from_secs(10));
        assert!(pace.allows("ann", at(0)) && pace.allows("ann", at(1)));
        assert!(!pace.allows("ann", at(9)), "a third is too many");
        assert!(pace.allows("bob", at(9)), "others are not held up");
        assert!(pace.allows("ann", at(10)));
    }

    #[test]
    fn more_names_than_are_counted_wait() {
        let pace = Pace::new(1, SignedDuration::from_secs(10));
        for n in 0..MOST {
            assert!(pace.allows(&n.to_string(), at(0)));
        }
        assert!(!pace.allows("one more", at(9)));
        assert!(pace.allows("one more", at(10)), "the old ones are forgotten");
    }

    #[test]
    fn a_site_with_many_addresses_counts_once() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
    }
}
