//! What is asked and what is answered, as `/-/search.json` writes it.

use serde::Serialize;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What was typed. Only its first 512 characters and 32 words count.
    pub query: String,
    /// How many hits to answer; 100 at most.
    pub limit: usize,
    /// How many hits to skip.
    pub offset: usize,
}

/// The best hits for a question.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// How many sections match, on this page of hits or another.
    pub total: usize,
    /// What was searched for instead, when a word was unknown.
    pub corrected: Option<Corrected>,
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

/// One section that answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// What it is a section of.
    pub kind: Kind,
    /// The title of the guide.
    pub title: String,
    /// The section's heading; the title again for the lead.
    pub heading: String,
    /// The address on the main host, percent-encoded, with the section's anchor; the lead has none.
    pub url: String,
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
