//! The room as a whole: folders in, libraries and pages out.

use std::path::PathBuf;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use scraper::{Html, Selector};

mod sites;

use super::*;
use crate::config;

mod habits_of_authors;
mod rewrite;
mod spec;
mod written;

/// A content folder for one test.
struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            folder.write(name, text);
        }
        folder
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn load(&self) -> Library {
        self.try_load().unwrap()
    }

    fn try_load(&self) -> Result<Library, LoadError> {
        Library::load(
            &config::Content { dir: self.0.path().to_owned(), title: Some("Site".into()), language: None },
            today(),
        )
    }
}

fn today() -> Date {
    date(2025, 6, 1)
}

fn found(library: &Library, path: &str) -> String {
    match library.lookup(path) {
        Lookup::Guide(page) => format!("guide {}", page.guide().file),
        Lookup::Source(page) => format!("source {}", page.guide().file),
        Lookup::File(file) => format!("file {}", file.media_type),
        Lookup::Redirect(to) => format!("redirect {to}"),
        Lookup::Missing => "missing".to_owned(),
    }
}

fn html(markdown: &str) -> String {
    let library = Folder::with(&[("index.md", markdown)]).load();
    library.page("/").unwrap().html()
}

fn messages(library: &Library) -> String {
    library.problems().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_page_with_everything() {
    let folder = Folder::with(&[
        ("index.md", include_str!("tests/everything.md")),
        ("tools/r.md", "# R\n\n## Set up\n\nx\n"),
        ("images/dot.svg", "<svg width='4' height='3'></svg>"),
    ]);
    let library = folder.load();
    insta::assert_snapshot!(library.page("/").unwrap().html());
    insta::assert_snapshot!("problems_of_a_page_with_everything", messages(&library));
}

#[test]
fn every_address_answers_once() {
    let library = Folder::with(&[
        ("index.md", "# Front\n"),
        ("a/b.md", "---\naliases: [/was/here.html, old b]\n---\n# B\n"),
        ("a/Über uns/index.md", "# Us\n"),
        ("a/pic.png", "x"),
        ("a/evil.html", "<script>"),
        ("a/evil.js", "x"),
    ])
    .load();
    for (path, expected) in [
        ("/", "guide index.md"),
        ("/index.md", "source index.md"),
        ("/index.html", "redirect /"),
        ("/a/b/", "guide a/b.md"),
        ("/a/b", "redirect /a/b/"),
        ("/a/b.html", "redirect /a/b/"),
        ("/a/b/index.html", "redirect /a/b/"),
        ("/a/b.md", "source a/b.md"),
        ("/A/b/", "missing"),
        ("/a/Über uns", "redirect /a/%C3%9Cber%20uns/"),
        ("/a/pic.png", "file image/png"),
        ("/a/evil.html", "missing"),
        ("/a/evil.js", "missing"),
        ("/a/", "missing"),
        ("/was/here.html", "redirect /a/b/"),
        ("/was/here/", "redirect /a/b/"),
        ("/old b", "redirect /a/b/"),
        ("/../index.md", "missing"),
        ("//index.html", "redirect /"),
        ("", "redirect /"),
    ] {
        assert_eq!(found(&library, path), expected, "{path}");
    }
}

#[test]
fn a_folder_without_a_front_page_gets_one() {
    let library = Folder::with(&[("about-us.md", "# About [us]\n"), ("tools/r.md", "# R\n")]).load();
    let front = library.page("/").unwrap();
    assert!(front.generated() && front.heading() == "Site");
    insta::assert_snapshot!(front.html());
    assert_eq!(messages(&library), "");
    assert_eq!(found(&library, "/index.md"), "redirect /");
}

#[test]
fn a_readme_is_the_front_page_where_there_is_no_index() {
    let library = Folder::with(&[("README.md", "# Read me\n"), ("tools/readme.md", "# Tools\n")]).load();
    assert_eq!(found(&library, "/"), "guide README.md");
    assert_eq!(found(&library, "/tools/"), "guide tools/readme.md");
    let library = Folder::with(&[("README.md", "# Read me\n"), ("index.md", "# Front\n")]).load();
    assert_eq!(found(&library, "/"), "guide index.md");
    assert_eq!(found(&library, "/README/"), "guide README.md");
}

#[test]
fn content_that_is_not_there_is_named() {
    let nowhere = config::Content { dir: "/no/such/folder".into(), title: None, language: None };
    let error = Library::load(&nowhere, today()).unwrap_err().to_string();
    assert!(error.contains("`/no/such/folder` cannot be read") && error.contains("--content"), "{error}");
    let empty = Folder::with(&[("note.txt", "x")]);
    assert!(matches!(empty.try_load(), Err(LoadError::Empty { .. })));
    let file = config::Content { dir: empty.write("a.md", "x"), title: None, language: None };
    assert!(matches!(Library::load(&file, today()), Err(LoadError::NotAFolder { .. })));
}

#[test]
fn one_bad_guide_never_takes_down_the_site() {
    let folder =
        Folder::with(&[("index.md", "# Front\n"), ("matter.md", "---\ntitle: [\n---\n# Still here\n")]);
    folder.write("latin.md", b"caf\xe9");
    let library = folder.load();
    assert_eq!(library.pages().len(), 3);
    let latin = library.page("/latin/").unwrap();
    assert_eq!(latin.heading(), "Latin");
    assert!(latin.html().contains("it is not UTF-8 from byte 3 on"), "{}", latin.html());
    let matter = library.page("/matter/").unwrap();
    assert!(matter.html().contains("does not parse"));
    assert_eq!(matter.heading(), "Still here");
    let kinds: Vec<_> = library.problems().iter().map(|problem| (problem.severity, problem.kind)).collect();
    assert!(kinds.contains(&(Severity::Error, ProblemKind::Unreadable)));
    assert!(kinds.contains(&(Severity::Error, ProblemKind::FrontMatter)));
}

#[test]
fn guides_stand_by_weight_and_then_by_title() {
    let library = Folder::with(&[
        ("index.md", "# Front\n"),
        ("b.md", "---\nweight: 2\n---\n# Second\n"),
        ("zebra.md", "---\nweight: 1\n---\n# First\n"),
        ("a.md", "# Unweighted A\n"),
        ("deep/er/x.md", "# X\n"),
        ("hidden.md", "---\nhide_in_navigation: true\n---\n# Hidden\n"),
    ])
    .load();
    insta::assert_json_snapshot!(library.navigation());
    let order: Vec<&str> = library.pages().map(|page| &*page.guide().title).collect();
    assert_eq!(order, ["Front", "First", "Second", "X", "Unweighted A", "Hidden"]);

    let x = library.page("/deep/er/x/").unwrap();
    let crumbs: Vec<_> = library.breadcrumbs(x).into_iter().map(|crumb| (crumb.title, crumb.url)).collect();
    let crumb = |title: &str, url: Option<&str>| (title.to_owned(), url.map(str::to_owned));
    assert_eq!(crumbs, [crumb("Front", Some("/")), crumb("Deep", None), crumb("Er", None)]);
    assert_eq!(library.previous(x).unwrap().guide().title, "Second");
    assert_eq!(library.next(x).unwrap().guide().title, "Unweighted A");
    let last = library.page("/a/").unwrap();
    assert!(library.next(last).is_none());
    let hidden = library.page("/hidden/").unwrap();
    assert!(library.previous(hidden).is_none() && library.next(hidden).is_none());
}

#[test]
fn two_files_with_one_address_are_a_problem() {
    let library =
        Folder::with(&[("index.md", "# F\n"), ("a.md", "# A\n"), ("a/index.md", "# A too\n")]).load();
    let problem = "a/index.md: error: guide `a/index.md` is not shown: `a.md` has its address `/a/` already; \
                   rename one of them";
    assert_eq!(messages(&library), problem);
}

#[test]
fn what_is_wrong_is_told_with_the_nearest_right_target() {
    let library = Folder::with(&[
        ("index.md", "# Front\n\n[a](#instal) [b](tools/rstudo.md) [c](/tools/rstudio#set-uq)\n\n## Install\n\nx\n"),
        (
            "tools/rstudio.md",
            "---\nlast_reviewed_on: 2024-01-01\nreview_in: 6 months\nowner: '#tools'\n---\n# R\n\n## Set up\n\n\
             ![](gone.png) ![](../dot.svg)\n\n## Next\n",
        ),
        ("untitled.md", "text <Term>x</Term> only\n"),
        ("dot.svg", "<svg/>"),
    ])
    .load();
    insta::assert_snapshot!(messages(&library));
    let rstudio = library.page("/tools/rstudio/").unwrap();
    assert_eq!(library.problems_of(rstudio).len(), 5);
    insta::assert_json_snapshot!(library.problems()[0]);
}

#[test]
fn a_tech_docs_site_opens_as_it_is() {
    let stub = |title: &str, weight: u8, partial: &str| {
        format!(
            "---\ntitle: {title}\nweight: {weight}\nold_paths: [/old/{title}.html]\n---\n\n<script>\ntrack();\n</script>\n\n\
             <%= partial 'documentation/{partial}' %>\n"
        )
    };
    let library = Folder::with(&[
        (
            "config/tech-docs.yml",
            "service_name: The Guide\nredirects:\n  /raise.html: https://x.example/new\n",
        ),
        ("source/index.html.md.erb", &stub("Introduction", 1, "index")),
        ("source/tools/index.html.md.erb", &stub("Tools", 2, "tools/index")),
        ("source/tools/r.html.md.erb", &stub("R", 3, "tools/rstudio")),
        ("source/documentation/index.md", "# Overview\n\n[tools](tools) ![Map](images/map.svg)\n"),
        ("source/documentation/tools/index.md", "# Tools\n\n[r](r.html#set-up) [file](rstudio.md)\n"),
        (
            "source/documentation/tools/rstudio.md",
            "# R\n\n<%= warning_text('Mind it') %>\n\n## Set up\n\n<% x %>\n",
        ),
        ("source/documentation/orphan.md", "# Orphan\n"),
        ("source/images/map.svg", "<svg width='4' height='3'/>"),
    ])
    .load();
    assert_eq!((library.kind(), &*library.site().title), (Kind::TechDocs, "The Guide"));
    assert_eq!(library.pages().len(), 3);
    let front = library.page("/").unwrap();
    assert_eq!((front.heading(), &*front.guide().title), ("Overview", "Introduction"));
    assert!(front.html().contains("<a href=\"/tools/\">"), "{}", front.html());
    assert!(
        front.html().contains("src=\"/images/map.svg\" alt=\"Map\" width=\"4\" height=\"3\""),
        "{}",
        front.html()
    );
    let tools = library.page("/tools/").unwrap().html();
    assert!(
        tools.contains("<a href=\"/tools/r/#set-up\">") && tools.contains("<a href=\"/tools/r/\">"),
        "{tools}"
    );
    let r = library.page("/tools/r/").unwrap();
    assert!(r.html().contains("alert-warning") && r.html().contains("&lt;% x %&gt;"), "{}", r.html());
    assert_eq!(r.guide().markdown.text().lines().next(), Some("# R"));
    assert_eq!(found(&library, "/old/R.html"), "redirect /tools/r/");
    assert_eq!(found(&library, "/raise.html"), "redirect https://x.example/new");
    assert_eq!(found(&library, "/tools/r.html"), "redirect /tools/r/");
    insta::assert_snapshot!(messages(&library));
}

#[test]
fn a_reload_reads_only_what_changed() {
    let folder =
        Folder::with(&[("index.md", "# Front\n\n[a](a.md)\n"), ("a.md", "# A\n"), ("b.md", "# B\n")]);
    let before = folder.load();
    let edited = folder.write("a.md", "# A, better\n");
    let after = before.reload(&[edited], today()).unwrap();
    assert_eq!(after.page("/a/").unwrap().heading(), "A, better");
    assert_eq!(after.navigation()[1].title, "A, better");
    for same in ["/", "/b/"] {
        assert!(std::sync::Arc::ptr_eq(before.page(same).unwrap(), after.page(same).unwrap()), "{same}");
    }
    assert_eq!(before.page("/a/").unwrap().heading(), "A");
}

#[test]
fn a_reload_sees_what_came_and_what_went() {
    let folder = Folder::with(&[("index.md", "# Front\n\n[c](c.md) ![Pic](p.png)\n"), ("b.md", "# B\n")]);
    let first = folder.load();
    assert!(first.page("/").unwrap().html().contains("c.md") && messages(&first).contains("c.md"));

    let added = [folder.write("c.md", "# C\n"), folder.write("p.png", "x")];
    let second = first.reload(&added, today()).unwrap();
    let front = second.page("/").unwrap().html();
    assert!(front.contains("<a href=\"/c/\">") && front.contains("src=\"/p.png\""), "{front}");
    assert_eq!(messages(&second), "");

    std::fs::remove_file(&added[0]).unwrap();
    let third = second.reload(&added[..1], today()).unwrap();
    assert!(third.page("/c/").is_none() && messages(&third).contains("c.md"));
    assert_eq!(third.pages().len(), 2);

    std::fs::remove_file(folder.0.path().join("index.md")).unwrap();
    let fourth = third.reload(&[folder.0.path().to_owned()], today()).unwrap();
    assert!(fourth.page("/").unwrap().generated());
}

#[test]
fn a_reload_follows_partials_and_settings() {
    let folder = Folder::with(&[
        ("config/tech-docs.yml", "service_name: One\n"),
        ("source/index.html.md.erb", "---\ntitle: T\n---\n<%= partial 'docs/a' %>\n"),
    ]);
    let first = folder.load();
    assert!(first.page("/").unwrap().html().contains("there is no partial <code>docs/a</code>"));
    let added = folder.write("source/docs/_a.md", "# A\n\nfirst\n");
    let second = first.reload(&[added], today()).unwrap();
    assert!(second.page("/").unwrap().html().contains("first"));
    let edited = folder.write("source/docs/_a.md", "# A\n\nsecond\n");
    let third = second.reload(&[edited], today()).unwrap();
    assert!(third.page("/").unwrap().html().contains("second"));
    let settings = folder.write("config/tech-docs.yml", "service_name: Two\n");
    assert_eq!(third.reload(&[settings], today()).unwrap().site().title, "Two");
}

/// What would act in a browser if it got through.
fn acting_parts(html: &str) -> Vec<String> {
    let document = Html::parse_fragment(html);
    let all = Selector::parse("*").unwrap();
    let mut found = Vec::new();
    for element in document.select(&all) {
        let name = element.value().name();
        let drawn = ["svg", "title", "desc", "rect", "circle", "polygon", "path", "text", "tspan"];
        let ours = drawn.contains(&name) || super::formula::ELEMENTS.contains(&name);
        if !super::tags::KEPT.contains(&name) && !ours && name != "html" {
            found.push(format!("<{name}>"));
        }
        for (attribute, value) in element.value().attrs() {
            let link = matches!(
                attribute,
                "href" | "src" | "xlink:href" | "action" | "formaction" | "background" | "data"
            );
            let compact: String = value.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
            let scheme = compact.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
            let acts = scheme.is_some_and(|scheme| matches!(&*scheme, "javascript" | "data" | "vbscript"));
            if attribute.starts_with("on") || attribute == "style" || attribute == "srcdoc" || (link && acts)
            {
                found.push(format!("{name} {attribute}={value}"));
            }
        }
    }
    found
}

#[test]
fn nothing_that_acts_gets_through() {
    let corpus = include_str!("tests/xss.txt");
    for attempt in corpus.split("\n%%\n") {
        let shown = html(attempt);
        assert_eq!(acting_parts(&shown), Vec::<String>::new(), "{attempt}\n→ {shown}");
    }
    assert!(corpus.split("\n%%\n").count() >= 150);
}

#[test]
fn deep_nesting_and_long_lines_are_survived() {
    for hostile in [
        "> ".repeat(5_000),
        "- ".repeat(5_000),
        "<div>".repeat(5_000),
        "[".repeat(20_000),
        "*a ".repeat(20_000),
        "<x>".repeat(20_000),
        format!("|{}\n|{}\n", "a|".repeat(3_000), "-|".repeat(3_000)),
        "<%= ".repeat(10_000),
        "{{ ".repeat(20_000),
        "http".repeat(20_000),
    ] {
        let html = html(&hostile);
        assert_eq!(acting_parts(&html), Vec::<String>::new());
    }
}

fn hostile_markdown() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("<"),
        Just(">"),
        Just("\""),
        Just("'"),
        Just("`"),
        Just("```"),
        Just("\n"),
        Just("\n\n"),
        Just(" "),
        Just("script"),
        Just("<script>"),
        Just("</script>"),
        Just("<img src=x onerror=y"),
        Just("<a href="),
        Just("javascript:x"),
        Just("<svg/onload=x>"),
        Just("<div>"),
        Just("</div>"),
        Just("<!--"),
        Just("-->"),
        Just("["),
        Just("]("),
        Just(")"),
        Just("!["),
        Just("# "),
        Just("|a|b|\n|-|-|\n"),
        Just("> [!NOTE]\n"),
        Just("- [ ] "),
        Just("[^1]"),
        Just("[^1]: "),
        Just("{#"),
        Just("}"),
        Just("<%="),
        Just("%>"),
        Just("&lt;"),
        Just("<style>"),
        Just("<object data=a.svg>"),
        Just("<x y='"),
        Just("https://a.b/"),
        Just("---\n"),
        Just("$"),
        Just("$$"),
        Just("\\text{<script>}"),
        Just("```mermaid\nflowchart TD\nA[<script>] --> B\n```\n"),
        Just("!!! note \"<b>\"\n    "),
        Just("=== \"T\"\n    "),
        Just("??? tip\n"),
        Just("=="),
        Just("++"),
        Just(":tada:"),
        Just("{ .x onclick=y }"),
        Just("<wbr class=\"put-0\">"),
        Just("é\u{a0}"),
    ];
    prop_oneof![
        proptest::collection::vec(parts, 0..40).prop_map(|parts| parts.concat()),
        any::<String>(),
        "[<>a-z\"'=/ \n#`|()\\[\\]!-]{0,80}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_renders_and_nothing_in_it_acts(markdown in hostile_markdown()) {
        for style in [slug::Style::GitHub, slug::Style::TechDocs] {
            let source = source::Source::of_file("a.md", markdown.clone());
            let prepared = habits::prepare(&source, 0, style == slug::Style::TechDocs);
            let document = events::parse(&prepared.source.text, style);
            let outline = sections::outline(&document, "A", &prepared.source);
            let html = super::html::render(&document, &links::Targets::default());
            prop_assert!(!html.contains("<script"));
            prop_assert_eq!(acting_parts(&html), Vec::<String>::new());
            // Every section that search can name is there to be jumped to.
            let shown = Html::parse_fragment(&html);
            let ids: std::collections::HashSet<_> =
                shown.select(&Selector::parse("[id]").unwrap()).filter_map(|e| e.value().id()).map(str::to_owned).collect();
            for section in outline.sections.iter().skip(1) {
                prop_assert!(ids.contains(&section.id), "{} not in {}", section.id, html);
            }
        }
    }
}
