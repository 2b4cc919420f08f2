//! The files of a theme: the built-in ones, and a folder's in their place.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use bytes::Bytes;

use super::ThemeError;
use super::strings::{FIRST, Strings};
use crate::config::Theme;

mod built_in;

/// The most files that a folder may add or replace.
const MOST_FILES: usize = 500;

/// The largest file of a theme, in bytes.
const LARGEST_FILE: u64 = 4 << 20;

/// A theme's files by name, without their folder.
#[derive(Debug, Default)]
pub(super) struct Files {
    templates: BTreeMap<String, String>,
    styles: BTreeMap<String, String>,
    assets: BTreeMap<String, Bytes>,
    /// The lines of each language.
    strings: BTreeMap<String, BTreeMap<String, String>>,
}

/// Reads the built-in files of `theme`, and the ones of its folder over them.
pub(super) fn read(theme: &Theme) -> Result<Files, ThemeError> {
    match theme {
        Theme::Default => built_in::default(),
        Theme::Service => Ok(built_in::default()?.under(built_in::service()?)),
        Theme::Folder(folder) => Ok(read(&base(folder)?)?.under(folder_files(folder)?)),
    }
}

/// The built-in theme that a folder changes, by `base = "service"` in its `theme.toml`.
fn base(folder: &Path) -> Result<Theme, ThemeError> {
    let settings = folder.join("theme.toml");
    let text = match fs::read_to_string(&settings) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Theme::Default),
        Err(error) => return Err(ThemeError::read(&settings, &error.to_string())),
    };
    let mut said = Strings::parse(&text).map_err(|reason| ThemeError::read(&settings, &reason))?;
    let name = said.remove("base").unwrap_or_else(|| "default".to_owned());
    if let Some(unknown) = said.keys().next() {
        let reason = format!("`{unknown}` is no setting of a theme; the only one is `base = \"service\"`");
        return Err(ThemeError::read(&settings, &reason));
    }
    Theme::named(&name).ok_or_else(|| {
        let reason =
            format!("there is no built-in theme `{name}`; write `base = \"default\"` or `\"service\"`");
        ThemeError::read(&settings, &reason)
    })
}

fn folder_files(folder: &Path) -> Result<Files, ThemeError> {
    let mut count = 0;
    let mut files = Files { templates: texts(folder, "html", &mut count)?, ..Files::default() };
    files.styles = optional(texts(&folder.join("styles"), "css", &mut count))?;
    files.assets = optional(all(&folder.join("assets"), "", &mut count))?;
    let strings = folder.join("strings");
    for (name, text) in optional(texts(&strings, "toml", &mut count))? {
        let lines =
            Strings::parse(&text).map_err(|reason| ThemeError::read(&strings.join(&name), &reason))?;
        files.strings.insert(name.trim_end_matches(".toml").to_owned(), lines);
    }
    Ok(files)
}

impl Files {
    /// These files, with those of `over` in the place of the ones that have the same name. Of words, line by line.
    fn under(mut self, over: Self) -> Self {
        self.templates.extend(over.templates);
        self.styles.extend(over.styles);
        self.assets.extend(over.assets);
        for (language, lines) in over.strings {
            self.strings.entry(language).or_default().extend(lines);
        }
        self
    }

    /// Templates: name and text.
    pub(super) fn templates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.templates.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// What pages say, in each language.
    pub(super) fn strings(&self) -> BTreeMap<String, Strings> {
        let nothing = BTreeMap::new();
        let first = self.strings.get(FIRST).unwrap_or(&nothing);
        self.strings.iter().map(|(tag, lines)| (tag.clone(), Strings::over(first, lines))).collect()
    }

    /// Assets: name and bytes. The style sheets are one, `style.css`, in the order of their names.
    pub(super) fn assets(&self) -> impl Iterator<Item = (&str, Bytes)> {
        let style: String = self.styles.values().map(String::as_str).collect::<Vec<_>>().join("\n");
        let assets = self.assets.iter().map(|(name, bytes)| (name.as_str(), bytes.clone()));
        assets.chain([("style.css", Bytes::from(style))])
    }
}

/// A folder inside the theme's may be missing.
fn optional<T: Default>(read: Result<T, ThemeError>) -> Result<T, ThemeError> {
    match read {
        Err(ThemeError::Missing(_)) => Ok(T::default()),
        read => read,
    }
}

fn texts(folder: &Path, ending: &str, count: &mut usize) -> Result<BTreeMap<String, String>, ThemeError> {
    let text = |(name, bytes): (String, Bytes)| match String::from_utf8(bytes.to_vec()) {
        Ok(text) => Ok((name, text)),
        Err(_) => Err(ThemeError::read(&folder.join(name), "it is not UTF-8; save it as UTF-8")),
    };
    all(folder, ending, count)?.into_iter().map(text).collect()
}

/// The files directly in `folder` whose names end in `.ending`; hidden ones are left alone.
fn all(folder: &Path, ending: &str, count: &mut usize) -> Result<BTreeMap<String, Bytes>, ThemeError> {
    let failed = |path: &Path, error: &std::io::Error| match error.kind() {
        ErrorKind::NotFound => ThemeError::Missing(path.to_owned()),
        _ => ThemeError::read(path, &error.to_string()),
    };
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(ThemeError::read(&path, "its name is not UTF-8; rename it"));
        };
        let suits = ending.is_empty() || path.extension().is_some_and(|found| found == ending);
        if name.starts_with('.') || !suits || !path.is_file() {
            continue;
        }
        *count += 1;
        if *count > MOST_FILES {
            return Err(ThemeError::read(folder, "it holds more than 500 files; is it the right folder?"));
        }
        let size = fs::metadata(&path).map_err(|error| failed(&path, &error))?.len();
        if size > LARGEST_FILE {
            return Err(ThemeError::read(&path, "it is larger than 4 MiB; make it smaller"));
        }
        let bytes = fs::read(&path).map_err(|error| failed(&path, &error))?;
        found.insert(name.to_owned(), Bytes::from(bytes));
    }
    Ok(found)
}
