//! The second look at the best candidates: how well their headings fit the question, and how close together its words
//! stand.

use std::collections::BTreeMap;

use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Searcher, SegmentReader, Term};

use super::evidence::Sought;
use super::gather::Candidate;
use super::question::Question;
use super::record::{Fields, HEADING_LENGTH, Part};

/// The fields that are looked at again.
const SEEN: [Part; 3] = [Part::Heading, Part::Title, Part::Body];

/// What a heading that is exactly the question adds, as a share of the question's worth.
const HEADING: f32 = 1.5;

/// What words in the question's order add, as a share of the worth of the words.
const PHRASE: f32 = 0.15;

/// Words further apart than this have nothing to do with each other.
const NEAR: u32 = 8;

/// Where the sought words stand in one candidate: by field of [`SEEN`], by sought word.
type Places = [Vec<Vec<u32>>; SEEN.len()];

/// Adds to the score of each candidate what its headings and phrases say.
pub(super) fn rescore(
    searcher: &Searcher,
    fields: &Fields,
    question: &Question,
    sought: &[Sought],
    worth: &[f32],
    candidates: &mut [Candidate],
) -> tantivy::Result<()> {
    let order = order_of(question, sought);
    for (at, segment) in searcher.segment_readers().iter().enumerate() {
        let mut here: Vec<&mut Candidate> = candidates.iter_mut().filter(|one| one.segment == at).collect();
        here.sort_unstable_by_key(|one| one.doc);
        let docs: Vec<DocId> = here.iter().map(|one| one.doc).collect();
        let lengths = segment.fast_fields().u64(HEADING_LENGTH)?;
        for (candidate, places) in here.iter_mut().zip(places(segment, fields, sought, &docs)?) {
            let length = lengths.first(candidate.doc).unwrap_or(0);
            candidate.score += fit(&places, length, &order, sought, worth);
        }
    }
    Ok(())
}

/// The sought words in the order of the question.
fn order_of(question: &Question, sought: &[Sought]) -> Vec<usize> {
    let place = |asked: &usize| sought.iter().position(|word| word.asked == *asked);
    question.order.iter().filter_map(place).collect()
}

fn places(
    segment: &SegmentReader,
    fields: &Fields,
    sought: &[Sought],
    docs: &[DocId],
) -> tantivy::Result<Vec<Places>> {
    let mut found: Vec<Places> =
        docs.iter().map(|_| SEEN.map(|_| vec![Vec::new(); sought.len()])).collect();
    let mut positions = Vec::new();
    for (seen, part) in SEEN.into_iter().enumerate() {
        let field = fields.of(part);
        let index = segment.inverted_index(field)?;
        for (at, word) in sought.iter().enumerate() {
            for (term, _) in word.exact.iter().chain(&word.loose) {
                let term = Term::from_field_text(field, term);
                let option = IndexRecordOption::WithFreqsAndPositions;
                let Some(mut postings) = index.read_postings(&term, option)? else { continue };
                for (doc, places) in docs.iter().zip(&mut found) {
                    if postings.doc() <= *doc && postings.seek(*doc) == *doc {
                        postings.positions(&mut positions);
                        places[seen][at].extend(&positions);
                    }
                }
            }
        }
    }
    for places in found.iter_mut().flatten().flatten() {
        places.sort_unstable();
        places.dedup();
    }
    Ok(found)
}

fn fit(places: &Places, heading_length: u64, order: &[usize], sought: &[Sought], worth: &[f32]) -> f32 {
    let [heading, _, body] = places;
    heading_fit(heading, heading_length, order, sought, worth) + PHRASE * phrases(body, order, worth)
}

/// How far the heading is the question: all of its words, nothing else, in the same order.
#[expect(clippy::cast_precision_loss, reason = "a heading has few words")]
fn heading_fit(heading: &[Vec<u32>], length: u64, order: &[usize], sought: &[Sought], worth: &[f32]) -> f32 {
    let all: f32 = worth.iter().sum();
    let asked: f32 = worth.iter().zip(heading).filter(|(_, at)| !at.is_empty()).map(|(worth, _)| worth).sum();
    if all == 0.0 || asked == 0.0 || length == 0 {
        return 0.0;
    }
    // Words that say little count a little here: "What is ownership?" is not "Ownership".
    let whole = |word: &Sought| if word.stop { 0.2 } else { 1.0 };
    let held = sought.iter().zip(heading).filter(|(_, at)| !at.is_empty());
    let share_asked =
        held.map(|(word, _)| whole(word)).sum::<f32>() / sought.iter().map(whole).sum::<f32>().max(0.1);
    let covered: BTreeMap<u32, ()> = heading.iter().flatten().map(|at| (*at, ())).collect();
    let share_covered = (covered.len() as f32 / length as f32).min(1.0);
    let pairs = order.len().saturating_sub(1);
    let in_order = order.windows(2).filter(|pair| follows(&heading[pair[0]], &heading[pair[1]])).count();
    let share_in_order = if pairs == 0 { 1.0 } else { in_order as f32 / pairs as f32 };
    let starts = order.first().is_some_and(|first| heading[*first].first() == Some(&0));
    let share = (asked / all) * share_asked;
    HEADING * all * share * share * (0.35 + 0.4 * share_covered + 0.2 * share_in_order + if starts { 0.05 } else { 0.0 })
}

fn follows(first: &[u32], second: &[u32]) -> bool {
    first.iter().any(|at| second.binary_search(&(at + 1)).is_ok())
}

/// How near each other neighbours in the question stand, worth by worth.
#[expect(clippy::cast_precision_loss, reason = "gaps are at most NEAR")]
fn phrases(body: &[Vec<u32>], order: &[usize], worth: &[f32]) -> f32 {
    let telling: Vec<usize> = order.iter().copied().filter(|at| worth[*at] > 0.0).collect();
    let pairs = telling.windows(2).filter(|pair| pair[0] != pair[1]);
    pairs
        .filter_map(|pair| {
            let gap = nearest(&body[pair[0]], &body[pair[1]])?;
            (gap <= NEAR).then(|| (worth[pair[0]] + worth[pair[1]]) / 2.0 / gap as f32)
        })
        .sum()
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
