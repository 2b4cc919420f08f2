//! When a browser last looked at the list of apps, in a cookie of its own that names nobody.
//!
//! It holds two moments: when the visit before began to end, which is what "new since your last visit" means, and when the
//! page was last looked at. A visit ends with half an hour of silence, so that looking twice does not make all of it old.

use std::time::Duration;

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

use super::cookie::{self, Cookie, CookieName};

/// The longest that browsers keep a cookie.
const LASTS: Duration = Duration::from_hours(24 * 400);
/// How long a silence ends a visit.
const SILENCE: SignedDuration = SignedDuration::from_mins(30);

/// The last visit, and this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastVisit {
    before: Option<Timestamp>,
    now: Timestamp,
}

impl LastVisit {
    /// What the browser that sends `headers` remembers.
    #[must_use]
    pub fn of(headers: &HeaderMap, now: Timestamp) -> Self {
        let held = cookie::read(headers, CookieName::Visit.as_str()).and_then(parse);
        let before = held.and_then(|(before, seen)| {
            let ended = now.duration_since(seen) >= SILENCE;
            if ended { Some(seen) } else { before }
        });
        Self { before: before.filter(|before| *before <= now), now }
    }

    /// When the visit before this one ended; `None` on the first.
    #[must_use]
    pub fn before(self) -> Option<Timestamp> {
        self.before
    }

    /// The cookie that remembers this one.
    #[must_use]
    pub fn cookie(self) -> Cookie {
        let before = self.before.map_or(0, Timestamp::as_second);
        Cookie::new(CookieName::Visit, format!("{before}-{}", self.now.as_second()), LASTS)
    }
}

/// `SECONDS-SECONDS`; 0 is none.
fn parse(text: &str) -> Option<(Option<Timestamp>, Timestamp)> {
    let (before, seen) = text.split_once('-')?;
    let second = |text: &str| Timestamp::from_second(text.parse::<u32>().ok()?.into()).ok();
    Some((second(before).filter(|before| before.as_second() > 0), second(seen)?))
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Visits at these moments, and since when things are new at the last of them.
    fn visits(moments: &[i64]) -> Option<i64> {
        let mut headers = HeaderMap::new();
        let mut before = None;
        for moment in moments {
            let visit = LastVisit::of(&headers, at(*moment));
            before = visit.before();
            let cookie = visit.cookie().header();
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            headers.insert(header::COOKIE, HeaderValue::try_from(pair).unwrap());
        }
        before.map(Timestamp::as_second)
    }

    #[test]
    fn a_visit_ends_with_half_an_hour_of_silence() {
        let hour = 3600;
        assert_eq!(visits(&[1000]), None, "on the first visit nothing is new");
        assert_eq!(visits(&[1000, 1100]), None);
        assert_eq!(visits(&[1000, 1000 + hour]), Some(1000));
        assert_eq!(
            visits(&[1000, 1100, 1100 + hour, 1200 + hour]),
            Some(1100),
            "looking twice leaves it new"
        );
        assert_eq!(visits(&[1000, 1000 + hour, 1000 + 2 * hour]), Some(1000 + hour));
    }

    #[test]
    fn what_cannot_be_read_is_a_first_visit() {
        for text in ["", "x", "1", "-1", "1-x", "99999999999-1", "5-99999999999"] {
            let mut headers = HeaderMap::new();
            let pair = format!("__Host-loggia-visit={text}");
            headers.insert(header::COOKIE, HeaderValue::try_from(pair).unwrap());
            assert_eq!(LastVisit::of(&headers, at(1000)).before(), None, "{text}");
        }
    }
}
