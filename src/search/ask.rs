//! One question, from what was typed to the page of hits.

use std::cmp::Ordering;

use tantivy::columnar::Column;
use tantivy::{DocAddress, TantivyDocument};

use super::answer::{Answer, Corrected, Hit, Kind, Request};
use super::closeness;
use super::company;
use super::evidence::{self, Likeness, Sought};
use super::gather::{self, Candidate};
use super::index::Index;
use super::lexicon::Lexicon;
use super::question::Question;
use super::record::{PLACE, Stored};
use super::snippet::{Marker, snippet};

/// The most hits of one answer.
const MOST_HITS: usize = 100;

/// How many candidates are looked at twice.
const SECOND_LOOK: usize = 200;

/// How far down the hits a reader may page.
const DEEPEST: usize = 10_000;

impl Index {
    /// The sections that answer best. No question is an error.
    #[must_use]
    pub fn search(&self, request: &Request) -> Answer {
        self.answer(request).unwrap_or_else(|error| {
            // The index is in memory: only a fault of our own comes here.
            tracing::error!(%error, "the search index cannot be read; answering that nothing was found");
            Answer::default()
        })
    }

    fn answer(&self, request: &Request) -> tantivy::Result<Answer> {
        let question = Question::parse(&request.query);
        let lexicon = Lexicon { searcher: &self.searcher, fields: &self.fields };
        let sought = evidence::seek(&question, &lexicon)?;
        if sought.is_empty() {
            return Ok(Answer::default());
        }
        let gathered = gather::gather(&self.searcher, &self.fields, &sought)?;
        let total = gathered.candidates.len();
        let limit = request.limit.min(MOST_HITS);
        let offset = request.offset.min(DEEPEST);
        let mut ranked = best(gathered.candidates, (offset + limit).max(SECOND_LOOK));
        let second_look = ranked.len().min(SECOND_LOOK);
        let first = &mut ranked[..second_look];
        if company::helps(&sought) {
            let read = first.iter().take(company::READ);
            let read =
                read.map(|one| Ok((one.score, self.stored(one)?))).collect::<tantivy::Result<Vec<_>>>()?;
            company::blend(&self.searcher, &self.fields, &read, first)?;
        }
        closeness::rescore(&self.searcher, &self.fields, &question, &sought, &gathered.worth, first)?;
        let places = self.places()?;
        let place = |one: &Candidate| places[one.segment].first(one.doc).unwrap_or(0);
        ranked.sort_by(|a, b| by_score(a, b).then_with(|| place(a).cmp(&place(b))));

        let marker = Marker::new(&sought);
        let best = match ranked.first() {
            Some(best) => Some(self.stored(best)?),
            None => None,
        };
        let corrected = best.and_then(|best| correction(&question, &sought, &best));
        let page = ranked.iter().skip(offset).take(limit);
        let hits = page.map(|one| Ok(hit(self.stored(one)?, one.score, &marker)));
        Ok(Answer { total, corrected, hits: hits.collect::<tantivy::Result<_>>()? })
    }

    fn stored(&self, candidate: &Candidate) -> tantivy::Result<Stored> {
        #[expect(clippy::cast_possible_truncation, reason = "tantivy counts segments in 32 bits itself")]
        let address = DocAddress::new(candidate.segment as u32, candidate.doc);
        Ok(self.fields.read(&self.searcher.doc::<TantivyDocument>(address)?))
    }

    fn places(&self) -> tantivy::Result<Vec<Column<u64>>> {
        self.searcher.segment_readers().iter().map(|segment| segment.fast_fields().u64(PLACE)).collect()
    }
}

/// The best `most` of `candidates`, best first.
fn best(mut candidates: Vec<Candidate>, most: usize) -> Vec<Candidate> {
    if candidates.len() > most {
        candidates.select_nth_unstable_by(most, by_score);
        candidates.truncate(most);
    }
    candidates.sort_unstable_by(by_score);
    candidates
}

fn by_score(a: &Candidate, b: &Candidate) -> Ordering {
    b.score.total_cmp(&a.score)
}

fn hit(stored: Stored, score: f32, marker: &Marker) -> Hit {
    let snippet = snippet(&stored, marker);
    Hit { kind: Kind::Guide, title: stored.title, heading: stored.heading, url: stored.url, snippet, score }
}

/// The question with each unknown word replaced by its correction: the likeliest that the best hit holds.
fn correction(question: &Question, sought: &[Sought], best: &Stored) -> Option<Corrected> {
    let replacements: Vec<(usize, String)> = sought
        .iter()
        .filter(|word| word.likeness == Likeness::Correction)
        .filter_map(|word| {
            let held = word.alternatives.iter().find(|alternative| best.holds(alternative));
            held.or(word.alternatives.first())
                .zip(word.asked)
                .map(|(correction, asked)| (asked, correction.clone()))
        })
        .collect();
    let corrected = || Corrected { query: question.with(&replacements), from: question.text.clone() };
    (!replacements.is_empty()).then(corrected)
}
