//! A page of a folder's entries, in the order of their keys.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use jiff::Timestamp;

use super::{Folder, version};
use crate::storage::{Listed, Listing, PAGE, Prefix, StorageError};

impl Folder {
    pub(super) fn list_now(&self, prefix: &Prefix, from: Option<&str>) -> Result<Listing, StorageError> {
        let key = prefix.path();
        let Some(dir) = self.place(key.trim_end_matches('/'))? else { return Ok(Listing::default()) };
        page(&dir, from).map_err(|error| StorageError::Unavailable(format!("`{key}`: {error}")))
    }
}

fn page(dir: &Path, from: Option<&str>) -> io::Result<Listing> {
    let mut listing = Listing::default();
    let mut last = None;
    for entry in entries(dir)? {
        if from.is_some_and(|from| entry.as_str() <= from) {
            continue;
        }
        let found = match entry.strip_suffix('/') {
            Some(folder) => holds_objects(&dir.join(folder))?.then(|| Found::Folder(folder.to_owned())),
            None => look_at(dir, &entry)?.map(Found::Object),
        };
        // An empty folder, or an object that was deleted meanwhile.
        let Some(found) = found else { continue };
        if listing.objects.len() + listing.folders.len() == PAGE {
            listing.next = last;
            break;
        }
        match found {
            Found::Folder(folder) => listing.folders.push(folder),
            Found::Object(object) => listing.objects.push(object),
        }
        last = Some(entry);
    }
    Ok(listing)
}

enum Found {
    Folder(String),
    Object(Listed),
}

/// The names in `dir` that keys can have, sorted as keys are: folders end with a slash.
fn entries(dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        let Ok(mut name) = entry.file_name().into_string() else { continue };
        let kind = entry.file_type()?;
        if name.starts_with('.') || !(kind.is_file() || kind.is_dir()) {
            continue;
        }
        if kind.is_dir() {
            name.push('/');
        }
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}

fn look_at(dir: &Path, name: &str) -> io::Result<Option<Listed>> {
    let mut file = match File::open(dir.join(name)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let metadata = file.metadata()?;
    Ok(Some(Listed {
        name: name.to_owned(),
        etag: version(&mut file)?,
        size: metadata.len(),
        modified: Timestamp::try_from(metadata.modified()?).unwrap_or_default(),
    }))
}

/// Whether there is an object anywhere below `dir`: on S3, a folder is there only by its objects.
fn holds_objects(dir: &Path) -> io::Result<bool> {
    let entries = entries(dir)?;
    if entries.iter().any(|entry| !entry.ends_with('/')) {
        return Ok(true);
    }
    for folder in entries {
        if holds_objects(&dir.join(folder))? {
            return Ok(true);
        }
    }
    Ok(false)
}
