//! Code, formulas and diagrams.

use std::borrow::Cow;
use std::fmt::Write as _;

use pulldown_cmark::{CodeBlockKind, Event, TagEnd};

use super::{Writer, escape};
use crate::guides::events::Spanned;
use crate::guides::fence::Fence;
use crate::guides::figures::{self, Figure};
use crate::guides::{diagram, formula, highlight};

impl Writer<'_> {
    pub(super) fn code(&mut self, kind: &CodeBlockKind<'_>, at: usize) -> usize {
        let rest = self.events.get(at + 1..).unwrap_or_default();
        let ends = |(event, _): &Spanned<'_>| matches!(event, Event::End(TagEnd::CodeBlock));
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let texts = rest.get(..length).unwrap_or_default().iter();
        let code: String = texts
            .filter_map(|(event, _)| if let Event::Text(text) = event { Some(&**text) } else { None })
            .collect();
        let fence = match kind {
            CodeBlockKind::Fenced(info) => Fence::parse(info),
            CodeBlockKind::Indented => Fence::default(),
        };
        match fence.language.as_deref().and_then(figures::of_language) {
            Some(Figure::Formula) => self.formula(&code, true),
            Some(Figure::Diagram) => self.diagram(&code),
            None => self.listing(&code, &fence),
        }
        length + 2
    }

    /// Code in its colours, with what its fence asks for.
    fn listing(&mut self, code: &str, fence: &Fence) {
        let language = fence.language.as_deref();
        let coloured = language.and_then(|language| highlight::highlight(code, language, fence.by_line()));
        let class = language.map(|language| format!(" class=\"language-{}\"", escape(language)));
        let class = class.unwrap_or_default();
        let mut shown = coloured.map_or_else(|| escape(code), Cow::Owned);
        if fence.by_line() {
            shown = Cow::Owned(by_line(&shown, fence));
        }
        let numbered = if fence.first_line.is_some() { " class=\"numbered\"" } else { "" };
        let pre = format!("<pre tabindex=\"0\"{numbered}><code{class}>{shown}</code></pre>");
        let html = match &fence.title {
            Some(title) => {
                format!("<figure class=\"listing\"><figcaption>{}</figcaption>{pre}</figure>", escape(title))
            }
            None => pre,
        };
        self.puts.aside(&mut self.out, html);
        self.out.push('\n');
    }

    /// A formula, or what was written and why it is not one.
    pub(super) fn formula(&mut self, latex: &str, block: bool) {
        match formula::render(latex, block) {
            Ok(math) => {
                let html = if block { format!("<span class=\"formula\">{math}</span>") } else { math };
                self.puts.aside(&mut self.out, html);
            }
            Err(why) => {
                let _ = write!(
                    self.out,
                    "<span class=\"formula-error\"><code>{}</code> <span>This formula cannot be shown: {}.</span></span>",
                    escape(latex.trim()),
                    escape(why.trim_end_matches('.'))
                );
            }
        }
    }

    /// A diagram, or a notice above what was written.
    fn diagram(&mut self, source: &str) {
        self.diagrams += 1;
        match diagram::render(source, self.diagrams) {
            Ok(svg) => self.puts.aside(&mut self.out, svg),
            Err(why) => {
                let _ = writeln!(
                    self.out,
                    "<div class=\"alert alert-caution\" role=\"note\"><p class=\"alert-title\">This diagram cannot be drawn</p>\n\
                     <p>{}. Its source is below.</p>\n</div>",
                    escape(&why.to_string())
                );
                self.listing(source, &Fence::default());
            }
        }
    }
}

/// Each line of `html` an element of its own, numbered or pointed out as its fence says.
fn by_line(html: &str, fence: &Fence) -> String {
    let mut out = String::with_capacity(html.len() * 2);
    let first = fence.first_line.unwrap_or(1);
    for (number, line) in (1..).zip(html.split_inclusive('\n')) {
        let marked = if fence.is_marked(number) { " line-marked" } else { "" };
        let _ = write!(out, "<span class=\"line{marked}\"");
        if fence.first_line.is_some() {
            let _ = write!(out, " data-line=\"{}\"", first.saturating_add(number - 1));
        }
        out.extend([">", line, "</span>"]);
    }
    out
}
