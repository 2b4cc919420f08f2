//! The guides room over a real guidance site, as its authors left it.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::civil::date;
use loggia::config::Content;
use loggia::guides::{Kind, Library, Lookup, Problem, ProblemKind, Severity};
use scraper::{Html, Selector};

/// The corpus, or `None` with a visible line where it is not at hand.
fn corpus(part: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test finds its input by the environment")]
    let named = std::env::var("LOGGIA_CORPUS").ok().map(PathBuf::from);
    let corpus =
        named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus")).join(part);
    if !corpus.exists() {
        println!("skipped: {} is not there; set LOGGIA_CORPUS", corpus.display());
        return None;
    }
    Some(corpus)
}

fn load(dir: PathBuf) -> Library {
    Library::load(&Content { dir, title: None, language: None }, date(2026, 2, 1)).unwrap()
}

fn real_site() -> Option<Library> {
    corpus("user-guidance").map(load)
}

fn select<'a>(html: &'a Html, selector: &str) -> Vec<scraper::ElementRef<'a>> {
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector).collect()
}

fn of_kind(library: &Library, kind: ProblemKind) -> Vec<&Problem> {
    library.problems().iter().filter(|problem| problem.kind == kind).collect()
}

#[test]
fn all_97_guides_of_the_real_site_load_and_are_reachable() {
    let Some(library) = real_site() else { return };
    assert_eq!(library.kind(), Kind::TechDocs);
    assert_eq!(library.pages().len(), 97);
    for page in library.pages() {
        let path = page.guide().path.as_str();
        assert!(
            matches!(library.lookup(path), Lookup::Guide(found) if std::sync::Arc::ptr_eq(found, page)),
            "{path}"
        );
        let html_path = format!("{}.html", path.trim_end_matches('/'));
        if path != "/" {
            assert!(matches!(library.lookup(&html_path), Lookup::Redirect(to) if to == path), "{html_path}");
        }
        assert!(!page.html().contains("<script"), "{path}");
        assert!(!page.html().contains("This guide has a problem"), "{path}");
        assert!(page.guide().sections.iter().any(|section| !section.text.is_empty()), "{path} says nothing");
    }
    assert!(of_kind(&library, ProblemKind::Unreadable).is_empty());
    assert!(of_kind(&library, ProblemKind::FrontMatter).is_empty());
    assert!(of_kind(&library, ProblemKind::MissingPartial).is_empty());
}

#[test]
fn the_real_site_s_settings_are_its_own() {
    let Some(library) = real_site() else { return };
    let site = library.site();
    assert_eq!(site.title, "Analytical Platform User Guidance");
    assert_eq!(site.contents_depth, 2);
    let header: Vec<&str> = site.header_links.iter().map(|link| &*link.title).collect();
    assert_eq!(header, ["Control Panel", "Status", "Support"]);
    assert!(
        matches!(library.lookup("/raise-an-issue.html"), Lookup::Redirect(to) if to.starts_with("https://github.com/"))
    );
    let top: Vec<&str> = library.navigation().iter().map(|node| &*node.title).collect();
    assert_eq!(top.first(), Some(&"Introduction"));
    assert!(top.contains(&"Git and GitHub"), "{top:?}");
}

#[test]
fn every_link_and_image_of_the_real_site_leads_somewhere_or_is_reported() {
    let Some(library) = real_site() else { return };
    let reported = of_kind(&library, ProblemKind::BrokenLink);
    let broken_anchors = of_kind(&library, ProblemKind::BrokenAnchor);
    let mut unreported = Vec::new();
    for page in library.pages() {
        let html = Html::parse_fragment(&page.html());
        let file = &page.guide().file;
        let ids: HashSet<&str> =
            select(&html, "[id]").into_iter().filter_map(|element| element.value().id()).collect();
        for link in select(&html, "a[href]") {
            let href = link.attr("href").unwrap();
            let said = |problems: &[&Problem], what: &str| {
                problems.iter().any(|problem| problem.file == *file && problem.message.contains(what))
            };
            if let Some(id) = href.strip_prefix('#') {
                if !ids.contains(id) && !said(&broken_anchors, id) {
                    unreported.push(format!("{file}: {href}"));
                }
            } else if !href.contains(':') {
                let path = href.split(['#', '?']).next().unwrap();
                let leads = matches!(library.lookup(path), Lookup::Guide(_) | Lookup::File(_));
                let leads =
                    leads || path.starts_with('/') && matches!(library.lookup(path), Lookup::Redirect(_));
                if !leads && !said(&reported, &format!("links to `{href}`")) {
                    unreported.push(format!("{file}: {href}"));
                }
            }
        }
        for image in select(&html, "img") {
            let src = image.attr("src").unwrap();
            let there = src.starts_with("https://") || matches!(library.lookup(src), Lookup::File(_));
            if !there {
                unreported.push(format!("{file}: image {src}"));
            }
        }
    }
    assert!(unreported.is_empty(), "{}", unreported.join("\n"));
}

/// Broken in the source, each looked at: the snapshot is the list.
#[test]
fn what_is_broken_in_the_real_site_is_known() {
    let Some(library) = real_site() else { return };
    let errors = library.problems().iter().filter(|problem| problem.severity == Severity::Error);
    let errors: Vec<String> = errors.map(ToString::to_string).collect();
    insta::assert_snapshot!(errors.join("\n"));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for problem in library.problems() {
        *counts.entry(format!("{}: {:?}", problem.severity, problem.kind)).or_default() += 1;
    }
    insta::assert_debug_snapshot!("problems_of_the_real_site_counted", counts);
}

#[test]
fn about_the_platform_reads_well() {
    let Some(corpus) = corpus("about-the-platform.md") else { return };
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(corpus, dir.path().join("about-the-platform.md")).unwrap();
    let library = load(dir.path().to_owned());
    assert!(matches!(library.lookup("/"), Lookup::Guide(page) if page.generated()));
    let Lookup::Guide(page) = library.lookup("/about-the-platform/") else { panic!("no guide") };
    assert_eq!(page.heading(), "About the Analytical Platform");
    let html = Html::parse_fragment(&page.html());
    assert_eq!(select(&html, "table").len(), 1);
    assert_eq!(select(&html, "tbody tr").len(), 8);
    assert_eq!(select(&html, "thead th").len(), 2);
    let text = |selector| {
        select(&html, selector).into_iter().map(|e| e.text().collect::<String>()).collect::<Vec<_>>()
    };
    assert!(text("tbody td:first-child a").iter().any(|cell| cell == "Control panel"));
    assert!(
        text("h1, h2, h3, h4, p, li, div").iter().all(|text| !text.trim().is_empty()),
        "nothing empty is shown"
    );
    assert_eq!(select(&html, "h1, [style]").len(), 0);
    assert!(!page.html().contains("---") && !page.html().contains("| "), "no raw table is left");
    let jumped_to: Vec<&str> = page.contents(2).map(|section| &*section.id).collect();
    assert_eq!(jumped_to.last(), Some(&"location"));
}
