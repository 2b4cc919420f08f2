//! Events to HTML: what stands between the page's title and its foot.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use pulldown_cmark::{Alignment, BlockQuoteKind, CodeBlockKind, Event, LinkType, Tag, TagEnd};

use super::clean::clean;
use super::events::{Document, Spanned, plain};
use super::highlight;
use super::links::{Picture, Targets};
use super::tags::{self, Token};

/// A guide's content as HTML, safe to put into a page.
pub(super) fn render(document: &Document<'_>, targets: &Targets) -> String {
    let mut writer = Writer {
        events: &document.events,
        targets,
        out: String::new(),
        outer: Vec::new(),
        table: Table::default(),
        tables: 0,
        notes: Notes::default(),
    };
    if let Some(lead) = &document.lead {
        // The page shows this heading itself; links to it still arrive.
        let _ = write!(writer.out, "<span id=\"{}\"></span>\n", escape(&lead.id));
    }
    let mut at = 0;
    while let Some((event, _)) = document.events.get(at) {
        at += writer.event(event, at);
    }
    writer.footnotes();
    clean(&writer.out)
}

/// `text` with the characters that HTML gives a meaning written as entities; safe in text and in quotes.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

struct Writer<'a> {
    events: &'a [Spanned<'a>],
    targets: &'a Targets,
    out: String,
    /// What was being written when a footnote began.
    outer: Vec<String>,
    table: Table,
    tables: usize,
    notes: Notes,
}

#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    column: usize,
    head: bool,
    body: bool,
}

#[derive(Default)]
struct Notes {
    numbers: HashMap<String, usize>,
    texts: HashMap<usize, String>,
}

impl Notes {
    fn number(&mut self, label: &str) -> (usize, bool) {
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(label.to_owned()).or_insert(next);
        (number, number == next)
    }
}

impl Writer<'_> {
    /// Writes one event, and says how many it took.
    fn event(&mut self, event: &Event<'_>, at: usize) -> usize {
        match event {
            Event::Start(tag) => return self.start(tag, at),
            Event::End(tag) => self.end(*tag, at),
            Event::Text(text) => self.out.push_str(&escape(text)),
            Event::Code(code) => self.wrap("code", code),
            Event::Html(html) | Event::InlineHtml(html) => self.raw_html(html),
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>\n"),
            Event::FootnoteReference(label) => {
                let (number, first) = self.notes.number(label);
                let id = if first { format!(" id=\"fnref-{number}\"") } else { String::new() };
                let _ = write!(
                    self.out,
                    "<sup class=\"footnote-ref\"><a href=\"#fn-{number}\"{id} aria-label=\"Footnote {number}\">{number}</a></sup>"
                );
            }
            Event::TaskListMarker(done) => {
                let (class, label) = if *done { ("task task-done", "Done") } else { ("task", "To do") };
                let _ =
                    write!(self.out, "<span class=\"{class}\" role=\"img\" aria-label=\"{label}\"></span> ");
            }
            // Never made: the option for formulas is not on.
            Event::InlineMath(formula) | Event::DisplayMath(formula) => self.wrap("code", formula),
        }
        1
    }

    fn wrap(&mut self, tag: &str, text: &str) {
        let _ = write!(self.out, "<{tag}>{}</{tag}>", escape(text));
    }

    fn start(&mut self, tag: &Tag<'_>, at: usize) -> usize {
        match tag {
            Tag::Paragraph => self.out.push_str("<p>"),
            Tag::Heading { level, id, .. } => {
                let id = escape(id.as_deref().unwrap_or_default());
                let _ = write!(self.out, "<{level} id=\"{id}\">");
            }
            Tag::BlockQuote(None) => self.out.push_str("<blockquote>\n"),
            Tag::BlockQuote(Some(kind)) => self.alert(*kind),
            Tag::CodeBlock(kind) => return self.code(kind, at),
            Tag::List(None) => self.out.push_str("<ul>\n"),
            Tag::List(Some(1)) => self.out.push_str("<ol>\n"),
            Tag::List(Some(start)) => {
                let _ = write!(self.out, "<ol start=\"{start}\">\n");
            }
            Tag::Item => self.out.push_str("<li>"),
            Tag::FootnoteDefinition(label) => {
                self.notes.number(label);
                self.outer.push(std::mem::take(&mut self.out));
            }
            Tag::DefinitionList => self.out.push_str("<dl>\n"),
            Tag::DefinitionListTitle => self.out.push_str("<dt>"),
            Tag::DefinitionListDefinition => self.out.push_str("<dd>"),
            Tag::Table(alignments) => self.table(alignments, at),
            Tag::TableHead => self.table.head = true,
            Tag::TableRow => {
                if !self.table.body {
                    self.table.body = true;
                    self.out.push_str("<tbody>\n");
                }
                self.table.column = 0;
                self.out.push_str("<tr>");
            }
            Tag::TableCell => return self.cell(at),
            Tag::Emphasis => self.out.push_str("<em>"),
            Tag::Strong => self.out.push_str("<strong>"),
            Tag::Strikethrough => self.out.push_str("<del>"),
            Tag::Superscript => self.out.push_str("<sup>"),
            Tag::Subscript => self.out.push_str("<sub>"),
            Tag::Link { link_type, dest_url, title, .. } => self.link(*link_type, dest_url, title),
            Tag::Image { dest_url, title, .. } => return self.image(dest_url, title, at),
            Tag::HtmlBlock | Tag::MetadataBlock(_) => {}
        }
        1
    }

    fn end(&mut self, tag: TagEnd, at: usize) {
        match tag {
            TagEnd::Paragraph => self.out.push_str("</p>\n"),
            TagEnd::Heading(level) => {
                self.self_link(at);
                let _ = write!(self.out, "</{level}>\n");
            }
            TagEnd::BlockQuote(None) => self.out.push_str("</blockquote>\n"),
            TagEnd::BlockQuote(Some(_)) => self.out.push_str("</div>\n"),
            TagEnd::List(true) => self.out.push_str("</ol>\n"),
            TagEnd::List(false) => self.out.push_str("</ul>\n"),
            TagEnd::Item => self.out.push_str("</li>\n"),
            TagEnd::FootnoteDefinition => self.footnote_ends(at),
            TagEnd::DefinitionList => self.out.push_str("</dl>\n"),
            TagEnd::DefinitionListTitle => self.out.push_str("</dt>\n"),
            TagEnd::DefinitionListDefinition => self.out.push_str("</dd>\n"),
            TagEnd::Table => {
                self.out.push_str(if self.table.body {
                    "</tbody>\n</table></div>\n"
                } else {
                    "</table></div>\n"
                });
            }
            TagEnd::TableHead => {
                if self.table.head {
                    self.out.push_str("</tr></thead>\n");
                }
                self.table.head = false;
            }
            TagEnd::TableRow => self.out.push_str("</tr>\n"),
            TagEnd::TableCell => self.cell_ends(at),
            TagEnd::Emphasis => self.out.push_str("</em>"),
            TagEnd::Strong => self.out.push_str("</strong>"),
            TagEnd::Strikethrough => self.out.push_str("</del>"),
            TagEnd::Superscript => self.out.push_str("</sup>"),
            TagEnd::Subscript => self.out.push_str("</sub>"),
            TagEnd::Link => self.out.push_str("</a>"),
            TagEnd::HtmlBlock => self.out.push('\n'),
            TagEnd::CodeBlock | TagEnd::Image | TagEnd::MetadataBlock(_) => {}
        }
    }

    /// A link from a heading to itself, for copying; the theme draws it.
    fn self_link(&mut self, end: usize) {
        let before = self.events.get(..end).unwrap_or_default();
        let starts = |(event, _): &Spanned<'_>| matches!(event, Event::Start(Tag::Heading { .. }));
        let Some(start) = before.iter().rposition(starts) else { return };
        if let Some((Event::Start(Tag::Heading { id: Some(id), .. }), _)) = before.get(start) {
            let words = plain(before.get(start..).unwrap_or_default());
            let (id, words) = (escape(id), escape(&words));
            let _ =
                write!(self.out, " <a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to “{words}”\"></a>");
        }
    }

    fn alert(&mut self, kind: BlockQuoteKind) {
        let (class, label) = match kind {
            BlockQuoteKind::Note => ("note", "Note"),
            BlockQuoteKind::Tip => ("tip", "Tip"),
            BlockQuoteKind::Important => ("important", "Important"),
            BlockQuoteKind::Warning => ("warning", "Warning"),
            BlockQuoteKind::Caution => ("caution", "Caution"),
        };
        let _ = write!(
            self.out,
            "<div class=\"alert alert-{class}\" role=\"note\"><p class=\"alert-title\">{label}</p>\n"
        );
    }

    fn code(&mut self, kind: &CodeBlockKind<'_>, at: usize) -> usize {
        let rest = self.events.get(at + 1..).unwrap_or_default();
        let ends = |(event, _): &Spanned<'_>| matches!(event, Event::End(TagEnd::CodeBlock));
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let texts = rest.get(..length).unwrap_or_default().iter();
        let code: String = texts
            .filter_map(|(event, _)| if let Event::Text(text) = event { Some(&**text) } else { None })
            .collect();
        let language = match kind {
            CodeBlockKind::Fenced(info) => highlight::language(info),
            CodeBlockKind::Indented => None,
        };
        let coloured = language.as_deref().and_then(|language| highlight::highlight(&code, language));
        let class = language.map(|language| format!(" class=\"language-{language}\"")).unwrap_or_default();
        let shown = coloured.map_or_else(|| escape(&code), Cow::Owned);
        let _ = write!(self.out, "<pre tabindex=\"0\"><code{class}>{shown}</code></pre>\n");
        length + 2
    }

    /// Opens a table in a frame that scrolls by itself and can be reached by keyboard.
    fn table(&mut self, alignments: &[Alignment], at: usize) {
        self.tables += 1;
        self.table = Table { alignments: alignments.to_vec(), ..Table::default() };
        let rest = self.events.get(at..).unwrap_or_default();
        let ends = |(event, _): &Spanned<'_>| matches!(event, Event::End(TagEnd::TableHead));
        let head = rest.get(..rest.iter().position(ends).unwrap_or(rest.len())).unwrap_or_default();
        let cells = head.split(|(event, _)| matches!(event, Event::End(TagEnd::TableCell))).map(plain);
        let columns: Vec<String> = cells.filter(|cell| !cell.is_empty()).collect();
        let colon = if columns.is_empty() { "" } else { ": " };
        let columns = columns.join(", ");
        let label: String = format!("Table {}{colon}{columns}", self.tables).chars().take(120).collect();
        let label = escape(&label);
        let _ = write!(
            self.out,
            "<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\"><table>\n"
        );
        if !columns.is_empty() {
            self.out.push_str("<thead><tr>");
        }
        self.table.column = if columns.is_empty() { usize::MAX } else { 0 };
    }

    fn cell(&mut self, at: usize) -> usize {
        if self.table.head && self.table.column == usize::MAX {
            // A head without words is no head: its cells go with it.
            self.table.head = false;
            let rest = self.events.get(at..).unwrap_or_default();
            let ends = |(event, _): &Spanned<'_>| matches!(event, Event::End(TagEnd::TableHead));
            return rest.iter().position(ends).unwrap_or(1).max(1);
        }
        let align = match self.table.alignments.get(self.table.column) {
            Some(Alignment::Center) => " class=\"center\"",
            Some(Alignment::Right) => " class=\"end\"",
            _ => "",
        };
        self.table.column = self.table.column.saturating_add(1);
        let named = !matches!(self.events.get(at + 1), Some((Event::End(TagEnd::TableCell), _)));
        let scope = if self.table.head && named { " scope=\"col\"" } else { "" };
        let tag = if self.table.head && named { "th" } else { "td" };
        let _ = write!(self.out, "<{tag}{scope}{align}>");
        1
    }

    fn cell_ends(&mut self, at: usize) {
        let empty = at.checked_sub(1).and_then(|before| self.events.get(before));
        let empty = matches!(empty, Some((Event::Start(Tag::TableCell), _)));
        self.out.push_str(if self.table.head && !empty { "</th>" } else { "</td>" });
    }

    fn link(&mut self, kind: LinkType, dest: &str, title: &str) {
        let href = match kind {
            LinkType::Email => Cow::Owned(format!("mailto:{dest}")),
            _ => Cow::Borrowed(self.targets.link(dest)),
        };
        let _ = write!(self.out, "<a href=\"{}\"", escape(&href));
        if !title.is_empty() {
            let _ = write!(self.out, " title=\"{}\"", escape(title));
        }
        self.out.push('>');
    }

    fn image(&mut self, dest: &str, title: &str, at: usize) -> usize {
        let rest = self.events.get(at + 1..).unwrap_or_default();
        let mut depth = 1_usize;
        let length = rest.iter().position(|(event, _)| {
            match event {
                Event::Start(Tag::Image { .. }) => depth += 1,
                Event::End(TagEnd::Image) => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let length = length.unwrap_or(rest.len());
        let alt = plain(rest.get(..length).unwrap_or_default());
        self.picture(dest, &alt, title, "");
        length + 2
    }

    /// An image, or a sentence in its place when it is not there.
    fn picture(&mut self, dest: &str, alt: &str, title: &str, further: &str) {
        let alt = if alt.is_empty() { title } else { alt };
        match self.targets.image(dest) {
            Picture::Missing => {
                let said = if alt.is_empty() { String::new() } else { format!(": {}", escape(alt)) };
                let name = dest.rsplit('/').next().unwrap_or(dest);
                let _ = write!(
                    self.out,
                    "<span class=\"missing-image\">Missing image <code>{}</code>{said}</span>",
                    escape(name)
                );
            }
            Picture::Found { src, size } => {
                let _ = write!(self.out, "<img src=\"{}\" alt=\"{}\"", escape(&src), escape(alt));
                if let Some((width, height)) = size.filter(|_| !further.contains("width=")) {
                    let _ = write!(self.out, " width=\"{width}\" height=\"{height}\"");
                }
                if !title.is_empty() {
                    let _ = write!(self.out, " title=\"{}\"", escape(title));
                }
                let _ = write!(self.out, "{further} loading=\"lazy\" decoding=\"async\">");
            }
        }
    }

    /// Raw HTML with its links and images led to where they are.
    fn raw_html(&mut self, html: &str) {
        for token in tags::tokens(html) {
            match token {
                Token::Text(text) => self.out.push_str(text),
                Token::Close(tag) => self.out.push_str(tag.raw),
                Token::Comment => {}
                Token::Open(tag) if tag.name == "img" => {
                    let value = |name| tag.attribute(name).unwrap_or_default();
                    let kept = ["width", "height", "class", "id"]
                        .into_iter()
                        .filter_map(|name| Some(format!(" {name}=\"{}\"", escape(&tag.attribute(name)?))));
                    let kept: String = kept.collect();
                    self.picture(&value("src"), &value("alt"), &value("title"), &kept);
                }
                Token::Open(tag) if tag.name == "a" => {
                    self.out.push_str("<a");
                    for (name, value) in &tag.attributes {
                        let value = tags::decode(value);
                        let value = if name == "href" { self.targets.link(&value) } else { &value };
                        let _ = write!(self.out, " {name}=\"{}\"", escape(value));
                    }
                    self.out.push('>');
                }
                Token::Open(tag) => self.out.push_str(tag.raw),
            }
        }
    }

    fn footnote_ends(&mut self, end: usize) {
        let text = std::mem::replace(&mut self.out, self.outer.pop().unwrap_or_default());
        let before = self.events.get(..end).unwrap_or_default().iter().rev();
        let mut nested = 0_usize;
        for (event, _) in before {
            match event {
                Event::End(TagEnd::FootnoteDefinition) => nested += 1,
                Event::Start(Tag::FootnoteDefinition(_)) if nested > 0 => nested -= 1,
                Event::Start(Tag::FootnoteDefinition(label)) => {
                    let (number, _) = self.notes.number(label);
                    self.notes.texts.insert(number, text);
                    return;
                }
                _ => {}
            }
        }
    }

    /// The footnotes' texts, in the order of their numbers, each with the way back.
    fn footnotes(&mut self) {
        if self.notes.texts.is_empty() {
            return;
        }
        self.out.push_str("<section class=\"footnotes\" aria-label=\"Footnotes\"><ol>\n");
        for number in 1..=self.notes.numbers.len() {
            let text = self.notes.texts.get(&number).map(String::as_str).unwrap_or_default();
            let _ = write!(
                self.out,
                "<li id=\"fn-{number}\">{text} <a class=\"footnote-back\" href=\"#fnref-{number}\" \
                 aria-label=\"Back to the text of footnote {number}\">↩</a></li>\n"
            );
        }
        self.out.push_str("</ol></section>\n");
    }
}
