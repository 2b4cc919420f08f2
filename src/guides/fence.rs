//! What stands after a fence: the language, a title, line numbers, lines to point out.
//!
//! All the ways that authors know are read: `python title="a.py"`, `py linenums="1" hl_lines="2 4-5"`, `js {1,3-5}`,
//! `{r chunk, eval=FALSE}`, `{ .sql .class }`, `rust,ignore`.

use std::ops::RangeInclusive;

use super::adorn::attribute_words;

/// A fence's first line, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fence {
    /// In lower case.
    pub(super) language: Option<String>,
    pub(super) title: Option<String>,
    /// The number of the first line, where lines are numbered.
    pub(super) first_line: Option<u32>,
    /// Lines to point out, counted from 1.
    pub(super) marked: Vec<RangeInclusive<u32>>,
}

impl Fence {
    pub(super) fn parse(info: &str) -> Self {
        let mut fence = Self { language: language(info), ..Self::default() };
        let mut rest = info.to_owned();
        if let Some((before, braces)) = info.split_once('{')
            && let Some((inside, after)) = braces.split_once('}')
            && inside.starts_with(|c: char| c.is_ascii_digit())
        {
            fence.marked = lines(inside);
            rest = format!("{before} {after}");
        }
        let words = rest.trim().trim_start_matches('{').trim_end_matches('}');
        for (name, value) in attribute_words(words) {
            let value = value.trim_matches(',');
            match name.trim_matches(',') {
                "title" | "filename" | "file" if !value.is_empty() => fence.title = Some(value.to_owned()),
                "linenums" | "linenos" | "showLineNumbers" | "line-numbers" | "numbered"
                    if value != "false" =>
                {
                    fence.first_line = Some(value.split(' ').next().unwrap_or_default().parse().unwrap_or(1));
                }
                "hl_lines" | "highlight" => fence.marked = lines(value),
                _ => {}
            }
        }
        fence
    }

    pub(super) fn is_marked(&self, line: u32) -> bool {
        self.marked.iter().any(|range| range.contains(&line))
    }

    /// Whether each line is an element of its own.
    pub(super) fn by_line(&self) -> bool {
        self.first_line.is_some() || !self.marked.is_empty()
    }
}

/// The lines in `1,3-5` or `1 3-5`; what is none is left out.
fn lines(text: &str) -> Vec<RangeInclusive<u32>> {
    const MOST: usize = 100;
    let parts = text.split([',', ' ']).filter(|part| !part.is_empty()).take(MOST);
    let range = |part: &str| {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        Some(from.trim().parse().ok()?..=to.trim().parse().ok()?)
    };
    parts.filter_map(range).collect()
}

/// The language: the first word, with or without braces and a dot.
fn language(info: &str) -> Option<String> {
    let info = info.trim().trim_start_matches('{').trim_start().trim_start_matches('.');
    let word = info.split(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | '{' | ':')).next()?;
    let clean = word.len() <= 30
        && !word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-' | '_' | '.'));
    (clean && !word.is_empty()).then(|| word.to_ascii_lowercase())
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
            ("{ .yaml .annotate }", Some("yaml")),
            ("rust,ignore", Some("rust")),
            ("c++", Some("c++")),
            ("{1,3}", None),
            ("title=\"x.py\"", None),
            ("", None),
            ("<script>", None),
        ] {
            assert_eq!(Fence::parse(info).language.as_deref(), expected, "{info}");
        }
    }

    #[test]
    fn a_title_line_numbers_and_lines_to_point_out() {
        let fence = Fence::parse("py title=\"my file.py\" linenums=\"5\" hl_lines=\"1 3-4\"");
        assert_eq!(fence.title.as_deref(), Some("my file.py"));
        assert_eq!(fence.first_line, Some(5));
        assert_eq!(fence.marked, [1..=1, 3..=4]);
        assert_eq!(Fence::parse("js {1,3-5} linenums").marked, [1..=1, 3..=5]);
        assert_eq!(Fence::parse("js {1,3-5} linenums").first_line, Some(1));
        assert_eq!(Fence::parse("{.py title=\"x.py\" linenums=1}").title.as_deref(), Some("x.py"));
        assert_eq!(Fence::parse("{r, fig.cap=\"A title\"}").title, None);
        assert!(!Fence::parse("{r chunk, eval=FALSE}").by_line());
    }
}
