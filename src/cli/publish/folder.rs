//! Walking what is to be published. Every reason against it is told before anything is sent.

use std::fs::{DirEntry, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::cli::output::{plain, say};
use crate::model::FilePath;

/// The most files that are walked.
const MOST_FILES: usize = 100_000;
/// How many of many things are named.
const NAMED: usize = 10;

/// What is to be published.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// Its files, in the order of their paths.
    pub files: Vec<File>,
    /// What was left out, with the reason.
    pub skipped: Vec<String>,
    mistakes: Vec<String>,
}

/// A file to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Its path in the release.
    pub path: FilePath,
    /// Where it is on this machine.
    pub from: PathBuf,
}

impl Folder {
    /// Reads a folder, or one HTML page, which becomes `index.html`.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let shown = path.display();
        let found = std::fs::metadata(path).with_context(|| format!("cannot publish {shown}"))?;
        if !found.is_dir() {
            return Self::of_page(path);
        }
        let root = path.canonicalize().with_context(|| format!("cannot publish {shown}"))?;
        let mut folder = Self::default();
        folder.walk(&root, &root, "", &mut vec![root.clone()])?;
        if !folder.mistakes.is_empty() {
            bail!("{shown} cannot be published:\n  {}", some(&folder.mistakes, "\n  "));
        }
        if folder.files.is_empty() {
            let hidden = if folder.skipped.is_empty() { "" } else { ", save for what is left out" };
            bail!("{shown} is empty{hidden}; name the folder that your report was written to");
        }
        folder.files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(folder)
    }

    /// Says what was left out, and what will be missed.
    pub(super) fn tell_skipped(&self, is_app: bool) {
        if !self.skipped.is_empty() {
            say(format!("Left out: {}", some(&self.skipped, ", ")));
        }
        if is_app && !self.files.iter().any(|file| file.path.as_str() == "index.html") {
            say("There is no index.html at the top, so the app's own address will show nothing.");
        }
    }

    fn of_page(path: &Path) -> anyhow::Result<Self> {
        let is_page = path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("html") || end.eq_ignore_ascii_case("htm"));
        if !is_page {
            bail!("{} is not an HTML page; put it in a folder and publish that", path.display());
        }
        let file = File { path: "index.html".parse()?, from: path.to_owned() };
        Ok(Self { files: vec![file], ..Self::default() })
    }

    /// Walks `dir`, which is `inside` in the release. `above` holds the real folders that lead here.
    fn walk(
        &mut self,
        root: &Path,
        dir: &Path,
        inside: &str,
        above: &mut Vec<PathBuf>,
    ) -> anyhow::Result<()> {
        let entries: io::Result<Vec<DirEntry>> = std::fs::read_dir(dir).and_then(Iterator::collect);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                self.mistakes.push(format!("{}: {error}; make it readable", dir.display()));
                return Ok(());
            }
        };
        entries.sort_by_key(DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let shown = plain(&name.to_string_lossy());
                self.mistakes.push(format!("{inside}{shown}: its name is not UTF-8; rename it"));
                continue;
            };
            let path = format!("{inside}{name}");
            if name.starts_with('.') && path != ".well-known" {
                self.skipped.push(format!("{} (hidden)", plain(&path)));
                continue;
            }
            self.take(root, &entry.path(), &path, above)?;
            if self.files.len() > MOST_FILES {
                bail!("there are more than {MOST_FILES} files in {}; publish less at once", root.display());
            }
        }
        Ok(())
    }

    fn take(&mut self, root: &Path, from: &Path, path: &str, above: &mut Vec<PathBuf>) -> anyhow::Result<()> {
        // The real place: where a link leads, and whether that is still inside.
        let real = match from.canonicalize() {
            Ok(real) => real,
            Err(error) => {
                self.mistakes.push(format!("{}: {error}; remove it or put it right", plain(path)));
                return Ok(());
            }
        };
        if !real.starts_with(root) {
            self.skipped.push(format!("{} (a link that leads outside)", plain(path)));
            return Ok(());
        }
        let found = std::fs::metadata(&real).with_context(|| format!("cannot look at {}", plain(path)))?;
        if found.is_dir() {
            if above.contains(&real) {
                self.skipped.push(format!("{} (a link that leads round in a circle)", plain(path)));
                return Ok(());
            }
            above.push(real.clone());
            let walked = self.walk(root, &real, &format!("{path}/"), above);
            above.pop();
            return walked;
        }
        self.take_file(&found, real, path);
        Ok(())
    }

    fn take_file(&mut self, found: &Metadata, from: PathBuf, path: &str) {
        if !found.is_file() {
            self.skipped.push(format!("{} (not a plain file)", plain(path)));
            return;
        }
        match path.parse::<FilePath>() {
            Ok(path) => self.files.push(File { path, from }),
            Err(error) => self.mistakes.push(error.to_string()),
        }
    }
}

/// The first few of many.
fn some(all: &[String], between: &str) -> String {
    let named = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(between);
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named}{between}and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with empty files at `paths`.
    fn folder(paths: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for path in paths {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        dir
    }

    fn paths(folder: &Folder) -> Vec<&str> {
        folder.files.iter().map(|file| file.path.as_str()).collect()
    }

    fn refusal(dir: &tempfile::TempDir) -> String {
        let home = dir.path().display().to_string();
        Folder::read(dir.path()).unwrap_err().to_string().replace(&home, "DIR")
    }

    #[test]
    fn hidden_files_are_left_out_and_said() {
        let dir = folder(&[
            "index.html",
            "a/b.css",
            "a/.DS_Store",
            ".git/HEAD",
            ".env",
            ".well-known/x",
            ".well-known/.y",
            "a/.well-known/z",
        ]);
        let read = Folder::read(dir.path()).unwrap();
        assert_eq!(paths(&read), [".well-known/x", "a/b.css", "index.html"]);
        let left_out = [".env", ".git", ".well-known/.y", "a/.DS_Store", "a/.well-known"];
        assert_eq!(read.skipped, left_out.map(|path| format!("{path} (hidden)")));
    }

    #[test]
    fn one_page_is_published_as_the_start_page() {
        let dir = folder(&["report.HTML", "report.pdf"]);
        assert_eq!(paths(&Folder::read(&dir.path().join("report.HTML")).unwrap()), ["index.html"]);
        let error = Folder::read(&dir.path().join("report.pdf")).unwrap_err().to_string();
        assert!(error.contains("put it in a folder"), "{error}");
    }

    #[test]
    fn an_empty_folder_a_missing_one_and_reserved_names_are_refused() {
        assert!(refusal(&folder(&[])).starts_with("DIR is empty; "));
        assert!(refusal(&folder(&[".git/HEAD"])).contains("save for what is left out"));
        let dir = folder(&["index.html", "-/x", "-/y"]);
        insta::assert_snapshot!(refusal(&dir));
        let missing = Folder::read(&dir.path().join("missing")).unwrap_err();
        assert!(format!("{missing:#}").contains("No such file"), "{missing:#}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_and_nowhere_else() {
        use std::os::unix::fs::symlink;
        let dir = folder(&["2024/index.html"]);
        let outside = folder(&["secret.txt"]);
        symlink("2024", dir.path().join("latest")).unwrap();
        symlink("..", dir.path().join("2024/up")).unwrap();
        symlink(outside.path().join("secret.txt"), dir.path().join("secret.txt")).unwrap();
        symlink(outside.path(), dir.path().join("outside")).unwrap();
        let read = Folder::read(dir.path()).unwrap();
        assert_eq!(paths(&read), ["2024/index.html", "latest/index.html"]);
        assert_eq!(read.skipped.len(), 4, "{:?}", read.skipped);
    }

    #[cfg(unix)]
    #[test]
    fn links_to_nowhere_and_odd_names_are_refused_together() {
        let dir = folder(&["index.html", "a\\b.txt", "c\nd.txt"]);
        std::os::unix::fs::symlink("nowhere", dir.path().join("gone")).unwrap();
        insta::assert_snapshot!(refusal(&dir));
    }
}
