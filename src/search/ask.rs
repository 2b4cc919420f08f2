//! One question, from what was typed to the page of hits.

use super::answer::{Also, Answer, Corrected, Hit, Kind, Mode, Request};
use super::beginning::{begun, vary};
use super::closer;
use super::company;
use super::evidence::{Evidence, Likeness, Sought, seek, tolerance};
use super::filter::Filter;
use super::gather::{Candidate, by_score, gather};
use super::index::Index;
use super::lexicon::Lexicon;
use super::question::Question;
use super::segment::{Doc, PageRecord, SAME, Segment};
use super::slots::Slots;
use super::snippet::{Marker, Text, snippet};
use super::source::url;
use super::typing;
use super::words::stem;

/// The most hits of one answer.
const MOST_HITS: usize = 100;

/// How many candidates are looked at twice.
const SECOND_LOOK: usize = 200;

/// How far down the hits a reader may page.
const DEEPEST: usize = 10_000;

/// How many other questions are suggested.
const MOST_SUGGESTIONS: usize = 3;

/// What the score of a guide becomes whose review is overdue.
const OVERDUE: f32 = 0.95;

impl Index {
    /// The sections that answer best, of those in the request's scope. No question is an error.
    #[must_use]
    pub fn search(&self, request: &Request) -> Answer {
        let question = Question::parse(&request.query);
        let lexicon = Lexicon { scope: &request.scope };
        let evidence = seek(&question, lexicon, &self.synonyms, request.verbatim);
        if evidence.sought.is_empty() {
            let suggestions = suggestions(&question, &evidence, lexicon);
            return Answer { suggestions, ..Answer::default() };
        }
        let found = Found::look(request, &question, &evidence.sought);
        let slots = &found.slots;
        let sought = &evidence.sought;
        let corrected = found.ranked.first().and_then(|best| correction(request, &question, sought, best));
        let limit = request.limit.min(MOST_HITS);
        let page = found.ranked.iter().skip(request.offset.min(DEEPEST)).take(limit);
        let marked = marked(sought);
        let hits = page.map(|one| hit(request, one, slots, marked)).collect();
        let suggestions = match found.total {
            0 => suggestions(&question, &evidence, lexicon),
            _ => Vec::new(),
        };
        let synonyms = evidence.synonyms.into_iter().map(|(word, synonym)| Also { word, synonym });
        Answer { total: found.total, corrected, synonyms: synonyms.collect(), suggestions, hits }
    }
}

/// What was found, in its order.
struct Found {
    ranked: Vec<Candidate>,
    total: usize,
    slots: Slots,
}

impl Found {
    fn look(request: &Request, question: &Question, sought: &[Sought]) -> Self {
        let scope = &request.scope;
        let filter = Filter::new(question, scope);
        let second_look = match request.mode {
            Mode::Whole => SECOND_LOOK,
            Mode::Typing => typing::LOOKED_AT,
        };
        let most = request.offset.min(DEEPEST) + request.limit.min(MOST_HITS);
        let slots = Slots::new(scope, sought);
        let begun = begun(scope, question, sought, &slots);
        let gathered = gather(scope, sought, &filter, most.max(second_look), &begun);
        let mut ranked = gathered.best;
        let rest = ranked.split_off(ranked.len().min(second_look));
        let is_begun = |one: &Candidate| begun.contains(&(one.part, one.doc));
        let (begun_in_rest, mut rest): (Vec<_>, Vec<_>) = rest.into_iter().partition(is_begun);
        ranked.extend(begun_in_rest.into_iter().chain(gathered.wanted));
        match request.mode {
            Mode::Typing => typing::rank(scope, question, sought, &slots, &mut ranked),
            Mode::Whole => {
                if company::helps(sought) {
                    company::blend(scope, &mut ranked);
                }
                closer::rescore(scope, question, sought, &slots, &gathered.worth, &mut ranked);
                let part = |one: &Candidate| &scope.parts()[one.part].segment;
                for one in &mut ranked {
                    let page = part(one).page_of(one.doc);
                    one.score *= favour(page, request);
                }
                let place = |one: &Candidate| {
                    let page = part(one).page_of(one.doc);
                    (page.place, one.doc - page.docs.start)
                };
                ranked.sort_by(|a, b| {
                    b.score
                        .total_cmp(&a.score)
                        .then_with(|| place(a).cmp(&place(b)))
                        .then_with(|| by_score(a, b))
                });
                vary(scope, question, &mut ranked);
            }
        }
        // What was not looked at again stays behind.
        let last = ranked.last().map_or(f32::MAX, |last| last.score);
        for one in &mut rest {
            one.score = one.score.min(last);
        }
        ranked.extend(rest);
        Self { ranked, total: gathered.total, slots }
    }
}

/// What a page's score is multiplied by.
fn favour(page: &PageRecord, request: &Request) -> f32 {
    let overdue = page.due.zip(request.today).is_some_and(|(due, today)| due < today);
    page.boost.clamp(0.5, 2.0).sqrt() * if overdue { OVERDUE } else { 1.0 }
}

/// The sought words that snippets mark; those that say little only when there are no others.
fn marked(sought: &[Sought]) -> u64 {
    let all_stop = sought.iter().all(|word| word.stop);
    let marked = sought.iter().enumerate().take(64).filter(|(_, word)| all_stop || !word.stop);
    marked.fold(0, |bits, (at, _)| bits | 1 << at)
}

fn hit(request: &Request, candidate: &Candidate, slots: &Slots, marked: u64) -> Hit {
    let segment = &*request.scope.parts()[candidate.part].segment;
    let (doc, page) = (&segment.docs[candidate.doc as usize], segment.page_of(candidate.doc));
    let marker = Marker { slots, part: candidate.part, marked, stemmed: page.stemmed };
    let section = segment.section(candidate.doc);
    let text = |text, tokens| Text { text, tokens: segment.tokens(tokens) };
    let snippet = snippet(text(section.text, &doc.body_tokens), text(section.code, &doc.code_tokens), marker);
    let app = segment.circle_of(page).app();
    let path = segment.text(&page.path);
    Hit {
        kind: if app.is_some() { Kind::App } else { Kind::Guide },
        app: app.map(|app| app.as_str().to_owned()),
        title: segment.text(&page.title).to_owned(),
        heading: section.heading.to_owned(),
        url: url(path, section.id),
        page: url(path, ""),
        snippet,
        score: candidate.score,
    }
}

/// The question with each unknown word replaced by its correction: the likeliest that the best hit holds.
fn correction(
    request: &Request,
    question: &Question,
    sought: &[Sought],
    best: &Candidate,
) -> Option<Corrected> {
    let segment = &*request.scope.parts()[best.part].segment;
    let doc = &segment.docs[best.doc as usize];
    let replacements: Vec<(usize, String)> = sought
        .iter()
        .filter(|word| word.likeness == Likeness::Correction)
        .filter_map(|word| {
            let held = word.alternatives.iter().find(|alternative| holds(segment, doc, alternative));
            held.or(word.alternatives.first())
                .zip(word.asked)
                .map(|(correction, asked)| (asked, correction.clone()))
        })
        .collect();
    let corrected = || Corrected { query: question.with(&replacements), from: question.text.clone() };
    (!replacements.is_empty()).then(corrected)
}

/// Whether the section has `word`, in whatever form.
fn holds(segment: &Segment, doc: &Doc, word: &str) -> bool {
    let forms = segment.dictionary.forms(&stem(word));
    let title = &segment.pages[doc.page as usize].title_tokens;
    let fields = [&doc.heading_tokens, title, &doc.body_tokens, &doc.code_tokens];
    fields.into_iter().flat_map(|field| segment.tokens(field)).any(|token| forms.contains(&(token & !SAME)))
}

/// Questions near this one whose words are there.
fn suggestions(question: &Question, evidence: &Evidence, lexicon: Lexicon<'_>) -> Vec<String> {
    let mut suggestions = Vec::new();
    for at in evidence.unknown.iter().take(2) {
        let word = &question.words[*at].word;
        // Further away than a correction may be: it is only offered.
        let wider = (tolerance(word) + 1).min(2);
        if word.chars().count() > 2 {
            let near = lexicon.corrections(word, wider, MOST_SUGGESTIONS);
            suggestions.extend(near.into_iter().map(|near| question.with(&[(*at, near)])));
        }
    }
    if suggestions.is_empty() && question.words.len() > 1 {
        let typed = evidence.sought.iter().filter(|word| !word.stop).filter_map(|word| word.asked);
        suggestions.extend(typed.map(|at| question.words[at].word.clone()));
    }
    suggestions.dedup();
    suggestions.truncate(MOST_SUGGESTIONS);
    suggestions
}
