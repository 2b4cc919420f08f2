//! Formulas in LaTeX, as MathML.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pulldown_latex::config::{DisplayMode, RenderConfig};
use pulldown_latex::{Parser, Storage, push_mathml};

use super::html::escape;
use super::tags::{self, Token};

/// A longer formula is shown as it was written.
const LONGEST: usize = 8 << 10;
/// Groups in groups, this deep.
const DEEPEST: usize = 60;

/// Elements of MathML Core that the renderer makes.
#[rustfmt::skip]
pub(super) const ELEMENTS: [&str; 31] = [
    "math", "semantics", "annotation", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mfrac", "msqrt",
    "mroot", "mstyle", "merror", "mpadded", "mphantom", "msub", "msup", "msubsup", "munder", "mover",
    "munderover", "mmultiscripts", "mprescripts", "none", "mtable", "mtr", "mtd", "mlabeledtr", "menclose",
];

#[rustfmt::skip]
const ATTRIBUTES: [&str; 29] = [
    "display", "encoding", "mathvariant", "stretchy", "fence", "separator", "form", "largeop", "movablelimits",
    "lspace", "rspace", "minsize", "maxsize", "symmetric", "accent", "accentunder", "linethickness", "displaystyle",
    "scriptlevel", "width", "height", "depth", "voffset", "columnalign", "columnspan", "rowspan", "intent", "arg",
    "notation",
];

/// `latex` as a `<math>` element; in a line of text, or as a block of its own. The error is one line.
pub(super) fn render(latex: &str, block: bool) -> Result<String, String> {
    if latex.len() > LONGEST {
        return Err(format!("it is {} bytes long; a formula may have {LONGEST}", latex.len()));
    }
    if deepest(latex) > DEEPEST {
        return Err("its groups are nested too deeply".to_owned());
    }
    let convert = || {
        let storage = Storage::new();
        let mut events = Vec::new();
        for event in Parser::new(latex, &storage) {
            events.push(event.map_err(|error| first_line(&error.to_string()))?);
        }
        let display_mode = if block { DisplayMode::Block } else { DisplayMode::Inline };
        let config = RenderConfig { display_mode, ..RenderConfig::default() };
        let mut out = String::new();
        let events = events.into_iter().map(Ok::<_, std::convert::Infallible>);
        push_mathml(&mut out, events, config).map_err(|error| first_line(&error.to_string()))?;
        Ok(out)
    };
    // The converter asserts what it believes of characters; a formula must not take its guide down.
    let converted = catch_unwind(AssertUnwindSafe(convert))
        .unwrap_or_else(|_| Err("it cannot be converted".to_owned()))?;
    Ok(with_source(&only_math(&converted), latex))
}

/// The formula's own LaTeX beside it, for those who copy it.
fn with_source(math: &str, latex: &str) -> String {
    let Some((open, rest)) = math.split_once('>') else { return String::new() };
    let inside = rest.trim_end().strip_suffix("</math>").unwrap_or(rest);
    format!(
        "{open}><semantics><mrow>{inside}</mrow><annotation encoding=\"application/x-tex\">{}</annotation></semantics></math>",
        escape(latex.trim())
    )
}

/// Only elements and attributes of MathML, without styles and links: whatever the converter writes.
fn only_math(math: &str) -> String {
    let mut out = String::with_capacity(math.len());
    for token in tags::tokens(math) {
        match token {
            Token::Text(text) => out.push_str(&escape_text(text)),
            Token::Open(tag) if ELEMENTS.contains(&&*tag.name) => {
                out.extend(["<", &tag.name]);
                for (name, value) in &tag.attributes {
                    if ATTRIBUTES.contains(&&**name) {
                        out.extend([" ", name, "=\"", &escape(&tags::decode(value)), "\""]);
                    }
                }
                out.push_str(if tag.alone { "/>" } else { ">" });
            }
            Token::Close(tag) if ELEMENTS.contains(&&*tag.name) => out.extend(["</", &tag.name, ">"]),
            Token::Comment | Token::Open(_) | Token::Close(_) => {}
        }
    }
    out
}

/// Text that is escaped already, without a `<` that got through.
fn escape_text(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}

fn deepest(latex: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in latex.bytes() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => continue,
        }
        deepest = deepest.max(depth);
    }
    deepest.max(latex.matches("\\left").count()).max(latex.matches("\\begin").count())
}

fn first_line(error: &str) -> String {
    let line = error.lines().find(|line| !line.trim().is_empty()).unwrap_or("it is not understood").trim();
    line.trim_start_matches("error: ").chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn latex_becomes_mathml_with_its_source() {
        let math = render("\\frac{1}{n}\\sum_{i=1}^n x_i", true).unwrap();
        assert!(math.starts_with("<math display=\"block\"><semantics>"), "{math}");
        assert!(math.contains("<mfrac") && math.contains("application/x-tex"), "{math}");
        assert!(!render("\\color{red} x \\quad\\hspace{-1em} y", false).unwrap().contains("style="));
    }

    #[test]
    fn what_is_not_understood_is_an_error_of_one_line() {
        for wrong in ["\\frac{1}", "\\nosuchthing x", "{", "\\begin{matrix} a"] {
            let error = render(wrong, false).unwrap_err();
            assert!(!error.is_empty() && !error.contains('\n'), "{wrong}: {error}");
        }
        assert!(render(&"{".repeat(10_000), false).is_err());
        assert!(render(&"\\left(".repeat(1_000), false).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_formula_is_converted_or_refused(latex in "(\\\\[a-z]{1,8}|[a-z0-9{}^_&<>\"'= ]|\\\\\\\\|\\\\text\\{<script>\\}){0,30}") {
            if let Ok(math) = render(&latex, true) {
                prop_assert!(!math.contains("<script") && !math.contains("style=") && !math.contains("href"));
            }
        }
    }
}
