//! What people search for.

use serde::Serialize;

use super::Layout;

/// `/-/review/searches`: what people searched for, what they did not find.
#[derive(Clone, Debug, Serialize)]
pub struct SearchesPage {
    /// What every page shares.
    pub layout: Layout,
    /// In how many days.
    pub days: i64,
    /// The most frequent questions first.
    pub frequent: Vec<SearchesRow>,
    /// Those that mostly found nothing.
    pub nothing_found: Vec<SearchesRow>,
    /// Those that found something, of which nobody opened anything.
    pub not_opened: Vec<SearchesRow>,
}

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SearchesRow {
    /// The question, in lower case.
    pub query: String,
    /// Its results.
    pub url: String,
    /// How often it was asked.
    pub asked: u64,
    /// How often nothing was found.
    pub nothing: u64,
    /// How often a result was opened.
    pub opened: u64,
    /// A line for `synonyms.toml`, in which the other word is still to be written.
    pub synonym: String,
}
