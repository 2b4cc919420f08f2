//! Events to HTML: what stands between the page's title and its foot.

use std::borrow::Cow;
use std::fmt::Write as _;

use pulldown_cmark::{Event, LinkType, Tag, TagEnd};

use super::blocks::Mark;
use super::clean::clean;
use super::events::{Document, Spanned, plain};
use super::links::Targets;
use super::tags::{self, Token};

mod blocks;
mod code;
mod footnotes;
mod pointing;
mod put;
mod table;

use blocks::Blocks;
use footnotes::Notes;
use put::Puts;
use table::Table;

/// A guide's content as HTML, safe to put into a page.
pub(super) fn render(document: &Document<'_>, targets: &Targets) -> String {
    let mut writer = Writer {
        events: &document.events,
        targets,
        out: String::new(),
        outer: Vec::new(),
        table: Table::default(),
        tables: 0,
        diagrams: 0,
        notes: Notes::default(),
        blocks: Blocks::default(),
        puts: Puts::default(),
        attributes: None,
    };
    if let Some(lead) = &document.lead {
        // The page shows this heading itself; links to it still arrive.
        let _ = writeln!(writer.out, "<span id=\"{}\"></span>", escape(&lead.id));
        writer.former_ids(&lead.id);
    }
    let mut at = 0;
    while let Some((event, _)) = document.events.get(at) {
        at += writer.event(event, at);
    }
    writer.footnotes();
    writer.puts.put(clean(&writer.out))
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
    diagrams: usize,
    notes: Notes,
    blocks: Blocks,
    /// What we made ourselves and know to be safe.
    puts: Puts,
    /// Attributes that the author gave the link or image that comes next.
    attributes: Option<String>,
}

impl Writer<'_> {
    /// Writes one event, and says how many it took.
    fn event(&mut self, event: &Event<'_>, at: usize) -> usize {
        if let Some(mark) = Mark::of(event) {
            self.mark(mark, at);
            return 1;
        }
        match event {
            Event::Start(tag) => return self.start(tag, at),
            Event::End(tag) => self.end(*tag, at),
            Event::Text(text) => self.out.push_str(&escape(text)),
            Event::Code(code) => self.wrap("code", code),
            Event::Html(html) | Event::InlineHtml(html) => self.raw_html(html),
            Event::SoftBreak => self.out.push('\n'),
            Event::HardBreak => self.out.push_str("<br>\n"),
            Event::Rule => self.out.push_str("<hr>\n"),
            Event::FootnoteReference(label) => self.footnote_reference(label),
            Event::TaskListMarker(done) => {
                let (class, label) = if *done { ("task task-done", "Done") } else { ("task", "To do") };
                let _ =
                    write!(self.out, "<span class=\"{class}\" role=\"img\" aria-label=\"{label}\"></span> ");
            }
            Event::InlineMath(latex) => self.formula(latex, false),
            Event::DisplayMath(latex) => self.formula(latex, true),
        }
        1
    }

    /// Links to what a heading was called before still arrive.
    fn former_ids(&mut self, id: &str) {
        for former in self.targets.former_ids.get(id).into_iter().flatten() {
            let _ = write!(self.out, "<span id=\"{}\"></span>", escape(former));
        }
    }

    fn wrap(&mut self, tag: &str, text: &str) {
        let _ = write!(self.out, "<{tag}>{}</{tag}>", escape(text));
    }

    fn start(&mut self, tag: &Tag<'_>, at: usize) -> usize {
        match tag {
            Tag::Paragraph => return self.paragraph(at),
            Tag::Heading { level, id, classes, .. } => {
                let given = id.as_deref().unwrap_or_default();
                let id = escape(given);
                let _ = write!(self.out, "<{level} id=\"{id}\"");
                if !classes.is_empty() {
                    let classes = classes.iter().map(|class| &**class).collect::<Vec<_>>().join(" ");
                    let _ = write!(self.out, " class=\"{}\"", escape(&classes));
                }
                self.out.push('>');
                self.former_ids(given);
            }
            Tag::BlockQuote(None) => self.out.push_str("<blockquote>\n"),
            Tag::BlockQuote(Some(kind)) => self.alert(*kind),
            Tag::CodeBlock(kind) => return self.code(kind, at),
            Tag::List(None) => self.out.push_str("<ul>\n"),
            Tag::List(Some(1)) => self.out.push_str("<ol>\n"),
            Tag::List(Some(start)) => {
                let _ = writeln!(self.out, "<ol start=\"{start}\">");
            }
            Tag::Item => self.out.push_str("<li>"),
            Tag::FootnoteDefinition(label) => self.footnote(label),
            Tag::DefinitionList => self.out.push_str("<dl>\n"),
            Tag::DefinitionListTitle => self.out.push_str("<dt>"),
            Tag::DefinitionListDefinition => self.out.push_str("<dd>"),
            Tag::Table(alignments) => self.table(alignments, at),
            Tag::TableHead => self.table.head = true,
            Tag::TableRow => self.table_row(),
            Tag::TableCell => return self.cell(at),
            Tag::Emphasis => self.out.push_str("<em>"),
            Tag::Strong => self.out.push_str("<strong>"),
            Tag::Strikethrough => self.out.push_str("<del>"),
            Tag::Superscript => self.out.push_str("<sup>"),
            Tag::Subscript => self.out.push_str("<sub>"),
            Tag::Link { link_type: LinkType::WikiLink { .. }, dest_url, .. }
                if !self.targets.is_known(dest_url) =>
            {
                // Start, words, end: shown as it was written.
                self.out.push_str(&escape(dest_url));
                return 3;
            }
            Tag::Link { link_type, dest_url, title, .. } => self.link(*link_type, dest_url, title),
            Tag::Image { dest_url, title, .. } => return self.image(dest_url, title, at),
            Tag::HtmlBlock | Tag::MetadataBlock(_) => {}
        }
        1
    }

    fn end(&mut self, tag: TagEnd, at: usize) {
        match tag {
            TagEnd::Paragraph => self.paragraph_ends(),
            TagEnd::Heading(level) => {
                self.self_link(at);
                let _ = writeln!(self.out, "</{level}>");
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
            TagEnd::Table => self.table_ends(),
            TagEnd::TableHead => self.table_head_ends(),
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

    /// Raw HTML with its links and images led to where they are.
    fn raw_html(&mut self, html: &str) {
        for token in tags::tokens(html) {
            match token {
                Token::Text(text) => self.out.push_str(text),
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
                        let decoded = tags::decode(value);
                        let to = if name == "href" { self.targets.link(&decoded) } else { &decoded };
                        // As it was written, with whatever entities, where it leads nowhere else.
                        let shown = if *to == *decoded {
                            value.replace('"', "&quot;")
                        } else {
                            escape(to).into_owned()
                        };
                        let _ = write!(self.out, " {name}=\"{shown}\"");
                    }
                    self.out.push('>');
                }
                Token::Open(tag) | Token::Close(tag) => self.out.push_str(tag.raw),
            }
        }
    }
}
