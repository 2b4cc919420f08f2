//! Footnotes: numbered where they are referred to, written at the end.

use std::collections::HashMap;
use std::fmt::Write as _;

use pulldown_cmark::{Event, Tag, TagEnd};

use super::Writer;

/// The footnotes so far.
#[derive(Default)]
pub(super) struct Notes {
    numbers: HashMap<String, usize>,
    texts: HashMap<usize, String>,
}

impl Notes {
    fn number(&mut self, label: &str) -> (usize, bool) {
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(label.to_owned()).or_insert(next);
        (number, number == next)
    }
}

impl Writer<'_> {
    pub(super) fn footnote_reference(&mut self, label: &str) {
        let (number, first) = self.notes.number(label);
        let id = if first { format!(" id=\"fnref-{number}\"") } else { String::new() };
        let _ = write!(
            self.out,
            "<sup class=\"footnote-ref\"><a href=\"#fn-{number}\"{id} aria-label=\"Footnote {number}\">{number}</a></sup>"
        );
    }

    /// Puts what was written so far aside until the footnote ends.
    pub(super) fn footnote(&mut self, label: &str) {
        self.notes.number(label);
        self.outer.push(std::mem::take(&mut self.out));
    }

    pub(super) fn footnote_ends(&mut self, end: usize) {
        let text = std::mem::replace(&mut self.out, self.outer.pop().unwrap_or_default());
        let before = self.events.get(..end).unwrap_or_default().iter().rev();
        let mut nested = 0_usize;
        for (event, _) in before {
            match event {
                Event::End(TagEnd::FootnoteDefinition) => nested += 1,
                Event::Start(Tag::FootnoteDefinition(_)) if nested > 0 => nested -= 1,
                Event::Start(Tag::FootnoteDefinition(label)) => {
                    let (number, _) = self.notes.number(label);
                    // A second text under the same label joins the first.
                    self.notes.texts.entry(number).or_default().push_str(&text);
                    return;
                }
                _ => {}
            }
        }
    }

    /// The footnotes' texts, in the order of their numbers, each with the way back.
    pub(super) fn footnotes(&mut self) {
        if self.notes.texts.is_empty() {
            return;
        }
        self.out.push_str("<section class=\"footnotes\" aria-label=\"Footnotes\"><ol>\n");
        for number in 1..=self.notes.numbers.len() {
            let text = self.notes.texts.get(&number).map(String::as_str).unwrap_or_default();
            let _ = writeln!(
                self.out,
                "<li id=\"fn-{number}\">{text} <a class=\"footnote-back\" href=\"#fnref-{number}\" \
                 aria-label=\"Back to the text of footnote {number}\">↩</a></li>"
            );
        }
        self.out.push_str("</ol></section>\n");
    }
}
