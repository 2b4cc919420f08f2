//! How often something may be tried: so many times at once, and again as time passes.
//!
//! A key costs one moment in time, whatever it did (the generic cell rate algorithm). A key that would be let through
//! at once is as good as one that was never seen, and is forgotten. The table has a bound; when it is full of keys that
//! count, new ones are told to wait, since in doubt nobody is let through. Every server counts for itself.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::Digest;

/// The most keys at a time, some 5 MB.
const MOST: usize = 100_000;

/// Counts tries by a key.
pub struct Rate {
    every: SignedDuration,
    at_once: i32,
    /// For each key, when it will be as good as new.
    seen: Mutex<HashMap<Digest, Timestamp>>,
    most: usize,
}

/// Too many tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that was tried too often; wait {} and try again", waiting(*.wait))]
pub struct TooMany {
    /// How long to wait before the next one.
    pub wait: Duration,
}

/// The addresses that count as one asker, as a key: an IPv4 address itself, and the /56 that a site usually has of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Neighbourhood(IpAddr);

impl Rate {
    /// `at_once` tries, and one more `every` so often.
    #[must_use]
    pub fn new(at_once: u16, every: Duration) -> Self {
        Self::holding(MOST, at_once, every)
    }

    fn holding(most: usize, at_once: u16, every: Duration) -> Self {
        let every = SignedDuration::try_from(every).unwrap_or(SignedDuration::MAX);
        Self { every, at_once: i32::from(at_once.max(1)), seen: Mutex::default(), most }
    }

    /// Counts a try of `key`.
    pub fn count(&self, key: &[u8], now: Timestamp) -> Result<(), TooMany> {
        let key = Digest::of(key);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let free = seen.get(&key).copied().unwrap_or(now).max(now);
        self.within(free, now)?;
        if seen.len() >= self.most && !seen.contains_key(&key) {
            seen.retain(|_, free| *free > now);
            if seen.len() >= self.most {
                return Err(TooMany { wait: self.every.unsigned_abs() });
            }
        }
        seen.insert(key, free.checked_add(self.every).unwrap_or(Timestamp::MAX));
        Ok(())
    }

    /// Whether a try of `key` would be let through. For what is counted only when it fails.
    pub fn check(&self, key: &[u8], now: Timestamp) -> Result<(), TooMany> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let free = seen.get(&Digest::of(key)).copied().unwrap_or(now).max(now);
        self.within(free, now)
    }

    /// Whether one more try fits when all so far are paid for at `free`.
    fn within(&self, free: Timestamp, now: Timestamp) -> Result<(), TooMany> {
        let allowed = self.every.checked_mul(self.at_once - 1).unwrap_or(SignedDuration::MAX);
        let over = free.duration_since(now) - allowed;
        if over <= SignedDuration::ZERO { Ok(()) } else { Err(TooMany { wait: over.unsigned_abs() }) }
    }
}

impl Neighbourhood {
    /// That of `address`.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            v4 @ IpAddr::V4(_) => Self(v4),
            IpAddr::V6(address) => {
                Self(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 72))))
            }
        }
    }

    /// It as a key.
    #[must_use]
    pub fn key(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}

impl TooMany {
    /// How long to wait, in whole seconds, at least one (RFC 9110, section 10.2.3).
    #[must_use]
    pub fn seconds(&self) -> u64 {
        self.wait.as_secs() + u64::from(self.wait.subsec_nanos() > 0 || self.wait.as_secs() == 0)
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rate({} at once, one every {})", self.at_once, self.every)
    }
}

fn waiting(wait: Duration) -> String {
    match wait.as_secs() {
        0..60 => "a minute".to_owned(),
        seconds if seconds < 3600 => format!("{} minutes", seconds.div_ceil(60).max(2)),
        seconds => format!("{} hours", seconds.div_ceil(3600).max(2)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn so_many_at_once_and_then_one_as_time_passes() {
        let rate = Rate::new(3, Duration::from_secs(10));
        for _ in 0..3 {
            assert_eq!(rate.count(b"a", at(100)), Ok(()));
        }
        assert_eq!(rate.count(b"a", at(100)), Err(TooMany { wait: Duration::from_secs(10) }));
        assert_eq!(rate.count(b"b", at(100)), Ok(()), "another key has its own count");
        assert_eq!(rate.count(b"a", at(109)), Err(TooMany { wait: Duration::from_secs(1) }));
        assert_eq!(rate.count(b"a", at(110)), Ok(()));
        assert!(rate.count(b"a", at(110)).is_err());
        for _ in 0..3 {
            assert_eq!(rate.count(b"a", at(1000)), Ok(()), "after a while it is as good as new");
        }
    }

    #[test]
    fn looking_counts_nothing() {
        let rate = Rate::new(1, Duration::from_secs(10));
        assert_eq!((rate.check(b"a", at(0)), rate.check(b"a", at(0))), (Ok(()), Ok(())));
        rate.count(b"a", at(0)).unwrap();
        assert!(rate.check(b"a", at(9)).is_err() && rate.check(b"a", at(10)).is_ok());
    }

    #[test]
    fn a_full_table_lets_nobody_new_in_until_old_keys_are_as_good_as_new() {
        let rate = Rate::holding(2, 5, Duration::from_secs(10));
        rate.count(b"a", at(0)).unwrap();
        rate.count(b"b", at(5)).unwrap();
        assert!(rate.count(b"c", at(9)).is_err());
        assert!(rate.count(b"a", at(9)).is_ok(), "who is known goes on");
        assert!(rate.count(b"c", at(15)).is_ok());
        assert_eq!(rate.seen.lock().unwrap().len(), 2);
    }

    #[test]
    fn a_site_counts_as_one() {
        let of = |address: &str| Neighbourhood::of(address.parse().unwrap());
        assert_eq!(of("2001:db8:1:200::1"), of("2001:db8:1:2ff:ffff::9"));
        assert_ne!(of("2001:db8:1:200::1"), of("2001:db8:1:300::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }

    #[test]
    fn waits_are_told_in_whole_seconds_and_in_words() {
        let many = |millis| TooMany { wait: Duration::from_millis(millis) };
        assert_eq!((many(1).seconds(), many(1500).seconds(), many(2000).seconds()), (1, 2, 2));
        assert!(many(2000).to_string().contains("wait a minute and"));
        assert!(many(125_000).to_string().contains("wait 3 minutes and"));
        assert!(many(3_600_000).to_string().contains("wait 2 hours and"));
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate(gaps in prop::collection::vec(0_i64..30, 1..200)) {
            let rate = Rate::new(4, Duration::from_secs(10));
            let mut now = 0;
            let mut passed = Vec::new();
            for gap in gaps {
                now += gap;
                if rate.count(b"a", at(now)).is_ok() {
                    passed.push(now);
                }
            }
            // In any stretch of time: four, and one for every ten seconds of it.
            for (first, from) in passed.iter().enumerate() {
                for (count, to) in passed[first..].iter().enumerate() {
                    let count = i64::try_from(count).unwrap() + 1;
                    prop_assert!(count <= 4 + (to - from) / 10);
                }
            }
        }
    }
}
