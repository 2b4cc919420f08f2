//! Edits, noticed as they are saved.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify_debouncer_full::notify::{EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, NoCache, new_debouncer_opt};

/// How long a folder must be quiet before an edit is told: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(30);

/// More changes than this at once are told as a change of the whole folder.
const MOST_CHANGES: usize = 1000;

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch {
    _debouncer: Debouncer<RecommendedWatcher, NoCache>,
}

/// A folder that cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("folder `{}` cannot be watched, edits show after a restart: {source}", dir.display())]
pub struct WatchError {
    dir: PathBuf,
    source: notify_debouncer_full::notify::Error,
}

/// Calls `on_change` with the files and folders below `dir` that were written, moved or removed, each batch once
/// the folder has been quiet for 30 ms. The calls come one after another, on a thread of their own; `dir` itself
/// among the paths means that anything may have changed.
pub fn watch(
    dir: &Path,
    mut on_change: impl FnMut(&[PathBuf]) + Send + 'static,
) -> Result<Watch, WatchError> {
    let root = dir.to_owned();
    let told = move |result: DebounceEventResult| {
        let changed = match result {
            Ok(events) if events.iter().any(|event| event.need_rescan()) => vec![root.clone()],
            Ok(events) => {
                let real = events.iter().filter(|event| !matches!(event.kind, EventKind::Access(_)));
                paths(&root, real.flat_map(|event| event.paths.iter()))
            }
            Err(_) => vec![root.clone()],
        };
        if !changed.is_empty() {
            on_change(&changed);
        }
    };
    let failed = |source| WatchError { dir: dir.to_owned(), source };
    let config = notify_debouncer_full::notify::Config::default();
    let mut debouncer = new_debouncer_opt(QUIET, None, told, NoCache, config).map_err(failed)?;
    debouncer.watch(dir, RecursiveMode::Recursive).map_err(failed)?;
    Ok(Watch { _debouncer: debouncer })
}

/// Each path once, without those that are hidden or an editor's own.
fn paths<'a>(root: &Path, changed: impl Iterator<Item = &'a PathBuf>) -> Vec<PathBuf> {
    let shown = |path: &&PathBuf| {
        let below = path.strip_prefix(root).unwrap_or(path);
        let names = below.components().filter_map(|part| part.as_os_str().to_str());
        !names.into_iter().any(|name| name.starts_with('.') || name.ends_with('~') || name == "4913")
    };
    let unique: BTreeSet<&PathBuf> = changed.filter(shown).collect();
    if unique.len() > MOST_CHANGES {
        return vec![root.to_owned()];
    }
    unique.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(paths: &[&str]) -> Vec<String> {
        let changed: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        super::paths(Path::new("/c"), changed.iter()).iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn editors_own_files_are_not_told() {
        let changed = ["/c/a.md", "/c/a.md", "/c/.a.md.swp", "/c/a.md~", "/c/4913", "/c/.git/HEAD"];
        assert_eq!(told(&changed), ["/c/a.md"]);
    }

    #[test]
    fn a_flood_of_changes_is_one_change_of_everything() {
        let many: Vec<String> = (0..=MOST_CHANGES).map(|number| format!("/c/{number}.md")).collect();
        assert_eq!(told(&many.iter().map(String::as_str).collect::<Vec<_>>()), ["/c"]);
    }

    #[test]
    fn a_saved_file_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (send, receive) = std::sync::mpsc::sync_channel(16);
        let _watch = watch(dir.path(), move |paths| {
            let _ = send.try_send(paths.to_vec());
        });
        let file = dir.path().join("a.md");
        std::fs::write(&file, "# A").unwrap();
        let paths = receive.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(paths.contains(&file) || paths.contains(&dir.path().to_owned()), "{paths:?}");
    }
}
