//! All guides of a site at one moment.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jiff::civil::Date;

use super::check;
use super::file::StaticFile;
use super::history::{Changed, History};
use super::languages::Spoken;
use super::likeness;
use super::links::{Addresses, canonical, decode};
use super::navigation::{self, Node};
use super::page::Page;
use super::problem::Problem;
use super::readers::Audiences;
use super::site::{Kind, Site, title_of_name};
use super::tree::Tree;
use super::wiki::Names;
use crate::config;
use crate::model::{GuidePath, encode_path};

/// Every guide, the files beside them and how they hang together: an immutable snapshot. A reload makes a new
/// one that shares what did not change. It knows everything: for checks, the index and authors. Readers are answered
/// by a [`View`](super::View) of it.
#[derive(Debug)]
pub struct Library {
    pub(super) content: config::Content,
    pub(super) today: Date,
    pub(super) site: Arc<Site>,
    pub(super) tree: Arc<Tree>,
    /// In reading order; hidden ones last.
    pub(super) pages: Vec<Arc<Page>>,
    /// How many of the pages are in the navigation.
    pub(super) shown: usize,
    pub(super) at: Arc<HashMap<GuidePath, usize>>,
    /// Guides by the files they were made of, relative to the site's root.
    pub(super) by_file: Arc<HashMap<String, GuidePath>>,
    /// By address.
    pub(super) files: Arc<HashMap<String, StaticFile>>,
    /// Former addresses and where they lead now.
    pub(super) redirects: Arc<HashMap<String, String>>,
    /// Who may read what.
    pub(super) audiences: Arc<Audiences>,
    /// Whether drafts are shown.
    pub(super) drafts: bool,
    /// What links in double brackets may call a guide.
    pub(super) names: Arc<Names>,
    pub(super) navigation: Arc<Vec<Node>>,
    /// The guides in other languages than the site's own.
    pub(super) spoken: Arc<Vec<Spoken>>,
    pub(super) history: Arc<History>,
    /// Files that changed after the history was read.
    pub(super) since: BTreeSet<String>,
    pub(super) site_problems: Vec<Problem>,
    pub(super) problems: OnceLock<Vec<Problem>>,
}

/// What is at an address of the main host.
#[derive(Debug)]
pub enum Lookup<'a> {
    /// A guide, at its canonical address.
    Guide(&'a Arc<Page>),
    /// The Markdown of a guide.
    Source(&'a Arc<Page>),
    /// An image or another file beside the guides.
    File(&'a StaticFile),
    /// It is elsewhere: an absolute path or URL, percent-encoded, without the request's query.
    Redirect(String),
    /// Nothing.
    Missing,
}

/// A step on the way from the front page to a guide.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Crumb {
    /// What it is called.
    pub title: String,
    /// Its address, percent-encoded; `None` for a folder without an index.
    pub url: Option<String>,
}

/// A link to another site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExternalLink {
    /// The file it is in, relative to the content folder.
    pub file: String,
    /// Its line there.
    pub line: Option<u32>,
    /// Where it leads.
    pub url: url::Url,
}

impl Library {
    /// What is at `path`: percent-decoded, starting with `/`, without a query.
    #[must_use]
    pub fn lookup(&self, path: &str) -> Lookup<'_> {
        if let Some(page) = self.page(path) {
            return Lookup::Guide(page);
        }
        if let Some(file) = self.files.get(path) {
            return Lookup::File(file);
        }
        if let Some(to) = self.redirects.get(path) {
            return Lookup::Redirect(to.clone());
        }
        let guide = canonical(path);
        match self.page(&guide) {
            Some(page) if is_markdown(path) && !page.generated() => Lookup::Source(page),
            Some(_) => Lookup::Redirect(encode_path(&guide)),
            None => self.redirects.get(&*guide).map_or(Lookup::Missing, |to| Lookup::Redirect(to.clone())),
        }
    }

    /// The guide at a canonical address, `/` or `/a/b/`, percent-decoded.
    #[must_use]
    pub fn page(&self, path: &str) -> Option<&Arc<Page>> {
        self.at.get(path).and_then(|index| self.pages.get(*index))
    }

    /// Which of [`pages`](Self::pages) is at a canonical address.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<usize> {
        self.at.get(path).copied()
    }

    /// Every guide in reading order; those left out of the navigation come last.
    pub fn pages(&self) -> impl ExactSizeIterator<Item = &Arc<Page>> {
        self.pages.iter()
    }

    /// The tree of guides, ordered: the front page first.
    #[must_use]
    pub fn navigation(&self) -> &[Node] {
        &self.navigation
    }

    /// The way from the front page to `page`, without either end's own step: folders and their indexes.
    #[must_use]
    pub fn breadcrumbs(&self, page: &Page) -> Vec<Crumb> {
        self.crumbs(page, |_| true)
    }

    /// The way to `page`, on which an index that `shows` does not take is only a folder.
    pub(super) fn crumbs(&self, page: &Page, shows: impl Fn(&Page) -> bool) -> Vec<Crumb> {
        let mut crumbs = Vec::new();
        let mut path = String::from("/");
        if self.site.plan.is_some() {
            let index = self.at.get(&page.guide().path).copied();
            let way = index.map_or(crumbs, |index| navigation::way(&self.navigation, &self.pages, index));
            let guide = |crumb: &Crumb| self.page(&decode(crumb.url.as_deref()?));
            return way.into_iter().filter(|crumb| guide(crumb).is_none_or(|page| shows(page))).collect();
        }
        let segments: Vec<&str> = page.guide().path.segments().collect();
        let Some((_, above)) = segments.split_last() else { return crumbs };
        if let Some(front) = self.page("/").filter(|front| shows(front)) {
            crumbs.push(Crumb { title: front.guide().title.clone(), url: Some("/".to_owned()) });
        }
        // In another language the way begins at the first page in it.
        if self.spoken_by(page).is_some() {
            crumbs.clear();
        }
        for segment in above {
            path.push_str(segment);
            path.push('/');
            let index = self.page(&path).filter(|index| shows(index));
            let title = index.map_or_else(|| title_of_name(segment), |page| page.guide().title.clone());
            crumbs.push(Crumb { title, url: index.map(|page| navigation::url(&page.guide().path)) });
        }
        crumbs
    }

    /// The guide before `page` in reading order, in the same language.
    #[must_use]
    pub fn previous(&self, page: &Page) -> Option<&Arc<Page>> {
        let at = self.position(page)?;
        self.pages.get(at.checked_sub(1)?).filter(|previous| self.same_language(page, previous))
    }

    /// The guide after `page` in reading order, in the same language.
    #[must_use]
    pub fn next(&self, page: &Page) -> Option<&Arc<Page>> {
        let next = self.pages.get(self.position(page)? + 1).filter(|next| !next.hidden())?;
        self.same_language(page, next).then_some(next)
    }

    /// When `page` last changed: as the repository around it remembers, else as its files say. `None` where nobody
    /// knows.
    #[must_use]
    pub fn updated(&self, page: &Page) -> Option<Timestamp> {
        let changed = |file: &String| {
            let own = || self.tree.files.get(file).and_then(|entry| entry.modified);
            match self.history.changed(file) {
                _ if self.since.contains(file) => own(),
                Changed::AsTheFileSays => own(),
                Changed::At(at) => Some(at),
                Changed::Unknown => None,
            }
        };
        page.parsed().files.iter().filter_map(changed).max()
    }

    /// What the repository around the guides remembers, as it was last read.
    #[must_use]
    pub fn history(&self) -> &Arc<History> {
        &self.history
    }

    /// The guides whose addresses are most like `path`: the same name elsewhere first, then names spelt alike.
    #[must_use]
    pub fn alike(&self, path: &str, most: usize) -> Vec<&Arc<Page>> {
        let candidates = self.pages.iter().filter(|page| !page.hidden());
        likeness::alike(path, candidates.map(|page| (page.guide().path.as_str(), page)), most)
    }

    /// What the site says of itself.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// What kind of site it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.site.kind
    }

    /// The content folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.content.dir
    }

    /// Everything that is wrong, by file and line. Looked for when first asked.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.problems.get_or_init(|| check::check(self, self.today))
    }

    /// What is wrong with one guide.
    #[must_use]
    pub fn problems_of(&self, page: &Page) -> Vec<Problem> {
        check::check_page(self, page, self.today)
    }

    /// The guide that `file` (relative to the content folder) is a part of: the first that uses it.
    #[must_use]
    pub fn guide_of_file(&self, file: &str) -> Option<&Arc<Page>> {
        let inside = self.site.inside(file).unwrap_or(file);
        self.page(self.by_file.get(inside)?.as_str())
    }

    /// The addresses of the files beside the guides, decoded, in order.
    pub fn file_addresses(&self) -> impl Iterator<Item = &str> {
        let mut addresses: Vec<&str> = self.files.keys().map(String::as_str).collect();
        addresses.sort_unstable();
        addresses.into_iter()
    }

    /// Former addresses (decoded) and where they lead now (percent-encoded), in order.
    pub fn redirects(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut all: Vec<_> = self.redirects.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// Every link to another site (`http` or `https`), by file and line.
    #[must_use]
    pub fn external_links(&self) -> Vec<ExternalLink> {
        let links = self.pages.iter().flat_map(|page| &page.parsed().links);
        let mut links: Vec<_> = links
            .filter_map(|link| {
                let url = url::Url::parse(&link.dest)
                    .ok()
                    .filter(|url| matches!(url.scheme(), "http" | "https"))?;
                Some(ExternalLink { file: link.place.file.to_string(), line: link.place.line, url })
            })
            .collect();
        links.sort();
        links.dedup();
        links
    }

    pub(super) fn addresses(&self) -> Addresses<'_> {
        Addresses {
            guides: &self.at,
            by_file: &self.by_file,
            files: &self.files,
            redirects: &self.redirects,
            names: &self.names,
            history: &self.history,
        }
    }

    pub(super) fn same_language(&self, one: &Page, other: &Page) -> bool {
        self.spoken_by(one).map(|spoken| &spoken.tag) == self.spoken_by(other).map(|spoken| &spoken.tag)
    }

    pub(super) fn position(&self, page: &Page) -> Option<usize> {
        self.at.get(&page.guide().path).copied().filter(|at| *at < self.shown)
    }
}

fn is_markdown(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension == "md")
}
