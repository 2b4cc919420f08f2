//! Fences that real authors write a little beside the mark: in a list item but too far in or out, and in a quote
//! whose lines lack the `>`.

use super::source::Source;

/// A fence that never ends is looked through no farther than this many lines.
const FARTHEST: usize = 400;

/// The text of `source` from `body` on with such fences put right; `None` where there are none.
pub(super) fn mend(source: &Source, body: usize) -> Option<Source> {
    let text = source.text.get(body..)?;
    let bytes = text.as_bytes();
    if memchr::memmem::find(bytes, b"```").is_none() && memchr::memmem::find(bytes, b"~~~").is_none() {
        return None;
    }
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut mending = Mending { source, out: Source::default(), copied: body, changed: false };
    let mut items = Items::default();
    let (mut index, mut at) = (0, body);
    while let Some(line) = lines.get(index) {
        let Some(fence) = Fence::opens(line) else {
            items.pass(line);
            index += 1;
            at += line.len();
            continue;
        };
        let rest = lines.get(index..).unwrap_or_default();
        let length =
            rest.iter().skip(1).take(FARTHEST).position(|line| fence.closes(line)).map(|last| last + 2);
        let whole = rest.get(..length.unwrap_or(1)).unwrap_or_default();
        if fence.quoted {
            if length.is_some() && lacks_signs(whole) {
                mending.quote(whole, at);
            }
        } else if let Some(by) = items.shift(fence.indent).filter(|_| length.is_some()) {
            mending.shift(whole, at, by);
        }
        // What a quoted fence without an end holds is up to the quote.
        let taken = if length.is_some() || fence.quoted { whole.len() } else { rest.len() };
        at += rest.iter().take(taken).map(|line| line.len()).sum::<usize>();
        index += taken;
    }
    mending.finish()
}

struct Mending<'a> {
    source: &'a Source,
    out: Source,
    copied: usize,
    changed: bool,
}

impl Mending<'_> {
    fn copy_to(&mut self, at: usize) {
        self.changed = true;
        let text = self.source.text.get(self.copied..at).unwrap_or_default();
        self.out.push_from(self.source, self.copied, text);
        self.copied = at;
    }

    fn quote(&mut self, lines: &[&str], at: usize) {
        self.copy_to(at);
        let mut at = at;
        for line in lines {
            let sign = if is_quoted(line) { "" } else { "> " };
            self.out.push_from(self.source, at, &format!("{sign}{line}"));
            at += line.len();
        }
        self.copied = at;
    }

    fn shift(&mut self, lines: &[&str], at: usize, by: isize) {
        self.copy_to(at);
        let mut at = at;
        for line in lines {
            let indent = line.len() - line.trim_start_matches(' ').len();
            let moved = indent.saturating_add_signed(by);
            let rest = line.get(indent..).unwrap_or_default();
            let margin = if rest.trim().is_empty() { 0 } else { moved };
            self.out.push_from(self.source, at, &format!("{}{rest}", " ".repeat(margin)));
            at += line.len();
        }
        self.copied = at;
    }

    fn finish(mut self) -> Option<Source> {
        self.changed.then(|| {
            self.copy_to(self.source.text.len());
            self.out
        })
    }
}

struct Fence {
    mark: char,
    length: usize,
    indent: usize,
    quoted: bool,
}

impl Fence {
    fn opens(line: &str) -> Option<Self> {
        let marks = line.trim_start_matches([' ', '\t', '>']);
        let mark = marks.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let length = marks.chars().take_while(|c| *c == mark).count();
        let after = marks.get(length..).unwrap_or_default();
        let opens = length >= 3 && !(mark == '`' && after.contains('`'));
        let margin = line.get(..line.len() - marks.len()).unwrap_or_default();
        opens.then(|| Self { mark, length, indent: margin.len(), quoted: margin.contains('>') })
    }

    fn closes(&self, line: &str) -> bool {
        let marks = line.trim_start_matches([' ', '\t', '>']).trim_end();
        marks.len() >= self.length && marks.chars().all(|c| c == self.mark)
    }
}

/// Whether some lines of a quoted fence lack the `>`, and it is one fence all the same.
fn lacks_signs(lines: &[&str]) -> bool {
    let lacking = lines.iter().any(|line| !is_quoted(line));
    let empty = lines.iter().any(|line| line.trim().is_empty());
    lacking && (!empty || lines.last().is_some_and(|last| is_quoted(last)))
}

fn is_quoted(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// The list items that a line may belong to: where their marker stands and where their text begins.
#[derive(Default)]
struct Items(Vec<(usize, usize)>);

impl Items {
    fn pass(&mut self, line: &str) {
        let marks = line.trim_start_matches(' ');
        if marks.trim().is_empty() {
            return;
        }
        let indent = line.len() - marks.len();
        if let Some(width) = marker_width(marks) {
            self.0.retain(|(marker, _)| *marker < indent);
            self.0.push((indent, indent + width));
        } else if indent == 0 {
            self.0.clear();
        }
    }

    /// By how much a fence at `indent` is to be moved to be in the item that it was meant for.
    fn shift(&self, indent: usize) -> Option<isize> {
        let (_, text) = *self.0.iter().rev().find(|(marker, _)| *marker < indent)?;
        let beside = indent < text || indent > text + 3;
        beside.then(|| isize::try_from(text).unwrap_or(0) - isize::try_from(indent).unwrap_or(0))
    }
}

/// How wide a list item's marker is, with the space after it.
fn marker_width(marks: &str) -> Option<usize> {
    let digits = marks.len() - marks.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let after = marks.get(digits..)?;
    let ends = if digits > 0 { after.starts_with(['.', ')']) } else { after.starts_with(['-', '*', '+']) };
    let text = after.get(1..).filter(|_| ends && digits < 10)?;
    let spaces = text.len() - text.trim_start_matches(' ').len();
    match spaces {
        0 => text.trim().is_empty().then_some(digits + 2),
        1..=4 => Some(digits + 1 + spaces),
        _ => Some(digits + 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str) -> String {
        mend(&Source::of_file("a.md", text.to_owned()), 0)
            .map_or_else(|| text.to_owned(), |source| source.text)
    }

    #[test]
    fn a_fence_in_a_list_item_stands_where_the_item_s_text_does() {
        assert_eq!(
            mended("1. a\n\n       ```\n       x\n\n       ```\n"),
            "1. a\n\n   ```\n   x\n\n   ```\n"
        );
        assert_eq!(mended("1. a\n  ```\n  x\n  ```\n2. b\n"), "1. a\n   ```\n   x\n   ```\n2. b\n");
        for good in [
            "- a\n  ```\n  x\n  ```\n",
            "- a\n   ```\n   x\n   ```\n",
            "- a\n\n```\nx\n```\n",
            "    ```\n    x\n",
        ] {
            assert_eq!(mended(good), good);
        }
    }

    #[test]
    fn a_fence_in_a_quote_gets_the_signs_that_it_lacks() {
        assert_eq!(mended("> ```\nx\n\ny\n> ```\n"), "> ```\n> x\n> \n> y\n> ```\n");
        assert_eq!(mended("> ```\nx\n```\nend\n"), "> ```\n> x\n> ```\nend\n");
        for good in ["> ```\n> x\n> ```\n", "> ```\n> x\n\ntext\n\n```\ny\n```\n"] {
            assert_eq!(mended(good), good);
        }
    }
}
