//! HTML by section, from its tokens alone: no tree is built, so memory and time grow with the page and no more.
//!
//! 1. [`read`] feeds the tokenizer piece by piece, until the page, its room or its time is over.
//! 2. [`Page`] keeps the elements that are open, and knows from them where a piece of text belongs.
//! 3. What is no content is passed over: navigation, scripts, what is hidden from readers. Where there is a
//!    `<main>`, only that counts.

use std::cell::RefCell;
use std::time::Instant;

use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};
use html5ever::{LocalName, tendril::StrTendril};

use super::elements::{
    PIECES, closes_before, is_block, is_passed_over, is_permalink, is_void, level_of, raw_text,
};
use super::outline::Outline;
use crate::model::AppPage;

/// How deep elements may be in one another; what is deeper is left out.
const DEEPEST: usize = 512;
/// How much is read between two looks at the time, in bytes.
const PIECE: usize = 16 << 10;
/// The longest title, in bytes, before white space is folded.
const LONGEST_TITLE: usize = 2000;

/// The sections of a page; `None` when it holds none, or asks not to be found (`<meta name="robots">`).
pub(super) fn read(html: &str, path: String, name: &str, until: Instant) -> Option<AppPage> {
    let tokenizer = Tokenizer::new(Reader::default(), html5ever::tokenizer::TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = html;
    while !rest.is_empty() && Instant::now() < until && !tokenizer.sink.0.borrow().outline.is_full() {
        let (piece, after) = rest.split_at(rest.ceil_char_boundary(PIECE));
        rest = after;
        queue.push_back(StrTendril::from_slice(piece));
        // The sink never blocks on a script; a declared encoding is known already.
        while !matches!(tokenizer.feed(&queue), html5ever::TokenizerResult::Done) {}
    }
    tokenizer.end();
    tokenizer.sink.0.into_inner().finish(path, name)
}

#[derive(Default)]
struct Reader(RefCell<Page>);

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => page.text(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return page.opens(&tag),
            Token::TagToken(tag) => page.closes(&tag.name),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

/// A page as far as it was read.
#[derive(Default)]
struct Page {
    outline: Outline,
    /// What came before `<main>`.
    around: Option<Outline>,
    /// `<main>` is over.
    over: bool,
    open: Vec<Open>,
    /// How many more elements are open than are kept in `open`.
    deeper: usize,
    /// How many open elements are passed over, and how many keep white space.
    passed_over: usize,
    code: usize,
    heading: Option<Heading>,
    title: String,
    in_title: bool,
    /// The nearest anchor above.
    anchor: String,
    unlisted: bool,
}

struct Open {
    name: LocalName,
    passed_over: bool,
    main: bool,
}

struct Heading {
    level: u8,
    id: String,
    own: bool,
    text: String,
}

impl Page {
    fn finish(mut self, path: String, name: &str) -> Option<AppPage> {
        self.end_heading();
        if self.unlisted {
            return None;
        }
        let outline = match self.around {
            Some(around) if self.outline.is_empty() => around,
            _ => self.outline,
        };
        outline.finish(path, Some(&self.title), name)
    }

    fn counts(&self) -> bool {
        self.passed_over == 0 && self.deeper == 0 && !self.over
    }

    fn text(&mut self, text: &str) {
        if self.in_title {
            push_within(&mut self.title, text, LONGEST_TITLE);
        } else if !self.counts() {
        } else if let Some(heading) = &mut self.heading {
            push_within(&mut heading.text, text, LONGEST_TITLE);
        } else if self.code > 0 {
            self.outline.code(text);
        } else {
            self.outline.text(text);
        }
    }

    fn opens(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name = &*tag.name;
        match name {
            "html" | "head" | "body" => return TokenSinkResult::Continue,
            "meta" => self.meta(tag),
            "title" if self.title.is_empty() && self.counts() => {
                self.in_title = true;
                return TokenSinkResult::RawData(RawKind::Rcdata);
            }
            "plaintext" => return TokenSinkResult::Plaintext,
            _ => {}
        }
        while self.open.last().is_some_and(|open| closes_before(&open.name, name)) {
            self.pop();
        }
        if is_block(name) {
            self.block();
        } else if PIECES.contains(&name) {
            self.text(" ");
        }
        if name == "img" {
            self.text(attribute(tag, "alt").unwrap_or_default());
        }
        if self.counts() {
            self.anchor(tag);
        }
        let closed = is_void(name) || (tag.self_closing && self.passed_over > 0);
        if !closed {
            self.push(tag);
        }
        raw_text(name).map_or(TokenSinkResult::Continue, TokenSinkResult::RawData)
    }

    fn push(&mut self, tag: &Tag) {
        if self.open.len() >= DEEPEST {
            self.deeper += 1;
            return;
        }
        let name = &*tag.name;
        let in_heading = self.heading.is_some();
        let passed_over = is_passed_over(name) || is_hidden(tag) || (in_heading && is_permalink(class(tag)));
        let main = self.counts()
            && self.around.is_none()
            && (name == "main" || attribute(tag, "role") == Some("main"))
            && !passed_over;
        if main {
            self.around = Some(std::mem::take(&mut self.outline));
        }
        self.passed_over += usize::from(passed_over);
        self.code += usize::from(name == "pre");
        if let Some(level) = level_of(name)
            && self.counts()
        {
            self.end_heading();
            let own = attribute(tag, "id").is_some_and(|id| !id.is_empty());
            self.heading = Some(Heading { level, id: self.anchor.clone(), own, text: String::new() });
        }
        self.open.push(Open { name: tag.name.clone(), passed_over, main });
    }

    fn closes(&mut self, name: &LocalName) {
        if self.in_title && &**name == "title" {
            self.in_title = false;
            return;
        }
        if self.deeper > 0 {
            self.deeper -= usize::from(!is_void(name));
            return;
        }
        let Some(at) = self.open.iter().rposition(|open| open.name == *name) else { return };
        while self.open.len() > at {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(Open { name, passed_over, main }) = self.open.pop() else { return };
        if level_of(&name).is_some() && self.passed_over == 0 {
            self.end_heading();
        }
        self.passed_over -= usize::from(passed_over);
        if &*name == "pre" {
            self.text("\n");
            self.code -= 1;
        }
        if is_block(&name) {
            self.block();
        }
        if main {
            self.end_heading();
            self.over = true;
        }
    }

    fn block(&mut self) {
        if let Some(heading) = &mut self.heading {
            push_within(&mut heading.text, " ", LONGEST_TITLE);
        } else if self.counts() && self.code == 0 {
            self.outline.line();
        }
    }

    fn end_heading(&mut self) {
        if let Some(Heading { level, id, text, .. }) = self.heading.take() {
            self.outline.heading(level, &id, &text);
        }
    }

    /// Takes the anchor that a tag sets. One inside a heading is the heading's, unless it has its own.
    fn anchor(&mut self, tag: &Tag) {
        let named = if &*tag.name == "a" { attribute(tag, "name") } else { None };
        let Some(id) = attribute(tag, "id").or(named).filter(|id| !id.is_empty()) else { return };
        if let Some(heading) = &mut self.heading {
            if heading.own {
                return;
            }
            id.clone_into(&mut heading.id);
            heading.own = true;
        }
        id.clone_into(&mut self.anchor);
    }

    fn meta(&mut self, tag: &Tag) {
        if attribute(tag, "name").is_some_and(|name| name.eq_ignore_ascii_case("robots")) {
            let content = attribute(tag, "content").unwrap_or_default().to_ascii_lowercase();
            self.unlisted |= content.split(',').any(|word| matches!(word.trim(), "noindex" | "none"));
        }
    }
}

fn attribute<'t>(tag: &'t Tag, name: &str) -> Option<&'t str> {
    tag.attrs.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
}

fn class(tag: &Tag) -> &str {
    attribute(tag, "class").unwrap_or_default()
}

/// Hidden from readers, or from those who hear the page; or a list of ways to elsewhere.
fn is_hidden(tag: &Tag) -> bool {
    let is = |name, value: &str| attribute(tag, name).is_some_and(|it| it.eq_ignore_ascii_case(value));
    let hidden = attribute(tag, "hidden").is_some() && !is("hidden", "until-found");
    let numbers = class(tag).split_ascii_whitespace().any(|class| class == "linenos");
    hidden || is("aria-hidden", "true") || is("role", "navigation") || numbers
}

fn push_within(to: &mut String, text: &str, most: usize) {
    let room = most.saturating_sub(to.len());
    to.push_str(text.get(..text.floor_char_boundary(room)).unwrap_or_default());
}
