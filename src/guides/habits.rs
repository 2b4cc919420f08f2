//! Real authors' habits, turned into Markdown that every parser reads alike.
//!
//! - a non-breaking space after `#`
//! - a block of HTML directly followed by a table, a list or a paragraph
//! - fences in lists that stand too far in or out, and fences in quotes whose lines lack the `>` ([`fences`])
//! - blocks that Markdown does not have ([`blocks`])
//! - `<% … %>`, where the site is one that has it, is text; what is understood of it was replaced before
//!
//! Code fences are left as they are.

use super::blocks;
use super::fences;
use super::source::Source;
use super::tags::{self, Token};

/// A guide's text, ready to be parsed.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) source: Source,
    /// Offsets of constructs of another system that nothing here understands, and what they are.
    pub(super) foreign: Vec<(usize, String)>,
}

/// Repairs what stands in `source` from `body` on.
pub(super) fn prepare(source: &Source, body: usize, embedded_ruby: bool) -> Prepared {
    let unfolded = blocks::unfold(source, body);
    let (source, body) = unfolded.as_ref().map_or((source, body), |unfolded| (unfolded, 0));
    let mended = fences::mend(source, body);
    let (source, body) = mended.as_ref().map_or((source, body), |mended| (mended, 0));
    let text = source.text.get(body..).unwrap_or_default();
    let mut out = Prepared::default();
    out.source.text.reserve(text.len() + 16);
    let mut fence = Fence::default();
    let mut html = HtmlBlock::default();
    let mut copied = 0;
    let mut at = 0;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let (start, end) = (at, at + line.len());
        at = end;
        if fence.holds(line) {
            html = HtmlBlock::default();
            continue;
        }
        if let Some(replaced) = spaced_heading(line) {
            out.source.push_from(source, body + copied, text.get(copied..start).unwrap_or_default());
            out.source.push_from(source, body + start, &replaced);
            copied = end;
        } else if embedded_ruby && let Some(construct) = foreign(line) {
            let ahead = out.source.text.len() + (start - copied);
            out.foreign.push((ahead, construct.to_owned()));
        }
        let next = lines.peek().copied().unwrap_or_default();
        if html.ends_before(line, next, text.get(end + next.len()..).unwrap_or_default()) {
            out.source.push_from(source, body + copied, text.get(copied..end).unwrap_or_default());
            out.source.text.push('\n');
            copied = end;
        }
    }
    out.source.push_from(source, body + copied, text.get(copied..).unwrap_or_default());
    out
}

/// Whether the lines so far opened a code fence that is still open.
#[derive(Default)]
pub(super) struct Fence(Option<(char, usize)>);

impl Fence {
    /// Whether the next line is inside a fence or ends it.
    pub(super) fn is_open(&self) -> bool {
        self.0.is_some()
    }

    /// Whether `line` belongs to a fence, its first and last line with it.
    pub(super) fn holds(&mut self, line: &str) -> bool {
        let marks = line.trim_start_matches([' ', '\t', '>']);
        let Some(mark @ ('`' | '~')) = marks.chars().next() else { return self.0.is_some() };
        let length = marks.chars().take_while(|c| *c == mark).count();
        let after = marks.get(length..).unwrap_or_default();
        match self.0 {
            None if length >= 3 && !(mark == '`' && after.contains('`')) => {
                self.0 = Some((mark, length));
                true
            }
            None => false,
            Some((open, least)) => {
                if open == mark && length >= least && after.trim().is_empty() {
                    self.0 = None;
                }
                true
            }
        }
    }
}

/// `##\u{a0}Heading` with a space that Markdown knows.
fn spaced_heading(line: &str) -> Option<String> {
    let hashes_at = line.len() - line.trim_start_matches(' ').len();
    let marks = line.get(hashes_at..).filter(|_| hashes_at <= 3)?;
    let text = marks.trim_start_matches('#');
    let level = marks.len() - text.len();
    let heading = text.trim_start_matches(['\u{a0}', ' ']);
    ((1..=6).contains(&level) && text.starts_with('\u{a0}'))
        .then(|| format!("{} {heading}", marks.get(..level).unwrap_or_default()))
}

/// The first embedded Ruby of a line.
fn foreign(line: &str) -> Option<&str> {
    let in_code = |at: usize| line.get(..at).is_some_and(|before| before.matches('`').count() % 2 == 1);
    let (at, _) = line.match_indices("<%").find(|(at, _)| !in_code(*at))?;
    let from = line.get(at..)?;
    Some(from.find("%>").map_or(from, |end| from.get(..end + 2).unwrap_or(from)).trim_end())
}

/// A block of raw HTML while its lines go by: how many elements are open.
#[derive(Default)]
struct HtmlBlock {
    inside: bool,
    open: usize,
}

impl HtmlBlock {
    /// Whether Markdown starts on the `next` line without the empty line that it needs after HTML.
    fn ends_before(&mut self, line: &str, next: &str, after: &str) -> bool {
        let starts = line.trim_start_matches(' ');
        if starts.trim().is_empty() {
            *self = Self::default();
            return false;
        }
        if !self.inside && (line.len() - starts.len() > 3 || !starts.starts_with('<')) {
            return false;
        }
        let tokens = tags::tokens(line.trim_end());
        let mut markdown_inside = false;
        if !self.inside {
            self.inside = matches!(tokens.first(),
                Some(Token::Open(tag) | Token::Close(tag)) if tags::is_block(&tag.name));
            markdown_inside = matches!(tokens.first(),
                Some(Token::Open(tag)) if tag.attributes.iter().any(|(name, _)| name == "markdown"));
            if !self.inside {
                return false;
            }
        }
        let mut summary_ends = false;
        for token in &tokens {
            match token {
                Token::Open(tag) if !tag.alone => self.open += 1,
                Token::Close(tag) => {
                    self.open = self.open.saturating_sub(1);
                    summary_ends = tag.name == "summary";
                }
                _ => {}
            }
        }
        let markdown_next = !next.trim().is_empty() && !next.trim_start().starts_with('<');
        let ends =
            markdown_next && (self.open == 0 || summary_ends || markdown_inside || starts_table(next, after));
        if ends {
            *self = Self::default();
        }
        ends
    }
}

/// Whether `line` is a table's head: the line after it is a row of dashes and bars.
fn starts_table(line: &str, after: &str) -> bool {
    let rule = after.lines().next().unwrap_or_default().trim();
    line.contains('|')
        && rule.contains('-')
        && rule.contains('|')
        && rule.chars().all(|c| matches!(c, '-' | '|' | ':' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> String {
        prepare(&Source::of_file("a.md", text.to_owned()), 0, true).source.text
    }

    #[test]
    fn a_heading_may_have_a_non_breaking_space() {
        assert_eq!(prepared("##\u{a0}Resources\n"), "## Resources\n");
        assert_eq!(prepared("    ##\u{a0}code\n"), "    ##\u{a0}code\n");
        assert_eq!(prepared("```\n##\u{a0}code\n```\n"), "```\n##\u{a0}code\n```\n");
        assert_eq!(prepared("#######\u{a0}seven\n"), "#######\u{a0}seven\n");
    }

    #[test]
    fn markdown_after_a_block_of_html_gets_its_empty_line() {
        let div = "<div style=\"height:0px;\">&nbsp;</div>\n";
        assert_eq!(prepared(&format!("{div}a|b\n---|---\n")), format!("{div}\na|b\n---|---\n"));
        assert_eq!(prepared("<div>\na | b\n--- | ---\n"), "<div>\n\na | b\n--- | ---\n");
        assert_eq!(prepared("<summary>More</summary>\n- one\n"), "<summary>More</summary>\n\n- one\n");
        for whole in ["<div>\ntext\n</div>\n", "<ol>\n<li>a</li>\n  <li>b\n</li>\n</ol>\n", "<b>x</b>\ny\n"] {
            assert_eq!(prepared(whole), whole);
        }
    }

    #[test]
    fn ruby_stays_and_is_named() {
        let kept = "a <%= link_to 'x' %> b\n";
        let found = prepare(&Source::of_file("a.md", kept.to_owned()), 0, true);
        assert_eq!(found.source.text, kept);
        assert_eq!(found.foreign, [(0, "<%= link_to 'x' %>".to_owned())]);
    }

    #[test]
    fn lines_are_found_again_after_repairs() {
        let text = "<div></div>\na|b\n-|-\n\n##\u{a0}End\n";
        let found = prepare(&Source::of_file("a.md", text.to_owned()), 0, false).source;
        let end = found.text.find("End").unwrap();
        assert_eq!(found.place(end).line, Some(5));
        let table = found.text.find("a|b").unwrap();
        assert_eq!(found.place(table).line, Some(2));
    }
}
