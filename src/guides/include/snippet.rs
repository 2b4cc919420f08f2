//! `--8<-- "file"` on a line of its own, or a list of files between two lines `--8<--`; understood in every site.
//!
//! A semicolon before it shows it as it is, without the semicolon. A line that marks a part of a file is no text.

use super::part::{Part, is_snippet_mark};
use super::{Construct, Found, Request, Sight};

/// The most lines of a list of files.
const LONGEST_LIST: usize = 200;

/// The snippet on the line at hand.
pub(super) fn find(sight: Sight<'_>) -> Option<Found<'_>> {
    if !sight.starts || !sight.line.contains("8<-") {
        return None;
    }
    let end = |line: &str| line.trim_end_matches(['\n', '\r']).len();
    let line = sight.line.get(..end(sight.line))?;
    let marks = line.trim_start_matches([' ', '\t']);
    let indent = line.get(..line.len() - marks.len())?;
    let bare = marks.trim_start_matches(';');
    if is_snippet_mark(line) {
        return Some(Found { range: sight.at..sight.at + sight.line.len(), what: Construct::Nothing });
    }
    let after = marker(bare)?;
    if bare.len() < marks.len() {
        let escape = sight.at + indent.len();
        return Some(Found { range: escape..escape + 1, what: Construct::Nothing });
    }
    let (requests, length) = if after.trim().is_empty() {
        list(sight, line)?
    } else {
        (vec![request(quoted(after)?)], line.len())
    };
    Some(Found { range: sight.at..sight.at + length, what: Construct::Files { requests, indent } })
}

/// What follows the scissors that `text` starts with.
fn marker(text: &str) -> Option<&str> {
    let blade = text.trim_start_matches('-').strip_prefix("8<").filter(|_| text.starts_with('-'))?;
    let rest = blade.trim_start_matches('-');
    (rest.len() < blade.len()).then_some(rest)
}

/// The name in quotes after the scissors.
fn quoted(after: &str) -> Option<&str> {
    let given = after.strip_prefix([' ', '\t'])?.trim();
    let quote = given.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    given.strip_prefix(quote)?.strip_suffix(quote).filter(|name| !name.is_empty() && !name.contains(quote))
}

fn request(given: &str) -> Request<'_> {
    let (path, part) = Part::parse(given, false);
    Request { path, part, beside: false, before: String::new(), after: "" }
}

/// The files of the lines down to the next scissors, and the length of it all.
fn list<'a>(sight: Sight<'a>, first: &str) -> Option<(Vec<Request<'a>>, usize)> {
    let mut requests = Vec::new();
    let mut length = sight.line.len();
    let rest = sight.text.get(sight.at + length..)?;
    for line in rest.split_inclusive('\n').take(LONGEST_LIST) {
        let given = line.trim();
        if marker(given).is_some_and(str::is_empty) {
            length += line.trim_end_matches(['\n', '\r']).len();
            return Some((requests, length.max(first.len())));
        }
        length += line.len();
        if !given.is_empty() && !given.starts_with(';') {
            requests.push(request(given.trim_matches(['"', '\''])));
        }
    }
    None
}
