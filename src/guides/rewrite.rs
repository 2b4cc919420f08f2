//! Guides whose text changed, and nothing that others know of them: what hangs together as before is shared.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use rayon::prelude::*;

use super::compose::Shelf;
use super::library::Library;
use super::page::{Page, Parsed};
use super::tree::Tree;
use super::wiki;

impl Library {
    /// The pages that `touched` files are part of, with their places, read again. `None` where that may change more than
    /// these pages: the navigation, an address, a redirect, who may read what.
    pub(super) fn rewritten(
        &self,
        shelf: Shelf<'_>,
        touched: &BTreeSet<String>,
    ) -> Option<Vec<(usize, Arc<Page>)>> {
        let is_touched = |page: &&Arc<Page>| page.parsed().files.iter().any(|file| touched.contains(file));
        let places: Vec<usize> =
            self.pages.iter().enumerate().filter(|(_, page)| is_touched(page)).map(|(at, _)| at).collect();
        // What is part of no page may be a draft, or become a guide.
        let known: BTreeSet<&String> = places
            .iter()
            .flat_map(|at| &self.pages[*at].parsed().files)
            .filter(|file| touched.contains(*file))
            .collect();
        if known.len() != touched.len() {
            return None;
        }
        let spoken: BTreeSet<String> = self.spoken.iter().map(|spoken| spoken.tag.clone()).collect();
        let read = |at: usize| {
            let before = self.pages[at].parsed();
            let path = before.guide.path.clone();
            let mut now = Parsed::load(shelf, &self.site, &before.own_file, path).in_language_of(&spoken);
            now.guide.readers.clone_from(&before.guide.readers);
            let known = Self::known_alike(before, &now);
            known.then(|| (at, Arc::new(Page::new(Arc::new(now), self.addresses()))))
        };
        places.into_par_iter().map(read).collect()
    }

    /// This library with some of its pages replaced.
    pub(super) fn with_rewritten(
        &self,
        rewritten: Vec<(usize, Arc<Page>)>,
        tree: Tree,
        touched: &BTreeSet<String>,
        today: Date,
    ) -> Self {
        let mut pages = self.pages.clone();
        for (at, page) in rewritten {
            pages[at] = page;
        }
        Self {
            content: self.content.clone(),
            today,
            site: Arc::clone(&self.site),
            tree: Arc::new(tree),
            pages,
            shown: self.shown,
            at: Arc::clone(&self.at),
            by_file: Arc::clone(&self.by_file),
            files: Arc::clone(&self.files),
            redirects: Arc::clone(&self.redirects),
            audiences: Arc::clone(&self.audiences),
            drafts: self.drafts,
            names: Arc::clone(&self.names),
            navigation: Arc::clone(&self.navigation),
            spoken: Arc::clone(&self.spoken),
            history: Arc::clone(&self.history),
            since: self.since.union(touched).cloned().collect(),
            site_problems: self.site_problems.clone(),
            problems: OnceLock::new(),
        }
    }

    /// Whether everything that is known of a guide elsewhere stays the same.
    fn known_alike(before: &Parsed, now: &Parsed) -> bool {
        let known = |parsed: &Parsed| {
            let guide = &parsed.guide;
            let heading = guide.sections.first().map(|lead| lead.heading.clone());
            let flags = (parsed.hidden, parsed.draft, guide.weight);
            (flags, guide.title.clone(), heading, guide.language.clone(), parsed.declared.clone())
        };
        let calls_by_name = |parsed: &Parsed| parsed.links.iter().any(|link| wiki::is_link(&link.dest));
        known(before) == known(now)
            && before.files == now.files
            && before.guide.file == now.guide.file
            && before.former_paths == now.former_paths
            // Names are known where somebody calls a guide by one.
            && (calls_by_name(before) || !calls_by_name(now))
    }
}
