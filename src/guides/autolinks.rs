//! Bare addresses in text, made links.

use std::ops::Range;

use pulldown_cmark::{CowStr, Event, LinkType, Tag, TagEnd};

use super::events::Spanned;

/// Makes links of the bare addresses in text.
pub(super) fn link_addresses(events: Vec<Spanned<'_>>) -> Vec<Spanned<'_>> {
    let mut out = Vec::with_capacity(events.len());
    let mut closed_off = 0_usize;
    for (event, range) in events {
        match &event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_)) => closed_off += 1,
            Event::End(TagEnd::Link | TagEnd::Image | TagEnd::CodeBlock) => {
                closed_off = closed_off.saturating_sub(1);
            }
            Event::InlineHtml(html) if html.starts_with("<a ") => closed_off += 1,
            Event::InlineHtml(html) if html.starts_with("</a") => closed_off = closed_off.saturating_sub(1),
            Event::Text(text) if closed_off == 0 && text.contains("://") => {
                split_addresses(text, &range, &mut out);
                continue;
            }
            _ => {}
        }
        out.push((event, range));
    }
    out
}

fn split_addresses(text: &str, range: &Range<usize>, out: &mut Vec<Spanned<'_>>) {
    let mut rest = text;
    while let Some((before, address, after)) = next_address(rest) {
        if !before.is_empty() {
            out.push((Event::Text(CowStr::from(before.to_owned())), range.clone()));
        }
        let dest_url = CowStr::from(address.to_owned());
        let link_type = LinkType::Autolink;
        let link = Tag::Link { link_type, dest_url, title: CowStr::Borrowed(""), id: CowStr::Borrowed("") };
        out.push((Event::Start(link), range.clone()));
        out.push((Event::Text(CowStr::from(address.to_owned())), range.clone()));
        out.push((Event::End(TagEnd::Link), range.clone()));
        rest = after;
    }
    if !rest.is_empty() {
        out.push((Event::Text(CowStr::from(rest.to_owned())), range.clone()));
    }
}

/// The text before the next address, the address, and the text after it.
fn next_address(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find("http")?;
        let rest = text.get(at..)?;
        let scheme = ["https://", "http://"].into_iter().find(|scheme| rest.starts_with(scheme));
        let before = text.get(..at)?;
        let apart =
            !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '"' | '\'' | '=' | '.'));
        let host = scheme.and_then(|scheme| rest.get(scheme.len()..));
        let begins = host.is_some_and(|host| host.starts_with(|c: char| c.is_alphanumeric()));
        if apart && begins {
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '”' | '“' | '’'));
            let address = without_closing_marks(rest.get(..end.unwrap_or(rest.len()))?);
            return Some((before, address, rest.get(address.len()..)?));
        }
        from = at + 4;
    }
}

/// An address does not end with the full stop of its sentence, nor with the bracket around it.
fn without_closing_marks(address: &str) -> &str {
    let mut address = address;
    loop {
        let shorter = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~', '…']);
        let unopened = |open: char, close: char| {
            shorter.ends_with(close) && shorter.matches(close).count() > shorter.matches(open).count()
        };
        let end = if unopened('(', ')') || unopened('[', ']') { shorter.len() - 1 } else { shorter.len() };
        if end == address.len() {
            return address;
        }
        address = shorter.get(..end).unwrap_or(shorter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked(text: &str) -> String {
        let read = super::super::events::parse(text, super::super::slug::Style::GitHub).events;
        let shown = read.into_iter().map(|(event, _)| match event {
            Event::Text(text) | Event::Code(text) => text.into_string(),
            Event::Start(Tag::Link { .. }) => "[".to_owned(),
            Event::End(TagEnd::Link) => "]".to_owned(),
            _ => String::new(),
        });
        shown.collect()
    }

    #[test]
    fn bare_addresses_become_links() {
        assert_eq!(linked("see https://a.org/x_y."), "see [https://a.org/x_y].");
        assert_eq!(linked("(https://a.org/b_(c))"), "([https://a.org/b_(c)])");
        assert_eq!(linked("`https://a.org`"), "https://a.org");
        assert_eq!(linked("[https://a.org](https://b.org)"), "[https://a.org]");
        assert_eq!(linked("http:// and shttp://x"), "http:// and shttp://x");
    }
}
