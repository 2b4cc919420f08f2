//! The words of the sections in scope: which ones continue or resemble another. No word from elsewhere is ever named.

use std::collections::HashMap;

use super::circle::Scope;
use super::dictionary::mask;

/// How many words a dictionary is read for completions.
const MOST_READ: u32 = 20_000;

/// The words of a scope.
#[derive(Clone, Copy)]
pub(super) struct Lexicon<'a> {
    pub(super) scope: &'a Scope,
}

impl Lexicon<'_> {
    /// How many sections have the word.
    pub(super) fn sections(self, word: &str) -> u64 {
        let counts = self.scope.parts().iter().filter_map(|part| {
            let word = part.segment.dictionary.find(word)?;
            Some(u64::from(part.frequency(word)))
        });
        counts.sum()
    }

    /// Whether a section has the word or another form of it.
    pub(super) fn knows_any_form(self, word: &str, stem: &str) -> bool {
        self.sections(word) > 0
            || self
                .scope
                .parts()
                .iter()
                .any(|part| part.segment.dictionary.forms(stem).iter().any(|form| part.frequency(*form) > 0))
    }

    /// The words that start with `prefix` and go on, `most` of them: those of headings first, then the most frequent.
    pub(super) fn completions(self, prefix: &str, most: usize) -> Vec<String> {
        let mut counts: HashMap<&str, (u32, u32)> = HashMap::new();
        for part in self.scope.parts() {
            let dictionary = &part.segment.dictionary;
            let words = dictionary.starting(prefix).take(MOST_READ as usize);
            let counted = words.map(|word| (part.headings(word), part.frequency(word), word));
            let mut counted: Vec<_> = counted.filter(|(_, sections, _)| *sections > 0).collect();
            // A few more than are wanted: one of them is the word itself, and other parts may have others.
            if counted.len() > 2 * most {
                counted
                    .select_nth_unstable_by(2 * most, |a, b| (b.0, b.1).cmp(&(a.0, a.1)).then(a.2.cmp(&b.2)));
                counted.truncate(2 * most);
            }
            for (headings, sections, word) in counted {
                let text = dictionary.word(word);
                if text.len() > prefix.len() {
                    let count = counts.entry(text).or_default();
                    *count = (count.0 + headings, count.1 + sections);
                }
            }
        }
        let mut words: Vec<_> = counts.into_iter().collect();
        let better =
            |a: &(&str, (u32, u32)), b: &(&str, (u32, u32))| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0));
        if words.len() > most {
            words.select_nth_unstable_by(most, better);
            words.truncate(most);
        }
        words.sort_unstable_by(better);
        words.into_iter().map(|(word, _)| word.to_owned()).collect()
    }

    /// The nearest words to `word` within `tolerance` edits, the most frequent `most` of them; a transposition is one
    /// edit. The first letter is believed before the others are: an edit to it weighs as much as two.
    pub(super) fn corrections(self, word: &str, tolerance: usize, most: usize) -> Vec<String> {
        let mut near = vec![HashMap::new(); tolerance + 1];
        let mut other_start = HashMap::new();
        let letters: Vec<char> = word.chars().collect();
        let Some(first) = letters.first() else { return Vec::new() };
        for part in self.scope.parts() {
            let dictionary = &part.segment.dictionary;
            let wanted = mask(word);
            for other in dictionary.starting(&first.to_string()) {
                let unlike = (dictionary.masks[other as usize] ^ wanted).count_ones() as usize;
                let text = dictionary.word(other);
                // An edit takes one letter away and brings one, and no more.
                if unlike > 2 * tolerance || text.len().abs_diff(word.len()) > 4 * tolerance {
                    continue;
                }
                let distance = edits(&letters, text, tolerance);
                if (1..=tolerance).contains(&distance) && part.frequency(other) > 0 {
                    *near[distance].entry(text).or_insert(0) += part.frequency(other);
                }
            }
            for start in other_starts(&letters) {
                if let Some(other) = dictionary.find(&start).filter(|other| part.frequency(*other) > 0) {
                    *other_start.entry(dictionary.word(other)).or_insert(0) += part.frequency(other);
                }
            }
        }
        for (distance, mut found) in near.into_iter().enumerate() {
            if distance > 1 {
                found.extend(other_start.drain());
            }
            if !found.is_empty() {
                return by_frequency(found, most);
            }
        }
        by_frequency(other_start, most)
    }
}

fn by_frequency(words: HashMap<&str, u32>, most: usize) -> Vec<String> {
    let mut words: Vec<_> = words.into_iter().collect();
    words.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    words.into_iter().take(most).map(|(word, _)| word.to_owned()).collect()
}

/// What the word may be when its first letter is wrong, missing, one too many, or in the second place.
fn other_starts(letters: &[char]) -> Vec<String> {
    let rest = |from: usize| letters.iter().skip(from);
    let mut starts = Vec::with_capacity(75);
    for letter in ('a'..='z').chain('0'..='9') {
        starts.push([letter].iter().chain(rest(1)).collect());
        starts.push([letter].iter().chain(rest(0)).collect());
    }
    starts.push(rest(1).collect());
    if let [first, second, ..] = letters {
        starts.push([*second, *first].iter().chain(rest(2)).collect());
    }
    let word: String = letters.iter().collect();
    starts.retain(|start: &String| *start != word && !start.is_empty());
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// How many edits make `other` of `word`, where two letters that changed places are one; `most + 1` when more than that.
fn edits(word: &[char], other: &str, most: usize) -> usize {
    let mut letters = ['\0'; 66];
    let mut length = 0;
    for c in other.chars() {
        if length == letters.len() {
            return most + 1;
        }
        letters[length] = c;
        length += 1;
    }
    let other = &letters[..length];
    if word.len().abs_diff(length) > most || word.len() > 66 {
        return most + 1;
    }
    // Three rows of the table: two above, one above, and the one at hand.
    let mut rows = [[usize::MAX / 2; 67]; 3];
    (0..=length).for_each(|at| rows[1][at] = at);
    for (i, c) in word.iter().enumerate() {
        let [above_two, above, row] = &mut rows;
        row[0] = i + 1;
        let mut least = row[0];
        for (j, d) in other.iter().enumerate() {
            let mut cost = (above[j] + usize::from(c != d)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *c == other[j - 1] && word[i - 1] == *d {
                cost = cost.min(above_two[j - 1] + 1);
            }
            row[j + 1] = cost;
            least = least.min(cost);
        }
        if least > most {
            return most + 1;
        }
        rows.rotate_left(1);
    }
    rows[1][length]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_up_to_a_bound() {
        for (word, other, most, expected) in [
            ("versoning", "versioning", 2, 1),
            ("buckte", "bucket", 1, 1),
            ("bucket", "bucket", 1, 0),
            ("bucket", "buck", 2, 2),
            ("abcdef", "badcfe", 2, 3),
            ("abc", "xyz", 1, 2),
        ] {
            let letters: Vec<char> = word.chars().collect();
            assert_eq!(edits(&letters, other, most), expected, "{word} {other}");
        }
    }
}
