//! Paths: of a file inside a release, and of a guide on the main host.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// The longest path, in bytes; S3 keys end at 1,024 with our prefix before them.
const LONGEST_PATH: usize = 900;

/// A path that is not one, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("path `{given}` cannot be used: {rule}")]
pub struct InvalidPath {
    given: String,
    rule: &'static str,
}

/// What is escaped where a path or a fragment stands in a URL (RFC 3986, sections 3.3 and 3.5).
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'[')
    .add(b']')
    .add(b'^')
    .add(b'|')
    .add(b'\\');

/// A decoded path or fragment as it stands in a URL.
#[must_use]
pub fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, ESCAPED).to_string()
}

/// The path of a file inside a release: relative, `/` between segments, compared as bytes.
///
/// No segment is empty, `.` or `..`; there are no control characters and no backslashes, and the first
/// segment is not `-`, which is Loggia's own on every host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FilePath(Arc<str>);

impl FilePath {
    /// The path as text, without a slash at its start.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl FromStr for FilePath {
    type Err = InvalidPath;

    fn from_str(given: &str) -> Result<Self, InvalidPath> {
        match broken_rule(given) {
            None => Ok(Self(given.into())),
            Some(rule) => {
                let given = given.chars().take(120).flat_map(shown).collect();
                Err(InvalidPath { given, rule })
            }
        }
    }
}

fn broken_rule(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.len() > LONGEST_PATH {
        return Some("it is longer than 900 bytes");
    }
    if path.chars().any(char::is_control) {
        return Some("it holds a control character");
    }
    if path.contains('\\') {
        return Some("it holds a backslash; write `/` between folders");
    }
    for segment in path.split('/') {
        match segment {
            "" => return Some("it has an empty segment; it must be relative, with single slashes"),
            "." | ".." => return Some("it has a `.` or `..` segment"),
            _ => {}
        }
    }
    (path == "-" || path.starts_with("-/")).then_some("a top folder named `-` is reserved; rename it")
}

/// Control characters become visible escapes, everything else stays readable.
fn shown(c: char) -> impl Iterator<Item = char> {
    let escaped = c.is_control().then(|| c.escape_default());
    let plain = escaped.is_none().then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

/// The address of a guide on the main host: `/` or `/a/b/`, percent-decoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct GuidePath(String);

impl GuidePath {
    /// The start page, `/`.
    #[must_use]
    pub fn root() -> Self {
        Self("/".to_owned())
    }

    /// The address of the guide in the file `relative` (`a/b.md`, `a/b/index.md`), both `/a/b/`.
    pub fn of_file(relative: &str) -> Result<Self, InvalidPath> {
        let stem = relative.strip_suffix(".md").unwrap_or(relative);
        let stem =
            stem.strip_suffix("index").filter(|rest| rest.is_empty() || rest.ends_with('/')).unwrap_or(stem);
        let stem = stem.trim_end_matches('/');
        if stem.is_empty() {
            return Ok(Self::root());
        }
        let checked: FilePath = stem.parse()?;
        Ok(Self(format!("/{}/", checked.0)))
    }

    /// The address with slashes at both ends, not percent-encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The segments between the slashes; none for the start page.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|segment| !segment.is_empty())
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for GuidePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for FilePath {
    type Error = InvalidPath;

    fn try_from(given: String) -> Result<Self, InvalidPath> {
        given.parse()
    }
}

impl From<FilePath> for String {
    fn from(path: FilePath) -> Self {
        path.0.as_ref().to_owned()
    }
}

impl From<GuidePath> for String {
    fn from(path: GuidePath) -> Self {
        path.0
    }
}

impl std::borrow::Borrow<str> for FilePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for GuidePath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_paths_are_refused_by_name() {
        for bad in
            ["", "/a", "a//b", "a/", "./a", "a/../b", "..", "a\\b", "a\0", "a\nb", "-/x", "-", "\u{7f}"]
        {
            assert!(bad.parse::<FilePath>().is_err(), "{bad:?}");
        }
        for good in ["a", "a/b.html", "…/ü #%+.txt", "a/-/b", "...", ".well-known/x"] {
            assert_eq!(good.parse::<FilePath>().unwrap().as_str(), good);
        }
        let error = "a\n/../b".parse::<FilePath>().unwrap_err().to_string();
        assert_eq!(error, r"path `a\n/../b` cannot be used: it holds a control character");
    }

    #[test]
    fn a_path_is_written_so_that_nothing_ends_it_early() {
        assert_eq!(encode_path("/a b/ü#%?[x]/"), "/a%20b/%C3%BC%23%25%3F%5Bx%5D/");
    }

    #[test]
    fn a_guide_file_has_one_address() {
        for (file, address) in
            [("index.md", "/"), ("a/b.md", "/a/b/"), ("a/b/index.md", "/a/b/"), ("reindex.md", "/reindex/")]
        {
            assert_eq!(GuidePath::of_file(file).unwrap().as_str(), address);
        }
        assert!(GuidePath::of_file("-/x.md").is_err());
    }

    proptest! {
        #[test]
        fn an_accepted_path_never_escapes(given in r"[a./\\\-\x00-\x20]{0,12}") {
            if let Ok(path) = given.parse::<FilePath>() {
                let joined = std::path::Path::new("/root").join(path.as_str());
                let normal = joined.components().all(|part| !matches!(part, std::path::Component::ParentDir));
                prop_assert!(normal && joined.starts_with("/root"));
            }
        }
    }
}
