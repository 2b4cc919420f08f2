//! From a request's path to a file of a release: "auto trailing slash".
//!
//! 1. [`Asked`]: the path, decoded once.
//! 2. [`canonical`]: the one address at which a file is served; any other leads there.
//! 3. [`alias`]: which files an address may stand for when none is served at it.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::failure::Failure;
use crate::model::FilePath;

/// A request's path on an app's host, decoded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked<'r> {
    /// Without the slash at its start, with one at its end if that was asked for; empty is the top.
    address: Cow<'r, str>,
}

impl<'r> Asked<'r> {
    /// Decodes `path` once. What a second reader might take for another file is refused: encoded slashes,
    /// backslashes, NUL, and dot segments in any encoding.
    pub(super) fn parse(path: &'r str) -> Result<Self, Failure> {
        let ambiguous = || Failure::BadRequest("this address can be read in more than one way".to_owned());
        if is_ambiguous(path.as_bytes()) {
            return Err(ambiguous());
        }
        let decoded = percent_decode_str(path).decode_utf8().map_err(|_| ambiguous())?;
        if !decoded.starts_with('/') || decoded.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(ambiguous());
        }
        let address = match decoded {
            Cow::Borrowed(decoded) => Cow::Borrowed(&decoded[1..]),
            Cow::Owned(mut decoded) => {
                decoded.remove(0);
                Cow::Owned(decoded)
            }
        };
        Ok(Self { address })
    }

    /// The file or folder that is asked for: the value that is authorised. `None` is the top; what no file can be
    /// called is not found.
    pub(super) fn path(&self) -> Result<Option<FilePath>, Failure> {
        if self.address.is_empty() {
            return Ok(None);
        }
        let path = self.address.strip_suffix('/').unwrap_or(&self.address);
        path.parse().map(Some).map_err(|_| Failure::NotFound)
    }

    /// The address: no slash at its start, and at its end only if that was asked for.
    #[must_use]
    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

/// Whether a path, not decoded yet, has something that another reader would read otherwise.
fn is_ambiguous(path: &[u8]) -> bool {
    if memchr::memchr2(b'%', b'\\', path).is_none() {
        return false;
    }
    let escaped = |rest: &[u8]| {
        matches!(rest, [b'%', b'2', b'f' | b'F', ..] | [b'%', b'5', b'c' | b'C', ..] | [b'%', b'0', b'0', ..])
    };
    path.contains(&b'\\') || (0..path.len()).any(|at| escaped(&path[at..]))
}

/// The one address at which the file `path` is served, where `is_file` says what other files there are: without
/// `.html`, unless a file is called so, and `folder/` for its `index.html`.
pub(super) fn canonical(path: &str, is_file: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let Some(stem) = path.strip_suffix(".html") else { return Cow::Borrowed(path) };
    if stem == "index" {
        return Cow::Borrowed("");
    }
    if let Some(folder) = stem.strip_suffix("/index") {
        return Cow::Owned(format!("{folder}/"));
    }
    let nameless = stem.is_empty() || stem.ends_with('/');
    Cow::Borrowed(if nameless || is_file(stem) { path } else { stem })
}

/// The file that an address stands for although it is served at another one; `is_file` says which there are.
pub(super) fn alias(address: &str, is_file: impl Fn(&str) -> bool) -> Option<Cow<'_, str>> {
    let index = |folder: &str| {
        if folder.is_empty() { "index.html".to_owned() } else { format!("{folder}/index.html") }
    };
    let page = |stem: &str| format!("{stem}.html");
    // `/page.html`, `/folder/index.html`: under their own names.
    if is_file(address) {
        return Some(Cow::Borrowed(address));
    }
    let within = if matches!(address, "index" | "index.html") {
        Some("")
    } else {
        address.strip_suffix("/index").or_else(|| address.strip_suffix("/index.html"))
    };
    let candidates = match (address.strip_suffix('/'), within) {
        (Some(stem), _) => [page(stem), String::new()],
        (None, Some(folder)) => [index(folder), page(folder)],
        (None, None) => [index(address), String::new()],
    };
    candidates.into_iter().find(|path| is_file(path)).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ambiguous_addresses_are_refused() {
        for path in [
            "/..",
            "/a/../b",
            "/%2e%2e/",
            "/a/%2E",
            "/a%2fb",
            "/a%5Cb",
            "/a\\b",
            "/a%00",
            "/%ff",
            "",
            "a",
            "/.",
            "/%2E%2e/x",
        ] {
            assert!(matches!(Asked::parse(path), Err(Failure::BadRequest(_))), "{path}");
        }
        for path in ["//page", "/folder//", "/-/x", "/%2D/x", "/a%0Ab", "//"] {
            assert!(matches!(Asked::parse(path).unwrap().path(), Err(Failure::NotFound)), "{path}");
        }
    }

    #[test]
    fn paths_are_decoded_once() {
        for (path, address) in [
            ("/", ""),
            ("/a", "a"),
            ("/a/", "a/"),
            ("/a%20b/%C3%BC%23%25+.txt", "a b/ü#%+.txt"),
            ("/%252e%252e", "%2e%2e"),
            ("/%252f", "%2f"),
            ("/100%", "100%"),
        ] {
            assert_eq!(Asked::parse(path).unwrap().address(), address, "{path}");
        }
    }

    #[test]
    fn a_file_has_one_address() {
        let files = ["both", "both.html", "a/index", "index.html"];
        for (path, address) in [
            ("index.html", ""),
            ("page.html", "page"),
            ("both.html", "both.html"),
            ("both", "both"),
            ("folder/index.html", "folder/"),
            ("a/index.html", "a/"),
            ("data.csv", "data.csv"),
            (".html", ".html"),
            ("a/.html", "a/.html"),
            ("index.html.html", "index.html.html"),
            ("page.htm", "page.htm"),
        ] {
            assert_eq!(canonical(path, |name| files.contains(&name)), address, "{path}");
        }
    }
}
