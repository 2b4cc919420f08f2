//! A long question is helped by the company its words keep: the telling words of its best answers bring up sections
//! that say the same in other words (Rocchio, "Relevance feedback in information retrieval", 1971).

use std::collections::HashMap;

use tantivy::{Searcher, Term};

use super::evidence::{Sought, forms_of_stem};
use super::gather::{Candidate, gather, rarity};
use super::record::{Fields, Part, Stored};
use super::words::{STEM_MARK, Shape, is_stop_word, stem, words};

/// Questions with fewer telling words are left as they were asked.
const LEAST_WORDS: usize = 5;

/// How many of the best sections are read.
pub(super) const READ: usize = 5;

/// How many words they add.
const ADDED: usize = 15;

/// What the added words count, of 1.
const SHARE: f32 = 0.5;

/// How much of a section is read, in bytes.
const READ_BYTES: usize = 8_000;

/// Whether the question is long enough to be helped.
pub(super) fn helps(sought: &[Sought]) -> bool {
    sought.iter().filter(|word| !word.stop).count() >= LEAST_WORDS
}

/// Blends the scores of `candidates` with how well they fit the words of `best`, the first of them.
pub(super) fn blend(
    searcher: &Searcher,
    fields: &Fields,
    best: &[(f32, Stored)],
    candidates: &mut [Candidate],
) -> tantivy::Result<()> {
    let added = telling_words(searcher, fields, best)?;
    let gathered = gather(searcher, fields, &added)?.candidates;
    let fits: HashMap<(usize, u32), f32> =
        gathered.iter().map(|one| ((one.segment, one.doc), one.score)).collect();
    let fit = |one: &Candidate| fits.get(&(one.segment, one.doc)).copied().unwrap_or(0.0);
    let most = |scores: &mut dyn Iterator<Item = f32>| scores.fold(0.0, f32::max);
    let most_score = most(&mut candidates.iter().map(|one| one.score));
    let most_fit = most(&mut candidates.iter().map(fit));
    if most_fit > 0.0 {
        for candidate in candidates {
            let fit = fit(candidate) * most_score / most_fit;
            candidate.score = (1.0 - SHARE) * candidate.score + SHARE * fit;
        }
    }
    Ok(())
}

/// The words that tell the best sections from others, by how much.
fn telling_words(
    searcher: &Searcher,
    fields: &Fields,
    best: &[(f32, Stored)],
) -> tantivy::Result<Vec<Sought>> {
    let mut weights: HashMap<String, f32> = HashMap::new();
    for (score, section) in best {
        for (stem, count) in counts(section) {
            *weights.entry(stem).or_default() += score * count / (count + 1.0);
        }
    }
    let mut telling = Vec::with_capacity(weights.len());
    for (stem, weight) in weights {
        let mut found = 0;
        for form in [&stem, &format!("{STEM_MARK}{stem}")] {
            found += searcher.doc_freq(&Term::from_field_text(fields.of(Part::Body), form))?;
        }
        telling.push((weight * rarity(searcher.num_docs(), found), weight, stem));
    }
    telling.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.2.cmp(&b.2)));
    telling.truncate(ADDED);
    Ok(telling.into_iter().map(|(_, weight, stem)| Sought::added(forms_of_stem(stem), weight)).collect())
}

/// How often each stem occurs.
fn counts(section: &Stored) -> HashMap<String, f32> {
    let mut counts = HashMap::new();
    for text in [&section.heading, &section.body] {
        let text = &text[..text.floor_char_boundary(READ_BYTES)];
        for word in words(text) {
            if word.shape == Shape::Plain && !is_stop_word(&word.text) {
                *counts.entry(stem(&word.text)).or_default() += 1.0;
            }
        }
    }
    counts
}
