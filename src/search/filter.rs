//! What a section must and must not have, by the operators of the question.

use std::cell::Cell;

use super::answer::Kind;
use super::circle::{Circle, Scope};
use super::gather::Candidate;
use super::lexicon::Lexicon;
use super::question::Question;
use super::segment::{Doc, SAME, Segment};
use super::words::stem;

/// How many sections are read for phrases; further ones count as without.
const MOST_READ: usize = 20_000;

/// How much of a section is read, in words.
const READ_WORDS: usize = 20_000;

/// The operators of a question, resolved for the parts of a scope.
pub(super) struct Filter<'a> {
    scope: &'a Scope,
    parts: Vec<Resolved>,
    /// Nothing is asked for.
    open: bool,
    read: Cell<usize>,
}

/// What one part must and must not have.
#[derive(Default)]
struct Resolved {
    circles: Vec<bool>,
    /// Sections that have a word that must not be there, in order.
    excluded: Vec<u32>,
    /// For each word that must be in the title or heading, its forms.
    titles: Vec<Vec<u32>>,
    /// Words side by side; `None` when one of them is nowhere in this part.
    phrases: Vec<Option<Vec<u32>>>,
}

impl<'a> Filter<'a> {
    /// The filter of `question`.
    pub(super) fn new(question: &Question, scope: &'a Scope) -> Self {
        let lexicon = Lexicon { scope };
        let titles = || question.words.iter().filter(|asked| asked.in_title);
        // Words that are nowhere are misspelt: side by side with others they would find nothing.
        let known = |at: &usize| lexicon.sections(&question.words[*at].word) > 0;
        let phrases = || question.phrases.iter().filter(|phrase| phrase.iter().all(known));
        let open = question.kind.is_none()
            && question.app.is_none()
            && question.excluded.is_empty()
            && phrases().next().is_none()
            && titles().next().is_none();
        let resolve = |segment: &Segment| {
            let dictionary = &segment.dictionary;
            let forms = |word: &str| dictionary.forms(&stem(word)).to_vec();
            let mut excluded: Vec<u32> = question
                .excluded
                .iter()
                .flat_map(|word| dictionary.forms(&stem(word)))
                .flat_map(|form| segment.postings(*form).docs.iter().copied())
                .collect();
            excluded.sort_unstable();
            excluded.dedup();
            let phrase = |phrase: &Vec<usize>| {
                phrase.iter().map(|at| dictionary.find(&question.words[*at].word)).collect()
            };
            Resolved {
                circles: segment.circles.iter().map(|circle| admits(question, circle)).collect(),
                excluded,
                titles: titles().map(|asked| forms(&asked.word)).collect(),
                phrases: phrases().map(phrase).collect(),
            }
        };
        let parts =
            if open { Vec::new() } else { scope.parts().iter().map(|part| resolve(&part.segment)).collect() };
        Self { scope, parts, open, read: Cell::new(0) }
    }

    /// Whether every section passes.
    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether the section has what it must, and nothing that it must not.
    pub(super) fn passes(&self, candidate: &Candidate) -> bool {
        if self.open {
            return true;
        }
        let (part, segment) = (&self.parts[candidate.part], &self.scope.parts()[candidate.part].segment);
        let doc = &segment.docs[candidate.doc as usize];
        part.circles[segment.page_of(candidate.doc).circle as usize]
            && part.excluded.binary_search(&candidate.doc).is_err()
            && part.titles.iter().all(|forms| titled(segment, doc, forms))
            && part.phrases.iter().all(|phrase| self.says(segment, doc, phrase.as_deref()))
    }

    fn says(&self, segment: &Segment, doc: &Doc, phrase: Option<&[u32]>) -> bool {
        self.read.set(self.read.get() + 1);
        let Some(phrase) = phrase.filter(|_| self.read.get() <= MOST_READ) else { return false };
        let title = &segment.pages[doc.page as usize].title_tokens;
        [&doc.heading_tokens, title, &doc.body_tokens, &doc.code_tokens].into_iter().any(|field| {
            let tokens = segment.tokens(field);
            stand_together(&tokens[..tokens.len().min(READ_WORDS)], phrase)
        })
    }
}

fn admits(question: &Question, circle: &Circle) -> bool {
    let kind = match circle {
        Circle::Guides(_) => Kind::Guide,
        Circle::App(_) => Kind::App,
    };
    let app = |wanted: &String| circle.app().is_some_and(|app| app.as_str() == wanted);
    question.kind.is_none_or(|wanted| wanted == kind) && question.app.as_ref().is_none_or(app)
}

fn titled(segment: &Segment, doc: &Doc, forms: &[u32]) -> bool {
    let title = &segment.pages[doc.page as usize].title_tokens;
    let mut tokens = segment.tokens(&doc.heading_tokens).iter().chain(segment.tokens(title));
    tokens.any(|token| forms.contains(&(token & !SAME)))
}

/// Whether the words of `phrase` have places one after the other.
fn stand_together(tokens: &[u32], phrase: &[u32]) -> bool {
    // How many words of the phrase end at the place at hand, and at the one before, one bit for each count.
    let (mut before, mut here) = (0_u64, 0_u64);
    let done = 1 << phrase.len().min(63);
    for token in tokens {
        if token & SAME == 0 {
            before = here;
            here = 0;
        }
        for (at, word) in phrase.iter().enumerate().take(63) {
            let begun = at == 0 || before >> at & 1 == 1;
            if begun && token & !SAME == *word {
                here |= 1 << (at + 1);
            }
        }
        if here & done != 0 {
            return true;
        }
    }
    false
}
