//! The rules and limits for what is announced. Pure: nothing is read or written.

use std::collections::{BTreeMap, HashMap};

use crate::config::Limits;
use crate::model::{Digest, FilePath, Source};

use super::Announced;

/// The longest title, in characters.
pub const LONGEST_TITLE: usize = 120;
/// The longest message, in characters.
const LONGEST_MESSAGE: usize = 2000;
/// The longest repository or commit, in characters.
const LONGEST_SOURCE: usize = 300;

/// The rule or limit that is broken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRelease {
    /// Nothing to publish.
    #[error("a release needs at least one file")]
    NoFiles,
    /// Too many files.
    #[error("the release has {given} files; {most} is the most that this server takes (`release_files`)")]
    TooManyFiles {
        /// How many were announced.
        given: usize,
        /// The limit.
        most: usize,
    },
    /// A file is too large.
    #[error(
        "`{path}` has {size} bytes; {most} is the most that this server takes in one file (`file_bytes`)"
    )]
    FileTooLarge {
        /// Which file.
        path: FilePath,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        most: u64,
    },
    /// All files together are too large.
    #[error(
        "the release has {size} bytes; {most} is the most that this server takes of an app (`app_bytes`)"
    )]
    TooLarge {
        /// Their size in bytes.
        size: u64,
        /// The limit in bytes.
        most: u64,
    },
    /// A path is too long.
    #[error(
        "`{path}` has {given} bytes in its path; {most} is the most that this server takes (`path_bytes`)"
    )]
    PathTooLong {
        /// Which file.
        path: FilePath,
        /// How long its path is.
        given: usize,
        /// The limit.
        most: usize,
    },
    /// Somebody has created too many apps.
    #[error(
        "you have created {most} apps, the most that this server allows (`apps_per_publisher`); delete one that is not needed"
    )]
    TooManyApps {
        /// The limit.
        most: usize,
    },
    /// One digest with two sizes: at least one of them is wrong.
    #[error(
        "`{path}` is announced with {size} bytes, and another file with the same sha256 {digest} with {other}"
    )]
    TwoSizes {
        /// One of the files.
        path: FilePath,
        /// Their digest.
        digest: Digest,
        /// Its size in bytes.
        size: u64,
        /// The other's size in bytes.
        other: u64,
    },
    /// No folder can hold these files.
    #[error("`{path}` is a file, and `{below}` lies in a folder of that name; rename one of them")]
    FileAndFolder {
        /// The file.
        path: FilePath,
        /// A file below it.
        below: FilePath,
    },
    /// A text is empty, too long, or not text.
    #[error("{what} needs 1 to {most} characters, none of them control characters; this one has {given}")]
    Text {
        /// What it is the text of.
        what: &'static str,
        /// How many characters it has.
        given: usize,
        /// The limit.
        most: usize,
    },
    /// A setting is not what it may be.
    #[error("`{name}`: {rule}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it must be.
        rule: String,
    },
    /// Too many lines in a listed audience.
    #[error("{most} grants are the most that an app takes; grant a domain or a group instead")]
    TooManyGrants {
        /// The limit.
        most: usize,
    },
}

/// Checks a release's files, message and source.
pub(in crate::releases) fn check(
    files: &BTreeMap<FilePath, Announced>,
    message: Option<&str>,
    source: Option<&Source>,
    limits: &Limits,
) -> Result<(), InvalidRelease> {
    if files.is_empty() {
        return Err(InvalidRelease::NoFiles);
    }
    if files.len() > limits.release_files {
        return Err(InvalidRelease::TooManyFiles { given: files.len(), most: limits.release_files });
    }
    check_files(files, limits.file_bytes)?;
    let long = files.keys().find(|path| path.as_str().len() > limits.path_bytes);
    if let Some(path) = long {
        let (given, most) = (path.as_str().len(), limits.path_bytes);
        return Err(InvalidRelease::PathTooLong { path: path.clone(), given, most });
    }
    let size = files.values().fold(0_u64, |sum, file| sum.saturating_add(file.size));
    if size > limits.app_bytes {
        return Err(InvalidRelease::TooLarge { size, most: limits.app_bytes });
    }
    if let Some(message) = message {
        check_text("a message", message, LONGEST_MESSAGE)?;
    }
    let source = source.into_iter().flat_map(|source| [&source.repository, &source.commit]).flatten();
    source.into_iter().try_for_each(|text| check_text("a source", text, LONGEST_SOURCE))
}

fn check_files(files: &BTreeMap<FilePath, Announced>, most: u64) -> Result<(), InvalidRelease> {
    let mut sizes = HashMap::new();
    for (path, &Announced { sha256: digest, size }) in files {
        if size > most {
            return Err(InvalidRelease::FileTooLarge { path: path.clone(), size, most });
        }
        let other = *sizes.entry(digest).or_insert(size);
        if other != size {
            return Err(InvalidRelease::TwoSizes { path: path.clone(), digest, size, other });
        }
        let folders = path.as_str().match_indices('/').map(|(end, _)| &path.as_str()[..end]);
        for folder in folders {
            if let Some((file, _)) = files.get_key_value(folder) {
                return Err(InvalidRelease::FileAndFolder { path: file.clone(), below: path.clone() });
            }
        }
    }
    Ok(())
}

/// Checks a title, and takes the spaces around it away.
pub(in crate::releases) fn check_title(title: &str) -> Result<String, InvalidRelease> {
    let title = title.trim();
    if title.contains(['\n', '\t']) {
        let given = title.chars().count();
        return Err(InvalidRelease::Text { what: "a title", given, most: LONGEST_TITLE });
    }
    check_text("a title", title, LONGEST_TITLE)?;
    Ok(title.to_owned())
}

/// Checks a text of one line or more.
pub(in crate::releases) fn check_text(
    what: &'static str,
    text: &str,
    most: usize,
) -> Result<(), InvalidRelease> {
    let given = text.chars().count();
    let odd = text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    let fine = (1..=most).contains(&given) && !odd && !text.trim().is_empty();
    if fine { Ok(()) } else { Err(InvalidRelease::Text { what, given, most }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(named: &[(&str, u64)]) -> BTreeMap<FilePath, Announced> {
        let announce = |(path, size): &(&str, u64)| {
            let sha256 = Digest::of(&size.to_le_bytes());
            (path.parse().unwrap(), Announced { sha256, size: *size })
        };
        named.iter().map(announce).collect()
    }

    fn refusal(named: &[(&str, u64)]) -> String {
        let limits =
            Limits { release_files: 3, file_bytes: 100, app_bytes: 150, path_bytes: 20, ..Limits::default() };
        check(&files(named), None, None, &limits).unwrap_err().to_string()
    }

    #[test]
    fn every_limit_is_named() {
        assert_eq!(refusal(&[]), "a release needs at least one file");
        assert_eq!(
            refusal(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]),
            "the release has 4 files; 3 is the most that this server takes (`release_files`)"
        );
        assert_eq!(
            refusal(&[("a", 101)]),
            "`a` has 101 bytes; 100 is the most that this server takes in one file (`file_bytes`)"
        );
        assert_eq!(
            refusal(&[("a", 100), ("b", 51)]),
            "the release has 151 bytes; 150 is the most that this server takes of an app (`app_bytes`)"
        );
        assert_eq!(
            refusal(&[("twenty-one-characters", 1)]),
            "`twenty-one-characters` has 21 bytes in its path; 20 is the most that this server takes (`path_bytes`)"
        );
        assert_eq!(
            refusal(&[("a/b", 1), ("a/b/c", 2)]),
            "`a/b` is a file, and `a/b/c` lies in a folder of that name; rename one of them"
        );
    }

    #[test]
    fn one_digest_has_one_size() {
        let mut files = files(&[("a", 1), ("b", 1)]);
        files.get_mut("b").unwrap().size = 2;
        assert!(matches!(
            check(&files, None, None, &Limits::default()),
            Err(InvalidRelease::TwoSizes { size: 2, other: 1, .. })
        ));
    }

    #[test]
    fn texts_are_bounded() {
        let limits = Limits::default();
        let files = files(&[("a", 1)]);
        let long = "x".repeat(LONGEST_MESSAGE + 1);
        assert!(check(&files, Some("First\ndraft"), None, &limits).is_ok());
        for message in [long.as_str(), "", " ", "a\0b"] {
            assert!(check(&files, Some(message), None, &limits).is_err(), "{message:?}");
        }
        let source = Source { commit: Some("x".repeat(LONGEST_SOURCE + 1)), ..Source::default() };
        assert!(check(&files, None, Some(&source), &limits).is_err());
        assert_eq!(check_title("  Prisons "), Ok("Prisons".to_owned()));
        assert!(check_title("a\nb").is_err());
    }
}
