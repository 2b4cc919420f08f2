//! Which form of a guide a client likes best (RFC 9110, section 12.5.1): a page, or Markdown.

use http::{HeaderMap, header};

/// Whether Markdown is asked for by name and liked better than a page. A client that likes them alike, or says nothing
/// of Markdown, gets the page.
#[must_use]
pub(super) fn prefers_markdown(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok()).peekable();
    if lines.peek().is_none() {
        return false;
    }
    let ranges: Vec<(String, u32)> = lines.flat_map(|line| line.split(',')).filter_map(range).collect();
    let of = |names: &[&str]| {
        names.iter().find_map(|name| ranges.iter().find(|(range, _)| range == name)).map_or(0, |(_, q)| *q)
    };
    let markdown = of(&["text/markdown"]);
    markdown > 0 && markdown > of(&["text/html", "text/*", "*/*"])
}

/// A media range and its weight in thousandths; parameters other than `q` are passed over.
fn range(given: &str) -> Option<(String, u32)> {
    let mut parts = given.split(';');
    let name = parts.next()?.trim().to_ascii_lowercase();
    let quality = parts.find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().unwrap_or(0.0))
    });
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1000")]
    let weight = (quality.unwrap_or(1.0).clamp(0.0, 1.0) * 1000.0) as u32;
    Some((name, weight))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn markdown(accept: &'static str) -> bool {
        prefers_markdown(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
    }

    #[test]
    fn markdown_is_for_those_who_like_it_better() {
        for accept in [
            "text/markdown",
            "TEXT/Markdown; charset=utf-8",
            "text/markdown, text/html;q=0.9",
            "text/html;q=0.5, text/markdown;q=0.6",
            "text/markdown;q=0.2, text/html;q=0, */*;q=0.9",
            "text/markdown, text/plain;q=0.5, */*;q=0.1",
        ] {
            assert!(markdown(accept), "{accept}");
        }
        for accept in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "*/*",
            "text/*",
            "",
            "text/markdown;q=0",
            "text/markdown;q=x",
            "text/markdown, text/html",
            "text/markdown;q=0.5, */*;q=0.8",
            "text/markdownish",
        ] {
            assert!(!markdown(accept), "{accept}");
        }
        assert!(!prefers_markdown(&HeaderMap::new()));
    }
}
