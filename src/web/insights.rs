//! What people search for and do not find, for those who write the guides. Nobody can be told from it.
//!
//! 1. [`tally`]: questions are counted by day; what may name a person is never counted, and who asked is kept only so far
//!    that three askers can be told from two.
//! 2. [`keeping`]: each server writes its counts to the bucket once a minute, and all of them are read together.
//! 3. [`report`]: the most frequent questions, those that found nothing, those whose results nobody opened.
//! 4. [`mod@page`] shows it at `/-/review/searches`, and as data. [`mod@clicked`] is told when a result is opened.
//!
//! The results as a page of plain links say nothing when one is followed: without scripts, openings are not counted.

mod clicked;
mod keeping;
mod page;
mod report;
mod tally;

pub(super) use clicked::clicked;
pub use keeping::Insights;
pub(super) use page::{json, page};
