//! The search page.

use serde::Serialize;

use super::Layout;

/// `/-/search?q=`: what was looked for and what was found.
#[derive(Clone, Debug, Serialize)]
pub struct SearchPage {
    /// What every page shares.
    pub layout: Layout,
    /// What was asked; empty when the page is opened without a question.
    pub query: String,
    /// How many hits there are on all pages.
    pub total: usize,
    /// Set when the hits answer another question than the one asked.
    pub corrected: Option<Correction>,
    /// The hits of this page, best first.
    pub hits: Vec<Hit>,
    /// Which page this is, from 1; others are at `/-/search?q=…&page=N`.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
}

/// A question that was taken for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// What was searched for.
    pub query: String,
    /// What was asked.
    pub from: String,
}

/// One hit: a section of a guide, or a page of an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// What it is.
    pub kind: HitKind,
    /// The title of the guide or the app.
    pub title: String,
    /// The section's heading; empty for the text before the first.
    pub heading: String,
    /// Where it is, with the section's anchor.
    pub url: String,
    /// The text around the match: escaped HTML in which only `<mark>` is markup.
    pub snippet: String,
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
