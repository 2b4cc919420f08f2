//! Where somebody goes after signing in.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest, in bytes: it travels in sealed cookies.
const LONGEST: usize = 2048;

/// A path with query on the same host, safe as a redirect's target.
///
/// It starts with a single `/`; no segment of its path is empty (but the last), `.` or `..`, plain or encoded;
/// all of it is printable ASCII without backslashes, as a URL is when it is written out (RFC 3986); 2,048 bytes
/// at the most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnPath(String);

/// Something that is not a [`ReturnPath`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address to return to is not a path on this host; open the page again from its link")]
pub struct InvalidReturnPath;

impl ReturnPath {
    /// The start page, `/`.
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The path in `given`, or the start page: a wrong address costs a click, and never leads elsewhere.
    #[must_use]
    pub fn or_root(given: &str) -> Self {
        given.parse().unwrap_or_else(|_| Self::root())
    }

    /// The path and query, ready for a `Location` header or a URL's end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ReturnPath {
    type Err = InvalidReturnPath;

    fn from_str(given: &str) -> Result<Self, InvalidReturnPath> {
        let printable = given.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if given.len() > LONGEST || !printable {
            return Err(InvalidReturnPath);
        }
        let path = given.split(['?', '#']).next().unwrap_or_default();
        let segments = path.strip_prefix('/').ok_or(InvalidReturnPath)?;
        let mut segments = segments.split('/').peekable();
        while let Some(segment) = segments.next() {
            let plain = segment.replace("%2e", ".").replace("%2E", ".");
            let empty = segment.is_empty() && segments.peek().is_some();
            if empty || plain == "." || plain == ".." {
                return Err(InvalidReturnPath);
            }
        }
        Ok(Self(given.to_owned()))
    }
}

impl fmt::Display for ReturnPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ReturnPath {
    type Error = InvalidReturnPath;

    fn try_from(given: String) -> Result<Self, InvalidReturnPath> {
        given.parse()
    }
}

impl From<ReturnPath> for String {
    fn from(path: ReturnPath) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn stays_home(path: &ReturnPath) -> bool {
        let home = Url::parse("https://sales.example.org:8443/some/page?x").unwrap();
        let there = home.join(path.as_str()).unwrap();
        there.origin() == home.origin()
            && there.username().is_empty()
            && there.as_str().ends_with(path.as_str())
    }

    #[test]
    fn paths_of_this_host_are_kept() {
        for good in
            ["/", "/a", "/a/", "/a/b?x=http://y//z", "/a?q=1#part", "/%C3%A9", "/-/enter?host=a", "/a:b@c"]
        {
            let path: ReturnPath = good.parse().unwrap();
            assert!(stays_home(&path), "{good}");
        }
    }

    #[test]
    fn other_places_become_the_start_page() {
        for bad in [
            "",
            "a",
            "//evil.org",
            "///evil.org",
            "/\\evil.org",
            "\\/evil.org",
            "https://evil.org",
            "/a//b",
            "/./a",
            "/../a",
            "/.//evil.org",
            "/%2e%2E/a",
            "/.%2e/a",
            "/%2e",
            "/a\r\nSet-Cookie: x",
            "/\t/evil.org",
            "/ a",
            "/é",
            "javascript:alert(1)",
            "?x",
            "#x",
            " /a",
            "/a\\b",
        ] {
            assert_eq!(ReturnPath::or_root(bad), ReturnPath::root(), "{bad:?}");
        }
        assert!(format!("/{}", "a".repeat(LONGEST)).parse::<ReturnPath>().is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn hostile_addresses_never_leave_the_host(
            parts in prop::collection::vec(prop::sample::select(vec![
                "/", "//", "\\", ".", "..", "%2e", "%2F", "%5c", "@", ":", "?", "#", "evil.org", "http:", "https://", "\t",
                "\r\n", "\0", " ", "a", "javascript:", "é", "\u{2028}", "[::1]", "%00", ";", "~", "localhost:80",
            ]), 0..10),
            rooted in any::<bool>(),
        ) {
            let given = format!("{}{}", if rooted { "/" } else { "" }, parts.concat());
            prop_assert!(stays_home_at_all(&ReturnPath::or_root(&given)), "{given:?}");
        }
    }

    /// Joining may encode some characters, so only where it leads is compared.
    fn stays_home_at_all(path: &ReturnPath) -> bool {
        let home = Url::parse("https://sales.example.org:8443/some/page?x").unwrap();
        let there = home.join(path.as_str()).unwrap();
        there.origin() == home.origin() && there.username().is_empty() && !there.path().starts_with("//")
    }
}
