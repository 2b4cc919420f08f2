//! Where settings come from: a file and the environment, as one list with the place of each.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeArray, DeTable, DeValue};

use super::environment::{CLIENT_VARIABLES, is_service_link};
use super::keys::{KNOWN, Known, MOST_TABLES, REPEATED, prefix_of, variable_of};
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
    /// Which table it stands in, from 0, where a section may be there several times.
    pub table: usize,
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
    /// Something that no setting is, by its name in TOML.
    Other(&'static str),
}

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
    let mut file = File { path, text, given: Vec::new(), mistakes };
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in &errors {
            let at =
                error.span().map_or(Place::File { path: path.to_owned(), line: None }, |at| file.place(at));
            let what =
                format!("is not TOML: {}; text goes in quotes, as in `dir = \"content\"`", error.message());
            file.mistakes.push(Mistake::new(at, what));
        }
        return Vec::new();
    }
    for (section, body) in document.get_ref() {
        let name: &str = section.get_ref();
        match body.get_ref() {
            DeValue::Table(settings) if sections().any(|known| known == name) => {
                file.table(name, 0, settings);
            }
            DeValue::Table(_) => file.mistake(section.span(), unknown_section(name)),
            _ => file.mistake(section.span(), outside(name)),
        }
    }
    file.given
}

/// A file that is being read.
struct File<'f> {
    path: &'f Path,
    text: &'f str,
    given: Vec<Given>,
    mistakes: &'f mut Vec<Mistake>,
}

impl File<'_> {
    /// The settings of one table of `section`, and of the sections below it.
    fn table(&mut self, section: &str, table: usize, settings: &DeTable<'_>) {
        for (key, value) in settings {
            let name: &str = key.get_ref();
            let below = format!("{section}.{name}");
            match (find(section, name), value.get_ref()) {
                (Some(known), value) => {
                    let base = self.path.parent().unwrap_or(Path::new("")).to_owned();
                    let place = self.place(key.span());
                    self.given.push(Given { known, value: raw(value), place, base, table });
                }
                (None, DeValue::Array(tables)) if REPEATED.contains(&below.as_str()) => {
                    self.tables(&below, tables, key.span());
                }
                (None, DeValue::Table(settings)) if is_single(&below) => self.table(&below, 0, settings),
                (None, _) if is_section(&below) => self.mistake(key.span(), as_section(&below)),
                (None, _) => self.mistake(key.span(), unknown_key(section, name)),
            }
        }
    }

    fn tables(&mut self, section: &str, tables: &DeArray<'_>, span: Range<usize>) {
        if tables.len() > MOST_TABLES {
            self.mistake(
                span,
                format!("`[[{section}]]` is there more than {MOST_TABLES} times; remove some"),
            );
            return;
        }
        for (number, table) in tables.iter().enumerate() {
            match table.get_ref() {
                DeValue::Table(settings) if settings.is_empty() => {
                    let what =
                        format!("this `[[{section}]]` is empty; write its settings below it, or remove it");
                    self.mistake(table.span(), what);
                }
                DeValue::Table(settings) => self.table(section, number, settings),
                _ => self.mistake(table.span(), as_section(section)),
            }
        }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place::File { path: self.path.to_owned(), line: Some(line_of(self.text, span.start)) }
    }

    fn mistake(&mut self, span: Range<usize>, what: String) {
        self.mistakes.push(Mistake::new(self.place(span), what));
    }
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
        match named(&name) {
            Some((known, table)) => {
                let place = Place::Variable(name);
                given.push(Given { known, value: Raw::Text(value), place, base: PathBuf::new(), table });
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
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| item.get_ref().as_str().map(ToOwned::to_owned)).collect();
            texts.map_or(Raw::Other("list of something other than text"), Raw::List)
        }
        other => Raw::Other(other.type_str()),
    }
}

/// The setting that a variable is for, and its table: `LOGGIA_SIGN_IN_PROVIDER_2_ISSUER` is for the second.
fn named(variable: &str) -> Option<(&'static Known, usize)> {
    let several = REPEATED.iter().any(|section| variable.starts_with(&prefix_of(section)));
    let tables = if several { MOST_TABLES } else { 1 };
    (0..tables).find_map(|table| {
        let known = KNOWN.iter().find(|known| variable_of(known, table) == variable)?;
        Some((known, table))
    })
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
        .filter(|section| !section.contains('.'))
}

fn is_section(name: &str) -> bool {
    KNOWN.iter().any(|known| known.section == name)
}

fn is_single(name: &str) -> bool {
    is_section(name) && !REPEATED.contains(&name)
}

/// How to write the section called `name`.
fn as_section(name: &str) -> String {
    let header = if is_single(name) { format!("[{name}]") } else { format!("[[{name}]]") };
    format!("`{name}` is a section; write `{header}` on a line of its own and its settings below it")
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
    let variables: Vec<String> = KNOWN.iter().map(|known| variable_of(known, 0)).collect();
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
