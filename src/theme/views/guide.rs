//! A guide's page.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::model::Section;

use super::{Layout, Link};

/// One guide, as a page.
#[derive(Clone, Debug, Serialize)]
pub struct GuidePage {
    /// What every page shares.
    pub layout: Layout,
    /// The title, shown as the page's only level-1 heading.
    pub title: String,
    /// The content as safe HTML, without the heading that repeats the title; its headings start at level 2.
    pub html: String,
    /// From the start page to the folder above the guide; empty on the start page.
    pub breadcrumbs: Vec<Link>,
    /// The site's tree in the page's language; of a large site, what lies near the page.
    pub navigation: Vec<Branch>,
    /// The headings to jump to; shown from two on.
    pub contents: Vec<Heading>,
    /// The guide before it in reading order.
    pub previous: Option<Link>,
    /// The guide after it in reading order.
    pub next: Option<Link>,
    /// Who answers for it, and when they last looked.
    pub review: ReviewNote,
    /// The address of its Markdown, such as `/a/b.md`.
    pub source: Option<String>,
    /// Where it can be changed, such as a page of a code forge.
    pub edit: Option<String>,
    /// Where it and everything below it can be printed as one document; `None` where nothing is below it.
    pub print: Option<String>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
    /// The languages that the site's guides are in, this one's among them; empty where there is one.
    pub languages: Vec<Alternate>,
    /// One sentence for search engines and previews.
    pub description: Option<String>,
    /// The one address it should be known by: absolute.
    pub canonical: Option<String>,
    /// The way to it from the first page, for search engines.
    pub trail: Option<Trail>,
    /// What is wrong with it, shown above it in development mode; empty otherwise.
    pub problems: Vec<Problem>,
    /// Whether only its authors see it, while they write it.
    pub draft: bool,
}

/// A guide in a language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alternate {
    /// The language (BCP 47).
    pub lang: String,
    /// The path: of the same guide in that language, else of the first page in it.
    pub url: String,
    /// The same, absolute; `None` where the guide is not there in that language.
    pub absolute: Option<String>,
    /// Whether it is the page being shown.
    pub current: bool,
    /// Whether it is the language of the site.
    pub first: bool,
}

/// The way to a page as schema.org has it: a `BreadcrumbList`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Trail {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "itemListElement")]
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Step {
    #[serde(rename = "@type")]
    kind: &'static str,
    position: usize,
    name: String,
    item: String,
}

impl Trail {
    /// `steps` from the first page to the page itself, whose addresses are paths of the host at `origin`. A step that
    /// has no page is left out; without two steps there is no way.
    #[must_use]
    pub fn new(origin: &str, steps: &[Link]) -> Option<Self> {
        let steps = steps.iter().filter(|step| !step.url.is_empty());
        let step = |(at, link): (usize, &Link)| Step {
            kind: "ListItem",
            position: at + 1,
            name: link.label.clone(),
            item: format!("{origin}{}", link.url),
        };
        let steps: Vec<Step> = steps.enumerate().map(step).collect();
        (steps.len() > 1).then_some(Self { context: "https://schema.org", kind: "BreadcrumbList", steps })
    }
}

/// A guide or a folder in the navigation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// Its title.
    pub label: String,
    /// Its address; `None` is a folder without a page of its own.
    pub url: Option<String>,
    /// Whether it is the page being shown.
    pub current: bool,
    /// Whether its children are shown at first: it is the current page, or leads to it.
    pub open: bool,
    /// Of siblings too many to show: how many stand before it, or after it, that are left out. Its address is the
    /// nearest of them, and it has no title.
    pub more: Option<More>,
    /// What is below it, in order.
    pub children: Vec<Branch>,
}

/// What is left out of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "side", content = "count", rename_all = "kebab-case")]
pub enum More {
    /// So many guides before those that are shown.
    Earlier(usize),
    /// So many after them.
    Later(usize),
}

/// A heading in the table of contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Heading {
    /// Its anchor.
    pub id: String,
    /// Its words.
    pub label: String,
    /// The headings below it.
    pub children: Vec<Heading>,
}

impl Heading {
    /// The table of contents of a guide: its headings of level 2, and those of level 3 below them.
    #[must_use]
    pub fn tree(sections: &[Section]) -> Vec<Self> {
        let mut tree: Vec<Self> = Vec::new();
        for section in sections.iter().filter(|section| !section.id.is_empty() && section.level <= 3) {
            let heading =
                Self { id: section.id.clone(), label: section.heading.clone(), children: Vec::new() };
            match tree.last_mut() {
                Some(parent) if section.level == 3 => parent.children.push(heading),
                _ => tree.push(heading),
            }
        }
        tree
    }
}

/// Who answers for a guide, and when they last looked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ReviewNote {
    /// A person, a team or a channel.
    pub owner: Option<String>,
    /// Where the owner can be asked, when that is a channel of a known workspace.
    pub owner_url: Option<String>,
    /// When it was last reviewed.
    pub last: Option<Date>,
    /// When it must be reviewed again.
    pub due: Option<Date>,
    /// Whether that day has passed.
    pub overdue: bool,
}

/// Something wrong with a guide, as `loggia check` would say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The line of its file, where it is known.
    pub line: Option<usize>,
    /// A sentence naming the thing and the next step; `code` in backticks is shown as code.
    pub message: String,
}
