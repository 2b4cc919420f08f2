//! `[[Page]]`, `[[Page|words]]` and `[[Page#Heading]]`: links by a guide's title, file or address.
//!
//! What stands between the brackets must look like a name, so that `[[ -f x ]]` and `x[["a"]]` stay as they are.
//! A name that no guide or several have stays as text, and its author is told.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

use super::events::Spanned;
use super::page::Parsed;
use super::problem::nearest;
use super::slug::{Slugs, Style};
use crate::model::{GuidePath, encode_path};

/// A name that is longer is none.
const LONGEST: usize = 200;

/// The guides by every name that a link may call them, in lower case. Empty where no guide has such a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    by_name: HashMap<String, Vec<GuidePath>>,
    style: Style,
}

impl Names {
    /// The names of `guides`, if one of them links to another by name.
    pub(super) fn of(guides: &[Arc<Parsed>], style: Style) -> Self {
        let mut names = Self { by_name: HashMap::new(), style };
        if !guides.iter().any(|parsed| parsed.links.iter().any(|link| is_link(&link.dest))) {
            return names;
        }
        for parsed in guides {
            let guide = &parsed.guide;
            let address = guide.path.as_str().trim_matches('/');
            let file = parsed.own_file.rsplit('/').next().unwrap_or_default();
            let stem = file.split('.').next().unwrap_or_default();
            let heading = guide.sections.first().map_or("", |lead| &lead.heading);
            let last = address.rsplit('/').next().unwrap_or_default();
            for name in [&guide.title, heading, address, stem, last] {
                let known = names.by_name.entry(key(name)).or_default();
                if !name.is_empty() && !known.contains(&guide.path) {
                    known.push(guide.path.clone());
                }
            }
        }
        names
    }

    /// Where the link written as `written`, brackets and all, leads, where just one guide is called that.
    pub(super) fn find(&self, written: &str) -> Option<String> {
        let (name, fragment) = parts(written);
        let fragment = match fragment {
            "" => String::new(),
            heading => format!("#{}", encode_path(&Slugs::new(self.style).give(heading, 2, None))),
        };
        if name.is_empty() {
            return Some(fragment);
        }
        match self.by_name.get(&key(name))?.as_slice() {
            [path] => Some(format!("{}{fragment}", encode_path(path.as_str()))),
            _ => None,
        }
    }

    /// Why `written` leads nowhere, and what to write.
    pub(super) fn why_not(&self, written: &str) -> String {
        let (name, _) = parts(written);
        let named = self.by_name.get(&key(name)).map(Vec::as_slice).unwrap_or_default();
        if !named.is_empty() {
            let named: Vec<String> = named.iter().take(3).map(|path| format!("`{path}`")).collect();
            return format!("which {} are called; write the address of one", named.join(" and "));
        }
        let wanted = key(name);
        let near = nearest(&wanted, self.by_name.keys().map(String::as_str));
        let paths = near.and_then(|near| self.by_name.get(near)).and_then(|paths| paths.first());
        match paths {
            Some(path) => format!("and no guide is called that; the nearest is `{path}`"),
            None => "and no guide is called that; it is shown as it is written".to_owned(),
        }
    }
}

/// Whether a link was written with double brackets.
pub(super) fn is_link(dest: &str) -> bool {
    dest.starts_with("[[") && dest.ends_with("]]")
}

/// Makes links of what stands in double brackets in the text of `events`, which were made of `text`.
pub(super) fn link_pages<'a>(text: &str, events: Vec<Spanned<'a>>) -> Vec<Spanned<'a>> {
    if !text.contains("[[") {
        return events;
    }
    let mut out = Vec::with_capacity(events.len());
    let mut closed_off = 0_usize;
    for (event, range) in events {
        match &event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_) | Tag::Heading { .. }) => {
                closed_off += 1;
            }
            Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock | TagEnd::Heading(_)) => {
                closed_off = closed_off.saturating_sub(1);
            }
            Event::Text(run) if closed_off == 0 && run.contains("[[") => {
                let written = text.get(range.clone()).unwrap_or_default();
                split(run, written, &range, &mut out);
                continue;
            }
            _ => {}
        }
        out.push((event, range));
    }
    out
}

fn split(run: &str, written: &str, range: &Range<usize>, out: &mut Vec<Spanned<'_>>) {
    let text = |text: &str| Event::Text(CowStr::from(text.to_owned()));
    let (mut from, mut copied) = (0, 0);
    while let Some(open) = run.get(from..).and_then(|rest| rest.find("[[")).map(|at| at + from) {
        from = open + 2;
        let Some(whole) = link_at(run.get(open..).unwrap_or_default()) else { continue };
        let before = run.get(..open).unwrap_or_default();
        if before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ']' | '!'))
            || !is_written(whole, written)
        {
            continue;
        }
        if copied < open {
            out.push((text(run.get(copied..open).unwrap_or_default()), range.clone()));
        }
        let link = Tag::Link {
            link_type: LinkType::WikiLink { has_pothole: false },
            dest_url: CowStr::from(whole.to_owned()),
            title: CowStr::Borrowed(""),
            id: CowStr::Borrowed(""),
        };
        out.push((Event::Start(link), range.clone()));
        out.push((text(words(whole)), range.clone()));
        out.push((Event::End(TagEnd::Link), range.clone()));
        copied = open + whole.len();
        from = copied;
    }
    if copied < run.len() {
        out.push((text(run.get(copied..).unwrap_or_default()), range.clone()));
    }
}

/// The link that `text` starts with.
fn link_at(text: &str) -> Option<&str> {
    let end = text.find("]]")?;
    let inside = text.get(2..end).filter(|inside| inside.len() <= LONGEST)?;
    let name = inside.split('|').next()?;
    let named = name.starts_with(|c: char| c.is_alphabetic() || c == '#' || c == '/' || c.is_numeric())
        && !name.chars().all(|c| c.is_ascii_digit() || c.is_whitespace())
        && !name.ends_with(' ')
        && !name.contains(['[', ']', '"', '“', '”', '<', '>', '$', '=', '{', '}', '*', '`', '\n', ',', ';']);
    named.then(|| text.get(..end + 2)).flatten()
}

/// Whether the author wrote just this, rather than escape it.
fn is_written(whole: &str, written: &str) -> bool {
    let unescaped = written.replace("\\|", "|");
    // Quotes in it were made typographic.
    let plain = |text: &str| text.replace(['’', '‘'], "'").replace(['–', '—'], "-");
    let (unescaped, whole) = (plain(&unescaped), plain(whole));
    unescaped
        .match_indices(&*whole)
        .any(|(at, _)| !unescaped.get(..at).is_some_and(|before| before.ends_with('\\')))
}

/// Name and heading of a link.
fn parts(written: &str) -> (&str, &str) {
    let inside = written.trim_start_matches('[').trim_end_matches(']');
    let target = inside.split('|').next().unwrap_or_default();
    let (name, heading) = target.split_once('#').unwrap_or((target, ""));
    (name.trim(), heading.trim())
}

/// What a reader sees of a link.
fn words(written: &str) -> &str {
    let inside = written.trim_start_matches('[').trim_end_matches(']');
    inside.split_once('|').map_or(inside, |(_, words)| words).trim_start_matches('#')
}

fn key(name: &str) -> String {
    let name = name.trim().trim_matches('/');
    let name = name.strip_suffix(".md").unwrap_or(name);
    name.to_lowercase().replace('’', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_name_is_a_link() {
        for link in ["[[Set up]]", "[[tools/r|R]]", "[[Set up#First day]]", "[[#Below]]", "[[2024 plan]]"] {
            assert_eq!(link_at(link), Some(link));
        }
        for other in ["[[ -f x ]]", "[[\"a\"]]", "[[1]]", "[[a]", "[[$x]]", "[[a, b]]", "[[]]"] {
            assert_eq!(link_at(other), None, "{other}");
        }
    }

    #[test]
    fn a_link_has_words_and_a_target() {
        assert_eq!((parts("[[A b#C|d]]"), words("[[A b#C|d]]")), (("A b", "C"), "d"));
        assert_eq!((parts("[[#C]]"), words("[[#C]]")), (("", "C"), "C"));
    }
}
