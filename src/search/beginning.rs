//! Headings that begin with what was typed so far. However much else holds the words, they are looked at; and while
//! several go on differently, each is offered once before any is again.

use std::collections::HashSet;

use super::circle::Scope;
use super::closer::{Field, Places, begins_as_typed, spelt};
use super::evidence::Sought;
use super::gather::Candidate;
use super::question::Question;
use super::slots::Slots;

/// How many headings that begin with the first word are looked at.
const LOOKED_AT: usize = 5_000;

/// How many that begin with all words are wanted.
const WANTED: usize = 200;

/// Which sought word stands where in the question; none for a word that nothing speaks for.
pub(super) fn order(question: &Question, sought: &[Sought]) -> Vec<Option<usize>> {
    let place = |asked: &usize| sought.iter().position(|word| word.asked == Some(*asked));
    question.order.iter().map(place).collect()
}

/// The sections, by part, whose headings begin with the words of an unfinished question in its order.
pub(super) fn begun(
    scope: &Scope,
    question: &Question,
    sought: &[Sought],
    slots: &Slots,
) -> Vec<(usize, u32)> {
    let mut begun = Vec::new();
    let order = order(question, sought);
    let Some(Some(first)) = order.first().copied() else { return begun };
    if !question.words.iter().any(|word| word.open) {
        return begun;
    }
    let mut heading = Field::new(sought.len());
    let mut looked_at = 0;
    for (number, (part, forms)) in scope.parts().iter().zip(&sought[first].forms).enumerate() {
        let segment = &part.segment;
        for form in forms.exact.iter().chain(&forms.loose) {
            for doc in segment.begun_by(form.word).filter(|doc| part.sections.holds(*doc as usize)) {
                looked_at += 1;
                if looked_at > LOOKED_AT || begun.len() == WANTED {
                    return begun;
                }
                let tokens = &segment.docs[doc as usize].heading_tokens;
                heading.read(segment, number, tokens, segment.page_of(doc).stemmed, slots);
                if begins(&heading.places, &order) {
                    begun.push((number, doc));
                }
            }
        }
    }
    begun
}

/// Whether the field begins with what was typed, word for word.
pub(super) fn begins(field: &[Places], order: &[Option<usize>]) -> bool {
    let at = |(place, word): (usize, &Option<usize>)| {
        let place = u32::try_from(place).ok();
        place.zip(*word).is_some_and(|(place, word)| field[word].at.binary_search(&place).is_ok())
    };
    !order.is_empty() && order.iter().enumerate().all(at)
}

/// Puts those of the best `candidates` whose headings go on where an unfinished question ends in an order in which every
/// such heading comes once before any comes again.
pub(super) fn vary(scope: &Scope, question: &Question, candidates: &mut [Candidate]) {
    if !question.words.iter().any(|word| word.open) {
        return;
    }
    let typed: String = spelt(&question.text).collect();
    let heading = |one: &Candidate| scope.parts()[one.part].segment.section(one.doc).heading;
    let goes_on = |one: &&Candidate| {
        begins_as_typed(heading(one), &question.text) && spelt(heading(one)).count() > typed.chars().count()
    };
    let run = candidates.iter().take_while(goes_on).count();
    let mut seen: HashSet<String> = HashSet::new();
    let (mut varied, again): (Vec<Candidate>, Vec<Candidate>) =
        candidates[..run].iter().partition(|one| seen.insert(spelt(heading(one)).collect()));
    let least = varied.last().map_or(0.0, |last| last.score);
    varied.extend(again.into_iter().map(|one| Candidate { score: one.score.min(least), ..one }));
    candidates[..run].copy_from_slice(&varied);
}
