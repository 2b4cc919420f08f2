//! The first pass: every section in scope that holds any of the words, scored by BM25F. A word's rarity is counted over
//! the sections that were found for it in scope: those that the viewer may not see say nothing, not even by a score.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::sync::LazyLock;

use super::circle::{Scope, Seen};
use super::evidence::{Form, Sought};
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
    /// How many there are.
    pub(super) total: usize,
    /// What each sought word is worth: its rarity by its weight.
    pub(super) worth: Vec<f32>,
}

/// Sums by section, kept by each thread from one question to the next; all zero between them.
#[derive(Default)]
struct Sums {
    total: Vec<f32>,
    /// What of the question's worth the section carries.
    carried: Vec<f32>,
    /// The occurrences or the score of the word at hand.
    word: Vec<f32>,
    touched: Vec<u32>,
    exact: Vec<(u32, f32)>,
    loose: Vec<(u32, f32)>,
}

thread_local!(static SUMS: RefCell<Sums> = RefCell::default());

/// The best `most` of the sections that hold any of `sought` and pass the filter.
pub(super) fn gather(scope: &Scope, sought: &[Sought], filter: &Filter<'_>, most: usize) -> Gathered {
    SUMS.with_borrow_mut(|sums| sums.gather(scope, sought, filter, most))
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
    fn gather(&mut self, scope: &Scope, sought: &[Sought], filter: &Filter<'_>, most: usize) -> Gathered {
        let sizes: usize = scope.parts().iter().map(|part| part.segment.docs.len()).sum();
        if self.total.len() < sizes {
            self.total.resize(sizes, 0.0);
            self.carried.resize(sizes, 0.0);
            self.word.resize(sizes, 0.0);
        }
        // Words that say little are looked up only when there are no others.
        let all_stop = sought.iter().all(|word| word.stop);
        let mut worth = Vec::with_capacity(sought.len());
        for word in sought {
            let value = if word.stop && !all_stop { 0.0 } else { self.add(scope, word) };
            worth.push(value);
        }
        // What nobody typed is no part of what an answer must carry.
        let asked = sought.iter().zip(&worth).filter(|(word, _)| word.asked.is_some());
        let least = LEAST_SHARE * asked.map(|(_, worth)| worth).sum::<f32>();
        let (best, total) = self.best(scope, filter, most, least);
        Gathered { best, total, worth }
    }

    /// Adds a word's evidence, the better of exact and loose; answers what the word is worth.
    fn add(&mut self, scope: &Scope, sought: &Sought) -> f32 {
        let (mut exact, mut loose) = (std::mem::take(&mut self.exact), std::mem::take(&mut self.loose));
        let forms = sought.forms.iter().zip(scope.parts());
        let mut base = 0;
        for (forms, part) in forms {
            collect(part, base, &forms.exact, &mut self.word, &mut exact);
            collect(part, base, &forms.loose, &mut self.word, &mut loose);
            base += part.segment.docs.len();
        }
        let sections = scope.sections();
        let rarity = rarity(sections, exact.len());
        let loose_rarity = self::rarity(sections, loose.len()).min(rarity);
        let worth = sought.weight * if exact.is_empty() { loose_rarity } else { rarity };
        if loose.is_empty() {
            for (doc, count) in &exact {
                self.give(*doc, sought.weight * rarity * saturated(*count), worth);
            }
        } else {
            let loose_worth = sought.weight * loose_rarity * sought.loose_weight;
            for (found, each) in [(&exact, sought.weight * rarity), (&loose, loose_worth)] {
                for (doc, count) in found {
                    let score = &mut self.word[*doc as usize];
                    *score = score.max(each * saturated(*count));
                }
            }
            for (doc, _) in exact.iter().chain(&loose) {
                let score = std::mem::take(&mut self.word[*doc as usize]);
                if score > 0.0 {
                    self.give(*doc, score, worth);
                }
            }
        }
        exact.clear();
        loose.clear();
        (self.exact, self.loose) = (exact, loose);
        worth
    }

    #[inline]
    fn give(&mut self, doc: u32, score: f32, worth: f32) {
        let at = doc as usize;
        if self.total[at] == 0.0 {
            self.touched.push(doc);
        }
        self.total[at] += score;
        self.carried[at] += worth;
    }

    /// The best `most` that carry the `least` and pass the filter, and how many do.
    fn best(
        &mut self,
        scope: &Scope,
        filter: &Filter<'_>,
        most: usize,
        least: f32,
    ) -> (Vec<Candidate>, usize) {
        let mut best: Vec<Candidate> = Vec::with_capacity(most * 2 + 1);
        let mut worst = f32::NEG_INFINITY;
        let mut total = 0;
        let bases = bases(scope);
        for doc in self.touched.drain(..) {
            let at = doc as usize;
            let (score, carried) =
                (std::mem::take(&mut self.total[at]), std::mem::take(&mut self.carried[at]));
            if carried < least {
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

/// Where the sections of each part begin, when all are numbered together.
fn bases(scope: &Scope) -> Vec<u32> {
    let sizes = scope.parts().iter().map(|part| super::dictionary::rank(part.segment.docs.len()));
    sizes.scan(0, |base, size| Some(std::mem::replace(base, *base + size))).collect()
}

/// Adds the seen sections that have any of `forms`, with their weighted occurrences.
fn collect(part: &Seen, base: usize, forms: &[Form], sums: &mut [f32], found: &mut Vec<(u32, f32)>) {
    let base_32 = super::dictionary::rank(base);
    let table = &*OCCURRENCES;
    let seen = |doc: u32, form: &Form| {
        (part.whole || part.sections.holds(doc as usize))
            && (!form.inflected || part.segment.all_stemmed || part.segment.page_of(doc).stemmed)
    };
    let first = found.len();
    for form in forms {
        let postings = part.segment.postings(form.word);
        let all = postings.docs.iter().zip(postings.impacts);
        if forms.len() == 1 {
            let seen = all.filter(|(doc, _)| seen(**doc, form));
            found
                .extend(seen.map(|(doc, impact)| (base_32 + doc, form.weight * table[usize::from(*impact)])));
            return;
        }
        for (doc, impact) in all {
            if seen(*doc, form) {
                let sum = &mut sums[base + *doc as usize];
                if *sum == 0.0 {
                    found.push((base_32 + doc, 0.0));
                }
                *sum += form.weight * table[usize::from(*impact)];
            }
        }
    }
    for (doc, count) in &mut found[first..] {
        *count = std::mem::take(&mut sums[*doc as usize]);
    }
}
