//! The repository's own files, as text.

use std::path::{Path, PathBuf};

/// A text file; its path is relative to the repository and has forward slashes.
#[derive(Clone, Debug)]
pub(super) struct SourceFile {
    pub(super) path: String,
    pub(super) text: String,
}

impl SourceFile {
    /// The code before the file's unit tests, as `(line, text)`, lines counted from 1.
    pub(super) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line))
            .take_while(|(_, line)| *line != "#[cfg(test)]")
    }
}

/// What builds and tools leave behind, at any depth.
const LEFT_BEHIND: [&str; 6] = [".git", ".loggia", ".venv", "node_modules", "target", "snapshots"];

/// The text of one file.
pub(super) fn read(path: &str) -> String {
    std::fs::read_to_string(home().join(path))
        .unwrap_or_else(|error| panic!("{path} cannot be read: {error}"))
}

/// Every text file under `folders` with one of these endings; with none given, with any.
pub(super) fn all(folders: &[&str], endings: &[&str]) -> Vec<SourceFile> {
    let mut files = Vec::new();
    for folder in folders {
        collect(&home().join(folder), endings, &mut files);
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(!files.is_empty(), "no files under {folders:?}");
    files
}

fn collect(folder: &Path, endings: &[&str], files: &mut Vec<SourceFile>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.expect("the folder can be read")) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if LEFT_BEHIND.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(&path, endings, files);
        } else if endings.is_empty() || endings.iter().any(|ending| name.ends_with(&format!(".{ending}"))) {
            // A file that is not text holds none of the words we look for.
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let path = path
                .strip_prefix(home())
                .expect("files are in the repository")
                .to_string_lossy()
                .into_owned();
            files.push(SourceFile { path, text });
        }
    }
}

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
