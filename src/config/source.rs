//! Where settings come from: a file and the environment, as one list with the place of each.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::environment::{CLIENT_VARIABLES, is_service_link};
use super::keys::{KNOWN, Known, variable_of};
use super::mistake::{Mistake, Place};
use super::nearest::nearest;

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

/// A setting as it was written.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// Which one it is.
    pub known: &'static Known,
    /// What it was set to.
    pub value: Raw,
    /// Where.
    pub place: Place,
    /// What a relative path in it is relative to; empty is the working directory.
    pub base: PathBuf,
}

/// A value before anybody has asked what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Raw {
    /// Text, or a number as text.
    Text(String),
    /// `true` or `false`.
    Boolean(bool),
    /// A list of texts.
    List(Vec<String>),
    /// A list of tables, as `[[section.name]]` writes it.
    Tables(Vec<Table>),
    /// Something that no setting is, by its name in TOML.
    Other(&'static str),
}

/// A table in a list of tables.
pub(super) type Table = BTreeMap<String, Raw>;

/// Reads the settings of a file.
pub(super) fn read_file(path: &Path, mistakes: &mut Vec<Mistake>) -> Vec<Given> {
    let whole = |what: String| Mistake::new(Place::File { path: path.to_owned(), line: None }, what);
    match std::fs::metadata(path) {
        Ok(found) if found.len() > LARGEST_FILE => {
            mistakes.push(whole(
                "is larger than 1 MiB, which no configuration is; name another with --config".into(),
            ));
            return Vec::new();
        }
        Ok(_) | Err(_) => {}
    }
    match std::fs::read_to_string(path) {
        Ok(text) => parse_file(path, &text, mistakes),
        Err(error) => {
            mistakes
                .push(whole(format!("cannot be read: {error}; create it, or name another with --config")));
            Vec::new()
        }
    }
}

fn parse_file(path: &Path, text: &str, mistakes: &mut Vec<Mistake>) -> Vec<Given> {
    let place =
        |span: Range<usize>| Place::File { path: path.to_owned(), line: Some(line_of(text, span.start)) };
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        mistakes.extend(errors.iter().map(|error| {
            let at = error.span().map_or(Place::File { path: path.to_owned(), line: None }, place);
            Mistake::new(
                at,
                format!("is not TOML: {}; text goes in quotes, as in `dir = \"content\"`", error.message()),
            )
        }));
        return Vec::new();
    }
    let mut given = Vec::new();
    for (section, body) in document.get_ref() {
        let name: &str = section.get_ref();
        let DeValue::Table(settings) = body.get_ref() else {
            mistakes.push(Mistake::new(place(section.span()), outside(name)));
            continue;
        };
        if !sections().any(|known| known == name) {
            mistakes.push(Mistake::new(place(section.span()), unknown_section(name)));
            continue;
        }
        for (key, value) in settings {
            match find(name, key.get_ref()) {
                Some(known) => given.push(Given {
                    known,
                    value: raw(value.get_ref()),
                    place: place(key.span()),
                    base: path.parent().unwrap_or(Path::new("")).to_owned(),
                }),
                None => mistakes.push(Mistake::new(place(key.span()), unknown_key(name, key.get_ref()))),
            }
        }
    }
    given
}

/// Reads the settings of the environment: `LOGGIA_SECTION_KEY`.
pub(super) fn read_variables(
    variables: impl Iterator<Item = (String, String)>,
    mistakes: &mut Vec<Mistake>,
) -> Vec<Given> {
    let mut variables: Vec<_> = variables
        .filter(|(name, value)| {
            name.starts_with("LOGGIA_")
                && !CLIENT_VARIABLES.contains(&name.as_str())
                && !is_service_link(name, value)
        })
        .collect();
    variables.sort();
    let mut given = Vec::new();
    for (name, value) in variables {
        match KNOWN.iter().find(|known| variable_of(known) == name) {
            Some(known) => {
                let place = Place::Variable(name);
                given.push(Given { known, value: Raw::Text(value), place, base: PathBuf::new() });
            }
            None => mistakes.push(Mistake::new(Place::Variable(name.clone()), unknown_variable(&name))),
        }
    }
    given
}

fn raw(value: &DeValue<'_>) -> Raw {
    match value {
        DeValue::String(text) => Raw::Text(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Raw::Text(number.as_str().replace('_', "")),
        DeValue::Boolean(value) => Raw::Boolean(*value),
        DeValue::Array(items) if items.iter().any(|item| matches!(item.get_ref(), DeValue::Table(_))) => {
            let table = |item: &DeValue<'_>| match item {
                DeValue::Table(table) => Some(
                    table
                        .iter()
                        .map(|(key, value)| (key.get_ref().to_string(), raw(value.get_ref())))
                        .collect(),
                ),
                _ => None,
            };
            let tables: Option<Vec<Table>> = items.iter().map(|item| table(item.get_ref())).collect();
            tables.map_or(Raw::Other("list of tables and other things"), Raw::Tables)
        }
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(ToOwned::to_owned)).collect();
            texts.map_or(Raw::Other("list of something other than text"), Raw::List)
        }
        other => Raw::Other(other.type_str()),
    }
}

fn find(section: &str, name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.section == section && known.name == name)
}

fn sections() -> impl Iterator<Item = &'static str> {
    let mut last = "";
    KNOWN
        .iter()
        .map(|known| known.section)
        .filter(move |section| std::mem::replace(&mut last, section) != *section)
}

fn keys_of(section: &str) -> impl Iterator<Item = &'static str> {
    KNOWN.iter().filter(move |known| known.section == section && !known.secret).map(|known| known.name)
}

fn outside(name: &str) -> String {
    if sections().any(|known| known == name) {
        return format!(
            "`{name}` is a section; write `[{name}]` on a line of its own and its settings below it"
        );
    }
    match KNOWN.iter().find(|known| known.name == name) {
        Some(known) => format!("`{name}` stands outside its section; move it below `[{}]`", known.section),
        None => format!("`{name}` is not a section; the sections are {}", quoted(sections())),
    }
}

fn unknown_section(name: &str) -> String {
    match nearest(name, sections()) {
        Some(near) => format!("`[{name}]` is not a section; did you mean `[{near}]`?"),
        None => format!("`[{name}]` is not a section; the sections are {}", quoted(sections())),
    }
}

fn unknown_key(section: &str, name: &str) -> String {
    if let Some(near) = nearest(name, keys_of(section)) {
        return format!("`{name}` is not a setting of `[{section}]`; did you mean `{near}`?");
    }
    match KNOWN.iter().find(|known| known.name == name && !known.secret) {
        Some(known) => {
            format!("`{name}` is not a setting of `[{section}]`; move it below `[{}]`", known.section)
        }
        None => format!("`{name}` is not a setting of `[{section}]`; it has {}", quoted(keys_of(section))),
    }
}

fn unknown_variable(name: &str) -> String {
    let variables: Vec<String> = KNOWN.iter().map(variable_of).collect();
    match nearest(name, variables.iter().map(String::as_str)) {
        Some(near) => format!("is not a setting; did you mean {near}?"),
        None => {
            "is not a setting; unset it, or write LOGGIA_SECTION_KEY as in LOGGIA_SERVER_LISTEN".to_owned()
        }
    }
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}
