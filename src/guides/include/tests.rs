use proptest::prelude::*;

use super::*;
use crate::config;
use crate::guides::site::Site;
use crate::guides::tree::Tree;

fn hostile() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("<%="),
        Just("<%"),
        Just("%>"),
        Just(" do"),
        Just("<% end %>"),
        Just("warning_text("),
        Just(")"),
        Just("govuk_details(summary_text: "),
        Just("partial 'a'"),
        Just("\""),
        Just("'"),
        Just("\\"),
        Just(","),
        Just("{{#include "),
        Just("{{#playground a"),
        Just("}}"),
        Just(":"),
        Just("1"),
        Just("a.md"),
        Just(";"),
        Just("--8<-- \"a.md"),
        Just("--8<--"),
        Just("[start:x]"),
        Just("\n"),
        Just("\n\n"),
        Just(" "),
        Just("`"),
        Just("```rust\n"),
        Just("# "),
        Just("é"),
        Just("[["),
        Just("]]"),
        Just("|"),
        Just("#"),
    ];
    proptest::collection::vec(parts, 0..30).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_to_an_end_in_every_kind_of_site(text in hostile()) {
        for settings in ["none", "book.toml", "mkdocs.yml", "config/tech-docs.yml"] {
            let dir = tempfile::tempdir().unwrap();
            std::fs::create_dir(dir.path().join("config")).unwrap();
            std::fs::write(dir.path().join(settings), "").unwrap();
            std::fs::write(dir.path().join("a.md"), &text).unwrap();
            let content = config::Content { dir: dir.path().to_owned(), title: None, language: None };
            let site = Site::load(&content);
            let tree = Tree::walk(dir.path());
            let shelf = Shelf { root: dir.path(), site: &site, files: &tree.files };
            let composed = crate::guides::compose::compose(shelf, "a.md");
            prop_assert!(composed.source.text.len() <= LONGEST_GUIDE * 2);
        }
    }
}

#[test]
fn a_path_never_leaves_the_content_folder() {
    assert_eq!(below("a/b", "../c.md").as_deref(), Some("a/c.md"));
    assert_eq!(below("", "./c//d.md").as_deref(), Some("c/d.md"));
    assert_eq!(below("a", "../../c.md"), None);
    assert_eq!(below("", "/etc/passwd").as_deref(), Some("etc/passwd"));
}
