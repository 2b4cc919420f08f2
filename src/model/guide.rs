//! A guide and its sections.

use std::sync::Arc;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{GuidePath, Markdown, Readers};

/// One Markdown document, parsed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Guide {
    /// Its address.
    pub path: GuidePath,
    /// The file it came from, relative to the content folder, for messages and edit links.
    pub file: String,
    /// From the front matter, else the first heading, else the file's name.
    pub title: String,
    /// One sentence for search engines and previews.
    pub description: Option<String>,
    /// The order among its siblings: lower comes first, then by title.
    pub weight: Option<i64>,
    /// Who keeps it true, and when it was last looked at.
    pub review: Review,
    /// Who may read it, and know that it exists.
    pub readers: Readers,
    /// Its language as a BCP 47 tag, where it is not the site's own: `cy`.
    pub language: Option<String>,
    /// How much sooner it is found than it would be: 1.0 is no sooner, 2.0 the most, 0.5 the least.
    pub boost: f32,
    /// Its sections in reading order. The first is the lead: level 1, an empty `id`, the text before any heading
    /// (and under a first heading that repeats the title).
    pub sections: Arc<[Section]>,
    /// The Markdown as its author wrote it, served at `<guide>.md`.
    pub markdown: Markdown,
}

/// A heading's worth of a guide: the unit of search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    /// The anchor; stable, and unique in its guide. Empty for the lead.
    pub id: String,
    /// 1 to 6.
    pub level: u8,
    /// The heading as plain text.
    pub heading: String,
    /// The prose under the heading as plain text, blocks apart by newlines.
    pub text: String,
    /// The code under the heading.
    pub code: String,
}

/// A guide's promise to be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Review {
    /// Who answers for it: a person, a team or a channel.
    pub owner: Option<String>,
    /// When it was last reviewed.
    pub last: Option<Date>,
    /// When it must be reviewed again.
    pub due: Option<Date>,
}
