//! `docs/invariants.md` says which tests guard what always holds: each of them must exist.

use super::files::{all, read};

/// How many invariants there are.
const INVARIANTS: usize = 12;

#[test]
fn every_test_that_guards_an_invariant_exists() {
    let document = read("docs/invariants.md");
    let files = all(&["src", "tests"], &["rs", "mjs"]);
    let missing: Vec<String> = named(&document)
        .filter(|(path, name)| {
            let file = files.iter().find(|file| file.path == *path);
            !file.is_some_and(|file| has_test(&file.text, name))
        })
        .map(|(path, name)| format!("docs/invariants.md names `{path}::{name}`, and there is no such test"))
        .collect();
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_invariant_has_tests() {
    let document = read("docs/invariants.md");
    let sections: Vec<&str> = document.split("\n## ").skip(1).collect();
    for number in 1..=INVARIANTS {
        let section = sections.iter().find(|section| section.starts_with(&format!("{number}. ")));
        let tests = section.map_or(0, |section| named(section).count());
        assert!(tests >= 2, "docs/invariants.md names {tests} tests for invariant {number}");
    }
}

#[test]
fn a_test_is_told_from_what_only_looks_like_one() {
    let rust = "#[tokio::test]\nasync fn one() {\n#[test]\n  fn two() {\nfn three() {\nlies! {\n    four: |lies| x\n";
    for (name, is) in [("one", true), ("two", true), ("three", false), ("four", true), ("on", false)] {
        assert_eq!(has_test(rust, name), is, "{name}");
    }
    assert!(has_test("  it(\"frames nobody\", async", "frames nobody") && !has_test("it(\"a\",", "b"));
    let text = "| x | `a/b.rs::c`, `tests/browser/d.mjs::e f` and `no::test` |";
    assert_eq!(named(text).collect::<Vec<_>>(), [("a/b.rs", "c"), ("tests/browser/d.mjs", "e f")]);
}

/// What stands in backquotes as `FILE::TEST`.
fn named(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter_map(|quoted| quoted.split_once("::")).filter(|(path, _)| path.contains('.'))
}

/// Whether a file has a test of this name: a function under `#[test]` or the like, a line of a table of them, or a
/// journey of a browser.
fn has_test(text: &str, name: &str) -> bool {
    if text.contains(&format!("it(\"{name}\"")) {
        return true;
    }
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let is_test = |at: usize| {
        let before = lines[..at].iter().rev().take_while(|line| line.starts_with("#["));
        before.into_iter().any(|line| line.starts_with("#[test") || line.starts_with("#[tokio::test"))
    };
    lines.iter().enumerate().any(|(at, line)| {
        let function =
            line.trim_start_matches("async ").strip_prefix("fn ").and_then(|line| line.strip_prefix(name));
        let row = line.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
        row || function.is_some_and(|rest| rest.starts_with('(')) && is_test(at)
    })
}
