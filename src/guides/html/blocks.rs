//! Alerts, folded blocks, tabs, figures: what a mark or a paragraph becomes.

use std::fmt::Write as _;

use pulldown_cmark::{BlockQuoteKind, Event, Tag};

use super::{Writer, escape};
use crate::guides::blocks::{Mark, Shape};

/// The blocks that are being written.
#[derive(Default)]
pub(super) struct Blocks {
    /// The shapes of the open marks.
    open: Vec<Shape>,
    /// How many groups of tabs there were.
    groups: usize,
    /// The group of each open tab.
    tabs: Vec<usize>,
    /// How a title is opened and closed when the next paragraph is one.
    title: Option<(&'static str, &'static str)>,
    /// How the paragraph that is being written ends.
    ends: Option<&'static str>,
    /// A group of tabs goes on with the next mark.
    goes_on: Option<usize>,
}

const TITLE: (&str, &str) = ("<p class=\"alert-title\">", "</p>\n");
const SUMMARY: (&str, &str) = ("<summary>", "</summary>\n");

impl Writer<'_> {
    pub(super) fn alert(&mut self, kind: BlockQuoteKind) {
        let (class, label) = match kind {
            BlockQuoteKind::Note => ("note", "Note"),
            BlockQuoteKind::Tip => ("tip", "Tip"),
            BlockQuoteKind::Important => ("important", "Important"),
            BlockQuoteKind::Warning => ("warning", "Warning"),
            BlockQuoteKind::Caution => ("caution", "Caution"),
        };
        let _ = writeln!(
            self.out,
            "<div class=\"alert alert-{class}\" role=\"note\"><p class=\"alert-title\">{label}</p>"
        );
    }

    pub(super) fn mark(&mut self, mark: Mark<'_>, at: usize) {
        match mark {
            Mark::Attributes(written) => self.attributes = Some(written.to_owned()),
            Mark::Open { shape, kind, titled } => self.opens(shape, kind, titled, at),
            Mark::Close => self.closes(at),
        }
    }

    fn opens(&mut self, shape: Shape, kind: &str, titled: bool, at: usize) {
        let (tone, label) = tone(kind);
        let titled = titled && matches!(self.events.get(at + 1), Some((Event::Start(Tag::Paragraph), _)));
        match shape {
            Shape::Alert => {
                let _ = writeln!(self.out, "<div class=\"alert alert-{tone}\" role=\"note\">");
                self.title(TITLE, titled, label);
            }
            Shape::Folded { open } => {
                let open = if open { " open" } else { "" };
                let _ = writeln!(self.out, "<details class=\"alert alert-{tone}\"{open}>");
                self.title(SUMMARY, titled, label);
            }
            Shape::Tab => {
                let (group, open) = if let Some(group) = self.blocks.goes_on.take() {
                    (group, "")
                } else {
                    self.blocks.groups += 1;
                    self.out.push_str("<div class=\"tabs\">\n");
                    (self.blocks.groups, " open")
                };
                let _ = writeln!(self.out, "<details name=\"tabs-{group}\"{open}>");
                self.blocks.tabs.push(group);
                self.title(SUMMARY, titled, "Tab");
            }
        }
        self.blocks.open.push(shape);
    }

    fn title(&mut self, (open, close): (&'static str, &'static str), titled: bool, label: &str) {
        if titled {
            self.blocks.title = Some((open, close));
        } else {
            self.out.extend([open, &*escape(label), close]);
        }
    }

    fn closes(&mut self, at: usize) {
        match self.blocks.open.pop() {
            Some(Shape::Alert) => self.out.push_str("</div>\n"),
            Some(Shape::Folded { .. }) => self.out.push_str("</details>\n"),
            Some(Shape::Tab) => {
                self.out.push_str("</details>\n");
                let group = self.blocks.tabs.pop();
                let next = self.events.get(at + 1).and_then(|(event, _)| Mark::of(event));
                if matches!(next, Some(Mark::Open { shape: Shape::Tab, .. })) {
                    self.blocks.goes_on = group;
                } else {
                    self.out.push_str("</div>\n");
                }
            }
            None => {}
        }
    }

    /// A paragraph, a block's title, or a figure. Says how many events it took.
    pub(super) fn paragraph(&mut self, at: usize) -> usize {
        if let Some((open, close)) = self.blocks.title.take() {
            self.out.push_str(open);
            self.blocks.ends = Some(close);
        } else if let Some(caption) = self.caption(at) {
            return self.figure(&caption, at);
        } else {
            self.out.push_str("<p>");
        }
        1
    }

    pub(super) fn paragraph_ends(&mut self) {
        self.out.push_str(self.blocks.ends.take().unwrap_or("</p>\n"));
    }

    /// The paragraph at `at`, which is one image, with its caption.
    fn figure(&mut self, caption: &str, at: usize) -> usize {
        self.out.push_str("<figure>");
        let mut taken = 1;
        while let Some((event, _)) = self.events.get(at + taken) {
            if let Event::Start(Tag::Image { dest_url, .. }) = event {
                taken += self.image(dest_url, "", at + taken);
                break;
            }
            taken += self.event(event, at + taken);
        }
        let _ = writeln!(self.out, "<figcaption>{}</figcaption></figure>", escape(caption));
        taken + 1
    }
}

/// The looks of a kind of admonition, and its name where it has no title.
fn tone(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "abstract" | "summary" | "tldr" => ("note", "Summary"),
        "info" | "todo" => ("note", "Information"),
        "seealso" => ("note", "See also"),
        "question" | "help" | "faq" => ("note", "Question"),
        "example" | "snippet" => ("note", "Example"),
        "quote" | "cite" => ("quote", "Quote"),
        "tip" | "hint" => ("tip", "Tip"),
        "success" | "check" | "done" => ("tip", "Success"),
        "important" => ("important", "Important"),
        "warning" | "attention" => ("warning", "Warning"),
        "caution" => ("caution", "Caution"),
        "danger" => ("caution", "Danger"),
        "error" => ("caution", "Error"),
        "failure" | "fail" | "missing" => ("caution", "Failure"),
        "bug" => ("caution", "Bug"),
        _ => ("note", "Note"),
    }
}
