//! What the counts say, as far as it may be shown.

use std::collections::HashMap;

use serde::Serialize;

use super::keeping::DAYS;
use super::tally::{Count, FEWEST_ASKERS};

/// The longest list.
const MOST_ROWS: usize = 50;
/// How many questions are looked at, the most frequent ones: each may be asked again.
const MOST_LOOKED_AT: usize = 500;

/// What people searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Report {
    /// In how many days.
    pub days: i64,
    /// The most frequent questions first.
    pub frequent: Vec<Row>,
    /// Questions that mostly found nothing.
    pub nothing_found: Vec<Row>,
    /// Questions that found something, of which nobody opened anything.
    pub not_opened: Vec<Row>,
}

/// One question, from three askers up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// The question, in lower case.
    pub query: String,
    /// How often it was asked.
    pub asked: u64,
    /// How often nothing was found.
    pub nothing: u64,
    /// How often a result was opened.
    pub opened: u64,
}

impl Report {
    /// Of what all servers counted, for somebody who `finds` something with a question or does not. A question with
    /// which only others find something is left out: it would tell of what is hidden from them.
    pub(super) fn of(counts: HashMap<String, Count>, finds: impl Fn(&str) -> bool) -> Self {
        let shown = counts.into_iter().filter(|(_, count)| count.askers.len() >= FEWEST_ASKERS);
        let mut all: Vec<Row> = shown
            .map(|(query, Count { asked, nothing, opened, .. })| Row { query, asked, nothing, opened })
            .collect();
        all.sort_unstable_by(|a, b| b.asked.cmp(&a.asked).then_with(|| a.query.cmp(&b.query)));
        all.truncate(MOST_LOOKED_AT);
        all.retain(|row| (row.nothing == row.asked && row.opened == 0) || finds(&row.query));
        let in_vain = |row: &&Row| row.nothing * 2 > row.asked;
        let first = |rows: &mut dyn Iterator<Item = &Row>| rows.take(MOST_ROWS).cloned().collect();
        Self {
            days: DAYS,
            frequent: first(&mut all.iter()),
            nothing_found: first(&mut all.iter().filter(in_vain)),
            not_opened: first(&mut all.iter().filter(|row| row.opened == 0 && !in_vain(row))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_few_people_asked_and_what_only_others_find_is_not_shown() {
        let count =
            |asked, nothing, opened, askers: &[u8]| Count { asked, nothing, opened, askers: askers.into() };
        let counts = [
            ("bucket", count(9, 0, 4, &[1, 2, 3])),
            ("pail", count(5, 5, 0, &[1, 2, 3])),
            ("holiday", count(3, 0, 0, &[1, 2, 3])),
            ("my colleague", count(90, 90, 0, &[1, 2])),
        ];
        let of = |finds: &dyn Fn(&str) -> bool| {
            Report::of(
                counts.iter().map(|(query, count)| ((*query).to_owned(), count.clone())).collect(),
                finds,
            )
        };
        let report = of(&|_| true);
        let queries = |rows: &[Row]| rows.iter().map(|row| row.query.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(queries(&report.frequent), "bucket pail holiday");
        assert_eq!(queries(&report.nothing_found), "pail");
        assert_eq!(queries(&report.not_opened), "holiday");
        let hidden = of(&|query| query != "bucket");
        assert_eq!(queries(&hidden.frequent), "pail holiday", "what others found is not said");
    }
}
