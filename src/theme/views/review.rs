//! The health of the guides.

use jiff::civil::Date;
use serde::Serialize;

use crate::model::EmailAddress;

use super::Layout;

/// `/-/review/`: what `loggia check` would say, guide by guide.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewPage {
    /// What every page shares.
    pub layout: Layout,
    /// Who is asking.
    pub viewer: EmailAddress,
    /// How many guides there are that they may read.
    pub checked: usize,
    /// A sentence on an edition from the bucket that could not be loaded; `code` in backticks is shown as code.
    pub edition: Option<String>,
    /// What there is in all, and by owner.
    pub owners: Vec<OwnerRow>,
    /// The sorts of problems, as the form offers them.
    pub kinds: Vec<Choice>,
    /// How many problems the filter leaves.
    pub found: usize,
    /// How many of those are not on the page, because there are too many.
    pub left_out: usize,
    /// Whether anything is left out by the filter.
    pub filtered: bool,
    /// The guides with their problems, the worst first.
    pub guides: Vec<ReviewedGuide>,
}

/// An owner and what is wrong with their guides. The first row is for all of them together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerRow {
    /// Who: a person, a team or a channel, "All guides" or "No owner".
    pub label: String,
    /// The value of the form's field.
    pub value: String,
    /// The page with this owner's alone: a path with a query, percent-encoded.
    pub url: String,
    /// Whether the page shows this owner's alone.
    pub current: bool,
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// What is good to know.
    pub information: usize,
}

/// One sort of problem in the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Its name for people.
    pub label: String,
    /// Its name in the address.
    pub value: String,
    /// How many there are, of the chosen owner's.
    pub count: usize,
    /// Whether the page shows these alone.
    pub current: bool,
}

/// A guide, or a file that is in no guide, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewedGuide {
    /// The guide's title, else the file's name.
    pub title: String,
    /// The guide's address.
    pub url: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// When it must be reviewed.
    pub due: Option<Date>,
    /// Where its file can be changed.
    pub edit: Option<String>,
    /// What is wrong, the worst first.
    pub problems: Vec<ReviewedProblem>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReviewedProblem {
    /// `error`, `warning` or `information`.
    pub severity: String,
    /// The file, relative to the content folder.
    pub file: String,
    /// The line, where one is to blame.
    pub line: Option<u32>,
    /// A sentence naming the thing and the next step; `code` in backticks is shown as code.
    pub message: String,
}
