//! Raw HTML in Markdown, cut into tags and text. Nothing here is a defence: [`super::clean`] is.

use std::borrow::Cow;

/// A stretch of raw HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Text(&'a str),
    Open(Tag<'a>),
    Close(Tag<'a>),
    /// A comment, a declaration, a processing instruction.
    Comment,
}

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// In lower case.
    pub(super) name: Cow<'a, str>,
    /// As it was written, with its angle brackets.
    pub(super) raw: &'a str,
    /// Names in lower case, values without quotes and with entities as they were.
    pub(super) attributes: Vec<(String, &'a str)>,
    /// Written as `<name/>`, or of a kind that never holds anything.
    pub(super) alone: bool,
}

/// What becomes of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It stays, as far as the sanitiser lets its attributes stay.
    Keep,
    /// Its tags go and what it holds stays.
    Unwrap,
    /// It goes, with what it holds.
    Remove,
    /// It is no element that we know: a placeholder such as `<username>`, shown as it was written.
    Show,
}

/// Elements that stay.
#[rustfmt::skip]
pub(super) const KEPT: [&str; 64] = [
    "a", "abbr", "article", "aside", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code",
    "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre",
    "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span", "strong", "sub", "summary", "sup",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var", "wbr",
];

#[rustfmt::skip]
const UNWRAPPED: [&str; 16] = [
    "acronym", "address", "big", "body", "center", "font", "footer", "head", "header", "hgroup", "html",
    "main", "nav", "picture", "strike", "tt",
];

#[rustfmt::skip]
const REMOVED: [&str; 13] = [
    "script", "style", "svg", "math", "template", "noscript", "iframe", "video", "audio", "canvas",
    "embed", "applet", "frameset",
];

/// Elements whose start makes an HTML block that runs to the next empty line (`CommonMark` 0.31, section 4.6).
#[rustfmt::skip]
const BLOCKS: [&str; 34] = [
    "article", "aside", "blockquote", "caption", "center", "details", "dd", "div", "dl", "dt",
    "figcaption", "figure", "footer", "header", "hr", "li", "main", "nav", "ol", "p", "section",
    "summary", "table", "td", "th", "tr", "ul", "iframe", "h1", "h2", "h3", "h4", "h5", "h6",
];

#[rustfmt::skip]
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];

/// What becomes of the element called `name`.
pub(super) fn treatment(name: &str) -> Treatment {
    if KEPT.contains(&name) {
        Treatment::Keep
    } else if UNWRAPPED.contains(&name) {
        Treatment::Unwrap
    } else if REMOVED.contains(&name) {
        Treatment::Remove
    } else {
        Treatment::Show
    }
}

/// Whether a line that starts with this element is a block of HTML.
pub(super) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// Cuts `html` into tokens whose stretches together are all of it.
pub(super) fn tokens(html: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut rest = html;
    let mut text_from = html;
    while let Some(at) = memchr::memchr(b'<', rest.as_bytes()) {
        let from = rest.get(at..).unwrap_or_default();
        let Some((token, length)) = markup(from) else {
            rest = from.get(1..).unwrap_or_default();
            continue;
        };
        let text_length = text_from.len() - from.len();
        if text_length > 0 {
            out.push(Token::Text(&text_from[..text_length]));
        }
        out.push(token);
        rest = from.get(length..).unwrap_or_default();
        text_from = rest;
    }
    if !text_from.is_empty() {
        out.push(Token::Text(text_from));
    }
    out
}

/// The tag or comment that `from` starts with, and its length.
fn markup(from: &str) -> Option<(Token<'_>, usize)> {
    if let Some(rest) = from.strip_prefix("<!--") {
        let end = rest.find("-->").map_or(from.len(), |end| end + 7);
        return Some((Token::Comment, end));
    }
    if from.starts_with("<!") || from.starts_with("<?") {
        let end = from.find('>').map_or(from.len(), |end| end + 1);
        return Some((Token::Comment, end));
    }
    let closes = from.starts_with("</");
    let name_at = if closes { 2 } else { 1 };
    let name_length = from
        .get(name_at..)?
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.')))
        .unwrap_or(from.len() - name_at);
    let name = from.get(name_at..name_at + name_length)?;
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let (attributes, length, alone) = attributes(from, name_at + name_length)?;
    let lower = if name.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    };
    let alone = alone || VOID.contains(&&*lower);
    let tag = Tag { name: lower, raw: from.get(..length)?, attributes, alone };
    Some((if closes { Token::Close(tag) } else { Token::Open(tag) }, length))
}

type Attributes<'a> = Vec<(String, &'a str)>;

/// The attributes from `at` on, the length up to and with `>`, and whether it was `/>`.
fn attributes(from: &str, mut at: usize) -> Option<(Attributes<'_>, usize, bool)> {
    let bytes = from.as_bytes();
    let mut found = Vec::new();
    let mut slash = false;
    loop {
        match bytes.get(at)? {
            b'>' => return Some((found, at + 1, slash)),
            b'<' => return None,
            b'/' => {
                slash = true;
                at += 1;
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            _ => {
                slash = false;
                let ends =
                    |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'=' | b'>' | b'/' | b'<');
                let name_end = at + 1 + bytes.get(at + 1..)?.iter().position(ends)?;
                let name = from.get(at..name_end)?.to_ascii_lowercase();
                let (value, after) = value(from, name_end)?;
                found.push((name, value));
                at = after;
            }
        }
    }
}

/// The value after an attribute's name, when there is one, and where it ends.
fn value(from: &str, name_end: usize) -> Option<(&str, usize)> {
    let bytes = from.as_bytes();
    let skip = |at: usize| Some(at + bytes.get(at..)?.iter().position(|byte| !byte.is_ascii_whitespace())?);
    let at = skip(name_end)?;
    if bytes.get(at) != Some(&b'=') {
        return Some(("", name_end));
    }
    let at = skip(at + 1)?;
    if let quote @ (b'"' | b'\'') = bytes.get(at)? {
        let length = memchr::memchr(*quote, bytes.get(at + 1..)?)?;
        Some((from.get(at + 1..at + 1 + length)?, at + 2 + length))
    } else {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
        let length = bytes.get(at..)?.iter().position(ends)?;
        Some((from.get(at..at + length)?, at + length))
    }
}

impl Tag<'_> {
    /// The value of the attribute called `name`, entities decoded.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        self.attributes.iter().find(|(given, _)| given == name).map(|(_, value)| decode(value))
    }
}

/// The handful of entities that authors write, decoded.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_owned();
    for (entity, character) in [
        ("&nbsp;", "\u{a0}"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&ndash;", "–"),
        ("&mdash;", "—"),
        ("&amp;", "&"),
    ] {
        out = out.replace(entity, character);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(html: &str) -> String {
        let tokens = tokens(html);
        let words = tokens.iter().map(|token| match token {
            Token::Text(text) => format!("{text:?}"),
            Token::Open(tag) => format!("<{}{}>", tag.name, if tag.alone { "/" } else { "" }),
            Token::Close(tag) => format!("</{}>", tag.name),
            Token::Comment => "!".to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn raw_html_falls_into_tags_and_text() {
        assert_eq!(shape("a <B>b</b> c"), r#""a " <b> "b" </b> " c""#);
        assert_eq!(shape("1 < 2 <br> <img src=x />"), r#""1 < 2 " <br/> " " <img/>"#);
        assert_eq!(shape("<!-- <b> --><?php ?><!DOCTYPE x>"), "! ! !");
        assert_eq!(shape("<a href='>'>x"), r#"<a> "x""#);
        assert_eq!(shape("<unfinished <b>"), r#""<unfinished " <b>"#);
        assert_eq!(shape("<"), r#""<""#);
    }

    #[test]
    fn attributes_come_with_and_without_quotes() {
        let tokens = tokens(r#"<img SRC="a&amp;b.png" width=40 hidden alt='x "y"'/>"#);
        let [Token::Open(tag)] = tokens.as_slice() else { panic!("{tokens:?}") };
        assert_eq!(tag.attribute("src").unwrap(), "a&b.png");
        assert_eq!(tag.attribute("width").unwrap(), "40");
        assert_eq!(tag.attribute("hidden").unwrap(), "");
        assert_eq!(tag.attribute("alt").unwrap(), "x \"y\"");
        assert!(tag.alone);
    }

    #[test]
    fn elements_are_kept_unwrapped_removed_or_shown() {
        for (name, expected) in [
            ("details", Treatment::Keep),
            ("center", Treatment::Unwrap),
            ("script", Treatment::Remove),
            ("username", Treatment::Show),
            ("form", Treatment::Show),
        ] {
            assert_eq!(treatment(name), expected, "{name}");
        }
    }
}
