//! What the Markdown parser says, made safe for readers and kind to authors.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{CowStr, Event, Tag, TagEnd};

use super::adorn::adorn;
use super::autolinks::link_addresses;
use super::blocks::{self, balance, without_marks};
use super::events::{Noticed, Spanned};
use super::raw_html;
use super::tags::{self, Token, Treatment};
use super::wiki::link_pages;

/// Reads the parser's events to the end.
pub(super) fn read<'a>(
    text: &'a str,
    parser: impl Iterator<Item = Spanned<'a>>,
) -> (Vec<Spanned<'a>>, Vec<(usize, Noticed)>) {
    let mut reader = Reader {
        text,
        templates: templates(text),
        out: Vec::new(),
        noticed: Vec::new(),
        run: None,
        block: None,
        dropped: HashMap::new(),
        in_heading: false,
    };
    for (event, range) in parser {
        reader.take(event, range);
    }
    reader.flush();
    let mut noticed = reader.noticed;
    let events = adorn(link_pages(text, link_addresses(reader.out)), &mut noticed);
    (balance(events), noticed)
}

/// Whether this is all that the parser made of a quote, a dash or an ellipsis.
pub(super) fn is_typographic(text: &str) -> bool {
    matches!(text, "‘" | "’" | "“" | "”" | "–" | "—" | "…")
}

struct Reader<'a> {
    text: &'a str,
    templates: Vec<Range<usize>>,
    out: Vec<Spanned<'a>>,
    noticed: Vec<(usize, Noticed)>,
    /// Text that may go on.
    run: Option<(String, Range<usize>)>,
    /// The lines of an HTML block, while they come.
    block: Option<String>,
    /// Elements whose start was dropped and whose end must be too.
    dropped: HashMap<String, usize>,
    in_heading: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, event: Event<'a>, range: Range<usize>) {
        match event {
            Event::Start(Tag::HtmlBlock) => self.block = Some(String::new()),
            Event::Html(line) if self.block.is_some() => {
                if let Some(block) = &mut self.block {
                    block.push_str(&line);
                }
            }
            Event::End(TagEnd::HtmlBlock) => {
                let html = self.block.take().unwrap_or_default();
                self.flush();
                if let Some(mark) = blocks::mark(&html) {
                    self.out.push((mark, range));
                    return;
                }
                let html = without_marks(CowStr::from(html));
                raw_html::vet(&html, &range, &mut self.out, &mut self.noticed);
            }
            Event::InlineHtml(html) | Event::Html(html) => self.inline_html(&without_marks(html), range),
            Event::InlineMath(formula) if !self.is_formula(&range) => {
                let written = self.text.get(range.clone()).map_or(formula, CowStr::Borrowed);
                self.push_text(written, range);
            }
            Event::Text(text) => {
                let text = self.straightened(text, &range);
                self.push_text(text, range);
            }
            event => {
                match &event {
                    Event::Start(Tag::Heading { .. }) => self.in_heading = true,
                    Event::End(TagEnd::Heading(_)) => self.in_heading = false,
                    _ => {}
                }
                self.push(event, range);
            }
        }
    }

    /// Sums of money and variables of a shell are no formulas: `$5-$10`, `$HOME/bin:$PATH`.
    fn is_formula(&self, range: &Range<usize>) -> bool {
        let before = self.text.get(..range.start).and_then(|text| text.chars().next_back());
        let after = self.text.get(range.end..).and_then(|text| text.chars().next());
        let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        !joined(before) && !joined(after)
    }

    /// Puts back what was written where typography would damage it: options such as `--force`, and templates.
    fn straightened(&self, text: CowStr<'a>, range: &Range<usize>) -> CowStr<'a> {
        if !is_typographic(&text) {
            return text;
        }
        let before = self.text.get(..range.start).and_then(|text| text.chars().next_back());
        let after = self.text.get(range.end..).and_then(|text| text.chars().next());
        let apart = before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '*' | '_' | '|'));
        let joined = after.is_some_and(|c| c.is_alphanumeric() || matches!(c, '/' | '<'));
        let option = matches!(&*text, "–" | "—") && apart && joined;
        let path = &*text == "…" && after == Some('/');
        let in_template = self.in_template(range.start);
        match self.text.get(range.clone()) {
            Some(written) if option || path || in_template => CowStr::Borrowed(written),
            _ => text,
        }
    }

    fn in_template(&self, offset: usize) -> bool {
        let after = self.templates.partition_point(|span| span.start <= offset);
        after.checked_sub(1).and_then(|at| self.templates.get(at)).is_some_and(|span| offset < span.end)
    }

    fn push(&mut self, event: Event<'a>, range: Range<usize>) {
        self.flush();
        self.out.push((event, range));
    }

    /// Appends text to the text before it; in headings pieces stay apart, since ids need to know what was written.
    fn push_text(&mut self, text: CowStr<'a>, range: Range<usize>) {
        match &mut self.run {
            _ if self.in_heading => self.push(Event::Text(text), range),
            Some((run, span)) => {
                run.push_str(&text);
                span.end = range.end;
            }
            None => self.run = Some((text.into_string(), range)),
        }
    }

    fn flush(&mut self) {
        if let Some((text, range)) = self.run.take() {
            self.out.push((Event::Text(CowStr::from(text)), range));
        }
    }

    /// One tag in a line of text.
    fn inline_html(&mut self, html: &str, range: Range<usize>) {
        let tokens = tags::tokens(html);
        let [Token::Open(tag) | Token::Close(tag)] = tokens.as_slice() else {
            if !matches!(tokens.as_slice(), [Token::Comment]) {
                self.show(html, range);
            }
            return;
        };
        let opens = matches!(tokens.as_slice(), [Token::Open(_)]);
        match tags::treatment(&tag.name) {
            Treatment::Keep => self.push(Event::InlineHtml(CowStr::from(html.to_owned())), range),
            Treatment::Unwrap => {}
            Treatment::Remove => {
                self.noticed.push((range.start, Noticed::Shown(html.to_owned())));
                self.show(html, range);
            }
            Treatment::Show if opens => {
                if let Some(image) = raw_html::object_as_image(tag) {
                    *self.dropped.entry(tag.name.to_string()).or_default() += 1;
                    self.push(Event::InlineHtml(CowStr::from(image)), range);
                } else if !tag.alone && self.closes_later(&tag.name, range.end) {
                    *self.dropped.entry(tag.name.to_string()).or_default() += 1;
                    self.noticed.push((range.start, Noticed::Unwrapped(html.to_owned())));
                } else {
                    self.show(html, range);
                }
            }
            Treatment::Show => match self.dropped.get_mut(&*tag.name) {
                Some(open) if *open > 0 => *open -= 1,
                _ => self.show(html, range),
            },
        }
    }

    fn show(&mut self, html: &str, range: Range<usize>) {
        self.push_text(CowStr::from(html.to_owned()), range);
    }

    /// Whether the paragraph goes on to close the element.
    fn closes_later(&self, name: &str, from: usize) -> bool {
        const FARTHEST: usize = 2000;
        let rest = self.text.as_bytes().get(from..).unwrap_or_default();
        let rest = rest.get(..FARTHEST).unwrap_or(rest);
        let paragraph =
            rest.get(..memchr::memmem::find(rest, b"\n\n").unwrap_or(rest.len())).unwrap_or_default();
        let mut ends =
            memchr::memmem::find_iter(paragraph, b"</").map(|at| paragraph.get(at + 2..).unwrap_or_default());
        ends.any(|end| end.get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name.as_bytes())))
    }
}

/// Where `{{ … }}`, `{% … %}` and `{# … #}` stand: prose about templates shows them as they are.
fn templates(text: &str) -> Vec<Range<usize>> {
    const LONGEST: usize = 1000;
    let mut spans: Vec<Range<usize>> = Vec::new();
    for at in memchr::memchr_iter(b'{', text.as_bytes()) {
        if spans.last().is_some_and(|span| at < span.end) {
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let close = match rest.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => continue,
        };
        let window = rest.as_bytes().get(..LONGEST.min(rest.len())).unwrap_or_default();
        if let Some(length) = memchr::memmem::find(window, close.as_bytes()) {
            spans.push(at..at + length + 2);
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guides::events;
    use crate::guides::slug::Style;

    /// Text as it is, raw HTML in `⟨⟩`, links in `[]`.
    fn read_back(text: &str) -> String {
        let mut out = String::new();
        for (event, _) in events::parse(text, Style::GitHub).events {
            match event {
                Event::Text(text) | Event::Code(text) => out.push_str(&text),
                Event::InlineHtml(html) | Event::Html(html) => {
                    out.extend(["⟨", html.trim_end(), "⟩"]);
                }
                Event::Start(Tag::Link { .. }) => out.push('['),
                Event::End(TagEnd::Link) => out.push(']'),
                Event::SoftBreak => out.push(' '),
                _ => {}
            }
        }
        out
    }

    #[test]
    fn placeholders_are_shown() {
        assert_eq!(
            read_back("Replace <<username>> and <your email>."),
            "Replace <<username>> and <your email>."
        );
        assert_eq!(read_back("- **fct_<verb>**: x"), "fct_<verb>: x");
        assert_eq!(read_back("a <title> b <form> c"), "a <title> b <form> c");
        assert_eq!(read_back("<username>\n"), "<username>");
    }

    #[test]
    fn unknown_elements_with_an_end_lose_their_tags_only() {
        assert_eq!(read_back("as <Term id='view'>views</Term> do"), "as views do");
        assert_eq!(read_back("stray </Term> end"), "stray </Term> end");
    }

    #[test]
    fn known_elements_stay_and_scripts_in_a_line_are_shown() {
        assert_eq!(read_back("it <u>will not</u> do"), "it ⟨<u>⟩will not⟨</u>⟩ do");
        assert_eq!(read_back("use the <script> tag"), "use the <script> tag");
        assert_eq!(read_back("a <!-- hidden --> b"), "a  b");
        assert_eq!(
            read_back("<object type=\"image/svg+xml\" data=\"../a.svg\"></object>"),
            "⟨<img src=\"../a.svg\" alt=\"\">⟩"
        );
    }

    #[test]
    fn typography_leaves_options_and_templates_alone() {
        assert_eq!(
            read_back("use --no-verify or -- better -- \"this\""),
            "use --no-verify or – better – “this”"
        );
        assert_eq!(read_back("{{ ref('x') }} isn't"), "{{ ref('x') }} isn’t");
        assert_eq!(read_back("see .../x and so on..."), "see .../x and so on…");
        assert_eq!(read_back("{% set a = \"b\" %}"), "{% set a = \"b\" %}");
    }
}
