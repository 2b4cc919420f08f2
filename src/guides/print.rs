//! A guide's HTML as part of a larger document: its headings a level down, its anchors its own, its links inside.

use std::collections::BTreeMap;

/// Attributes that name an element of the same page, or several.
const REFERENCES: [&str; 8] =
    ["id", "for", "name", "headers", "aria-labelledby", "aria-describedby", "aria-controls", "list"];

/// Rewrites what `Page::html` gave. Every anchor gets `prefix--` before it; links to guides in `inside`, which maps
/// addresses to their prefixes, become links within the document.
#[must_use]
pub fn for_print(html: &str, prefix: &str, inside: &BTreeMap<String, String>) -> String {
    let mut out = String::with_capacity(html.len() + html.len() / 16);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = end_of_tag(rest);
        tag(&rest[..end], prefix, inside, &mut out);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Where the tag that `text` begins with ends: a `>` outside quotes.
fn end_of_tag(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'>', None) => return at + 1,
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    text.len()
}

fn tag(tag: &str, prefix: &str, inside: &BTreeMap<String, String>, out: &mut String) {
    let name_at = if tag.starts_with("</") { 2 } else { 1 };
    let name_len = tag[name_at..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (name, mut rest) = tag[name_at..].split_at(name_len);
    out.push_str(&tag[..name_at]);
    out.push_str(match name {
        "h1" => "h2",
        "h2" => "h3",
        "h3" => "h4",
        "h4" => "h5",
        "h5" => "h6",
        other => other,
    });
    while let Some((before, attribute, value, after)) = next_attribute(rest) {
        out.push_str(before);
        match attribute {
            "href" | "xlink:href" => out.push_str(&link(value, prefix, inside)),
            _ if REFERENCES.contains(&attribute) => {
                let words: Vec<String> =
                    value.split_whitespace().map(|id| format!("{prefix}--{id}")).collect();
                out.push_str(&words.join(" "));
            }
            // `marker-end="url(#arrow)"` of a drawing.
            _ => out.push_str(&value.replace("url(#", &format!("url(#{prefix}--"))),
        }
        rest = after;
    }
    out.push_str(rest);
}

/// The next attribute of a tag that has a value in quotes: what stands before the value, its name, it, and the rest.
fn next_attribute(rest: &str) -> Option<(&str, &str, &str, &str)> {
    let equals = rest.find('=')?;
    let (before, name) = (&rest[..equals], rest[..equals].trim_end());
    let name = &before[name.rfind(char::is_whitespace).map_or(0, |at| at + 1)..name.len()];
    let quote = rest[equals + 1..].find(['"', '\'']).map(|at| equals + 1 + at)?;
    let open = rest[quote..].chars().next()?;
    let close = rest[quote + 1..].find(open).map(|at| quote + 1 + at)?;
    Some((&rest[..=quote], name, &rest[quote + 1..close], &rest[close..]))
}

fn link(href: &str, prefix: &str, inside: &BTreeMap<String, String>) -> String {
    let (path, fragment) =
        href.split_once('#').map_or((href, None), |(path, fragment)| (path, Some(fragment)));
    let prefix = if path.is_empty() { Some(prefix) } else { inside.get(path).map(String::as_str) };
    match (prefix, fragment.filter(|fragment| !fragment.is_empty())) {
        (Some(prefix), Some(fragment)) => format!("#{prefix}--{fragment}"),
        (Some(prefix), None) => format!("#{prefix}"),
        (None, _) => href.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(html: &str) -> String {
        let inside = [("/a/b/".to_owned(), "a-b".to_owned())];
        for_print(html, "a", &inside.into())
    }

    #[test]
    fn headings_move_down_and_anchors_become_the_guide_s_own() {
        assert_eq!(
            printed("<h2 id=\"x\">X <a class=\"anchor\" href=\"#x\"></a></h2><h6>six</h6>"),
            "<h3 id=\"a--x\">X <a class=\"anchor\" href=\"#a--x\"></a></h3><h6>six</h6>"
        );
        assert_eq!(printed("<td headers=\"r c\">1</td>"), "<td headers=\"a--r a--c\">1</td>");
        assert_eq!(printed("<path marker-end=\"url(#m)\"/>"), "<path marker-end=\"url(#a--m)\"/>");
    }

    #[test]
    fn links_to_guides_in_the_document_stay_in_it() {
        assert_eq!(printed("<a href=\"/a/b/#y\">b</a>"), "<a href=\"#a-b--y\">b</a>");
        assert_eq!(printed("<a href='/a/b/'>b</a>"), "<a href='#a-b'>b</a>");
        for elsewhere in ["<a href=\"/c/#y\">c</a>", "<a href=\"https://x.example/#y\">x</a>"] {
            assert_eq!(printed(elsewhere), elsewhere);
        }
    }

    #[test]
    fn text_and_odd_tags_stay_as_they_are() {
        for html in [
            "a = \"b\" id=\"c\"",
            "<br><input disabled>",
            "<p title=\"a > b\">x</p>",
            "<p",
            "",
            "<a b=\"",
            "<é x=\"y\">",
        ] {
            assert_eq!(printed(html), html);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_makes_it_fail(html in "[<>a-z=\"' #é/]{0,60}") {
            printed(&html);
        }
    }
}
