//! The feed of changed guides, as Atom (RFC 4287).

use std::fmt::Write as _;

use jiff::{Timestamp, Unit};

use crate::guides::{Page, View};
use crate::model::encode_path;

/// Guides in a feed.
const MOST: usize = 50;

/// The feed of the site called `title`, the guide that changed last first. A guide is known by its address, whatever
/// else changes in it.
pub(super) fn atom(title: &str, origin: &str, view: &View<'_>) -> String {
    let mut changed: Vec<(Timestamp, &Page)> = view
        .pages()
        .filter(|page| !page.hidden() && !page.generated() && !page.draft())
        .filter_map(|page| Some((page.modified()?, &**page)))
        .collect();
    changed.sort_by(|(at, page), (other_at, other)| {
        other_at.cmp(at).then_with(|| page.guide().path.cmp(&other.guide().path))
    });
    changed.truncate(MOST);
    let updated = changed.first().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at);
    let title = text(title);
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{origin}/feed.xml</id>\n<title>{title}</title>\n<updated>{}</updated>\n\
         <author><name>{title}</name></author>\n<link rel=\"self\" type=\"application/atom+xml\" \
         href=\"{origin}/feed.xml\"/>\n<link rel=\"alternate\" type=\"text/html\" href=\"{origin}/\"/>\n",
        moment(updated)
    );
    for (at, page) in changed {
        let guide = page.guide();
        let url = text(&format!("{origin}{}", encode_path(guide.path.as_str())));
        let _ = write!(
            xml,
            "<entry>\n<id>{url}</id>\n<title>{}</title>\n<updated>{}</updated>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{url}\"/>\n",
            text(&guide.title),
            moment(at)
        );
        if let Some(description) = &guide.description {
            let _ = writeln!(xml, "<summary>{}</summary>", text(description));
        }
        xml.push_str("</entry>\n");
    }
    xml + "</feed>\n"
}

/// A moment as RFC 3339 writes it, in whole seconds.
pub(super) fn moment(at: Timestamp) -> String {
    at.round(Unit::Second).unwrap_or(at).to_string()
}

/// Text as it stands in XML 1.0; characters that cannot stand there become spaces.
pub(super) fn text(given: &str) -> String {
    let mut out = String::with_capacity(given.len());
    for c in given.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_holds_only_what_it_may() {
        assert_eq!(text("a<b>&\"'\u{1}é"), "a&lt;b&gt;&amp;&quot;&apos; é");
        assert_eq!(moment("2026-03-01T10:20:30.6Z".parse().unwrap()), "2026-03-01T10:20:31Z");
    }
}
