//! Who may find what: every section belongs to a circle, and a question is asked within a scope.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::bits::Bits;
use super::dictionary::rank;
use super::index::Index;
use super::segment::{SAME, Segment};
use crate::model::{AppName, Audience, Readers};

/// Sections that share one rule of who may see them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Circle {
    /// The guides with these readers.
    Guides(Readers),
    /// The pages of one app.
    App(AppName),
}

impl Circle {
    /// The app, when it is one's.
    #[must_use]
    pub fn app(&self) -> Option<&AppName> {
        match self {
            Self::App(app) => Some(app),
            Self::Guides(_) => None,
        }
    }
}

/// The sections that one viewer may see, in one snapshot of the index. Cheap to clone.
///
/// An answer is made as though the others were not there: its hits, its total, its corrections and suggestions, and the
/// statistics behind its order.
#[derive(Clone)]
pub struct Scope {
    parts: Arc<[Seen]>,
    sections: usize,
}

/// What a viewer sees of one segment.
pub(super) struct Seen {
    pub(super) segment: Arc<Segment>,
    pub(super) sections: Bits,
    /// It is all of the segment.
    pub(super) whole: bool,
    /// What the segment's own counts become when the rest is not there.
    counts: OnceLock<Counts>,
}

/// In how many sections, and in how many headings, each word is.
struct Counts {
    sections: Vec<u32>,
    headings: Vec<u32>,
}

impl Scope {
    /// The sections of `index` in the circles that `admits`; each circle is asked about once.
    pub fn new(index: &Index, mut admits: impl FnMut(&Circle) -> bool) -> Self {
        let mut asked: HashMap<&Circle, bool> = HashMap::new();
        let mut parts = Vec::with_capacity(index.parts.len());
        for part in index.parts.iter() {
            let admitted: Vec<bool> = part
                .segment
                .circles
                .iter()
                .map(|circle| *asked.entry(circle).or_insert_with(|| admits(circle)))
                .collect();
            let mut bits = Bits::none(part.segment.docs.len());
            for page in &part.segment.pages {
                let first = page.docs.start as usize;
                if admitted[page.circle as usize] && !part.gone.holds(first) {
                    bits.insert_all(first..page.docs.end as usize);
                }
            }
            let segment = Arc::clone(&part.segment);
            let whole = bits.count() == segment.docs.len();
            parts.push(Seen { segment, sections: bits, whole, counts: OnceLock::new() });
        }
        let sections = parts.iter().map(|part| part.sections.count()).sum();
        Self { parts: parts.into(), sections }
    }

    /// What everybody may see of the guides.
    #[must_use]
    pub fn public_guides(index: &Index) -> Self {
        Self::new(
            index,
            |circle| matches!(circle, Circle::Guides(readers) if readers.audience == Audience::Public),
        )
    }

    /// All of it: for measuring, and where nobody is asking.
    #[must_use]
    pub fn everything(index: &Index) -> Self {
        Self::new(index, |_| true)
    }

    /// How many sections it holds.
    #[must_use]
    pub fn sections(&self) -> usize {
        self.sections
    }

    pub(super) fn parts(&self) -> &[Seen] {
        &self.parts
    }
}

/// So few sections are read one by one to count their words; more, word by word.
const FEW: usize = 2_000;

impl Seen {
    /// In how many of the seen sections the word is.
    pub(super) fn frequency(&self, word: u32) -> u32 {
        if self.whole { self.segment.frequency(word) } else { self.counts().sections[word as usize] }
    }

    /// In how many of their headings.
    pub(super) fn headings(&self, word: u32) -> u32 {
        let own = || &self.segment.dictionary.headings;
        if self.whole { own()[word as usize] } else { self.counts().headings[word as usize] }
    }

    fn counts(&self) -> &Counts {
        self.counts.get_or_init(|| {
            let (all, seen) = (self.segment.docs.len(), self.sections.count());
            if seen <= FEW {
                let mut counts = Counts::none(self.segment.dictionary.len());
                self.each(true, |doc| counts.change(&self.segment, doc, |count| *count += 1));
                return counts;
            }
            let words = 0..rank(self.segment.dictionary.len());
            let headings = self.segment.dictionary.headings.clone();
            if all - seen <= FEW {
                let sections = words.map(|word| self.segment.frequency(word)).collect();
                let mut counts = Counts { sections, headings };
                self.each(false, |doc| counts.change(&self.segment, doc, |count| *count -= 1));
                return counts;
            }
            let mut counts = Counts { sections: Vec::new(), headings };
            self.each(false, |doc| counts.headings_change(&self.segment, doc, |count| *count -= 1));
            let seen = |word: u32| {
                let docs = self.segment.postings(word).docs;
                rank(docs.iter().filter(|doc| self.sections.holds(**doc as usize)).count())
            };
            counts.sections = words.map(seen).collect();
            counts
        })
    }

    /// Every section that is seen, or that is not.
    fn each(&self, seen: bool, visit: impl FnMut(usize)) {
        (0..self.segment.docs.len()).filter(|at| self.sections.holds(*at) == seen).for_each(visit);
    }
}

impl Counts {
    fn none(words: usize) -> Self {
        Self { sections: vec![0; words], headings: vec![0; words] }
    }

    /// Counts the words of a section in or out.
    fn change(&mut self, segment: &Segment, at: usize, change: impl Fn(&mut u32)) {
        self.headings_change(segment, at, &change);
        segment.words_of(at).into_iter().for_each(|word| change(&mut self.sections[word as usize]));
    }

    fn headings_change(&mut self, segment: &Segment, at: usize, change: impl Fn(&mut u32)) {
        for token in segment.tokens(&segment.docs[at].heading_tokens) {
            change(&mut self.headings[(token & !SAME) as usize]);
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({} sections)", self.sections)
    }
}
