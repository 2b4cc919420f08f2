//! Headings that were renamed: in the repository's changes, a heading that went and one that came in its place.

use super::{LONGEST_NAME, Words};

/// How many commits are looked at, the newest first: those that change a line that begins as a heading does.
const MOST_COMMITS: &str = "20000";

/// How many headings of one change may have been renamed; where more are new, the text was written anew.
const MOST_AT_ONCE: usize = 8;

/// How many renamed headings are remembered.
const MOST: usize = 100_000;

/// What `git` is asked: every change to such lines, alone, by files as they are named relative to the folder.
pub(super) const LOG: [&str; 18] = [
    "log",
    "--no-show-signature",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--relative",
    "--find-renames",
    "-l2000",
    "--patch",
    "--unified=0",
    "--no-prefix",
    "--format=",
    "-G^#{1,6}[ \t]",
    "--max-count",
    MOST_COMMITS,
    "HEAD",
    "--",
    ".",
];

/// A heading as it was written, without its marks, and what was written in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::guides) struct Renamed {
    pub(in crate::guides) old: String,
    pub(in crate::guides) new: String,
}

/// The renamed headings, each with the file that it was in, as it was called then; the latest first.
pub(super) fn read(said: &mut Words<'_>) -> Vec<(String, Renamed)> {
    let (mut renamed, mut file) = (Vec::new(), None);
    let mut hunk = Hunk::default();
    while let Some(line) = said.line() {
        // Within a change, a line says what it is by its first letter; elsewhere by its first word.
        if hunk.takes(&line) {
            if !hunk.is_over() {
                continue;
            }
            if renamed.len() >= MOST {
                break;
            }
            let found = std::mem::take(&mut hunk).renamed().into_iter();
            if let Some(file) = &file {
                renamed.extend(found.map(|found| (String::clone(file), found)));
            }
        } else if let Some(name) = line.strip_prefix("+++ ") {
            // Git ends a name that has blanks with a tab, and quotes one that no guide has.
            let name = name.trim_end_matches('\t');
            file = (!name.starts_with('"')).then(|| name.to_owned());
        } else if let Some(sizes) = line.strip_prefix("@@ ") {
            hunk = Hunk::of(sizes);
        }
    }
    renamed
}

/// One change: so many lines that went, so many that came.
#[derive(Default)]
struct Hunk {
    left: (usize, usize),
    old: Vec<(usize, String)>,
    new: Vec<(usize, String)>,
}

impl Hunk {
    /// Of `-12,3 +14,2 @@ …`; a size that is not written is one.
    fn of(sizes: &str) -> Self {
        let size = |range: Option<&str>| match range.and_then(|range| range.split_once(',')) {
            Some((_, size)) => size.parse().unwrap_or(0),
            None => 1,
        };
        let mut ranges = sizes.split(' ');
        Self { left: (size(ranges.next()), size(ranges.next())), ..Self::default() }
    }

    fn is_over(&self) -> bool {
        self.left == (0, 0)
    }

    /// Takes a line that is part of it.
    fn takes(&mut self, line: &str) -> bool {
        let (left, headings) = match line.as_bytes().first() {
            Some(b'-') => (&mut self.left.0, &mut self.old),
            Some(b'+') => (&mut self.left.1, &mut self.new),
            // The last line has no end: said of the line before.
            Some(b'\\') => return !self.is_over(),
            _ => return false,
        };
        if *left == 0 {
            return false;
        }
        *left -= 1;
        headings.extend(heading(&line[1..]));
        true
    }

    /// The headings that went, and those of the same level that came in their places; none where they do not match.
    fn renamed(self) -> Vec<Renamed> {
        let (old, new) = (self.old, self.new);
        if old.len() != new.len() || old.len() > MOST_AT_ONCE {
            return Vec::new();
        }
        let pairs = old.into_iter().zip(new);
        let same_place =
            pairs.filter(|((old_level, old), (new_level, new))| old_level == new_level && old != new);
        same_place.map(|((_, old), (_, new))| Renamed { old, new }).collect()
    }
}

/// The level and the text of a heading by number signs (`CommonMark` 0.31.2, section 4.2).
fn heading(line: &str) -> Option<(usize, String)> {
    let marks = line.bytes().take_while(|byte| *byte == b'#').count();
    let text = line.get(marks..)?;
    if !(1..=6).contains(&marks)
        || !text.starts_with([' ', '\t', '\u{a0}'])
        || line.len() as u64 >= LONGEST_NAME
    {
        return None;
    }
    let text = text.trim();
    (!text.is_empty()).then(|| (marks, text.to_owned()))
}
