//! Pages become a segment: their words are read, numbered as they come, and then ranked.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::dictionary::{Dictionary, rank};
use super::segment::{Doc, PageRecord, SAME, Span};
use super::source::Page;
use super::words::read;

/// Gives every word its rank among the words of all `drafts`, in their tokens too.
pub(super) fn number(drafts: &mut [Draft]) -> Dictionary {
    let words: Vec<_> = drafts.iter_mut().map(|draft| std::mem::take(&mut draft.words)).collect();
    let mut ranks: HashMap<&str, u32, RandomState> = HashMap::default();
    for word in words.iter().flat_map(HashMap::keys) {
        ranks.insert(word, 0);
    }
    let mut all: Vec<&str> = ranks.keys().copied().collect();
    all.par_sort_unstable();
    for (at, word) in all.iter().enumerate() {
        ranks.insert(word, rank(at));
    }
    drafts.par_iter_mut().zip(&words).for_each(|(draft, words)| {
        let mut of = vec![0; words.len()];
        for (word, number) in words {
            of[*number as usize] = ranks.get(word.as_str()).copied().unwrap_or(0);
        }
        for token in &mut draft.tokens {
            *token = of[(*token & !SAME) as usize] | *token & SAME;
        }
    });
    Dictionary::of(&all)
}

/// Pages that are read, their words numbered as they come.
#[derive(Default)]
pub(super) struct Draft {
    words: HashMap<String, u32, RandomState>,
    pub(super) pages: Vec<PageRecord>,
    pub(super) docs: Vec<Doc>,
    pub(super) text: String,
    pub(super) tokens: Vec<u32>,
}

impl Draft {
    pub(super) fn of(pages: &[Page<'_>]) -> Self {
        let mut draft = Self::default();
        for page in pages {
            draft.page(page);
        }
        draft
    }

    fn page(&mut self, page: &Page<'_>) {
        let number = rank(self.pages.len());
        let first = rank(self.docs.len());
        let (title, title_tokens) = (self.keep(page.title), self.read(page.title));
        let (address, address_tokens) = (self.keep(&page.address), self.read(&page.address));
        for piece in page.pieces() {
            let doc = Doc {
                page: number,
                heading_tokens: self.read(piece.heading),
                body_tokens: self.read(piece.text),
                code_tokens: self.read(piece.code),
            };
            self.docs.push(doc);
        }
        let fingerprint = page.fingerprint();
        let place = fingerprint_of_path(page);
        let path = self.keep(page.path);
        self.pages.push(PageRecord {
            circle: 0,
            docs: first..rank(self.docs.len()),
            path,
            title,
            address,
            title_tokens,
            address_tokens,
            boost: page.boost,
            due: page.due,
            stemmed: page.stemmed,
            place,
            fingerprint,
        });
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = rank(self.text.len());
        self.text.push_str(text);
        start..rank(self.text.len())
    }

    fn read(&mut self, text: &str) -> Span {
        let start = rank(self.tokens.len());
        let (words, tokens) = (&mut self.words, &mut self.tokens);
        let mut before = usize::MAX;
        read(text, |word, _, position, _| {
            let number = words.get(word).copied().unwrap_or_else(|| {
                let next = rank(words.len());
                words.insert(word.to_owned(), next);
                next
            });
            let same = if position == before { SAME } else { 0 };
            before = position;
            tokens.push(number | same);
        });
        start..rank(self.tokens.len())
    }

    pub(super) fn with_room_for(drafts: &[Self]) -> Self {
        let sum = |count: fn(&Self) -> usize| drafts.iter().map(count).sum::<usize>();
        Self {
            words: HashMap::default(),
            pages: Vec::with_capacity(sum(|draft| draft.pages.len())),
            docs: Vec::with_capacity(sum(|draft| draft.docs.len())),
            text: String::with_capacity(sum(|draft| draft.text.len())),
            tokens: Vec::with_capacity(sum(|draft| draft.tokens.len())),
        }
    }

    /// Adds what `other` read, its words numbered as these are.
    pub(super) fn append(&mut self, other: &Self) {
        let (text, tokens) = (rank(self.text.len()), rank(self.tokens.len()));
        let (pages, docs) = (rank(self.pages.len()), rank(self.docs.len()));
        let moved = |span: &Span, by: u32| span.start + by..span.end + by;
        self.pages.extend(other.pages.iter().map(|page| PageRecord {
            docs: moved(&page.docs, docs),
            path: moved(&page.path, text),
            title: moved(&page.title, text),
            address: moved(&page.address, text),
            title_tokens: moved(&page.title_tokens, tokens),
            address_tokens: moved(&page.address_tokens, tokens),
            ..page.clone()
        }));
        self.docs.extend(other.docs.iter().map(|doc| Doc {
            page: doc.page + pages,
            heading_tokens: moved(&doc.heading_tokens, tokens),
            body_tokens: moved(&doc.body_tokens, tokens),
            code_tokens: moved(&doc.code_tokens, tokens),
        }));
        self.text.push_str(&other.text);
        self.tokens.extend_from_slice(&other.tokens);
    }
}

/// A number that follows from where a page is.
fn fingerprint_of_path(page: &Page<'_>) -> u64 {
    // FNV-1a, 64 bits: the same in every version and on every machine.
    let app = page.circle.app().map_or("", |app| app.as_str());
    app.bytes()
        .chain(page.path.bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
