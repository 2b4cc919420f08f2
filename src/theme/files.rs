//! The files of a theme: the built-in ones, and a folder's in their place.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use bytes::Bytes;

use super::ThemeError;

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
}

/// Reads the built-in files, and the ones in `folder` over them.
pub(super) fn read(folder: Option<&Path>) -> Result<Files, ThemeError> {
    let mut files = built_in();
    if let Some(folder) = folder {
        let mut count = 0;
        files.templates.extend(texts(folder, "html", &mut count)?);
        files.styles.extend(optional(texts(&folder.join("styles"), "css", &mut count))?);
        files.assets.extend(optional(all(&folder.join("assets"), "", &mut count))?);
    }
    Ok(files)
}

impl Files {
    /// Templates: name and text.
    pub(super) fn templates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.templates.iter().map(|(name, text)| (name.as_str(), text.as_str()))
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

/// Names and contents of files under `themes/default`.
macro_rules! embed {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../themes/default/", $folder, $name)))),+]
    };
}

fn built_in() -> Files {
    let templates = embed!["":
        "account.html", "app.html", "app_parts.html", "apps.html", "authorize.html", "error.html", "guide.html", "layout.html",
        "not_found.html", "parts.html", "provider.html", "refusal.html", "review.html", "search.html", "sign_in_failed.html",
        "signed_out.html",
    ];
    let styles = embed!["styles/":
        "10-tokens.css", "20-base.css", "30-frame.css", "40-guide.css", "50-content.css", "60-code.css",
        "70-forms.css", "80-pages.css", "85-review.css", "90-print.css",
    ];
    let assets = embed!["assets/": "favicon.svg", "live.js", "page.js", "search.js"];
    let text = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    Files {
        templates: templates.map(text).into(),
        styles: styles.map(text).into(),
        assets: assets.map(|(name, text)| (name.to_owned(), Bytes::from_static(text.as_bytes()))).into(),
    }
}
