//! The library as one viewer may know it. What they may not read is not there.

use std::borrow::Cow;
use std::sync::Arc;

use super::languages::Translation;
use super::library::{Crumb, Library, Lookup};
use super::likeness;
use super::links::decode;
use super::navigation::{self, Node};
use super::page::{Page, Parsed};
use super::readers::Admitted;
use crate::model::Readers;

/// A library for a viewer: the same questions as to the [`Library`], and answers that hold nothing of a guide that
/// the viewer may not read. Whoever answers readers asks a view.
#[derive(Clone, Debug)]
pub struct View<'a> {
    library: &'a Library,
    admitted: Admitted,
}

impl Library {
    /// The library for a viewer who is among the readers that `admits` takes.
    #[must_use]
    pub fn view(&self, admits: impl Fn(&Readers) -> bool) -> View<'_> {
        View { library: self, admitted: self.audiences.admitted(admits) }
    }

    /// The library for those who did not sign in.
    #[must_use]
    pub fn public_view(&self) -> View<'_> {
        self.view(|_| false)
    }

    /// Whether everyone may read everything.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.audiences.all_public()
    }
}

impl<'a> View<'a> {
    /// Which readers the viewer is among.
    #[must_use]
    pub fn admitted(&self) -> &Admitted {
        &self.admitted
    }

    /// Whether everyone may read what is at `address`, decoded.
    #[must_use]
    pub fn everyone_may_read(&self, address: &str) -> bool {
        self.library.audiences.at(address) == 0
    }

    /// What is at `path`: percent-decoded, starting with `/`, without a query.
    #[must_use]
    pub fn lookup(&self, path: &str) -> Lookup<'a> {
        match self.library.lookup(path) {
            Lookup::Guide(page) | Lookup::Source(page) if !self.shows(page) => Lookup::Missing,
            Lookup::File(_) if !self.admits(path) => Lookup::Missing,
            Lookup::Redirect(to) if !self.may_follow(&to) => Lookup::Missing,
            found => found,
        }
    }

    /// The guide at a canonical address.
    #[must_use]
    pub fn page(&self, path: &str) -> Option<&'a Arc<Page>> {
        self.library.page(path).filter(|page| self.shows(page))
    }

    /// Every guide in reading order; those left out of the navigation come last.
    pub fn pages(&self) -> impl Iterator<Item = &'a Arc<Page>> {
        self.library.pages().filter(|page| self.shows(page))
    }

    /// The tree of guides. A folder in which nothing is left is not there.
    #[must_use]
    pub fn navigation(&self) -> Cow<'a, [Node]> {
        if self.library.is_public() {
            return Cow::Borrowed(self.library.navigation());
        }
        Cow::Owned(self.pruned(self.library.navigation()))
    }

    /// The tree of guides in the language of `page`.
    #[must_use]
    pub fn navigation_for(&self, page: &Page) -> Cow<'a, [Node]> {
        let tree = self.library.navigation_for(page);
        if self.library.is_public() { Cow::Borrowed(tree) } else { Cow::Owned(self.pruned(tree)) }
    }

    /// The site's languages, and where `page` is in each: none that the viewer may not read.
    #[must_use]
    pub fn translations(&self, page: &Page) -> Vec<Translation<'a>> {
        let all = self.library.translations(page);
        all.into_iter().filter(|translation| self.shows(translation.page)).collect()
    }

    /// The guides whose addresses are most like `path`.
    #[must_use]
    pub fn alike(&self, path: &str, most: usize) -> Vec<&'a Arc<Page>> {
        likeness::alike(
            path,
            self.pages().filter(|page| !page.hidden()).map(|page| (page.guide().path.as_str(), page)),
            most,
        )
    }

    /// The way from the front page to `page`, without either end's own step.
    #[must_use]
    pub fn breadcrumbs(&self, page: &Page) -> Vec<Crumb> {
        self.library.crumbs(page, |page| self.shows(page))
    }

    /// The guide before `page` in reading order.
    #[must_use]
    pub fn previous(&self, page: &Page) -> Option<&'a Arc<Page>> {
        let at = self.library.position(page)?;
        let before = self.library.pages.get(..at)?.iter().rev();
        before.take_while(|before| self.library.same_language(before, page)).find(|page| self.shows(page))
    }

    /// The guide after `page` in reading order.
    #[must_use]
    pub fn next(&self, page: &Page) -> Option<&'a Arc<Page>> {
        let at = self.library.position(page)?;
        let shown = self.library.pages.get(at + 1..self.library.shown)?;
        let after = shown.iter().take_while(|after| self.library.same_language(after, page));
        after.into_iter().find(|page| self.shows(page))
    }

    /// The content of `page`. A front page that nobody wrote lists what this viewer sees.
    #[must_use]
    pub fn html(&self, page: &Page) -> String {
        if !page.generated() || self.admitted.is_public() {
            return page.html();
        }
        let markdown = navigation::front_page(&self.navigation());
        let front = Parsed::generated(markdown, &self.library.site);
        Page::new(Arc::new(front), self.library.addresses()).html()
    }

    fn shows(&self, page: &Page) -> bool {
        self.admits(page.guide().path.as_str())
    }

    fn admits(&self, address: &str) -> bool {
        self.admitted.holds(self.library.audiences.at(address))
    }

    /// A redirect tells of what it leads to.
    fn may_follow(&self, target: &str) -> bool {
        let path = target.split(['#', '?']).next().unwrap_or_default();
        !path.starts_with('/') || self.admits(&decode(path))
    }

    fn pruned(&self, nodes: &[Node]) -> Vec<Node> {
        let keep = |node: &Node| {
            let children = self.pruned(&node.children);
            let shown = node.url.as_ref().is_some_and(|url| self.admits(&decode(url)));
            match (shown, children.is_empty()) {
                (true, _) => Some(node.with(children)),
                (false, true) => None,
                (false, false) => Some(node.as_folder(children)),
            }
        };
        nodes.iter().filter_map(keep).collect()
    }
}
