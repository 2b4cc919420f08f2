//! What the repository around the guides remembers: when each file last changed, and what it was called before.
//!
//! It is asked of the `git` program, once, while the server already answers (docs/decisions/0010). Without a
//! repository, or without `git`, there is no history, and the files' own times stand in.

mod headings;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use jiff::Timestamp;

use super::load::addressed_as;
use super::site::Site;
use super::tree::Tree;
use crate::model::GuidePath;
pub(super) use headings::Renamed;

/// How long `git` may take.
const LONGEST: Duration = Duration::from_mins(2);
/// The most commits that are looked at, the newest first.
const MOST_COMMITS: &str = "100000";
/// The most files that are remembered.
const MOST_FILES: usize = 500_000;
/// The longest name that is read, in bytes.
const LONGEST_NAME: u64 = 64 << 10;

/// What is known of the files below the content folder, by their paths relative to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The commit that it was read at; empty without a repository.
    head: String,
    changed: HashMap<String, Timestamp>,
    /// Files that came with the first commit of a shallow clone: nobody knows how old they are.
    unknown: HashSet<String>,
    /// Files as they are not yet committed: their own times tell.
    edited: HashSet<String>,
    /// What a file was called once, and what it is called now.
    former: BTreeMap<String, String>,
    /// Headings that were renamed, by the file that they are in now; the latest first.
    headings: HashMap<String, Vec<Renamed>>,
}

/// When a file last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// At this time.
    At(Timestamp),
    /// Its own time tells.
    AsTheFileSays,
    /// Nobody knows.
    Unknown,
}

impl History {
    /// Reads the history of the repository that `dir` is in. It takes a moment, so nobody should wait for it.
    #[must_use]
    pub fn read(dir: &Path) -> Self {
        let Some(head) = head(dir) else { return Self::default() };
        let shallow =
            answer(dir, &["rev-parse", "--is-shallow-repository"]).is_some_and(|said| said == "true");
        let mut history = Self { head, ..Self::default() };
        let log = [
            "log",
            "--no-show-signature",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--relative",
            "--name-status",
            "--find-renames",
            "-l2000",
            "-z",
            "--format=%x01%H%x00%ct%x00%P%x00",
            "--max-count",
            MOST_COMMITS,
            "HEAD",
            "--",
            ".",
        ];
        if run(dir, &log, |words| history.take_log(words, shallow)).is_none() {
            tracing::warn!(
                "the history of the guides could not be read to its end; older changes and names are not known"
            );
        }
        let renamed = run(dir, &headings::LOG, |words| {
            for (file, renamed) in headings::read(words) {
                let now = history.former.get(&file).unwrap_or(&file).clone();
                history.headings.entry(now).or_default().push(renamed);
            }
        });
        if renamed.is_none() {
            tracing::warn!(
                "the history of headings could not be read to its end; older links to renamed ones arrive at the top"
            );
        }
        let edited =
            ["diff", "--no-ext-diff", "--no-textconv", "--relative", "--name-only", "-z", "HEAD", "--", "."];
        run(dir, &edited, |words| {
            while let Some(file) = words.next().filter(|_| history.edited.len() < MOST_FILES) {
                history.edited.insert(file);
            }
        });
        history
    }

    /// Whether a commit was made since it was read.
    #[must_use]
    pub fn is_behind(&self, dir: &Path) -> bool {
        head(dir).unwrap_or_default() != self.head
    }

    /// Whether there is a repository.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.head.is_empty()
    }

    pub(super) fn changed(&self, file: &str) -> Changed {
        match self.changed.get(file) {
            _ if self.edited.contains(file) => Changed::AsTheFileSays,
            Some(at) => Changed::At(*at),
            None if self.unknown.contains(file) => Changed::Unknown,
            None => Changed::AsTheFileSays,
        }
    }

    /// The addresses that guides had under their former names, and the files, relative to the site's guides, that have
    /// them now.
    pub(super) fn former_addresses<'a>(
        &'a self,
        tree: &'a Tree,
        site: &'a Site,
    ) -> impl Iterator<Item = (GuidePath, &'a str)> {
        let renamed = self.former.iter().filter(|(old, _)| !tree.files.contains_key(*old));
        renamed.filter_map(move |(old, new)| {
            let path = GuidePath::of_file(&addressed_as(old, tree, site)?).ok()?;
            Some((path, site.inside(new).unwrap_or(new)))
        })
    }

    /// The headings of a file that were called something else once, the latest first.
    pub(super) fn renamed(&self, file: &str) -> &[Renamed] {
        self.headings.get(file).map_or(&[], Vec::as_slice)
    }

    /// Whether it remembers the same headings as `other`.
    pub(super) fn knows_same_headings(&self, other: &Self) -> bool {
        self.headings == other.headings
    }

    /// Reads commits from the newest to the oldest.
    fn take_log(&mut self, words: &mut Words<'_>, shallow: bool) {
        // What a file is called today, by what it was called at the commit being read.
        let mut today: HashMap<String, String> = HashMap::new();
        let (mut when, mut first) = (None, false);
        while let Some(word) = words.next() {
            if word.starts_with('\u{1}') {
                when = words.next().and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok());
                first = words.next().is_none_or(|parents| parents.is_empty());
                continue;
            }
            let status = word.trim_start_matches('\n');
            let Some(kind) = status.chars().next() else { continue };
            let Some(name) = words.next() else { return };
            let renamed = if matches!(kind, 'R' | 'C') { words.next() } else { None };
            let at_commit = renamed.as_ref().unwrap_or(&name);
            let now = today.get(at_commit).unwrap_or(at_commit).clone();
            if self.changed.len() + self.unknown.len() >= MOST_FILES {
                return;
            }
            if kind == 'R' {
                self.former.entry(name.clone()).or_insert_with(|| now.clone());
                today.insert(name, now.clone());
            }
            // A file that only moved says what it said before.
            if kind == 'D' || status == "R100" || self.changed.contains_key(&now) {
                continue;
            }
            match when {
                Some(_) if first && shallow => {
                    self.unknown.insert(now);
                }
                Some(at) => {
                    self.changed.insert(now, at);
                }
                None => {}
            }
        }
    }
}

/// The commit that is checked out.
fn head(dir: &Path) -> Option<String> {
    answer(dir, &["rev-parse", "--verify", "--quiet", "HEAD"]).filter(|head| !head.is_empty())
}

/// The first line that `git` answers.
fn answer(dir: &Path, arguments: &[&str]) -> Option<String> {
    let mut said = None;
    run(dir, arguments, |words| said = words.next())?;
    Some(said?.trim().to_owned())
}

/// Runs `git`, and hands `read` what it says, NUL by NUL. `None` where it does not end well.
fn run(dir: &Path, arguments: &[&str], read: impl FnOnce(&mut Words<'_>)) -> Option<()> {
    let mut child = git(dir).args(arguments).spawn().ok()?;
    let mut said = BufReader::new(child.stdout.take()?);
    let child = Arc::new(Mutex::new(child));
    let (ended, end) = mpsc::channel::<()>();
    let watched = Arc::clone(&child);
    let watch = std::thread::Builder::new().name("git".to_owned()).spawn(move || {
        if end.recv_timeout(LONGEST) == Err(mpsc::RecvTimeoutError::Timeout) {
            stop(&watched);
        }
    });
    if watch.is_err() {
        stop(&child);
        return None;
    }
    read(&mut Words(&mut said));
    // Whatever was not read keeps it from ending by itself.
    drop(said);
    drop(ended);
    let status = child.lock().unwrap_or_else(PoisonError::into_inner).wait().ok()?;
    status.success().then_some(())
}

fn stop(child: &Mutex<Child>) {
    // It may have ended by itself.
    let _ = child.lock().unwrap_or_else(PoisonError::into_inner).kill();
}

/// `git` in `dir`, which asks nobody, fetches nothing, writes nothing, and runs no program that a repository names.
fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .args(["--no-pager", "--no-optional-locks", "--literal-pathspecs"])
        .args(["-c", "core.fsmonitor=false", "-c", "log.showRoot=true", "-c", "log.follow=false"])
        .args(["-c", "log.diffMerges=off", "-c", "core.quotePath=false"])
        .current_dir(dir)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env_remove("GIT_EXTERNAL_DIFF")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// What `git` says, apart by NUL; a name that is not UTF-8 is no name of a guide, and ours is close enough.
struct Words<'a>(&'a mut dyn BufRead);

impl Words<'_> {
    /// The next line, without its end.
    fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        (&mut *self.0).take(LONGEST_NAME).read_until(b'\n', &mut line).ok().filter(|read| *read > 0)?;
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    fn next(&mut self) -> Option<String> {
        let mut word = Vec::new();
        (&mut *self.0).take(LONGEST_NAME).read_until(0, &mut word).ok().filter(|read| *read > 0)?;
        if word.last() == Some(&0) {
            word.pop();
        }
        Some(String::from_utf8_lossy(&word).into_owned())
    }
}

#[cfg(test)]
mod tests;
