//! The search page.

use serde::Serialize;

use super::{Layout, Link};

/// `/-/search?q=`: what was looked for and what was found.
#[derive(Clone, Debug, Serialize)]
pub struct SearchPage {
    /// What every page shares.
    pub layout: Layout,
    /// What was asked; empty when the page is opened without a question.
    pub query: String,
    /// How many sections answer, on all pages.
    pub total: usize,
    /// Where to look; empty when there is nothing to choose between.
    pub filters: Vec<Filter>,
    /// The same question without a filter, when there is one.
    pub everywhere: Option<String>,
    /// The same question with corrections and synonyms, when it was asked word for word.
    pub freely: Option<String>,
    /// Set when the hits answer another question than the one asked.
    pub corrected: Option<Correction>,
    /// What was searched for as well.
    pub synonyms: Vec<Synonyms>,
    /// Questions that find something, when this one does not.
    pub suggestions: Vec<Link>,
    /// The hits of this page, best first; a guide or a page of an app is there once.
    pub hits: Vec<Hit>,
    /// The page of results before this one.
    pub previous: Option<String>,
    /// The page of results after this one.
    pub next: Option<String>,
    /// Which page this is, from 1.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
}

/// One choice of where to look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// What it is called.
    pub label: String,
    /// The page of results with it.
    pub url: String,
    /// Whether it is chosen.
    pub current: bool,
}

/// A question that was taken for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// What was searched for.
    pub query: String,
    /// What was asked.
    pub from: String,
    /// The page of results for just what was asked.
    pub instead: String,
}

/// A word of the question, and what means the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Synonyms {
    /// The word.
    pub word: String,
    /// The others.
    pub others: Vec<String>,
}

/// One hit: the best section of a guide or of a page of an app, and its other sections that answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// The title of the guide or of the app's page.
    pub title: String,
    /// The section's heading; the title again for the text before the first.
    pub heading: String,
    /// Where it is, with the section's anchor.
    pub url: String,
    /// What it is in, from the outside in; a link without an address is only words.
    pub place: Vec<Link>,
    /// The text around the match: escaped HTML in which only `<mark>` is markup.
    pub snippet: String,
    /// The other sections, best first.
    pub more: Vec<Link>,
}

/// What a hit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HitKind {
    /// A section of a guide.
    Guide,
    /// A page of an app.
    App,
}
