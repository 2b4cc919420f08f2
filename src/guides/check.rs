//! Everything that is wrong with a site, guide by guide.

mod between;
mod nearby;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use nearby::Nearby;
use rayon::prelude::*;

use super::events::Noticed;
use super::library::Library;
use super::links::{Picture, Target, decode};
use super::page::{Page, Parsed};
use super::problem::{Problem, ProblemKind, nearest};
use super::sections::Mention;
use super::site::Kind;
use super::wiki;

/// From this many guides on, a construct that is left out of all of them is one problem, not one a guide.
const COMMON: usize = 4;

/// How many days before a review is due its owner is told.
const SOON_DAYS: i32 = 30;

/// All problems of `library` on the day `today`, by file and line.
pub(super) fn check(library: &Library, today: Date) -> Vec<Problem> {
    let mut problems = [&*library.site_problems, &library.tree.problems].concat();
    let pages: Vec<&Page> = library.pages().map(|page| &**page).collect();
    let nearby = Nearby::of(library);
    let of_pages = pages.par_iter().flat_map_iter(|page| without_left_out(library, &nearby, page, today));
    problems.par_extend(of_pages);
    problems.extend(left_out(&pages));
    problems.extend(unused(library));
    problems.extend(between::orphans(library));
    problems.extend(between::titles(&pages));
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
    problems.extend(images(nearby, page));
    problems.extend(noticed(parsed));
    problems.extend(review(parsed, today));
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
            let near = nearby.guide(parsed, dest);
            let suggestion = match near {
                _ if is_mail_address(dest) => format!("write `mailto:{dest}`"),
                Some(near) => format!("the nearest is `{near}`"),
                None => "remove it or name another".to_owned(),
            };
            let message = format!(
                "guide `{file}` links to `{dest}`, which is neither a guide nor a file; {suggestion}"
            );
            let named = near.and_then(|near| library.page(near)).map(|page| &page.guide().path);
            Some(Problem::error(&link.place, ProblemKind::BrokenLink, message).mentioning(named))
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
    let own = std::ptr::eq(target, page);
    let what = if own {
        "which is no heading there".to_owned()
    } else {
        format!("but `{}` has no heading `#{fragment}`", target.guide().file)
    };
    let message = format!("guide `{file}` links to `{dest}`, {what}; {suggestion}");
    let named = (!own).then_some(&target.guide().path);
    Some(Problem::error(&link.place, ProblemKind::BrokenAnchor, message).mentioning(named))
}

fn is_mail_address(dest: &str) -> bool {
    !dest.contains('/') && dest.parse::<crate::model::EmailAddress>().is_ok()
}

fn images<'a>(nearby: &'a Nearby<'_>, page: &'a Page) -> impl Iterator<Item = Problem> + 'a {
    let parsed = page.parsed();
    let file = &parsed.guide.file;
    let missing = parsed.images.iter().filter(|image| page.targets().image(&image.dest) == Picture::Missing);
    let missing = missing.map(move |Mention { dest, place }| {
        let suggestion = nearby.image(parsed, dest).map_or_else(
            || "add the file or name another".to_owned(),
            |near| format!("the nearest is `{near}`"),
        );
        let message = format!("guide `{file}` shows image `{dest}`, which is not there; {suggestion}");
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
            Noticed::Twin { heading, first } => (
                ProblemKind::DuplicateHeading,
                format!(
                    "guide `{file}` has the heading “{heading}” twice in one section, as `#{first}` before; \
                     say in each what sets it apart"
                ),
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

/// A review that is overdue, or will be soon.
fn review(parsed: &Parsed, today: Date) -> Option<Problem> {
    let review = &parsed.guide.review;
    let due = review.due?;
    let (file, place) = (&parsed.guide.file, &*parsed.own_file);
    let owner = review.owner.as_ref().map_or_else(String::new, |owner| format!(" by {owner}"));
    if due < today {
        let message =
            format!("guide `{file}` was to be reviewed{owner} before {due}; review it and set the new date");
        return Some(Problem::warning(place, ProblemKind::ReviewOverdue, message));
    }
    let soon = today.checked_add(SOON_DAYS.days()).is_ok_and(|soon| due <= soon);
    soon.then(|| {
        let message = format!("guide `{file}` is to be reviewed{owner} by {due}");
        Problem::information(place, ProblemKind::ReviewDue, message)
    })
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
