//! What is asked and what is answered, as `/-/search.json` writes it.

use jiff::civil::Date;
use serde::Serialize;

use super::circle::Scope;

/// One question.
#[derive(Clone, Debug)]
pub struct Request {
    /// What was typed. Only its first 512 characters and 32 words count.
    pub query: String,
    /// How many hits to answer; 100 at most.
    pub limit: usize,
    /// How many hits to skip.
    pub offset: usize,
    /// What may be found.
    pub scope: Scope,
    /// The words as they were typed: no corrections, no synonyms.
    pub verbatim: bool,
    /// How hits are put in order.
    pub mode: Mode,
    /// Guides whose review was due before are found a little later; none are without a date.
    pub today: Option<Date>,
}

impl Request {
    /// The first ten hits within `scope`.
    #[must_use]
    pub fn new(query: impl Into<String>, scope: Scope) -> Self {
        let query = query.into();
        Self { query, limit: 10, offset: 0, scope, verbatim: false, mode: Mode::Whole, today: None }
    }
}

/// How hits are put in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// The best answer to a whole question first.
    #[default]
    Whole,
    /// For each letter that is typed: titles that begin so, then headings, then sections with all words, then with some.
    Typing,
}

/// The best hits for a question.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// How many sections match, on this page of hits or another.
    pub total: usize,
    /// What was searched for instead, when a word was unknown.
    pub corrected: Option<Corrected>,
    /// Synonyms that were searched for as well.
    pub synonyms: Vec<Also>,
    /// Questions that find something, when this one finds nothing.
    pub suggestions: Vec<String>,
    /// Best first.
    pub hits: Vec<Hit>,
}

/// A question with its misspellings put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Corrected {
    /// What was searched for.
    pub query: String,
    /// What was typed.
    pub from: String,
}

/// A word or phrase, and what was searched for as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Also {
    /// What was typed.
    pub word: String,
    /// What means the same.
    pub synonym: String,
}

/// One section that answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// What it is a section of.
    pub kind: Kind,
    /// The name of the app, when it is one's.
    pub app: Option<String>,
    /// The title of the guide or of the app's page.
    pub title: String,
    /// The section's heading; the title again for the lead.
    pub heading: String,
    /// The address, percent-encoded, with the section's anchor; the lead has none. On the main host for a guide, on the
    /// app's own host for an app.
    pub url: String,
    /// The address of the page.
    pub page: String,
    /// Escaped HTML in which only `<mark>` is markup.
    pub snippet: String,
    /// Higher is better; comparable within one answer.
    pub score: f32,
}

/// What a hit is a section of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A guide.
    Guide,
    /// A page of a published app.
    App,
}

/// The hits of one page.
#[derive(Clone, Debug, PartialEq)]
pub struct PageHits {
    /// The best section.
    pub best: Hit,
    /// The others that answer, best first.
    pub more: Vec<Hit>,
}

impl Answer {
    /// The hits by page: the page with the best section first.
    #[must_use]
    pub fn pages(self) -> Vec<PageHits> {
        let mut pages: Vec<PageHits> = Vec::new();
        for hit in self.hits {
            let same = |page: &&mut PageHits| page.best.page == hit.page && page.best.app == hit.app;
            match pages.iter_mut().find(same) {
                Some(page) => page.more.push(hit),
                None => pages.push(PageHits { best: hit, more: Vec::new() }),
            }
        }
        pages
    }
}
