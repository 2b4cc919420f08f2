//! From a request's path to a file of a release.

use percent_encoding::percent_decode_str;

use super::failure::Failure;
use crate::model::{FileEntry, FilePath, Manifest};

/// A request's path on an app's host, decoded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// The file or folder; `None` is the top folder.
    pub path: Option<FilePath>,
    /// Whether it ended with a slash.
    pub slash: bool,
}

/// What an app has at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'m> {
    /// This file.
    File(&'m FileEntry),
    /// A folder, whose address ends with a slash.
    Folder,
    /// Nothing.
    Missing,
}

impl Asked {
    /// Decodes `path` once. What a second reader might take for another file is refused: encoded slashes,
    /// backslashes, NUL, and dot segments in any encoding.
    pub(super) fn parse(path: &str) -> Result<Self, Failure> {
        let ambiguous = || Failure::BadRequest("this address can be read in more than one way".to_owned());
        let lower = path.to_ascii_lowercase();
        if lower.contains("%2f") || lower.contains("%5c") || lower.contains("%00") || path.contains('\\') {
            return Err(ambiguous());
        }
        let decoded = percent_decode_str(path).decode_utf8().map_err(|_| ambiguous())?;
        let relative = decoded.strip_prefix('/').ok_or_else(ambiguous)?;
        if relative.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(ambiguous());
        }
        let (relative, slash) = match relative.strip_suffix('/') {
            Some(folder) => (folder, true),
            None => (relative, relative.is_empty()),
        };
        if relative.is_empty() && !decoded.starts_with("//") {
            return Ok(Self { path: None, slash: true });
        }
        let path = relative.parse().map_err(|_| Failure::NotFound)?;
        Ok(Self { path: Some(path), slash })
    }

    /// Finds it: an exact file, `/page` as `page.html`, `/folder/` as `folder/index.html`.
    #[must_use]
    pub(super) fn find<'m>(&self, manifest: &'m Manifest) -> Found<'m> {
        let file = |name: &str| manifest.files.get(name);
        let Some(path) = &self.path else {
            return file("index.html").map_or(Found::Missing, Found::File);
        };
        let path = path.as_str();
        if self.slash {
            return file(&format!("{path}/index.html")).map_or(Found::Missing, Found::File);
        }
        if let Some(entry) = file(path).or_else(|| file(&format!("{path}.html"))) {
            return Found::File(entry);
        }
        match file(&format!("{path}/index.html")) {
            Some(_) => Found::Folder,
            None => Found::Missing,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Digest, Entropy, ReleaseId};

    fn manifest(paths: &[&str]) -> Manifest {
        let entry = |path: &str| FileEntry {
            sha256: Digest::of(path.as_bytes()),
            size: 1,
            media_type: "text/html; charset=utf-8".into(),
        };
        let files: BTreeMap<FilePath, _> =
            paths.iter().map(|path| (path.parse().unwrap(), entry(path))).collect();
        Manifest {
            app: "sales".parse().unwrap(),
            id: ReleaseId::new(Timestamp::UNIX_EPOCH, &Entropy::seeded(1)),
            files,
            by: "ann@example.org".parse().unwrap(),
            when: Timestamp::UNIX_EPOCH,
            message: None,
            source: None,
        }
    }

    const FILES: &[&str] = &[
        "index.html",
        "page.html",
        "data.csv",
        "folder/index.html",
        "a b/ü#%+.txt",
        "both",
        "both.html",
        "%2e%2e",
    ];

    fn digest_at(path: &str) -> Option<Digest> {
        let manifest = manifest(FILES);
        match Asked::parse(path).ok()?.find(&manifest) {
            Found::File(entry) => Some(entry.sha256),
            Found::Folder | Found::Missing => None,
        }
    }

    #[test]
    fn addresses_find_their_files() {
        for (path, file) in [
            ("/", "index.html"),
            ("/index.html", "index.html"),
            ("/page", "page.html"),
            ("/page.html", "page.html"),
            ("/data.csv", "data.csv"),
            ("/folder/", "folder/index.html"),
            ("/folder/index.html", "folder/index.html"),
            ("/a%20b/%C3%BC%23%25+.txt", "a b/ü#%+.txt"),
            ("/both", "both"),
            ("/%252e%252e", "%2e%2e"),
        ] {
            assert_eq!(digest_at(path), Some(Digest::of(file.as_bytes())), "{path}");
        }
        assert_eq!(Asked::parse("/folder").unwrap().find(&manifest(FILES)), Found::Folder);
        for missing in
            ["/missing", "/folder/x", "/data.csv/", "/page/", "//page", "/folder//", "/INDEX.html", "/-/x"]
        {
            assert_eq!(digest_at(missing), None, "{missing}");
        }
    }

    #[test]
    fn ambiguous_addresses_are_refused() {
        for path in
            ["/..", "/a/../b", "/%2e%2e/", "/a/%2E", "/a%2fb", "/a%5Cb", "/a\\b", "/a%00", "/%ff", "", "a"]
        {
            assert!(matches!(Asked::parse(path), Err(Failure::BadRequest(_))), "{path}");
        }
    }

    proptest! {
        #[test]
        fn only_files_of_the_manifest_are_found_and_each_by_its_own_name(path in "/[a-z%2eEfF./\\\\ -]{0,20}") {
            let manifest = manifest(FILES);
            if let Ok(asked) = Asked::parse(&path) && let Found::File(entry) = asked.find(&manifest) {
                let name = asked.path.as_ref().map_or("", FilePath::as_str);
                let candidates = [name.to_owned(), format!("{name}.html"), format!("{name}/index.html"), "index.html".into()];
                prop_assert!(candidates.iter().any(|name| entry.sha256 == Digest::of(name.as_bytes())));
            }
        }
    }
}
