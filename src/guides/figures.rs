//! Formulas and diagrams among the events: which fences they are, and what is wrong with them.

use pulldown_cmark::{CodeBlockKind, Event, Tag, TagEnd};

use super::events::{Noticed, Spanned};
use super::{diagram, formula};

/// What a fence holds besides code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Figure {
    Formula,
    Diagram,
}

/// What a fence with this language holds.
pub(super) fn of_language(language: &str) -> Option<Figure> {
    match language {
        "math" | "latex-math" => Some(Figure::Formula),
        "mermaid" => Some(Figure::Diagram),
        _ => None,
    }
}

/// Notices formulas that do not convert and diagrams that cannot be drawn.
pub(super) fn notice(events: &[Spanned<'_>], noticed: &mut Vec<(usize, Noticed)>) {
    let mut fence: Option<(Figure, String)> = None;
    for (event, range) in events {
        match event {
            Event::InlineMath(latex) => notice_formula(latex, false, range.start, noticed),
            Event::DisplayMath(latex) => notice_formula(latex, true, range.start, noticed),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let word = info.trim().trim_start_matches(['{', '.']);
                let word =
                    word.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
                fence = of_language(&word.to_ascii_lowercase()).map(|figure| (figure, String::new()));
            }
            Event::Text(text) => {
                if let Some((_, code)) = &mut fence {
                    code.push_str(text);
                }
            }
            Event::End(TagEnd::CodeBlock) => match fence.take() {
                Some((Figure::Formula, latex)) => notice_formula(&latex, true, range.start, noticed),
                Some((Figure::Diagram, source)) => {
                    if let Err(why) = diagram::parse(&source) {
                        noticed.push((range.start, Noticed::Diagram { why: why.to_string() }));
                    }
                }
                None => {}
            },
            _ => {}
        }
    }
}

fn notice_formula(latex: &str, block: bool, at: usize, noticed: &mut Vec<(usize, Noticed)>) {
    if let Err(why) = formula::render(latex, block) {
        noticed.push((at, Noticed::Formula { written: latex.to_owned(), why }));
    }
}
