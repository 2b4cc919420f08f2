//! An index is saved, and read again at the next start.
//!
//! The file is a head that names its format and the SHA-256 of the rest; then, compressed: what there is, the texts, the
//! dictionary, and the words of every section in reading order. The postings follow from these and are made anew.
//! Anything that is not exactly such a file is no index, and the index is built from the guides.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use super::circle::Circle;
use super::dictionary::{Dictionary, rank};
use super::index::Index;
use super::segment::{Doc, PageRecord, SAME, Segment, Span};
use crate::model::Section;

/// Names the format; another version of what is in it, or of how text becomes words, is another name.
const FORMAT: &[u8; 16] = b"loggia index 002";

/// How hard the file is compressed: what is saved once is read at every start.
const LEVEL: i32 = 9;

/// The most that is read from a file, in bytes; a file that promises more is no index.
const MOST: u64 = 8 << 30;

/// What there is, without the long parts.
#[derive(Serialize, Deserialize)]
struct Contents {
    circles: Vec<Circle>,
    pages: Vec<PageRecord>,
    docs: Vec<Doc>,
}

impl Index {
    /// Writes the index to `file`, whole or not at all.
    pub fn save(&self, file: &Path) -> io::Result<()> {
        let segment = self.compact();
        let mut packed = Vec::new();
        pack(&mut packed, &write_contents(&segment)?)?;
        // One part after the other: together they take as much memory as the index.
        for part in [write_text, write_sections, write_words, write_tokens] {
            pack(&mut packed, &part(&segment))?;
        }
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(folder)?;
        let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
        temporary.write_all(FORMAT)?;
        temporary.write_all(digest(&SHA256, &packed).as_ref())?;
        temporary.write_all(&packed)?;
        temporary.persist(file).map_err(|error| error.error)?;
        Ok(())
    }

    /// The index that was saved in `file`; `None` where there is none, or another version's, or a damaged one.
    #[must_use]
    pub fn load(file: &Path) -> Option<Self> {
        let mut bytes = Vec::new();
        fs::File::open(file).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
        let rest = bytes.strip_prefix(FORMAT)?;
        let (stated, packed) = rest.split_at_checked(32)?;
        if digest(&SHA256, packed).as_ref() != stated {
            return None;
        }
        let mut packed = packed;
        let mut next = || unpack(&mut packed);
        let contents: Contents = serde_json::from_slice(&next()?).ok()?;
        let text = String::from_utf8(next()?).ok()?;
        let sections = read_sections(&next()?, contents.pages.len())?;
        let words = String::from_utf8(next()?).ok()?;
        let words: Vec<String> = words.split_terminator('\n').map(str::to_owned).collect();
        let tokens = read_tokens(&next()?, words.len())?;
        let Contents { circles, pages, docs } = contents;
        if !sound(&circles, &pages, &docs, (&text, &sections), tokens.len()) {
            return None;
        }
        let segment =
            Segment::assemble(circles, pages, docs, (text, sections), Dictionary::of(&words), tokens);
        Some(Self::read(segment))
    }
}

fn write_contents(segment: &Segment) -> io::Result<Vec<u8>> {
    let (circles, pages, docs) = (segment.circles.clone(), segment.pages.clone(), segment.docs.clone());
    Ok(serde_json::to_vec(&Contents { circles, pages, docs })?)
}

fn write_text(segment: &Segment) -> Vec<u8> {
    segment.text.clone().into_bytes()
}

/// How many sections each page has; of each its level and the lengths of its texts, and the texts.
fn write_sections(segment: &Segment) -> Vec<u8> {
    let mut written = Vec::new();
    for sections in &segment.sections {
        write_number(&mut written, rank(sections.len()));
        for section in &**sections {
            written.push(section.level);
            for text in [&section.id, &section.heading, &section.text, &section.code] {
                write_number(&mut written, rank(text.len()));
                written.extend_from_slice(text.as_bytes());
            }
        }
    }
    written
}

fn read_sections(mut bytes: &[u8], pages: usize) -> Option<Vec<Arc<[Section]>>> {
    let bytes = &mut bytes;
    let mut all = Vec::new();
    for _ in 0..pages {
        let count = read_number(bytes)?;
        let sections: Option<Arc<[Section]>> = (0..count).map(|_| read_section(bytes)).collect();
        all.push(sections?);
    }
    bytes.is_empty().then_some(all)
}

fn read_section(bytes: &mut &[u8]) -> Option<Section> {
    let (level, rest) = bytes.split_first()?;
    *bytes = rest;
    let mut text = || {
        let length = read_number(bytes)? as usize;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    };
    Some(Section { level: *level, id: text()?, heading: text()?, text: text()?, code: text()? })
}

/// Adds a part: its size, its size compressed, and what it is compressed.
fn pack(packed: &mut Vec<u8>, part: &[u8]) -> io::Result<()> {
    let compressed = zstd::bulk::compress(part, LEVEL)?;
    packed.extend_from_slice(&(part.len() as u64).to_le_bytes());
    packed.extend_from_slice(&(compressed.len() as u64).to_le_bytes());
    packed.extend_from_slice(&compressed);
    Ok(())
}

fn unpack(packed: &mut &[u8]) -> Option<Vec<u8>> {
    let mut number = || {
        let (number, rest) = packed.split_first_chunk::<8>()?;
        *packed = rest;
        usize::try_from(u64::from_le_bytes(*number)).ok()
    };
    let (size, compressed) = (number()?, number()?);
    let (part, rest) = packed.split_at_checked(compressed)?;
    *packed = rest;
    if size as u64 > MOST {
        return None;
    }
    let part = zstd::bulk::decompress(part, size).ok()?;
    (part.len() == size).then_some(part)
}

fn write_words(segment: &Segment) -> Vec<u8> {
    let mut words = String::new();
    for word in segment.dictionary.words() {
        words.push_str(word);
        words.push('\n');
    }
    words.into_bytes()
}

/// The words by how frequent they are, so that most take one or two bytes; then the ranks in that order.
fn write_tokens(segment: &Segment) -> Vec<u8> {
    let words = segment.dictionary.len();
    let mut by_frequency: Vec<u32> = (0..rank(words)).collect();
    by_frequency.sort_by_key(|word| (std::cmp::Reverse(segment.frequency(*word)), *word));
    let mut numbers = vec![0_u32; words];
    let mut written = Vec::with_capacity(segment.tokens.len() * 2);
    for (number, word) in (0..).zip(&by_frequency) {
        numbers[*word as usize] = number;
        write_number(&mut written, *word);
    }
    for token in &segment.tokens {
        let same = u32::from(token & SAME != 0);
        write_number(&mut written, numbers[(token & !SAME) as usize] << 1 | same);
    }
    written
}

fn read_tokens(mut bytes: &[u8], words: usize) -> Option<Vec<u32>> {
    let mut by_frequency = Vec::with_capacity(words);
    for _ in 0..words {
        let word = read_number(&mut bytes)?;
        if word as usize >= words {
            return None;
        }
        by_frequency.push(word);
    }
    let mut tokens = Vec::with_capacity(bytes.len());
    while !bytes.is_empty() {
        let number = read_number(&mut bytes)?;
        let word = by_frequency.get((number >> 1) as usize)?;
        tokens.push(word | if number & 1 == 1 { SAME } else { 0 });
    }
    Some(tokens)
}

/// Seven bits a byte, the lowest first (LEB128).
fn write_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Whether everything points into what is there.
fn sound(
    circles: &[Circle],
    pages: &[PageRecord],
    docs: &[Doc],
    (text, sections): (&str, &[Arc<[Section]>]),
    tokens: usize,
) -> bool {
    let in_text = |span: &Span| text.get(super::segment::span(span)).is_some();
    let in_tokens = |span: &Span| span.start <= span.end && span.end as usize <= tokens;
    let page = |(number, page): (usize, &PageRecord)| {
        (page.circle as usize) < circles.len()
            && page.docs.start <= page.docs.end
            && docs.get(super::segment::span(&page.docs)).is_some_and(|docs| {
                docs.len() == sections[number].len() && docs.iter().all(|doc| doc.page as usize == number)
            })
            && [&page.path, &page.title, &page.address].into_iter().all(in_text)
            && [&page.title_tokens, &page.address_tokens].into_iter().all(in_tokens)
    };
    let doc = |doc: &Doc| {
        pages.get(doc.page as usize).is_some()
            && [&doc.heading_tokens, &doc.body_tokens, &doc.code_tokens].into_iter().all(in_tokens)
    };
    sections.len() == pages.len()
        && pages.iter().enumerate().all(page)
        && docs.iter().all(doc)
        && pages.iter().map(|page| page.docs.len()).sum::<usize>() == docs.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AppPage, AppText};

    #[test]
    fn texts_that_did_not_change_are_there_once_after_a_start() {
        let section = Section {
            id: String::new(),
            level: 1,
            heading: "Tides".to_owned(),
            text: "High at noon.".to_owned(),
            code: String::new(),
        };
        let page = AppPage { path: "/".to_owned(), title: "Tides".to_owned(), sections: [section].into() };
        let text = AppText { app: "tides".parse().unwrap(), title: "Tides".to_owned(), pages: vec![page] };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("index");
        Index::build_all([], [&text]).unwrap().save(&file).unwrap();
        let read = Index::load(&file).unwrap();
        let own = Arc::clone(&read.parts[0].segment.sections[0]);
        assert!(!Arc::ptr_eq(&own, &text.pages[0].sections) && *own == *text.pages[0].sections);
        let renewed = read.renewed([], [&text]).unwrap();
        assert!(renewed.is_as_read());
        assert!(Arc::ptr_eq(&renewed.parts[0].segment.sections[0], &text.pages[0].sections));
        assert!(!Index::load(&file).unwrap().renewed([], []).unwrap().is_as_read());
    }
}
