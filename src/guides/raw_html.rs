//! Blocks of raw HTML: elements that stay, go, or were never meant as elements.

use std::collections::HashSet;
use std::ops::Range;

use pulldown_cmark::{CowStr, Event, Tag as Markdown, TagEnd};

use super::events::{Noticed, Spanned};
use super::html::escape;
use super::tags::{self, Tag, Token, Treatment};

/// Appends what stays of the block `html`: raw HTML, or a paragraph when nothing but text is left.
pub(super) fn vet(
    html: &str,
    range: &Range<usize>,
    out: &mut Vec<Spanned<'_>>,
    noticed: &mut Vec<(usize, Noticed)>,
) {
    let mut block = Block::default();
    let tokens = tags::tokens(html);
    let names = Names::of(&tokens);
    let mut tokens = tokens.into_iter();
    while let Some(token) = tokens.next() {
        match token {
            // A `<` that starts no tag would swallow what follows.
            Token::Text(text) => block.text(&tags::decode(text), &text.replace('<', "&lt;")),
            Token::Comment => {}
            Token::Open(tag) => match treat(&tag, &names) {
                Fate::Keep => {
                    block.open += isize::from(!tag.alone);
                    block.keep(tag.raw);
                }
                Fate::Unwrap(None) => {}
                Fate::Unwrap(Some(notice)) => noticed.push((range.start, notice)),
                Fate::Replace(with) => {
                    block.keep(&with);
                    skip_to_end(&mut tokens, &tag);
                }
                Fate::Remove => {
                    noticed.push((range.start, Noticed::LeftOut(tag.raw.to_owned())));
                    skip_to_end(&mut tokens, &tag);
                }
                Fate::Show => block.text(tag.raw, &escape(tag.raw)),
            },
            Token::Close(tag) => match tags::treatment(&tag.name) {
                Treatment::Keep => {
                    block.open -= isize::from(!tag.alone);
                    block.keep(tag.raw);
                }
                Treatment::Unwrap | Treatment::Remove => {}
                Treatment::Show if names.opened.contains(&*tag.name) => {}
                Treatment::Show => block.text(tag.raw, &escape(tag.raw)),
            },
        }
    }
    block.finish(range, out);
}

/// `<object data="x.svg">` as the image that it is.
pub(super) fn object_as_image(tag: &Tag<'_>) -> Option<String> {
    let data = tag.attribute("data").filter(|_| tag.name == "object")?;
    let named = [".svg", ".png", ".jpg", ".jpeg", ".gif", ".webp"].iter().any(|end| data.ends_with(end));
    let typed = tag.attribute("type").is_some_and(|kind| kind.starts_with("image/"));
    let alt = tag.attribute("aria-label").or_else(|| tag.attribute("title")).unwrap_or_default();
    (named || typed).then(|| format!("<img src=\"{}\" alt=\"{}\">", escape(&data), escape(&alt)))
}

enum Fate {
    Keep,
    Unwrap(Option<Noticed>),
    Replace(String),
    Remove,
    Show,
}

fn treat(tag: &Tag<'_>, names: &Names) -> Fate {
    match tags::treatment(&tag.name) {
        Treatment::Keep => Fate::Keep,
        Treatment::Unwrap => Fate::Unwrap(None),
        Treatment::Remove => Fate::Remove,
        Treatment::Show => match object_as_image(tag) {
            Some(image) => Fate::Replace(image),
            None if !tag.alone && names.closed.contains(&*tag.name) => {
                Fate::Unwrap(Some(Noticed::Unwrapped(tag.raw.to_owned())))
            }
            None => Fate::Show,
        },
    }
}

fn skip_to_end<'a>(tokens: &mut impl Iterator<Item = Token<'a>>, tag: &Tag<'_>) {
    if !tag.alone {
        tokens.find(|token| matches!(token, Token::Close(end) if end.name == tag.name));
    }
}

/// The elements that a block opens and those that it closes.
#[derive(Default)]
struct Names {
    opened: HashSet<String>,
    closed: HashSet<String>,
}

impl Names {
    fn of(tokens: &[Token<'_>]) -> Self {
        let mut names = Self::default();
        for token in tokens {
            match token {
                Token::Open(tag) => names.opened.insert(tag.name.to_string()),
                Token::Close(tag) => names.closed.insert(tag.name.to_string()),
                Token::Text(_) | Token::Comment => false,
            };
        }
        names
    }
}

/// A block as HTML, and as plain text in case no element is left.
#[derive(Default)]
struct Block {
    html: String,
    plain: String,
    elements: bool,
    /// Something besides text that readers see or that links lead to.
    substance: bool,
    /// Elements that the block opens and does not close, or the other way round.
    open: isize,
}

impl Block {
    fn keep(&mut self, tag: &str) {
        let empty = ["<div", "</div", "<p", "</p", "<br", "</br", "<span", "</span"];
        self.substance |= tag.contains("id=")
            || tag.contains("class=")
            || !empty.iter().any(|start| {
                tag.strip_prefix(start)
                    .is_some_and(|rest| rest.starts_with(|c: char| !c.is_ascii_alphanumeric()))
            });
        self.elements = true;
        self.html.push_str(tag);
    }

    fn text(&mut self, plain: &str, html: &str) {
        self.plain.push_str(plain);
        self.html.push_str(html);
    }

    fn finish(self, range: &Range<usize>, out: &mut Vec<Spanned<'_>>) {
        if self.plain.trim().is_empty() && !self.substance && self.open == 0 {
            // A spacer, such as `<div style="height:0px;">&nbsp;</div>`: spacing is the theme's.
        } else if self.elements {
            out.push((Event::Start(Markdown::HtmlBlock), range.clone()));
            out.push((Event::Html(CowStr::from(self.html)), range.clone()));
            out.push((Event::End(TagEnd::HtmlBlock), range.clone()));
        } else {
            out.push((Event::Start(Markdown::Paragraph), range.clone()));
            out.push((Event::Text(CowStr::from(self.plain.trim().to_owned())), range.clone()));
            out.push((Event::End(TagEnd::Paragraph), range.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vetted(html: &str) -> (String, Vec<Noticed>) {
        let (mut out, mut noticed) = (Vec::new(), Vec::new());
        vet(html, &(0..html.len()), &mut out, &mut noticed);
        let text = out.iter().filter_map(|(event, _)| match event {
            Event::Html(html) => Some(html.to_string()),
            Event::Text(text) => Some(format!("text:{text}")),
            _ => None,
        });
        (text.collect(), noticed.into_iter().map(|(_, noticed)| noticed).collect())
    }

    #[test]
    fn scripts_go_with_what_they_hold() {
        let (left, noticed) = vetted("<script async src=\"x\"></script>\n<script>\n  a < b;\n</script>\n");
        assert_eq!(left, "");
        assert_eq!(noticed.len(), 2);
        assert_eq!(vetted("<!-- note -->\n").0, "");
    }

    #[test]
    fn spacers_go_and_what_is_seen_or_linked_to_stays() {
        assert_eq!(vetted("<div style=\"height:0px;\">&nbsp;</div>\n<br/>\n").0, "");
        for whole in ["<div id=\"here\"></div>", "<hr>", "<div><img src=x></div>", "<pre> </pre>"] {
            assert_eq!(vetted(whole).0, whole);
        }
        assert_eq!(vetted("<div>\n").0, "<div>\n");
        assert_eq!(vetted("</div>\n").0, "</div>\n");
    }

    #[test]
    fn placeholders_and_unknown_elements_are_told_apart() {
        assert_eq!(vetted("<username>\n").0, "text:<username>");
        assert_eq!(vetted("<div><x y='</div>").0, "<div>&lt;x y='</div>");
        assert_eq!(vetted("<div><username></div>").0, "<div>&lt;username&gt;</div>");
        assert_eq!(vetted("<div><Term id=1>x</Term></div>").0, "<div>x</div>");
        assert_eq!(vetted("<center>&lt;x&gt;</center>").0, "text:<x>");
    }
}
