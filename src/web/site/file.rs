//! One file of a release with everything that its answers share.

use std::sync::OnceLock;

use http::HeaderValue;

use super::super::encoding::Coding;
use super::super::prepared::is_compressible;
use crate::model::{FileEntry, FilePath, encode_path};
use crate::releases::{Headers, Named};

/// A file of a release.
#[derive(Debug)]
pub(in crate::web) struct File {
    pub(in crate::web) path: FilePath,
    pub(in crate::web) entry: FileEntry,
    pub(in crate::web) content_type: HeaderValue,
    /// Whether its bytes get shorter.
    pub(in crate::web) compressible: bool,
    /// Whether its name changes with its content.
    pub(in crate::web) immutable: bool,
    /// The address it is served at, decoded, with a slash at its start.
    address: Box<str>,
    /// The same bytes, encoded by the publisher: by [`Coding`].
    siblings: [Option<FilePath>; 3],
    tags: OnceLock<Box<[HeaderValue; 4]>>,
    headers: OnceLock<Box<[Named]>>,
}

/// What bundlers name after its content; data and pages are never taken for it.
const BUNDLED: [&str; 20] = [
    "js", "mjs", "css", "map", "wasm", "woff", "woff2", "ttf", "otf", "eot", "svg", "png", "jpg", "jpeg",
    "gif", "webp", "avif", "ico", "mp4", "webm",
];

impl File {
    pub(super) fn new(
        path: &FilePath,
        entry: &FileEntry,
        address: &str,
        sibling: impl Fn(Coding) -> Option<FilePath>,
    ) -> Self {
        let unknown = HeaderValue::from_static("application/octet-stream");
        let compressible = is_compressible(&entry.media_type);
        Self {
            path: path.clone(),
            content_type: HeaderValue::from_str(&entry.media_type).unwrap_or(unknown),
            compressible,
            immutable: is_named_by_content(path.as_str()),
            address: format!("/{address}").into(),
            siblings: if compressible { Coding::ALL.map(sibling) } else { [None, None, None] },
            tags: OnceLock::new(),
            headers: OnceLock::new(),
            entry: entry.clone(),
        }
    }

    /// Its own address, as it stands in a URL.
    #[must_use]
    pub(in crate::web) fn location(&self) -> String {
        encode_path(&self.address)
    }

    /// Its own address, decoded, with a slash at its start.
    #[must_use]
    pub(in crate::web) fn address(&self) -> &str {
        &self.address
    }

    /// The file with its bytes in `coding`, where the publisher brought one.
    #[must_use]
    pub(in crate::web) fn sibling(&self, coding: Coding) -> Option<&FilePath> {
        self.siblings[coding as usize].as_ref()
    }

    /// The strong entity tags of the plain bytes and of each coding (RFC 9110, section 8.8.3.3).
    #[must_use]
    pub(in crate::web) fn tags(&self) -> &[HeaderValue; 4] {
        self.tags.get_or_init(|| {
            // Half of the digest tells any two versions apart.
            let hex = data_encoding::HEXLOWER.encode(&self.entry.sha256.as_bytes()[..16]);
            let tag = |ending: &str| {
                let text = format!("\"{hex}{ending}\"");
                HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"\""))
            };
            Box::new([tag(""), tag("-br"), tag("-zstd"), tag("-gzip")])
        })
    }

    /// What `rules` add at its own address.
    #[must_use]
    pub(super) fn headers(&self, rules: &Headers) -> &[Named] {
        self.headers.get_or_init(|| rules.of(&self.address).into())
    }
}

/// Whether a part of the name is a hash, as bundlers write it: `app.3f9a1c2b.js`, `index-BX3k9a.js`. A date or a word is
/// none: eight hexadecimal digits or more with letters and figures among them, or six and more with small and capital
/// letters and figures.
fn is_named_by_content(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    BUNDLED.contains(&ending.to_ascii_lowercase().as_str()) && stem.split(['.', '-']).skip(1).any(is_hash)
}

fn is_hash(part: &str) -> bool {
    let any = |test: fn(&u8) -> bool| part.as_bytes().iter().any(test);
    let hexadecimal = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let word = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let (small, capital) = (any(u8::is_ascii_lowercase), any(u8::is_ascii_uppercase));
    match part.len() {
        8..=64 if hexadecimal => any(u8::is_ascii_digit) && small,
        6..=64 if word => any(u8::is_ascii_digit) && small && capital,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_a_hash_are_told_from_dates_and_words() {
        for hashed in [
            "app.3f9a1c2b.js",
            "assets/index-BX3k9a.js",
            "main.3f9a1c2b.chunk.js.map",
            "x/quarto-syntax-07ba0ad10f5680c660e360ac31d2f3b6.css",
            "bootstrap-1bc8a17f135ab3d594c857e9f48e611b.min.css",
            "logo.5D3a9f_1.svg",
        ] {
            assert!(is_named_by_content(hashed), "{hashed}");
        }
        for plain in [
            "app.js",
            "report-2026.js",
            "figure-20261124.png",
            "report-2026q3.png",
            "plot-MyChart.js",
            "jquery-3.7.1.min.js",
            "data.3f9a1c2b.csv",
            "page.3f9a1c2b.html",
            "table-3f9a1c2b.json",
            "3f9a1c2b.js",
            "deadbeef",
            "x.deadbeef.js",
        ] {
            assert!(!is_named_by_content(plain), "{plain}");
        }
    }
}
