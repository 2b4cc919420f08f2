//! The second look at the best candidates: how well their headings fit the question, and how close together its words
//! stand.

use std::collections::HashSet;

use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Searcher, SegmentReader, Term};

use super::evidence::Sought;
use super::gather::Candidate;
use super::question::Question;
use super::record::{Fields, HEADING_LENGTH, Part};

/// The fields that are looked at again.
const SEEN: [Part; 3] = [Part::Heading, Part::Title, Part::Body];

/// What a heading that holds the question's words adds, as a share of the question's worth.
const HOLDS: f32 = 1.0;

/// What a heading that is the question, word for word, adds on top.
const IS: f32 = 4.0;

/// What a heading that goes on where an unfinished question ends adds.
const GOES_ON: f32 = 1.5;

/// What a section adds whose heading and title together hold the question's words.
const TOGETHER: f32 = 0.3;

/// What an inflected or corrected word of a heading counts.
const OTHER_FORM: f32 = 0.93;

/// What a word that says little counts in a heading, as a share of the most telling word's worth: "What is
/// ownership?" is not "Ownership".
const STOP_WORD: f32 = 0.15;

/// What words in the question's order add, as a share of the worth of the words.
const PHRASE: f32 = 0.15;

/// Words further apart than this have nothing to do with each other.
const NEAR: u32 = 8;

/// Where one sought word stands in a field.
#[derive(Clone, Default)]
struct Places {
    at: Vec<u32>,
    /// As it was typed, in one place at least.
    verbatim: bool,
}

/// The places of each sought word in each field of [`SEEN`].
type Seen = [Vec<Places>; SEEN.len()];

/// Adds to the score of each candidate what its headings and phrases say.
pub(super) fn rescore(
    searcher: &Searcher,
    fields: &Fields,
    question: &Question,
    sought: &[Sought],
    worth: &[f32],
    candidates: &mut [Candidate],
) -> tantivy::Result<()> {
    let asked = Asked::of(question, sought, worth);
    for (at, segment) in searcher.segment_readers().iter().enumerate() {
        let mut here: Vec<&mut Candidate> = candidates.iter_mut().filter(|one| one.segment == at).collect();
        here.sort_unstable_by_key(|one| one.doc);
        let docs: Vec<DocId> = here.iter().map(|one| one.doc).collect();
        let lengths = segment.fast_fields().u64(HEADING_LENGTH)?;
        for (candidate, [heading, title, body]) in here.iter_mut().zip(seen(segment, fields, sought, &docs)?)
        {
            let length = lengths.first(candidate.doc).unwrap_or(0);
            candidate.score += asked.heading_fit(&heading, &title, length) + PHRASE * asked.phrases(&body);
        }
    }
    Ok(())
}

/// The places of the sought words in each of `docs`, which are in order.
fn seen(
    segment: &SegmentReader,
    fields: &Fields,
    sought: &[Sought],
    docs: &[DocId],
) -> tantivy::Result<Vec<Seen>> {
    let mut found: Vec<Seen> =
        docs.iter().map(|_| SEEN.map(|_| vec![Places::default(); sought.len()])).collect();
    let mut positions = Vec::new();
    for (field, part) in SEEN.into_iter().map(|part| fields.of(part)).enumerate() {
        let index = segment.inverted_index(part)?;
        for (at, word) in sought.iter().enumerate() {
            for (term, _) in word.exact.iter().chain(&word.loose) {
                let verbatim = word.is_typed(term);
                let term = Term::from_field_text(part, term);
                let option = IndexRecordOption::WithFreqsAndPositions;
                let Some(mut postings) = index.read_postings(&term, option)? else { continue };
                for (doc, seen) in docs.iter().zip(&mut found) {
                    if postings.doc() <= *doc && postings.seek(*doc) == *doc {
                        postings.positions(&mut positions);
                        seen[field][at].at.extend(&positions);
                        seen[field][at].verbatim |= verbatim;
                    }
                }
            }
        }
    }
    for places in found.iter_mut().flatten().flatten() {
        places.at.sort_unstable();
        places.at.dedup();
    }
    Ok(found)
}

/// What a heading is held against.
struct Asked {
    /// The sought words in the order of the question.
    order: Vec<usize>,
    /// What each sought word is worth in a text: nothing when it says little.
    worth: Vec<f32>,
    /// What each is worth in a heading.
    heading_worth: Vec<f32>,
    /// The last word may go on.
    open: bool,
}

impl Asked {
    fn of(question: &Question, sought: &[Sought], worth: &[f32]) -> Self {
        let place = |asked: &usize| sought.iter().position(|word| word.asked == Some(*asked));
        let most = worth.iter().copied().fold(0.0, f32::max);
        let heading_worth =
            |(word, worth): (&Sought, &f32)| if word.stop { STOP_WORD * most } else { *worth };
        Self {
            order: question.order.iter().filter_map(place).collect(),
            worth: worth.to_vec(),
            heading_worth: sought.iter().zip(worth).map(heading_worth).collect(),
            open: question.words.iter().any(|word| word.open),
        }
    }

    /// How far the heading is the question: all of its words, in its order, and nothing else.
    #[expect(clippy::cast_precision_loss, reason = "a heading has few words")]
    fn heading_fit(&self, heading: &[Places], title: &[Places], length: u64) -> f32 {
        let all: f32 = self.heading_worth.iter().sum();
        let held = self.held(heading, &[]);
        if held == 0.0 || length == 0 {
            return 0.0;
        }
        let held = held / all;
        let covered: HashSet<u32> = heading.iter().flat_map(|places| &places.at).copied().collect();
        let covered = (covered.len() as f32 / length as f32).min(1.0);
        let in_order = self.in_order(heading);
        let is = held * held * covered * (0.8 + 0.2 * in_order);
        let first = self.order.first().and_then(|first| heading[*first].at.first());
        let goes_on = self.open && in_order >= 1.0 && first == Some(&0);
        let mut fit = HOLDS * held.powi(4) * (0.4 + 0.6 * covered) + IS * is.powi(4);
        fit += TOGETHER * (self.held(heading, title) / all).powi(4);
        fit += if goes_on { GOES_ON * held.powi(4) } else { 0.0 };
        fit * all
    }

    /// The worth of the words that a heading, or else a title, holds.
    fn held(&self, heading: &[Places], title: &[Places]) -> f32 {
        let quality = |at: usize| match (&heading[at], title.get(at)) {
            (places, _) if places.verbatim => 1.0,
            (places, _) if !places.at.is_empty() => OTHER_FORM,
            (_, Some(places)) if !places.at.is_empty() => OTHER_FORM,
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
        let telling: Vec<usize> = self.order.iter().copied().filter(|at| self.worth[*at] > 0.0).collect();
        let pairs = telling.windows(2).filter(|pair| pair[0] != pair[1]);
        pairs
            .filter_map(|pair| {
                let gap = nearest(&body[pair[0]].at, &body[pair[1]].at)?;
                (gap <= NEAR).then(|| self.worth[pair[0]].midpoint(self.worth[pair[1]]) / gap as f32)
            })
            .sum()
    }
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
