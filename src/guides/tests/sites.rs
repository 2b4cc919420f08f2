//! Sites of every kind, opened as they are.

use super::*;

/// The tree of guides as text: title, and where it leads.
fn tree(library: &Library) -> String {
    fn lines(nodes: &[Node], indent: usize, out: &mut String) {
        for node in nodes {
            let url = node.url.as_deref().unwrap_or("-");
            out.extend([format!("{:indent$}{} → {url}\n", "", node.title)]);
            lines(&node.children, indent + 2, out);
        }
    }
    let mut out = String::new();
    lines(library.navigation(), 0, &mut out);
    out
}

fn shown(library: &Library, path: &str) -> String {
    library.page(path).unwrap_or_else(|| panic!("no guide at {path}")).html()
}

const BOOK: &str = "[book]\ntitle = \"The Book\"\ndescription = \"How to.\"\nlanguage = \"cy\"\n\n[output.html]\n\
    git-repository-url = \"https://git.example/book\"\n\
    edit-url-template = \"https://git.example/book/edit/main/{path}\"\n\n[output.html.redirect]\n\
    \"/was/old.html\" = \"../start/install.html\"\n\"/gone.html\" = \"https://x.example/\"\n\n[preprocessor.links]\n";

const SUMMARY: &str = "# Summary\n\n[Foreword](foreword.md)\n\n# Using it\n\n- [Start](start/README.md)\n  \
    - [Install it](start/install.md)\n  - [Later]()\n- [Code](code.md)\n\n---\n\n[Thanks](thanks.md)\n[Gone](gnoe.md)\n";

fn book() -> Folder {
    Folder::with(&[
        ("book.toml", BOOK),
        ("src/SUMMARY.md", SUMMARY),
        ("src/foreword.md", "# Foreword\n\n[start](start/index.html) [code](code.md#all-of-it)\n"),
        ("src/start/README.md", "# Getting started\n\nSee [install](install.md), \\{{#include x}}.\n"),
        ("src/start/install.md", "# Install\n\n{{#include ../../shared/note.md}}\n"),
        (
            "src/code.md",
            "# Code\n\n## All of it\n\n```rust\n{{#include ../code/a.rs:main}}\n```\n\n```rust\n# fn hidden() {\n\
             {{#rustdoc_include ../code/a.rs:2:3}}\n# }\n```\n\n{{#playground ../code/a.rs editable}}\n\nand {{#each x}}\n",
        ),
        ("src/thanks.md", "{{#title Many thanks}}\n# Thanks\n"),
        ("src/orphan.md", "# Orphan\n"),
        ("src/gone.md", "# Gone\n"),
        (
            "code/a.rs",
            "// first\nlet two = 2;\nlet three = 3;\n// ANCHOR: main\nfn main() {\n    work();\n}\n// ANCHOR_END: main\n",
        ),
        ("shared/note.md", "---\ntitle: Note\n---\nMind *this*. [broken](nowhere.md)\n"),
        ("book/index.html", "<p>built</p>"),
    ])
}

#[test]
fn an_mdbook_opens_as_it_is() {
    let library = book().load();
    let site = library.site();
    assert_eq!(
        (library.kind(), &*site.title, site.language.as_deref()),
        (Kind::MdBook, "The Book", Some("cy"))
    );
    insta::assert_snapshot!("the_chapters_of_a_book", tree(&library));
    insta::assert_snapshot!("code_of_a_book", shown(&library, "/code/"));
    insta::assert_snapshot!("problems_of_a_book", messages(&library));
    assert!(shown(&library, "/start/install/").contains("Mind <em>this</em>."));
    assert!(shown(&library, "/start/").contains("{{#include x}}"), "{}", shown(&library, "/start/"));
    let front = library.page("/").unwrap();
    assert_eq!(front.guide().file, "src/foreword.md");
    assert!(front.html().contains("href=\"/start/\"") && front.html().contains("href=\"/code/#all-of-it\""));
    assert_eq!(front.guide().description.as_deref(), Some("How to."));
    assert_eq!(library.page("/thanks/").unwrap().guide().title, "Many thanks");
    assert_eq!(library.page("/start/install/").unwrap().guide().title, "Install it");
    let edit = site.edit_url("src/code.md").unwrap();
    assert_eq!(edit, "https://git.example/book/edit/main/src/code.md");
    for (path, expected) in [
        ("/foreword.html", "redirect /"),
        ("/start/install.html", "redirect /start/install/"),
        ("/was/old.html", "redirect /start/install/"),
        ("/gone.html", "redirect https://x.example/"),
        ("/orphan/", "missing"),
        ("/SUMMARY/", "missing"),
    ] {
        assert_eq!(found(&library, path), expected, "{path}");
    }
    let install = library.page("/start/install/").unwrap();
    let way: Vec<String> = library.breadcrumbs(install).into_iter().map(|crumb| crumb.title).collect();
    assert_eq!(way, ["Foreword", "Using it", "1. Start"]);
}

const MKDOCS: &str = "site_name: The Manual\nsite_url: https://manual.example/\nrepo_url: https://github.com/a/b\n\
    use_directory_urls: false\ntheme: {name: material, language: de}\nnav:\n  - Home: index.md\n  - Guide:\n      \
    - guide/start.md\n      - Running it: guide/run.md\n      - Gone: guide/rum.md\n  - Project: https://x.example/\n\
    plugins:\n  - search\n  - redirects:\n      redirect_maps:\n        was.md: guide/run.md#then\nhooks: !ENV X\n";

#[test]
fn a_mkdocs_site_opens_as_it_is() {
    let library = Folder::with(&[
        ("mkdocs.yml", MKDOCS),
        (
            "docs/index.md",
            "# Welcome\n\n[run](guide/run.md) [old](guide/start.html)\n\n--8<-- \"includes/note.md\"\n",
        ),
        (
            "docs/guide/start.md",
            "# Start\n\n```py\n--8<-- \"code/a.py:main\"\n```\n\n- item\n\n    --8<-- \"code/a.py:1:1\"\n",
        ),
        (
            "docs/guide/run.md",
            "# Run\n\n--8<--\nnote.md\nincludes/note.md\n--8<--\n\n;--8<-- \"shown\"\n\n## Then\n\nx\n",
        ),
        ("docs/unlisted.md", "# Unlisted\n"),
        ("includes/note.md", "A *note*.\n"),
        ("code/a.py", "one = 1\n# --8<-- [start:main]\ntwo = 2\n# --8<-- [end:main]\n"),
    ])
    .load();
    assert_eq!((library.kind(), &*library.site().title), (Kind::MkDocs, "The Manual"));
    insta::assert_snapshot!("the_nav_of_a_mkdocs_site", tree(&library));
    insta::assert_snapshot!("problems_of_a_mkdocs_site", messages(&library));
    assert!(
        shown(&library, "/").contains("A <em>note</em>.") && shown(&library, "/").contains("/guide/start/")
    );
    let start = shown(&library, "/guide/start/");
    assert!(start.contains("two") && !start.contains("[start:main]"), "{start}");
    insta::assert_snapshot!("snippets_of_a_mkdocs_site", shown(&library, "/guide/run/"));
    assert_eq!(library.page("/guide/run/").unwrap().guide().title, "Running it");
    assert!(library.page("/unlisted/").unwrap().hidden());
    assert_eq!(found(&library, "/guide/run.html"), "redirect /guide/run/");
    assert_eq!(found(&library, "/was.html"), "redirect /guide/run/#then");
    let edit = library.site().edit_url("docs/guide/run.md").unwrap();
    assert_eq!(edit, "https://github.com/a/b/edit/master/docs/guide/run.md");
}

#[test]
fn components_of_a_tech_docs_site_become_markdown() {
    let library = Folder::with(&[
        (
            "config/tech-docs.yml",
            "service_name: T\nowner_slack_workspace: works\ndefault_owner_slack: '#team'\nshow_expiry: false\n",
        ),
        ("source/index.html.md.erb", include_str!("components.md.erb")),
        ("source/images/a.png", "x"),
    ])
    .load();
    insta::assert_snapshot!("components_of_a_tech_docs_site", shown(&library, "/"));
    insta::assert_snapshot!("problems_of_components", messages(&library));
    let site = library.site();
    assert!(!site.shows_expiry);
    assert_eq!(site.owner_url("#team").as_deref(), Some("https://works.slack.com/messages/team"));
    assert_eq!(site.owner_url("The team"), None);
}

#[test]
fn a_folder_takes_in_files_from_inside_only() {
    let folder = Folder::with(&[
        (
            "index.md",
            "# F\n\n--8<-- \"code/a.sh:2:3\"\n\n--8<-- \"../secret.md\"\n\n--8<-- \"code/b.sh\"\n\n--8<-- \"/etc/passwd\"\n",
        ),
        ("loop.md", "# L\n\n--8<-- \"part.md\"\n"),
        ("part.md", "# P\n\n--8<-- \"loop.md\"\n"),
        ("deep/x.md", "# X\n\n--8<-- \"https://x.example/a.md\"\n\n--8<-- \"code/a.sh:none\"\n"),
        ("code/a.sh", "one\ntwo\nthree\nfour\n"),
        (".env", "SECRET=1"),
        ("env.md", "# E\n\n--8<-- \".env\"\n"),
    ]);
    let library = folder.load();
    assert!(shown(&library, "/").contains("two\nthree</p>"), "{}", shown(&library, "/"));
    assert!(!shown(&library, "/env/").contains("SECRET"));
    insta::assert_snapshot!(messages(&library));
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_not_taken_in() {
    let outside = Folder::with(&[("secret.md", "SECRET")]);
    let folder = Folder::with(&[("index.md", "# F\n\n--8<-- \"linked.md\"\n\n--8<-- \"dir/secret.md\"\n")]);
    std::os::unix::fs::symlink(outside.0.path().join("secret.md"), folder.0.path().join("linked.md"))
        .unwrap();
    std::os::unix::fs::symlink(outside.0.path(), folder.0.path().join("dir")).unwrap();
    let library = folder.load();
    assert!(!shown(&library, "/").contains("SECRET"), "{}", shown(&library, "/"));
    assert_eq!(library.problems().len(), 2);
}

#[test]
fn files_that_take_in_one_another_many_times_come_to_an_end() {
    let many = "--8<-- \"b.md\"\n".repeat(600);
    let folder = Folder::with(&[("a.md", &many), ("b.md", &many.replace("b.md", "c.md")), ("c.md", "")]);
    let library = folder.load();
    assert!(messages(&library).contains("a guide may include 1000"));
}

#[test]
fn an_edit_of_an_included_file_reloads_its_guide() {
    let folder = book();
    let before = folder.load();
    let edited = folder.write("code/a.rs", "// ANCHOR: main\nfn better() {}\n// ANCHOR_END: main\n");
    let after = before.reload(&[edited], today()).unwrap();
    assert!(after.page("/code/").unwrap().guide().markdown.text().contains("fn better() {}"));
    let added = folder.write("src/gnoe.md", "# Now here\n");
    let after = after.reload(&[added], today()).unwrap();
    assert!(shown(&after, "/gnoe/").is_empty() || after.page("/gnoe/").is_some());
    assert!(!messages(&after).contains("gnoe"), "{}", messages(&after));
    let summary = folder.write("src/SUMMARY.md", "- [Code first](code.md)\n");
    let after = after.reload(&[summary], today()).unwrap();
    assert_eq!(tree(&after), "1. Code first → /\n");
    let kind = folder.write("book.toml", "[book]\ntitle = \"Renamed\"\n");
    assert_eq!(after.reload(&[kind], today()).unwrap().site().title, "Renamed");
}

#[test]
fn links_in_double_brackets_lead_by_title_or_file() {
    let folder = Folder::with(&[
        (
            "index.md",
            "# Front\n\n[[Getting help]], [[help|by file]], [[tools/r]], [[Getting help#Who to ask]], [[#Below]].\n\n\
             [[Getting hepl]], [[Twice]], \\[[Getting help]], `[[Getting help]]`, x[[\"a\"]], [[ -f x ]].\n\n\
             | a |\n|---|\n| [[help\\|in a table]] |\n\n```sh\n[[help]]\n```\n\n## Below\n\nx\n",
        ),
        ("help.md", "# Getting help\n\n## Who to ask\n\nx\n"),
        ("tools/r.md", "# R\n"),
        ("one.md", "# Twice\n"),
        ("two.md", "# Twice\n"),
    ]);
    let before = folder.load();
    insta::assert_snapshot!("double_brackets", shown(&before, "/"));
    insta::assert_snapshot!("problems_of_double_brackets", messages(&before));
    let renamed = folder.write("help.md", "# Getting hepl\n");
    let after = before.reload(&[renamed], today()).unwrap();
    assert!(shown(&after, "/").contains("<a href=\"/help/\">Getting hepl</a>"), "{}", shown(&after, "/"));
}

#[test]
fn settings_that_do_not_parse_say_where_and_the_site_goes_on() {
    let book = Folder::with(&[("book.toml", "[book]\ntitle = \n"), ("src/a.md", "# A\n")]).load();
    let manual = Folder::with(&[("mkdocs.yml", "site_name: [\n"), ("docs/a.md", "# A\n")]).load();
    assert_eq!((book.kind(), manual.kind()), (Kind::MdBook, Kind::MkDocs));
    assert!(book.page("/a/").is_some() && manual.page("/a/").is_some());
    assert!(
        messages(&book).starts_with("book.toml:2: error: settings `book.toml` are not used"),
        "{}",
        messages(&book)
    );
    assert!(messages(&manual).starts_with("mkdocs.yml:"), "{}", messages(&manual));
}
