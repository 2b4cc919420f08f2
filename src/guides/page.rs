//! One guide, ready to be read.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::audience::Declared;
use super::compose::{self, Composed, Shelf};
use super::events::{self, Noticed};
use super::habits;
use super::history::{History, Renamed};
use super::html::{self, escape};
use super::languages;
use super::links::{Addresses, Bases, Target, Targets};
use super::problem::{Place, Problem, ProblemKind};
use super::sections::{self, Mention, Outline};
use super::site::{Kind, Site, title_of_name};
use super::source::Source;
use crate::model::{Guide, GuidePath, Readers, Section};

/// A guide as it is shown. Its HTML is rendered when it is asked for.
#[derive(Debug)]
pub struct Page {
    parsed: Arc<Parsed>,
    targets: Targets,
}

/// A guide by itself, before anything is known of the others.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    pub(super) guide: Guide,
    pub(super) kind: Kind,
    /// What every guide's file lies below.
    prefix: Arc<str>,
    /// Where the guide's text begins in its Markdown.
    body: usize,
    pub(super) modified: Option<Timestamp>,
    /// The file that makes it a guide: the stub, or the Markdown itself.
    pub(super) own_file: String,
    pub(super) files: Vec<String>,
    pub(super) hidden: bool,
    pub(super) draft: bool,
    /// Who may read it, as it says itself.
    pub(super) declared: Declared,
    pub(super) former_paths: Vec<String>,
    pub(super) anchors: HashSet<String>,
    pub(super) links: Vec<Mention>,
    pub(super) images: Vec<Mention>,
    pub(super) silent_images: Vec<Mention>,
    pub(super) noticed: Vec<(Place, Noticed)>,
    pub(super) problems: Vec<Problem>,
    notice: Option<String>,
}

impl Page {
    /// What the guide says: address, title, sections, Markdown.
    #[must_use]
    pub fn guide(&self) -> &Guide {
        &self.parsed.guide
    }

    /// The words for the page's only first-level heading; [`Guide::title`] is for navigation and search.
    #[must_use]
    pub fn heading(&self) -> &str {
        self.guide().sections.first().map_or(&self.guide().title, |lead| &lead.heading)
    }

    /// The content below that heading, sanitised, without scripts and inline styles. Nothing of it is kept.
    #[must_use]
    pub fn html(&self) -> String {
        self.parsed.render(&self.targets)
    }

    /// The headings for the page's table of contents: second level to `depth`.
    pub fn contents(&self, depth: u8) -> impl Iterator<Item = &Section> {
        self.guide().sections.iter().skip(1).filter(move |section| section.level <= depth)
    }

    /// When one of its files last changed.
    #[must_use]
    pub fn modified(&self) -> Option<Timestamp> {
        self.parsed.modified
    }

    /// Whether it is left out of the navigation by its author's wish.
    #[must_use]
    pub fn hidden(&self) -> bool {
        self.parsed.hidden
    }

    /// Whether it is there only while it is being written: readers never meet it.
    #[must_use]
    pub fn draft(&self) -> bool {
        self.parsed.draft
    }

    /// Whether it has no file: the front page of a folder that has none of its own.
    #[must_use]
    pub fn generated(&self) -> bool {
        self.parsed.own_file.is_empty()
    }

    pub(super) fn new(parsed: Arc<Parsed>, addresses: Addresses<'_>) -> Self {
        let bases = parsed.bases();
        let mut targets = Targets::default();
        for Mention { dest, .. } in &parsed.links {
            if let Target::Here(address) = addresses.link(dest, &bases)
                && address != *dest
            {
                targets.links.insert(dest.clone(), address);
            }
        }
        for Mention { dest, .. } in &parsed.images {
            targets.images.insert(dest.clone(), addresses.image(dest, &bases));
        }
        targets.former_ids = parsed.former_ids(addresses.history);
        Self { parsed, targets }
    }

    pub(super) fn parsed(&self) -> &Arc<Parsed> {
        &self.parsed
    }

    pub(super) fn targets(&self) -> &Targets {
        &self.targets
    }
}

impl Parsed {
    /// Reads and parses the guide at `path` whose own file is `own_file`.
    pub(super) fn load(shelf: Shelf<'_>, site: &Site, own_file: &str, path: GuidePath) -> Self {
        let composed = compose::compose(shelf, own_file);
        let modified = composed.files.iter().filter_map(|file| shelf.files.get(file)?.modified).max();
        let mut parsed = Self::of(composed, site, path);
        parsed.modified = modified;
        own_file.clone_into(&mut parsed.own_file);
        parsed
    }

    /// The same in the language of the top folder it is in, unless it says another itself.
    pub(super) fn in_language_of(mut self, spoken: &BTreeSet<String>) -> Self {
        let folder = languages::folder_of(&self.guide.path, spoken).map(str::to_owned);
        self.guide.language = self.guide.language.take().or(folder);
        self
    }

    /// A page that nobody wrote.
    pub(super) fn generated(markdown: String, site: &Site) -> Self {
        let source = Source::of_file("", markdown);
        let mut parsed = Self::of(Composed { source, ..Composed::default() }, site, GuidePath::root());
        parsed.guide.title.clone_from(&site.title);
        if let Some(lead) = Arc::make_mut(&mut parsed.guide.sections).first_mut() {
            lead.heading.clone_from(&site.title);
        }
        parsed.problems.clear();
        parsed
    }

    fn of(composed: Composed, site: &Site, path: GuidePath) -> Self {
        let Composed {
            source,
            body,
            front_matter,
            declared,
            draft,
            file,
            files,
            mut problems,
            mut noticed,
            notice,
        } = composed;
        let prepared = habits::prepare(&source, body, site.kind == Kind::TechDocs);
        let document = events::parse(&prepared.source.text, site.kind.slugs());
        let first_heading = document.lead.as_ref().map(|lead| lead.title.clone());
        let untitled = front_matter.title.is_none() && first_heading.is_none();
        let own_file = files.first().cloned().unwrap_or_default();
        let planned = site.plan.as_ref().and_then(|plan| plan.title(&own_file)).map(str::to_owned);
        let untitled = untitled && planned.is_none();
        let own = front_matter.title.clone();
        // A book's summary names chapters for the navigation; a page may have a title of its own.
        let title = if site.kind == Kind::MdBook { own.or(planned) } else { planned.or(own) };
        let title = title.filter(|title| !title.trim().is_empty());
        let title = title.or(first_heading).unwrap_or_else(|| title_of_path(&path, &site.title));
        let Outline { sections, anchors, links, images, silent_images } =
            sections::outline(&document, &title, &prepared.source);
        let ruby = prepared.foreign.into_iter().map(|(at, what)| (at, Noticed::Shown(what)));
        noticed.extend(
            document.noticed.into_iter().chain(ruby).map(|(at, what)| (prepared.source.place(at), what)),
        );
        let (review, mut unclear) = front_matter.review(site.default_owner.as_deref());
        let (language, boost) = (front_matter.language(&mut unclear), front_matter.boost(&mut unclear));
        for value in unclear {
            let message = format!("guide `{own_file}`: {value}");
            problems.push(Problem::warning(&*own_file, ProblemKind::FrontMatter, message));
        }
        if untitled && notice.is_none() {
            let message = format!("guide `{file}` has no title; write `# Title` on its first line");
            problems.push(Problem::warning(&*file, ProblemKind::MissingTitle, message));
        }
        let left_out = !own_file.is_empty() && site.plan.as_ref().is_some_and(|plan| !plan.lists(&own_file));
        let of_site = site.description.as_ref().filter(|_| path == GuidePath::root());
        let guide = Guide {
            description: front_matter.description.clone().or_else(|| of_site.cloned()),
            path,
            file,
            title,
            weight: front_matter.weight(),
            review,
            readers: Readers::PUBLIC,
            language,
            boost,
            sections: sections.into(),
            markdown: source.text.into(),
        };
        Self {
            guide,
            kind: site.kind,
            prefix: site.prefix.clone(),
            body,
            modified: None,
            own_file,
            files,
            hidden: front_matter.hidden() || left_out,
            draft,
            declared,
            former_paths: front_matter.former_paths(),
            anchors,
            links,
            images,
            silent_images,
            noticed,
            problems,
            notice,
        }
    }

    fn render(&self, targets: &Targets) -> String {
        let source = Source::of_file("", self.guide.markdown.text());
        let prepared = habits::prepare(&source, self.body, self.kind == Kind::TechDocs);
        let document = events::parse(&prepared.source.text, self.kind.slugs());
        let html = html::render(&document, targets);
        match &self.notice {
            None => html,
            Some(notice) => format!("{}{html}", notice_html(notice)),
        }
    }

    /// The ids that its headings had under their former names, by those that they have. A heading that was renamed twice
    /// is followed to what it is called today.
    fn former_ids(&self, history: &History) -> HashMap<String, Vec<String>> {
        let mut now: HashMap<String, String> = HashMap::new();
        let mut former: HashMap<String, Vec<String>> = HashMap::new();
        for Renamed { old, new } in self.files.iter().flat_map(|file| history.renamed(file)) {
            let [old, new] = [old, new].map(|heading| events::id_of(heading, self.kind.slugs()));
            let (Some(old), Some(new)) = (old, new) else { continue };
            let id = if self.anchors.contains(&new) { Some(&new) } else { now.get(&new) };
            let Some(id) = id.filter(|_| !self.anchors.contains(&old) && !now.contains_key(&old)).cloned()
            else {
                continue;
            };
            former.entry(id.clone()).or_default().push(old.clone());
            now.insert(old, id);
        }
        former
    }

    /// From where its links may be meant: its folder in the former site, its own address, the file it came from.
    pub(super) fn bases(&self) -> Bases {
        let folder = |file: &str| {
            let inside = file.strip_prefix(&*self.prefix).unwrap_or(file);
            inside.rsplit_once('/').map_or_else(|| "/".to_owned(), |(folder, _)| format!("/{folder}/"))
        };
        let mut bases = vec![folder(&self.own_file)];
        for base in [self.guide.path.as_str().to_owned(), folder(&self.guide.file)] {
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
        Bases(bases)
    }
}

fn title_of_path(path: &GuidePath, site_title: &str) -> String {
    path.segments().last().map_or_else(|| site_title.to_owned(), title_of_name)
}

/// What is wrong, in place, `code` marked as such.
fn notice_html(notice: &str) -> String {
    let mut said = String::new();
    for (at, part) in notice.split('`').enumerate() {
        let part = escape(part);
        let (open, close) = if at % 2 == 1 { ("<code>", "</code>") } else { ("", "") };
        said.extend([open, &*part, close]);
    }
    format!(
        "<div class=\"alert alert-caution\" role=\"note\"><p class=\"alert-title\">This guide has a problem</p>\n\
         <p>{said}.</p>\n</div>\n"
    )
}
