//! What a client likes best: of a guide, a page or Markdown (RFC 9110, section 12.5.1); of the languages that we speak, which
//! (section 12.5.4).

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

/// The one of `spoken` that whoever wrote `asked` likes best; `None` is none of them.
pub(super) fn language<'s>(asked: &str, spoken: &[&'s str]) -> Option<&'s str> {
    let mut ranges: Vec<(String, u32)> = asked.split(',').filter_map(range).filter(|(_, q)| *q > 0).collect();
    ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    ranges.iter().find_map(|(range, _)| {
        // `cy-GB` is content with `cy` (RFC 4647, section 3.4), and `en` with `en-GB`.
        let fits = |tag: &str| {
            let tag = tag.to_ascii_lowercase();
            let within = |longer: &str, shorter: &str| {
                longer.strip_prefix(shorter).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            };
            range == "*" || within(range, &tag) || within(&tag, range)
        };
        spoken.iter().copied().find(|tag| fits(tag))
    })
}

/// A media or language range and its weight in thousandths; parameters other than `q` are passed over.
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
    fn the_language_that_is_liked_best_of_those_that_are_spoken() {
        for (asked, chosen) in [
            ("cy", Some("cy")),
            ("cy-GB,cy;q=0.9,en-GB;q=0.8", Some("cy")),
            ("en-GB,en;q=0.9,cy;q=0.8", Some("en")),
            ("fr, cy;q=0.2", Some("cy")),
            ("cy;q=0.2, en;q=0.3", Some("en")),
            ("cy;q=0, *;q=0.1", Some("en")),
            ("pt", Some("pt-BR")),
            ("fr", None),
            ("cym", None),
            ("", None),
            (";;,=;q=x", None),
        ] {
            assert_eq!(language(asked, &["en", "cy", "pt-BR"]), chosen, "{asked}");
        }
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
