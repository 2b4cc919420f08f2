//! The stretch of a section that shows why it answers.

use std::collections::HashSet;
use std::ops::Range;

use super::evidence::Sought;
use super::record::Stored;
use super::words::{STEM_MARK, Word, stem, words};

/// How long a snippet is, in characters, give or take a word.
const LENGTH: usize = 200;

/// How much of a section is looked through, in bytes.
const LOOKED_THROUGH: usize = 20_000;

/// Knows the words to mark.
pub(super) struct Marker {
    words: HashSet<String>,
    stems: HashSet<String>,
}

impl Marker {
    /// Marks what speaks for `sought`; words that say little only when there are no others.
    pub(super) fn new(sought: &[Sought]) -> Self {
        let all_stop = sought.iter().all(|word| word.stop);
        let mut marker = Self { words: HashSet::new(), stems: HashSet::new() };
        for word in sought.iter().filter(|word| all_stop || !word.stop) {
            for (term, _) in word.exact.iter().chain(&word.loose) {
                match term.strip_prefix(STEM_MARK) {
                    Some(stem) => marker.stems.insert(stem.to_owned()),
                    None => marker.words.insert(term.clone()),
                };
            }
        }
        marker
    }

    /// The word that counts as found for `word`, so that each is counted once.
    fn found(&self, word: &Word) -> Option<String> {
        let stem = stem(&word.text);
        let marked = self.words.contains(&word.text) || self.stems.contains(&stem);
        marked.then_some(stem)
    }
}

/// Escaped HTML with the found words in `<mark>`: from the prose, else from the code, else the section's beginning.
pub(super) fn snippet(section: &Stored, marker: &Marker) -> String {
    let texts = [&section.body, &section.code].map(|text| beginning(text, LOOKED_THROUGH));
    let found = texts.map(|text| {
        let found = words(text).into_iter().filter_map(|word| Some((marker.found(&word)?, word)));
        found.collect::<Vec<_>>()
    });
    let which = usize::from(found[0].is_empty() && !found[1].is_empty());
    let (text, found) = (texts[which], &found[which]);
    let window = window(text, &best_stretch(found));
    let marks = found.iter().map(|(_, word)| word.span.clone()).filter(|span| within(span, &window));
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
fn best_stretch(found: &[(String, Word)]) -> Range<usize> {
    let mut best = (0, 0, 0..0);
    for (at, (_, first)) in found.iter().enumerate() {
        let inside: Vec<_> = found[at..]
            .iter()
            .take_while(|(_, word)| word.span.end <= first.span.end.max(first.span.start + LENGTH * 3 / 4))
            .collect();
        let different: HashSet<&str> = inside.iter().map(|(stem, _)| stem.as_str()).collect();
        let end = inside.last().map_or(first.span.end, |(_, word)| word.span.end);
        if (different.len(), inside.len()) > (best.0, best.1) {
            best = (different.len(), inside.len(), first.span.start..end);
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

impl Stored {
    /// Whether the section has `word`, in whatever form.
    pub(super) fn holds(&self, word: &str) -> bool {
        let stem_of_word = stem(word);
        let texts = [&self.heading, &self.title, &self.body, &self.code];
        texts.into_iter().any(|text| {
            let held = words(beginning(text, LOOKED_THROUGH));
            held.iter().any(|held| stem(&held.text) == stem_of_word)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marked(body: &str, query: &[&str]) -> String {
        let terms = query.iter().map(|word| ((*word).to_owned(), 1.0)).collect();
        snippet(&section(body, ""), &Marker::new(&[Sought::added(terms, 1.0)]))
    }

    fn section(body: &str, code: &str) -> Stored {
        let [title, heading, url] = [(); 3].map(|()| String::new());
        Stored { title, heading, url, body: body.to_owned(), code: code.to_owned() }
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
        let marker = Marker::new(&[Sought::added(vec![("readcsv".to_owned(), 1.0)], 1.0)]);
        let shown = snippet(&section("About files.", "x = read_csv(path)"), &marker);
        assert_eq!(shown, "x = <mark>read_csv</mark>(path)");
        assert_eq!(snippet(&section("About files.", "y = 1"), &marker), "About files.");
    }

    proptest! {
        #[test]
        fn only_marks_are_markup(
            body in r#"([<>&"'/ .\n]|mark|script|bucket|\PC){0,200}"#,
            query in r"(bucket|mark|script|\PC){1,3}",
        ) {
            let shown = marked(&body, &words(&query).iter().map(|word| word.text.as_str()).collect::<Vec<_>>());
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
