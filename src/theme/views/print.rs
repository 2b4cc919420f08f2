//! Several guides as one document.

use jiff::civil::Date;
use serde::Serialize;

use super::{Layout, Link};

/// A guide and everything below it, one after another.
#[derive(Clone, Debug, Serialize)]
pub struct PrintPage {
    /// What every page shares.
    pub layout: Layout,
    /// The title of the guide or folder at its top.
    pub title: String,
    /// Where that is: a path.
    pub url: String,
    /// The same, absolute, for those who read it on paper.
    pub address: String,
    /// The day it is printed.
    pub day: Date,
    /// The guides in reading order.
    pub guides: Vec<Printed>,
    /// The guides that would have made it too large.
    pub left_out: Vec<Link>,
}

/// A guide in such a document.
#[derive(Clone, Debug, Serialize)]
pub struct Printed {
    /// The anchor of its title.
    pub id: String,
    /// Its title, shown as a heading of level 2.
    pub title: String,
    /// How far below the document's top it is: 0 is the top itself.
    pub depth: usize,
    /// Its content as safe HTML; its headings start at level 3, and its anchors are its own.
    pub html: String,
    /// Its language, where it is not the page's.
    pub lang: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
}
