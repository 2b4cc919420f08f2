//! What is indexed: the pages of guides and of apps, alike.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use aws_lc_rs::digest;
use jiff::civil::Date;

use super::circle::Circle;
use crate::model::{AppName, AppText, Guide, GuidePath, Section, encode_path};

/// One page, as it is given.
#[derive(Clone)]
pub(super) struct Page<'a> {
    pub(super) circle: Circle,
    /// Its address on its host, not percent-encoded.
    pub(super) path: &'a str,
    pub(super) title: &'a str,
    /// The words of its address.
    pub(super) address: String,
    /// How much sooner it is found.
    pub(super) boost: f32,
    /// When it must be reviewed again.
    pub(super) due: Option<Date>,
    /// Whether its words are English, and have English stems.
    pub(super) stemmed: bool,
    pub(super) sections: &'a Arc<[Section]>,
}

/// One section of it.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) id: &'a str,
    pub(super) heading: &'a str,
    pub(super) text: &'a str,
    pub(super) code: &'a str,
}

/// Which page: of the guides (`None`) or of an app, and where on that host.
pub(super) type PageKey = (Option<AppName>, String);

/// What a page was when it was indexed.
pub(super) type Fingerprint = [u8; 16];

impl<'a> Page<'a> {
    pub(super) fn of_guide(guide: &'a Guide) -> Self {
        Self {
            circle: Circle::Guides(guide.readers.clone()),
            path: guide.path.as_str(),
            title: &guide.title,
            address: guide.path.segments().collect::<Vec<_>>().join(" "),
            boost: guide.boost,
            due: guide.review.due,
            stemmed: english(guide.language.as_deref()),
            sections: &guide.sections,
        }
    }

    pub(super) fn of_app(text: &'a AppText) -> impl Iterator<Item = Self> {
        text.pages.iter().map(|page| {
            let title = if page.title.is_empty() { &text.title } else { &page.title };
            Self {
                circle: Circle::App(text.app.clone()),
                path: &page.path,
                title,
                address: format!("{} {}", text.app, page.path.replace('/', " ")),
                boost: 1.0,
                due: None,
                stemmed: true,
                sections: &page.sections,
            }
        })
    }

    pub(super) fn pieces(&self) -> impl Iterator<Item = Piece<'a>> + use<'a> {
        let title = self.title;
        self.sections.iter().map(move |section| Piece::of(section, title))
    }

    pub(super) fn key(&self) -> PageKey {
        (self.circle.app().cloned(), self.path.to_owned())
    }

    /// Changes when anything does that the index keeps of the page.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let mut digest = Digest(digest::Context::new(&digest::SHA256));
        self.circle.hash(&mut digest);
        (self.path, self.title, &self.address, self.boost.to_bits(), self.stemmed).hash(&mut digest);
        self.due.map(|due| (due.year(), due.month(), due.day())).hash(&mut digest);
        for piece in self.pieces() {
            (piece.id, piece.heading, piece.text, piece.code).hash(&mut digest);
        }
        let whole = digest.0.finish();
        let mut fingerprint = Fingerprint::default();
        fingerprint.iter_mut().zip(whole.as_ref()).for_each(|(to, from)| *to = *from);
        fingerprint
    }
}

impl<'a> Piece<'a> {
    /// A section of a page called `title`; one without a heading goes by that.
    pub(super) fn of(section: &'a Section, title: &'a str) -> Self {
        Self {
            id: &section.id,
            heading: if section.heading.is_empty() { title } else { &section.heading },
            text: &section.text,
            code: &section.code,
        }
    }
}

/// Welsh and others have no stems here; a page that does not say its language is English.
fn english(language: Option<&str>) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    language.is_none_or(|tag| primary(tag) == "en")
}

/// A page's address: below the main host for guides, on the app's own host for apps.
pub(super) fn url(path: &str, anchor: &str) -> String {
    let path = encode_path(path);
    if anchor.is_empty() { path } else { format!("{path}#{}", encode_path(anchor)) }
}

/// The key of a guide.
pub(super) fn guide_key(path: &GuidePath) -> PageKey {
    (None, path.as_str().to_owned())
}

/// Feeds a cryptographic digest.
struct Digest(digest::Context);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Not what is asked for here.
    fn finish(&self) -> u64 {
        0
    }
}
