//! What was typed, as words and a few operators. Every text is a question; what is no operator is words or nothing.

use std::ops::Range;

use super::answer::Kind;
use super::words::{Shape, is_stop_word, words};

/// Further characters of a question do not count.
const LONGEST_QUESTION: usize = 512;

/// Further words of a question do not count. At most 32: see [`super::closer`].
pub(super) const MOST_WORDS: usize = 32;

/// A bounded question.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Question {
    /// The words that were typed, each once.
    pub(super) words: Vec<Asked>,
    /// Which of them stand where: indices into `words`, joined names by their parts.
    pub(super) order: Vec<usize>,
    /// Words that must stand side by side, as they were typed: indices into `words`.
    pub(super) phrases: Vec<Vec<usize>>,
    /// Words that must not be there.
    pub(super) excluded: Vec<String>,
    /// Only guides, or only apps.
    pub(super) kind: Option<Kind>,
    /// Only this app.
    pub(super) app: Option<String>,
    /// What was typed, as far as it counts.
    pub(super) text: String,
}

/// One word of a question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// Folded.
    pub(super) word: String,
    /// Where it was typed.
    pub(super) spans: Vec<Range<usize>>,
    pub(super) shape: Shape,
    /// It says little by itself.
    pub(super) stop: bool,
    /// It may not be finished: nothing was typed after it.
    pub(super) open: bool,
    /// It must be in the title or heading.
    pub(super) in_title: bool,
}

impl Question {
    /// The words and operators of `query`.
    pub(super) fn parse(query: &str) -> Self {
        let end = query.char_indices().nth(LONGEST_QUESTION).map_or(query.len(), |(at, _)| at);
        let query = &query[..end];
        let operated = Operators::read(query);
        let mut question = Self::of(query, &operated);
        if question.words.is_empty() && !question.excluded.is_empty() {
            // Nothing would be left to look for: what was to be left out is what is meant.
            question = Self::of(query, &Operators { left_out: Vec::new(), ..operated });
        }
        question
    }

    fn of(query: &str, operators: &Operators) -> Self {
        let mut question = Self {
            kind: operators.kind,
            app: operators.app.clone(),
            text: query.to_owned(),
            ..Self::default()
        };
        let left_out = operators.left_out.iter().flat_map(|range| words(&query[range.clone()]));
        question.excluded = left_out
            .filter(|word| word.shape != Shape::Hump)
            .map(|word| word.text)
            .take(MOST_WORDS)
            .collect();
        let mut in_phrases = vec![Vec::new(); operators.phrases.len()];
        for word in words(&operators.without(query)) {
            let known = question.words.iter().position(|asked| asked.word == word.text);
            let at = match known {
                Some(at) => at,
                None if question.words.len() == MOST_WORDS => break,
                None => {
                    let stop = is_stop_word(&word.text);
                    question.words.push(Asked {
                        word: word.text.clone(),
                        spans: Vec::new(),
                        shape: word.shape,
                        stop,
                        open: false,
                        in_title: false,
                    });
                    question.words.len() - 1
                }
            };
            let asked = &mut question.words[at];
            asked.open = word.span.end == query.len();
            asked.in_title |= operators.titles.iter().any(|range| within(&word.span, range));
            if matches!(word.shape, Shape::Plain | Shape::Humped) {
                question.order.push(at);
                let inside = operators.phrases.iter().position(|range| within(&word.span, range));
                if let Some(phrase) = inside {
                    in_phrases[phrase].push(at);
                }
            }
            asked.spans.push(word.span);
        }
        question.phrases = in_phrases.into_iter().filter(|phrase| phrase.len() > 1).collect();
        question
    }

    /// The question with some of its words replaced.
    pub(super) fn with(&self, replacements: &[(usize, String)]) -> String {
        let mut edits: Vec<(Range<usize>, &str)> = replacements
            .iter()
            .flat_map(|(at, word)| {
                self.words[*at].spans.iter().map(move |span| (span.clone(), word.as_str()))
            })
            .collect();
        edits.sort_by_key(|(span, _)| span.start);
        let mut text = String::with_capacity(self.text.len());
        let mut from = 0;
        for (span, word) in edits {
            if span.start >= from {
                text.push_str(&self.text[from..span.start]);
                text.push_str(word);
                from = span.end;
            }
        }
        text + &self.text[from..]
    }
}

fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Where the operators of a question are, as bytes of it.
#[derive(Debug, Default)]
struct Operators {
    kind: Option<Kind>,
    app: Option<String>,
    phrases: Vec<Range<usize>>,
    titles: Vec<Range<usize>>,
    /// `-word`, without the mark.
    left_out: Vec<Range<usize>>,
    /// What is no word itself: `in:apps`, and the name before a value.
    marks: Vec<Range<usize>>,
}

impl Operators {
    fn read(query: &str) -> Self {
        let mut found = Self::default();
        for chunk in chunks(query) {
            found.chunk(query, chunk);
        }
        found
    }

    fn chunk(&mut self, query: &str, chunk: Range<usize>) {
        let text = &query[chunk.clone()];
        if text.starts_with('"') {
            self.phrases.push(chunk);
            return;
        }
        if let Some(rest) = text.strip_prefix('-').filter(|rest| rest.starts_with(char::is_alphanumeric)) {
            self.left_out.push(chunk.end - rest.len()..chunk.end);
            return;
        }
        let Some((name, value)) = text.split_once(':').filter(|(_, value)| !value.is_empty()) else { return };
        let kind = || match value.to_ascii_lowercase().as_str() {
            "apps" | "app" => Some(Kind::App),
            "guides" | "guide" => Some(Kind::Guide),
            _ => None,
        };
        let value_at = chunk.end - value.len()..chunk.end;
        if name.eq_ignore_ascii_case("in") && kind().is_some() {
            self.kind = kind();
            self.marks.push(chunk);
        } else if name.eq_ignore_ascii_case("app") {
            self.app = Some(value.trim_matches('"').to_ascii_lowercase());
            self.marks.push(chunk);
        } else if name.eq_ignore_ascii_case("title") {
            self.marks.push(chunk.start..value_at.start);
            if value.starts_with('"') {
                self.phrases.push(value_at.clone());
            }
            self.titles.push(value_at);
        }
    }

    /// The question with blanks where operators were, every word at its place.
    fn without(&self, query: &str) -> String {
        let mut plain = String::with_capacity(query.len());
        let mut gone: Vec<&Range<usize>> = self.marks.iter().chain(&self.left_out).collect();
        gone.sort_by_key(|range| range.start);
        let mut from = 0;
        for range in gone {
            plain.push_str(&query[from..range.start]);
            plain.extend(std::iter::repeat_n(' ', range.len()));
            from = range.end;
        }
        plain + &query[from..]
    }
}

/// What blanks separate; a quotation is one chunk as far as its end, or the end of the question.
fn chunks(query: &str) -> Vec<Range<usize>> {
    let mut chunks = Vec::new();
    let mut start = None;
    let mut quoted = false;
    for (at, c) in query.char_indices() {
        if c.is_whitespace() && !quoted {
            chunks.extend(start.take().map(|start| start..at));
            continue;
        }
        if c == '"' {
            let opens = start.is_none_or(|start| query[start..at].ends_with(':'));
            if quoted {
                quoted = false;
                chunks.extend(start.take().map(|start| start..at + 1));
                continue;
            }
            quoted = opens && query[at + 1..].contains('"');
        }
        start.get_or_insert(at);
    }
    chunks.extend(start.map(|start| start..query.len()));
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Vec<String> {
        Question::parse(query).words.into_iter().map(|asked| asked.word).collect()
    }

    #[test]
    fn what_is_no_operator_is_words_or_nothing() {
        for (query, expected) in [
            (
                "+and ^2 ~ in:somewhere x:y",
                &["and", "2", "insomewhere", "in", "somewhere", "xy", "x", "y"][..],
            ),
            ("AND OR NOT (", &["and", "or", "not"]),
            ("\"'*?[]{}\\", &[]),
            ("--dry-run - a\"b", &["dryrun", "dry", "run", "a", "b"]),
            ("title: app:", &["title", "app"]),
            ("-word", &["word"]),
            ("", &[]),
        ] {
            assert_eq!(asked(query), expected, "{query}");
        }
    }

    #[test]
    fn operators_say_what_must_and_must_not_be_there() {
        let question = Question::parse(r#"title:bucket -old in:Apps app:tides "two words" more"#);
        let words: Vec<(&str, bool)> =
            question.words.iter().map(|asked| (asked.word.as_str(), asked.in_title)).collect();
        assert_eq!(words, [("bucket", true), ("two", false), ("words", false), ("more", false)]);
        assert_eq!(question.excluded, ["old"]);
        assert_eq!((question.kind, question.app.as_deref()), (Some(Kind::App), Some("tides")));
        assert_eq!(question.phrases, [vec![1, 2]]);
    }

    #[test]
    fn only_the_first_words_count() {
        let long: Vec<String> = (0..200).map(|n| format!("w{n}")).collect();
        assert_eq!(asked(&long.join(" ")).len(), MOST_WORDS);
        assert_eq!(Question::parse(&"ü".repeat(10_000)).text.chars().count(), LONGEST_QUESTION);
    }

    #[test]
    fn only_the_last_word_may_be_unfinished() {
        let open = |query: &str| {
            let question = Question::parse(query);
            question.words.into_iter().filter(|asked| asked.open).map(|asked| asked.word).collect::<Vec<_>>()
        };
        assert_eq!(open("bucket acc"), ["acc"]);
        assert!(open("bucket acc ").is_empty());
        assert!(open("\"bucket acc\"").is_empty());
        assert_eq!(open("acc bucket acc"), ["acc"]);
    }

    #[test]
    fn replacements_leave_the_rest_as_it_was_typed() {
        let question = Question::parse("S3 Versoning, and versoning? -x");
        assert_eq!(question.with(&[(1, "versioning".to_owned())]), "S3 versioning, and versioning? -x");
    }
}
