//! The words of a segment, in order, with what is known of each.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::words::stem;

/// Every word of a segment by its rank in byte order.
#[derive(Default)]
pub(super) struct Dictionary {
    letters: String,
    ends: Vec<u32>,
    /// Which letters a word has, for a first look at whether two can resemble each other.
    pub(super) masks: Vec<u64>,
    /// How many headings have the word.
    pub(super) headings: Vec<u32>,
    /// The stem of each word, as a number.
    stems: Vec<u32>,
    stem_numbers: HashMap<String, u32, RandomState>,
    /// Where the words of each stem begin in `forms`.
    form_starts: Vec<u32>,
    forms: Vec<u32>,
}

impl Dictionary {
    /// The dictionary of `words`, which are in order and each once.
    pub(super) fn of(words: &[impl AsRef<str> + Sync]) -> Self {
        let stemmed: Vec<String> = words.par_iter().map(|word| stem(word.as_ref())).collect();
        let mut dictionary = Self { headings: vec![0; words.len()], ..Self::default() };
        for (word, stem) in words.iter().map(AsRef::as_ref).zip(stemmed) {
            dictionary.letters.push_str(word);
            dictionary.ends.push(rank(dictionary.letters.len()));
            dictionary.masks.push(mask(word));
            let next = rank(dictionary.stem_numbers.len());
            dictionary.stems.push(*dictionary.stem_numbers.entry(stem).or_insert(next));
        }
        let counts = dictionary.stems.iter().map(|stem| *stem as usize);
        (dictionary.form_starts, dictionary.forms) = group(dictionary.stem_numbers.len(), counts);
        dictionary
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn word(&self, rank: u32) -> &str {
        let at = rank as usize;
        let from = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.letters[from..self.ends[at] as usize]
    }

    pub(super) fn find(&self, word: &str) -> Option<u32> {
        let at = self.first_from(word);
        ((at as usize) < self.len() && self.word(at) == word).then_some(at)
    }

    /// The words that begin with `prefix`.
    pub(super) fn starting(&self, prefix: &str) -> Range<u32> {
        let from = self.first_from(prefix);
        from..self.first_where(|word| word > prefix && !word.starts_with(prefix)).max(from)
    }

    /// The words that have this stem.
    pub(super) fn forms(&self, stem: &str) -> &[u32] {
        self.stem_numbers.get(stem).map_or(&[], |stem| self.forms_of(*stem))
    }

    pub(super) fn stem_of(&self, word: u32) -> u32 {
        self.stems[word as usize]
    }

    /// The words that have the stem of this number.
    pub(super) fn forms_of(&self, stem: u32) -> &[u32] {
        let at = stem as usize;
        &self.forms[self.form_starts[at] as usize..self.form_starts[at + 1] as usize]
    }

    /// All words, in order.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        (0..rank(self.len())).map(|at| self.word(at))
    }

    fn first_from(&self, word: &str) -> u32 {
        self.first_where(|other| other >= word)
    }

    /// The first word that `holds`, which holds for all after it.
    fn first_where(&self, holds: impl Fn(&str) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if holds(self.word(rank(middle))) { high = middle } else { low = middle + 1 }
        }
        rank(low)
    }
}

/// A count of what is counted in 32 bits; a segment is too small to have more.
pub(super) fn rank(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The numbers of `keys` by key, and where each key's begin.
fn group(keys: usize, of: impl Iterator<Item = usize> + Clone) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; keys + 1];
    of.clone().for_each(|key| starts[key + 1] += 1);
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut next = starts.clone();
    let mut grouped = vec![0; starts.last().map_or(0, |end| *end as usize)];
    for (at, key) in of.enumerate() {
        grouped[next[key] as usize] = rank(at);
        next[key] += 1;
    }
    (starts, grouped)
}

/// One bit for each letter and digit of a word; others share the bits above.
pub(super) fn mask(word: &str) -> u64 {
    word.chars().fold(0, |mask, c| {
        let bit = match c {
            'a'..='z' => c as u32 - 'a' as u32,
            '0'..='9' => 26 + (c as u32 - '0' as u32),
            c => 36 + c as u32 % 28,
        };
        mask | 1 << bit
    })
}
