//! What a release's `_redirects` and `_headers` say, parsed once for each release.
//!
//! 1. [`pattern`]: an address with placeholders and one `*`, matched in one pass.
//! 2. [`redirects`]: the first rule that matches answers.
//! 3. [`headers`]: every block that matches adds its headers; some names are ours, and are refused.
//!
//! What cannot be used is named with its line and left out; the rest counts. Nothing here does I/O: reading the two
//! files is [`Releases::rules_of`](super::Releases::rules_of)'s part.

mod headers;
mod load;
mod pattern;
mod redirects;

use std::fmt;

pub use headers::{Headers, Named};
pub use redirects::{Answer, Redirects};

/// The file with redirects and rewrites, at the top of a release; never served.
pub const REDIRECTS: &str = "_redirects";
/// The file with headers, at the top of a release; never served.
pub const HEADERS: &str = "_headers";

/// The longest of the two files that is read, in bytes.
const LONGEST_FILE: usize = 256 << 10;
/// The longest line, in bytes.
const LONGEST_LINE: usize = 2000;
/// How many problems are told.
const MOST_PROBLEMS: usize = 50;

/// A release's rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// `_redirects`.
    pub redirects: Redirects,
    /// `_headers`.
    pub headers: Headers,
    /// What was left out, and why.
    pub problems: Vec<RuleProblem>,
}

/// A rule that is left out, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleProblem {
    /// `_redirects` or `_headers`.
    pub file: &'static str,
    /// The line, counted from 1; 0 is the file as a whole.
    pub line: usize,
    /// What is wrong with it, and what to do.
    pub what: String,
}

impl Rules {
    /// Reads the text of the two files; a file that is absent is empty.
    #[must_use]
    pub fn parse(redirects: &str, headers: &str) -> Self {
        let mut problems = Problems::new(REDIRECTS);
        let redirects = Redirects::parse(redirects, &mut problems);
        let mut told = problems.told;
        let mut problems = Problems::new(HEADERS);
        let headers = Headers::parse(headers, &mut problems);
        told.append(&mut problems.told);
        Self { redirects, headers, problems: told }
    }
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.what),
            line => write!(f, "{} line {line}: {}", self.file, self.what),
        }
    }
}

/// Collects problems of one file, up to a bound.
#[derive(Debug)]
struct Problems {
    file: &'static str,
    told: Vec<RuleProblem>,
}

impl Problems {
    fn new(file: &'static str) -> Self {
        Self { file, told: Vec::new() }
    }

    fn add(&mut self, line: usize, what: impl Into<String>) {
        match self.told.len() {
            ..MOST_PROBLEMS => self.told.push(RuleProblem { file: self.file, line, what: what.into() }),
            MOST_PROBLEMS => {
                let what = format!("more than {MOST_PROBLEMS} lines cannot be used; the rest is not listed");
                self.told.push(RuleProblem { file: self.file, line: 0, what });
            }
            _ => {}
        }
    }

    /// The lines that can be used, with their numbers: without comments, empty ones and those that are too long.
    fn lines<'t>(&mut self, text: &'t str) -> Vec<(usize, &'t str)> {
        let mut usable = Vec::new();
        for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.len() > LONGEST_LINE {
                self.add(at + 1, format!("it is longer than {LONGEST_LINE} bytes"));
            } else if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                usable.push((at + 1, line));
            }
        }
        usable
    }
}

/// As it is shown in a message: short, and without control characters.
fn shown(text: &str) -> String {
    text.chars()
        .take(80)
        .flat_map(|c| if c.is_control() { '�' } else { c }.to_string().chars().collect::<Vec<_>>())
        .collect()
}
