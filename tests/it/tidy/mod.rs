//! House rules that a compiler does not know.
//!
//! 1. `rooms`: who may import whom, as `ARCHITECTURE.md` says it.
//! 2. `invariants`: the tests that `docs/invariants.md` names are there.
//! 3. Here: the size of files, words that say nothing, work left open, what belongs to one machine only, and how secrets
//!    are compared.

mod files;
mod imports;
mod invariants;
mod rooms;

use files::{SourceFile, all};

/// A longer file is two files.
const LINES: usize = 500;

/// Names that say nothing about what they name.
const EMPTY_WORDS: [&str; 8] =
    ["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"];

#[test]
fn no_file_is_too_long_to_read() {
    let long: Vec<String> = all(&["src", "tests", "bench"], &["rs", "mjs"])
        .iter()
        .map(|file| (file.code().count(), file))
        .filter(|(lines, _)| *lines > LINES)
        .map(|(lines, file)| {
            format!("{}: {lines} lines before its tests; split it by what it does", file.path)
        })
        .collect();
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

#[test]
fn no_file_module_or_type_has_a_name_that_says_nothing() {
    let found: Vec<String> = all(&["src", "tests", "bench", "themes"], &[])
        .iter()
        .flat_map(|file| {
            let names = file.path.split(['/', '.']).map(|part| (0, part)).chain(declared(file));
            let empty =
                names.filter(|(_, name)| words(name).iter().any(|word| EMPTY_WORDS.contains(&word.as_str())));
            empty
                .map(|(line, name)| format!("{}:{line}: `{name}` says nothing; name what it does", file.path))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn nothing_is_left_open() {
    // Written apart, so that this file does not find itself.
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("unimple", "mented!("), concat!("#[", "ignore")];
    let found =
        lines_with(&all(&["src", "tests", "bench", "themes", "content", "examples", "docs"], &[]), &marks);
    assert!(found.is_empty(), "finish it or file it:\n{}", found.join("\n"));
}

#[test]
fn nothing_names_a_machine_or_a_package_registry() {
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("crates", ".io"),
        concat!("pypi", ".org"),
        concat!("pythonhosted", ".org"),
        concat!("npmjs", ".org"),
        concat!("deb.debian", ".org"),
    ];
    let files: Vec<SourceFile> =
        all(&["."], &[]).into_iter().filter(|file| !file.path.ends_with("Cargo.lock")).collect();
    assert!(files.iter().any(|file| file.path == "README.md"), "the whole repository is read");
    let found = lines_with(&files, &places);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Where something secret is compared with what somebody sent.
const COMPARED: [&str; 5] = [
    "src/access/email_code.rs",
    "src/access/pkce.rs",
    "src/access/provider/mod.rs",
    "src/access/sign_in/pending.rs",
    "src/access/token.rs",
];

#[test]
fn secrets_are_compared_in_constant_time() {
    let sources = all(&["src"], &["rs"]);
    let constant = |file: &&SourceFile| {
        file.code().any(|(_, line)| line.contains("verify_slices_are_equal(") && !line.contains("use "))
    };
    let found: Vec<&str> = sources.iter().filter(constant).map(|file| file.path.as_str()).collect();
    assert_eq!(found, COMPARED, "a comparison in constant time came or went");
    for file in &sources {
        let plain = file
            .code()
            .find(|(_, line)| line.contains(".reveal()") && (line.contains(" == ") || line.contains(" != ")));
        assert!(plain.is_none(), "{}: compare in constant time: {plain:?}", file.path);
    }
}

#[test]
fn names_are_taken_apart_into_words() {
    assert_eq!(words("SessionManager"), ["session", "manager"]);
    assert_eq!(words("path_utils"), ["path", "utils"]);
    assert_eq!(words("commonly"), ["commonly"]);
    let file = SourceFile { path: "a.rs".into(), text: "pub(crate) struct UrlHelper;\nmod misc {}\n".into() };
    assert_eq!(declared(&file).collect::<Vec<_>>(), [(1, "UrlHelper"), (2, "misc")]);
}

/// Where one of `needles` stands, a line each.
fn lines_with(files: &[SourceFile], needles: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (at, line) in file.text.lines().enumerate() {
            if let Some(needle) = needles.iter().find(|needle| line.contains(**needle)) {
                found.push(format!("{}:{}: `{needle}`", file.path, at + 1));
            }
        }
    }
    found
}

/// The types and modules that a file declares, with their lines.
fn declared(file: &SourceFile) -> impl Iterator<Item = (usize, &str)> {
    let is_rust = std::path::Path::new(&file.path).extension().is_some_and(|ending| ending == "rs");
    file.code().filter(move |_| is_rust).filter_map(|(line, text)| {
        let mut rest = text.trim_start();
        if let Some(after) = rest.strip_prefix("pub") {
            rest =
                after.trim_start_matches(|c: char| c == '(' || c == ')' || c.is_alphanumeric()).trim_start();
        }
        let name = ["struct ", "enum ", "trait ", "type ", "mod "]
            .iter()
            .find_map(|kind| rest.strip_prefix(kind))?;
        Some((line, name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()))
    })
}

/// `SessionManager` and `session_manager` as their words, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for character in name.chars() {
        if character == '_' || character == '-' || character.is_uppercase() {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            words.last_mut().expect("there is a word").extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
