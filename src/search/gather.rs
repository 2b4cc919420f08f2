//! The first pass: every section in scope that holds any of the words, scored by BM25F. A word's rarity is counted over
//! the sections that were found for it in scope: those that the viewer may not see say nothing, not even by a score.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::sync::LazyLock;

use super::circle::{Scope, Seen};
use super::evidence::{Form, Forms, Sought};
use super::filter::Filter;
use super::segment::occurrences;

/// How soon further occurrences stop counting.
const SATURATION: f32 = 2.0;

/// A section that carries less than this share of the question is no answer.
const LEAST_SHARE: f32 = 0.1;

static OCCURRENCES: LazyLock<[f32; 256]> = LazyLock::new(occurrences);

/// A section and how well it answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// An index into [`Scope::parts`].
    pub(super) part: usize,
    pub(super) doc: u32,
    pub(super) score: f32,
}

/// What was gathered.
pub(super) struct Gathered {
    /// The best, best first.
    pub(super) best: Vec<Candidate>,
    /// Those of `wanted` that are not among the best; none that carries little or does not pass the filter.
    pub(super) wanted: Vec<Candidate>,
    /// How many there are.
    pub(super) total: usize,
    /// What each sought word is worth: its rarity by its weight.
    pub(super) worth: Vec<f32>,
}

/// What has been found of a section so far.
#[derive(Clone, Copy, Default)]
struct Sum {
    score: f32,
    /// What of the question's worth the section carries.
    carried: f32,
}

/// Sums by section, kept by each thread from one question to the next; all zero between them.
#[derive(Default)]
struct Sums {
    sections: Vec<Sum>,
    touched: Vec<u32>,
    /// The occurrences of the word at hand, exact and loose.
    exact: Counts,
    loose: Counts,
}

/// Weighted occurrences of one word by section, and the sections that have any.
#[derive(Default)]
struct Counts {
    counts: Vec<f32>,
    found: Vec<u32>,
}

thread_local!(static SUMS: RefCell<Sums> = RefCell::default());

/// The best `most` of the sections that hold any of `sought` and pass the filter; and of `wanted`, which are parts and
/// sections, those that do.
pub(super) fn gather(
    scope: &Scope,
    sought: &[Sought],
    filter: &Filter<'_>,
    most: usize,
    wanted: &[(usize, u32)],
) -> Gathered {
    SUMS.with_borrow_mut(|sums| sums.gather(scope, sought, filter, most, wanted))
}

/// How much a word tells that was found in `found` of the `sections`.
#[expect(clippy::cast_precision_loss, reason = "a count of sections, used as a statistic")]
pub(super) fn rarity(sections: usize, found: usize) -> f32 {
    let (sections, found) = (sections.max(found) as f32, found as f32);
    (1.0 + (sections - found + 0.5) / (found + 0.5)).ln()
}

/// What weighted occurrences of a word count together.
pub(super) fn saturated(count: f32) -> f32 {
    count * (SATURATION + 1.0) / (count + SATURATION)
}

/// The weighted occurrences that an impact stands for.
pub(super) fn occurrences_of(impact: u8) -> f32 {
    OCCURRENCES[usize::from(impact)]
}

/// Best first; sections that score alike in the order in which they were indexed.
pub(super) fn by_score(a: &Candidate, b: &Candidate) -> Ordering {
    b.score.total_cmp(&a.score).then_with(|| (a.part, a.doc).cmp(&(b.part, b.doc)))
}

impl Sums {
    fn gather(
        &mut self,
        scope: &Scope,
        sought: &[Sought],
        filter: &Filter<'_>,
        most: usize,
        wanted: &[(usize, u32)],
    ) -> Gathered {
        let bases = bases(scope);
        let sizes: usize = scope.parts().iter().map(|part| part.segment.docs.len()).sum();
        if self.sections.len() < sizes {
            self.sections.resize(sizes, Sum::default());
            self.exact.counts.resize(sizes, 0.0);
            self.loose.counts.resize(sizes, 0.0);
        }
        // Words that say little are looked up only when there are no others.
        let all_stop = sought.iter().all(|word| word.stop);
        let mut worth = Vec::with_capacity(sought.len());
        for word in sought {
            let value = match word {
                word if word.stop && !all_stop => 0.0,
                word if word.forms.iter().all(Forms::is_single) => self.add_single(scope, &bases, word),
                word => self.add(scope, &bases, word),
            };
            worth.push(value);
        }
        // What nobody typed is no part of what an answer must carry.
        let asked = sought.iter().zip(&worth).filter(|(word, _)| word.asked.is_some());
        let least = LEAST_SHARE * asked.map(|(_, worth)| worth).sum::<f32>();
        let wanted = wanted.iter().filter_map(|(part, doc)| {
            let Sum { score, carried } = self.sections[(bases[*part] + doc) as usize];
            let candidate = Candidate { part: *part, doc: *doc, score };
            (score > 0.0 && carried >= least && filter.passes(&candidate)).then_some(candidate)
        });
        let mut wanted: Vec<Candidate> = wanted.collect();
        let (best, total) = self.best(&bases, filter, most, least);
        wanted.retain(|one| best.last().is_none_or(|last| by_score(one, last) == Ordering::Greater));
        Gathered { best, wanted, total, worth }
    }

    /// Adds the evidence of a word that has one form, which counts the same wherever it says the same; answers what the
    /// word is worth.
    fn add_single(&mut self, scope: &Scope, bases: &[u32], sought: &Sought) -> f32 {
        let forms = || {
            scope
                .parts()
                .iter()
                .zip(&sought.forms)
                .flat_map(|(part, forms)| forms.exact.iter().map(move |form| (part, form)))
        };
        let found = forms().map(|(part, form)| part.frequency(form.word) as usize).sum();
        let worth = sought.weight * rarity(scope.sections(), found);
        let of_impact = OCCURRENCES.map(|occurrences| worth * saturated(occurrences));
        for ((part, forms), base) in scope.parts().iter().zip(&sought.forms).zip(bases) {
            let Some(form) = forms.exact.first() else { continue };
            let postings = part.segment.postings(form.word);
            for (doc, impact) in postings.docs.iter().zip(postings.impacts) {
                if part.whole || part.sections.holds(*doc as usize) {
                    self.give(base + doc, of_impact[usize::from(*impact)], worth);
                }
            }
        }
        worth
    }

    /// Adds a word's evidence, the better of exact and loose; answers what the word is worth.
    fn add(&mut self, scope: &Scope, bases: &[u32], sought: &Sought) -> f32 {
        let (mut exact, mut loose) = (std::mem::take(&mut self.exact), std::mem::take(&mut self.loose));
        for ((part, forms), base) in scope.parts().iter().zip(&sought.forms).zip(bases) {
            exact.collect(part, *base, &forms.exact);
            loose.collect(part, *base, &forms.loose);
        }
        let sections = scope.sections();
        let rarity = rarity(sections, exact.found.len());
        let loose_rarity = self::rarity(sections, loose.found.len()).min(rarity);
        let worth = sought.weight * if exact.found.is_empty() { loose_rarity } else { rarity };
        let exact_worth = sought.weight * rarity;
        let loose_worth = sought.weight * loose_rarity * sought.loose_weight;
        for doc in exact.found.drain(..) {
            let score = exact_worth * saturated(std::mem::take(&mut exact.counts[doc as usize]));
            let other = std::mem::take(&mut loose.counts[doc as usize]);
            let other = if other > 0.0 { loose_worth * saturated(other) } else { 0.0 };
            self.give(doc, score.max(other), worth);
        }
        for doc in loose.found.drain(..) {
            // What was exact as well has been taken.
            let count = std::mem::take(&mut loose.counts[doc as usize]);
            if count > 0.0 {
                self.give(doc, loose_worth * saturated(count), worth);
            }
        }
        (self.exact, self.loose) = (exact, loose);
        worth
    }

    #[inline]
    fn give(&mut self, doc: u32, score: f32, worth: f32) {
        let sum = &mut self.sections[doc as usize];
        if sum.score == 0.0 {
            self.touched.push(doc);
        }
        sum.score += score;
        sum.carried += worth;
    }

    /// The best `most` that carry the `least` and pass the filter, and how many do.
    fn best(
        &mut self,
        bases: &[u32],
        filter: &Filter<'_>,
        most: usize,
        least: f32,
    ) -> (Vec<Candidate>, usize) {
        let mut best: Vec<Candidate> = Vec::with_capacity(most * 2 + 1);
        let mut worst = f32::NEG_INFINITY;
        let mut total = 0;
        for doc in self.touched.drain(..) {
            let Sum { score, carried } = std::mem::take(&mut self.sections[doc as usize]);
            if carried < least {
                continue;
            }
            if filter.is_open() && score < worst {
                total += 1;
                continue;
            }
            let part = bases.partition_point(|base| *base <= doc) - 1;
            let candidate = Candidate { part, doc: doc - bases[part], score };
            if !filter.passes(&candidate) {
                continue;
            }
            total += 1;
            if score >= worst {
                best.push(candidate);
                if best.len() > most * 2 {
                    best.select_nth_unstable_by(most, by_score);
                    best.truncate(most);
                    worst = best.iter().map(|one| one.score).fold(f32::INFINITY, f32::min);
                }
            }
        }
        best.sort_unstable_by(by_score);
        best.truncate(most);
        (best, total)
    }
}

impl Counts {
    /// Adds the seen sections of `part` that have any of `forms`; the part's first section has the number `base`.
    fn collect(&mut self, part: &Seen, base: u32, forms: &[Form]) {
        for form in forms {
            let of_impact = OCCURRENCES.map(|occurrences| form.weight * occurrences);
            let everywhere = part.whole && (!form.inflected || part.segment.all_stemmed);
            let seen = |doc: u32| {
                part.sections.holds(doc as usize) && (!form.inflected || part.segment.page_of(doc).stemmed)
            };
            let postings = part.segment.postings(form.word);
            for (doc, impact) in postings.docs.iter().zip(postings.impacts) {
                if everywhere || seen(*doc) {
                    let count = &mut self.counts[(base + doc) as usize];
                    if *count == 0.0 {
                        self.found.push(base + doc);
                    }
                    *count += of_impact[usize::from(*impact)];
                }
            }
        }
    }
}

/// Where the sections of each part begin, when all are numbered together.
fn bases(scope: &Scope) -> Vec<u32> {
    let sizes = scope.parts().iter().map(|part| super::dictionary::rank(part.segment.docs.len()));
    sizes.scan(0, |base, size| Some(std::mem::replace(base, *base + size))).collect()
}
