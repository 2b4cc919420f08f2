//! Folders in, and what each viewer sees of them out.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::config;
use crate::guides::{Library, Lookup, Severity, View};
use crate::model::{Audience, Person, Subject, Who};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    dir
}

fn content(dir: &tempfile::TempDir) -> config::Content {
    config::Content { dir: dir.path().to_owned(), title: Some("Site".into()), language: None }
}

fn load(files: &[(&str, &str)]) -> Library {
    Library::load(&content(&folder(files)), date(2026, 1, 1)).unwrap()
}

fn readers(library: &Library, path: &str) -> String {
    let readers = &library.page(path).unwrap().guide().readers;
    let who: Vec<String> = readers.who.iter().map(Who::to_string).collect();
    format!("{} {}", readers.audience, who.join(" ")).trim().to_owned()
}

fn errors(library: &Library) -> Vec<String> {
    let errors = library.problems().iter().filter(|problem| problem.severity == Severity::Error);
    errors.map(ToString::to_string).collect()
}

/// The readers of a guide with this front matter.
fn said(front_matter: &str) -> String {
    readers(&load(&[("index.md", "# F\n"), ("a.md", front_matter)]), "/a/")
}

#[test]
fn front_matter_names_readers() {
    for (front_matter, expected) in [
        ("# A\n", "public"),
        ("---\naudience: public\n---\n", "public"),
        ("---\naudience: Signed-In\n---\n", "signed-in"),
        ("---\naudience: Ann@Example.org\n---\n", "listed ann@example.org"),
        (
            "---\naudience: [b@x.org, \"@x.org\", \"group:Data\", b@x.org]\n---\n",
            "listed b@x.org @x.org group:Data",
        ),
        ("---\naudience:\n  - a@x.org\n---\n", "listed a@x.org"),
        ("+++\naudience = [\"a@x.org\"]\nlast_reviewed_on = 2026-01-01\n+++\n", "listed a@x.org"),
        ("+++\naudience = \"signed-in\"\n+++\n", "signed-in"),
        ("---\nextra:\n  audience: somebody\n---\n", "public"),
    ] {
        assert_eq!(said(front_matter), expected, "{front_matter}");
    }
}

#[test]
fn what_is_not_understood_lets_nobody_in_and_says_so() {
    for front_matter in [
        "---\naudience: everybody\n---\n# A\n",
        "---\naudience:\n---\n# A\n",
        "---\naudience: []\n---\n# A\n",
        "---\naudience: 7\n---\n# A\n",
        "---\naudience: {who: a@x.org}\n---\n# A\n",
        "---\naudience: [public, a@x.org]\n---\n# A\n",
        "---\naudience: [[a@x.org, b@x.org]]\n---\n# A\n",
        "---\naudience: signed in\n---\n# A\n",
        "---\nAudience: signed-in\n---\n# A\n",
        "---\naudience: @x.org\n---\n# A\n",
        "---\ntitle: [\naudience: signed-in\n---\n# A\n",
        "---\naudience: signed-in\naudience: public\n---\n# A\n",
        "---\naudience: signed-in\n\n# A\n",
        "+++\naudience = signed-in\n+++\n# A\n",
    ] {
        let library = load(&[("index.md", "# F\n"), ("a.md", front_matter)]);
        assert_eq!(readers(&library, "/a/"), "listed", "{front_matter}");
        let errors = errors(&library);
        assert!(errors.iter().any(|error| error.contains("nobody may read it")), "{front_matter} {errors:?}");
    }
    assert_eq!(said("---\ntitle: [\n---\n# A\n"), "public", "nothing was said of an audience");
}

#[test]
fn the_innermost_index_decides() {
    let library = load(&[
        ("index.md", "# F\n"),
        ("staff/README.md", "---\naudience: signed-in\n---\n# S\n"),
        ("staff/a.md", "# A\n"),
        ("staff/deep/er/b.md", "# B\n"),
        ("staff/open/index.md", "---\naudience: public\n---\n# O\n"),
        ("staff/open/c.md", "# C\n"),
        ("staff/bad.md", "---\naudience: whoever\n---\n# Bad\n"),
        ("staff/bad/d.md", "# D\n"),
        ("team.md", "---\naudience: a@x.org\n---\n# T\n"),
        ("team/e.md", "# E\n"),
        ("teams.md", "# Not the team\n"),
    ]);
    for (path, expected) in [
        ("/", "public"),
        ("/staff/", "signed-in"),
        ("/staff/a/", "signed-in"),
        ("/staff/deep/er/b/", "signed-in"),
        ("/staff/open/c/", "public"),
        ("/staff/bad/d/", "listed"),
        ("/team/e/", "listed a@x.org"),
        ("/teams/", "public"),
    ] {
        assert_eq!(readers(&library, path), expected, "{path}");
    }
}

#[test]
fn an_index_that_cannot_be_read_does_not_open_its_folder() {
    let dir = folder(&[("index.md", "# F\n"), ("s/a.md", "# A\n"), ("t/a.md", "# A\n")]);
    std::fs::write(dir.path().join("s/index.md"), b"---\naudience: signed-in\n---\n\xff").unwrap();
    std::fs::write(dir.path().join("t/index.md"), b"# T \xff").unwrap();
    let library = Library::load(&content(&dir), date(2026, 1, 1)).unwrap();
    assert_eq!(readers(&library, "/s/a/"), "listed");
    assert_eq!(readers(&library, "/t/a/"), "public");
}

#[test]
fn an_edit_of_the_index_reaches_the_whole_folder() {
    let dir = folder(&[("index.md", "# F\n"), ("s/index.md", "# S\n"), ("s/a.md", "# A\n")]);
    let before = Library::load(&content(&dir), date(2026, 1, 1)).unwrap();
    assert!(before.is_public());
    let index = dir.path().join("s/index.md");
    std::fs::write(&index, "---\naudience: signed-in\n---\n# S\n").unwrap();
    let after = before.reload(&[index], date(2026, 1, 1)).unwrap();
    assert_eq!(readers(&after, "/s/a/"), "signed-in");
    assert!(!std::ptr::eq(before.page("/s/a/").unwrap().guide(), after.page("/s/a/").unwrap().guide()));
    assert!(std::sync::Arc::ptr_eq(before.page("/").unwrap(), after.page("/").unwrap()), "others are shared");
}

#[test]
fn a_draft_is_there_only_for_those_who_write_it() {
    let dir = folder(&[
        ("index.md", "# F\n\n[d](/d/)\n"),
        ("d.md", "---\ndraft: true\naliases: /was/\n---\n# D\n"),
        ("e.md", "---\ndraft: perhaps\n---\n# E\n"),
        ("g.md", "---\ntitle: [\ndraft: true\n---\n# G\n"),
        ("h.md", "---\ndraft: false\n---\n# H\n"),
        ("s/index.md", "---\ndraft: true\naudience: signed-in\n---\n# S\n"),
        ("s/a.md", "# A\n"),
    ]);
    let library = Library::load(&content(&dir), date(2026, 1, 1)).unwrap();
    let paths: Vec<&str> = library.pages().map(|page| page.guide().path.as_str()).collect();
    assert_eq!(paths, ["/", "/h/", "/s/a/"]);
    for path in ["/d/", "/d.md", "/d", "/was/", "/e/", "/g/", "/s/"] {
        assert!(matches!(library.lookup(path), Lookup::Missing), "{path}");
    }
    assert_eq!(readers(&library, "/s/a/"), "signed-in", "a draft does not open its folder");
    let again = library.reload(&[dir.path().join("h.md")], date(2026, 1, 1)).unwrap();
    assert!(again.page("/d/").is_none());

    let writing = Library::load_with_drafts(&content(&dir), date(2026, 1, 1)).unwrap();
    assert!(writing.page("/d/").unwrap().draft() && !writing.page("/h/").unwrap().draft());
    let again = writing.reload(&[dir.path().join("h.md")], date(2026, 1, 1)).unwrap();
    assert!(again.page("/d/").is_some());
}

#[test]
fn redirects_are_followed_to_their_end_and_circles_are_named() {
    let library = load(&[
        ("index.md", "# F\n"),
        (
            "config/tech-docs.yml",
            "redirects:\n  /one.html: /two.html#part\n  /two.html: /three/\n  /three: /a/\n  \
          /own: /three/#mine\n  /x: /y\n  /y: /x\n  /away: https://example.org/a#b\n",
        ),
        ("source/index.html.md", "# F\n"),
        ("source/a.html.md", "---\nold_paths: /former.html\n---\n# A\n"),
    ]);
    let to = |path: &str| match library.lookup(path) {
        Lookup::Redirect(to) => to,
        other => format!("{other:?}"),
    };
    assert_eq!(to("/one.html"), "/a/#part");
    assert_eq!(to("/two"), "/a/");
    assert_eq!(to("/own"), "/a/#mine");
    assert_eq!(to("/former/"), "/a/");
    assert_eq!(to("/away"), "https://example.org/a#b");
    assert_eq!(to("/x"), "Missing");
    let errors = errors(&library).join("\n");
    assert!(errors.contains("leads in a circle"), "{errors}");
}

#[test]
fn numbers_are_read_from_front_matter() {
    let guide = |front: &str| {
        let library = load(&[("index.md", "# F\n"), ("a.md", front)]);
        let page = library.page("/a/").unwrap().guide().clone();
        (page.language, page.boost, library.problems().len())
    };
    assert_eq!(guide("---\nlang: cy\nboost: 1.5\n---\n# A\n"), (Some("cy".into()), 1.5, 0));
    assert_eq!(guide("+++\nlang = \"cy-GB\"\nboost = 2\n+++\n# A\n"), (Some("cy-GB".into()), 2.0, 0));
    assert_eq!(guide("---\nlang: \"not a tag\"\nboost: 9\n---\n# A\n"), (None, 1.0, 2));
    assert_eq!(guide("---\nboost: .nan\n---\n# A\n"), (None, 1.0, 1));
}

fn person(email: &str, groups: &[&str]) -> Person {
    Person {
        subject: Subject { iss: "https://id.example".into(), sub: email.into() },
        email: email.parse().unwrap(),
        name: None,
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
    }
}

/// The rule once more, told for a test.
fn admits(person: Option<&Person>, readers: &Readers) -> bool {
    match readers.audience {
        Audience::Public => true,
        Audience::SignedIn => person.is_some(),
        Audience::Listed => person.is_some_and(|person| readers.who.iter().any(|who| who.names(person))),
    }
}

/// Everything that a view can say about anything, from the outside and from each page it shows.
fn everything(view: &View<'_>, paths: &[String]) -> String {
    let mut out = serde_json::to_string(&view.navigation()).unwrap();
    let mut say = |text: &str| out.extend([text, "\n"]);
    for path in paths {
        for end in ["/", ".md", ".html", "", "/index.html", "/file.txt"] {
            match view.lookup(&format!("{path}{end}")) {
                Lookup::Guide(page) | Lookup::Source(page) => say(&page.guide().markdown.text()),
                Lookup::File(file) => say(&file.path.to_string_lossy()),
                Lookup::Redirect(to) => say(&to),
                Lookup::Missing => {}
            }
        }
    }
    for page in view.pages() {
        say(&page.guide().markdown.text());
        say(&view.html(page));
        let neighbours = [view.previous(page), view.next(page)];
        neighbours.into_iter().flatten().for_each(|page| say(&page.guide().title));
        view.breadcrumbs(page).iter().for_each(|crumb| say(&format!("{crumb:?}")));
    }
    out
}

/// A guide's folder, whether it is the folder's index, and whom it names.
fn guides() -> impl Strategy<Value = Vec<(Vec<u8>, bool, u8)>> {
    proptest::collection::vec((proptest::collection::vec(0..3_u8, 0..3), any::<bool>(), 0..7_u8), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each guide has a word of its own in title, text, former address and neighbouring file's name.
    #[test]
    fn nothing_of_a_guide_reaches_whoever_may_not_read_it(guides in guides(), with_front in any::<bool>()) {
        let audiences = ["", "public", "signed-in", "ann@x.org", "\"@x.org\"", "\"group:g\"", "nonsense words"];
        let dir = tempfile::tempdir().unwrap();
        let mut paths = vec![String::new()];
        if with_front {
            std::fs::write(dir.path().join("index.md"), "# Front\n").unwrap();
        }
        for (number, (folder, index, audience)) in guides.iter().enumerate() {
            let folder: Vec<String> = folder.iter().map(|name| format!("f{name}/")).collect();
            let folder = folder.concat();
            let file = if *index && !folder.is_empty() { "index".to_owned() } else { format!("n{number}") };
            let audience = audiences[usize::from(*audience)];
            let line = if audience.is_empty() { String::new() } else { format!("audience: {audience}\n") };
            let text = format!(
                "---\naliases: /o{number}/\n{line}---\n# Word{number}w\n\nWord{number}w\n"
            );
            let at = dir.path().join(&folder);
            std::fs::create_dir_all(&at).unwrap();
            std::fs::write(at.join("file.txt"), "x").unwrap();
            std::fs::write(at.join(format!("{file}.md")), text).unwrap();
            paths.push(format!("/{folder}{file}").trim_end_matches("/index").to_owned());
            paths.push(format!("/o{number}"));
        }
        let library = Library::load(&content(&dir), date(2026, 1, 1)).unwrap();
        let people = [None, Some(person("ann@x.org", &[])), Some(person("bob@x.org", &[])),
            Some(person("carl@y.org", &["g"])), Some(person("eve@z.org", &["G"]))];
        for viewer in &people {
            let view = library.view(|readers| admits(viewer.as_ref(), readers));
            let said = everything(&view, &paths);
            for page in library.pages().filter(|page| !page.generated()) {
                let guide = page.guide();
                let may = admits(viewer.as_ref(), &guide.readers);
                prop_assert_eq!(said.contains(&guide.title), may, "{} for {:?}", guide.path, viewer);
                prop_assert_eq!(view.page(guide.path.as_str()).is_some(), may);
            }
        }
    }
}
