//! A section as a document of the index, and back.

use std::hash::{DefaultHasher, Hash, Hasher};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STORED, STRING, Schema, SchemaBuilder, TextFieldIndexing, TextOptions,
    Value,
};
use tantivy::{TantivyDocument, Term};

use super::words::words;
use crate::model::{Guide, GuidePath, Section};

/// The name under which the index knows the tokenizer.
pub(super) const TOKENIZER: &str = "words";

/// The name of the fast field [`Fields::place`].
pub(super) const PLACE: &str = "place";

/// The name of the fast field [`Fields::heading_length`].
pub(super) const HEADING_LENGTH: &str = "heading_length";

/// What must stay as it is in no part of a URL.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The fields that are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Heading,
    Title,
    Path,
    Body,
    Code,
}

impl Part {
    /// All of them, in the order of their discriminants.
    pub(super) const ALL: [Self; 5] = [Self::Heading, Self::Title, Self::Path, Self::Body, Self::Code];
}

/// The fields of the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields {
    searched: [Field; Part::ALL.len()],
    /// The guide's path as one term, by which its sections are deleted.
    guide: Field,
    /// A number that orders sections that score alike, the same on every replica: sections of a guide in reading
    /// order.
    place: Field,
    /// How many words the heading has.
    heading_length: Field,
    stored_title: Field,
    stored_heading: Field,
    stored_url: Field,
    stored_body: Field,
    stored_code: Field,
}

/// What a hit needs of its section.
pub(super) struct Stored {
    pub(super) title: String,
    pub(super) heading: String,
    pub(super) url: String,
    pub(super) body: String,
    pub(super) code: String,
}

impl Fields {
    /// The schema and its fields.
    pub(super) fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let fields = Self {
            searched: ["heading", "title", "path", "body", "code"].map(|name| searched(&mut schema, name)),
            guide: schema.add_text_field("guide", STRING),
            place: schema.add_u64_field(PLACE, FAST),
            heading_length: schema.add_u64_field(HEADING_LENGTH, FAST),
            stored_title: schema.add_text_field("stored_title", STORED),
            stored_heading: schema.add_text_field("stored_heading", STORED),
            stored_url: schema.add_text_field("stored_url", STORED),
            stored_body: schema.add_text_field("stored_body", STORED),
            stored_code: schema.add_text_field("stored_code", STORED),
        };
        (schema.build(), fields)
    }

    /// The field that holds `part`.
    pub(super) fn of(&self, part: Part) -> Field {
        self.searched[part as usize]
    }

    /// What names every section of a guide.
    pub(super) fn guide_term(&self, path: &GuidePath) -> Term {
        Term::from_field_text(self.guide, path.as_str())
    }

    /// The documents of a guide, one a section.
    pub(super) fn documents(&self, guide: &Guide) -> Vec<TantivyDocument> {
        guide.sections.iter().enumerate().map(|(at, section)| self.document(guide, at, section)).collect()
    }

    fn document(&self, guide: &Guide, at: usize, section: &Section) -> TantivyDocument {
        let heading = if section.heading.is_empty() { &guide.title } else { &section.heading };
        let path = guide.path.segments().collect::<Vec<_>>().join(" ");
        let texts: [&str; Part::ALL.len()] = [heading, &guide.title, &path, &section.text, &section.code];
        let mut document = TantivyDocument::default();
        for (part, text) in Part::ALL.into_iter().zip(texts) {
            document.add_text(self.of(part), text);
        }
        document.add_text(self.guide, guide.path.as_str());
        document.add_u64(self.place, place(&guide.path, at));
        let length = words(heading).last().map_or(0, |word| word.position as u64 + 1);
        document.add_u64(self.heading_length, length);
        document.add_text(self.stored_title, &guide.title);
        document.add_text(self.stored_heading, heading);
        document.add_text(self.stored_url, url(&guide.path, &section.id));
        document.add_text(self.stored_body, &section.text);
        document.add_text(self.stored_code, &section.code);
        document
    }

    /// What was stored of a section.
    pub(super) fn read(&self, document: &TantivyDocument) -> Stored {
        let text =
            |field| document.get_first(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        Stored {
            title: text(self.stored_title),
            heading: text(self.stored_heading),
            url: text(self.stored_url),
            body: text(self.stored_body),
            code: text(self.stored_code),
        }
    }
}

fn searched(schema: &mut SchemaBuilder, name: &str) -> Field {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
}

fn place(path: &GuidePath, at: usize) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.as_str().hash(&mut hasher);
    (hasher.finish() << 16) | (at as u64 & 0xffff)
}

fn url(path: &GuidePath, anchor: &str) -> String {
    let path = utf8_percent_encode(path.as_str(), UNSAFE);
    if anchor.is_empty() {
        path.to_string()
    } else {
        format!("{path}#{}", utf8_percent_encode(anchor, UNSAFE))
    }
}
