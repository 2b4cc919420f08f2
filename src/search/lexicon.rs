//! The words that the index knows.

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
    /// Whether any section has the term.
    pub(super) fn knows(&self, term: &str) -> tantivy::Result<bool> {
        for part in Part::ALL {
            if self.searcher.doc_freq(&Term::from_field_text(self.fields.of(part), term))? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The most frequent `most` words that start with `prefix` and go on.
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
        Ok(tally.most_frequent(most))
    }

    /// The most frequent `most` words exactly as many as `distance` edits from `word`, or fewer; a transposition is
    /// one edit, and one to the first letter counts twice.
    pub(super) fn neighbours(&self, word: &str, distance: u8, most: usize) -> tantivy::Result<Vec<String>> {
        let first = word.chars().next();
        let mut tally = Tally::default();
        for part in Part::ALL {
            let term = Term::from_field_text(self.fields.of(part), word);
            for segment in self.searcher.segment_readers() {
                let automaton = FuzzyTermQuery::new(term.clone(), distance, true).automaton()?;
                let dictionary = segment.inverted_index(self.fields.of(part))?;
                // Stems, which sort before words, are nobody's spelling.
                let mut terms = dictionary.terms().search(automaton).ge("0").into_stream()?;
                while let Some((term, info)) = terms.next() {
                    let same_start = str::from_utf8(term).is_ok_and(|term| term.chars().next() == first);
                    if same_start {
                        tally.count(term, part, info.doc_freq);
                    }
                }
            }
        }
        Ok(tally.most_frequent(most))
    }
}

/// How many sections have a word, by field.
#[derive(Default)]
struct Tally(HashMap<String, [u32; Part::ALL.len()]>);

impl Tally {
    fn count(&mut self, term: &[u8], part: Part, sections: u32) {
        if let Ok(term) = str::from_utf8(term) {
            match self.0.get_mut(term) {
                Some(counts) => counts[part as usize] += sections,
                None => {
                    let mut counts = [0; Part::ALL.len()];
                    counts[part as usize] = sections;
                    self.0.insert(term.to_owned(), counts);
                }
            }
        }
    }

    fn most_frequent(self, most: usize) -> Vec<String> {
        let frequency = |counts: [u32; Part::ALL.len()]| counts.into_iter().max().unwrap_or(0);
        let mut words: Vec<_> = self.0.into_iter().map(|(word, counts)| (frequency(counts), word)).collect();
        words.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        words.into_iter().take(most).map(|(_, word)| word).collect()
    }
}
