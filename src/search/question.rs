//! What was typed, as words. Every text is a question; quotes and operators are words or nothing.

use std::ops::Range;

use super::words::{Shape, is_stop_word, words};

/// Further characters of a question do not count.
const LONGEST_QUESTION: usize = 512;

/// Further words of a question do not count. At most 64: see [`super::gather`].
const MOST_WORDS: usize = 32;

/// A bounded question.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Question {
    /// The words that were typed, each once.
    pub(super) words: Vec<Asked>,
    /// Which of them stand where: indices into `words`, joined names by their parts.
    pub(super) order: Vec<usize>,
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
}

impl Question {
    /// The words of `query`.
    pub(super) fn parse(query: &str) -> Self {
        let end = query.char_indices().nth(LONGEST_QUESTION).map_or(query.len(), |(at, _)| at);
        let text = query[..end].to_owned();
        let mut question = Self { words: Vec::new(), order: Vec::new(), text };
        for word in words(&question.text) {
            let known = question.words.iter().position(|asked| asked.word == word.text);
            let at = match known {
                Some(at) => at,
                None if question.words.len() == MOST_WORDS => break,
                None => {
                    let stop = is_stop_word(&word.text);
                    let (word, shape) = (word.text.clone(), word.shape);
                    question.words.push(Asked { word, spans: Vec::new(), shape, stop, open: false });
                    question.words.len() - 1
                }
            };
            let asked = &mut question.words[at];
            asked.open = word.span.end == question.text.len();
            asked.spans.push(word.span);
            if matches!(word.shape, Shape::Plain | Shape::Humped) {
                question.order.push(at);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Vec<String> {
        Question::parse(query).words.into_iter().map(|asked| asked.word).collect()
    }

    #[test]
    fn quotes_and_operators_are_words_or_nothing() {
        for (query, expected) in [
            (
                r#""exact phrase" -not +and title:x^2 ~"#,
                &["exact", "phrase", "not", "and", "titlex", "title", "x", "2"][..],
            ),
            ("AND OR NOT (", &["and", "or", "not"]),
            ("\"'*?[]{}\\", &[]),
            ("", &[]),
        ] {
            assert_eq!(asked(query), expected, "{query}");
        }
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
        assert_eq!(open("acc bucket acc"), ["acc"]);
    }

    #[test]
    fn replacements_leave_the_rest_as_it_was_typed() {
        let question = Question::parse("S3 Versoning, and versoning?");
        assert_eq!(question.with(&[(1, "versioning".to_owned())]), "S3 versioning, and versioning?");
    }
}
