//! Counts of questions, within bounds, and without anything that names a person.

use std::collections::HashMap;

use aws_lc_rs::hmac;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The most different questions of one day; further ones are not counted.
pub(super) const MOST_QUESTIONS: usize = 10_000;
/// From how many askers up a question is shown.
pub(super) const FEWEST_ASKERS: usize = 3;
/// The longest question that is counted, in characters.
const LONGEST: usize = 80;
/// The longest word: what is longer may be a key or a token.
const LONGEST_WORD: usize = 32;
/// As many digits may be a telephone number, a date of birth or a case.
const MANY_DIGITS: usize = 6;

/// How often a question was asked on one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Count {
    /// How often it was asked.
    pub(super) asked: u64,
    /// How often nothing was found.
    pub(super) nothing: u64,
    /// How often a result was opened.
    pub(super) opened: u64,
    /// Who asked, as one of sixteen marks each; three at the most.
    pub(super) askers: Vec<u8>,
}

/// The questions of one day.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) date: Date,
    pub(super) questions: HashMap<String, Count>,
    /// Whether it changed since it was kept.
    pub(super) changed: bool,
}

/// Makes marks of askers.
pub(super) struct Marker(hmac::Key);

impl Count {
    /// Adds what another server or day counted.
    pub(super) fn add(&mut self, other: &Self) {
        self.asked = self.asked.saturating_add(other.asked);
        self.nothing = self.nothing.saturating_add(other.nothing);
        self.opened = self.opened.saturating_add(other.opened);
        other.askers.iter().for_each(|mark| self.mark(*mark));
    }

    fn mark(&mut self, mark: u8) {
        if self.askers.len() < FEWEST_ASKERS && !self.askers.contains(&mark) {
            self.askers.push(mark);
        }
    }
}

impl Tally {
    pub(super) fn new(date: Date) -> Self {
        Self { date, questions: HashMap::new(), changed: false }
    }

    /// Counts into `question`, which [`normal`] made, unless there is no room for another one.
    pub(super) fn count(&mut self, question: String, mark: u8, change: impl FnOnce(&mut Count)) {
        if self.questions.len() >= MOST_QUESTIONS && !self.questions.contains_key(&question) {
            return;
        }
        let count = self.questions.entry(question).or_default();
        change(count);
        count.mark(mark);
        self.changed = true;
    }
}

impl Marker {
    /// Marks made with the same `secret` are the same, on every server.
    pub(super) fn new(secret: &[u8]) -> Self {
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"loggia askers, version 1");
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// One of sixteen marks. An asker has another one for each question, and shares it with every sixteenth person: marks
    /// tell that three people asked, and not who.
    pub(super) fn mark(&self, asker: &str, question: &str) -> u8 {
        let signed = hmac::sign(&self.0, format!("{asker}\0{question}").as_bytes());
        signed.as_ref().first().map_or(0, |byte| byte & 0x0f)
    }
}

/// The question in lower case with single spaces; `None` when it may say who somebody is, or is no question.
pub(super) fn normal(query: &str) -> Option<String> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let question = words.join(" ");
    let length = question.chars().count();
    let digits = question.chars().filter(char::is_ascii_digit).count();
    let telling = question.contains('@') || question.contains("://") || digits >= MANY_DIGITS;
    let long_word = words.iter().any(|word| word.chars().count() > LONGEST_WORD);
    (!telling && !long_word && (2..=LONGEST).contains(&length)).then_some(question)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_made_alike_and_what_may_name_somebody_is_not_kept() {
        assert_eq!(normal("  Sign\t IN "), Some("sign in".to_owned()));
        assert_eq!(normal("s3 4.2.1"), Some("s3 4.2.1".to_owned()));
        for telling in [
            "ann@example.org",
            "https://example.org/?token=x",
            "020 7946 0958",
            "AB 12 34 56 C",
            "loggia_01jd3v7k1m2n3p4q5r6s7t8v9w_zm9vymfy",
            "a",
            "",
            " \n ",
        ] {
            assert_eq!(normal(telling), None, "{telling}");
        }
        assert_eq!(normal(&"word ".repeat(30)), None);
    }

    #[test]
    fn marks_tell_askers_apart_and_say_nothing_of_them() {
        let marker = Marker::new(b"secret");
        assert_eq!(marker.mark("ann", "bucket"), Marker::new(b"secret").mark("ann", "bucket"));
        let marks: std::collections::HashSet<u8> =
            (0..200).map(|person| marker.mark(&person.to_string(), "bucket")).collect();
        assert_eq!(marks.len(), 16, "of two hundred people a dozen share each mark");
        let questions: std::collections::HashSet<u8> =
            (0..200).map(|question| marker.mark("ann", &question.to_string())).collect();
        assert_eq!(questions.len(), 16, "nobody can be followed from question to question");
    }

    #[test]
    fn the_same_asker_is_one_however_often_and_wherever_they_ask() {
        let (mut here, mut there) = (Count::default(), Count::default());
        (0..10).for_each(|_| here.mark(4));
        there.mark(4);
        here.add(&there);
        assert_eq!(here.askers, [4]);
        for mark in [5, 6, 7] {
            here.mark(mark);
        }
        assert_eq!(here.askers, [4, 5, 6], "more than three are not told apart");
    }

    #[test]
    fn a_day_has_room_for_so_many_questions_and_no_more() {
        let mut tally = Tally::new(jiff::civil::date(2026, 11, 24));
        for at in 0..MOST_QUESTIONS + 5 {
            tally.count(at.to_string(), 0, |count| count.asked += 1);
        }
        tally.count("7".to_owned(), 1, |count| count.asked += 1);
        assert_eq!(tally.questions.len(), MOST_QUESTIONS);
        assert_eq!(tally.questions["7"].asked, 2);
    }
}
