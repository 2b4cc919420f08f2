//! What is wrong with a guide, told so that its author can put it right.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::model::GuidePath;

/// One thing that is wrong, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The file, relative to the content folder.
    pub file: String,
    /// The line in that file, counted from 1, where one line is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Whether readers lose something by it.
    pub severity: Severity,
    /// What sort of thing it is.
    pub kind: ProblemKind,
    /// A whole sentence that names the thing and the next step.
    pub message: String,
    /// The guides that the message names besides the one it is about.
    #[serde(skip)]
    pub mentions: Vec<GuidePath>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Readers meet it: a link that leads nowhere, a guide that cannot be shown. `loggia check` fails.
    Error,
    /// Worth putting right; nothing is lost.
    Warning,
    /// Good to know; nothing is wrong yet.
    Information,
}

/// What sort of problem it is; scripts may rely on the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// A file cannot be read, is not UTF-8, is too large, or cannot have an address.
    Unreadable,
    /// Front matter or site settings do not parse, or hold a value that is not understood.
    FrontMatter,
    /// A guide includes a file that is not there.
    MissingPartial,
    /// Two files claim one address.
    SameAddress,
    /// A link leads to no guide and no file.
    BrokenLink,
    /// A link leads to a guide, but to no heading in it.
    BrokenAnchor,
    /// An image is not there.
    MissingImage,
    /// An image says nothing to those who cannot see it.
    MissingAlt,
    /// A guide has neither a title nor a heading.
    MissingTitle,
    /// A heading has no words, or nothing under it.
    EmptyHeading,
    /// A heading is more than one level below the one before it.
    HeadingJump,
    /// Two headings beside each other say the same.
    DuplicateHeading,
    /// Two guides have the same title.
    DuplicateTitle,
    /// A guide is in no navigation, and nothing links to it.
    Orphan,
    /// A guide lies where only Loggia's own pages may.
    Reserved,
    /// A guide should have been reviewed by now.
    ReviewOverdue,
    /// A guide is to be reviewed within 30 days.
    ReviewDue,
    /// A construct that is shown as text or left out.
    NotUnderstood,
    /// A Markdown file that no guide includes.
    Unused,
    /// A link to another site that does not answer, or answers that nothing is there.
    External,
}

impl ProblemKind {
    /// Its name in scripts: `broken-link`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::FrontMatter => "front-matter",
            Self::MissingPartial => "missing-partial",
            Self::SameAddress => "same-address",
            Self::BrokenLink => "broken-link",
            Self::BrokenAnchor => "broken-anchor",
            Self::MissingImage => "missing-image",
            Self::MissingAlt => "missing-alt",
            Self::MissingTitle => "missing-title",
            Self::EmptyHeading => "empty-heading",
            Self::HeadingJump => "heading-jump",
            Self::DuplicateHeading => "duplicate-heading",
            Self::DuplicateTitle => "duplicate-title",
            Self::Orphan => "orphan",
            Self::Reserved => "reserved",
            Self::ReviewOverdue => "review-overdue",
            Self::ReviewDue => "review-due",
            Self::NotUnderstood => "not-understood",
            Self::Unused => "unused",
            Self::External => "external",
        }
    }

    /// Its name for people: "Broken links".
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Unreadable => "Files that cannot be read",
            Self::FrontMatter => "Settings that are not understood",
            Self::MissingPartial => "Missing parts",
            Self::SameAddress => "Two guides at one address",
            Self::BrokenLink => "Broken links",
            Self::BrokenAnchor => "Links to missing headings",
            Self::MissingImage => "Missing images",
            Self::MissingAlt => "Images without alternative text",
            Self::MissingTitle => "Missing titles",
            Self::EmptyHeading => "Empty headings",
            Self::HeadingJump => "Headings that skip a level",
            Self::DuplicateHeading => "Headings that say the same",
            Self::DuplicateTitle => "Titles that say the same",
            Self::Orphan => "Guides that nothing leads to",
            Self::Reserved => "Guides at a reserved address",
            Self::ReviewOverdue => "Reviews that are overdue",
            Self::ReviewDue => "Reviews that are due soon",
            Self::NotUnderstood => "Text that is not understood",
            Self::Unused => "Parts that no guide uses",
            Self::External => "Broken links to other sites",
        }
    }
}

impl Problem {
    pub(super) fn error(place: impl Into<Place>, kind: ProblemKind, message: String) -> Self {
        let Place { file, line } = place.into();
        let file = file.to_string();
        Self { file, line, severity: Severity::Error, kind, message, mentions: Vec::new() }
    }

    pub(super) fn warning(place: impl Into<Place>, kind: ProblemKind, message: String) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, kind, message) }
    }

    pub(super) fn information(place: impl Into<Place>, kind: ProblemKind, message: String) -> Self {
        Self { severity: Severity::Information, ..Self::error(place, kind, message) }
    }

    /// Naming these other guides.
    pub(super) fn mentioning<'a>(self, guides: impl IntoIterator<Item = &'a GuidePath>) -> Self {
        Self { mentions: guides.into_iter().cloned().collect(), ..self }
    }
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: Arc<str>,
    pub(super) line: Option<u32>,
}

impl From<&str> for Place {
    fn from(file: &str) -> Self {
        Self { file: file.into(), line: None }
    }
}

impl From<&Place> for Place {
    fn from(place: &Self) -> Self {
        place.clone()
    }
}

/// `file:line: severity: message`, the form that editors and terminals link.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}: {}", self.severity, self.message)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
        })
    }
}

/// The candidate that reads most like `wanted`, when one is near enough to be what was meant.
pub(super) fn nearest<'a>(wanted: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near_enough = 0.6;
    candidates
        .filter(|candidate| candidate.len().abs_diff(wanted.len()) <= 2 + wanted.len())
        .map(|candidate| (strsim::normalized_damerau_levenshtein(wanted, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= near_enough)
        .max_by(|(left, a), (right, b)| left.total_cmp(right).then_with(|| b.cmp(a)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_near_or_nothing() {
        let anchors = ["install", "uninstall", "set-up"];
        assert_eq!(nearest("instal", anchors.into_iter()), Some("install"));
        assert_eq!(nearest("quota", anchors.into_iter()), None);
    }

    #[test]
    fn a_problem_prints_as_a_place_and_a_sentence() {
        let place = Place { file: "a.md".into(), line: Some(3) };
        let problem = Problem::error(&place, ProblemKind::BrokenLink, "guide `a.md` links to nothing".into());
        assert_eq!(problem.to_string(), "a.md:3: error: guide `a.md` links to nothing");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(json["kind"], "broken-link");
        assert_eq!(json["severity"], "error");
    }

    #[test]
    fn the_names_for_scripts_are_those_of_the_json() {
        for kind in [ProblemKind::MissingAlt, ProblemKind::DuplicateTitle, ProblemKind::ReviewDue] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
