//! A long question is helped by the company its words keep: the telling words of its best answers bring up sections
//! that say the same in other words (Rocchio, "Relevance feedback in information retrieval", 1971).

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::circle::Scope;
use super::evidence::{Form, Forms, Likeness, Sought};
use super::filter::Filter;
use super::gather::{Candidate, gather, rarity};
use super::question::Question;
use super::segment::SAME;
use super::words::is_stop_word;

/// Questions with fewer telling words are left as they were asked.
const LEAST_WORDS: usize = 5;

/// How many of the best sections are read.
const READ: usize = 5;

/// How much of each is read, in words.
const READ_WORDS: usize = 1_500;

/// How many words they add.
const ADDED: usize = 15;

/// What the added words count, of 1.
const SHARE: f32 = 0.5;

/// Whether the question is long enough to be helped.
pub(super) fn helps(sought: &[Sought]) -> bool {
    sought.iter().filter(|word| !word.stop).count() >= LEAST_WORDS
}

/// Blends the scores of `candidates`, best first, with how well they fit the words of the best of them.
pub(super) fn blend(scope: &Scope, candidates: &mut [Candidate]) {
    let added = telling_words(scope, &candidates[..candidates.len().min(READ)]);
    let open = Filter::new(&Question::default(), scope);
    let gathered = gather(scope, &added, &open, candidates.len() * 4).best;
    let fits: HashMap<(usize, u32), f32> =
        gathered.iter().map(|one| ((one.part, one.doc), one.score)).collect();
    let fit = |one: &Candidate| fits.get(&(one.part, one.doc)).copied().unwrap_or(0.0);
    let most = |scores: &mut dyn Iterator<Item = f32>| scores.fold(0.0, f32::max);
    let most_score = most(&mut candidates.iter().map(|one| one.score));
    let most_fit = most(&mut candidates.iter().map(fit));
    if most_fit > 0.0 {
        for candidate in candidates {
            let fit = fit(candidate) * most_score / most_fit;
            candidate.score = (1.0 - SHARE) * candidate.score + SHARE * fit;
        }
    }
}

/// The words that tell the best sections from others, by how much.
fn telling_words(scope: &Scope, best: &[Candidate]) -> Vec<Sought> {
    let mut weights: HashMap<(usize, u32), f32, RandomState> = HashMap::default();
    for one in best {
        for (stem, count) in counts(scope, one) {
            *weights.entry((one.part, stem)).or_default() += one.score * count / (count + 1.0);
        }
    }
    // A stem has a number in each part; here they are brought together by one of its words.
    let mut telling: Vec<(f32, f32, String)> = Vec::with_capacity(weights.len());
    for ((part, stem), weight) in weights {
        let part = &scope.parts()[part];
        let forms = part.segment.dictionary.forms_of(stem);
        let found: u32 = forms.iter().map(|form| part.frequency(*form)).sum();
        let Some(word) = forms.first().map(|form| part.segment.dictionary.word(*form)) else { continue };
        let worth = weight * rarity(scope.sections(), found as usize);
        telling.push((worth, weight, super::words::stem(word)));
    }
    telling.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    telling.dedup_by(|a, b| a.2 == b.2);
    telling.truncate(ADDED);
    telling.into_iter().map(|(_, weight, stem)| added(scope, &stem, weight)).collect()
}

/// A word that nobody typed, in all its forms.
fn added(scope: &Scope, stem: &str, weight: f32) -> Sought {
    let forms = scope.parts().iter().map(|part| {
        let forms = part.segment.dictionary.forms(stem).iter();
        let exact = forms.map(|word| Form { word: *word, weight: 1.0, typed: false, inflected: false });
        Forms { exact: exact.collect(), loose: Vec::new() }
    });
    Sought {
        asked: None,
        weight,
        stop: false,
        forms: forms.collect(),
        loose_weight: 0.0,
        alternatives: Vec::new(),
        likeness: Likeness::Neighbour,
    }
}

/// How often each stem occurs in a section.
fn counts(scope: &Scope, one: &Candidate) -> HashMap<u32, f32, RandomState> {
    let segment = &scope.parts()[one.part].segment;
    let doc = &segment.docs[one.doc as usize];
    let mut counts: HashMap<u32, f32, RandomState> = HashMap::default();
    for field in [&doc.heading_tokens, &doc.body_tokens] {
        let tokens = segment.tokens(field);
        for (at, token) in tokens.iter().enumerate().take(READ_WORDS) {
            // A name that its parts follow is counted by them.
            let joined = tokens.get(at + 1).is_some_and(|next| next & SAME != 0);
            let word = token & !SAME;
            if !joined && !is_stop_word(segment.dictionary.word(word)) {
                *counts.entry(segment.dictionary.stem_of(word)).or_default() += 1.0;
            }
        }
    }
    counts
}
