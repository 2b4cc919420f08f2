//! What is found between guides, and in them.

use jiff::civil::date;

use crate::config;
use crate::guides::{Library, ProblemKind, Severity};

fn site(files: &[(&str, &str)]) -> Library {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let content = config::Content { dir: dir.path().to_owned(), title: Some("Site".into()), language: None };
    let library = Library::load(&content, date(2025, 6, 1)).unwrap();
    let _ = library.problems();
    library
}

fn found(library: &Library) -> String {
    library.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn everything_that_can_be_wrong_is_told_with_its_place_and_the_next_step() {
    let library = site(&[
        ("index.md", "# Start\n\nSee [one](/linked/), [none](/tools/rstudi/) and ![Map](/img/mpa.png).\n"),
        ("img/map.png", ""),
        (
            "tools/rstudio.md",
            "# RStudio\n\n## Setup\n\nOne.\n\n### Examples\n\nA.\n\n## Setup\n\nTwo.\n\n### Examples\n\nB.\n",
        ),
        ("linked.md", "---\nhide_in_navigation: true\n---\n\n# Linked\n\n[Here](#nothing)\n"),
        ("lost.md", "---\nhide_in_navigation: true\n---\n\n# Lost\n\nSee [itself](/lost/).\n"),
        ("other/rstudio.md", "# RSTUDIO\n\nAgain.\n"),
        ("due.md", "---\nowner: ann\nreview_by: 2025-07-01\n---\n\n# Due\n\nText.\n"),
        ("later.md", "---\nreview_by: 2025-07-02\n---\n\n# Later\n\nText.\n"),
        ("late.md", "---\nreview_by: 2025-05-31\n---\n\n# Late\n\nText.\n"),
        ("-/search.md", "# Mine\n"),
    ]);
    insta::assert_snapshot!(found(&library));
}

#[test]
fn a_problem_says_which_other_guides_it_names() {
    let library = site(&[("a.md", "# Same\n\n[x](/b/#none) [y](/bb/)\n"), ("b.md", "# Same\n\nText.\n")]);
    let named = |kind| {
        let problem = library.problems().iter().find(|problem| problem.kind == kind).unwrap();
        problem.mentions.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(named(ProblemKind::BrokenAnchor), ["/b/"]);
    assert_eq!(named(ProblemKind::DuplicateTitle), ["/a/"]);
}

#[test]
fn a_title_may_be_the_same_in_one_guide_s_own_headings_and_a_review_today_is_not_overdue() {
    let library = site(&[("a.md", "---\nreview_by: 2025-06-01\n---\n\n# A\n\n## A\n\nText.\n")]);
    let [due] = library.problems() else { panic!("{}", found(&library)) };
    assert_eq!((due.kind, due.severity), (ProblemKind::ReviewDue, Severity::Information));
}

#[test]
fn links_to_other_sites_are_listed_once_a_line() {
    let library =
        site(&[("a.md", "# A\n\n<https://x.example/> https://x.example/ [m](mailto:a@b.org) [z](//y)\n")]);
    let links = library.external_links();
    assert_eq!(links.len(), 1);
    assert_eq!((links[0].url.as_str(), links[0].line), ("https://x.example/", Some(3)));
}
