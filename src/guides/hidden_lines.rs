//! Lines of code that an mdBook compiles and does not show.

use std::collections::HashMap;

use super::compose::Composed;
use super::habits::Fence;
use super::source::Source;

/// Leaves them out of the code of `composed`; `prefixes` say what begins such a line, by language.
pub(super) fn leave_out(composed: &mut Composed, prefixes: &HashMap<String, String>) {
    let text = &composed.source.text;
    if !text.contains("```") && !text.contains("~~~") {
        return;
    }
    let mut out = Source::default();
    let mut fence = Fence::default();
    let (mut at, mut copied) = (0, 0);
    let mut hides = Hides::Nothing;
    for line in text.split_inclusive('\n') {
        let (start, end) = (at, at + line.len());
        at = end;
        let opens = !fence.is_open();
        if start < composed.body || !fence.holds(line) {
            continue;
        }
        if opens {
            hides = Hides::of(line, prefixes);
            continue;
        }
        let Some(shown) = hides.shown(line) else { continue };
        out.push_from(&composed.source, copied, text.get(copied..start).unwrap_or_default());
        out.push_from(&composed.source, start, &shown);
        copied = end;
    }
    if copied > 0 {
        out.push_from(&composed.source, copied, text.get(copied..).unwrap_or_default());
        composed.source = out;
    }
}

/// What begins a line that is not shown.
enum Hides<'a> {
    Nothing,
    /// A lone `#`, as rustdoc has it.
    Rust,
    Prefix(&'a str),
}

impl<'a> Hides<'a> {
    /// What a fence hides, by its first line.
    fn of(line: &'a str, prefixes: &'a HashMap<String, String>) -> Self {
        let info = line.trim_start_matches([' ', '\t', '>']).trim_start_matches(['`', '~']);
        let mut words = info.split([',', ' ', '\t']).map(str::trim).filter(|word| !word.is_empty());
        if let Some(own) = words.clone().find_map(|word| word.strip_prefix("hidelines=")) {
            return Self::Prefix(own);
        }
        match words.next() {
            Some("rust") => Self::Rust,
            Some(language) => prefixes.get(language).map_or(Self::Nothing, |prefix| Self::Prefix(prefix)),
            None => Self::Nothing,
        }
    }

    /// What is shown of a line that is not shown as it is.
    fn shown(&self, line: &str) -> Option<String> {
        let code = line.trim_start();
        match self {
            Self::Nothing => None,
            Self::Prefix(prefix) => (!prefix.is_empty() && code.starts_with(prefix)).then(String::new),
            Self::Rust => {
                let rest = code.strip_prefix('#')?;
                if rest.starts_with('#') {
                    return Some(format!(
                        "{}{rest}",
                        line.get(..line.len() - code.len()).unwrap_or_default()
                    ));
                }
                (rest.is_empty() || rest.starts_with([' ', '\n', '\r'])).then(String::new)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let source = Source::of_file("a.md", text.to_owned());
        let mut composed = Composed { source, ..Composed::default() };
        leave_out(&mut composed, &HashMap::from([("python".into(), "~".into())]));
        composed.source.text
    }

    #[test]
    fn hidden_lines_are_left_out_of_code() {
        let rust = "# Text\n\n```rust,ignore\n# fn main() {\n  let x = 1;\n#\n#[derive(Debug)]\n## shown\n#![allow(x)]\n# }\n```\n# More\n";
        assert_eq!(
            shown(rust),
            "# Text\n\n```rust,ignore\n  let x = 1;\n#[derive(Debug)]\n# shown\n#![allow(x)]\n```\n# More\n"
        );
        assert_eq!(shown("```python\n~a\nb\n```\n"), "```python\nb\n```\n");
        assert_eq!(shown("```sh hidelines=!!\n!!a\n# b\n```\n"), "```sh hidelines=!!\n# b\n```\n");
        assert_eq!(shown("```sh\n# b\n```\n"), "```sh\n# b\n```\n");
    }

    #[test]
    fn lines_below_are_found_again() {
        let source = Source::of_file("a.md", "```rust\n# a\nb\n```\nend\n".to_owned());
        let mut composed = Composed { source, ..Composed::default() };
        leave_out(&mut composed, &HashMap::new());
        let end = composed.source.text.find("end").unwrap();
        assert_eq!(composed.source.place(end).line, Some(5));
    }
}
