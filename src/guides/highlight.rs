//! Code, coloured by classes.

use std::sync::LazyLock;

use syntect::parsing::{BasicScopeStackOp, ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};
use syntect::util::LinesWithEndings;

use super::html::escape;

/// Every class starts with this, so that the theme's own names and these never meet.
const PREFIX: &str = "hl-";

/// The scopes that a theme may colour, by their first word; the others (`source`, `meta`, `punctuation`, …) only
/// say where in the grammar something stands, and would make pages three times as long.
const COLOURED: [&str; 10] = [
    "comment", "constant", "entity", "invalid", "keyword", "markup", "storage", "string", "support",
    "variable",
];

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
    let mut state = ParseState::new(syntax(language)?);
    let (mut scopes, mut html) = (ScopeStack::new(), Spans::default());
    for line in LinesWithEndings::from(code) {
        let mut written = 0;
        for (at, operation) in state.parse_line(line, &SYNTAXES).ok()? {
            html.text(line.get(written..at)?);
            written = at;
            scopes.apply_with_hook(&operation, |operation, _| html.change(&operation)).ok()?;
        }
        html.text(line.get(written..)?);
    }
    Some(html.finish())
}

/// Code with a span around every scope that is coloured.
#[derive(Default)]
struct Spans {
    out: String,
    /// For each open scope, whether it has a span.
    open: Vec<bool>,
}

impl Spans {
    fn text(&mut self, text: &str) {
        self.out.push_str(&escape(text));
    }

    fn change(&mut self, operation: &BasicScopeStackOp) {
        match operation {
            BasicScopeStackOp::Push(scope) => {
                let classes = classes(*scope);
                self.open.push(classes.is_some());
                if let Some(classes) = classes {
                    self.out.extend(["<span class=\"", &classes, "\">"]);
                }
            }
            BasicScopeStackOp::Pop => {
                if self.open.pop() == Some(true) {
                    self.out.push_str("</span>");
                }
            }
        }
    }

    fn finish(mut self) -> String {
        let open = self.open.iter().filter(|has_span| **has_span).count();
        self.out.extend(std::iter::repeat_n("</span>", open));
        self.out
    }
}

/// `keyword.control.flow.python` is `hl-keyword hl-control hl-flow`; `None` where it is not coloured.
fn classes(scope: Scope) -> Option<String> {
    let name = scope.build_string();
    let mut words: Vec<&str> = name.split('.').collect();
    if words.len() > 1 {
        words.pop();
    }
    let coloured = words.first().is_some_and(|first| COLOURED.contains(first));
    coloured.then(|| words.iter().map(|word| format!("{PREFIX}{word}")).collect::<Vec<_>>().join(" "))
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
        assert!(html.contains("hl-keyword") && html.contains("&lt;b&gt;") && !html.contains("<b>"), "{html}");
        assert_eq!(html.matches("<span").count(), html.matches("</span").count());
        assert!(!html.contains("hl-source") && !html.contains("hl-python"), "{html}");
        assert_eq!(highlight("x", "no-such-language"), None);
        assert_eq!(highlight(&"x".repeat(LONGEST_CODE + 1), "python"), None);
    }
}
