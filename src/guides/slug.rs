//! Heading ids: those that a site's links were written for.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

/// Whose rules make an id of a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As GitHub and most Markdown tools do: words with hyphens, letters of every script, `-1` for the second.
    GitHub,
    /// As Python-Markdown does for `MkDocs`: ASCII only, accents dropped, `_1` for the second.
    MkDocs,
    /// As tech-docs-gem does: ASCII letters and digits with hyphens between, the parent's id before the second.
    TechDocs,
}

/// Hands out the ids of one guide, each once.
#[derive(Debug)]
pub(super) struct Slugs {
    style: Style,
    taken: HashSet<String>,
    above: Vec<(u8, String)>,
    /// The next number of a slug, by the number that its first second was given.
    counts: HashMap<(String, u32), u32>,
}

impl Slugs {
    pub(super) fn new(style: Style) -> Self {
        Self { style, taken: HashSet::new(), above: Vec::new(), counts: HashMap::new() }
    }

    /// The id for the heading `text` of `level`; `own` is the one its author gave it.
    pub(super) fn give(&mut self, text: &str, level: u8, own: Option<&str>) -> String {
        let slug = match (own, self.style) {
            (Some(own), _) => own.to_owned(),
            (None, Style::GitHub) => github(text),
            (None, Style::MkDocs) => mk_docs(text),
            (None, Style::TechDocs) => tech_docs(text),
        };
        let slug = match self.style {
            Style::GitHub | Style::TechDocs if slug.is_empty() => "section".to_owned(),
            _ => slug,
        };
        let id = match self.style {
            _ if !slug.is_empty() && !self.taken.contains(&slug) => slug,
            Style::GitHub => self.numbered(&slug, "-", 1),
            Style::MkDocs => {
                let (stem, number) = numbered_already(&slug).unwrap_or((&slug, 0));
                self.numbered(stem, "_", number + 1)
            }
            Style::TechDocs => {
                let parent = self.above.iter().rev().find(|(above, _)| *above < level);
                let slug = parent.map_or_else(|| slug.clone(), |(_, parent)| format!("{parent}-{slug}"));
                if self.taken.contains(&slug) { self.numbered(&slug, "-", 2) } else { slug }
            }
        };
        self.taken.insert(id.clone());
        self.above.push((level, id.clone()));
        id
    }

    /// `slug-N` with the first N from `first` on that nobody has.
    fn numbered(&mut self, slug: &str, between: &str, first: u32) -> String {
        let next = self.counts.entry((slug.to_owned(), first)).or_insert(first);
        loop {
            let id = format!("{slug}{between}{next}");
            *next = next.saturating_add(1);
            if !self.taken.contains(&id) {
                return id;
            }
        }
    }
}

fn github(text: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    text.trim()
        .chars()
        .filter(kept)
        .flat_map(char::to_lowercase)
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn mk_docs(text: &str) -> String {
    let kept = |c: &char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || matches!(c, '-' | '_');
    let plain: String = text.nfkd().filter(kept).map(|c| c.to_ascii_lowercase()).collect();
    let mut id = String::with_capacity(plain.len());
    for c in plain.trim().chars() {
        let c = if c.is_ascii_whitespace() { '-' } else { c };
        if c != '-' || !id.ends_with('-') {
            id.push(c);
        }
    }
    id
}

/// The parts of an id that ends like one that was numbered: `step_2` is `step` and 2.
fn numbered_already(id: &str) -> Option<(&str, u32)> {
    let (stem, number) = id.rsplit_once('_')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| number.parse().ok().map(|number| (stem, number))).flatten()
}

fn tech_docs(text: &str) -> String {
    // Ids there are made of HTML, so that what HTML writes as an entity leaves the entity's name behind.
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.extend(c.to_lowercase()),
        }
    }
    let words = html.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(style: Style, headings: &[(u8, &str)]) -> Vec<String> {
        let mut slugs = Slugs::new(style);
        headings.iter().map(|(level, text)| slugs.give(text, *level, None)).collect()
    }

    #[test]
    fn a_second_heading_of_the_same_words_gets_an_id_of_its_own() {
        let headings =
            [(1, "R"), (2, "Set up"), (3, "Test"), (2, "Python"), (2, "Set up"), (3, "Test"), (3, "Test")];
        let github = ["r", "set-up", "test", "python", "set-up-1", "test-1", "test-2"];
        assert_eq!(ids(Style::GitHub, &headings), github);
        let tech_docs = ["r", "set-up", "test", "python", "r-set-up", "r-set-up-test", "r-set-up-test-2"];
        assert_eq!(ids(Style::TechDocs, &headings), tech_docs);
        let mk_docs = ["r", "set-up", "test", "python", "set-up_1", "test_1", "test_2"];
        assert_eq!(ids(Style::MkDocs, &headings), mk_docs);
        let counted = [(2, "step_1"), (2, "step_1"), (2, "step")];
        assert_eq!(ids(Style::MkDocs, &counted), ["step_1", "step_2", "step"]);
        let far = [(2, "step_4"), (2, "step_4"), (2, "step"), (2, "step")];
        assert_eq!(ids(Style::MkDocs, &far), ["step_4", "step_5", "step", "step_1"]);
    }

    #[test]
    fn ids_are_those_that_links_were_written_for() {
        let headings =
            [(1, "Don't panic & carry on"), (1, "Using the + prefix"), (1, "Sut i ddechrau: tŷ"), (1, "…")];
        let github = ["dont-panic--carry-on", "using-the--prefix", "sut-i-ddechrau-tŷ", "section"];
        assert_eq!(ids(Style::GitHub, &headings), github);
        let tech_docs = ["don-39-t-panic-amp-carry-on", "using-the-prefix", "sut-i-ddechrau-t", "section"];
        assert_eq!(ids(Style::TechDocs, &headings), tech_docs);
        let mk_docs = ["dont-panic-carry-on", "using-the-prefix", "sut-i-ddechrau-ty", "_1"];
        assert_eq!(ids(Style::MkDocs, &headings), mk_docs);
    }

    #[test]
    fn an_author_s_own_id_wins() {
        let mut slugs = Slugs::new(Style::GitHub);
        assert_eq!(slugs.give("Install", 2, Some("set-up")), "set-up");
        assert_eq!(slugs.give("Set up", 2, None), "set-up-1");
    }
}
