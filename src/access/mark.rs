//! A browser's mark of how often it was told to forget what an app's origin had stored.
//!
//! An app's record counts the times that its origin was cleared: whenever it is deleted. A browser whose mark says less
//! is told to forget, once, and gets the new mark. An app that was never cleared needs no mark, and sets none.

use std::time::Duration;

use http::HeaderMap;

use super::cookie::{self, Cookie, CookieName};

/// The longest that browsers keep a cookie.
const LASTS: Duration = Duration::from_hours(24 * 400);

/// How often an origin was cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginMark(pub u32);

impl OriginMark {
    /// Whether the browser that sends `headers` was told to forget as often as this.
    #[must_use]
    pub fn is_known_to(self, headers: &HeaderMap) -> bool {
        let held = || cookie::read(headers, CookieName::Origin.as_str()).and_then(|text| text.parse().ok());
        self.0 == 0 || held() == Some(self.0)
    }

    /// The cookie that remembers it.
    #[must_use]
    pub fn cookie(self) -> Cookie {
        Cookie::new(CookieName::Origin, self.0.to_string(), LASTS)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    #[test]
    fn a_browser_is_told_once_for_each_time() {
        let mut headers = HeaderMap::new();
        assert!(OriginMark(0).is_known_to(&headers));
        assert!(!OriginMark(1).is_known_to(&headers));
        headers.insert(header::COOKIE, HeaderValue::from_static("__Host-loggia-origin=1"));
        assert!(OriginMark(1).is_known_to(&headers));
        assert!(!OriginMark(2).is_known_to(&headers));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-loggia-origin=2"));
        assert!(!OriginMark(2).is_known_to(&headers), "a name that arrives twice is nobody's");
        let cookie = OriginMark(3).cookie().header();
        assert!(cookie.to_str().unwrap().starts_with("__Host-loggia-origin=3; Path=/; "));
    }
}
