//! `<%= … %>` in a tech-docs site: partials, and calls that draw something that Markdown can say too. Nothing is
//! run; what is not known stays as text.

use super::components::{self, Shown};
use super::{Construct, Found, Sight};
use crate::guides::compose::Shelf;

/// A call that is longer is not read.
const LONGEST: usize = 8000;

/// The next construct on the line at hand. In a `stub`, scripts and comments go.
pub(super) fn find(sight: Sight<'_>, stub: bool) -> Option<Found<'_>> {
    if sight.starts
        && stub
        && let Some(found) = around_partials(sight)
    {
        return Some(found);
    }
    let mut from = 0;
    loop {
        let open = from + sight.line.get(from..)?.find("<%")?;
        from = open + 2;
        let before = sight.line.get(..open)?;
        let starts = sight.starts && before.trim().is_empty();
        let rest = window(sight.text.get(sight.at + open..)?);
        let Some(length) = rest.find("%>").map(|end| end + 2) else { continue };
        let range = sight.at + open..sight.at + open + length;
        let code = rest.get(2..length - 2)?;
        if starts && let Some(name) = partial_name(rest) {
            return Some(Found { range, what: Construct::Partial(name) });
        }
        if before.matches('`').count() % 2 == 1 {
            continue;
        }
        if code.starts_with('#') {
            return Some(Found { range, what: Construct::Nothing });
        }
        let Some(call) = code.strip_prefix('=').and_then(|code| Call::parse(code.trim_end_matches('-')))
        else {
            continue;
        };
        let body = call.block.then(|| body(sight.text, range.end)).flatten();
        if call.block && body.is_none() {
            continue;
        }
        match components::shown(&call) {
            Some(Shown::Inline(text)) if !call.block => {
                return Some(Found { range, what: Construct::Text(text) });
            }
            Some(Shown::Block { before, text, after, indent }) if starts => {
                let range = body.as_ref().map_or(range.clone(), |(_, end)| range.start..*end);
                let what = match (body, text) {
                    (Some((inside, _)), _) => Construct::Enclosed { before, inside, after, indent },
                    (None, Some(text)) => {
                        let lines = text.trim().lines().map(|line| format!("{indent}{line}\n"));
                        Construct::Text(format!("{before}{}{after}", lines.collect::<String>()))
                    }
                    (None, None) => continue,
                };
                return Some(Found { range, what });
            }
            _ => {}
        }
    }
}

/// The file that `partial 'name'` in `from` means.
pub(super) fn partial_file(name: &str, from: &str, shelf: Shelf<'_>) -> Option<String> {
    let (folder, last) = name.rsplit_once('/').map_or(("", name), |(folder, last)| (folder, last));
    let own = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let ends = ["", ".md", ".md.erb", ".html.md", ".html.md.erb", ".markdown", ".erb", ".html.erb"];
    [shelf.site.prefix.trim_end_matches('/'), own].into_iter().find_map(|base| {
        let folder = [base, folder].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        let mut names = ends.iter().flat_map(|end| [format!("{last}{end}"), format!("_{last}{end}")]);
        names.find_map(|name| {
            let file = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            shelf.files.contains_key(&file).then_some(file)
        })
    })
}

/// A script or a comment that starts the line.
fn around_partials(sight: Sight<'_>) -> Option<Found<'_>> {
    let marks = sight.line.trim_start();
    let start = sight.at + (sight.line.len() - marks.len());
    let rest = sight.text.get(start..)?;
    let (what, length) = if rest.starts_with("<!--") {
        (Construct::Nothing, rest.find("-->").map_or(rest.len(), |end| end + 3))
    } else if rest.starts_with("<script") {
        let tag = rest.get(..=rest.find('>')?)?;
        (Construct::Script(tag), rest.find("</script>").map_or(rest.len(), |end| end + 9))
    } else {
        return None;
    };
    Some(Found { range: start..start + length, what })
}

/// The name in `<%= partial 'name' %>`, `<%= partial("name", locals: …) %>`.
fn partial_name(from: &str) -> Option<&str> {
    let call = from.strip_prefix("<%")?.trim_start_matches(['=', '-']).trim_start();
    let call = call.strip_prefix("partial")?.trim_start().trim_start_matches('(').trim_start();
    let quote = call.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    call.get(1..)?.split(quote).next().filter(|name| !name.contains("..") && !name.contains('\n'))
}

/// What a block encloses that begins at `from`, and where its `<% end %>` ends.
fn body(text: &str, from: usize) -> Option<(std::ops::Range<usize>, usize)> {
    let mut at = from;
    let mut open = 1_usize;
    loop {
        let start = at + text.get(at..)?.find("<%")?;
        let end = start + text.get(start..)?.find("%>")? + 2;
        let code = text.get(start + 2..end - 2)?.trim_matches(['=', '-', ' ', '\n']);
        at = end;
        let opens = ["if ", "unless ", "for ", "while ", "case "].iter().any(|word| code.starts_with(word))
            || code.ends_with(" do")
            || (code.ends_with('|') && code.contains(" do |"));
        if code == "end" {
            open -= 1;
        } else if opens {
            open += 1;
        }
        if open == 0 {
            return Some((from..start, end));
        }
    }
}

/// The start of `text`, cut where it is too long to be a call.
fn window(text: &str) -> &str {
    let mut end = LONGEST.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// A call of a method with plain values.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Call<'a> {
    pub(super) name: &'a str,
    /// Texts by place.
    pub(super) texts: Vec<String>,
    /// Values by name; those that are no text as they are written.
    pub(super) named: Vec<(&'a str, String)>,
    /// Whether a block follows.
    pub(super) block: bool,
}

impl<'a> Call<'a> {
    /// Reads `name("text", key: "text") do`, with or without brackets.
    fn parse(code: &'a str) -> Option<Self> {
        let code = code.trim();
        let name_length = code.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(code.len());
        let (name, mut rest) = code.split_at(name_length);
        if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
            return None;
        }
        let mut call = Self { name, ..Self::default() };
        if let Some((before, after)) = rest.rsplit_once(" do") {
            let parameters = after.trim();
            call.block = parameters.is_empty() || (parameters.starts_with('|') && parameters.ends_with('|'));
            rest = if call.block { before } else { rest };
        }
        rest = rest.trim();
        if let Some(inside) = rest.strip_prefix('(') {
            rest = inside.strip_suffix(')')?;
        }
        rest = rest.trim();
        while !rest.is_empty() {
            let (key, after) = key(rest);
            let (value, after) = value(after)?;
            match (key, value) {
                (Some(key), Value::Text(text)) => call.named.push((key, text)),
                (Some(key), Value::Other(written)) => call.named.push((key, written.to_owned())),
                (None, Value::Text(text)) => call.texts.push(text),
                (None, Value::Other(_)) => return None,
            }
            let after = after.trim_start();
            rest = match after.strip_prefix(',') {
                Some(more) => more.trim_start(),
                None if after.is_empty() => after,
                None => return None,
            };
        }
        Some(call)
    }

    /// The value called `name`.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        self.named.iter().find(|(key, _)| *key == name).map(|(_, value)| &**value)
    }
}

/// The key before a value, `key:` or `:key =>`, and what follows.
fn key(text: &str) -> (Option<&str>, &str) {
    let word =
        |text: &str| text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    if let Some(symbol) = text.strip_prefix(':') {
        let (name, after) = symbol.split_at(word(symbol));
        if let Some(after) = after.trim_start().strip_prefix("=>") {
            return (Some(name), after.trim_start());
        }
    }
    let (name, after) = text.split_at(word(text));
    match after.strip_prefix(':').filter(|after| !name.is_empty() && !after.starts_with(':')) {
        Some(after) => (Some(name), after.trim_start()),
        None => (None, text),
    }
}

enum Value<'a> {
    Text(String),
    Other(&'a str),
}

/// The value that `text` starts with, and what follows.
fn value(text: &str) -> Option<(Value<'_>, &str)> {
    let quote = text.chars().next()?;
    if !matches!(quote, '"' | '\'') {
        let end = text.find(',').unwrap_or(text.len());
        let written = text.get(..end)?.trim();
        let plain = written.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '.'));
        return plain.then_some((Value::Other(written), text.get(end..)?));
    }
    let mut out = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                let (_, escaped) = letters.next()?;
                match escaped {
                    'n' if quote == '"' => out.push('\n'),
                    'u' if quote == '"' => return None,
                    '"' | '\'' | '\\' => out.push(escaped),
                    other if quote == '"' => out.push(other),
                    other => out.extend(['\\', other]),
                }
            }
            // A text that Ruby would put together.
            '#' if quote == '"' && letters.peek().is_some_and(|(_, next)| *next == '{') => return None,
            letter if letter == quote => return Some((Value::Text(out), text.get(at + 1..)?)),
            letter => out.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_texts_and_named_values() {
        let call =
            Call::parse(" govuk_details(summary_text: \"It's\", :open => true, text: 'a \"b\" \\'c\\'') ")
                .unwrap();
        assert_eq!(call.name, "govuk_details");
        assert_eq!(
            call.named,
            [
                ("summary_text", "It's".to_owned()),
                ("open", "true".to_owned()),
                ("text", "a \"b\" 'c'".to_owned()),
            ]
        );
        let call = Call::parse("link_to 'a, b', \"/x\"").unwrap();
        assert_eq!(call.texts, ["a, b", "/x"]);
        assert!(Call::parse("govuk_inset_text do").unwrap().block);
        assert!(Call::parse("govuk_inset_text(id: 'x') do |inset|").unwrap().block);
    }

    #[test]
    fn what_would_have_to_be_run_is_not_read() {
        for code in
            ["x.y", "warning_text(\"#{a}\")", "warning_text(a + b)", "link_to 'x', y[1]", "'a'", "if x"]
        {
            assert!(Call::parse(code).is_none_or(|call| call.texts.is_empty()), "{code}");
        }
    }
}
