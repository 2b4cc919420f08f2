//! The stretch of a section that shows why it answers.

use std::collections::HashSet;
use std::ops::Range;

use super::evidence::Sought;
use super::record::Stored;
use super::words::{STEM_MARK, Shape, Word, stem, words};

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
            .take_while(|(_, word)| word.span.end <= first.span.start + LENGTH * 3 / 4)
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
    let earliest = text.ceil_char_boundary(stretch.start.saturating_sub(spare * 2 / 3));
    let lead = &text[earliest..stretch.start];
    let sentence = lead.rmatch_indices(['\n', '.', '!', '?']).map(|(at, _)| earliest + at + 1);
    let sentence = sentence.filter(|at| text[*at..].starts_with(char::is_whitespace)).last();
    let start = if earliest == 0 {
        0
    } else {
        let near = stretch.start.saturating_sub(spare / 3);
        let word = || text[near.max(earliest)..stretch.start].find(char::is_whitespace);
        let near = text.ceil_char_boundary(near.max(earliest));
        sentence.unwrap_or_else(|| word().map_or(stretch.start, |at| near + at))
    };
    let latest = text.ceil_char_boundary((start + LENGTH).max(stretch.end).min(text.len()));
    let end = if latest == text.len() {
        latest
    } else {
        let word = text[stretch.end.max(start)..latest].rfind(char::is_whitespace);
        word.map_or(latest, |at| stretch.end.max(start) + at)
    };
    let trimmed = text[start..end].trim_start();
    end - trimmed.len()..end
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
            held.iter().any(|held| held.shape != Shape::Whole && stem(&held.text) == stem_of_word)
        })
    }
}
