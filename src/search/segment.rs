//! A segment: pages that were indexed together. It never changes.
//!
//! Its postings say which sections hold a word, and how much the word says about each: occurrences in all fields added up,
//! each by its field's weight and length, before they saturate, so that a short heading cannot outshout a text (Robertson,
//! Zaragoza and Taylor, "Simple BM25 extension to multiple weighted fields", 2004). Beside them lie the words of every
//! section in reading order, for a closer look at the best ones.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::circle::Circle;
use super::dictionary::{Dictionary, rank};
use super::draft::{Draft, number};
use super::source::{Fingerprint, Page, Piece};
use crate::model::Section;

/// Marks a token that shares the position of the one before.
pub(super) const SAME: u32 = 1 << 31;

/// What an occurrence counts: in the heading, the title, the address, the text and the code.
const WEIGHTS: [f32; 5] = [3.0, 1.5, 0.7, 1.0, 0.6];

/// How far the length of a field counts against it.
const LENGTHS: [f32; 5] = [0.4, 0.4, 0.3, 0.7, 0.7];

/// How many chunks of pages each thread reads, and the least pages of one: what a chunk knows of its words is its own.
const CHUNKS: usize = 4;
const LEAST_CHUNK: usize = 32;

/// How many sections are counted at a time.
const DOCS: usize = 1024;

/// The least that a posting can say, and how finely it is told from the next: 16 steps an octave.
const LEAST: f32 = 0.03;
const STEPS: f32 = 16.0;

/// Pages that were indexed together.
pub(super) struct Segment {
    pub(super) circles: Vec<Circle>,
    pub(super) pages: Vec<PageRecord>,
    pub(super) docs: Vec<Doc>,
    /// The paths, titles and addresses of pages.
    pub(super) text: String,
    /// What the pages say, each shared with whatever else has it.
    pub(super) sections: Vec<Arc<[Section]>>,
    pub(super) dictionary: Dictionary,
    /// Words of sections, titles and addresses, by rank; see [`SAME`].
    pub(super) tokens: Vec<u32>,
    /// Where the postings of each word begin.
    starts: Vec<u32>,
    holders: Vec<u32>,
    impacts: Vec<u8>,
    /// The words that headings begin with, and the sections that have them; in order.
    beginnings: Vec<(u32, u32)>,
    /// All pages are English.
    pub(super) all_stemmed: bool,
    /// How many bytes its texts have.
    pub(super) text_bytes: usize,
}

/// Bytes of [`Segment::text`], or items of [`Segment::tokens`].
pub(super) type Span = Range<u32>;

/// A page of a segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PageRecord {
    /// An index into [`Segment::circles`].
    pub(super) circle: u32,
    pub(super) docs: Span,
    pub(super) path: Span,
    pub(super) title: Span,
    pub(super) address: Span,
    pub(super) title_tokens: Span,
    pub(super) address_tokens: Span,
    pub(super) boost: f32,
    pub(super) due: Option<Date>,
    pub(super) stemmed: bool,
    /// Orders what scores alike, the same on every replica.
    pub(super) place: u64,
    pub(super) fingerprint: Fingerprint,
}

/// A section of a segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Doc {
    /// An index into [`Segment::pages`].
    pub(super) page: u32,
    pub(super) heading_tokens: Span,
    pub(super) body_tokens: Span,
    pub(super) code_tokens: Span,
}

/// The postings of one word.
#[derive(Clone, Copy)]
pub(super) struct Postings<'a> {
    /// In order.
    pub(super) docs: &'a [u32],
    /// What the word says about each, to be read with [`occurrences`].
    pub(super) impacts: &'a [u8],
}

/// Weighted occurrences, by impact.
pub(super) fn occurrences() -> [f32; 256] {
    let mut table = [0.0; 256];
    for (impact, occurrences) in (0_u8..=255).zip(&mut table) {
        *occurrences = LEAST * (f32::from(impact) / STEPS).exp2();
    }
    table
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn impact(occurrences: f32) -> u8 {
    ((occurrences / LEAST).log2() * STEPS).round().clamp(0.0, 255.0) as u8
}

impl Segment {
    /// Indexes `pages`.
    pub(super) fn build(pages: &[Page<'_>]) -> Self {
        let chunk = pages.len().div_ceil(rayon::current_num_threads() * CHUNKS).max(LEAST_CHUNK);
        let mut drafts: Vec<Draft> = pages.par_chunks(chunk).map(Draft::of).collect();
        let dictionary = number(&mut drafts);
        let mut whole = Draft::with_room_for(&drafts);
        for draft in drafts {
            whole.append(&draft);
        }
        let mut circles: Vec<Circle> = Vec::new();
        let mut numbers: HashMap<&Circle, u32> = HashMap::new();
        for (page, record) in pages.iter().zip(&mut whole.pages) {
            let next = rank(circles.len());
            record.circle = *numbers.entry(&page.circle).or_insert_with(|| {
                circles.push(page.circle.clone());
                next
            });
        }
        let sections = pages.iter().map(|page| Arc::clone(page.sections)).collect();
        Self::assemble(circles, whole.pages, whole.docs, (whole.text, sections), dictionary, whole.tokens)
    }

    /// Makes the postings, which follow from the rest.
    pub(super) fn assemble(
        circles: Vec<Circle>,
        pages: Vec<PageRecord>,
        docs: Vec<Doc>,
        (text, sections): (String, Vec<Arc<[Section]>>),
        mut dictionary: Dictionary,
        tokens: Vec<u32>,
    ) -> Self {
        let fields = |doc: &Doc| doc.fields(&pages[doc.page as usize]);
        let averages = averages(docs.iter().map(fields));
        let said: Vec<Said> =
            docs.par_chunks(DOCS).map(|docs| Said::of(docs.iter().map(fields), &tokens, &averages)).collect();
        let mut starts = vec![0_u32; dictionary.len() + 1];
        for word in said.iter().flat_map(|said| &said.words) {
            starts[*word as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let total = starts.last().map_or(0, |end| *end as usize);
        let (mut holders, mut impacts) = (vec![0; total], vec![0; total]);
        let mut doc = 0;
        for said in said {
            let mut all = said.words.iter().zip(&said.impacts);
            for count in &said.counts {
                for (word, impact) in all.by_ref().take(*count as usize) {
                    let at = &mut next[*word as usize];
                    holders[*at as usize] = doc;
                    impacts[*at as usize] = *impact;
                    *at += 1;
                }
                doc += 1;
            }
        }
        for doc in &docs {
            for token in &tokens[span(&doc.heading_tokens)] {
                dictionary.headings[(token & !SAME) as usize] += 1;
            }
        }
        let mut beginnings = Vec::with_capacity(docs.len());
        for (number, doc) in (0..).zip(&docs) {
            let heading = &tokens[span(&doc.heading_tokens)];
            let rest = heading.iter().skip(1).take_while(|token| *token & SAME != 0);
            beginnings.extend(heading.iter().take(1).chain(rest).map(|token| (token & !SAME, number)));
        }
        beginnings.par_sort_unstable();
        let all_stemmed = pages.iter().all(|page| page.stemmed);
        let text_bytes =
            text.len() + sections.iter().flat_map(|sections| sections.iter()).map(size).sum::<usize>();
        Self {
            circles,
            pages,
            docs,
            text,
            sections,
            dictionary,
            tokens,
            starts,
            holders,
            impacts,
            beginnings,
            all_stemmed,
            text_bytes,
        }
    }

    pub(super) fn postings(&self, word: u32) -> Postings<'_> {
        let at = word as usize;
        let range = self.starts[at] as usize..self.starts[at + 1] as usize;
        Postings { docs: &self.holders[range.clone()], impacts: &self.impacts[range] }
    }

    /// The sections whose headings begin with the word, in order.
    pub(super) fn begun_by(&self, word: u32) -> impl Iterator<Item = u32> {
        let from = self.beginnings.partition_point(|(other, _)| *other < word);
        let same = self.beginnings[from..].iter().take_while(move |(other, _)| *other == word);
        same.map(|(_, doc)| *doc)
    }

    /// In how many sections the word is.
    pub(super) fn frequency(&self, word: u32) -> u32 {
        self.starts[word as usize + 1] - self.starts[word as usize]
    }

    pub(super) fn page_of(&self, doc: u32) -> &PageRecord {
        &self.pages[self.docs[doc as usize].page as usize]
    }

    pub(super) fn circle_of(&self, page: &PageRecord) -> &Circle {
        &self.circles[page.circle as usize]
    }

    pub(super) fn text(&self, at: &Span) -> &str {
        self.text.get(span(at)).unwrap_or_default()
    }

    pub(super) fn tokens(&self, at: &Span) -> &[u32] {
        self.tokens.get(span(at)).unwrap_or_default()
    }

    /// The words of a section, each once.
    pub(super) fn words_of(&self, at: usize) -> Vec<u32> {
        let doc = &self.docs[at];
        let fields = doc.fields(&self.pages[doc.page as usize]);
        let tokens = fields.iter().flat_map(|field| self.tokens(field));
        let mut words: Vec<u32> = tokens.map(|token| token & !SAME).collect();
        words.sort_unstable();
        words.dedup();
        words
    }

    /// What the section at `doc` says.
    pub(super) fn section(&self, doc: u32) -> Piece<'_> {
        let number = self.docs[doc as usize].page as usize;
        let page = &self.pages[number];
        let section = &self.sections[number][(doc - page.docs.start) as usize];
        Piece::of(section, self.text(&page.title))
    }

    /// The page as it was given.
    pub(super) fn source(&self, number: usize) -> Page<'_> {
        let page = &self.pages[number];
        Page {
            circle: self.circle_of(page).clone(),
            path: self.text(&page.path),
            title: self.text(&page.title),
            address: self.text(&page.address).to_owned(),
            boost: page.boost,
            due: page.due,
            stemmed: page.stemmed,
            sections: &self.sections[number],
        }
    }
}

/// How many bytes of text a section has.
pub(super) fn size(section: &Section) -> usize {
    section.id.len() + section.heading.len() + section.text.len() + section.code.len()
}

impl Doc {
    /// The words of the heading, the title, the address, the text and the code.
    fn fields(&self, page: &PageRecord) -> [Span; 5] {
        let [title, address] = [page.title_tokens.clone(), page.address_tokens.clone()];
        [self.heading_tokens.clone(), title, address, self.body_tokens.clone(), self.code_tokens.clone()]
    }
}

pub(super) fn span(at: &Span) -> Range<usize> {
    at.start as usize..at.end as usize
}

#[expect(clippy::cast_precision_loss, reason = "lengths, used as a statistic")]
fn averages(docs: impl Iterator<Item = [Span; 5]>) -> [f32; 5] {
    let (mut lengths, mut count) = ([0_usize; 5], 0_usize);
    for fields in docs {
        count += 1;
        lengths.iter_mut().zip(&fields).for_each(|(sum, field)| *sum += field.len());
    }
    lengths.map(|sum| (sum as f32 / count.max(1) as f32).max(1.0))
}

/// What each word says about some sections, one after the other.
#[derive(Default)]
struct Said {
    words: Vec<u32>,
    impacts: Vec<u8>,
    /// How many words each section has.
    counts: Vec<u32>,
}

impl Said {
    #[expect(clippy::cast_precision_loss, reason = "lengths, used as a statistic")]
    fn of(docs: impl Iterator<Item = [Span; 5]>, tokens: &[u32], averages: &[f32; 5]) -> Self {
        let mut said = Self::default();
        let mut all: Vec<(u32, f32)> = Vec::new();
        for fields in docs {
            for (at, field) in fields.iter().enumerate() {
                let share = LENGTHS[at];
                let counts = WEIGHTS[at] / (1.0 - share + share * field.len() as f32 / averages[at]);
                all.extend(tokens[span(field)].iter().map(|token| (token & !SAME, counts)));
            }
            all.sort_unstable_by_key(|(word, _)| *word);
            let before = said.words.len();
            for same in all.chunk_by(|a, b| a.0 == b.0) {
                said.words.push(same[0].0);
                said.impacts.push(impact(same.iter().map(|(_, counts)| counts).sum()));
            }
            said.counts.push(rank(said.words.len() - before));
            all.clear();
        }
        said
    }
}
