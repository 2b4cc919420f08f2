//! After an edit a library is what it would be had it been loaded anew, whatever of it was shared.

use std::sync::Arc;

use super::*;

/// Everything that a reader or an author can learn of a library.
fn told(library: &Library) -> String {
    let public = library.public_view();
    let mut out = format!("{:#?}\n{:?}\n", library.navigation(), library.redirects().collect::<Vec<_>>());
    for page in library.pages() {
        let guide = page.guide();
        let seen = public.page(guide.path.as_str()).is_some();
        let place = [library.previous(page), library.next(page)]
            .map(|beside| beside.map(|page| page.guide().path.clone()));
        let crumbs = library.breadcrumbs(page);
        out.extend([format!("{} {seen} {guide:?}\n{place:?} {crumbs:?}\n", guide.path)]);
        out.push_str(&page.html());
    }
    out + &messages(library)
}

fn folder() -> Folder {
    Folder::with(&[
        ("index.md", "# Front\n\n[a](a.md) [gone](gone.md)\n"),
        ("a.md", "---\ntitle: A\n---\n\n# A\n\nOne.\n\n## Part\n\nx\n"),
        ("b.md", "# B\n\n[part](a.md#part) [other](a.md#other)\n"),
        ("team/index.md", "# Team\n"),
        ("team/c.md", "# C\n"),
        ("d.md", "---\ndraft: true\n---\n# D\n"),
    ])
}

#[test]
fn an_edited_library_is_what_a_fresh_one_would_be() {
    for (file, text) in [
        ("a.md", "---\ntitle: A\n---\n\n# A\n\nTwo.\n\n## Other\n\nx\n"),
        ("a.md", "---\ntitle: A\n---\n\n# Another heading\n\nOne.\n"),
        ("a.md", "---\ntitle: New\n---\n\n# A\n\nOne.\n"),
        ("a.md", "---\ntitle: A\nweight: 1\n---\n\n# A\n"),
        ("a.md", "---\ntitle: A\naudience: signed-in\n---\n\n# A\n"),
        ("a.md", "---\ntitle: A\naudience: nonsense here\n---\n\n# A\n"),
        ("a.md", "---\ntitle: A\ndraft: true\n---\n\n# A\n"),
        ("a.md", "---\ntitle: A\nhidden: true\n---\n\n# A\n"),
        ("a.md", "---\ntitle: A\nlang: cy\n---\n\n# A\n"),
        ("a.md", "---\ntitle: A\nredirect_from: /old/\naliases: [/older/]\n---\n\n# A\n"),
        ("a.md", "---\ntitle: A\n---\n\n# A\n\n[[C]] and [[b]]\n"),
        ("a.md", "---\ntitle: [\n---\n\n# A\n"),
        ("b.md", "text without a title\n"),
        ("b.md", ""),
        ("team/index.md", "---\naudience: signed-in\n---\n# Team\n"),
        ("team/c.md", "# C\n\n[up](index.md) ![](none.png)\n"),
        ("d.md", "# D\n"),
        ("index.md", "# Another front\n"),
    ] {
        let folder = folder();
        let before = folder.load();
        let edited = folder.write(file, text);
        let after = before.reload(&[edited], today()).unwrap();
        assert_eq!(told(&after), told(&folder.load()), "{file}: {text}");
    }
}

#[test]
fn an_edit_of_the_text_shares_the_navigation_and_one_of_the_title_does_not() {
    let folder = folder();
    let before = folder.load();
    let edited = folder.write("team/c.md", "# C\n\nMore.\n");
    let after = before.reload(std::slice::from_ref(&edited), today()).unwrap();
    assert!(Arc::ptr_eq(&before.navigation, &after.navigation));
    folder.write("team/c.md", "# C, better\n");
    let after = after.reload(&[edited], today()).unwrap();
    assert!(!Arc::ptr_eq(&before.navigation, &after.navigation));
}
