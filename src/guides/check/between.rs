//! What is wrong between guides: titles that say the same, and guides that nothing leads to.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use crate::guides::library::Library;
use crate::guides::links::{Target, canonical, decode};
use crate::guides::page::Page;
use crate::guides::problem::{Problem, ProblemKind};

/// Guides in no navigation that no other guide, and no link of the site's settings, leads to.
pub(super) fn orphans(library: &Library) -> Vec<Problem> {
    let aside: Vec<&Page> = library.pages.iter().skip(library.shown).map(|page| &**page).collect();
    if aside.is_empty() {
        return Vec::new();
    }
    let led_to = |page: &Page| {
        let (parsed, own) = (page.parsed(), page.guide().path.as_str().to_owned());
        let bases = parsed.bases();
        let lead =
            parsed.links.iter().filter_map(|link| match library.addresses().link(&link.dest, &bases) {
                Target::Here(address) => Some(guide_of(&address)),
                Target::Elsewhere | Target::Nowhere => None,
            });
        lead.filter(|address| *address != own).collect::<Vec<_>>()
    };
    let mut linked: HashSet<String> = library.pages.par_iter().flat_map_iter(|page| led_to(page)).collect();
    let site = library.site();
    linked.extend(site.header_links.iter().chain(&site.footer_links).map(|link| guide_of(&link.url)));
    let orphans =
        aside.iter().filter(|page| !page.generated() && !linked.contains(page.guide().path.as_str()));
    let problems = orphans.map(|page| {
        let file = &page.guide().file;
        let message = format!(
            "guide `{file}` is in no navigation and nothing links to it; link to it, or take it out of hiding"
        );
        Problem::warning(&*page.parsed().own_file, ProblemKind::Orphan, message)
    });
    problems.collect()
}

/// Guides with a title that another of the same language has.
pub(super) fn titles(pages: &[&Page]) -> Vec<Problem> {
    let mut first: HashMap<(String, Option<&str>), &Page> = HashMap::with_capacity(pages.len());
    let mut problems = Vec::new();
    for page in pages.iter().filter(|page| !page.generated()) {
        let guide = page.guide();
        let same = first.entry((guide.title.to_lowercase(), guide.language.as_deref())).or_insert(page);
        if !std::ptr::eq(*same, *page) {
            let (file, title, other) = (&guide.file, &guide.title, same.guide());
            let message = format!(
                "guide `{file}` has the title “{title}”, and so has `{}`; say in each what sets it apart",
                other.file
            );
            let problem = Problem::warning(&*page.parsed().own_file, ProblemKind::DuplicateTitle, message);
            problems.push(problem.mentioning([&other.path]));
        }
    }
    problems
}

/// The guide that a percent-encoded address is in.
fn guide_of(address: &str) -> String {
    canonical(&decode(address.split(['#', '?']).next().unwrap_or_default()))
}
