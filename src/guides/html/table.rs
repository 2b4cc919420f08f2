//! Tables, in a frame that scrolls by itself.

use std::fmt::Write as _;

use pulldown_cmark::{Alignment, Event, Tag, TagEnd};

use super::{Writer, escape};
use crate::guides::events::{Spanned, plain};

/// The table that is being written.
#[derive(Default)]
pub(super) struct Table {
    alignments: Vec<Alignment>,
    column: usize,
    pub(super) head: bool,
    body: bool,
}

impl Writer<'_> {
    /// Opens a table in a frame that scrolls by itself and can be reached by keyboard.
    pub(super) fn table(&mut self, alignments: &[Alignment], at: usize) {
        self.tables += 1;
        self.table = Table { alignments: alignments.to_vec(), ..Table::default() };
        let rest = self.events.get(at..).unwrap_or_default();
        let ends = |(event, _): &Spanned<'_>| matches!(event, Event::End(TagEnd::TableHead));
        let head = rest.get(..rest.iter().position(ends).unwrap_or(rest.len())).unwrap_or_default();
        let cells = head.split(|(event, _)| matches!(event, Event::End(TagEnd::TableCell))).map(plain);
        let columns: Vec<String> = cells.filter(|cell| !cell.is_empty()).collect();
        let colon = if columns.is_empty() { "" } else { ": " };
        let columns = columns.join(", ");
        let label: String = format!("Table {}{colon}{columns}", self.tables).chars().take(120).collect();
        let label = escape(&label);
        let _ = writeln!(
            self.out,
            "<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\"><table>"
        );
        if !columns.is_empty() {
            self.out.push_str("<thead><tr>");
        }
        self.table.column = if columns.is_empty() { usize::MAX } else { 0 };
    }

    pub(super) fn cell(&mut self, at: usize) -> usize {
        if self.table.head && self.table.column == usize::MAX {
            // A head without words is no head: its cells go with it.
            self.table.head = false;
            let rest = self.events.get(at..).unwrap_or_default();
            let ends = |(event, _): &Spanned<'_>| matches!(event, Event::End(TagEnd::TableHead));
            return rest.iter().position(ends).unwrap_or(1).max(1);
        }
        let align = match self.table.alignments.get(self.table.column) {
            Some(Alignment::Center) => " class=\"center\"",
            Some(Alignment::Right) => " class=\"end\"",
            _ => "",
        };
        self.table.column = self.table.column.saturating_add(1);
        let named = !matches!(self.events.get(at + 1), Some((Event::End(TagEnd::TableCell), _)));
        let scope = if self.table.head && named { " scope=\"col\"" } else { "" };
        let tag = if self.table.head && named { "th" } else { "td" };
        let _ = write!(self.out, "<{tag}{scope}{align}>");
        1
    }

    pub(super) fn cell_ends(&mut self, at: usize) {
        let empty = at.checked_sub(1).and_then(|before| self.events.get(before));
        let empty = matches!(empty, Some((Event::Start(Tag::TableCell), _)));
        self.out.push_str(if self.table.head && !empty { "</th>" } else { "</td>" });
    }

    pub(super) fn table_head_ends(&mut self) {
        if self.table.head {
            self.out.push_str("</tr></thead>\n");
        }
        self.table.head = false;
    }

    pub(super) fn table_row(&mut self) {
        if !self.table.body {
            self.table.body = true;
            self.out.push_str("<tbody>\n");
        }
        self.table.column = 0;
        self.out.push_str("<tr>");
    }

    pub(super) fn table_ends(&mut self) {
        self.out.push_str(if self.table.body { "</tbody>\n</table></div>\n" } else { "</table></div>\n" });
    }
}
