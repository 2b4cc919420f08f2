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

/// `code` as HTML with `<span class="hl-…">`; `None` when the language is not known or the code too long. No span
/// goes on over the end of a line where lines stand `by_line`.
pub(super) fn highlight(code: &str, language: &str, by_line: bool) -> Option<String> {
    if code.len() > LONGEST_CODE || code.lines().any(|line| line.len() > LONGEST_LINE) {
        return None;
    }
    let mut state = ParseState::new(syntax(language)?);
    let mut scopes = ScopeStack::new();
    let mut html = Spans { by_line, ..Spans::default() };
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
    /// For each open scope, the start of its span if it has one.
    open: Vec<Option<String>>,
    by_line: bool,
}

impl Spans {
    fn text(&mut self, text: &str) {
        let whole = if self.by_line { text.strip_suffix('\n') } else { None };
        self.out.push_str(&escape(whole.unwrap_or(text)));
        if whole.is_some() {
            self.close_all();
            self.out.push('\n');
            self.out.extend(self.open.iter().flatten().map(String::as_str));
        }
    }

    fn change(&mut self, operation: &BasicScopeStackOp) {
        match operation {
            BasicScopeStackOp::Push(scope) => {
                let start = classes(*scope).map(|classes| format!("<span class=\"{classes}\">"));
                self.out.extend(start.as_deref());
                self.open.push(start);
            }
            BasicScopeStackOp::Pop => {
                if self.open.pop().flatten().is_some() {
                    self.out.push_str("</span>");
                }
            }
        }
    }

    fn close_all(&mut self) {
        let open = self.open.iter().flatten().count();
        self.out.extend(std::iter::repeat_n("</span>", open));
    }

    fn finish(mut self) -> String {
        self.close_all();
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

fn syntax(language: &str) -> Option<&'static SyntaxReference> {
    let name = match language {
        "console" | "shell" | "shell-session" | "sh-session" | "zsh" | "bashrc" => "bash",
        "text" | "txt" | "plain" | "plaintext" | "output" | "none" => return None,
        "yml" => "yaml",
        "jsonc" | "json5" => "json",
        "py" | "python3" | "ipython" => "python",
        "jsx" | "node" => "js",
        "fortran" => "f90",
        "rscript" | "rmd" => "r",
        other => other,
    };
    SYNTAXES.find_syntax_by_token(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_languages_are_coloured_and_unknown_ones_plain() {
        for language in
            ["python", "r", "sql", "yaml", "bash", "json", "dockerfile", "hcl", "toml", "rust", "diff"]
        {
            assert!(highlight("x = 1 # <b>\n", language, false).is_some(), "{language}");
        }
        let html = highlight("def f(): return '<b>'\n", "python", false).unwrap();
        assert!(html.contains("hl-keyword") && html.contains("&lt;b&gt;") && !html.contains("<b>"), "{html}");
        assert_eq!(html.matches("<span").count(), html.matches("</span").count());
        assert!(!html.contains("hl-source") && !html.contains("hl-python"), "{html}");
        assert_eq!(highlight("x", "no-such-language", false), None);
        assert_eq!(highlight(&"x".repeat(LONGEST_CODE + 1), "python", false), None);
    }
    #[test]
    fn more_than_a_hundred_languages_are_known() {
        let names = SYNTAXES.syntaxes().iter().filter(|syntax| !syntax.hidden).map(|syntax| &syntax.name);
        assert!(names.collect::<std::collections::HashSet<_>>().len() > 100);
        let common = [
            "bash",
            "c",
            "c#",
            "c++",
            "clojure",
            "cmake",
            "cpp",
            "css",
            "csv",
            "dart",
            "diff",
            "dockerfile",
            "elixir",
            "erlang",
            "fish",
            "fortran",
            "go",
            "graphql",
            "groovy",
            "haskell",
            "hcl",
            "html",
            "ini",
            "java",
            "javascript",
            "js",
            "json",
            "jsx",
            "julia",
            "kotlin",
            "latex",
            "less",
            "lua",
            "makefile",
            "markdown",
            "matlab",
            "nginx",
            "nix",
            "ocaml",
            "perl",
            "php",
            "protobuf",
            "puppet",
            "python",
            "r",
            "ruby",
            "rust",
            "sass",
            "scala",
            "scss",
            "sh",
            "sql",
            "svelte",
            "swift",
            "terraform",
            "tex",
            "toml",
            "ts",
            "tsx",
            "typescript",
            "vim",
            "vue",
            "xml",
            "yaml",
            "zig",
            "zsh",
        ];
        let unknown: Vec<_> = common.into_iter().filter(|name| syntax(name).is_none()).collect();
        assert_eq!(unknown, Vec::<&str>::new());
    }

    #[test]
    fn a_span_ends_with_its_line_where_lines_are_elements() {
        let html = highlight("x = \"\"\"a\nb\"\"\"\n", "python", true).unwrap();
        for line in html.lines() {
            assert_eq!(line.matches("<span").count(), line.matches("</span").count(), "{line}");
        }
    }
}
