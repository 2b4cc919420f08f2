//! Words that mean the same, from the site's `synonyms.toml`; looked for as well when a question is asked.
//!
//! ```toml
//! groups = [["vm", "virtual machine"]]    # any of them finds the others
//!
//! [one-way]
//! k8s = ["kubernetes"]                    # the first finds the second, and not the other way round
//! ```

use std::collections::{BTreeMap, HashMap};
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use super::words::{Shape, words};

/// The file of synonyms in the content folder.
const FILE: &str = "synonyms.toml";

/// The most that is read of it, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// More rules than this are not read: every question looks through those of its words.
const MOST_RULES: usize = 5_000;

/// The synonyms that one word may have.
const MOST_EACH: usize = 12;

/// Why a file of synonyms is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the synonyms in `{FILE}` are not used: {reason}; see the guide on search for how they are written")]
pub struct SynonymsError {
    /// The line at fault, counted from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

/// What else is looked for when a word is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Synonyms {
    /// By the first word of what is typed: the words that follow it, and what they mean too.
    rules: HashMap<String, Vec<Rule>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    /// All words of what is typed.
    typed: Vec<String>,
    means: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    groups: Vec<Vec<String>>,
    #[serde(default, rename = "one-way")]
    one_way: BTreeMap<String, Vec<String>>,
}

impl SynonymsError {
    /// The file, relative to the content folder.
    pub const FILE: &str = FILE;

    fn unread(reason: String) -> Self {
        Self { line: None, reason }
    }
}

impl Synonyms {
    /// The synonyms of the content folder; none where it has none.
    pub fn of_folder(content: &Path) -> Result<Self, SynonymsError> {
        let file = content.join(FILE);
        let length = match std::fs::metadata(&file) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(SynonymsError::unread(error.to_string())),
        };
        if length > MOST_BYTES {
            return Err(SynonymsError::unread(format!(
                "they are {length} bytes long, and {MOST_BYTES} are the most"
            )));
        }
        Self::parse(
            &std::fs::read_to_string(&file).map_err(|error| SynonymsError::unread(error.to_string()))?,
        )
    }

    /// Reads the text of a file of synonyms.
    pub fn parse(text: &str) -> Result<Self, SynonymsError> {
        let file: File = toml::from_str(text).map_err(|error| SynonymsError {
            line: error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1),
            reason: error.message().to_owned(),
        })?;
        let mut synonyms = Self::default();
        for group in &file.groups {
            for typed in group {
                for means in group.iter().filter(|means| *means != typed) {
                    synonyms.add(typed, means);
                }
            }
        }
        for (typed, all) in &file.one_way {
            for means in all {
                synonyms.add(typed, means);
            }
        }
        let count: usize = synonyms.rules.values().map(Vec::len).sum();
        if count > MOST_RULES {
            let reason = format!("they make {count} pairs of words, and {MOST_RULES} are the most");
            return Err(SynonymsError { line: None, reason });
        }
        Ok(synonyms)
    }

    fn add(&mut self, typed: &str, means: &str) {
        let (typed, means) = (plain(typed), plain(means));
        let Some(first) = typed.first().cloned().filter(|_| !means.is_empty() && typed != means) else {
            return;
        };
        let rules = self.rules.entry(first).or_default();
        let rule = Rule { typed, means };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }

    /// The single words that mean what the single `word` does.
    pub(super) fn of_word(&self, word: &str) -> Vec<&str> {
        let rules = self.rules.get(word).into_iter().flatten();
        let single = rules.filter(|rule| rule.typed.len() == 1 && rule.means.len() == 1);
        single.map(|rule| rule.means[0].as_str()).take(MOST_EACH).collect()
    }

    /// What was typed in `order`, and what it means too, where either is several words.
    pub(super) fn of_phrases(&self, order: &[&str]) -> Vec<(String, &[String])> {
        let mut found = Vec::new();
        for (at, word) in order.iter().enumerate() {
            for rule in self.rules.get(*word).into_iter().flatten() {
                let several = rule.typed.len() > 1 || rule.means.len() > 1;
                let typed = order[at..].iter().take(rule.typed.len());
                if several && found.len() < MOST_EACH && typed.eq(rule.typed.iter()) {
                    found.push((rule.typed.join(" "), rule.means.as_slice()));
                }
            }
        }
        found
    }
}

/// The words of a synonym as questions have them.
fn plain(text: &str) -> Vec<String> {
    let all = words(text);
    let kept = all.into_iter().filter(|word| matches!(word.shape, Shape::Plain | Shape::Humped));
    kept.map(|word| word.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_go_both_ways_and_the_others_one() {
        let synonyms = Synonyms::parse(
            "groups = [[\"VM\", \"virtual machine\"], [\"laptop\", \"notebook\"]]\n[one-way]\nk8s = [\"Kubernetes\"]\n",
        );
        let synonyms = synonyms.unwrap();
        assert_eq!(synonyms.of_word("laptop"), ["notebook"]);
        assert_eq!(synonyms.of_word("k8s"), ["kubernetes"]);
        assert!(synonyms.of_word("kubernetes").is_empty());
        let machine = ["virtual".to_owned(), "machine".to_owned()];
        assert_eq!(synonyms.of_phrases(&["my", "vm"]), [("vm".to_owned(), &machine[..])]);
        assert_eq!(
            synonyms.of_phrases(&["virtual", "machine"]),
            [("virtual machine".to_owned(), &["vm".to_owned()][..])]
        );
        assert!(synonyms.of_phrases(&["virtual", "reality"]).is_empty());
    }

    #[test]
    fn a_file_that_does_not_parse_says_where() {
        let error = Synonyms::parse("groups = [\n  [\"a\", 3],\n]\n").unwrap_err();
        assert_eq!(error.line, Some(2), "{error}");
        assert!(Synonyms::parse("grups = []").is_err());
    }
}
