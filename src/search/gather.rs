//! The first pass: every section that holds any of the words, scored by BM25F.
//!
//! A word's occurrences in all fields are added up, each field by its weight and length, before they saturate, so that
//! a short heading cannot outshout a text (Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple weighted
//! fields", 2004). A word's rarity is counted over the sections that were found for it.

use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, Searcher, SegmentReader, TERMINATED, Term};

use super::evidence::{Sought, Weighted};
use super::record::{Fields, Part};

/// How soon further occurrences stop counting.
const SATURATION: f32 = 2.0;

/// What an occurrence counts, by [`Part`].
const WEIGHTS: [f32; Part::ALL.len()] = [3.0, 1.5, 0.7, 1.0, 0.6];

/// How far the length of a field counts against it, by [`Part`].
const LENGTHS: [f32; Part::ALL.len()] = [0.4, 0.4, 0.3, 0.7, 0.7];

/// A section that carries less than this share of the question is no answer.
const LEAST_SHARE: f32 = 0.1;

/// A section and how well it answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) segment: usize,
    pub(super) doc: DocId,
    pub(super) score: f32,
}

/// What was gathered.
pub(super) struct Gathered {
    /// In no order.
    pub(super) candidates: Vec<Candidate>,
    /// What each sought word is worth: its rarity by its weight.
    pub(super) worth: Vec<f32>,
}

/// Scores the sections that hold any of `sought`.
pub(super) fn gather(searcher: &Searcher, fields: &Fields, sought: &[Sought]) -> tantivy::Result<Gathered> {
    let segments = searcher.segment_readers();
    let norms = Norms::of(searcher, fields)?;
    // Words that say little are looked up only when there are no others.
    let all_stop = sought.iter().all(|word| word.stop);
    let mut sums: Vec<Sums> = segments.iter().map(|segment| Sums::new(segment.max_doc())).collect();
    let mut worth = Vec::with_capacity(sought.len());
    for word in sought {
        if word.stop && !all_stop {
            worth.push(0.0);
            continue;
        }
        let exact = occurrences(segments, fields, &norms, &word.exact)?;
        let loose = occurrences(segments, fields, &norms, &word.loose)?;
        let rarity = rarity(searcher.num_docs(), sections(&exact));
        let loose_rarity = self::rarity(searcher.num_docs(), sections(&loose)).min(rarity);
        let value = word.weight * if exact.iter().all(Vec::is_empty) { loose_rarity } else { rarity };
        for ((sums, exact), loose) in sums.iter_mut().zip(&exact).zip(&loose) {
            sums.add(
                exact,
                loose,
                word.weight * rarity,
                word.weight * loose_rarity * word.loose_weight,
                value,
            );
        }
        worth.push(value);
    }
    let least = LEAST_SHARE * worth.iter().sum::<f32>();
    let candidates = sums.iter().enumerate().flat_map(|(segment, sums)| {
        sums.touched
            .iter()
            .filter(move |doc| sums.carried[**doc as usize] >= least)
            .map(move |doc| Candidate { segment, doc: *doc, score: sums.total[*doc as usize] })
    });
    Ok(Gathered { candidates: candidates.collect(), worth })
}

/// How much a word tells that was found in `found` of the `sections`.
#[expect(clippy::cast_precision_loss, reason = "a count of sections, used as a statistic")]
pub(super) fn rarity(sections: u64, found: u64) -> f32 {
    let (sections, found) = (sections.max(found) as f32, found as f32);
    (1.0 + (sections - found + 0.5) / (found + 0.5)).ln()
}

fn sections(found: &[Vec<(DocId, f32)>]) -> u64 {
    found.iter().map(|found| found.len() as u64).sum()
}

/// For each segment, the live sections that have any of `terms`, with their weighted occurrences.
fn occurrences(
    segments: &[SegmentReader],
    fields: &Fields,
    norms: &Norms,
    terms: &[Weighted],
) -> tantivy::Result<Vec<Vec<(DocId, f32)>>> {
    segments.iter().map(|segment| occurrences_in(segment, fields, norms, terms)).collect()
}

fn occurrences_in(
    segment: &SegmentReader,
    fields: &Fields,
    norms: &Norms,
    terms: &[Weighted],
) -> tantivy::Result<Vec<(DocId, f32)>> {
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    let mut counts = vec![0.0_f32; segment.max_doc() as usize];
    let mut touched = Vec::new();
    for part in Part::ALL {
        let field = fields.of(part);
        let index = segment.inverted_index(field)?;
        let lengths = segment.get_fieldnorms_reader(field)?;
        for (term, weight) in terms {
            let term = Term::from_field_text(field, term);
            let Some(mut postings) = index.read_postings(&term, IndexRecordOption::WithFreqs)? else {
                continue;
            };
            let mut doc = postings.doc();
            while doc != TERMINATED {
                if !segment.is_deleted(doc) {
                    let norm = norms.0[part as usize][usize::from(lengths.fieldnorm_id(doc))];
                    let count = &mut counts[doc as usize];
                    if *count == 0.0 {
                        touched.push(doc);
                    }
                    #[expect(clippy::cast_precision_loss, reason = "a count, used as a statistic")]
                    let occurrences = postings.term_freq() as f32;
                    *count += weight * occurrences * norm;
                }
                doc = postings.advance();
            }
        }
    }
    Ok(touched.into_iter().map(|doc| (doc, counts[doc as usize])).collect())
}

/// What one occurrence counts, by field and by the field's encoded length.
struct Norms([[f32; 256]; Part::ALL.len()]);

impl Norms {
    #[expect(clippy::cast_precision_loss, reason = "lengths and counts, used as statistics")]
    fn of(searcher: &Searcher, fields: &Fields) -> tantivy::Result<Self> {
        let mut norms = [[0.0; 256]; Part::ALL.len()];
        for part in Part::ALL {
            let (mut words, mut sections) = (0, 0);
            for segment in searcher.segment_readers() {
                words += segment.inverted_index(fields.of(part))?.total_num_tokens();
                sections += u64::from(segment.max_doc());
            }
            let average = (words as f32 / sections.max(1) as f32).max(1.0);
            let (weight, share) = (WEIGHTS[part as usize], LENGTHS[part as usize]);
            for (id, norm) in (0..=u8::MAX).zip(&mut norms[part as usize]) {
                let length = tantivy::fieldnorm::FieldNormReader::id_to_fieldnorm(id) as f32;
                *norm = weight / (1.0 - share + share * length / average);
            }
        }
        Ok(Self(norms))
    }
}

/// Sums by section of one segment.
struct Sums {
    total: Vec<f32>,
    /// What of the question's worth the section carries.
    carried: Vec<f32>,
    touched: Vec<DocId>,
    /// The score of the word at hand.
    word: Vec<f32>,
}

impl Sums {
    fn new(sections: u32) -> Self {
        let zeros = || vec![0.0; sections as usize];
        Self { total: zeros(), carried: zeros(), touched: Vec::new(), word: zeros() }
    }

    /// Adds a word's evidence: the better of exact and loose.
    fn add(
        &mut self,
        exact: &[(DocId, f32)],
        loose: &[(DocId, f32)],
        rarity: f32,
        loose_rarity: f32,
        worth: f32,
    ) {
        let saturated = |count: f32| count * (SATURATION + 1.0) / (count + SATURATION);
        for (found, rarity) in [(exact, rarity), (loose, loose_rarity)] {
            for (doc, count) in found {
                let score = &mut self.word[*doc as usize];
                *score = score.max(rarity * saturated(*count));
            }
        }
        for (doc, _) in exact.iter().chain(loose) {
            let at = *doc as usize;
            let score = std::mem::take(&mut self.word[at]);
            if score > 0.0 {
                if self.total[at] == 0.0 {
                    self.touched.push(*doc);
                }
                self.total[at] += score;
                self.carried[at] += worth;
            }
        }
    }
}
