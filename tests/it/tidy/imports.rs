//! Which rooms a file of `src/` names: the paths that start at the crate's root.
//!
//! 1. [`tokens`] reads names and punctuation, and skips comments, strings and character literals.
//! 2. [`rooms`] follows `crate::` and `super::` from where they stand, groups (`crate::{a, b}`) included.

/// A name or a mark of punctuation, and its line, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Token<'a> {
    text: &'a str,
    line: usize,
}

/// A room that is named, and the line where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) room: String,
    pub(super) line: usize,
}

/// The rooms named in `source`, the code of the module at `path` (`["web", "pages"]` for `src/web/pages.rs`).
pub(super) fn rooms(source: &str, path: &[&str]) -> Vec<Named> {
    let tokens = tokens(source);
    let text = |at: usize| tokens.get(at).map_or("", |token: &Token<'_>| token.text);
    let mut found = Vec::new();
    // How deep in braces each `mod name {` stands that is open here.
    let mut inline = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    while at < tokens.len() {
        match text(at) {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if inline.last() == Some(&depth) {
                    inline.pop();
                }
            }
            "mod" if text(at + 2) == "{" => inline.push(depth),
            "crate" if text(at + 1) == "::" => name_first(&tokens, at + 2, &mut found),
            "super" if text(at + 1) == "::" => {
                let mut up = 1;
                while text(at + 2) == "super" && text(at + 3) == "::" {
                    up += 1;
                    at += 2;
                }
                if up == path.len() + inline.len() {
                    name_first(&tokens, at + 2, &mut found);
                }
                at += 1;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Adds the name at `start`, or, at a `{`, the first name of every path in the group.
fn name_first(tokens: &[Token<'_>], start: usize, found: &mut Vec<Named>) {
    let mut add = |token: &Token<'_>| found.push(Named { room: token.text.to_owned(), line: token.line });
    let Some(first) = tokens.get(start) else { return };
    if first.text != "{" {
        add(first);
        return;
    }
    let mut depth = 0_usize;
    let mut begins = false;
    for token in &tokens[start..] {
        match token.text {
            "{" => {
                depth += 1;
                begins = depth == 1;
            }
            "}" => {
                depth -= 1;
                if depth == 0 {
                    return;
                }
            }
            "," => begins = depth == 1,
            _ => {
                if begins {
                    add(token);
                }
                begins = false;
            }
        }
    }
}

/// The names and the punctuation of `source`.
fn tokens(source: &str) -> Vec<Token<'_>> {
    let bytes = source.as_bytes();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let rest = &source[at..];
        let length = match bytes[at] {
            b'/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            b'/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            b'"' => string_length(rest),
            b'\'' => character_length(rest),
            byte if is_word(byte) => raw_string_length(rest).unwrap_or_else(|| {
                let length = rest.bytes().take_while(|byte| is_word(*byte)).count();
                tokens.push(Token { text: &rest[..length], line });
                length
            }),
            b':' if rest.starts_with("::") => {
                tokens.push(Token { text: "::", line });
                2
            }
            b'{' | b'}' | b',' | b';' => {
                tokens.push(Token { text: &rest[..1], line });
                1
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    tokens
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of the string that `rest` starts with, its quotes included.
fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of the raw string that `rest` starts with, when it does.
fn raw_string_length(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let hashes = after.bytes().take_while(|byte| *byte == b'#').count();
    let body = after[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let inside = body.find(&end).map_or(body.len(), |at| at + end.len());
    Some(1 + hashes + 1 + inside)
}

/// The length of the character literal that `rest` starts with; 1 where it is a lifetime's mark.
fn character_length(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(rest.len(), |at| at + 4),
        Some(_) => match characters.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

#[test]
fn rooms_are_read_from_every_way_of_writing_a_path() {
    let named = |source: &str, path: &[&str]| {
        rooms(source, path).into_iter().map(|named| named.room).collect::<Vec<_>>().join(" ")
    };
    let file = ["web", "pages"];
    for (source, expected) in [
        ("use crate::guides::Library;", "guides"),
        (
            "use crate::{\n    model::{AppName, Who},\n    storage,\n    theme::Theme as Look,\n};",
            "model storage theme",
        ),
        ("fn f(x: &'a crate::search::Index) {}", "search"),
        ("use super::super::releases::Catalog;", "releases"),
        ("use super::super::{access, config::Config};", "access config"),
        ("use super::layout;", ""),
        ("mod tests { use super::super::super::serve; } use super::super::cli;", "serve cli"),
        ("// use crate::guides;\n/* crate::guides */", ""),
        (r##"const A: &str = "crate::guides \" crate::web"; const B: &str = r#"crate::a " "#;"##, ""),
        (r"const QUOTE: char = '\''; use crate::config;", "config"),
        ("const QUOTE: char = '\"'; use crate::config; const END: char = '\"';", "config"),
    ] {
        assert_eq!(named(source, &file), expected, "{source}");
    }
    assert_eq!(
        named("use super::guides;", &["web"]),
        "guides",
        "a room's own file reaches the root by one `super`"
    );
    assert_eq!(rooms("\n\nuse crate::web;", &file)[0].line, 3);
}
