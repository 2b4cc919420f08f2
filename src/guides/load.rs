//! Files to a library, and a library to the next one.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use rayon::prelude::*;

use super::compose::Shelf;
use super::file::StaticFile;
use super::library::Library;
use super::links::{Addresses, canonical, decode};
use super::navigation;
use super::page::{Page, Parsed};
use super::problem::{Problem, ProblemKind};
use super::site::{Kind, Site, TECH_DOCS_SETTINGS};
use super::tree::Tree;
use crate::config;
use crate::model::{GuidePath, encode_path};

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
    site: Arc<Site>,
    tree: Arc<Tree>,
    parsed: Vec<Arc<Parsed>>,
    files: Arc<HashMap<String, StaticFile>>,
    problems: Vec<Problem>,
}

impl Library {
    /// Loads every guide below the content folder. A guide that cannot be read is there all the same and says
    /// what is wrong with it. Guides whose review was due before `today` are among the problems.
    pub fn load(content: &config::Content, today: Date) -> Result<Self, LoadError> {
        let dir = &content.dir;
        let unreadable = |source| LoadError::Unreadable { dir: dir.clone(), source };
        if !std::fs::metadata(dir).map_err(unreadable)?.is_dir() {
            return Err(LoadError::NotAFolder { dir: dir.clone() });
        }
        std::fs::read_dir(dir).map_err(unreadable)?;
        let (site, settings) = Site::load(content);
        let tree = Tree::walk(dir);
        let (guides, addresses) = guide_files(&tree, site.kind);
        let sources = Shelf { root: dir, kind: site.kind, files: &tree.files };
        let parse = |(file, path): (String, GuidePath)| Arc::new(Parsed::load(sources, &site, &file, path));
        let parsed = guides.into_par_iter().map(parse).collect();
        let files = Arc::new(static_files(sources, None, |_| true));
        let problems = [settings, addresses].concat();
        let (content, tree) = (content.clone(), Arc::new(tree));
        Parts { content, today, site: Arc::new(site), tree, parsed, files, problems }.assemble(None)
    }

    /// A new snapshot after `changed` (files or folders) were written, moved or removed. Only what they touch is
    /// read again, and every page that is still the same is shared.
    pub fn reload(&self, changed: &[PathBuf], today: Date) -> Result<Self, LoadError> {
        let dir = &self.content.dir;
        let mut tree = (*self.tree).clone();
        let seen = tree.update(dir, changed);
        if seen.touched.contains(TECH_DOCS_SETTINGS) || !dir.is_dir() {
            return Self::load(&self.content, today);
        }
        let kept: HashMap<&str, &Arc<Parsed>> =
            self.pages.iter().map(|page| (&*page.parsed().own_file, page.parsed())).collect();
        let still_good = |parsed: &Parsed| {
            let whole = parsed.problems.iter().all(|problem| problem.kind != ProblemKind::MissingPartial);
            (whole || !seen.structure) && !parsed.files.iter().any(|file| seen.touched.contains(file))
        };
        let (guides, addresses) = guide_files(&tree, self.site.kind);
        let sources = Shelf { root: dir, kind: self.site.kind, files: &tree.files };
        let parse = |(file, path): (String, GuidePath)| match kept.get(&*file) {
            Some(parsed) if parsed.guide.path == path && still_good(parsed) => Arc::clone(parsed),
            _ => Arc::new(Parsed::load(sources, &self.site, &file, path)),
        };
        let parsed = guides.into_par_iter().map(parse).collect();
        let files = if seen.touched.iter().all(|file| is_text_of_guides(file)) {
            self.files.clone()
        } else {
            Arc::new(static_files(sources, Some(&self.files), |file| seen.touched.contains(file)))
        };
        let before = (!seen.structure && Arc::ptr_eq(&files, &self.files)).then_some(self);
        let settings =
            self.site_problems.iter().filter(|problem| problem.file == TECH_DOCS_SETTINGS).cloned();
        let problems = settings.chain(addresses).collect();
        let (content, site) = (self.content.clone(), self.site.clone());
        Parts { content, today, site, tree: Arc::new(tree), parsed, files, problems }.assemble(before)
    }
}

impl Parts {
    /// Makes the guides know of each other. Pages of the library `before` whose guide and surroundings are the
    /// same are shared.
    fn assemble(mut self, before: Option<&Library>) -> Result<Library, LoadError> {
        if self.parsed.is_empty() {
            return Err(LoadError::Empty { dir: self.content.dir });
        }
        self.name_site();
        let mut navigation = navigation::grow(&self.parsed);
        if !self.parsed.iter().any(|parsed| parsed.guide.path == GuidePath::root()) {
            let markdown = navigation::front_page(&navigation);
            self.parsed.push(Arc::new(Parsed::generated(markdown, &self.site)));
            navigation = navigation::grow(&self.parsed);
        }
        let mut order = Vec::with_capacity(self.parsed.len());
        navigation::reading_order(&navigation, &mut order);
        let shown = order.len();
        order
            .extend((0..self.parsed.len()).filter(|index| self.parsed.get(*index).is_some_and(|p| p.hidden)));
        let parsed: Vec<Arc<Parsed>> =
            order.iter().filter_map(|index| self.parsed.get(*index).cloned()).collect();
        let at =
            parsed.iter().enumerate().map(|(index, parsed)| (parsed.guide.path.clone(), index)).collect();
        let by_file = by_file(&parsed, self.site.kind);
        let redirects = redirects(&self.site, &parsed, &at);
        let same = |before: &&Library| before.by_file == by_file && before.redirects == redirects;
        let before = before.filter(same);
        let addresses =
            Addresses { guides: &at, by_file: &by_file, files: &self.files, redirects: &redirects };
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
            at,
            by_file,
            files: self.files,
            redirects,
            navigation,
            site_problems: self.problems,
            problems: OnceLock::new(),
        })
    }

    /// A folder of Markdown that was not given a name has that of its front page, else the folder's.
    fn name_site(&mut self) {
        if self.site.kind != Kind::Folder || self.content.title.is_some() {
            return;
        }
        let front = self.parsed.iter().find(|parsed| parsed.guide.path == GuidePath::root());
        let title = front.map_or_else(|| Site::title_of(&self.content), |front| front.guide.title.clone());
        if self.site.title != title {
            self.site = Arc::new(Site { title, ..(*self.site).clone() });
        }
    }
}

/// The files that are guides, with their addresses, and those that cannot be.
fn guide_files(tree: &Tree, kind: Kind) -> (Vec<(String, GuidePath)>, Vec<Problem>) {
    let mut taken: HashMap<GuidePath, &str> = HashMap::new();
    let (mut guides, mut problems) = (Vec::new(), Vec::new());
    for file in tree.files.keys() {
        let Some(as_markdown) = addressed_as(file, tree, kind) else { continue };
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
fn addressed_as(file: &str, tree: &Tree, kind: Kind) -> Option<String> {
    let inside = file.strip_prefix(kind.prefix())?;
    match kind {
        Kind::TechDocs => {
            let stem = inside.strip_suffix(".erb").unwrap_or(inside);
            let stem = stem.strip_suffix(".html.md").or_else(|| stem.strip_suffix(".html.markdown"))?;
            let partial = inside.split('/').any(|segment| segment.starts_with('_'));
            (!partial).then(|| format!("{stem}.md"))
        }
        Kind::Folder => {
            let stem = inside.strip_suffix(".md").or_else(|| inside.strip_suffix(".markdown"))?;
            let (folder, name) = stem.rsplit_once('/').map_or(("", stem), |(folder, name)| (folder, name));
            let index = if folder.is_empty() { "index.md".to_owned() } else { format!("{folder}/index.md") };
            let beside = !folder.is_empty() && tree.files.contains_key(&format!("{folder}.md"));
            let stands_in =
                name.eq_ignore_ascii_case("readme") && !tree.files.contains_key(&index) && !beside;
            Some(if stands_in { index } else { format!("{stem}.md") })
        }
    }
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
        let address = format!("/{}", file.strip_prefix(shelf.kind.prefix())?);
        let before = before.and_then(|before| before.get(&address)).filter(|_| !touched(file));
        let found = before.cloned().or_else(|| StaticFile::load(shelf.root, file, entry))?;
        (!address.starts_with("/-/")).then_some((address, found))
    };
    shelf.files.par_iter().filter_map(load).collect()
}

/// Which guide a file belongs to, by its path relative to the site's root.
fn by_file(parsed: &[Arc<Parsed>], kind: Kind) -> HashMap<String, GuidePath> {
    let mut out = HashMap::with_capacity(parsed.len());
    let inside = |file: &str| file.strip_prefix(kind.prefix()).unwrap_or(file).to_owned();
    for parsed in parsed {
        for file in parsed.files.iter().filter(|file| !file.is_empty()) {
            out.entry(inside(file)).or_insert_with(|| parsed.guide.path.clone());
        }
    }
    out
}

/// Former addresses, from the site's settings and from guides, and where they lead.
fn redirects(site: &Site, parsed: &[Arc<Parsed>], at: &HashMap<GuidePath, usize>) -> HashMap<String, String> {
    let configured = site.redirects.iter().map(|(from, to)| (from.clone(), destination(to)));
    let former = parsed.iter().flat_map(|parsed| {
        let to = encode_path(parsed.guide.path.as_str());
        parsed.former_paths.iter().map(move |from| (from.clone(), Some(to.clone())))
    });
    let mut out = HashMap::new();
    for (from, to) in configured.chain(former) {
        let from = format!("/{}", decode(from.trim_start_matches('/')));
        let guide = canonical(&from);
        if let Some(to) = to.filter(|to| decode(to) != guide && !at.contains_key(&*from)) {
            if !at.contains_key(&*guide) {
                out.entry(guide).or_insert_with(|| to.clone());
            }
            out.entry(from).or_insert(to);
        }
    }
    out
}

/// Where a redirect of the site's settings may lead: the web, or a path on this host.
fn destination(to: &str) -> Option<String> {
    if to.starts_with("https://") || to.starts_with("http://") {
        return url::Url::parse(to).ok().map(String::from);
    }
    let (path, fragment) = to.split_at(to.find('#').unwrap_or(to.len()));
    let path = format!("/{}", decode(path).trim_start_matches(['/', '\\']));
    let clean = !path.contains(['\\', '?'])
        && !path.chars().any(char::is_control)
        && !fragment.chars().any(char::is_control);
    clean.then(|| format!("{}{}", encode_path(&canonical(&path)), fragment.replace(' ', "%20")))
}
