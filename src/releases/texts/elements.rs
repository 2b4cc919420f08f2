//! What HTML's elements mean for reading a page aloud, as far as text needs it.

use html5ever::tokenizer::states::RawKind;

/// Parts of a row or a choice: apart from what is before them, on the same line.
pub(super) const PIECES: [&str; 2] = ["td", "th"];

/// No content, or none that reads as text.
pub(super) fn is_passed_over(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "template"
            | "nav"
            | "noscript"
            | "footer"
            | "svg"
            | "canvas"
            | "iframe"
            | "object"
            | "audio"
            | "video"
            | "select"
            | "datalist"
            | "button"
            | "textarea"
            | "title"
            | "noembed"
            | "noframes"
    )
}

/// Whether it starts a line of its own.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "br"
            | "caption"
            | "dd"
            | "details"
            | "dialog"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "li"
            | "main"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "summary"
            | "table"
            | "tr"
            | "ul"
    )
}

/// Whether it has no end (HTML, section 13.1.2).
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

/// Whether an open element ends where `next` begins, its own end left out (HTML, section 13.1.2.4).
pub(super) fn closes_before(open: &str, next: &str) -> bool {
    match open {
        "p" => is_block(next) && next != "br",
        "li" => next == "li",
        "dt" | "dd" => matches!(next, "dt" | "dd"),
        "td" | "th" => matches!(next, "td" | "th" | "tr"),
        "tr" => next == "tr",
        "option" => next == "option",
        _ => false,
    }
}

/// How what stands in it is told apart, when it is not markup.
pub(super) fn raw_text(name: &str) -> Option<RawKind> {
    match name {
        "script" => Some(RawKind::ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(RawKind::Rawtext),
        "title" | "textarea" => Some(RawKind::Rcdata),
        _ => None,
    }
}

/// The level of a heading.
pub(super) fn level_of(name: &str) -> Option<u8> {
    match name {
        "h1" => Some(1),
        "h2" => Some(2),
        "h3" => Some(3),
        "h4" => Some(4),
        "h5" => Some(5),
        "h6" => Some(6),
        _ => None,
    }
}

/// Whether these classes are those of the sign beside a heading that links to it.
pub(super) fn is_permalink(classes: &str) -> bool {
    classes.split_ascii_whitespace().any(|class| {
        matches!(class, "headerlink" | "header-anchor" | "anchorjs-link" | "anchor-link" | "hash-link")
    })
}
