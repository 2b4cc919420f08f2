//! The second look at the best candidates: how well their headings fit the question, and how close together its words
//! stand.

use super::circle::Scope;
use super::evidence::Sought;
use super::gather::{Candidate, by_score};
use super::question::Question;
use super::segment::{SAME, Segment, Span};
use super::slots::Slots;

/// What a heading that holds the question's words adds, as a share of the question's worth.
const HOLDS: f32 = 1.0;

/// What a heading that is the question, word for word, adds on top.
const IS: f32 = 4.0;

/// What a heading that goes on where an unfinished question ends adds.
const GOES_ON: f32 = 2.0;

/// What it adds, of that, when the words before are there in other forms only.
const GOES_ON_OTHERWISE: f32 = 0.2;

/// What it adds when its word is what the unfinished one becomes most often.
const LIKELIEST: f32 = 0.5;

/// What a heading adds that begins, letter for letter, with an unfinished question.
const SPELLS: f32 = 2.0;

/// What a section adds whose heading and title together hold the question's words.
const TOGETHER: f32 = 0.3;

/// What an inflected or corrected word of a heading counts.
const OTHER_FORM: f32 = 0.93;

/// The same while the question may go on: what was typed before is a heading's beginning more often than not.
const OTHER_FORM_OF_OPEN: f32 = 0.75;

/// What a word that says little counts in a heading, as a share of the most telling word's worth: "What is
/// ownership?" is not "Ownership".
const STOP_WORD: f32 = 0.15;

/// What words in the question's order add, as a share of the worth of the words.
const PHRASE: f32 = 0.15;

/// Words further apart than this have nothing to do with each other.
const NEAR: u32 = 8;

/// How much of a section is looked at, in words.
const LOOKED_AT: usize = 2_000;

/// How many of the candidates have their texts read, when their headings are known.
const TEXTS_READ: usize = 80;

/// Where one sought word stands in a field.
#[derive(Clone, Default)]
pub(super) struct Places {
    pub(super) at: Vec<u32>,
    /// As it was typed, in one place at least.
    pub(super) typed: bool,
    /// As what was typed becomes most often.
    likeliest: bool,
}

/// The places of each sought word in a field.
#[derive(Default)]
pub(super) struct Field {
    pub(super) places: Vec<Places>,
    /// How many places the field has.
    pub(super) length: u32,
}

impl Field {
    pub(super) fn new(sought: usize) -> Self {
        Self { places: vec![Places::default(); sought], length: 0 }
    }

    /// Reads a field of a section.
    pub(super) fn read(
        &mut self,
        segment: &Segment,
        part: usize,
        field: &Span,
        stemmed: bool,
        slots: &Slots,
    ) {
        for places in &mut self.places {
            places.at.clear();
            places.typed = false;
            places.likeliest = false;
        }
        self.length = 0;
        for token in segment.tokens(field).iter().take(LOOKED_AT) {
            self.length += u32::from(token & SAME == 0);
            let Some(slot) = slots.of(part, token & !SAME) else { continue };
            let mut sought = if stemmed { slot.sought } else { slot.sought & !slot.inflected };
            while sought != 0 {
                let bit = sought.trailing_zeros();
                sought &= sought - 1;
                let Some(places) = self.places.get_mut(bit as usize) else { continue };
                places.typed |= slot.typed >> bit & 1 == 1;
                places.likeliest |= slot.likeliest >> bit & 1 == 1;
                let here = self.length.saturating_sub(1);
                if places.at.last() != Some(&here) {
                    places.at.push(here);
                }
            }
        }
    }
}

/// Adds to the score of each candidate what its headings say, and to the best of them what their phrases say.
pub(super) fn rescore(
    scope: &Scope,
    question: &Question,
    sought: &[Sought],
    slots: &Slots,
    worth: &[f32],
    candidates: &mut [Candidate],
) {
    let asked = Asked::of(question, sought, worth);
    let [mut heading, mut title, mut body] = [(); 3].map(|()| Field::new(sought.len()));
    for candidate in &mut *candidates {
        let segment = &scope.parts()[candidate.part].segment;
        let (doc, page) = (&segment.docs[candidate.doc as usize], segment.page_of(candidate.doc));
        heading.read(segment, candidate.part, &doc.heading_tokens, page.stemmed, slots);
        title.read(segment, candidate.part, &page.title_tokens, page.stemmed, slots);
        candidate.score += asked.heading_fit(&heading, &title);
        // Texts are far away: only those are looked at whose words say that it may be so.
        let may_begin = asked.open
            && asked.order.first().is_some_and(|first| heading.places[*first].at.first() == Some(&0));
        if may_begin && begins_as_typed(segment.section(candidate.doc).heading, &question.text) {
            candidate.score += SPELLS * asked.all;
        }
    }
    if asked.pairs == 0 {
        return;
    }
    if candidates.len() > TEXTS_READ {
        candidates.select_nth_unstable_by(TEXTS_READ, by_score);
    }
    for candidate in candidates.iter_mut().take(TEXTS_READ) {
        let segment = &scope.parts()[candidate.part].segment;
        let (doc, page) = (&segment.docs[candidate.doc as usize], segment.page_of(candidate.doc));
        body.read(segment, candidate.part, &doc.body_tokens, page.stemmed, slots);
        candidate.score += PHRASE * asked.phrases(&body.places);
    }
}

/// Whether `heading` begins with the letters and digits of `typed`, large or small, and a blank or a mark where it has
/// some.
pub(super) fn begins_as_typed(heading: &str, typed: &str) -> bool {
    let mut letters = spelt(heading);
    let mut any = false;
    spelt(typed.trim()).all(|c| {
        any = true;
        letters.next() == Some(c)
    }) && any
}

/// The letters and digits of `text`, small, with one blank for whatever stands between them.
pub(super) fn spelt(text: &str) -> impl Iterator<Item = char> {
    let mut apart = false;
    text.trim_start_matches(|c: char| !c.is_alphanumeric()).chars().flat_map(char::to_lowercase).filter_map(
        move |c| {
            let blank = !c.is_alphanumeric();
            let goes_on = blank && apart;
            apart = blank;
            (!goes_on).then_some(if blank { ' ' } else { c })
        },
    )
}

/// What a heading is held against.
struct Asked {
    /// The sought words in the order of the question.
    order: Vec<usize>,
    /// What each sought word is worth in a text: nothing when it says little.
    worth: Vec<f32>,
    /// What each is worth in a heading.
    heading_worth: Vec<f32>,
    /// What they are worth in a heading together.
    all: f32,
    /// The last word may go on.
    open: bool,
    /// Neighbours that a text may have.
    pairs: usize,
}

impl Asked {
    fn of(question: &Question, sought: &[Sought], worth: &[f32]) -> Self {
        let place = |asked: &usize| sought.iter().position(|word| word.asked == Some(*asked));
        let most = worth.iter().copied().fold(0.0, f32::max);
        let all_stop = sought.iter().all(|word| word.stop);
        let heading_worth = |(word, worth): (&Sought, &f32)| match word.asked {
            None => 0.0,
            Some(_) if word.stop && !all_stop => STOP_WORD * most,
            Some(_) => *worth,
        };
        let order: Vec<usize> = question.order.iter().filter_map(place).collect();
        let telling = order.iter().filter(|at| worth[**at] > 0.0).count();
        let heading_worth: Vec<f32> = sought.iter().zip(worth).map(heading_worth).collect();
        Self {
            order,
            worth: worth.to_vec(),
            all: heading_worth.iter().sum(),
            heading_worth,
            open: question.words.iter().any(|word| word.open),
            pairs: telling.saturating_sub(1),
        }
    }

    /// How far the heading is the question: all of its words, in its order, and nothing else.
    #[expect(clippy::cast_precision_loss, reason = "a heading has few words")]
    fn heading_fit(&self, heading: &Field, title: &Field) -> f32 {
        let all = self.all;
        let (length, heading) = (heading.length, &heading.places[..]);
        let held = self.held(heading, &[]);
        if held == 0.0 || length == 0 {
            return 0.0;
        }
        let held = held / all;
        let covered = (covered(heading) as f32 / length as f32).min(1.0);
        let in_order = self.in_order(heading);
        let is = held * held * covered * (0.8 + 0.2 * in_order);
        let first = self.order.first().and_then(|first| heading[*first].at.first());
        let goes_on = self.open && in_order >= 1.0 && first == Some(&0);
        let mut fit = HOLDS * held.powi(4) * (0.4 + 0.6 * covered) + IS * is.powi(4);
        fit += TOGETHER * (self.held(heading, &title.places) / all).powi(4);
        if goes_on {
            // Whoever has not finished a word has typed those before it as they are.
            let typed = self.order.iter().all(|at| heading[*at].typed);
            fit += GOES_ON * held.powi(4) * if typed { 1.0 } else { GOES_ON_OTHERWISE };
            let likeliest = self.order.last().is_some_and(|at| heading[*at].likeliest);
            fit += if likeliest { LIKELIEST } else { 0.0 };
        }
        fit * all
    }

    /// The worth of the words that a heading, or else a title, holds.
    fn held(&self, heading: &[Places], title: &[Places]) -> f32 {
        let other_form = if self.open { OTHER_FORM_OF_OPEN } else { OTHER_FORM };
        let quality = |at: usize| match (&heading[at], title.get(at)) {
            (places, _) if places.typed => 1.0,
            (places, _) if !places.at.is_empty() => other_form,
            (_, Some(places)) if !places.at.is_empty() => other_form,
            _ => 0.0,
        };
        self.heading_worth.iter().enumerate().map(|(at, worth)| worth * quality(at)).sum()
    }

    /// The share of the question's neighbours that are neighbours in the heading.
    #[expect(clippy::cast_precision_loss, reason = "a question has few words")]
    fn in_order(&self, heading: &[Places]) -> f32 {
        let pairs = self.order.len().saturating_sub(1);
        let follows = |pair: &&[usize]| {
            let second = &heading[pair[1]].at;
            heading[pair[0]].at.iter().any(|at| second.binary_search(&(at + 1)).is_ok())
        };
        if pairs == 0 { 1.0 } else { self.order.windows(2).filter(follows).count() as f32 / pairs as f32 }
    }

    /// How near each other the question's neighbours stand, worth by worth.
    #[expect(clippy::cast_precision_loss, reason = "gaps are at most NEAR")]
    fn phrases(&self, body: &[Places]) -> f32 {
        if self.pairs == 0 {
            return 0.0;
        }
        let mut telling = self.order.iter().copied().filter(|at| self.worth[*at] > 0.0);
        let Some(mut before) = telling.next() else { return 0.0 };
        let mut sum = 0.0;
        for at in telling {
            if at != before
                && let Some(gap) = nearest(&body[before].at, &body[at].at)
                && gap <= NEAR
            {
                sum += self.worth[before].midpoint(self.worth[at]) / gap as f32;
            }
            before = at;
        }
        sum
    }
}

/// How many places of a field hold a sought word.
fn covered(field: &[Places]) -> usize {
    let mut at: Vec<u32> = field.iter().flat_map(|places| places.at.iter().copied()).collect();
    at.sort_unstable();
    at.dedup();
    at.len()
}

/// The least gap between any place of one word and any of the other; both in order.
fn nearest(one: &[u32], other: &[u32]) -> Option<u32> {
    let (mut i, mut j) = (0, 0);
    let mut least = None;
    while let (Some(a), Some(b)) = (one.get(i), other.get(j)) {
        let gap = a.abs_diff(*b);
        if gap > 0 && least.is_none_or(|least| gap < least) {
            least = Some(gap);
        }
        if a < b { i += 1 } else { j += 1 }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_begins_as_typed_whatever_its_case_and_marks() {
        for (heading, typed, begins) in [
            ("Getting started", "getting sta", true),
            ("`s3_path`: where files are", "S3 path wh", true),
            ("Getting on", "getting sta", false),
            ("Getting", "getting on", false),
            ("Élan vital", "élan v", true),
            ("Anything", "  ", false),
            ("Anything", "?!", false),
        ] {
            assert_eq!(begins_as_typed(heading, typed), begins, "{heading}: {typed}");
        }
    }
}
