//! Text becomes words, the same way for what is searched and for what is asked.
//!
//! A word is folded (lower case, no accents) and has a position. `s3_path` is found whole (`s3path`) and by
//! part (`s3`, `path`); `AthenaWorkgroup` too, its pieces sharing one position.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words are cut at this many characters, in the index and in questions alike.
const LONGEST_WORD: usize = 64;

/// In order, for the search among them.
const STOP_WORDS: &[&str] = &[
    "a", "about", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "being", "but",
    "by", "can", "could", "did", "do", "does", "doing", "done", "for", "from", "had", "has", "have", "he",
    "her", "his", "how", "i", "if", "in", "into", "is", "it", "its", "may", "me", "might", "must", "my",
    "no", "nor", "not", "of", "on", "or", "our", "shall", "she", "should", "so", "such", "than", "that",
    "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "too", "was", "we",
    "were", "what", "when", "where", "which", "while", "who", "whom", "whose", "why", "will", "with",
    "would", "you", "your",
];

/// What a word is to the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A word of its own, or one part of a joined name.
    Plain,
    /// A joined name (`s3_path`, `sign-in`) without what joins it; its parts follow.
    Joined,
    /// A word with humps (`AthenaWorkgroup`); they follow.
    Humped,
    /// One hump.
    Hump,
}

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Folded: lower-case letters and digits.
    pub(super) text: String,
    /// The bytes it came from.
    pub(super) span: Range<usize>,
    /// Its place among the words; several may share one.
    pub(super) position: usize,
    pub(super) shape: Shape,
}

/// The words of `text` in order of position.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    read(text, |text, span, position, shape| {
        found.push(Word { text: text.to_owned(), span, position, shape });
    });
    found
}

/// Tells every word of `text` in order of position: folded, where it came from, its position, its shape.
pub(super) fn read(text: &str, mut tell: impl FnMut(&str, Range<usize>, usize, Shape)) {
    let mut found = Vec::new();
    let mut position = 0;
    let mut rest = 0;
    while let Some(start) = next_start(text, rest) {
        let mut letters = [0; LONGEST_WORD];
        if let Some((end, length)) = plain_run(text, start, &mut letters) {
            rest = end;
            tell(
                std::str::from_utf8(&letters[..length]).unwrap_or_default(),
                start..end,
                position,
                Shape::Plain,
            );
            position += 1;
            continue;
        }
        let run = run_from(text, start);
        rest = run.end;
        position += split_run(text, run, position, &mut found);
        for word in found.drain(..) {
            tell(&word.text, word.span, word.position, word.shape);
        }
    }
}

/// The stem of a folded word; English, by Snowball.
pub(super) fn stem(word: &str) -> String {
    thread_local! {
        static ENGLISH: frostem::Stemmer = frostem::Stemmer::new(frostem::Algorithm::English);
    }
    ENGLISH.with(|stemmer| stemmer.stem(word).into_owned())
}

/// Words that say little by themselves. They are indexed, since headings are made of them too.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Where the next word character at or after `from` is.
fn next_start(text: &str, from: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        match bytes.get(at)? {
            byte if byte.is_ascii_alphanumeric() => return Some(at),
            byte if byte.is_ascii() => at += 1,
            _ => return Some(at + text[at..].find(char::is_alphanumeric)?),
        }
    }
}

/// Where the run from `start` ends and how many letters it has, folded into `letters`, when it is one word of ASCII
/// letters and digits without humps: nearly all words are.
fn plain_run(text: &str, start: usize, letters: &mut [u8; LONGEST_WORD]) -> Option<(usize, usize)> {
    let bytes = &text.as_bytes()[start..];
    let mut lower_before = false;
    let mut end = 0;
    while let Some(byte) = bytes.get(end).filter(|byte| byte.is_ascii_alphanumeric()) {
        if lower_before && byte.is_ascii_uppercase() {
            return None;
        }
        lower_before = byte.is_ascii_lowercase();
        if let Some(letter) = letters.get_mut(end) {
            *letter = byte.to_ascii_lowercase();
        }
        end += 1;
    }
    let stops = match bytes.get(end) {
        None => true,
        Some(byte) if !byte.is_ascii() => false,
        Some(byte) => !is_joiner(char::from(*byte)) || joiner_length(&text[start + end..]).is_none(),
    };
    (stops && end > 0).then_some((start + end, end.min(LONGEST_WORD)))
}

/// The stretch of word characters from `start`, joined by single marks inside it.
fn run_from(text: &str, start: usize) -> Range<usize> {
    let mut end = start;
    loop {
        end += text[end..].find(|c| !belongs(c)).unwrap_or(text.len() - end);
        match joiner_length(&text[end..]) {
            Some(length) => end += length,
            None => return start..end,
        }
    }
}

/// The bytes of the joiner at the start of `rest`, when a word follows it; `arn:aws:s3:::x` may repeat its own.
fn joiner_length(rest: &str) -> Option<usize> {
    let joiner = rest.chars().next().filter(|c| is_joiner(*c))?;
    let after = rest.trim_start_matches(joiner);
    let length = rest.len() - after.len();
    let joins = length == joiner.len_utf8() || joiner == ':';
    (joins && after.starts_with(char::is_alphanumeric)).then_some(length)
}

fn belongs(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’')
}

fn is_joiner(c: char) -> bool {
    matches!(c, '_' | '-' | '.' | ':' | '‐' | '‑') || is_apostrophe(c)
}

/// Adds the words of one run; answers how many positions they took.
fn split_run(text: &str, run: Range<usize>, position: usize, found: &mut Vec<Word>) -> usize {
    let parts = parts_of(text, &run);
    let first = found.len();
    let mut taken = 0;
    for part in &parts {
        if is_ideographic(&text[part.clone()]) {
            for (at, c) in text[part.clone()].char_indices() {
                let span = part.start + at..part.start + at + c.len_utf8();
                taken += usize::from(push(text, &span, position + taken, Shape::Plain, found));
            }
            continue;
        }
        let humps = humps(text, part);
        let shape = if humps.is_empty() { Shape::Plain } else { Shape::Humped };
        if push(text, part, position + taken, shape, found) {
            for hump in humps {
                push(text, &hump, position + taken, Shape::Hump, found);
            }
            taken += 1;
        }
    }
    if (2..=8).contains(&parts.len()) && taken > 1 {
        let whole = joined(found[first..].iter().filter(|word| word.shape != Shape::Hump));
        if whole.len() <= LONGEST_WORD {
            found.insert(first, Word { text: whole, span: run, position, shape: Shape::Joined });
        }
    }
    taken
}

/// The parts of a run between its joiners: `don't` is one, and the s of `Ann's` is none.
fn parts_of(text: &str, run: &Range<usize>) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut after_apostrophe = false;
    let mut at = run.start;
    for piece in text[run.clone()].split(is_joiner) {
        let span = at..at + piece.len();
        let joiner = text[span.end..].chars().next();
        match parts.last_mut() {
            _ if piece.is_empty() => {}
            Some(_) if after_apostrophe && piece.eq_ignore_ascii_case("s") => {}
            Some(last) if after_apostrophe => last.end = span.end,
            _ => parts.push(span.clone()),
        }
        after_apostrophe = joiner.is_some_and(is_apostrophe);
        at = span.end + joiner.map_or(0, char::len_utf8);
    }
    parts
}

/// The humps of a camel-cased word of at least two letters each, or nothing.
fn humps(text: &str, part: &Range<usize>) -> Vec<Range<usize>> {
    let mut edges = vec![part.start];
    let mut lower_before = false;
    for (at, c) in text[part.clone()].char_indices() {
        if c.is_uppercase() && lower_before {
            edges.push(part.start + at);
        }
        lower_before = c.is_lowercase();
    }
    edges.push(part.end);
    let spans: Vec<_> = edges.windows(2).map(|pair| pair[0]..pair[1]).collect();
    let fits = |span: &Range<usize>| text[span.clone()].chars().nth(1).is_some();
    if (2..=6).contains(&spans.len()) && spans.iter().all(fits) { spans } else { Vec::new() }
}

/// Digits stay apart (`4.2.1`), everything else closes up (`sign-in` is `signin`).
fn joined<'a>(parts: impl Iterator<Item = &'a Word>) -> String {
    let mut whole = String::new();
    for part in parts {
        let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if digits(whole.chars().next_back()) && digits(part.text.chars().next()) {
            whole.push('.');
        }
        whole.push_str(&part.text);
    }
    whole
}

/// Scripts that put no spaces between words: each character is one, so that phrases do the finding.
fn is_ideographic(part: &str) -> bool {
    part.chars().next().is_some_and(|c| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}'))
}

/// Adds the word at `span`, unless nothing is left of it folded; answers whether it did.
fn push(text: &str, span: &Range<usize>, position: usize, shape: Shape, found: &mut Vec<Word>) -> bool {
    let folded = fold(&text[span.clone()]);
    if folded.is_empty() {
        return false;
    }
    found.push(Word { text: folded, span: span.clone(), position, shape });
    true
}

/// Lower case without accents, letters and digits only, at most 64 characters.
fn fold(word: &str) -> String {
    if word.is_ascii() {
        let letters = word.bytes().filter(u8::is_ascii_alphanumeric).take(LONGEST_WORD);
        return letters.map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    }
    let mut folded = String::with_capacity(word.len());
    for c in word.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            // Some capitals become a letter and a mark only now.
            c if c.is_alphanumeric() => folded.push(c),
            _ => {}
        }
    }
    match folded.char_indices().nth(LONGEST_WORD) {
        Some((end, _)) => folded[..end].to_owned(),
        None => folded,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn identifiers_are_words_whole_and_by_part() {
        for (text, expected) in [
            ("s3_path", &["s3path", "s3", "path"][..]),
            ("read_csv()", &["readcsv", "read", "csv"]),
            ("--dry-run", &["dryrun", "dry", "run"]),
            ("data.table", &["datatable", "data", "table"]),
            ("AthenaWorkgroup", &["athenaworkgroup", "athena", "workgroup"]),
            ("arn:aws:s3:::bucket", &["arnawss3bucket", "arn", "aws", "s3", "bucket"]),
            ("4.2.1", &["4.2.1", "4", "2", "1"]),
            ("sign-in", &["signin", "sign", "in"]),
            ("MoJ RStudio iOS", &["moj", "rstudio", "ios"]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn prose_is_folded_without_its_punctuation() {
        for (text, expected) in [
            ("Ann's café, don’t (Straße)", &["ann", "cafe", "dont", "strasse"][..]),
            ("Øre; cafe\u{301}. End.", &["ore", "cafe", "end"]),
            ("--- … ''", &[]),
            ("東京 tower", &["東", "京", "tower"]),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn stop_words_are_found_among_them() {
        assert!(STOP_WORDS.is_sorted());
        assert!(is_stop_word("the") && is_stop_word("your"));
        assert!(!is_stop_word("bucket"));
    }

    #[test]
    fn inflected_words_share_a_stem() {
        assert_eq!(stem("versioning"), stem("versions"));
    }

    proptest! {
        #[test]
        fn plain_runs_are_read_as_all_others_are(text in r"([a-zA-Z0-9é'’._: -]|the|s3){0,40}") {
            let mut expected = Vec::new();
            let (mut position, mut rest) = (0, 0);
            while let Some(start) = next_start(&text, rest) {
                let run = run_from(&text, start);
                rest = run.end;
                position += split_run(&text, run, position, &mut expected);
            }
            prop_assert_eq!(words(&text), expected);
        }

        #[test]
        fn every_text_has_words_that_lie_in_it(text in r"(\PC|[-'’._:A-Zß\u{301}\u{3042}0-9]){0,60}") {
            let mut before = 0;
            for word in words(&text) {
                prop_assert!(!word.text.is_empty());
                prop_assert!(word.text.chars().all(|c| c == '.' || c.is_alphanumeric()), "{word:?}");
                prop_assert!(text.is_char_boundary(word.span.start) && text.is_char_boundary(word.span.end));
                prop_assert!(before <= word.position, "{word:?}");
                before = word.position;
            }
        }
    }
}
