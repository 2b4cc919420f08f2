//! Blocks that Markdown itself does not have: admonitions, folded ones and tabs, in the form of Material for `MkDocs`.
//!
//! 1. [`unfold`] finds `!!! note "Title"`, `??? tip` and `=== "Tab"` with the indented lines that belong to them,
//!    and writes them as a mark, the title as a paragraph, the lines without their indent, and a closing mark
//! 2. the parser sees the marks as comments, and [`mark`] makes events of them
//! 3. [`balance`] sees to it that every mark is closed where it was opened, whatever lists and quotes did meanwhile

use pulldown_cmark::{CowStr, Event};

use super::events::Spanned;
use super::source::Source;

/// What a mark opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Alert,
    Folded { open: bool },
    Tab,
}

/// A mark among the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark<'a> {
    /// The next paragraph is its title when it is `titled`; else it has the name of its kind, or none.
    Open {
        shape: Shape,
        kind: &'a str,
        titled: bool,
    },
    Close,
    /// The attributes of the link or image that comes next, as they were written.
    Attributes(&'a str),
}

/// No author's text holds this character: the parser replaces it.
const SIGN: char = '\0';
const COMMENT: &str = "<!--@";
/// Blocks in blocks, this deep; what is deeper is text.
const DEEPEST: usize = 8;

impl<'a> Mark<'a> {
    /// The mark that an event stands for.
    pub(super) fn of(event: &'a Event<'_>) -> Option<Self> {
        let (Event::Html(text) | Event::InlineHtml(text)) = event else { return None };
        let text = text.strip_prefix(SIGN)?;
        if let Some(written) = text.strip_prefix("attributes ") {
            return Some(Self::Attributes(written));
        }
        let mut words = text.split(' ');
        let shape = match words.next()? {
            "end" => return Some(Self::Close),
            "alert" => Shape::Alert,
            "folded" => Shape::Folded { open: false },
            "open" => Shape::Folded { open: true },
            "tab" => Shape::Tab,
            _ => return None,
        };
        let kind = words.next().unwrap_or_default();
        Some(Self::Open { shape, kind, titled: words.next() == Some("titled") })
    }

    /// An event that stands for the attributes `written`.
    pub(super) fn attributes<'e>(written: &str) -> Event<'e> {
        Event::InlineHtml(CowStr::from(format!("{SIGN}attributes {written}")))
    }
}

/// The event for a mark that the parser took for a comment.
pub(super) fn mark<'e>(html: &str) -> Option<Event<'e>> {
    let inside = html.trim().strip_prefix(COMMENT)?.strip_suffix("-->")?;
    let known = inside.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'));
    known.then(|| Event::Html(CowStr::from(format!("{SIGN}{inside}"))))
}

/// Raw HTML in which nothing can be taken for a mark.
pub(super) fn without_marks(html: CowStr<'_>) -> CowStr<'_> {
    if memchr::memchr(0, html.as_bytes()).is_some() {
        CowStr::from(html.replace(SIGN, "\u{fffd}"))
    } else {
        html
    }
}

/// Closes every mark where it was opened, and drops closing marks that close nothing.
pub(super) fn balance(events: Vec<Spanned<'_>>) -> Vec<Spanned<'_>> {
    let is_block =
        |(event, _): &Spanned<'_>| matches!(Mark::of(event), Some(Mark::Open { .. } | Mark::Close));
    if !events.iter().any(is_block) {
        return events;
    }
    let close = || Event::Html(CowStr::from(format!("{SIGN}end")));
    let mut out = Vec::with_capacity(events.len());
    // For each open element of Markdown, how many marks are open in it.
    let mut open = vec![0_usize];
    for (event, range) in events {
        let marks = open.last_mut();
        match (Mark::of(&event), &event, marks) {
            (Some(Mark::Open { .. }), _, Some(marks)) => *marks += 1,
            (Some(Mark::Close), _, Some(marks)) if *marks > 0 => *marks -= 1,
            (Some(Mark::Close), ..) => continue,
            (_, Event::Start(_), _) => open.push(0),
            (_, Event::End(_), _) => {
                for _ in 0..open.pop().unwrap_or_default() {
                    out.push((close(), range.clone()));
                }
            }
            _ => {}
        }
        out.push((event, range));
    }
    let end = out.last().map_or(0, |(_, range)| range.end);
    out.extend((0..open.first().copied().unwrap_or_default()).map(|_| (close(), end..end)));
    out
}

/// The text of `source` from `body` on with marks around such blocks; `None` where there are none.
pub(super) fn unfold(source: &Source, body: usize) -> Option<Source> {
    let text = source.text.get(body..)?;
    let holds = |sign: &str| memchr::memmem::find(text.as_bytes(), sign.as_bytes()).is_some();
    if !(holds("!!! ") || holds("???") || holds("=== \"") || holds("===! \"") || holds("===+ \"")) {
        return None;
    }
    let mut unfolding =
        Unfolding { source, out: Source::default(), open: Vec::new(), fence: None, item: None };
    let mut at = body;
    for line in text.split_inclusive('\n') {
        unfolding.line(line, at);
        at += line.len();
    }
    while let Some((_, margin)) = unfolding.open.pop() {
        unfolding.close(at, &margin);
    }
    Some(unfolding.out)
}

struct Unfolding<'a> {
    source: &'a Source,
    out: Source,
    /// The indent of each open block's own line in the source, and as it is written.
    open: Vec<(usize, String)>,
    /// The character and length of the fence that is open.
    fence: Option<(char, usize)>,
    /// The indent of the last list item: lines below it may be indented.
    item: Option<usize>,
}

impl Unfolding<'_> {
    fn line(&mut self, line: &str, at: usize) {
        if line.trim().is_empty() {
            self.out.push_from(self.source, at, line);
            return;
        }
        let indent = columns(line);
        while let Some((_, margin)) = self.open.pop_if(|(own, _)| indent < *own + 4) {
            self.fence = None;
            self.close(at, &margin);
        }
        let lost = self.open.len() * 4;
        let line = without_indent(line, lost);
        let indent = indent - lost.min(indent);
        let marks = line.trim_start();
        if let Some((mark, least)) = self.fence {
            if is_fence(marks).is_some_and(|(m, n)| m == mark && n >= least)
                && marks.trim().chars().all(|c| c == mark)
            {
                self.fence = None;
            }
        } else if let Some(fence) = is_fence(marks) {
            self.fence = Some(fence);
        } else {
            if indent == 0 {
                self.item = None;
            }
            if is_item(marks) {
                self.item = Some(indent);
            }
            let may_open = indent < 4 || self.item.is_some_and(|item| item < indent);
            if let Some(opening) = opening(marks).filter(|_| may_open && self.open.len() < DEEPEST) {
                let margin = &line[..line.len() - marks.len()];
                self.open.push((indent + lost, margin.to_owned()));
                let mut written = format!("\n{margin}{COMMENT}{}-->\n\n", opening.mark);
                if let Some(title) = opening.title {
                    written.push_str(margin);
                    written.push_str(&as_paragraph(title));
                    written.push_str("\n\n");
                }
                self.push_lines(&written, at);
                return;
            }
        }
        self.out.push_from(self.source, at, line);
    }

    /// Lines of ours that all stand for the one at `at`.
    fn push_lines(&mut self, lines: &str, at: usize) {
        for line in lines.split_inclusive('\n') {
            self.out.push_from(self.source, at, line);
        }
    }

    fn close(&mut self, at: usize, margin: &str) {
        let line_end = if self.out.text.ends_with('\n') { "" } else { "\n" };
        self.push_lines(&format!("{line_end}\n{margin}{COMMENT}end-->\n\n"), at);
    }
}

struct Opening<'a> {
    mark: String,
    title: Option<&'a str>,
}

/// Reads `!!! note "Title"`, `???+ tip`, `=== "Tab"`.
fn opening(line: &str) -> Option<Opening<'_>> {
    let line = line.trim_end();
    let (shape, rest) = if let Some(rest) = line.strip_prefix("!!!") {
        ("alert", rest)
    } else if let Some(rest) = line.strip_prefix("???+") {
        ("open", rest)
    } else if let Some(rest) = line.strip_prefix("???") {
        ("folded", rest)
    } else {
        ("tab", line.strip_prefix("===")?.trim_start_matches(['!', '+']))
    };
    let rest = rest.trim_start();
    let (words, title) = match rest.split_once('"') {
        Some((words, title)) => (words, Some(title.strip_suffix('"')?)),
        None => (rest, None),
    };
    let clean = words.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let kind = words.split_whitespace().next();
    let fits = match shape {
        "tab" => kind.is_none() && title.is_some(),
        "alert" => kind.is_some(),
        _ => kind.is_some() || title.is_some(),
    };
    if !clean || !fits {
        return None;
    }
    let kind: String = kind.unwrap_or("note").chars().filter(char::is_ascii_alphanumeric).collect();
    let state = match title.map(str::trim) {
        None => "",
        Some("") => " plain",
        Some(_) => " titled",
    };
    let title = title.map(str::trim).filter(|title| !title.is_empty());
    let kind = if kind.is_empty() { "note".to_owned() } else { kind.to_ascii_lowercase() };
    Some(Opening { mark: format!("{shape} {kind}{state}"), title })
}

/// `title` so that Markdown reads a paragraph, whatever it begins with.
fn as_paragraph(title: &str) -> String {
    let digits = title.len() - title.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits > 0 && title[digits..].starts_with(['.', ')']) {
        return format!("{}\\{}", &title[..digits], &title[digits..]);
    }
    let mut chars = title.chars();
    let (first, second) = (chars.next(), chars.next());
    let block = match first {
        Some('#' | '>' | '|' | '=' | ':') => true,
        Some(first @ ('-' | '+' | '*' | '_' | '~' | '`')) => {
            second.is_none_or(|second| second == ' ' || (second == first && first != '*' && first != '_'))
        }
        _ => false,
    };
    if block { format!("\\{title}") } else { title.to_owned() }
}

fn columns(line: &str) -> usize {
    let mut columns = 0;
    for c in line.chars() {
        match c {
            ' ' => columns += 1,
            '\t' => columns += 4 - columns % 4,
            _ => break,
        }
    }
    columns
}

/// `line` without `columns` of its indent.
fn without_indent(line: &str, columns: usize) -> &str {
    let mut left = columns;
    for (at, c) in line.char_indices() {
        match c {
            ' ' if left > 0 => left -= 1,
            '\t' if left > 0 => left = left.saturating_sub(4),
            _ => return &line[at..],
        }
    }
    ""
}

fn is_fence(marks: &str) -> Option<(char, usize)> {
    let mark = marks.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = marks.chars().take_while(|c| *c == mark).count();
    (length >= 3 && !(mark == '`' && marks[length..].contains('`'))).then_some((mark, length))
}

fn is_item(marks: &str) -> bool {
    let bullet = marks.strip_prefix(['-', '*', '+']);
    let digits = marks.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = (digits.len() < marks.len()).then(|| digits.strip_prefix(['.', ')'])).flatten();
    bullet.or(number).is_some_and(|rest| rest.starts_with([' ', '\t']))
}
