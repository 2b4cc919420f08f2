//! Everything that is wrong with a site, guide by guide.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use rayon::prelude::*;

use super::events::Noticed;
use super::library::Library;
use super::links::{Picture, Target, canonical, decode, joined};
use super::page::{Page, Parsed};
use super::problem::{Problem, ProblemKind, nearest};
use super::sections::Mention;
use super::site::Kind;
use super::wiki;

/// From this many guides on, a construct that is left out of all of them is one problem, not one a guide.
const COMMON: usize = 4;

/// A site may hold more guides; then only those of the same folder are compared with a broken link.
const MOST_COMPARED: usize = 500;

/// All problems of `library` on the day `today`, by file and line.
pub(super) fn check(library: &Library, today: Date) -> Vec<Problem> {
    let mut problems = [&*library.site_problems, &library.tree.problems].concat();
    let pages: Vec<&Page> = library.pages().map(|page| &**page).collect();
    let nearby = Nearby::of(library);
    let of_pages = pages.par_iter().flat_map_iter(|page| without_left_out(library, &nearby, page, today));
    problems.par_extend(of_pages);
    problems.extend(left_out(&pages));
    problems.extend(unused(library));
    problems.sort();
    problems.dedup();
    problems
}

/// The problems of one guide.
pub(super) fn check_page(library: &Library, page: &Page, today: Date) -> Vec<Problem> {
    let mut problems = without_left_out(library, &Nearby::of(library), page, today);
    problems.extend(left_out(&[page]));
    problems.sort();
    problems.dedup();
    problems
}

fn without_left_out(library: &Library, nearby: &Nearby<'_>, page: &Page, today: Date) -> Vec<Problem> {
    let parsed = page.parsed();
    let mut problems = parsed.problems.clone();
    problems.extend(parsed.links.iter().filter_map(|link| broken_link(library, nearby, page, link)));
    problems.extend(images(page));
    problems.extend(noticed(parsed));
    problems.extend(overdue(parsed, today));
    problems
}

fn broken_link(library: &Library, nearby: &Nearby<'_>, page: &Page, link: &Mention) -> Option<Problem> {
    let parsed = page.parsed();
    let (file, dest) = (&parsed.guide.file, &link.dest);
    match library.addresses().link(dest, &parsed.bases()) {
        Target::Elsewhere => None,
        Target::Here(address) => broken_anchor(library, page, link, &address),
        Target::Nowhere if wiki::is_link(dest) => {
            let message = format!("guide `{file}` says `{dest}`, {}", library.names.why_not(dest));
            Some(Problem::warning(&link.place, ProblemKind::BrokenLink, message))
        }
        Target::Nowhere => {
            let suggestion = match nearby.nearest(parsed, dest) {
                _ if is_mail_address(dest) => format!("write `mailto:{dest}`"),
                Some(near) => format!("the nearest is `{near}`"),
                None => "remove it or name another".to_owned(),
            };
            let message = format!(
                "guide `{file}` links to `{dest}`, which is neither a guide nor a file; {suggestion}"
            );
            Some(Problem::error(&link.place, ProblemKind::BrokenLink, message))
        }
    }
}

fn broken_anchor(library: &Library, page: &Page, link: &Mention, address: &str) -> Option<Problem> {
    let (path, fragment) = address.split_once('#')?;
    let path = path.split('?').next().unwrap_or_default();
    let fragment = decode(fragment);
    if fragment.is_empty() || fragment == "top" {
        return None;
    }
    let target = if path.is_empty() { page } else { library.page(&decode(path))? };
    let anchors = &target.parsed().anchors;
    if anchors.contains(&fragment) {
        return None;
    }
    let (file, dest) = (&page.guide().file, &link.dest);
    let suggestion = nearest(&fragment, anchors.iter().map(String::as_str))
        .map_or_else(|| "link to the guide alone".to_owned(), |near| format!("the nearest is `#{near}`"));
    let what = if std::ptr::eq(target, page) {
        "which is no heading there".to_owned()
    } else {
        format!("but `{}` has no heading `#{fragment}`", target.guide().file)
    };
    let message = format!("guide `{file}` links to `{dest}`, {what}; {suggestion}");
    Some(Problem::error(&link.place, ProblemKind::BrokenAnchor, message))
}

/// The guides by their names and by their folders, for finding what a broken link may have meant.
struct Nearby<'a> {
    by_name: HashMap<&'a str, Vec<&'a str>>,
    by_folder: HashMap<&'a str, Vec<&'a str>>,
    /// Whether all of them can be compared.
    few: bool,
}

impl<'a> Nearby<'a> {
    fn of(library: &'a Library) -> Self {
        let few = library.pages().len() <= MOST_COMPARED;
        let mut nearby = Self { by_name: HashMap::new(), by_folder: HashMap::new(), few };
        for page in library.pages() {
            let address = page.guide().path.as_str();
            let (folder, name) = folder_and_name(address);
            nearby.by_name.entry(name).or_default().push(address);
            nearby.by_folder.entry(folder).or_default().push(address);
        }
        nearby
    }

    /// The only guide of the name that `dest` has, else the address that resembles it most, in its folder.
    fn nearest(&self, parsed: &Parsed, dest: &str) -> Option<&'a str> {
        let path = decode(dest.split(['#', '?']).next().unwrap_or_default());
        let base = parsed.bases().0.into_iter().next().filter(|_| !path.starts_with('/'));
        let wanted = canonical(&joined(base.as_deref().unwrap_or("/"), &path));
        let (folder, name) = folder_and_name(&wanted);
        let same_name = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        if let [only] = same_name {
            return Some(only);
        }
        let beside = self.by_folder.get(folder).map(Vec::as_slice).unwrap_or_default();
        let anywhere = self.by_folder.values().filter(|_| self.few).flatten();
        let candidates = same_name.iter().chain(beside).take(MOST_COMPARED).chain(anywhere);
        nearest(&wanted, candidates.copied())
    }
}

/// `/a/b/` is `/a/` and `b`.
fn folder_and_name(address: &str) -> (&str, &str) {
    let inside = address.trim_end_matches('/');
    let name = inside.rsplit('/').next().unwrap_or_default();
    (inside.strip_suffix(name).unwrap_or(inside), name)
}

fn is_mail_address(dest: &str) -> bool {
    !dest.contains('/') && dest.parse::<crate::model::EmailAddress>().is_ok()
}

fn images(page: &Page) -> impl Iterator<Item = Problem> + '_ {
    let parsed = page.parsed();
    let file = &parsed.guide.file;
    let missing = parsed.images.iter().filter(|image| page.targets().image(&image.dest) == Picture::Missing);
    let missing = missing.map(move |Mention { dest, place }| {
        let message =
            format!("guide `{file}` shows image `{dest}`, which is not there; add the file or name another");
        Problem::error(place, ProblemKind::MissingImage, message)
    });
    let silent = parsed.silent_images.iter().map(move |Mention { dest, place }| {
        let message = format!(
            "guide `{file}` shows image `{dest}` without alternative text; write what it shows between the brackets"
        );
        Problem::warning(place, ProblemKind::MissingAlt, message)
    });
    missing.chain(silent)
}

fn noticed(parsed: &Parsed) -> impl Iterator<Item = Problem> + '_ {
    let file = &parsed.guide.file;
    parsed.noticed.iter().filter_map(move |(place, noticed)| {
        let (kind, message) = match noticed {
            Noticed::LeftOut(_) => return None,
            Noticed::Shown(what) => (
                ProblemKind::NotUnderstood,
                format!("guide `{file}` holds `{}`, which is shown as it is written", one_line(what)),
            ),
            Noticed::Unwrapped(what) => (
                ProblemKind::NotUnderstood,
                format!(
                    "guide `{file}` holds `{}`, which is left out; what is inside is shown",
                    one_line(what)
                ),
            ),
            Noticed::Formula { written, why } => (
                ProblemKind::NotUnderstood,
                format!("guide `{file}`: formula `{}` cannot be shown as one: {why}", one_line(written)),
            ),
            Noticed::Diagram { why } => {
                (ProblemKind::NotUnderstood, format!("guide `{file}`: a diagram cannot be drawn: {why}"))
            }
            Noticed::EmptyHeading => {
                (ProblemKind::EmptyHeading, format!("guide `{file}` has a heading without words; remove it"))
            }
            Noticed::BareHeading(heading) => (
                ProblemKind::EmptyHeading,
                format!("guide `{file}` has nothing under the heading “{heading}”; write it or remove it"),
            ),
            Noticed::Jump { heading, from, to } => (
                ProblemKind::HeadingJump,
                format!(
                    "guide `{file}`: heading “{heading}” jumps from level {from} to level {to}; use level {}",
                    from + 1
                ),
            ),
        };
        Some(Problem::warning(place, kind, message))
    })
}

fn overdue(parsed: &Parsed, today: Date) -> Option<Problem> {
    let review = &parsed.guide.review;
    let due = review.due.filter(|due| *due < today)?;
    let file = &parsed.guide.file;
    let owner = review.owner.as_ref().map_or_else(String::new, |owner| format!(" by {owner}"));
    let message =
        format!("guide `{file}` was to be reviewed{owner} before {due}; review it and set the new date");
    Some(Problem::warning(&*parsed.own_file, ProblemKind::ReviewOverdue, message))
}

/// Elements that are left out: one problem each, or one for all where many guides hold the same.
fn left_out(pages: &[&Page]) -> Vec<Problem> {
    let mut by_construct: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for page in pages {
        for (place, noticed) in &page.parsed().noticed {
            if let Noticed::LeftOut(what) = noticed {
                by_construct.entry(what).or_default().push(place);
            }
        }
    }
    let mut problems = Vec::new();
    for (what, places) in by_construct {
        let what = one_line(what);
        match places.as_slice() {
            [first, ..] if places.len() >= COMMON => {
                let message =
                    format!("{} files hold `{what}`, which is left out; this is the first", places.len());
                problems.push(Problem::warning(*first, ProblemKind::NotUnderstood, message));
            }
            places => problems.extend(places.iter().map(|place| {
                let message = format!("guide `{}` holds `{what}`, which is left out", place.file);
                Problem::warning(*place, ProblemKind::NotUnderstood, message)
            })),
        }
    }
    problems
}

/// Partials of a tech-docs site that no stub names, and files of a book that its summary does not.
fn unused(library: &Library) -> Vec<Problem> {
    let next = match library.kind() {
        Kind::TechDocs => "is part of no guide; name it in one or remove it",
        Kind::MdBook => "is not shown, `SUMMARY.md` does not name it; name it there or remove it",
        Kind::Folder | Kind::MkDocs => return Vec::new(),
    };
    let used: HashSet<&str> =
        library.pages().flat_map(|page| page.parsed().files.iter().map(String::as_str)).collect();
    let inside = library.tree.files.keys().filter(|file| library.site.inside(file).is_some());
    let markdown = inside.filter(|file| [".md", ".md.erb"].iter().any(|end| file.ends_with(end)));
    let unused = markdown.filter(|file| !used.contains(&***file) && !file.ends_with("SUMMARY.md"));
    let problems =
        unused.map(|file| Problem::warning(&**file, ProblemKind::Unused, format!("`{file}` {next}")));
    problems.collect()
}

fn one_line(what: &str) -> String {
    let mut shown: String = what.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = shown.char_indices().nth(80) {
        shown.truncate(end);
        shown.push('…');
    }
    shown
}
