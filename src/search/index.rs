//! The index: segments that never change, and which of their pages are gone.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;

use super::bits::Bits;
use super::circle::{Circle, Scopes};
use super::segment::{PageRecord, Segment, span};
use super::source::{Fingerprint, Page, PageKey, guide_key};
use super::synonyms::Synonyms;
use crate::model::{AppName, AppText, Guide, GuidePath};

/// An update puts segments together only while they have fewer sections than this, so that it stays short.
const MOST_MERGED: usize = 4_000;

/// The most text that one index holds, in bytes: spans of it are kept in 32 bits.
const MOST_TEXT: usize = u32::MAX as usize / 2;

/// Why pages could not be indexed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// There is more text than an index can hold.
    #[error(
        "the guides and apps have {0} bytes of text, more than the 2 GiB that one index holds; leave some apps out of search"
    )]
    TooMuch(usize),
}

/// What changed since an index was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Changes<'a> {
    /// Guides that are new or different.
    pub guides: &'a [&'a Guide],
    /// Guides that are gone.
    pub removed_guides: &'a [&'a GuidePath],
    /// Apps whose text is new or different; all that was indexed of them before goes.
    pub apps: &'a [&'a AppText],
    /// Apps that are gone, or out of search.
    pub removed_apps: &'a [&'a AppName],
}

/// Every section of every guide and app, as it was at one moment. Cloning is cheap.
#[derive(Clone)]
pub struct Index {
    pub(super) parts: Arc<[Part]>,
    pub(super) synonyms: Arc<Synonyms>,
    pub(super) scopes: Arc<Scopes>,
    /// It is as it was read from a file.
    as_read: bool,
}

/// A segment, and which of its sections are no longer.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) segment: Arc<Segment>,
    pub(super) gone: Arc<Bits>,
}

impl Index {
    /// The index of `guides`.
    pub fn build<'a>(guides: impl IntoIterator<Item = &'a Guide>) -> Result<Self, SearchError> {
        Self::build_all(guides, [])
    }

    /// The index of `guides` and `apps`.
    pub fn build_all<'a>(
        guides: impl IntoIterator<Item = &'a Guide>,
        apps: impl IntoIterator<Item = &'a AppText>,
    ) -> Result<Self, SearchError> {
        let pages: Vec<Page<'_>> =
            guides.into_iter().map(Page::of_guide).chain(apps.into_iter().flat_map(Page::of_app)).collect();
        Self::of_pages(&pages)
    }

    fn of_pages(pages: &[Page<'_>]) -> Result<Self, SearchError> {
        fits(pages, 0)?;
        let part = Part::new(Segment::build(pages));
        Ok(Self { parts: Arc::new([part]), synonyms: Arc::default(), scopes: Arc::default(), as_read: false })
    }

    /// The index with exactly these `guides`, and the apps that it has.
    pub fn with_guides<'a>(&self, guides: impl IntoIterator<Item = &'a Guide>) -> Result<Self, SearchError> {
        self.clone().brought_to(fingerprinted(guides, []), |circle| circle.app().is_some())
    }

    /// With these pages and those in circles that stay.
    pub(super) fn brought_to(
        self,
        mut pages: Fingerprinted<'_>,
        stays: impl Fn(&Circle) -> bool,
    ) -> Result<Self, SearchError> {
        let mut removed = HashSet::new();
        for (segment, record) in self.pages().filter(|(segment, record)| !stays(segment.circle_of(record))) {
            let key = key(segment, record);
            if pages.get(&key).is_some_and(|(fingerprint, _)| *fingerprint == record.fingerprint) {
                pages.remove(&key);
            } else {
                removed.insert(key);
            }
        }
        let changed: Vec<Page<'_>> = pages.into_values().map(|(_, page)| page).collect();
        if changed.is_empty() && removed.is_empty() {
            return Ok(self);
        }
        self.replaced(&changed, |_, key| removed.contains(key))
    }

    /// The index with `changed` guides added or replaced and `removed` ones gone; this one stays as it is.
    pub fn updated(&self, changed: &[&Guide], removed: &[&GuidePath]) -> Result<Self, SearchError> {
        self.changed(&Changes { guides: changed, removed_guides: removed, ..Changes::default() })
    }

    /// The index after `changes`; this one stays as it is.
    pub fn changed(&self, changes: &Changes<'_>) -> Result<Self, SearchError> {
        let pages: Vec<Page<'_>> = changes
            .guides
            .iter()
            .map(|guide| Page::of_guide(guide))
            .chain(changes.apps.iter().flat_map(|app| Page::of_app(app)))
            .collect();
        let guides: HashSet<PageKey> = changes
            .guides
            .iter()
            .map(|guide| &guide.path)
            .chain(changes.removed_guides.iter().copied())
            .map(guide_key)
            .collect();
        let apps: HashSet<&AppName> =
            changes.apps.iter().map(|text| &text.app).chain(changes.removed_apps.iter().copied()).collect();
        self.replaced(&pages, |circle, key| match circle {
            Circle::App(app) => apps.contains(app),
            Circle::Guides(_) => guides.contains(key),
        })
    }

    /// Without the pages that are `gone`, with new ones.
    fn replaced(
        &self,
        pages: &[Page<'_>],
        gone: impl Fn(&Circle, &PageKey) -> bool,
    ) -> Result<Self, SearchError> {
        fits(pages, self.parts.iter().map(|part| part.segment.text_bytes).sum())?;
        let mut parts: Vec<Part> =
            self.parts.iter().map(|part| part.without(&gone)).filter(|part| part.live() > 0).collect();
        // The last segments are put together with what is new, as long as they are small.
        let mut sections: usize = pages.iter().map(|page| page.sections.len()).sum();
        let mut merged = Vec::new();
        while let Some(last) = parts.pop_if(|last| {
            last.live() <= sections.saturating_mul(2).max(64) && last.live() + sections <= MOST_MERGED
        }) {
            sections += last.live();
            merged.push(last);
        }
        let kept = merged.iter().rev().flat_map(Part::sources);
        let fresh: Vec<Page<'_>> = kept.chain(pages.iter().cloned()).collect();
        if !fresh.is_empty() {
            parts.push(Part::new(Segment::build(&fresh)));
        }
        Ok(Self {
            parts: parts.into(),
            synonyms: Arc::clone(&self.synonyms),
            scopes: Arc::default(),
            as_read: false,
        })
    }

    /// The same index with these synonyms.
    #[must_use]
    pub fn with_synonyms(self, synonyms: Synonyms) -> Self {
        Self { synonyms: Arc::new(synonyms), ..self }
    }

    /// How many sections there are.
    #[must_use]
    pub fn sections(&self) -> u64 {
        self.parts.iter().map(|part| part.live() as u64).sum()
    }

    /// Whether it has just what the file had that it was read from.
    #[must_use]
    pub fn is_as_read(&self) -> bool {
        self.as_read
    }

    /// Whether there are pages of apps in it.
    #[must_use]
    pub fn has_apps(&self) -> bool {
        self.parts.iter().any(|part| part.segment.circles.iter().any(|circle| circle.app().is_some()))
    }

    /// How many bytes of text they have.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.segment.text_bytes as u64).sum()
    }

    /// The circles that sections belong to, each once, in no order.
    #[must_use]
    pub fn circles(&self) -> Vec<&Circle> {
        let circles: HashSet<&Circle> = self.pages().map(|(segment, page)| segment.circle_of(page)).collect();
        circles.into_iter().collect()
    }

    /// The pages that are not gone.
    fn pages(&self) -> impl Iterator<Item = (&Segment, &PageRecord)> {
        self.parts.iter().flat_map(|part| part.pages().map(|page| (&*part.segment, page)))
    }

    /// Everything in one segment.
    pub(super) fn compact(&self) -> Arc<Segment> {
        match &*self.parts {
            [only] if only.live() == only.segment.docs.len() => Arc::clone(&only.segment),
            parts => {
                let pages: Vec<Page<'_>> = parts.iter().flat_map(Part::sources).collect();
                Arc::new(Segment::build(&pages))
            }
        }
    }

    /// The index of a file.
    pub(super) fn read(segment: Segment) -> Self {
        Self {
            parts: Arc::new([Part::new(segment)]),
            synonyms: Arc::default(),
            scopes: Arc::default(),
            as_read: true,
        }
    }
}

impl Part {
    fn new(segment: Segment) -> Self {
        let gone = Arc::new(Bits::none(segment.docs.len()));
        Self { segment: Arc::new(segment), gone }
    }

    fn live(&self) -> usize {
        self.segment.docs.len() - self.gone.count()
    }

    fn pages(&self) -> impl Iterator<Item = &PageRecord> {
        self.numbered().map(|(_, page)| page)
    }

    fn sources(&self) -> impl Iterator<Item = Page<'_>> {
        self.numbered().map(|(number, _)| self.segment.source(number))
    }

    fn numbered(&self) -> impl Iterator<Item = (usize, &PageRecord)> {
        let pages = self.segment.pages.iter().enumerate();
        pages.filter(|(_, page)| !self.gone.holds(page.docs.start as usize))
    }

    fn without(&self, gone: impl Fn(&Circle, &PageKey) -> bool) -> Self {
        let going: Vec<_> = self
            .pages()
            .filter(|page| gone(self.segment.circle_of(page), &key(&self.segment, page)))
            .map(|page| span(&page.docs))
            .collect();
        if going.is_empty() {
            return self.clone();
        }
        let mut bits = (*self.gone).clone();
        for docs in going {
            bits.insert_all(docs);
        }
        Self { segment: Arc::clone(&self.segment), gone: Arc::new(bits) }
    }
}

/// Pages by their keys, each with what it is known by.
pub(super) type Fingerprinted<'a> = HashMap<PageKey, (Fingerprint, Page<'a>)>;

/// The pages of `guides` and `apps`.
pub(super) fn fingerprinted<'a>(
    guides: impl IntoIterator<Item = &'a Guide>,
    apps: impl IntoIterator<Item = &'a AppText>,
) -> Fingerprinted<'a> {
    let pages: Vec<Page<'a>> =
        guides.into_iter().map(Page::of_guide).chain(apps.into_iter().flat_map(Page::of_app)).collect();
    pages.into_par_iter().map(|page| (page.key(), (page.fingerprint(), page))).collect()
}

fn key(segment: &Segment, page: &PageRecord) -> PageKey {
    (segment.circle_of(page).app().cloned(), segment.text(&page.path).to_owned())
}

fn fits(pages: &[Page<'_>], before: usize) -> Result<(), SearchError> {
    let size = |page: &Page<'_>| {
        let sections: usize = page.sections.iter().map(super::segment::size).sum();
        page.path.len() + page.title.len() + page.address.len() + sections
    };
    let bytes = before + pages.iter().map(size).sum::<usize>();
    if bytes > MOST_TEXT { Err(SearchError::TooMuch(bytes)) } else { Ok(()) }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} sections)", self.sections())
    }
}
