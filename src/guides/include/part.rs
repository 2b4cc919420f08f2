//! Which lines of a file are taken in.

use std::ops::Range;

use crate::guides::problem::nearest;

/// All of a file, some of its lines, or a part that marks in it enclose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Whole,
    /// First and last line of each stretch, counted from 1.
    Lines(Vec<(usize, usize)>),
    Section(&'a str),
}

impl<'a> Part<'a> {
    /// Cuts `file:2:10` into path and part. Where only one line is given, it is the first of many, or, in a
    /// `book`, the only one.
    pub(super) fn parse(given: &'a str, book: bool) -> (&'a str, Self) {
        let from = given.find("://").map_or(0, |at| at + 3);
        let Some(colon) = given.get(from..).and_then(|rest| rest.find(':')).map(|at| at + from) else {
            return (given, Self::Whole);
        };
        let (path, part) =
            (given.get(..colon).unwrap_or_default(), given.get(colon + 1..).unwrap_or_default());
        let number =
            |text: &str, otherwise| if text.is_empty() { Some(otherwise) } else { text.parse().ok() };
        let stretch = |part: &str| match part.split_once(':') {
            Some((first, last)) => Some((number(first, 1)?.max(1), number(last, usize::MAX)?)),
            None => part.parse().ok().map(|line: usize| (line.max(1), if book { line } else { usize::MAX })),
        };
        if part.is_empty() || part == ":" {
            return (path, Self::Whole);
        }
        match part.split(',').map(stretch).collect() {
            Some(lines) => (path, Self::Lines(lines)),
            None => (path, Self::Section(part)),
        }
    }

    /// The stretches of `text` that this means; all of it begins at `body`, below any front matter.
    pub(super) fn ranges(&self, text: &str, body: usize) -> Result<Vec<Range<usize>>, String> {
        match self {
            Self::Whole => Ok(std::iter::once(body..text.len()).collect()),
            Self::Lines(stretches) => stretches.iter().map(|stretch| lines(text, *stretch)).collect(),
            Self::Section(name) => section(text, name),
        }
    }
}

fn lines(text: &str, (first, last): (usize, usize)) -> Result<Range<usize>, String> {
    let mut starts = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some(start..*at)
    });
    let Some(start) = starts.nth(first - 1) else {
        return Err(format!("has no line {first}, it has {}", text.lines().count()));
    };
    let end = match last.checked_sub(first) {
        None => return Err(format!("has no lines from {first} to {last}")),
        Some(0) => start.end,
        Some(more) => starts.take(more).last().map_or(start.end, |line| line.end),
    };
    Ok(start.start..end)
}

fn section(text: &str, name: &str) -> Result<Vec<Range<usize>>, String> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut names = Vec::new();
    let (mut inside, mut at) = (false, 0);
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        match mark(line) {
            Some(Mark::Start(found)) => {
                names.push(found);
                inside |= found == name;
            }
            Some(Mark::End(found)) => inside &= found != name,
            None if inside => match ranges.last_mut().filter(|range| range.end == start) {
                Some(range) => range.end = at,
                None => ranges.push(start..at),
            },
            None => {}
        }
    }
    if names.contains(&name) {
        return Ok(ranges);
    }
    let near = nearest(name, names.into_iter());
    let near = near.map(|near| format!("; the nearest is `{near}`")).unwrap_or_default();
    Err(format!("has no part called `{name}`{near}"))
}

enum Mark<'a> {
    Start(&'a str),
    End(&'a str),
}

/// The mark of a line: `--8<-- [start:name]`, `--8<-- [end:name]`, `ANCHOR: name`, `ANCHOR_END: name`, after
/// whatever begins a comment.
fn mark(line: &str) -> Option<Mark<'_>> {
    let name = |rest: &str| {
        rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(rest.len())
    };
    if let Some((_, rest)) = line.split_once("-8<-") {
        let rest = rest.trim_start_matches('-').trim_start().strip_prefix('[')?.trim_start();
        let (which, rest) = rest.split_once(':')?;
        let rest = rest.trim_start();
        let found = rest.get(..name(rest)).filter(|found| !found.is_empty())?;
        return match which.trim_end() {
            "start" => Some(Mark::Start(found)),
            "end" => Some(Mark::End(found)),
            _ => None,
        };
    }
    let (ends, rest) = match line.split_once("ANCHOR_END:") {
        Some((_, rest)) => (true, rest),
        None => (false, line.split_once("ANCHOR:")?.1),
    };
    let rest = rest.trim_start();
    let found = rest.get(..name(rest)).filter(|found| !found.is_empty())?;
    Some(if ends { Mark::End(found) } else { Mark::Start(found) })
}

/// Whether `line` does nothing but mark a part: `--8<-- [start:name]`.
pub(super) fn is_snippet_mark(line: &str) -> bool {
    let Some((before, after)) = line.split_once("-8<-") else { return false };
    let after = after.split_once(']').map_or("x", |(_, after)| after);
    // Prose about marks is no mark.
    let comment = |text: &str| !text.contains(|c: char| c.is_alphanumeric() || matches!(c, '`' | '"' | ';'));
    comment(before) && comment(after) && mark(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_named_after_the_file() {
        let lines = |lines: &[(usize, usize)]| Part::Lines(lines.to_vec());
        for (given, book, path, part) in [
            ("a.md", false, "a.md", Part::Whole),
            ("a/b.rs:2:10", false, "a/b.rs", lines(&[(2, 10)])),
            ("a.rs:2:", true, "a.rs", lines(&[(2, usize::MAX)])),
            ("a.rs::3", true, "a.rs", lines(&[(1, 3)])),
            ("a.rs:2", true, "a.rs", lines(&[(2, 2)])),
            ("a.rs:2", false, "a.rs", lines(&[(2, usize::MAX)])),
            ("a.rs:1:2,5:6", false, "a.rs", lines(&[(1, 2), (5, 6)])),
            ("a.rs:set-up", false, "a.rs", Part::Section("set-up")),
            ("https://x.example/a.md", false, "https://x.example/a.md", Part::Whole),
            ("a.rs::", false, "a.rs", Part::Whole),
        ] {
            assert_eq!(Part::parse(given, book), (path, part), "{given}");
        }
    }

    const CODE: &str = "one\n// ANCHOR: all\ntwo\n# --8<-- [start:in]\nthree\n# --8<-- [end:in]\nfour\n// ANCHOR_END: all\nfive";

    fn taken(part: &Part<'_>) -> Result<String, String> {
        let ranges = part.ranges(CODE, 0)?;
        Ok(ranges.into_iter().map(|range| &CODE[range]).collect::<Vec<_>>().concat())
    }

    #[test]
    fn lines_and_parts_are_cut_out() {
        assert_eq!(taken(&Part::Lines(vec![(1, 1), (9, 99)])).unwrap(), "one\nfive");
        assert_eq!(taken(&Part::Section("all")).unwrap(), "two\nthree\nfour\n");
        assert_eq!(taken(&Part::Section("in")).unwrap(), "three\n");
        assert_eq!(taken(&Part::Section("al")).unwrap_err(), "has no part called `al`; the nearest is `all`");
        assert_eq!(taken(&Part::Lines(vec![(10, 12)])).unwrap_err(), "has no line 10, it has 9");
        assert_eq!(taken(&Part::Lines(vec![(3, 2)])).unwrap_err(), "has no lines from 3 to 2");
    }
}
