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

/// Fewer sections than this are read one by one to count their words; more, word by word.
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
            let words = self.segment.dictionary.len();
            let mut counts = Counts { sections: vec![0; words], headings: vec![0; words] };
            let few = self.sections.count() <= FEW;
            for (at, doc) in self.segment.docs.iter().enumerate().filter(|(at, _)| self.sections.holds(*at)) {
                for token in self.segment.tokens(&doc.heading_tokens) {
                    counts.headings[(token & !SAME) as usize] += 1;
                }
                if few {
                    self.segment
                        .words_of(at)
                        .into_iter()
                        .for_each(|word| counts.sections[word as usize] += 1);
                }
            }
            if !few {
                for (word, count) in counts.sections.iter_mut().enumerate() {
                    let docs = self.segment.postings(rank(word)).docs;
                    *count = rank(docs.iter().filter(|doc| self.sections.holds(**doc as usize)).count());
                }
            }
            counts
        })
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({} sections)", self.sections)
    }
}
