//! `audience:` as an author writes it. Whatever is not understood lets nobody in.

use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::{Audience, InvalidWho, Readers, Who};

/// A key of front matter whose value may be of any kind, so that a wrong one does not take the others along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Wish {
    /// It is not there.
    #[default]
    Absent,
    /// These words: one, or a list. Numbers, true and false are words too.
    Words(Vec<String>),
    /// Something else than words.
    Unclear,
}

/// Who a guide itself says may read it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Declared {
    /// Whoever may read the folder.
    #[default]
    Inherited,
    /// These.
    Readers(Readers),
    /// It cannot be told. Nobody may read the guide or what is below it.
    Unknown,
}

impl Declared {
    /// Whether it keeps nobody away.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Inherited => true,
            Self::Readers(readers) => *readers == Readers::PUBLIC,
            Self::Unknown => false,
        }
    }
}

/// The names that a line must begin with to be about readers, and about drafts.
pub(super) const AUDIENCE: &str = "audience";
pub(super) const DRAFT: &str = "draft";

/// Nobody.
pub(super) const NOBODY: Readers = Readers { audience: Audience::Listed, who: Vec::new() };

impl Wish {
    /// The word, where it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Words(words) => words.first().map(String::as_str),
            Self::Absent | Self::Unclear => None,
        }
    }

    /// Who is meant; an error says what was not understood.
    pub(super) fn readers(&self) -> Result<Option<Readers>, String> {
        let words = match self {
            Self::Absent => return Ok(None),
            Self::Unclear => return Err("it is neither a word nor a list of words".to_owned()),
            Self::Words(words) => words,
        };
        let everyone = |audience| Ok(Some(Readers { audience, who: Vec::new() }));
        match words.as_slice() {
            [] => return Err("it names nobody".to_owned()),
            [word] if word.trim().eq_ignore_ascii_case("public") => return everyone(Audience::Public),
            [word] if word.trim().eq_ignore_ascii_case("signed-in") => return everyone(Audience::SignedIn),
            _ => {}
        }
        let who: Result<Vec<Who>, InvalidWho> = words.iter().map(|word| word.parse()).collect();
        let mut who = who.map_err(|error| error.to_string())?;
        who.sort();
        who.dedup();
        Ok(Some(Readers { audience: Audience::Listed, who }))
    }
}

/// Whether a line of `front_matter` sets `key`, in whatever case, quotes and form: for front matter that does not
/// parse, and for a key that is almost right. `nested` also counts lines that are indented.
pub(super) fn mentions(front_matter: &str, key: &str, nested: bool) -> bool {
    front_matter.lines().any(|line| {
        let line = if nested { line.trim_start_matches([' ', '\t', '-', '{', ',']) } else { line };
        let line = line.trim_start_matches(['"', '\'']);
        let Some(after) = line.get(key.len()..) else { return false };
        line.get(..key.len()).is_some_and(|start| start.eq_ignore_ascii_case(key))
            && after.trim_start_matches(['"', '\'', ' ', '\t']).starts_with([':', '='])
    })
}

impl<'de> Deserialize<'de> for Wish {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsWritten)
    }
}

struct AsWritten;

impl<'de> Visitor<'de> for AsWritten {
    type Value = Wish;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word or a list of words")
    }

    fn visit_str<E>(self, word: &str) -> Result<Wish, E> {
        Ok(Wish::Words(vec![word.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Wish, A::Error> {
        let mut all = Some(Vec::new());
        while let Some(word) = list.next_element::<Self::Value>()? {
            match (word, &mut all) {
                (Wish::Words(word), Some(all)) if word.len() == 1 => all.extend(word),
                _ => all = None,
            }
        }
        Ok(all.map_or(Wish::Unclear, Wish::Words))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wish, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Wish::Unclear)
    }

    fn visit_unit<E>(self) -> Result<Wish, E> {
        Ok(Wish::Unclear)
    }

    fn visit_none<E>(self) -> Result<Wish, E> {
        Ok(Wish::Unclear)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Wish, D::Error> {
        Wish::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Wish, E> {
        Ok(Wish::Words(vec![value.to_string()]))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Wish, E> {
        Ok(Wish::Words(vec![value.to_string()]))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Wish, E> {
        Ok(Wish::Words(vec![value.to_string()]))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Wish, E> {
        Ok(Wish::Words(vec![value.to_string()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_however_it_is_written() {
        for line in
            ["audience: x", "Audience : x", "\"audience\": x", "'AUDIENCE' = 1", "audience=[", "audience:"]
        {
            assert!(mentions(line, AUDIENCE, false), "{line}");
        }
        for line in ["audiences: x", "the audience: x", "  audience: x", "audience", "é: x", ""] {
            assert!(!mentions(line, AUDIENCE, false), "{line}");
        }
        assert!(mentions("a: b\n  - audience: x", AUDIENCE, true));
        assert!(mentions("{audience: x", AUDIENCE, true));
    }
}
