//! Files to a library, and a library to the next one.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use rayon::prelude::*;

use super::compose::Shelf;
use super::file::StaticFile;
use super::history::History;
use super::languages::{self, Spoken};
use super::library::Library;
use super::links::Addresses;
use super::navigation;
use super::page::{Page, Parsed};
use super::problem::{Place, Problem, ProblemKind, nearest};
use super::readers::Audiences;
use super::redirects::redirects;
use super::site::{Kind, Site};
use super::tree::Tree;
use super::wiki::Names;
use crate::config;
use crate::model::{GuidePath, Readers};

/// A file that is for search, not for readers.
const SYNONYMS: &str = "/synonyms.toml";

/// Content that cannot be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no such folder, or it cannot be read.
    #[error("content folder `{}` cannot be read: {source}; name another with --content", dir.display())]
    Unreadable {
        /// The folder.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is a file.
    #[error("content `{}` is a file; name the folder that holds it with --content", dir.display())]
    NotAFolder {
        /// The file.
        dir: PathBuf,
    },
    /// There is no guide in it.
    #[error("content folder `{}` holds no guides; put a Markdown file into it, such as index.md", dir.display())]
    Empty {
        /// The folder.
        dir: PathBuf,
    },
}

/// What a library is made of, before its guides know of each other.
struct Parts {
    content: config::Content,
    today: Date,
    drafts: bool,
    site: Arc<Site>,
    tree: Arc<Tree>,
    parsed: Vec<Arc<Parsed>>,
    files: Arc<HashMap<String, StaticFile>>,
    problems: Vec<Problem>,
    /// The languages that guides are in beside the site's own.
    spoken: BTreeSet<String>,
    history: Arc<History>,
    since: BTreeSet<String>,
}

impl Library {
    /// Loads every guide below the content folder. A guide that cannot be read is there all the same and says
    /// what is wrong with it. Guides whose review was due before `today` are among the problems.
    pub fn load(content: &config::Content, today: Date) -> Result<Self, LoadError> {
        Self::load_all(content, today, false)
    }

    /// The same with drafts, for those who write them.
    pub fn load_with_drafts(content: &config::Content, today: Date) -> Result<Self, LoadError> {
        Self::load_all(content, today, true)
    }

    fn load_all(content: &config::Content, today: Date, drafts: bool) -> Result<Self, LoadError> {
        let dir = &content.dir;
        let unreadable = |source| LoadError::Unreadable { dir: dir.clone(), source };
        if !std::fs::metadata(dir).map_err(unreadable)?.is_dir() {
            return Err(LoadError::NotAFolder { dir: dir.clone() });
        }
        std::fs::read_dir(dir).map_err(unreadable)?;
        let site = Site::load(content);
        let tree = Tree::walk(dir);
        let (guides, problems) = guide_files(&tree, &site);
        let sources = Shelf { root: dir, site: &site, files: &tree.files };
        let spoken = languages::spoken(guides.iter().map(|(_, path)| path));
        let parse = |(file, path): (String, GuidePath)| {
            Arc::new(Parsed::load(sources, &site, &file, path).in_language_of(&spoken))
        };
        let parsed = guides.into_par_iter().map(parse).collect();
        let files = Arc::new(static_files(sources, None, |_| true));
        let (content, tree) = (content.clone(), Arc::new(tree));
        let (history, since, site) = (Arc::default(), BTreeSet::new(), Arc::new(site));
        Parts { content, today, drafts, site, tree, parsed, files, problems, spoken, history, since }
            .assemble(None)
    }

    /// The same guides with what the repository around them remembers: when they changed, and where they were before.
    pub fn with_history(&self, history: Arc<History>) -> Result<Self, LoadError> {
        let written = self.pages.iter().filter(|page| !page.generated());
        let parts = Parts {
            content: self.content.clone(),
            today: self.today,
            drafts: self.drafts,
            site: self.site.clone(),
            tree: self.tree.clone(),
            parsed: written.map(|page| Arc::clone(page.parsed())).collect(),
            files: self.files.clone(),
            problems: self.site_problems.clone(),
            spoken: self.spoken.iter().map(|spoken| spoken.tag.clone()).collect(),
            history,
            since: BTreeSet::new(),
        };
        parts.assemble(Some(self))
    }

    /// A new snapshot after `changed` (files or folders) were written, moved or removed. Only what they touch is
    /// read again, and every page that is still the same is shared.
    pub fn reload(&self, changed: &[PathBuf], today: Date) -> Result<Self, LoadError> {
        let dir = &self.content.dir;
        let mut tree = (*self.tree).clone();
        let seen = tree.update(dir, changed);
        if self.site.is_decided_by(&seen.touched) || !dir.is_dir() {
            return Self::load_all(&self.content, today, self.drafts)?
                .with_history(Arc::clone(&self.history));
        }
        if !seen.structure && seen.touched.iter().all(|file| is_text_of_guides(file)) {
            let sources = Shelf { root: dir, site: &self.site, files: &tree.files };
            if let Some(pages) = self.rewritten(sources, &seen.touched) {
                return Ok(self.with_rewritten(pages, tree, &seen.touched, today));
            }
        }
        let kept: HashMap<&str, &Arc<Parsed>> =
            self.pages.iter().map(|page| (&*page.parsed().own_file, page.parsed())).collect();
        let still_good = |parsed: &Parsed| {
            let whole = parsed.problems.iter().all(|problem| problem.kind != ProblemKind::MissingPartial);
            (whole || !seen.structure) && !parsed.files.iter().any(|file| seen.touched.contains(file))
        };
        let (guides, problems) = guide_files(&tree, &self.site);
        let spoken = languages::spoken(guides.iter().map(|(_, path)| path));
        let as_before = spoken.iter().eq(self.spoken.iter().map(|spoken| &spoken.tag));
        let sources = Shelf { root: dir, site: &self.site, files: &tree.files };
        let parse = |(file, path): (String, GuidePath)| match kept.get(&*file) {
            Some(parsed) if parsed.guide.path == path && as_before && still_good(parsed) => {
                Arc::clone(parsed)
            }
            _ => Arc::new(Parsed::load(sources, &self.site, &file, path).in_language_of(&spoken)),
        };
        let parsed = guides.into_par_iter().map(parse).collect();
        let files = if seen.touched.iter().all(|file| is_text_of_guides(file)) {
            self.files.clone()
        } else {
            Arc::new(static_files(sources, Some(&self.files), |file| seen.touched.contains(file)))
        };
        let before = (!seen.structure && Arc::ptr_eq(&files, &self.files)).then_some(self);
        let (content, site, drafts) = (self.content.clone(), self.site.clone(), self.drafts);
        let history = Arc::clone(&self.history);
        let since = self.since.union(&seen.touched).cloned().collect();
        let tree = Arc::new(tree);
        Parts { content, today, drafts, site, tree, parsed, files, problems, spoken, history, since }
            .assemble(before)
    }
}

impl Parts {
    /// Makes the guides know of each other. Pages of the library `before` whose guide and surroundings are the
    /// same are shared.
    fn assemble(mut self, before: Option<&Library>) -> Result<Library, LoadError> {
        let audiences = Audiences::of(&self.parsed);
        if !self.drafts {
            self.parsed.retain(|parsed| !parsed.draft);
        }
        audiences.settle(&mut self.parsed);
        if self.parsed.is_empty() {
            return Err(LoadError::Empty { dir: self.content.dir });
        }
        self.name_site();
        let mut navigation = navigation::grow(&self.parsed, self.site.plan.as_ref());
        if !self.parsed.iter().any(|parsed| parsed.guide.path == GuidePath::root()) {
            // For those who see more than everyone, their view lists it.
            let public = |parsed: &&Arc<Parsed>| parsed.guide.readers == Readers::PUBLIC;
            let public: Vec<_> = self.parsed.iter().filter(public).cloned().collect();
            let markdown = navigation::front_page(&navigation::grow(&public, self.site.plan.as_ref()));
            self.parsed.push(Arc::new(Parsed::generated(markdown, &self.site)));
            navigation = navigation::grow(&self.parsed, self.site.plan.as_ref());
        }
        let spoken = languages::part(&mut navigation, &self.spoken);
        let mut order = Vec::with_capacity(self.parsed.len());
        navigation::reading_order(&navigation, &mut order);
        for Spoken { navigation, .. } in &spoken {
            navigation::reading_order(navigation, &mut order);
        }
        let shown = order.len();
        order
            .extend((0..self.parsed.len()).filter(|index| self.parsed.get(*index).is_some_and(|p| p.hidden)));
        let parsed: Vec<Arc<Parsed>> =
            order.iter().filter_map(|index| self.parsed.get(*index).cloned()).collect();
        let at =
            parsed.iter().enumerate().map(|(index, parsed)| (parsed.guide.path.clone(), index)).collect();
        let by_file = by_file(&parsed, &self.site);
        let remembered = self.history.former_addresses(&self.tree, &self.site);
        let (redirects, loops) = redirects(&self.site, &parsed, &at, remembered, &by_file);
        // Those of a library that only learnt of its history are known already.
        self.problems.retain(|known| !loops.contains(known));
        self.problems.extend(loops);
        let names = Names::of(&parsed, self.site.kind.slugs());
        let same = |before: &&Library| {
            *before.by_file == by_file
                && *before.redirects == redirects
                && *before.names == names
                && before.history.knows_same_headings(&self.history)
        };
        let before = before.filter(same);
        let addresses = Addresses {
            guides: &at,
            by_file: &by_file,
            files: &self.files,
            redirects: &redirects,
            names: &names,
            history: &self.history,
        };
        let page = |parsed: Arc<Parsed>| {
            let page = before.and_then(|before| before.page(parsed.guide.path.as_str()));
            let page = page.filter(|page| Arc::ptr_eq(page.parsed(), &parsed));
            page.cloned().unwrap_or_else(|| Arc::new(Page::new(parsed, addresses)))
        };
        let pages = parsed.into_par_iter().map(page).collect();
        Ok(Library {
            content: self.content,
            today: self.today,
            site: self.site,
            tree: self.tree,
            pages,
            shown,
            at: Arc::new(at),
            by_file: Arc::new(by_file),
            files: self.files,
            redirects: Arc::new(redirects),
            audiences: Arc::new(audiences),
            drafts: self.drafts,
            names: Arc::new(names),
            navigation: Arc::new(navigation),
            spoken: Arc::new(spoken),
            history: self.history,
            since: self.since,
            site_problems: self.problems,
            problems: OnceLock::new(),
        })
    }

    /// A folder of Markdown that was not given a name has that of its front page, else the folder's.
    fn name_site(&mut self) {
        if self.site.kind != Kind::Folder || self.content.title.is_some() {
            return;
        }
        // A front page that is kept from somebody must not name the site on every other page.
        let open = |parsed: &&Arc<Parsed>| parsed.declared.is_open() && !parsed.draft;
        let front = self.parsed.iter().find(|parsed| parsed.guide.path == GuidePath::root()).filter(open);
        let title = front.map_or_else(|| Site::title_of(&self.content), |front| front.guide.title.clone());
        if self.site.title != title {
            self.site = Arc::new(Site { title, ..(*self.site).clone() });
        }
    }
}

/// The files that are guides, with their addresses, and what is wrong with the site.
fn guide_files(tree: &Tree, site: &Site) -> (Vec<(String, GuidePath)>, Vec<Problem>) {
    let mut taken: HashMap<GuidePath, &str> = HashMap::new();
    let (mut guides, mut problems) = (Vec::new(), site.problems.clone());
    problems.extend(absent(tree, site));
    let front = front_chapter(tree, site);
    for file in tree.files.keys() {
        let Some(as_markdown) = addressed_as(file, tree, site) else { continue };
        let as_markdown = if front == Some(file) { "index.md".to_owned() } else { as_markdown };
        let problem = match GuidePath::of_file(&as_markdown) {
            Err(why) => {
                let message = format!("guide `{file}` is not shown: {why}");
                let kind = if as_markdown.starts_with("-/") {
                    ProblemKind::Reserved
                } else {
                    ProblemKind::Unreadable
                };
                Problem::error(&**file, kind, message)
            }
            Ok(path) => match taken.get(&path) {
                None => {
                    taken.insert(path.clone(), file);
                    guides.push((file.clone(), path));
                    continue;
                }
                Some(other) => {
                    let message = format!(
                        "guide `{file}` is not shown: `{other}` has its address `{path}` already; rename one of them"
                    );
                    Problem::error(&**file, ProblemKind::SameAddress, message).mentioning([&path])
                }
            },
        };
        problems.push(problem);
    }
    (guides, problems)
}

/// The file name that a guide's address is made of; `None` where the file is no guide.
pub(super) fn addressed_as(file: &str, tree: &Tree, site: &Site) -> Option<String> {
    let inside = site.inside(file)?;
    match site.kind {
        Kind::TechDocs => {
            let stem = inside.strip_suffix(".erb").unwrap_or(inside);
            let stem = stem.strip_suffix(".html.md").or_else(|| stem.strip_suffix(".html.markdown"))?;
            let partial = inside.split('/').any(|segment| segment.starts_with('_'));
            (!partial).then(|| format!("{stem}.md"))
        }
        // Only chapters are part of a book.
        Kind::MdBook if site.plan.as_ref().is_some_and(|plan| !plan.lists(file)) => None,
        Kind::MdBook if inside == "SUMMARY.md" => None,
        Kind::Folder | Kind::MdBook | Kind::MkDocs => {
            let stem = inside.strip_suffix(".md").or_else(|| inside.strip_suffix(".markdown"))?;
            let (folder, name) = stem.rsplit_once('/').map_or(("", stem), |(folder, name)| (folder, name));
            let index = if folder.is_empty() { "index.md".to_owned() } else { format!("{folder}/index.md") };
            let is_there = |inside: &str| tree.files.contains_key(&format!("{}{inside}", site.prefix));
            let beside = !folder.is_empty() && is_there(&format!("{folder}.md"));
            let stands_in = name.eq_ignore_ascii_case("readme") && !is_there(&index) && !beside;
            Some(if stands_in { index } else { format!("{stem}.md") })
        }
    }
}

/// The chapter that is a book's front page, where no file is.
fn front_chapter<'a>(tree: &'a Tree, site: &Site) -> Option<&'a String> {
    let plan = site.plan.as_ref().filter(|_| site.kind == Kind::MdBook)?;
    let files =
        || plan.files().into_iter().filter_map(|(file, _)| Some(tree.files.get_key_value(&**file)?.0));
    let is_index = |file: &String| {
        addressed_as(file, tree, site).is_some_and(|file| file.eq_ignore_ascii_case("index.md"))
    };
    if files().any(is_index) { None } else { files().next() }
}

/// The files that the site's navigation names and that are not there.
fn absent(tree: &Tree, site: &Site) -> Vec<Problem> {
    let named = site.plan.iter().flat_map(|plan| plan.files());
    let absent = named.filter(|(file, _)| !tree.files.contains_key(&***file));
    let problem = |(file, place): (&Arc<str>, &Place)| {
        let near =
            nearest(file, tree.files.keys().map(String::as_str).filter(|file| is_text_of_guides(file)));
        let next = near.map_or_else(
            || "write the file or take the line out".to_owned(),
            |near| format!("the nearest is `{near}`"),
        );
        let message = format!("the navigation names `{file}`, which is not there; {next}");
        Problem::error(place, ProblemKind::BrokenLink, message)
    };
    absent.map(problem).collect()
}

fn is_text_of_guides(file: &str) -> bool {
    [".md", ".markdown", ".erb"].iter().any(|end| file.ends_with(end))
}

/// The files beside the guides by address; those of `before` that were not `touched` are as they were.
fn static_files(
    shelf: Shelf<'_>,
    before: Option<&HashMap<String, StaticFile>>,
    touched: impl Fn(&str) -> bool + Sync,
) -> HashMap<String, StaticFile> {
    let load = |(file, entry): (&String, _)| {
        let address = format!("/{}", shelf.site.inside(file)?);
        let before = before.and_then(|before| before.get(&address)).filter(|_| !touched(file));
        let found = before.cloned().or_else(|| StaticFile::load(shelf.root, file, entry))?;
        let ours = address.starts_with("/-/") || address == SYNONYMS;
        (!ours).then_some((address, found))
    };
    shelf.files.par_iter().filter_map(load).collect()
}

/// Which guide a file belongs to, by its path relative to the site's root.
fn by_file(parsed: &[Arc<Parsed>], site: &Site) -> HashMap<String, GuidePath> {
    let mut out = HashMap::with_capacity(parsed.len());
    let inside = |file: &str| site.inside(file).unwrap_or(file).to_owned();
    // Only the partials of a tech-docs site are nothing but part of a guide.
    let most = if site.kind == Kind::TechDocs { usize::MAX } else { 1 };
    for parsed in parsed {
        for file in parsed.files.iter().take(most).filter(|file| !file.is_empty()) {
            out.entry(inside(file)).or_insert_with(|| parsed.guide.path.clone());
        }
    }
    out
}
