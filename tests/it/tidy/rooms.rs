//! Who may import whom: the table in `ARCHITECTURE.md`, imposed on `src/`.

use std::collections::BTreeMap;

use super::files::{SourceFile, all, read};
use super::imports;

/// Room → the rooms it may import.
type Table = BTreeMap<String, Vec<String>>;

/// Reads the rows of the table that follows the heading `## Who may import whom`. Names stand in backquotes; "every
/// room above" means what it says.
fn table(architecture: &str) -> Table {
    let (_, section) = architecture
        .split_once("## Who may import whom")
        .expect("ARCHITECTURE.md has the import table's heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut table = Table::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let mut may = names(cells[1]);
        if cells[1].contains("every room above") {
            may.extend(table.keys().cloned());
        }
        for room in names(cells[0]) {
            table.insert(room, may.clone());
        }
    }
    table
}

/// The names in backquotes.
fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(ToOwned::to_owned).collect()
}

/// The module that `file` is, as its path below the crate's root: empty for `lib.rs` and `main.rs`.
fn module(file: &str) -> Vec<&str> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" || path == "main" { Vec::new() } else { path.split('/').collect() }
}

/// Every import of `file` that `table` forbids, said so that one knows what to do.
fn forbidden(file: &SourceFile, table: &Table) -> Vec<String> {
    let module = module(&file.path);
    let Some(room) = module.first() else { return Vec::new() };
    let Some(may) = table.get(*room) else {
        return vec![format!(
            "{}: the room `{room}` has no row in ARCHITECTURE.md's import table; give it one",
            file.path
        )];
    };
    imports::rooms(&file.text, &module)
        .into_iter()
        .filter(|named| named.room != *room && !may.contains(&named.room))
        .map(|named| {
            format!(
                "{}:{}: `{room}` imports `{}`, which its row in ARCHITECTURE.md does not list ({}); \
                 hand the value in from a room above, or move the code there",
                file.path,
                named.line,
                named.room,
                may.join(", ")
            )
        })
        .collect()
}

#[test]
fn no_room_imports_one_that_the_table_does_not_give_it() {
    let table = table(&read("ARCHITECTURE.md"));
    let files = all(&["src"], &["rs"]);
    let found: Vec<String> = files.iter().flat_map(|file| forbidden(file, &table)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn every_room_of_the_front_door_has_a_row() {
    let table = table(&read("ARCHITECTURE.md"));
    let lib = read("src/lib.rs");
    let rooms: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert!(rooms.len() >= 10, "src/lib.rs names the rooms: {rooms:?}");
    for room in rooms {
        assert!(table.contains_key(room), "the room `{room}` has no row in ARCHITECTURE.md's import table");
    }
}

#[test]
fn a_forbidden_import_is_found_and_a_permitted_one_is_not() {
    let table = table(
        "## Who may import whom\n\n| Room | May import |\n|---|---|\n| `model` | nothing |\n\
         | `guides`, `storage` | `model` |\n| `web` | every room above |\n",
    );
    let file = |path: &str, text: &str| SourceFile { path: path.to_owned(), text: text.to_owned() };
    let found =
        forbidden(&file("src/guides/render.rs", "use crate::{model::Guide,\n storage::Key};"), &table);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("src/guides/render.rs:2: `guides` imports `storage`"), "{found:?}");
    assert!(
        forbidden(&file("src/web/mod.rs", "use super::{guides, storage}; use crate::web::Page;"), &table)
            .is_empty()
    );
    assert_eq!(forbidden(&file("src/attic/mod.rs", ""), &table).len(), 1, "a room without a row");
}
