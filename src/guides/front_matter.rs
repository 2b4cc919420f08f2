//! What an author says about a guide above its text.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::Deserialize;

use crate::model::Review;

/// The keys between the `---` lines that we understand; others are the author's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct FrontMatter {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    weight: Option<Number>,
    owner: Option<String>,
    owner_slack: Option<String>,
    reviewed: Option<String>,
    last_reviewed_on: Option<String>,
    review_by: Option<String>,
    review_in: Option<String>,
    hide_in_navigation: bool,
    old_paths: Paths,
    aliases: Paths,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "f64")]
struct Number(i64);

/// A list of paths, or just one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Paths {
    One(String),
    Many(Vec<String>),
}

/// Front matter that does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unparsed {
    /// Counted from the file's first line, 1.
    pub(super) line: Option<u32>,
    pub(super) reason: String,
}

/// Where the front matter ends and the guide begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split<'a> {
    /// What stands between the `---` lines; `None` where there are none.
    pub(super) yaml: Option<&'a str>,
    /// The offset of the guide's text.
    pub(super) body: usize,
}

/// Finds front matter: a first line `---`, and a later one `---` or `...`.
pub(super) fn split(text: &str) -> Split<'_> {
    let none = Split { yaml: None, body: 0 };
    let Some(first) = text.split_inclusive('\n').next().filter(|line| line.trim_end() == "---") else {
        return none;
    };
    let start = first.len();
    let mut end = start;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        if matches!(line.trim_end(), "---" | "...") {
            return Split { yaml: text.get(start..end), body: end + line.len() };
        }
        end += line.len();
    }
    none
}

impl FrontMatter {
    /// Reads what stood between the `---` lines.
    pub(super) fn parse(yaml: &str) -> Result<Self, Unparsed> {
        if yaml.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(yaml).map_err(|error| Unparsed::of(&error, 1))
    }

    /// The order among siblings.
    pub(super) fn weight(&self) -> Option<i64> {
        self.weight.map(|Number(weight)| weight)
    }

    /// Left out of the tree and of previous and next; still served and searched.
    pub(super) fn hidden(&self) -> bool {
        self.hide_in_navigation
    }

    /// Former addresses that lead here.
    pub(super) fn former_paths(&self) -> Vec<String> {
        let both = [&self.old_paths, &self.aliases];
        both.into_iter().flat_map(Paths::as_slice).cloned().collect()
    }

    /// Who answers for the guide and until when it holds, and the values that were not understood.
    pub(super) fn review(&self, default_owner: Option<&str>) -> (Review, Vec<String>) {
        let mut unclear = Vec::new();
        let mut date = |key: &str, given: Option<&String>| -> Option<Date> {
            let given = given?;
            let parsed = given.get(..10).unwrap_or(given).parse().ok();
            if parsed.is_none() {
                unclear.push(format!("`{key}: {given}` is no date; write `{key}: 2025-12-31`"));
            }
            parsed
        };
        let last = date("last_reviewed_on", self.last_reviewed_on.as_ref())
            .or_else(|| date("reviewed", self.reviewed.as_ref()));
        let by = date("review_by", self.review_by.as_ref());
        let within = self.review_in.as_ref().and_then(|given| {
            let span = parse_span(given);
            if span.is_none() {
                unclear.push(format!("`review_in: {given}` is no length of time; write `6 months`"));
            }
            span
        });
        let due = by.or_else(|| last?.checked_add(within?).ok());
        let owner = self.owner.clone().or_else(|| self.owner_slack.clone());
        (Review { owner: owner.or_else(|| default_owner.map(str::to_owned)), last, due }, unclear)
    }
}

/// `6 months`, `1 year`, `2 weeks`, `90 days`.
fn parse_span(given: &str) -> Option<Span> {
    let mut words = given.split_whitespace();
    let count: i64 = match words.next()? {
        "a" | "an" | "one" => 1,
        number => number.parse().ok().filter(|count| (1..=1200).contains(count))?,
    };
    match words.next()?.trim_end_matches('s') {
        "year" => Some(count.years()),
        "month" => Some(count.months()),
        "week" => Some(count.weeks()),
        "day" => Some(count.days()),
        _ => None,
    }
}

impl Unparsed {
    /// What `error` says, moved down by the lines above the text that was parsed.
    pub(super) fn of(error: &serde_saphyr::Error, lines_above: u32) -> Self {
        let line = error.location().and_then(|at| u32::try_from(at.line()).ok()).filter(|line| *line > 0);
        let said = error.without_snippet().to_string();
        let reason = said.lines().next().unwrap_or_default().to_owned();
        Self { line: line.map(|line| line + lines_above), reason }
    }
}

impl Paths {
    fn as_slice(&self) -> &[String] {
        match self {
            Self::One(path) => std::slice::from_ref(path),
            Self::Many(paths) => paths,
        }
    }
}

impl Default for Paths {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl From<f64> for Number {
    #[expect(clippy::cast_possible_truncation, reason = "a weight beyond i64 only sorts last")]
    fn from(number: f64) -> Self {
        Self(number.round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(yaml: &str) -> FrontMatter {
        FrontMatter::parse(yaml).unwrap()
    }

    #[test]
    fn the_guide_begins_after_the_second_rule() {
        let text = "---\ntitle: A\n---\n# A\n";
        let found = split(text);
        assert_eq!(found.yaml, Some("title: A\n"));
        assert_eq!(&text[found.body..], "# A\n");
        assert_eq!(split("---\r\ntitle: A\r\n---\r\nx").yaml, Some("title: A\r\n"));
        for without in ["# A\n---\n", "---\nno end\n", "", "----\na: b\n---\n"] {
            assert_eq!(split(without), Split { yaml: None, body: 0 }, "{without:?}");
        }
    }

    #[test]
    fn plain_values_may_look_like_other_types() {
        let matter = parsed("title: 2024\nweight: \"30\"\nunknown: [1, {a: b}]\n");
        assert_eq!(matter.title.as_deref(), Some("2024"));
        assert_eq!(matter.weight(), Some(30));
        assert_eq!(parsed("title: Yes\nweight: 1.5").weight(), Some(2));
        assert_eq!(parsed("# only a comment\n"), FrontMatter::default());
    }

    #[test]
    fn a_review_is_due_when_its_time_has_passed() {
        let matter = parsed("last_reviewed_on: 2024-01-31\nreview_in: 1 month\nowner_slack: \"#team\"\n");
        let (review, unclear) = matter.review(Some("#default"));
        assert_eq!(review.due, Some(jiff::civil::date(2024, 2, 29)));
        assert_eq!(review.owner.as_deref(), Some("#team"));
        assert!(unclear.is_empty());

        let (review, _) = parsed("reviewed: 2025-01-01\nreview_by: 2025-03-01").review(Some("#default"));
        assert_eq!(review.due, Some(jiff::civil::date(2025, 3, 1)));
        assert_eq!(review.owner.as_deref(), Some("#default"));
    }

    #[test]
    fn values_that_are_not_understood_are_named() {
        let (review, unclear) = parsed("last_reviewed_on: soon\nreview_in: 6 moons").review(None);
        assert_eq!(review, Review::default());
        insta::assert_snapshot!(unclear.join("\n"), @"
        `last_reviewed_on: soon` is no date; write `last_reviewed_on: 2025-12-31`
        `review_in: 6 moons` is no length of time; write `6 months`
        ");
    }

    #[test]
    fn what_does_not_parse_says_its_line() {
        let error = FrontMatter::parse("title: A\nweight: [1\n").unwrap_err();
        assert!(error.line.is_some_and(|line| (3..=4).contains(&line)), "{error:?}");
    }

    #[test]
    fn former_paths_come_as_one_or_as_many() {
        assert_eq!(parsed("aliases: /old/").former_paths(), ["/old/"]);
        assert_eq!(parsed("old_paths:\n  - /a.html\n  - /b.html").former_paths(), ["/a.html", "/b.html"]);
    }
}
