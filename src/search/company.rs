//! A long question is helped by the company its words keep: the telling words of its best answers bring up sections
//! that say the same in other words (Rocchio, "Relevance feedback in information retrieval", 1971).

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::circle::Scope;
use super::evidence::Sought;
use super::gather::{Candidate, occurrences_of, rarity, saturated};
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
    let fits = fits(scope, &added, candidates);
    let most_score = candidates.iter().map(|one| one.score).fold(0.0, f32::max);
    let most_fit = fits.iter().copied().fold(0.0, f32::max);
    if most_fit > 0.0 {
        for (candidate, fit) in candidates.iter_mut().zip(fits) {
            candidate.score = (1.0 - SHARE) * candidate.score + SHARE * fit * most_score / most_fit;
        }
    }
}

/// How well each of the candidates fits the words. Only they are looked up, not all that hold a word.
fn fits(scope: &Scope, added: &[Added], candidates: &[Candidate]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_unstable_by_key(|at| (candidates[*at].part, candidates[*at].doc));
    let mut fits = vec![0.0; candidates.len()];
    let mut counts = vec![0.0; candidates.len()];
    for word in added {
        let mut found = 0;
        for same_part in order.chunk_by(|a, b| candidates[*a].part == candidates[*b].part) {
            let part = &scope.parts()[candidates[same_part[0]].part];
            for form in part.segment.dictionary.forms(&word.stem) {
                let postings = part.segment.postings(*form);
                let mut from = 0;
                for at in same_part {
                    from = first_from(postings.docs, from, candidates[*at].doc);
                    if postings.docs.get(from) == Some(&candidates[*at].doc) {
                        counts[*at] += occurrences_of(postings.impacts[from]);
                    }
                }
            }
        }
        for part in scope.parts() {
            let forms = part.segment.dictionary.forms(&word.stem);
            found += forms.iter().map(|form| part.frequency(*form) as usize).sum::<usize>();
        }
        let worth = word.weight * rarity(scope.sections(), found);
        for (fit, count) in fits.iter_mut().zip(&mut counts) {
            *fit += worth * saturated(std::mem::take(count));
        }
    }
    fits
}

/// The first place at or after `from` whose section is `doc` or later: steps that grow, then halves.
fn first_from(docs: &[u32], from: usize, doc: u32) -> usize {
    let (mut low, mut step) = (from, 1);
    while docs.get(low + step).is_some_and(|other| *other < doc) {
        low += step;
        step *= 2;
    }
    let high = (low + step + 1).min(docs.len());
    low.min(high) + docs[low.min(high)..high].partition_point(|other| *other < doc)
}

/// A word that nobody typed, in all its forms.
struct Added {
    stem: String,
    weight: f32,
}

/// The words that tell the best sections from others, by how much.
fn telling_words(scope: &Scope, best: &[Candidate]) -> Vec<Added> {
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
    telling.into_iter().map(|(_, weight, stem)| Added { stem, weight }).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_grow_find_what_a_walk_finds() {
        let docs: Vec<u32> = (0..200).map(|n| n * n % 7 + n * 3).collect();
        let docs: Vec<u32> = docs
            .into_iter()
            .scan(0, |last, doc| {
                *last = doc.max(*last + 1);
                Some(*last)
            })
            .collect();
        for from in [0, 1, 50, 199, 200] {
            for doc in 0..700 {
                let walked = (from..docs.len()).find(|at| docs[*at] >= doc).unwrap_or(docs.len());
                assert_eq!(first_from(&docs, from, doc), walked, "{from} {doc}");
            }
        }
    }
}
