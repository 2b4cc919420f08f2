//! Markdown, parsed once into the events that sections and HTML are both made of.
//!
//! 1. [`inline::read`]: what the parser says, with punctuation that code needs put back, raw HTML vetted and
//!    bare addresses made links
//! 2. headings: ids, empty ones dropped, the leading one taken out because the page shows it above its content,
//!    the others moved down when there are several of the first level

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::slug::{Slugs, Style};
use super::{figures, inline};

/// An event and the bytes it stands for.
pub(super) type Spanned<'a> = (Event<'a>, Range<usize>);

/// A guide's Markdown, parsed.
#[derive(Debug)]
pub(super) struct Document<'a> {
    /// Every heading has an id; raw HTML holds only elements that stay.
    pub(super) events: Vec<Spanned<'a>>,
    /// The leading first-level heading, taken out of the events.
    pub(super) lead: Option<Lead>,
    /// What its author should know, by offset.
    pub(super) noticed: Vec<(usize, Noticed)>,
}

/// A leading first-level heading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lead {
    pub(super) id: String,
    pub(super) title: String,
}

/// Something in the Markdown that its author should know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Noticed {
    /// An element is left out with what it holds.
    LeftOut(String),
    /// A construct is shown as it was written.
    Shown(String),
    /// An unknown element is left out, and what it holds is shown.
    Unwrapped(String),
    /// A heading without words.
    EmptyHeading,
    /// A heading with nothing under it.
    BareHeading(String),
    /// A heading that says what another of its level in the same section says, which has the id `first`.
    Twin { heading: String, first: String },
    /// A heading more than one level below the one before.
    Jump { heading: String, from: u8, to: u8 },
    /// A formula that cannot be converted, and why.
    Formula { written: String, why: String },
    /// A diagram that cannot be drawn, and why.
    Diagram { why: String },
}

const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_SMART_PUNCTUATION)
    .union(Options::ENABLE_HEADING_ATTRIBUTES)
    .union(Options::ENABLE_GFM)
    .union(Options::ENABLE_MATH)
    .union(Options::ENABLE_DEFINITION_LIST);

/// Parses `text`; heading ids follow `style`.
pub(super) fn parse(text: &str, style: Style) -> Document<'_> {
    let parser = Parser::new_ext(text, OPTIONS).into_offset_iter();
    let (events, mut noticed) = inline::read(text, parser);
    figures::notice(&events, &mut noticed);
    let mut headings = Headings { text, slugs: Slugs::new(style), lead: None, noticed };
    let events = headings.settle(events);
    Document { events, lead: headings.lead, noticed: headings.noticed }
}

/// The id of a heading that stands alone and says `text`, which is Markdown.
pub(super) fn id_of(text: &str, style: Style) -> Option<String> {
    let line = format!("# {text}");
    parse(&line, style).lead.map(|lead| lead.id)
}

struct Headings<'a> {
    text: &'a str,
    slugs: Slugs,
    lead: Option<Lead>,
    noticed: Vec<(usize, Noticed)>,
}

impl<'a> Headings<'a> {
    fn settle(&mut self, events: Vec<Spanned<'a>>) -> Vec<Spanned<'a>> {
        let mut out: Vec<Spanned<'a>> = Vec::with_capacity(events.len());
        let mut others_of_first_level = false;
        let mut events = events.into_iter();
        while let Some((event, range)) = events.next() {
            let Event::Start(Tag::Heading { level, id, classes, attrs }) = event else {
                out.push((event, range));
                continue;
            };
            let within = take_heading(&mut events);
            let lost = classes.is_empty() && id.is_none() && !attrs.is_empty();
            let within = if lost { self.with_braces(within, &range) } else { within };
            let words = plain(&within);
            if words.trim().is_empty() && !within.iter().any(|(event, _)| is_image(event)) {
                self.noticed.push((range.start, Noticed::EmptyHeading));
                continue;
            }
            let given = self.slugs.give(self.as_written(&within).trim(), level as u8, id.as_deref());
            if out.is_empty() && self.lead.is_none() && level == HeadingLevel::H1 && !words.trim().is_empty()
            {
                self.lead = Some(Lead { id: given, title: words.trim().to_owned() });
                continue;
            }
            others_of_first_level |= level == HeadingLevel::H1;
            let id = Some(CowStr::from(given));
            let classes = classes
                .into_iter()
                .map(|class| CowStr::from(class.trim_end_matches(':').to_owned()))
                .collect();
            out.push((Event::Start(Tag::Heading { level, id, classes, attrs: Vec::new() }), range.clone()));
            out.extend(within);
            out.push((Event::End(TagEnd::Heading(level)), range));
        }
        if others_of_first_level {
            for (event, _) in &mut out {
                move_down(event);
            }
        }
        self.notice_levels(&out);
        out
    }

    /// A heading's last `{…}` was read as attributes but has neither id nor class: it was meant as text.
    fn with_braces(&self, mut within: Vec<Spanned<'a>>, range: &Range<usize>) -> Vec<Spanned<'a>> {
        let written = self.text.get(range.clone()).unwrap_or_default();
        let from = within.last().map_or(range.start, |(_, last)| last.end);
        let tail =
            self.text.get(from..range.end).unwrap_or(written).trim_end().trim_end_matches('#').trim_end();
        if !tail.is_empty() {
            within.push((Event::Text(CowStr::from(format!(" {}", tail.trim_start()))), from..range.end));
        }
        within
    }

    /// A heading's words before typographic quotes and dashes: ids are made of these.
    fn as_written(&self, within: &[Spanned<'a>]) -> String {
        let mut out = String::new();
        for (event, range) in within {
            match event {
                Event::Text(text) if inline::is_typographic(text) => {
                    out.push_str(self.text.get(range.clone()).unwrap_or(text));
                }
                event => push_plain(&mut out, event),
            }
        }
        out
    }

    /// Notices headings that jump, and headings with nothing under them.
    fn notice_levels(&mut self, events: &[Spanned<'a>]) {
        let mut above = 1;
        let mut beside = Beside::default();
        let mut bare: Option<(usize, u8, String)> = None;
        let mut index = 0;
        while let Some((event, range)) = events.get(index) {
            index += 1;
            let Event::Start(Tag::Heading { level, id, .. }) = event else {
                bare = None;
                continue;
            };
            let rest = events.get(index..).unwrap_or_default();
            let length = rest.iter().position(|(event, _)| is_heading_end(event)).unwrap_or(rest.len());
            let heading = plain(rest.get(..length).unwrap_or_default());
            index += length + 1;
            let level = *level as u8;
            if let Some((at, _, heading)) = bare.take().filter(|(_, before, _)| level <= *before) {
                self.noticed.push((at, Noticed::BareHeading(heading)));
            }
            if let Some(first) = beside.twin(level, &heading, id.as_deref().unwrap_or_default()) {
                self.noticed.push((range.start, Noticed::Twin { heading: heading.clone(), first }));
            }
            if level > above + 1 {
                self.noticed
                    .push((range.start, Noticed::Jump { heading: heading.clone(), from: above, to: level }));
            }
            above = level;
            bare = Some((range.start, level, heading));
        }
        if let Some((at, _, heading)) = bare {
            self.noticed.push((at, Noticed::BareHeading(heading)));
        }
    }
}

/// The headings of the section at hand, level by level: what they say and the id of the first to say it.
#[derive(Default)]
struct Beside(Vec<(u8, HashMap<String, String>)>);

impl Beside {
    /// The id of an earlier heading beside this one that says the same.
    fn twin(&mut self, level: u8, heading: &str, id: &str) -> Option<String> {
        while self.0.last().is_some_and(|(deeper, _)| *deeper > level) {
            self.0.pop();
        }
        if self.0.last().is_none_or(|(higher, _)| *higher < level) {
            self.0.push((level, HashMap::new()));
        }
        let (_, said) = self.0.last_mut()?;
        match said.entry(heading.trim().to_lowercase()) {
            Entry::Occupied(first) => Some(first.get().clone()),
            Entry::Vacant(new) => {
                new.insert(id.to_owned());
                None
            }
        }
    }
}

/// The events up to the heading's end, which is dropped.
fn take_heading<'a>(events: &mut impl Iterator<Item = Spanned<'a>>) -> Vec<Spanned<'a>> {
    events.take_while(|(event, _)| !is_heading_end(event)).collect()
}

fn is_heading_end(event: &Event<'_>) -> bool {
    matches!(event, Event::End(TagEnd::Heading(_)))
}

fn is_image(event: &Event<'_>) -> bool {
    matches!(event, Event::Start(Tag::Image { .. }))
}

fn move_down(event: &mut Event<'_>) {
    if let Event::Start(Tag::Heading { level, .. }) | Event::End(TagEnd::Heading(level)) = event {
        *level = HeadingLevel::try_from(*level as usize + 1).unwrap_or(HeadingLevel::H6);
    }
}

/// What a reader sees of some inline events, without markup.
pub(super) fn plain(events: &[Spanned<'_>]) -> String {
    let mut out = String::new();
    for (event, _) in events {
        push_plain(&mut out, event);
    }
    out.trim().to_owned()
}

fn push_plain(out: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(text) | Event::Code(text) => out.push_str(text),
        Event::SoftBreak | Event::HardBreak => out.push(' '),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(text: &str) -> Vec<(u8, String, String)> {
        let document = parse(text, Style::GitHub);
        let lead = document.lead.map(|lead| (0, lead.id, lead.title));
        let mut found: Vec<_> = lead.into_iter().collect();
        for (at, (event, _)) in document.events.iter().enumerate() {
            if let Event::Start(Tag::Heading { level, id: Some(id), .. }) = event {
                let rest = &document.events[at..];
                let end = rest.iter().position(|(event, _)| is_heading_end(event)).unwrap();
                found.push((*level as u8, id.to_string(), plain(&rest[..end])));
            }
        }
        found
    }

    fn as_text(text: &str) -> String {
        let lines = headings(text).into_iter().map(|(level, id, title)| format!("{level} {id}: {title}"));
        lines.collect::<Vec<_>>().join(
            "
",
        ) + "
"
    }

    #[test]
    fn the_leading_heading_is_taken_out() {
        assert_eq!(as_text("# Title\n\ntext\n\n## One\n"), "0 title: Title\n2 one: One\n");
        assert_eq!(as_text("Title\n=====\n"), "0 title: Title\n");
        assert_eq!(as_text("text\n\n# Title\n"), "2 title: Title\n");
    }

    #[test]
    fn several_first_level_headings_move_everything_down() {
        assert_eq!(as_text("# T\n\n# A\n\n## B\n\n###### C\n"), "0 t: T\n2 a: A\n3 b: B\n6 c: C\n");
    }

    #[test]
    fn headings_without_words_vanish() {
        assert_eq!(as_text("# T\n\n##\n\n## \u{20}\n\n## One\n\nx"), "0 t: T\n2 one: One\n");
        let noticed = parse("##\n\ntext\n", Style::GitHub).noticed;
        assert_eq!(noticed, [(0, Noticed::EmptyHeading)]);
    }

    #[test]
    fn an_author_may_name_a_heading_and_write_braces() {
        assert_eq!(as_text("## One {#first}\n"), "2 first: One\n");
        assert_eq!(as_text("## Use {braces}\n"), "2 use-braces: Use {braces}\n");
        assert_eq!(as_text("## Use {{ ref(\"x\") }}\n"), "2 use--refx-: Use {{ ref(\"x\") }}\n");
    }

    #[test]
    fn ids_are_made_of_what_was_written() {
        let document = parse("## Don't \"stop\"\n", Style::TechDocs);
        let Some((Event::Start(Tag::Heading { id: Some(id), .. }), _)) = document.events.first() else {
            panic!()
        };
        assert_eq!(&**id, "don-39-t-quot-stop-quot");
    }

    #[test]
    fn jumps_and_bare_headings_are_noticed() {
        let found = parse("# T\n\n## A\n\n## B\n\n#### C\n\nx\n", Style::GitHub).noticed;
        let found: Vec<_> = found.into_iter().map(|(_, noticed)| noticed).collect();
        let jump = Noticed::Jump { heading: "C".into(), from: 2, to: 4 };
        assert_eq!(found, [Noticed::BareHeading("A".into()), jump]);
    }
}
