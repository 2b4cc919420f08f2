//! What is wrong with a configuration, and where.

use std::fmt;
use std::path::PathBuf;

/// Everything that is wrong with a configuration, all at once, in the order a reader finds it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration cannot be used{}", listed(.0))]
pub struct ConfigError(pub Vec<Mistake>);

/// One thing that is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it was written.
    pub place: Place,
    /// What is wrong and the fix, as a sentence without a full stop. Never holds a secret.
    pub what: String,
}

/// Where a setting was written; in the order in which mistakes are told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a file.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line, from 1; `None` is the file as a whole.
        line: Option<usize>,
    },
    /// In the environment, by this name.
    Variable(String),
    /// On the command line, by this name.
    Flag(&'static str),
    /// Nowhere: it is missing, or its default does not fit the rest.
    Nowhere,
}

impl Mistake {
    pub(super) fn new(place: Place, what: impl Into<String>) -> Self {
        Self { place, what: what.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { path, line: Some(line) } => write!(f, "{}:{line}: ", path.display())?,
            Place::File { path, line: None } => write!(f, "{}: ", path.display())?,
            Place::Variable(name) => write!(f, "{name}: ")?,
            Place::Flag(name) => write!(f, "{name}: ")?,
            Place::Nowhere => {}
        }
        f.write_str(&self.what)
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    let lines = mistakes.iter().flat_map(|mistake| ["\n  ".to_owned(), mistake.to_string()]);
    lines.collect()
}
