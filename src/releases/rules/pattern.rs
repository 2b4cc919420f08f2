//! An address pattern: literal text, `:placeholders` that are whole segments, and one `*`. It is matched in one pass
//! over the path, without going back.

use percent_encoding::percent_decode_str;

use crate::model::encode_path;

/// A pattern for the path of an address, decoded once; it starts with a slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    before: Vec<Piece>,
    /// What follows the `*`, where there is one.
    after: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// Up to the next slash, and at least one character.
    Placeholder(String),
}

/// What placeholders stand for in an address that matched, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Matched<'p> {
    pairs: Vec<(&'p str, String)>,
}

/// How a value is written where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A path that is looked up: as it is.
    Decoded,
    /// The path of a URL.
    Path,
    /// The query or fragment of a URL.
    Query,
}

impl Pattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if !text.starts_with('/') || text.starts_with("//") {
            return Err("an address must start with one slash; other hosts' addresses are not answered here");
        }
        if text.contains(['?', '#']) {
            return Err(
                "an address to match has no `?` or `#`; write query parameters as `name=value` after it",
            );
        }
        let (before, after) = match text.split_once('*') {
            None => (text, None),
            Some((_, after)) if after.contains(['*', ':']) => {
                return Err("one `*` is the most, and no placeholder follows it");
            }
            Some((before, after)) => (before, Some(decode(after)?)),
        };
        let mut pieces = vec![Piece::Text(String::new())];
        for (at, segment) in before.split('/').enumerate() {
            if at > 0 {
                add(&mut pieces, "/");
            }
            match segment.strip_prefix(':') {
                Some(name) if is_name(name) => pieces.push(Piece::Placeholder(name.to_owned())),
                Some(_) => {
                    return Err("a placeholder is a whole segment of letters, digits and `_`: `/:name/`");
                }
                None => add(&mut pieces, &decode(segment)?),
            }
        }
        if after.is_some() && matches!(pieces.last(), Some(Piece::Placeholder(_))) {
            return Err("a placeholder is a whole segment; put a slash between it and the `*`");
        }
        Ok(Self { before: pieces, after })
    }

    /// The names that a match fills, `splat` among them.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let placeholders = self.before.iter().filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        });
        placeholders.chain(self.after.is_some().then_some("splat"))
    }

    /// Whether there is anything but literal text.
    pub(super) fn is_literal(&self) -> bool {
        self.names().next().is_none()
    }

    /// Matches a decoded path that starts with a slash. A slash at either end of the path or the pattern makes no
    /// difference, and `/a/*` matches `/a`.
    pub(super) fn matches<'p>(&'p self, path: &str) -> Option<Matched<'p>> {
        let mut matched = Matched::default();
        let mut rest = path;
        for piece in &self.before {
            match piece {
                Piece::Text(text) => match rest.strip_prefix(text.as_str()) {
                    Some(after) => rest = after,
                    // What is left of both is a slash at the end, and the pattern says `/a/*` or `/a/`.
                    None if text.strip_suffix('/') == Some(rest) => rest = "",
                    None => return None,
                },
                Piece::Placeholder(name) => {
                    let end = rest.find('/').unwrap_or(rest.len());
                    if end == 0 {
                        return None;
                    }
                    matched.pairs.push((name, rest[..end].to_owned()));
                    rest = &rest[end..];
                }
            }
        }
        match &self.after {
            None => matches!(rest, "" | "/").then_some(matched),
            Some(after) => {
                let splat = rest.strip_suffix(after.as_str())?;
                matched.pairs.push(("splat", splat.to_owned()));
                Some(matched)
            }
        }
    }

    /// Whether it matches, when nobody asks for the placeholders.
    pub(super) fn covers(&self, path: &str) -> bool {
        self.matches(path).is_some()
    }
}

impl<'p> Matched<'p> {
    pub(super) fn add(&mut self, name: &'p str, value: String) {
        self.pairs.push((name, value));
    }

    /// `template` with its placeholders filled in, written for `place`.
    pub(super) fn fill(&self, template: &str, place: Place) -> String {
        let mut filled = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some(colon) = rest.find(':') {
            filled.push_str(&rest[..colon]);
            let after = &rest[colon + 1..];
            let end = after.find(|c: char| !is_name_char(c)).unwrap_or(after.len());
            match self.pairs.iter().find(|(name, _)| *name == &after[..end]) {
                Some((_, value)) => filled.push_str(&place.write(value)),
                None => filled.push_str(&rest[colon..=colon + end]),
            }
            rest = &after[end..];
        }
        filled.push_str(rest);
        filled
    }
}

impl Place {
    fn write(self, value: &str) -> String {
        match self {
            Self::Decoded => value.to_owned(),
            Self::Path => encode_path(value),
            Self::Query => {
                percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
            }
        }
    }
}

fn add(pieces: &mut Vec<Piece>, text: &str) {
    match pieces.last_mut() {
        Some(Piece::Text(last)) => last.push_str(text),
        _ => pieces.push(Piece::Text(text.to_owned())),
    }
}

fn decode(text: &str) -> Result<String, &'static str> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| "its escapes are not UTF-8")?;
    let odd = decoded.contains('\\') || decoded.chars().any(char::is_control);
    if odd || decoded.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err("it has a control character, a backslash, or a `.` or `..` segment");
    }
    Ok(decoded.into_owned())
}

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_name_char)
}

pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn filled(pattern: &str, path: &str, template: &str) -> Option<String> {
        let pattern = Pattern::parse(pattern).unwrap();
        pattern.matches(path).map(|matched| matched.fill(template, Place::Decoded))
    }

    #[test]
    fn patterns_match_and_fill() {
        for (pattern, path, template, out) in [
            ("/a", "/a", "/b", Some("/b")),
            ("/a", "/a/", "/b", Some("/b")),
            ("/a/", "/a", "/b", Some("/b")),
            ("/a", "/ab", "/b", None),
            ("/", "/", "/b", Some("/b")),
            ("/", "/a", "/b", None),
            ("/*", "/", "/b/:splat", Some("/b/")),
            ("/*", "/x/y", "/b/:splat", Some("/b/x/y")),
            ("/a/*", "/a", "/b/:splat", Some("/b/")),
            ("/a/*", "/a/x", "/b/:splat", Some("/b/x")),
            ("/a/*", "/ax", "/b", None),
            ("/*.js", "/a/x.js", "/b", Some("/b")),
            ("/*.js", "/a/x.css", "/b", None),
            ("/n/:year/:slug", "/n/2026/hi", "/:slug-:year", Some("/hi-2026")),
            ("/n/:year/:slug", "/n/2026", "/", None),
            ("/n/:year", "/n/", "/", None),
            ("/n/:year/*", "/n/2026/x/y", "/:year/:splat/:other", Some("/2026/x/y/:other")),
            ("/caf%C3%A9", "/café", "/b", Some("/b")),
            ("/café", "/café", "/b", Some("/b")),
        ] {
            assert_eq!(filled(pattern, path, template).as_deref(), out, "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in [
            "",
            "a",
            "//a",
            "https://x/a",
            "/a*b*",
            "/*/:x",
            "/:",
            "/:a-b",
            "/a?b",
            "/a#b",
            "/%ff",
            "/a/../b",
            "/%2e%2e/",
            "/:a*",
        ] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_splat_is_a_part_of_the_path(path in "/[a-c/.]{0,12}", pattern in "/[a-c/:*.]{0,8}") {
            if let Ok(pattern) = Pattern::parse(&pattern) && let Some(matched) = pattern.matches(&path) {
                for (_, value) in &matched.pairs {
                    prop_assert!(path.contains(value.as_str()));
                }
            }
        }
    }
}
