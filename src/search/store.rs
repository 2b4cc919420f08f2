//! An index is saved, and read again at the next start.
//!
//! The file is a head that names its format, one compressed stream, and the SHA-256 of the stream. In the stream are what
//! there is, the texts, the dictionary, and the words of every section in reading order, written and read as they come:
//! there is no second copy of them in memory. The postings follow from these and are made anew. Anything that is not
//! exactly such a file is no index, and the index is built from the guides.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN};
use serde::{Deserialize, Serialize};
use zstd::stream::{read::Decoder, write::Encoder};

use super::circle::Circle;
use super::dictionary::{Dictionary, rank};
use super::index::{Index, SearchError, fingerprinted};
use super::segment::{Doc, PageRecord, SAME, Segment, Span};
use super::source::Fingerprint;
use crate::model::{AppText, Guide, Section};

/// Names the format; another version of what is in it, or of how text becomes words, is another name.
const FORMAT: &[u8; 16] = b"loggia index 003";

/// How hard the stream is compressed: what is saved once is read at every start.
const LEVEL: i32 = 9;

/// The most that one text of a file may have, in bytes; a file that promises more is no index.
const MOST: u32 = u32::MAX / 2;

/// What there is, without the long parts.
#[derive(Deserialize)]
struct Contents {
    circles: Vec<Circle>,
    pages: Vec<PageRecord>,
    docs: Vec<Doc>,
}

/// The same, to be written.
#[derive(Serialize)]
struct ContentsOf<'a> {
    circles: &'a [Circle],
    pages: &'a [PageRecord],
    docs: &'a [Doc],
}

impl Index {
    /// Writes the index to `file`, whole or not at all.
    pub fn save(&self, file: &Path) -> io::Result<()> {
        let segment = self.compact();
        let folder = file.parent().unwrap_or_else(|| Path::new("."));
        fs::create_dir_all(folder)?;
        let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
        temporary.write_all(FORMAT)?;
        let hashed = Hashed { inner: temporary.as_file(), digest: Context::new(&SHA256) };
        let mut stream = BufWriter::with_capacity(1 << 16, Encoder::new(hashed, LEVEL)?);
        write(&segment, &mut stream)?;
        let hashed = stream.into_inner().map_err(io::IntoInnerError::into_error)?.finish()?;
        let digest = hashed.digest.finish();
        temporary.write_all(digest.as_ref())?;
        temporary.persist(file).map_err(|error| error.error)?;
        Ok(())
    }

    /// The index that was saved in `file`; `None` where there is none, or another version's, or a damaged one.
    #[must_use]
    pub fn load(file: &Path) -> Option<Self> {
        Self::load_beside(file, &Known::default())
    }

    /// The same, brought up to date with `guides` and `apps`: what did not change is not indexed again, and its texts are
    /// theirs, in memory once and never twice meanwhile.
    pub fn reopen<'a>(
        file: &Path,
        guides: impl IntoIterator<Item = &'a Guide>,
        apps: impl IntoIterator<Item = &'a AppText>,
    ) -> Option<Result<Self, SearchError>> {
        let pages = fingerprinted(guides, apps);
        let known = pages.values().map(|(fingerprint, page)| (*fingerprint, page.sections)).collect();
        Some(Self::load_beside(file, &known)?.brought_to(pages, |_| false))
    }

    fn load_beside(file: &Path, known: &Known<'_>) -> Option<Self> {
        let mut file = fs::File::open(file).ok()?;
        let around = (FORMAT.len() + SHA256_OUTPUT_LEN) as u64;
        let length = file.metadata().ok()?.len().checked_sub(around)?;
        let mut format = [0; FORMAT.len()];
        file.read_exact(&mut format).ok()?;
        if format != *FORMAT {
            return None;
        }
        let hashed = Hashed { inner: (&file).take(length), digest: Context::new(&SHA256) };
        let decoder = Decoder::with_buffer(BufReader::with_capacity(1 << 16, hashed)).ok()?.single_frame();
        let mut stream = BufReader::with_capacity(1 << 16, decoder);
        let saved = Saved::read(&mut stream, known)?;
        // Nothing follows, in the stream or behind it, but the digest of all of it.
        let rest = stream.read(&mut [0]).ok()?;
        let Hashed { inner, digest } = stream.into_inner().finish().into_inner();
        if rest > 0 || inner.limit() > 0 {
            return None;
        }
        let mut stated = [0; SHA256_OUTPUT_LEN];
        file.read_exact(&mut stated).ok()?;
        (digest.finish().as_ref() == stated).then_some(())?;
        saved.segment().map(Self::read)
    }
}

/// Passes bytes on and takes their digest.
struct Hashed<T> {
    inner: T,
    digest: Context,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.digest.update(&bytes[..read]);
        Ok(read)
    }
}

fn write(segment: &Segment, to: &mut impl Write) -> io::Result<()> {
    let contents = ContentsOf { circles: &segment.circles, pages: &segment.pages, docs: &segment.docs };
    write_bytes(to, &serde_json::to_vec(&contents)?)?;
    write_bytes(to, segment.text.as_bytes())?;
    for sections in &segment.sections {
        write_number(to, rank(sections.len()))?;
        for section in &**sections {
            to.write_all(&[section.level])?;
            for text in [&section.id, &section.heading, &section.text, &section.code] {
                write_bytes(to, text.as_bytes())?;
            }
        }
    }
    write_number(to, rank(segment.dictionary.len()))?;
    for word in segment.dictionary.words() {
        write_bytes(to, word.as_bytes())?;
    }
    write_tokens(segment, to)
}

/// The words by how frequent they are, so that most take one or two bytes; then the ranks in that order.
fn write_tokens(segment: &Segment, to: &mut impl Write) -> io::Result<()> {
    let words = segment.dictionary.len();
    let mut by_frequency: Vec<u32> = (0..rank(words)).collect();
    by_frequency.sort_by_key(|word| (std::cmp::Reverse(segment.frequency(*word)), *word));
    let mut numbers = vec![0_u32; words];
    for (number, word) in (0..).zip(&by_frequency) {
        numbers[*word as usize] = number;
        write_number(to, *word)?;
    }
    write_number(to, rank(segment.tokens.len()))?;
    for token in &segment.tokens {
        let same = u32::from(token & SAME != 0);
        write_number(to, numbers[(token & !SAME) as usize] << 1 | same)?;
    }
    Ok(())
}

/// Texts that are in memory already.
type Known<'a> = HashMap<Fingerprint, &'a Arc<[Section]>>;

/// What a file holds.
struct Saved {
    contents: Contents,
    text: String,
    sections: Vec<Arc<[Section]>>,
    words: Vec<String>,
    tokens: Vec<u32>,
}

impl Saved {
    fn read(from: &mut impl Read, known: &Known<'_>) -> Option<Self> {
        let contents: Contents = serde_json::from_slice(&read_bytes(from)?).ok()?;
        let text = read_text(from)?;
        let mut sections: Vec<Arc<[Section]>> = Vec::new();
        for page in &contents.pages {
            let count = read_number(from)?;
            let of_page: Option<Arc<[Section]>> = (0..count).map(|_| read_section(from)).collect();
            let of_page = of_page?;
            let known = known.get(&page.fingerprint).filter(|known| known.len() == of_page.len());
            sections.push(known.map_or(of_page, |known| Arc::clone(known)));
        }
        let words = read_number(from)?;
        let words: Vec<String> = (0..words).map(|_| read_text(from)).collect::<Option<_>>()?;
        let tokens = read_tokens(from, words.len())?;
        Some(Self { contents, text, sections, words, tokens })
    }

    fn segment(self) -> Option<Segment> {
        let Self { contents: Contents { circles, pages, docs }, text, sections, words, tokens } = self;
        let ordered = words.is_sorted_by(|a, b| a < b);
        if !ordered || !sound(&circles, &pages, &docs, (&text, &sections), tokens.len()) {
            return None;
        }
        let dictionary = Dictionary::of(&words);
        Some(Segment::assemble(circles, pages, docs, (text, sections), dictionary, tokens))
    }
}

fn read_section(from: &mut impl Read) -> Option<Section> {
    let mut level = [0];
    from.read_exact(&mut level).ok()?;
    let mut text = || read_text(from);
    Some(Section { level: level[0], id: text()?, heading: text()?, text: text()?, code: text()? })
}

fn read_tokens(from: &mut impl Read, words: usize) -> Option<Vec<u32>> {
    let known = |word: &u32| (*word as usize) < words;
    let by_frequency: Vec<u32> =
        (0..words).map(|_| read_number(from).filter(known)).collect::<Option<_>>()?;
    let count = read_number(from)?;
    let mut tokens = Vec::new();
    for _ in 0..count {
        let number = read_number(from)?;
        let word = by_frequency.get((number >> 1) as usize)?;
        tokens.push(word | if number & 1 == 1 { SAME } else { 0 });
    }
    tokens.shrink_to_fit();
    Some(tokens)
}

/// How many bytes there are, and the bytes.
fn write_bytes(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    write_number(to, rank(bytes.len()))?;
    to.write_all(bytes)
}

fn read_bytes(from: &mut impl Read) -> Option<Vec<u8>> {
    let length = read_number(from).filter(|length| *length <= MOST)?;
    // A damaged length takes no memory that the file does not fill.
    let mut bytes = Vec::with_capacity(length.min(1 << 16) as usize);
    let read = from.take(u64::from(length)).read_to_end(&mut bytes).ok()?;
    (read == length as usize).then_some(bytes)
}

fn read_text(from: &mut impl Read) -> Option<String> {
    let mut text = String::from_utf8(read_bytes(from)?).ok()?;
    text.shrink_to_fit();
    Some(text)
}

/// Seven bits a byte, the lowest first (LEB128).
fn write_number(to: &mut impl Write, mut number: u32) -> io::Result<()> {
    let (mut bytes, mut length) = ([0; 5], 0);
    loop {
        let more = number >= 0x80;
        bytes[length] = (number & 0x7f) as u8 | if more { 0x80 } else { 0 };
        length += 1;
        number >>= 7;
        if !more {
            return to.write_all(&bytes[..length]);
        }
    }
}

fn read_number(from: &mut impl Read) -> Option<u32> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let mut byte = [0];
        from.read_exact(&mut byte).ok()?;
        number |= u32::from(byte[0] & 0x7f).checked_shl(shift)?;
        if byte[0] & 0x80 == 0 {
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
    use crate::model::AppPage;

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
        let renewed = Index::reopen(&file, [], [&text]).unwrap().unwrap();
        assert!(renewed.is_as_read());
        assert!(Arc::ptr_eq(&renewed.parts[0].segment.sections[0], &text.pages[0].sections));
        assert!(!Index::reopen(&file, [], []).unwrap().unwrap().is_as_read());
    }
}
