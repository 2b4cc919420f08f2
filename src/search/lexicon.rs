//! The words that the index knows.

use std::cmp::Ordering;
use std::collections::HashMap;

use tantivy::query::FuzzyTermQuery;
use tantivy::{Searcher, Term};

use super::record::{Fields, Part};

/// How many words a dictionary is read for completions.
const MOST_READ: usize = 2_000;

/// The words of every section.
#[derive(Clone, Copy)]
pub(super) struct Lexicon<'a> {
    pub(super) searcher: &'a Searcher,
    pub(super) fields: &'a Fields,
}

impl Lexicon<'_> {
    /// How many sections have the term, in the field that has it most.
    pub(super) fn sections(&self, term: &str) -> tantivy::Result<u64> {
        let mut most = 0;
        for part in Part::ALL {
            most = most.max(self.searcher.doc_freq(&Term::from_field_text(self.fields.of(part), term))?);
        }
        Ok(most)
    }

    /// The words that start with `prefix` and go on, `most` of them: those of headings first, then the most frequent.
    pub(super) fn completions(&self, prefix: &str, most: usize) -> tantivy::Result<Vec<String>> {
        let beyond = format!("{prefix}\u{10ffff}");
        let mut tally = Tally::default();
        for part in Part::ALL {
            for segment in self.searcher.segment_readers() {
                let dictionary = segment.inverted_index(self.fields.of(part))?;
                let mut terms = dictionary.terms().range().gt(prefix).lt(&beyond).into_stream()?;
                for _ in 0..MOST_READ {
                    let Some((term, info)) = terms.next() else { break };
                    tally.count(term, part, info.doc_freq);
                }
            }
        }
        let mut words: Vec<_> = tally.0.iter().collect();
        let heading = |counts: &[u32; Part::ALL.len()]| counts[Part::Heading as usize];
        words.sort_by(|(a, in_a), (b, in_b)| {
            let by_heading = heading(in_b).cmp(&heading(in_a));
            by_heading.then_with(|| in_b.iter().max().cmp(&in_a.iter().max())).then_with(|| a.cmp(b))
        });
        Ok(words.into_iter().take(most).map(|(word, _)| word.clone()).collect())
    }

    /// The nearest words to `word` within `tolerance` edits, the most frequent `most` of them; a transposition is one
    /// edit. The first letter is believed before the others are.
    pub(super) fn corrections(&self, word: &str, tolerance: u8, most: usize) -> tantivy::Result<Vec<String>> {
        let first = word.chars().next();
        let mut other_start = Vec::new();
        for distance in 1..=tolerance {
            let found = self.within(word, distance)?.into_iter().filter(|(_, found)| found != word);
            let (mut found, other): (Vec<_>, Vec<_>) =
                found.partition(|(_, found)| found.chars().next() == first);
            if distance == 1 {
                other_start = other;
            } else {
                // An edit to the first letter weighs as much as two others.
                found.append(&mut other_start);
                found.sort_by(most_frequent_first);
            }
            if !found.is_empty() {
                return Ok(found.into_iter().take(most).map(|(_, word)| word).collect());
            }
        }
        Ok(other_start.into_iter().take(most).map(|(_, word)| word).collect())
    }

    /// The words within `distance` edits, and how many sections have each; most first.
    fn within(&self, word: &str, distance: u8) -> tantivy::Result<Vec<(u32, String)>> {
        let term = Term::from_field_text(self.fields.of(Part::Body), word);
        let automaton = FuzzyTermQuery::new(term, distance, true).automaton()?;
        let mut tally = Tally::default();
        for part in Part::ALL {
            for segment in self.searcher.segment_readers() {
                let dictionary = segment.inverted_index(self.fields.of(part))?;
                // Stems, which sort before words, are nobody's spelling.
                let mut terms = dictionary.terms().search(&automaton).ge("0").into_stream()?;
                while let Some((term, info)) = terms.next() {
                    tally.count(term, part, info.doc_freq);
                }
            }
        }
        Ok(tally.by_frequency())
    }
}

/// How many sections have a word, by field.
#[derive(Default)]
struct Tally(HashMap<String, [u32; Part::ALL.len()]>);

impl Tally {
    fn count(&mut self, term: &[u8], part: Part, sections: u32) {
        if let Ok(term) = str::from_utf8(term) {
            let counts = self.0.entry(term.to_owned()).or_default();
            counts[part as usize] += sections;
        }
    }

    fn by_frequency(self) -> Vec<(u32, String)> {
        let frequency = |counts: [u32; Part::ALL.len()]| counts.into_iter().max().unwrap_or(0);
        let mut words: Vec<_> = self.0.into_iter().map(|(word, counts)| (frequency(counts), word)).collect();
        words.sort_by(most_frequent_first);
        words
    }
}

fn most_frequent_first(a: &(u32, String), b: &(u32, String)) -> Ordering {
    b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1))
}
