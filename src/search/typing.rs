//! The order while somebody types: by tiers that can be told at a glance, the same for every letter typed that changes
//! nothing about them.

use super::beginning::{self, begins};
use super::circle::Scope;
use super::closer::Field;
use super::evidence::Sought;
use super::gather::Candidate;
use super::question::Question;
use super::slots::Slots;

/// How many candidates are put into tiers.
pub(super) const LOOKED_AT: usize = 1_000;

/// How well a section fits what was typed so far; higher is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tier {
    SomeWords,
    AllWords,
    HeadingPrefix,
    TitlePrefix,
}

/// Puts `candidates` in the order of their tiers, and gives each its tier as a score.
pub(super) fn rank(
    scope: &Scope,
    question: &Question,
    sought: &[Sought],
    slots: &Slots,
    candidates: &mut Vec<Candidate>,
) {
    let order = beginning::order(question, sought);
    let [mut heading, mut title, mut address, mut body, mut code] =
        [(); 5].map(|()| Field::new(sought.len()));
    let mut ranked: Vec<_> = candidates
        .drain(..)
        .map(|mut candidate| {
            let segment = &scope.parts()[candidate.part].segment;
            let (doc, page) = (&segment.docs[candidate.doc as usize], segment.page_of(candidate.doc));
            let read = |field: &mut Field, span| {
                field.read(segment, candidate.part, span, page.stemmed, slots);
            };
            read(&mut heading, &doc.heading_tokens);
            read(&mut title, &page.title_tokens);
            let lead = candidate.doc == page.docs.start;
            let begins = |field: &Field| begins(&field.places, &order);
            let held = if begins(&title) || begins(&heading) {
                order.len()
            } else {
                read(&mut address, &page.address_tokens);
                read(&mut body, &doc.body_tokens);
                read(&mut code, &doc.code_tokens);
                let fields = [&heading, &title, &address, &body, &code];
                let holds = |at: usize| fields.iter().any(|field| !field.places[at].at.is_empty());
                order.iter().filter(|at| at.is_some_and(holds)).count()
            };
            let tier = if lead && begins(&title) {
                Tier::TitlePrefix
            } else if begins(&heading) {
                Tier::HeadingPrefix
            } else if held == order.len() {
                Tier::AllWords
            } else {
                Tier::SomeWords
            };
            // In a tier of few words the length of the heading says how far it is what was typed.
            let in_heading = order.iter().flatten().filter(|at| !heading.places[**at].at.is_empty()).count();
            #[expect(clippy::cast_precision_loss, reason = "a question has few words")]
            let score = f32::from(tier as u8) * 100.0 + held as f32 * 2.0 + in_heading as f32 / 16.0;
            candidate.score = score * page.boost.clamp(0.9, 1.1);
            let length = if tier >= Tier::HeadingPrefix { heading.length } else { 0 };
            let place = (page.place, candidate.doc - page.docs.start);
            (candidate, tier, length, place)
        })
        .collect();
    ranked.sort_by(|a, b| {
        b.1.cmp(&a.1).then_with(|| b.0.score.total_cmp(&a.0.score)).then_with(|| (a.2, a.3).cmp(&(b.2, b.3)))
    });
    candidates.extend(ranked.into_iter().map(|(candidate, ..)| candidate));
}
