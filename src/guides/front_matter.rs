//! What an author says about a guide above its text.

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::Deserialize;

use super::audience::{AUDIENCE, DRAFT, Declared, Wish, mentions};
use crate::model::Review;

/// The keys between the rules that we understand; others are the author's own.
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
    audience: Wish,
    draft: Wish,
    lang: Wish,
    boost: Wish,
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
    /// What stands between the rules; `None` where there are none.
    pub(super) matter: Option<&'a str>,
    /// In which language.
    pub(super) form: Form,
    /// The offset of the guide's text.
    pub(super) body: usize,
    /// Where a first rule has no second: the lines that were to be front matter, perhaps.
    unclosed: &'a str,
}

/// The language of front matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Between `---` lines.
    Yaml,
    /// Between `+++` lines.
    Toml,
}

/// Who may meet a guide at all.
#[derive(Debug)]
pub(super) struct Visibility {
    pub(super) declared: Declared,
    pub(super) draft: bool,
    /// What could not be understood, as sentences; readers lose the guide by it.
    pub(super) unclear: Vec<String>,
}

/// Finds front matter: a first line `---`, and a later one `---` or `...`; or two lines `+++`.
pub(super) fn split(text: &str) -> Split<'_> {
    let none = Split { matter: None, form: Form::Yaml, body: 0, unclosed: "" };
    let Some(first) = text.split_inclusive('\n').next() else { return none };
    let (form, ends): (_, &[&str]) = match first.trim_end() {
        "---" => (Form::Yaml, &["---", "..."]),
        "+++" => (Form::Toml, &["+++"]),
        _ => return none,
    };
    let start = first.len();
    let mut end = start;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        if ends.contains(&line.trim_end()) {
            return Split { matter: text.get(start..end), form, body: end + line.len(), unclosed: "" };
        }
        end += line.len();
    }
    let rest = text.get(start..).unwrap_or_default();
    Split { unclosed: rest.split("\n\n").next().unwrap_or_default(), ..none }
}

impl Split<'_> {
    /// Reads what stands between the rules.
    pub(super) fn parse(&self) -> Result<FrontMatter, Unparsed> {
        match (self.matter, self.form) {
            (None, _) => Ok(FrontMatter::default()),
            (Some(yaml), Form::Yaml) => FrontMatter::parse(yaml),
            (Some(toml), Form::Toml) => FrontMatter::parse_toml(toml),
        }
    }

    /// Who may meet the guide. `parsed` is the front matter, where it could be read. What cannot be understood keeps
    /// the guide from everybody: a mistake must not publish it.
    pub(super) fn visibility(&self, parsed: Option<&FrontMatter>) -> Visibility {
        let mut unclear = Vec::new();
        let said = match parsed {
            Some(FrontMatter { audience, .. }) if *audience != Wish::Absent => audience.readers(),
            _ if self.mentions(AUDIENCE, parsed.is_none()) => {
                Err("it is not where or what it should be".to_owned())
            }
            _ => Ok(None),
        };
        let declared = match said {
            Ok(None) => Declared::Inherited,
            Ok(Some(readers)) => Declared::Readers(readers),
            Err(why) => {
                unclear.push(format!(
                    "nobody may read it, since its `audience` is not understood: {why}; write `public`, `signed-in`, or \
                     a list of addresses, `\"@domains\"` and `group:names`"
                ));
                Declared::Unknown
            }
        };
        let draft = match parsed.map(|parsed| &parsed.draft) {
            Some(Wish::Words(words)) => match words.first().map(String::as_str) {
                Some("true") => true,
                Some("false") => false,
                _ => {
                    unclear.push("it counts as a draft; write `draft: true` or `draft: false`".to_owned());
                    true
                }
            },
            Some(Wish::Unclear) => true,
            Some(Wish::Absent) => false,
            None => self.mentions(DRAFT, true),
        };
        Visibility { declared, draft, unclear }
    }

    fn mentions(&self, key: &str, nested: bool) -> bool {
        mentions(self.matter.unwrap_or_default(), key, nested) || mentions(self.unclosed, key, true)
    }
}

impl FrontMatter {
    /// Reads what stood between the `---` lines.
    pub(super) fn parse(yaml: &str) -> Result<Self, Unparsed> {
        if yaml.trim().is_empty() {
            return Ok(Self::default());
        }
        serde_saphyr::from_str(yaml).map_err(|error| Unparsed::of(&error, 1))
    }

    /// Reads what stood between the `+++` lines. TOML has dates of its own; here they are words.
    fn parse_toml(toml: &str) -> Result<Self, Unparsed> {
        let unparsed = |error: toml::de::Error| {
            let before = error.span().and_then(|span| toml.get(..span.start));
            let line = before.map(|before| before.matches('\n').count() + 2);
            Unparsed {
                line: line.and_then(|line| u32::try_from(line).ok()),
                reason: error.message().lines().next().unwrap_or_default().to_owned(),
            }
        };
        let mut table: toml::Table = toml.parse().map_err(unparsed)?;
        for (_, value) in &mut table {
            if let toml::Value::Datetime(date) = value {
                *value = toml::Value::String(date.to_string());
            }
        }
        table.try_into().map_err(unparsed)
    }

    /// Its language, where it says one (BCP 47).
    pub(super) fn language(&self, unclear: &mut Vec<String>) -> Option<String> {
        let given = self.lang.word()?;
        let tag = given.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if !tag {
            unclear.push(format!("`lang: {given}` is no language; write a tag such as `cy`"));
        }
        tag.then(|| given.to_owned())
    }

    /// How much sooner it is found: from 0.5 to 2.0.
    pub(super) fn boost(&self, unclear: &mut Vec<String>) -> f32 {
        let Some(given) = self.boost.word() else { return 1.0 };
        match given.parse::<f32>() {
            Ok(boost) if (0.5..=2.0).contains(&boost) => boost,
            _ => {
                unclear.push(format!("`boost: {given}` is not between 0.5 and 2.0, and counts as 1.0"));
                1.0
            }
        }
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
        assert_eq!(found.matter, Some("title: A\n"));
        assert_eq!(&text[found.body..], "# A\n");
        assert_eq!(split("---\r\ntitle: A\r\n---\r\nx").matter, Some("title: A\r\n"));
        for without in ["# A\n---\n", "---\nno end\n", "", "----\na: b\n---\n"] {
            let found = split(without);
            assert_eq!((found.matter, found.body), (None, 0), "{without:?}");
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
