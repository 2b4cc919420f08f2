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
            Event::Text(text) if closed_off == 0 && may_hold_address(text) => {
                split_addresses(text, &range, &mut out);
                continue;
            }
            _ => {}
        }
        out.push((event, range));
    }
    out
}

fn may_hold_address(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr(b'@', bytes).is_some()
        || memchr::memmem::find(bytes, b"://").is_some()
        || memchr::memmem::find(bytes, b"www.").is_some()
}

fn split_addresses(text: &str, range: &Range<usize>, out: &mut Vec<Spanned<'_>>) {
    let mut rest = text;
    while let Some(Address { before, shown, scheme, after }) = next_address(rest) {
        if !before.is_empty() {
            out.push((Event::Text(CowStr::from(before.to_owned())), range.clone()));
        }
        let link_type = if scheme == "mailto:" { LinkType::Email } else { LinkType::Autolink };
        let scheme = if scheme == "mailto:" { "" } else { scheme };
        let dest_url = CowStr::from(format!("{scheme}{shown}"));
        let link = Tag::Link { link_type, dest_url, title: CowStr::Borrowed(""), id: CowStr::Borrowed("") };
        out.push((Event::Start(link), range.clone()));
        out.push((Event::Text(CowStr::from(shown.to_owned())), range.clone()));
        out.push((Event::End(TagEnd::Link), range.clone()));
        rest = after;
    }
    if !rest.is_empty() {
        out.push((Event::Text(CowStr::from(rest.to_owned())), range.clone()));
    }
}

/// An address in a text.
struct Address<'a> {
    before: &'a str,
    shown: &'a str,
    /// What has to stand before what is shown.
    scheme: &'static str,
    after: &'a str,
}

/// The first address in `text`: one with a scheme, one that begins with `www.`, or one of a mailbox.
fn next_address(text: &str) -> Option<Address<'_>> {
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(['h', 'w', '@'])?;
        let rest = text.get(at..)?;
        if rest.starts_with('@') {
            if let Some((start, end)) = mailbox(text, at) {
                return Some(Address {
                    before: text.get(..start)?,
                    shown: text.get(start..end)?,
                    scheme: "mailto:",
                    after: text.get(end..)?,
                });
            }
            from = at + 1;
            continue;
        }
        let (start, scheme) = [("https://", ""), ("http://", ""), ("www.", "http://")]
            .into_iter()
            .find(|(start, _)| rest.starts_with(start))
            .unwrap_or_default();
        let before = text.get(..at)?;
        let apart =
            !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '"' | '\'' | '=' | '.'));
        let host = rest.get(start.len()..).filter(|_| !start.is_empty());
        let begins = host.is_some_and(|host| host.starts_with(char::is_alphanumeric));
        let dotted = scheme.is_empty() || host.is_some_and(|host| host.contains('.'));
        if apart && begins && dotted {
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '`' | '”' | '“' | '’'));
            let shown = without_closing_marks(rest.get(..end.unwrap_or(rest.len()))?);
            return Some(Address { before, shown, scheme, after: rest.get(shown.len()..)? });
        }
        from = at + 1;
    }
}

/// Where the mailbox around the `@` at `at` starts and ends.
fn mailbox(text: &str, at: usize) -> Option<(usize, usize)> {
    const LONGEST: usize = 254;
    let local = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let before = text.get(..at)?;
    let length: usize =
        before.chars().rev().take(LONGEST).take_while(|c| local(*c)).map(char::len_utf8).sum();
    let start = at - length;
    let after = text.get(at + 1..)?;
    let host: usize = after
        .chars()
        .take(LONGEST)
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .map(char::len_utf8)
        .sum();
    let host = after.get(..host)?.trim_end_matches('.');
    let joined =
        before.get(..start)?.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | ':' | '@'));
    let mut rest = after.get(host.len()..)?.chars();
    let (next, then) = (rest.next(), rest.next());
    let goes_on =
        matches!(next, Some('/' | '@')) || (next == Some(':') && then.is_some_and(char::is_alphanumeric));
    let clean =
        host.contains('.') && !host.contains("..") && host.ends_with(|c: char| c.is_ascii_alphanumeric());
    (length > 0 && clean && !joined && !goes_on).then_some((start, at + 1 + host.len()))
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
