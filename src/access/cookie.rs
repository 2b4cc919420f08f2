//! Cookies: read byte for byte, written in one way.
//!
//! Names are compared as bytes and never decoded, so that no spelling of a name can stand in for another
//! (RFC 6265bis, section 5.7). A name that arrives twice is nobody's: another host under the same domain may
//! have set one of the two. A pair that cannot be read never hides its neighbours.

use std::fmt;
use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// The longest value, in bytes: browsers keep 4,096 bytes of name and value (RFC 6265bis, section 5.6).
pub const LONGEST_VALUE: usize = 4000;

/// Every cookie of ours. All are `__Host-`: bound to the host that set them (RFC 6265bis, section 4.1.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CookieName {
    /// The session on the main host.
    Session,
    /// The session on an app's host.
    AppSession,
    /// The nonce that binds a hand-off to a browser, on an app's host.
    Nonce,
    /// Sign-ins that were begun, on the main host.
    SignIn,
    /// A code that was sent by e-mail, on the main host.
    EmailCode,
    /// What the provider is reminded with when somebody signs out, on the main host.
    Reminder,
    /// Says on an app's host when this browser was last told to forget what the origin had stored.
    Origin,
    /// When the list of apps was last looked at, on the main host.
    Visit,
}

impl CookieName {
    /// All of them.
    #[cfg(test)]
    const ALL: [Self; 8] = [
        Self::Session,
        Self::AppSession,
        Self::Nonce,
        Self::SignIn,
        Self::EmailCode,
        Self::Reminder,
        Self::Origin,
        Self::Visit,
    ];

    /// The name as it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "__Host-loggia",
            Self::AppSession => "__Host-loggia-app",
            Self::Nonce => "__Host-loggia-nonce",
            Self::SignIn => "__Host-loggia-sign-in",
            Self::EmailCode => "__Host-loggia-code",
            Self::Reminder => "__Host-loggia-reminder",
            Self::Origin => "__Host-loggia-origin",
            Self::Visit => "__Host-loggia-visit",
        }
    }
}

/// The value of the cookie called `name`; `None` when it is absent, came more than once, or is not
/// base64url of at most [`LONGEST_VALUE`] bytes.
#[must_use]
pub fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut found = None;
    for header in headers.get_all(COOKIE) {
        for pair in header.as_bytes().split(|&byte| byte == b';') {
            let pair = trim(pair);
            let Some(equals) = memchr::memchr(b'=', pair) else { continue };
            let (its_name, value) = (&pair[..equals], &pair[equals + 1..]);
            if its_name != name.as_bytes() {
                continue;
            }
            if found.is_some() {
                return None;
            }
            found = Some(value);
        }
    }
    let value = found?;
    is_value(value).then(|| std::str::from_utf8(value).ok()).flatten()
}

/// A cookie to set: `Path=/`, `Secure`, `HttpOnly`, `SameSite=Lax`, and without `Domain`.
///
/// `Lax` because a sign-in and a hand-off come back as cross-site navigations.
#[derive(Clone, PartialEq, Eq)]
pub struct Cookie {
    name: CookieName,
    value: String,
    max_age: Duration,
}

impl Cookie {
    /// The cookie that replaces `name` and ends at once.
    #[must_use]
    pub fn clear(name: CookieName) -> Self {
        Self { name, value: String::new(), max_age: Duration::ZERO }
    }

    /// Callers give base64url only.
    pub(super) fn new(name: CookieName, value: String, max_age: Duration) -> Self {
        debug_assert!(is_value(value.as_bytes()), "a cookie's value is base64url");
        Self { name, value, max_age }
    }

    /// The value of a `Set-Cookie` header.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "it never panics: the value is base64url, and the rest is ours"
    )]
    pub fn header(&self) -> HeaderValue {
        let text = format!(
            "{}={}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax",
            self.name.as_str(),
            self.value,
            self.max_age.as_secs()
        );
        let mut header = HeaderValue::try_from(text).expect("base64url is a header's value");
        header.set_sensitive(true);
        header
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=…", self.name.as_str())
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|byte| !space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !space(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

fn is_value(bytes: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=LONGEST_VALUE).contains(&bytes.len()) && bytes.iter().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "__Host-loggia";

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::from_bytes(line).unwrap())).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        for line in [
            "__Host-loggia=abc",
            "a=b; __Host-loggia=abc",
            "__Host-loggia=abc;a=b",
            "x;\t__Host-loggia=abc ; ; =y",
        ] {
            assert_eq!(read(&headers(&[line.as_bytes()]), NAME), Some("abc"), "{line}");
        }
    }

    #[test]
    fn no_other_spelling_is_the_name() {
        for line in [
            "__host-loggia=abc",
            "__Host%2Dloggia=abc",
            "__Host-loggia%20=abc",
            "__Host-loggia =abc",
            "__Host-loggia-app=abc",
            "\"__Host-loggia\"=abc",
            "==__Host-loggia=abc",
            "=__Host-loggia=abc",
            "__Host-loggia",
        ] {
            assert_eq!(read(&headers(&[line.as_bytes()]), NAME), None, "{line}");
        }
    }

    #[test]
    fn a_duplicate_means_signed_out() {
        assert_eq!(read(&headers(&[b"__Host-loggia=a; __Host-loggia=a"]), NAME), None);
        assert_eq!(read(&headers(&[b"__Host-loggia=a", b"x=y; __Host-loggia=b"]), NAME), None);
        assert_eq!(read(&headers(&[b"__Host-loggia=a; __Host-loggia="]), NAME), None);
        assert_eq!(read(&headers(&[b"__Host-loggia=a; __Host-loggia=\xff"]), NAME), None);
    }

    #[test]
    fn values_are_base64url_of_a_bounded_length() {
        for value in ["", "a b", "\"abc\"", "a%20", "a,b", "a=b", "é"] {
            let line = format!("{NAME}={value}");
            assert_eq!(read(&headers(&[line.as_bytes()]), NAME), None, "{line}");
        }
        let longest = format!("{NAME}={}", "a".repeat(LONGEST_VALUE));
        assert!(read(&headers(&[longest.as_bytes()]), NAME).is_some());
        assert!(read(&headers(&[format!("{longest}a").as_bytes()]), NAME).is_none());
    }

    #[test]
    fn a_cookie_says_everything_that_binds_it() {
        let cookie = Cookie::new(CookieName::AppSession, "abc".into(), Duration::from_mins(1));
        assert_eq!(
            cookie.header().to_str().unwrap(),
            "__Host-loggia-app=abc; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            Cookie::clear(CookieName::Nonce).header().to_str().unwrap(),
            "__Host-loggia-nonce=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"
        );
        assert!(!format!("{cookie:?} {:?}", cookie.header()).contains("abc"));
        for (place, name) in CookieName::ALL.into_iter().enumerate() {
            assert!(name.as_str().starts_with("__Host-"), "{name:?}");
            assert_eq!(name as usize, place, "each is here once");
        }
        assert_eq!(CookieName::Visit as usize + 1, CookieName::ALL.len(), "and none is left out");
    }

    proptest! {
        #[test]
        fn hostile_neighbours_hide_nothing(
            before in prop::collection::vec(r"[ -:<-~\x80-\xff]{0,12}(=[ -:<-~]{0,12})?", 0..6),
            after in prop::collection::vec(r"[ -:<-~\x80-\xff]{0,12}(=[ -:<-~]{0,12})?", 0..6),
        ) {
            let pairs: Vec<_> = before.iter().map(String::as_str).chain(["__Host-loggia=abc"])
                .chain(after.iter().map(String::as_str)).collect();
            let line = pairs.join(";");
            let headers = headers(&[line.as_bytes()]);
            prop_assert_eq!(read(&headers, NAME), Some("abc"));
        }

        #[test]
        fn whatever_is_read_was_sent_once_and_is_base64url(
            lines in prop::collection::vec(prop::collection::vec(
                prop_oneof![Just("__Host-loggia".to_owned()), Just("=".to_owned()), Just(";".to_owned()), r"[ -~\t\x80-\xff]{0,3}"], 0..12), 0..4),
        ) {
            let lines: Vec<Vec<u8>> = lines.into_iter().map(|parts| parts.concat().into_bytes()).collect();
            let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
            let headers = headers(&lines);
            if let Some(value) = read(&headers, NAME) {
                prop_assert!(is_value(value.as_bytes()));
                let sent = format!("{NAME}={value}");
                let times = lines.iter().flat_map(|line| line.split(|&b| b == b';'))
                    .filter(|pair| trim(pair) == sent.as_bytes()).count();
                prop_assert_eq!(times, 1);
            }
        }
    }
}
