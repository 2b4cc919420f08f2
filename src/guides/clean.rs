//! The last word on HTML: whatever an author wrote and whatever we made of it, only this gets out.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::Builder;

use super::tags;

/// `html` without anything that could act: scripts, event handlers, styles, frames, forms, other schemes than
/// those of links.
pub(super) fn clean(html: &str) -> String {
    CLEANER.clean(html).to_string()
}

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(tags::KEPT.into())
        .clean_content_tags(
            ["script", "style", "template", "noscript", "iframe", "svg", "math", "title"].into(),
        )
        .generic_attributes(["id", "class", "lang", "dir", "title"].into())
        .tag_attributes(attributes(&[
            ("a", &["href", "name", "aria-label"]),
            ("img", &["src", "alt", "width", "height", "loading", "decoding"]),
            ("ol", &["start", "type", "reversed"]),
            ("td", &["colspan", "rowspan", "headers"]),
            ("th", &["colspan", "rowspan", "headers", "scope"]),
            ("col", &["span"]),
            ("colgroup", &["span"]),
            ("div", &["aria-label"]),
            ("section", &["aria-label"]),
            ("span", &["aria-label"]),
            ("details", &["open", "name"]),
        ]))
        .tag_attribute_values(HashMap::from([
            ("div", attributes(&[("role", &["region", "note"]), ("tabindex", &["0"])])),
            ("pre", attributes(&[("tabindex", &["0"])])),
            ("span", attributes(&[("role", &["img"])])),
        ]))
        .url_schemes(["http", "https", "mailto", "tel"].into())
        .link_rel(None);
    cleaner
});

type Words = &'static [&'static str];

fn attributes(given: &[(&'static str, Words)]) -> HashMap<&'static str, HashSet<&'static str>> {
    given.iter().map(|(tag, names)| (*tag, names.iter().copied().collect())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_pages_need_stays() {
        let html = "<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"Table 1\"><table><tbody><tr>\
                    <td class=\"end\">x</td></tr></tbody></table></div>";
        assert_eq!(clean(html), html);
    }

    #[test]
    fn inline_styles_and_other_roles_go() {
        assert_eq!(clean("<div style=\"height:0\" role=\"alert\" tabindex=\"5\">x</div>"), "<div>x</div>");
        assert_eq!(clean("<p onclick=x>y</p><iframe src=z>w</iframe>"), "<p>y</p>");
    }
}
