//! Events to sections: what a guide says heading by heading, and everything in it that points elsewhere.

use std::collections::HashSet;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::adorn::attribute_words;
use super::blocks::Mark;
use super::events::{self, Document};
use super::problem::Place;
use super::source::Source;
use super::tags::{self, Token};
use crate::model::Section;

/// A guide without its looks.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// In reading order, the lead first.
    pub(super) sections: Vec<Section>,
    /// Every id that a link may name.
    pub(super) anchors: HashSet<String>,
    pub(super) links: Vec<Mention>,
    pub(super) images: Vec<Mention>,
    /// Images without alternative text.
    pub(super) silent_images: Vec<Mention>,
}

/// An address as its author wrote it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) dest: String,
    pub(super) place: Place,
}

/// Reads the outline of a guide called `title`.
pub(super) fn outline(document: &Document<'_>, title: &str, source: &Source) -> Outline {
    let heading = document.lead.as_ref().map_or(title, |lead| &lead.title).to_owned();
    let lead = Section { id: String::new(), level: 1, heading, text: String::new(), code: String::new() };
    let mut reader = Reader {
        source,
        out: Outline { sections: vec![lead], ..Outline::default() },
        in_heading: false,
        image: None,
        code: false,
    };
    reader.out.anchors.extend(document.lead.iter().map(|lead| lead.id.clone()));
    for (index, (event, range)) in document.events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading { level, id, .. }) => {
                reader.heading(
                    *level as u8,
                    id.as_deref().unwrap_or_default(),
                    &document.events[index + 1..],
                );
            }
            event => reader.take(event, range.start),
        }
    }
    for section in &mut reader.out.sections {
        tidy(&mut section.text);
        section.code.truncate(section.code.trim_end().len());
        // They stay for as long as the guide does.
        section.text.shrink_to_fit();
        section.code.shrink_to_fit();
    }
    reader.out
}

struct Reader<'a> {
    source: &'a Source,
    out: Outline,
    /// Inside a heading, whose words the section already has.
    in_heading: bool,
    /// Inside an image: where it is, and its alternative text.
    image: Option<(Mention, String)>,
    code: bool,
}

impl Reader<'_> {
    fn heading(&mut self, level: u8, id: &str, rest: &[events::Spanned<'_>]) {
        let ends = |(event, _): &events::Spanned<'_>| matches!(event, Event::End(TagEnd::Heading(_)));
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let heading = events::plain(rest.get(..length).unwrap_or_default());
        self.in_heading = true;
        self.out.anchors.insert(id.to_owned());
        let (id, text, code) = (id.to_owned(), String::new(), String::new());
        self.out.sections.push(Section { id, level, heading, text, code });
    }

    fn take(&mut self, event: &Event<'_>, offset: usize) {
        match event {
            Event::Text(text) | Event::Code(text) => self.text(text),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::TableCell) => self.text(" "),
            Event::Start(Tag::CodeBlock(_)) => self.code = true,
            Event::End(TagEnd::CodeBlock) => {
                self.code = false;
                self.with_section(|section| section.code.push('\n'));
            }
            Event::Start(Tag::Link { dest_url, link_type, .. })
                if *link_type != pulldown_cmark::LinkType::Email =>
            {
                let mention = self.mention(dest_url, offset);
                self.out.links.push(mention);
            }
            Event::Start(Tag::Image { dest_url, title, .. }) => {
                self.image = Some((self.mention(dest_url, offset), title.to_string()));
            }
            Event::End(TagEnd::Image) => {
                if let Some((mention, alt)) = self.image.take() {
                    self.image(mention, &alt);
                }
            }
            Event::End(TagEnd::Heading(_)) => self.in_heading = false,
            Event::Start(Tag::List(_))
            | Event::Rule
            | Event::End(
                TagEnd::Paragraph
                | TagEnd::Item
                | TagEnd::TableHead
                | TagEnd::TableRow
                | TagEnd::DefinitionListTitle
                | TagEnd::DefinitionListDefinition
                | TagEnd::HtmlBlock,
            ) => self.block_ends(),
            Event::InlineMath(formula) | Event::DisplayMath(formula) => self.text(formula),
            event if Mark::of(event).is_some() => self.mark(event),
            Event::InlineHtml(html) | Event::Html(html) => self.raw_html(html, offset),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, alt)) = &mut self.image {
            alt.push_str(text);
        } else if !self.in_heading {
            let code = self.code;
            self.with_section(
                |section| if code { section.code.push_str(text) } else { section.text.push_str(text) },
            );
        }
    }

    fn block_ends(&mut self) {
        self.with_section(|section| section.text.push('\n'));
    }

    fn image(&mut self, mention: Mention, alt: &str) {
        if alt.trim().is_empty() {
            self.out.silent_images.push(mention.clone());
        } else {
            self.text(alt);
        }
        self.out.images.push(mention);
    }

    /// A mark says nothing, but may hold an id.
    fn mark(&mut self, event: &Event<'_>) {
        if let Some(Mark::Attributes(written)) = Mark::of(event) {
            let ids = attribute_words(written).filter(|(name, _)| *name == "#");
            self.out.anchors.extend(ids.map(|(_, id)| id.to_owned()));
        }
    }

    /// The text, the ids, the links and the images of raw HTML.
    fn raw_html(&mut self, html: &str, offset: usize) {
        for token in tags::tokens(html) {
            match token {
                Token::Text(text) => self.text(&tags::decode(text)),
                Token::Open(tag) => {
                    let named = tag.attribute("name").filter(|_| tag.name == "a");
                    self.out.anchors.extend(tag.attribute("id").or(named).map(std::borrow::Cow::into_owned));
                    if let Some(href) = tag.attribute("href").filter(|_| tag.name == "a") {
                        let mention = self.mention(&href, offset);
                        self.out.links.push(mention);
                    }
                    if let Some(src) = tag.attribute("src").filter(|_| tag.name == "img") {
                        let mention = self.mention(&src, offset);
                        self.image(mention, &tag.attribute("alt").unwrap_or_default());
                    }
                    if tags::is_block(&tag.name) || tag.name == "br" {
                        self.text("\n");
                    }
                }
                Token::Close(_) | Token::Comment => {}
            }
        }
    }

    fn mention(&self, dest: &str, offset: usize) -> Mention {
        Mention { dest: dest.to_owned(), place: self.source.place(offset) }
    }

    fn with_section(&mut self, change: impl FnOnce(&mut Section)) {
        if let Some(section) = self.out.sections.last_mut() {
            change(section);
        }
    }
}

/// One space between words, one newline between blocks.
fn tidy(text: &mut String) {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let before = out.len();
        for word in line.split_whitespace() {
            if out.len() > before {
                out.push(' ');
            }
            out.push_str(word);
        }
        if out.len() > before {
            out.push('\n');
        }
    }
    out.truncate(out.trim_end().len());
    *text = out;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guides::slug::Style;

    fn read(text: &str) -> Outline {
        let source = Source::of_file("a.md", text.to_owned());
        outline(&events::parse(&source.text, Style::GitHub), "A", &source)
    }

    #[test]
    fn a_guide_falls_into_sections() {
        let text = "# Tools\n\nLead *text*.\nMore.\n\n## R\n\n- one\n- two\n\n```r\nx <- 1\n```\n\n|a|b|\n|-|-|\n|1|2|\n\n### Deep\n";
        let sections = read(text).sections;
        insta::assert_json_snapshot!(sections);
    }

    #[test]
    fn what_points_elsewhere_is_listed_with_its_line() {
        let text = "[a](b.md)\n\n![](x.png)\n\n<a id=\"here\" href='c.html'>c</a> ![alt](y.png)\n\n<img src=z.png>\n";
        let outline = read(text);
        let lines = |mentions: &[Mention]| {
            let shown = mentions.iter().map(|m| format!("{}:{} ", m.place.line.unwrap(), m.dest));
            shown.collect::<String>()
        };
        assert_eq!(lines(&outline.links), "1:b.md 5:c.html ");
        assert_eq!(lines(&outline.images), "3:x.png 5:y.png 7:z.png ");
        assert_eq!(lines(&outline.silent_images), "3:x.png 7:z.png ");
        assert!(outline.anchors.contains("here"));
    }
}
