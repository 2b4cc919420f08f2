//! What authors write into a line beyond Markdown: `==marked==`, `++ctrl+c++`, `:tada:` and `{ .class }` after a link.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, Tag, TagEnd};

use super::blocks::Mark;
use super::events::{Noticed, Spanned};
use super::html::escape;

/// A longer list of attributes is text.
const LONGEST_ATTRIBUTES: usize = 200;

/// Turns such constructs into events of their own.
pub(super) fn adorn<'a>(events: Vec<Spanned<'a>>, noticed: &mut Vec<(usize, Noticed)>) -> Vec<Spanned<'a>> {
    let mut adorning = Adorning {
        out: Vec::with_capacity(events.len()),
        noticed,
        starts: Vec::new(),
        last_start: None,
        open: None,
        depth: 0,
    };
    let mut in_code = false;
    for (event, range) in events {
        match &event {
            Event::Text(text) if !in_code && has_any(text) => {
                adorning.text(text, &range);
                continue;
            }
            Event::Start(tag) => {
                in_code |= matches!(tag, Tag::CodeBlock(_));
                adorning.starts.push(adorning.out.len());
                adorning.depth += 1;
            }
            Event::End(tag) => {
                in_code &= !matches!(tag, TagEnd::CodeBlock);
                adorning.depth = adorning.depth.saturating_sub(1);
                adorning.open.take_if(|open| open.depth > adorning.depth);
                let start = adorning.starts.pop();
                if matches!(tag, TagEnd::Link | TagEnd::Image) {
                    adorning.out.push((event, range));
                    adorning.last_start = start;
                    continue;
                }
            }
            _ => {}
        }
        adorning.last_start = None;
        adorning.out.push((event, range));
    }
    adorning.out
}

fn has_any(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first() == Some(&b'{')
        || memchr::memchr3(b':', b'^', b'~', bytes).is_some()
        || memchr::memmem::find(bytes, b"==").is_some()
        || memchr::memmem::find(bytes, b"++").is_some()
}

struct Adorning<'a, 'n> {
    out: Vec<Spanned<'a>>,
    noticed: &'n mut Vec<(usize, Noticed)>,
    /// Where in `out` the open elements start.
    starts: Vec<usize>,
    /// Where in `out` the link or image starts that just ended.
    last_start: Option<usize>,
    /// A `==` that may begin a mark.
    open: Option<Opened>,
    depth: usize,
}

/// A `==` at `index` of the events, `depth` elements deep.
struct Opened {
    index: usize,
    depth: usize,
}

impl Adorning<'_, '_> {
    fn text(&mut self, text: &str, range: &Range<usize>) {
        let mut rest = text;
        if let Some((length, written)) = self.last_start.and_then(|_| attributes(text)) {
            if let Some(start) = self.last_start {
                self.out.insert(start, (Mark::attributes(written), range.clone()));
                if let Some(open) = self.open.as_mut().filter(|open| open.index >= start) {
                    open.index += 1;
                }
            }
            rest = text.get(length..).unwrap_or_default();
        }
        self.last_start = None;
        let mut plain = String::new();
        let mut before = None;
        while let Some(c) = rest.chars().next() {
            let apart = before.is_none_or(|c: char| !c.is_alphanumeric());
            let construct = match c {
                ':' if apart => emoji(rest).map(|(length, emoji)| (length, Found::Text(emoji))),
                '+' if apart => keys(rest).map(|(length, html)| (length, Found::Html(html))),
                '^' | '~' => raised(rest, before)
                    .map(|(length, tag, text)| (length, Found::Raised(tag, text.to_owned()))),
                '=' => self.marked(rest, before),
                _ => None,
            };
            if let Some((length, found)) = construct {
                match found {
                    Found::Text(text) => plain.push_str(text),
                    found => {
                        self.flush(&mut plain, range);
                        self.push(found, range);
                    }
                }
                before = rest.get(..length).and_then(|taken| taken.chars().next_back());
                rest = rest.get(length..).unwrap_or_default();
            } else {
                if c == ':'
                    && apart
                    && let Some(icon) = icon(rest)
                {
                    self.noticed.push((range.start, Noticed::Shown(icon.to_owned())));
                }
                plain.push(c);
                before = Some(c);
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
            }
        }
        self.flush(&mut plain, range);
    }

    fn flush(&mut self, plain: &mut String, range: &Range<usize>) {
        if !plain.is_empty() {
            self.out.push((Event::Text(CowStr::from(std::mem::take(plain))), range.clone()));
        }
    }

    /// Whether `==` begins a mark or ends the one that is open.
    fn marked(&self, rest: &str, before: Option<char>) -> Option<(usize, Found)> {
        let after = rest.strip_prefix("==")?.chars().next();
        if after == Some('=') || before == Some('=') {
            return None;
        }
        let word = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
        let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if self.open.as_ref().is_some_and(|open| open.depth == self.depth) {
            (word(before) || before.is_none()).then_some(()).filter(|()| !joined(after))?;
            Some((2, Found::MarkEnds))
        } else {
            (!joined(before) && (word(after) || after.is_none())).then_some((2, Found::MarkBegins))
        }
    }

    fn push(&mut self, found: Found, range: &Range<usize>) {
        let event = match found {
            Found::Text(text) => Event::Text(CowStr::from(text)),
            Found::Html(html) => Event::InlineHtml(CowStr::from(html)),
            Found::Raised(tag, text) => {
                let end = tag.to_end();
                self.out.push((Event::Start(tag), range.clone()));
                self.out.push((Event::Text(CowStr::from(text)), range.clone()));
                Event::End(end)
            }
            Found::MarkBegins => {
                self.open = Some(Opened { index: self.out.len(), depth: self.depth });
                Event::Text(CowStr::Borrowed("=="))
            }
            Found::MarkEnds => {
                if let Some((event, _)) = self.open.take().and_then(|open| self.out.get_mut(open.index)) {
                    *event = Event::InlineHtml(CowStr::Borrowed("<mark>"));
                }
                Event::InlineHtml(CowStr::Borrowed("</mark>"))
            }
        };
        self.out.push((event, range.clone()));
    }
}

enum Found {
    Text(&'static str),
    Html(String),
    Raised(Tag<'static>, String),
    MarkBegins,
    MarkEnds,
}

/// `^2^` and `~2~`: how long it is, and what it holds. A stretch with spaces, as in `2^10 and 2^20`, was not meant, and
/// what is lowered is joined to what stands before it.
fn raised(rest: &str, before: Option<char>) -> Option<(usize, Tag<'static>, &str)> {
    const LONGEST: usize = 60;
    let mark = rest.chars().next()?;
    let inside = rest.get(1..)?;
    let end = inside.find(mark).filter(|end| (1..=LONGEST).contains(end))?;
    let text = inside.get(..end)?;
    let clean = !text.contains(|c: char| c.is_whitespace() || matches!(c, '/' | '\\'));
    let doubled = before == Some(mark) || inside.get(end + 1..)?.starts_with(mark);
    let tag = if mark == '^' { Tag::Superscript } else { Tag::Subscript };
    let joined = mark == '^' || before.is_some_and(|c| c.is_alphanumeric() || c == ')');
    (clean && joined && !doubled).then_some((end + 2, tag, text))
}

/// The emoji that `:name:` at the start of `text` stands for.
fn emoji(text: &str) -> Option<(usize, &'static str)> {
    let name = between_colons(text)?;
    let clean = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
    let found = name.chars().all(clean).then(|| emojis::get_by_shortcode(name)).flatten()?;
    Some((name.len() + 2, found.as_str()))
}

/// An icon of Material for `MkDocs`, which we do not have.
fn icon(text: &str) -> Option<&str> {
    let name = between_colons(text)?;
    let sets = ["material-", "octicons-", "fontawesome-", "simple-"];
    let clean = |c: char| c.is_ascii_alphanumeric() || c == '-';
    (sets.iter().any(|set| name.starts_with(set)) && name.chars().all(clean)).then(|| &text[..name.len() + 2])
}

fn between_colons(text: &str) -> Option<&str> {
    const LONGEST: usize = 60;
    let inside = text.strip_prefix(':')?;
    let end = memchr::memchr(b':', inside.as_bytes().get(..LONGEST.min(inside.len()))?)?;
    inside.get(..end).filter(|name| !name.is_empty())
}

/// `++ctrl+shift+"x"++` as keys.
fn keys(text: &str) -> Option<(usize, String)> {
    const LONGEST: usize = 60;
    let inside = text.strip_prefix("++")?;
    let window = inside.as_bytes().get(..LONGEST.min(inside.len()))?;
    let end = memchr::memmem::find(window, b"++")?;
    let written = inside.get(..end)?;
    let mut out = String::from("<span class=\"keys\">");
    for (at, key) in written.split('+').enumerate() {
        let quoted = key.strip_prefix('"').and_then(|key| key.strip_suffix('"'));
        let clean = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if quoted.is_none() && (key.is_empty() || !key.chars().all(clean)) {
            return None;
        }
        let name = quoted.map_or_else(|| key_name(key), str::to_owned);
        if at > 0 {
            out.push('+');
        }
        out.extend(["<kbd>", &*escape(&name), "</kbd>"]);
    }
    out.push_str("</span>");
    Some((end + 4, out))
}

/// How a key is called on a keyboard.
fn key_name(key: &str) -> String {
    let known = match key.to_ascii_lowercase().as_str() {
        "cmd" | "command" => "⌘",
        "option" => "Option",
        "win" | "windows" => "Windows",
        "esc" | "escape" => "Esc",
        "del" | "delete" => "Delete",
        "ins" | "insert" => "Insert",
        "page-up" | "pgup" => "Page Up",
        "page-down" | "pgdn" => "Page Down",
        "arrow-up" | "up" => "↑",
        "arrow-down" | "down" => "↓",
        "arrow-left" | "left" => "←",
        "arrow-right" | "right" => "→",
        "space" | "spacebar" => "Space",
        "caps-lock" => "Caps Lock",
        "print-screen" => "Print Screen",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let mut chars = key.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// The length of `{ … }` at the start of `text`, and what it holds, when all of it reads as attributes.
fn attributes(text: &str) -> Option<(usize, &str)> {
    let inside = text.strip_prefix('{')?;
    let window = inside.as_bytes().get(..LONGEST_ATTRIBUTES.min(inside.len()))?;
    let end = memchr::memchr(b'}', window)?;
    let written = inside.get(..end)?;
    let words = written.strip_prefix(':').unwrap_or(written);
    let mut any = false;
    for (name, value) in attribute_words(words) {
        any = true;
        let named = match name {
            "." | "#" => !value.is_empty(),
            name => name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && !value.is_empty(),
        };
        if !named {
            return None;
        }
    }
    any.then_some((end + 2, words.trim()))
}

/// The attributes in `.class #id key=value key="some words"`: a class is `.`, an id is `#`.
pub(super) fn attribute_words(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let first = rest.chars().next()?;
        let name_end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        if matches!(first, '.' | '#') {
            let word = rest.split_whitespace().next().unwrap_or(rest);
            rest = rest.get(word.len()..).unwrap_or_default();
            return word.split_at_checked(1);
        }
        let name = rest.get(..name_end)?;
        let Some(value) = rest.get(name_end..).and_then(|rest| rest.strip_prefix('=')) else {
            rest = rest.get(name_end..).unwrap_or_default();
            return Some((name, ""));
        };
        let quoted = value.strip_prefix(['"', '\'', '“', '‘', '”', '’']);
        let (value, after) = match quoted {
            Some(inside) => inside.split_once(['"', '\'', '”', '’', '“']).unwrap_or((inside, "")),
            None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        rest = after;
        Some((name, value))
    })
}
