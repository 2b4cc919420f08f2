//! Code, coloured by classes.

use std::sync::LazyLock;

use syntect::html::{ClassStyle, ClassedHTMLGenerator};
use syntect::parsing::{SyntaxReference, SyntaxSet};
use syntect::util::LinesWithEndings;

/// Every class starts with this, so that the theme's own names and these never meet.
const CLASSES: ClassStyle = ClassStyle::SpacedPrefixed { prefix: "hl-" };

/// Longer code is shown plain: colouring it would make its reader wait.
const LONGEST_CODE: usize = 64 << 10;
/// A longer line is most likely not written by hand.
const LONGEST_LINE: usize = 2000;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// `code` as HTML with `<span class="hl-…">`; `None` when the language is not known or the code too long.
pub(super) fn highlight(code: &str, language: &str) -> Option<String> {
    if code.len() > LONGEST_CODE || code.lines().any(|line| line.len() > LONGEST_LINE) {
        return None;
    }
    let mut html = ClassedHTMLGenerator::new_with_class_style(syntax(language)?, &SYNTAXES, CLASSES);
    for line in LinesWithEndings::from(code) {
        html.parse_html_for_line_which_includes_newline(line).ok()?;
    }
    Some(html.finalize())
}

/// The language in the words after a fence: `python`, `python title="x"`, `{r name, eval=FALSE}`, `{.sql}`.
pub(super) fn language(info: &str) -> Option<String> {
    let info = info.trim().trim_start_matches('{').trim_start_matches('.');
    let word = info.split(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | '{' | ':')).next()?;
    let clean = word.len() <= 30
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.'));
    (clean && !word.is_empty()).then(|| word.to_ascii_lowercase())
}

fn syntax(language: &str) -> Option<&'static SyntaxReference> {
    let name = match language {
        "console" | "shell" | "shell-session" | "sh-session" | "zsh" | "bashrc" => "bash",
        "text" | "txt" | "plain" | "plaintext" | "output" | "none" => return None,
        "yml" => "yaml",
        "jsonc" | "json5" => "json",
        "py" | "python3" | "ipython" => "python",
        other => other,
    };
    SYNTAXES.find_syntax_by_token(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_first_word_of_a_fence() {
        for (info, expected) in [
            ("python", Some("python")),
            ("Python title=\"a\"", Some("python")),
            ("{r setup, eval=FALSE}", Some("r")),
            ("{.sql}", Some("sql")),
            ("c++", Some("c++")),
            ("", None),
            ("<script>", None),
        ] {
            assert_eq!(language(info).as_deref(), expected, "{info}");
        }
    }

    #[test]
    fn known_languages_are_coloured_and_unknown_ones_plain() {
        for language in
            ["python", "r", "sql", "yaml", "bash", "json", "dockerfile", "hcl", "toml", "rust", "diff"]
        {
            assert!(highlight("x = 1 # <b>\n", language).is_some(), "{language}");
        }
        let html = highlight("def f(): return '<b>'\n", "python").unwrap();
        assert!(html.contains("hl-keyword") && html.contains("&lt;b") && !html.contains("<b>"), "{html}");
        assert_eq!(highlight("x", "no-such-language"), None);
        assert_eq!(highlight(&"x".repeat(LONGEST_CODE + 1), "python"), None);
    }
}
