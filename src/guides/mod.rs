//! Markdown in, a [`Library`] out.

use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

use crate::config::Content;

/// The guides of a folder.
#[derive(Debug)]
pub struct Library {
    problems: Vec<Problem>,
}

/// A folder of guides that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(String);

/// One thing that is wrong, where, and what to do.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// The file, relative to the content folder.
    pub file: String,
    /// The line, where one line is to blame.
    pub line: Option<u32>,
    /// Whether readers lose something by it.
    pub severity: Severity,
    /// A whole sentence that names the thing and the next step.
    pub message: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Readers meet it.
    Error,
    /// Worth putting right.
    Warning,
}

impl Library {
    /// Reads the folder.
    pub fn load(content: &Content, _today: Date) -> Result<Self, LoadError> {
        std::fs::read_dir(&content.dir).map_err(|error| LoadError(error.to_string()))?;
        Ok(Self { problems: Vec::new() })
    }

    /// What is wrong.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}
