//! The files of a content folder, as they were when last looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::problem::{Problem, ProblemKind};

/// The most files that are looked at, and the deepest folder.
const MOST_FILES: usize = 500_000;
const DEEPEST: usize = 32;

/// Every file below the folder, by its path relative to it with `/` between; hidden ones are not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    pub(super) files: BTreeMap<String, Entry>,
    pub(super) problems: Vec<Problem>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) size: u64,
    pub(super) modified: Option<Timestamp>,
}

/// What a look at some paths found.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Files that are new, gone or different.
    pub(super) touched: BTreeSet<String>,
    /// Whether a file came or went.
    pub(super) structure: bool,
}

impl Tree {
    /// Looks at every file below `root`.
    pub(super) fn walk(root: &Path) -> Self {
        let mut tree = Self::default();
        tree.look_into(root, root, 0);
        tree
    }

    /// Looks again at `changed` and below.
    pub(super) fn update(&mut self, root: &Path, changed: &[PathBuf]) -> Changes {
        let mut seen = Changes::default();
        let full_root = root.canonicalize().ok();
        for path in changed {
            // Some systems tell of seen by the full path.
            let by_full = || full_root.as_ref().and_then(|root| relative(root, path));
            let Some(relative) = relative(root, path).or_else(by_full) else { continue };
            let path = &root.join(&relative);
            let mut now = Self::default();
            if path.is_dir() {
                now.look_into(root, path, 0);
            } else if let Some(found) = metadata(root, path).filter(fs::Metadata::is_file) {
                now.files.insert(relative.clone(), Entry::of(&found));
            }
            let below = |file: &&String| {
                relative.is_empty()
                    || file
                        .strip_prefix(&*relative)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let gone: Vec<String> = self
                .files
                .keys()
                .filter(below)
                .filter(|file| !now.files.contains_key(*file))
                .cloned()
                .collect();
            for file in gone {
                self.files.remove(&file);
                seen.touched.insert(file);
                seen.structure = true;
            }
            let is_file = now.files.contains_key(&relative);
            for (file, entry) in now.files {
                let before = self.files.insert(file.clone(), entry.clone());
                seen.structure |= before.is_none();
                // A file that was named counts as changed: its time may be too coarse to show it.
                if is_file || before.as_ref() != Some(&entry) {
                    seen.touched.insert(file);
                }
            }
        }
        seen
    }

    fn look_into(&mut self, root: &Path, folder: &Path, depth: usize) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => {
                let shown = relative(root, folder).unwrap_or_default();
                let message = format!("folder `{shown}` cannot be read: {error}; check its permissions");
                self.problems.push(Problem::error(&*shown, ProblemKind::Unreadable, message));
                return;
            }
        };
        for entry in entries.flatten() {
            let path = entry.path();
            let Some(relative) = relative(root, &path) else {
                if !is_hidden(&path) {
                    let shown = path.to_string_lossy();
                    let message = format!("file `{shown}` has a name that is not UTF-8; rename it");
                    self.problems.push(Problem::warning(&*shown, ProblemKind::Unreadable, message));
                }
                continue;
            };
            let Some(found) = metadata(root, &path) else { continue };
            if found.is_file() && self.files.len() < MOST_FILES {
                self.files.insert(relative, Entry::of(&found));
            } else if found.is_dir() && depth < DEEPEST {
                self.look_into(root, &path, depth + 1);
            }
        }
    }
}

impl Entry {
    fn of(found: &Metadata) -> Self {
        let modified = found.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        Self { size: found.len(), modified }
    }
}

/// `path` below `root`; `None` where it is hidden, elsewhere or not UTF-8.
fn relative(root: &Path, path: &Path) -> Option<String> {
    let mut out = String::new();
    for part in path.strip_prefix(root).ok()?.components() {
        let name = part.as_os_str().to_str()?;
        if name.starts_with('.') || name == "node_modules" {
            return None;
        }
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str(name);
    }
    Some(out)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with('.') || name == "node_modules"
    })
}

/// What is at `path`; a symbolic link counts when it stays below `root`.
fn metadata(root: &Path, path: &Path) -> Option<Metadata> {
    let found = fs::symlink_metadata(path).ok()?;
    if !found.is_symlink() {
        return Some(found);
    }
    let (root, target) = (root.canonicalize().ok()?, path.canonicalize().ok()?);
    target.starts_with(root).then(|| fs::metadata(path).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in ["a.md", "b/c.md", ".hidden.md", ".git/x.md", "node_modules/y.md"] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        dir
    }

    fn names(tree: &Tree) -> Vec<&str> {
        tree.files.keys().map(String::as_str).collect()
    }

    #[test]
    fn hidden_files_are_not_there() {
        let dir = folder();
        assert_eq!(names(&Tree::walk(dir.path())), ["a.md", "b/c.md"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_leads_nowhere() {
        let (dir, outside) = (folder(), tempfile::NamedTempFile::new().unwrap());
        std::os::unix::fs::symlink(outside.path(), dir.path().join("secret.md")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("a.md"), dir.path().join("same.md")).unwrap();
        assert_eq!(names(&Tree::walk(dir.path())), ["a.md", "b/c.md", "same.md"]);
    }

    #[test]
    fn files_that_come_go_and_change_are_noticed() {
        let dir = folder();
        let root = dir.path();
        let mut tree = Tree::walk(root);

        let changes = tree.update(root, &[root.join("a.md")]);
        assert!(!changes.structure && changes.touched.contains("a.md"));

        fs::write(root.join("b/d.md"), "x").unwrap();
        let changes = tree.update(root, &[root.join("b")]);
        assert!(changes.structure);
        assert_eq!(changes.touched.into_iter().collect::<Vec<_>>(), ["b/d.md"]);

        fs::remove_dir_all(root.join("b")).unwrap();
        let changes = tree.update(root, &[root.join("b")]);
        assert!(changes.structure);
        assert_eq!(names(&tree), ["a.md"]);
    }
}
