//! Which files of a release are pages, and what each says: pure, apart from the time it may take.

use std::time::{Duration, Instant};

use super::decode::decode;
use super::{html, markdown};
use crate::model::{AppPage, FilePath, Manifest};
use crate::releases::texts::outline::Outline;

/// The largest file that is looked into, in bytes: a report that carries its figures and scripts with it.
pub(super) const LARGEST_FILE: u64 = 32 << 20;
/// The largest document of plain text or Markdown, in bytes.
const LARGEST_TEXT: u64 = 2 << 20;
/// The most files of a release that are looked into; those nearest to the top folder.
const MOST_FILES: usize = 5000;
/// How long one page may take; what was read by then is what it says.
const LONGEST: Duration = Duration::from_secs(5);

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Html,
    Markdown,
    Notebook,
    Plain,
    Pdf,
}

/// The files of a release that are looked into, those nearest to the top folder first.
pub(super) fn pages_of(manifest: &Manifest) -> Vec<(&FilePath, Kind)> {
    let mut pages: Vec<_> = manifest
        .files
        .iter()
        .filter_map(|(path, file)| Some((path, kind_of(path, manifest)?, file.size)))
        .filter(|(_, kind, size)| *size <= largest(*kind) && *size > 0)
        .map(|(path, kind, _)| (path, kind))
        .collect();
    pages.sort_by_key(|(path, _)| (path.as_str().split('/').count(), *path));
    pages.truncate(MOST_FILES);
    pages
}

fn largest(kind: Kind) -> u64 {
    match kind {
        Kind::Markdown | Kind::Plain => LARGEST_TEXT,
        Kind::Html | Kind::Notebook | Kind::Pdf => LARGEST_FILE,
    }
}

/// How the file at `path` is read; `None` when it is no page: data, code, pictures, files of tools, and sources
/// whose page lies beside them.
fn kind_of(path: &FilePath, manifest: &Manifest) -> Option<Kind> {
    let path = path.as_str();
    if path.split('/').any(|segment| segment.starts_with('.')) {
        return None;
    }
    let name = path.rsplit('/').next()?;
    let (stem, extension) = path.rsplit_once('.')?;
    let rendered = || manifest.files.contains_key(format!("{stem}.html").as_str());
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" | "xhtml" if name != "404.html" => Some(Kind::Html),
        "md" | "markdown" | "qmd" | "rmd" if !rendered() => Some(Kind::Markdown),
        "ipynb" if !rendered() => Some(Kind::Notebook),
        "txt" if !matches!(name, "robots.txt" | "llms.txt" | "llms-full.txt") => Some(Kind::Plain),
        "pdf" => Some(Kind::Pdf),
        _ => None,
    }
}

/// The address of a file below the app's origin, not percent-encoded.
pub(super) fn address(path: &FilePath) -> String {
    let path = path.as_str();
    match path.strip_suffix("index.html") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => format!("/{folder}"),
        _ => format!("/{path}"),
    }
}

/// What a page is called when it does not say: the name of its file, or of its folder, without an ending.
pub(super) fn name_of(path: &FilePath) -> &str {
    let path = path.as_str();
    let path = path.strip_suffix("/index.html").unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// What the bytes of a page say; a PDF's are read elsewhere.
pub(super) fn read(kind: Kind, bytes: &[u8], path: &FilePath) -> Option<AppPage> {
    let text = decode(bytes);
    let (address, name, until) = (address(path), name_of(path), Instant::now() + LONGEST);
    match kind {
        Kind::Html => html::read(&text, address, name, until),
        Kind::Markdown => markdown::read(&text, address, name, until),
        Kind::Notebook => markdown::read_notebook(&text, address, name, until),
        Kind::Plain => {
            let mut outline = Outline::default();
            for line in text.lines() {
                outline.text(line);
                outline.line();
            }
            outline.finish(address, None, name)
        }
        Kind::Pdf => None,
    }
}
