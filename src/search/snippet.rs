//! The stretch of a section that shows why it answers.

use std::ops::Range;

use super::segment::SAME;
use super::slots::Slots;
use super::words::read;

/// How long a snippet is, in characters, give or take a word.
const LENGTH: usize = 200;

/// How much of a section is looked through, in bytes.
const LOOKED_THROUGH: usize = 20_000;

/// A text, and the words that the index has of it.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: &'a [u32],
}

/// A word that was sought: which ones it speaks for, and where it is.
#[derive(Clone, Debug)]
struct Found {
    sought: u64,
    span: Range<usize>,
}

/// Knows the words to mark.
#[derive(Clone, Copy)]
pub(super) struct Marker<'a> {
    pub(super) slots: &'a Slots,
    pub(super) part: usize,
    /// The sought words to mark, one bit each.
    pub(super) marked: u64,
    /// Words have English stems here.
    pub(super) stemmed: bool,
}

impl Marker<'_> {
    fn sought(&self, token: u32) -> u64 {
        let Some(slot) = self.slots.of(self.part, token & !SAME) else { return 0 };
        let sought = if self.stemmed { slot.sought } else { slot.sought & !slot.inflected };
        sought & self.marked
    }

    fn find(&self, text: Text<'_>) -> Vec<Found> {
        if text.tokens.iter().all(|token| self.sought(*token) == 0) {
            return Vec::new();
        }
        // The index has the words of a text in the order in which they are read.
        let (mut tokens, mut found) = (text.tokens.iter(), Vec::new());
        read(beginning(text.text, LOOKED_THROUGH), |_, span, _, _| {
            let sought = tokens.next().map_or(0, |token| self.sought(*token));
            if sought != 0 {
                found.push(Found { sought, span });
            }
        });
        found
    }
}

/// Escaped HTML with the found words in `<mark>`: from the prose, else from the code, else the section's beginning.
pub(super) fn snippet(body: Text<'_>, code: Text<'_>, marker: Marker<'_>) -> String {
    let mut found = marker.find(body);
    let mut text = body.text;
    if found.is_empty() {
        let in_code = marker.find(code);
        if !in_code.is_empty() || text.trim().is_empty() {
            (found, text) = (in_code, code.text);
        }
    }
    let text = beginning(text, LOOKED_THROUGH);
    let window = window(text, &best_stretch(&found));
    let marks = found.iter().map(|found| found.span.clone()).filter(|span| within(span, &window));
    render(text, &window, marks)
}

fn beginning(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

fn within(span: &Range<usize>, window: &Range<usize>) -> bool {
    window.start <= span.start && span.end <= window.end
}

/// The stretch of at most [`LENGTH`] bytes with the most different found words, then the most found words, then the
/// first.
fn best_stretch(found: &[Found]) -> Range<usize> {
    let mut best = (0, 0, 0..0);
    for (at, first) in found.iter().enumerate() {
        let (mut different, mut inside, mut end) = (0_u64, 0, first.span.end);
        for word in &found[at..] {
            if word.span.end > first.span.end.max(first.span.start + LENGTH * 3 / 4) {
                break;
            }
            different |= word.sought;
            inside += 1;
            end = word.span.end;
        }
        if (different.count_ones(), inside) > (best.0, best.1) {
            best = (different.count_ones(), inside, first.span.start..end);
        }
    }
    best.2
}

/// `stretch` with some text around it, begun at a sentence or block where one begins near, else at a word.
fn window(text: &str, stretch: &Range<usize>) -> Range<usize> {
    let spare = LENGTH.saturating_sub(stretch.len());
    let before = |bytes: usize| text.floor_char_boundary(stretch.start.saturating_sub(bytes))..stretch.start;
    let start = match before(spare * 2 / 3) {
        lead if lead.start == 0 => 0,
        lead => sentence_start(text, lead).unwrap_or_else(|| word_start(text, before(spare / 3))),
    };
    let settled = stretch.end.max(start);
    let latest = text.floor_char_boundary(start + LENGTH).max(settled);
    let word_end = || text[settled..latest].rfind(char::is_whitespace).map_or(latest, |at| settled + at);
    let end = if latest == text.len() { latest } else { word_end() };
    end - text[start..end].trim_start().len()..end
}

/// Where the first sentence or line in `range` begins.
fn sentence_start(text: &str, range: Range<usize>) -> Option<usize> {
    let mut ends =
        text[range.clone()].match_indices(['\n', '.', '!', '?']).map(|(at, _)| range.start + at + 1);
    ends.find(|end| text[*end..].starts_with(char::is_whitespace))
}

fn word_start(text: &str, range: Range<usize>) -> usize {
    text[range.clone()].find(char::is_whitespace).map_or(range.end, |at| range.start + at)
}

/// Escapes the window and marks the words in it; white space becomes single spaces.
fn render(text: &str, window: &Range<usize>, marks: impl Iterator<Item = Range<usize>>) -> String {
    let mut html = String::with_capacity(window.len() + 64);
    if window.start > 0 {
        html.push_str("… ");
    }
    let mut from = window.start;
    for span in merged(marks) {
        escape(&text[from..span.start], &mut html);
        html.push_str("<mark>");
        escape(&text[span.clone()], &mut html);
        html.push_str("</mark>");
        from = span.end;
    }
    escape(text[from..window.end].trim_end(), &mut html);
    if window.end < text.len() {
        html.push_str(" …");
    }
    html
}

/// The spans in order, overlapping ones as one.
fn merged(spans: impl Iterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut spans: Vec<_> = spans.collect();
    spans.sort_unstable_by_key(|span| span.start);
    let mut merged: Vec<Range<usize>> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

fn escape(text: &str, html: &mut String) {
    let mut blank = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            if !blank {
                html.push(' ');
            }
            blank = true;
            continue;
        }
        blank = false;
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::model::{Guide, GuidePath, Readers, Review, Section};
    use crate::search::circle::Scope;
    use crate::search::evidence::seek;
    use crate::search::index::Index;
    use crate::search::lexicon::Lexicon;
    use crate::search::question::Question;
    use crate::search::synonyms::Synonyms;

    use super::*;

    fn guide(body: &str, code: &str) -> Guide {
        let section = Section {
            id: String::new(),
            level: 1,
            heading: "T".to_owned(),
            text: body.to_owned(),
            code: code.to_owned(),
        };
        Guide {
            path: GuidePath::root(),
            file: "index.md".to_owned(),
            title: "T".to_owned(),
            description: None,
            weight: None,
            review: Review::default(),
            readers: Readers::PUBLIC,
            language: None,
            boost: 1.0,
            sections: [section].into(),
            markdown: crate::model::Markdown::default(),
        }
    }

    /// The snippet of a guide that has a heading of one letter, for these words.
    fn shown(body: &str, code: &str, query: &[&str]) -> String {
        let index = Index::build([&guide(body, code)]).unwrap();
        let scope = Scope::everything(&index);
        let question = Question::parse(&format!("{} ", query.join(" ")));
        let evidence = seek(&question, Lexicon { scope: &scope }, &Synonyms::default(), true);
        let slots = Slots::new(&scope, &evidence.sought);
        let segment = &scope.parts()[0].segment;
        let doc = &segment.docs[0];
        let section = segment.section(0);
        let text = |text, tokens| Text { text, tokens: segment.tokens(tokens) };
        let marker = Marker { slots: &slots, part: 0, marked: u64::MAX, stemmed: true };
        snippet(text(section.text, &doc.body_tokens), text(section.code, &doc.code_tokens), marker)
    }

    fn marked(body: &str, query: &[&str]) -> String {
        shown(body, "", query)
    }

    #[test]
    fn the_window_holds_most_of_the_words_and_starts_at_a_sentence() {
        let filler = "Nothing to see in this sentence at all. ".repeat(20);
        let body = format!("A bucket stands alone. {filler}Here a <b>bucket</b> has versions. {filler}");
        let found = marked(&body, &["bucket", "versions"]);
        assert!(found.starts_with("… "), "{found}");
        assert!(
            found.contains("Here a &lt;b&gt;<mark>bucket</mark>&lt;/b&gt; has <mark>versions</mark>."),
            "{found}"
        );
        assert!(found.ends_with(" …") && found.len() < 400, "{found}");
    }

    #[test]
    fn without_a_match_in_the_prose_the_code_or_else_the_beginning_is_shown() {
        let found = |code| shown("About files.", code, &["readcsv"]);
        assert_eq!(found("x = read_csv(path)"), "x = <mark>read_csv</mark>(path)");
        assert_eq!(found("y = 1"), "About files.");
    }

    proptest! {
        #[test]
        fn only_marks_are_markup(
            body in r#"([<>&"'/ .\n]|mark|script|bucket|\PC){0,200}"#,
            query in r"(bucket|mark|script|\PC){1,3}",
        ) {
            let shown = marked(&body, &[&query]);
            let opened = shown.matches("<mark>").count();
            prop_assert_eq!(opened, shown.matches("</mark>").count());
            let rest = shown.replace("<mark>", "").replace("</mark>", "");
            prop_assert!(!rest.contains(['<', '>', '"', '\'']), "{}", shown);
            let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
            let entities = entities.iter().map(|entity| rest.matches(entity).count()).sum::<usize>();
            prop_assert_eq!(rest.matches('&').count(), entities, "{}", shown);
        }
    }
}
