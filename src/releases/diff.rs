//! What differs between two releases: added, changed and removed files, and what that does to the size.

use serde::Serialize;

use crate::model::{AppName, FilePath, Manifest, ReleaseId};

use super::{ReleaseError, Releases};

/// The most files that are named; the counts and sizes are of all.
const MOST_NAMED: usize = 2000;

/// One release seen from another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// Files that the other lacks.
    pub added: Vec<Changed>,
    /// Files with other bytes.
    pub changed: Vec<Changed>,
    /// Files that only the other has.
    pub removed: Vec<Changed>,
    /// How many files are the same in both.
    pub same: usize,
    /// The size of the other's files together, in bytes.
    pub size_before: u64,
    /// The size of its own files together, in bytes.
    pub size: u64,
    /// Whether there are more files than are named.
    pub cut: bool,
}

/// A file that is not the same in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Its path.
    pub path: FilePath,
    /// Its size in the other, in bytes; 0 where that lacks it.
    pub before: u64,
    /// Its size in this one, in bytes; 0 where this lacks it.
    pub after: u64,
}

impl Diff {
    /// `to` seen from `from`.
    #[must_use]
    pub fn between(from: &Manifest, to: &Manifest) -> Self {
        let mut diff = Self { size_before: from.size(), size: to.size(), ..Self::default() };
        let mut named = 0;
        let mut put = |list: &mut Vec<Changed>, path: &FilePath, before, after| {
            named += 1;
            if named <= MOST_NAMED {
                list.push(Changed { path: path.clone(), before, after });
            }
        };
        for (path, file) in &to.files {
            match from.files.get(path) {
                None => put(&mut diff.added, path, 0, file.size),
                Some(before) if before.sha256 != file.sha256 => {
                    put(&mut diff.changed, path, before.size, file.size);
                }
                Some(_) => diff.same += 1,
            }
        }
        for (path, file) in from.files.iter().filter(|(path, _)| !to.files.contains_key(path.as_str())) {
            put(&mut diff.removed, path, file.size, 0);
        }
        diff.cut = named > MOST_NAMED;
        diff
    }
}

impl Releases {
    /// Release `to` of an app seen from release `from`.
    pub async fn diff(&self, app: &AppName, from: ReleaseId, to: ReleaseId) -> Result<Diff, ReleaseError> {
        let missing = |release| ReleaseError::NoRelease { app: app.clone(), release };
        let before = self.manifest(app, from).await?.ok_or_else(|| missing(from))?;
        let after = self.manifest(app, to).await?.ok_or_else(|| missing(to))?;
        Ok(Diff::between(&before, &after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Clock, Digest, Entropy, FileEntry};

    fn manifest(files: &[(&str, &str)]) -> Manifest {
        let now = Clock::system().now();
        let entry = |(path, bytes): &(&str, &str)| {
            let (sha256, size) = (Digest::of(bytes.as_bytes()), bytes.len() as u64);
            (path.parse().unwrap(), FileEntry { sha256, size, media_type: String::new() })
        };
        Manifest {
            app: "tides".parse().unwrap(),
            id: ReleaseId::new(now, &Entropy::seeded(1)),
            files: files.iter().map(entry).collect(),
            by: "ann@example.org".parse().unwrap(),
            when: now,
            message: None,
            source: None,
        }
    }

    #[test]
    fn a_file_is_added_changed_removed_or_the_same() {
        let before = manifest(&[("a", "a"), ("b", "b"), ("c", "c")]);
        let after = manifest(&[("a", "a"), ("b", "other"), ("d", "dd")]);
        let diff = Diff::between(&before, &after);
        let told = |list: &[Changed]| {
            list.iter()
                .map(|file| format!("{} {} {}", file.path, file.before, file.after))
                .collect::<Vec<_>>()
        };
        assert_eq!(told(&diff.added), ["d 0 2"]);
        assert_eq!(told(&diff.changed), ["b 1 5"]);
        assert_eq!(told(&diff.removed), ["c 1 0"]);
        assert_eq!((diff.same, diff.size_before, diff.size, diff.cut), (1, 3, 8, false));
    }
}
