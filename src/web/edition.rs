//! One edition of the guides: the library, its index and its prepared answers, swapped whole.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use foyer::{Cache, CacheBuilder};
use percent_encoding::percent_decode_str;

use super::failure::Failure;
use super::files::Files;
use super::guides::render;
use super::prepared::Prepared;
use super::search::Recent;
use super::state::Loggia;
use crate::guides::{Admitted, Library, Page, View};
use crate::model::encode_path;
use crate::search::{Index, Request, Scope};
use crate::theme::views::Link;

/// What a reader's request meets.
pub struct Edition {
    /// The guides.
    pub library: Arc<Library>,
    /// Their index.
    pub index: Index,
    /// What everybody may see of it.
    pub(super) public: Scope,
    /// What its last askers see of it.
    pub(super) askers: Recent,
    /// The pages of guides as everyone sees them, made when they are first asked for.
    pages: Arc<Pages>,
    /// Everything else that was made of guides, as long as there is room.
    made: Cache<Key, Arc<Prepared>>,
    /// The files beside the guides; they stay when a guide changes.
    pub(super) files: Arc<Files>,
    /// The folder that its files are in, where that is this edition's alone: it goes when the edition does.
    home: Option<Arc<tempfile::TempDir>>,
}

/// How much memory the public pages may take that are kept for good, in bytes: those of a large site that are asked for
/// first. The others share the next room, where the least used make way.
const PAGES_BYTES: usize = 96 << 20;

/// How much memory other answers may take, in bytes.
const MADE_BYTES: usize = 48 << 20;

/// Public pages that are kept for good.
struct Pages {
    /// In the library's order.
    slots: Box<[OnceLock<Arc<Prepared>>]>,
    /// How many bytes they take.
    weight: AtomicUsize,
}

impl Pages {
    fn have_room(&self) -> bool {
        self.weight.load(Ordering::Relaxed) < PAGES_BYTES
    }

    fn counted(&self, page: Prepared) -> Arc<Prepared> {
        self.weight.fetch_add(page.weight(), Ordering::Relaxed);
        Arc::new(page)
    }
}

/// What an answer is made of: a form of what is at an address, for those who are admitted to the same guides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    form: Form,
    address: String,
    admitted: Option<Admitted>,
}

/// A form in which guides are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// The page, with its navigation.
    Page,
    /// The Markdown, in place of the page, for a client that likes it better.
    Negotiated,
    /// The Markdown at its own address.
    Source,
    /// A list of guides.
    List,
}

impl Edition {
    /// An edition of `library`, whose pages are rendered when they are first asked for.
    #[must_use]
    pub fn new(library: Library, index: Index) -> Self {
        Self::with_files(library, index, Arc::default())
    }

    /// With the folder of its files, to be removed with it.
    #[must_use]
    pub fn kept_in(self, home: tempfile::TempDir) -> Self {
        Self { home: Some(Arc::new(home)), ..self }
    }

    /// The same guides with another index: the texts of apps changed.
    #[must_use]
    pub fn indexed(&self, index: Index) -> Self {
        Self {
            library: Arc::clone(&self.library),
            public: Scope::public_guides(&index),
            askers: Recent::default(),
            index,
            pages: Arc::clone(&self.pages),
            made: self.made.clone(),
            files: Arc::clone(&self.files),
            home: self.home.clone(),
        }
    }

    /// The edition after this one. Files that did not change stay ready.
    #[must_use]
    pub fn next(&self, library: Library, index: Index) -> Self {
        Self::with_files(library, index, Arc::clone(&self.files))
    }

    fn with_files(library: Library, index: Index, files: Arc<Files>) -> Self {
        let slots = library.pages().map(|_| OnceLock::new()).collect();
        let pages = Arc::new(Pages { slots, weight: AtomicUsize::new(0) });
        let made = CacheBuilder::new(MADE_BYTES)
            .with_shards(4)
            .with_weighter(|key: &Key, made: &Arc<Prepared>| 128 + key.address.len() + made.weight())
            .build();
        let public = Scope::public_guides(&index);
        Self {
            library: Arc::new(library),
            index,
            public,
            askers: Recent::default(),
            pages,
            made,
            files,
            home: None,
        }
    }

    /// The page at exactly this address, where nothing in the library is kept from anybody.
    pub(super) fn page_of_all(&self, path: &str) -> Option<&Arc<Prepared>> {
        self.slot(path).and_then(OnceLock::get).filter(|_| self.library.is_public())
    }

    fn slot(&self, path: &str) -> Option<&OnceLock<Arc<Prepared>>> {
        self.pages.slots.get(self.library.place(path)?)
    }

    /// The page at exactly this address, as this view shows it.
    pub(super) fn page(
        &self,
        path: &str,
        view: &View<'_>,
        loggia: &Loggia,
    ) -> Option<Result<Arc<Prepared>, Failure>> {
        let page = view.page(path)?;
        let make = || render(page, view, self, loggia);
        // What everyone sees is kept for good; a page with somebody's own navigation only while there is room.
        let slot = self.slot(path).filter(|_| view.admitted().is_public());
        Some(match slot.map(|slot| (slot, slot.get())) {
            Some((_, Some(prepared))) => Ok(Arc::clone(prepared)),
            Some((slot, None)) if self.pages.have_room() => {
                make().map(|made| Arc::clone(slot.get_or_init(|| self.pages.counted(made))))
            }
            _ => self.made(Form::Page, path, Some(view), make),
        })
    }

    /// The answer in this form, made unless it is at hand. With a `view` it depends on who sees it; without one it is
    /// the same for whoever may have it at all.
    pub(super) fn made(
        &self,
        form: Form,
        address: &str,
        view: Option<&View<'_>>,
        make: impl FnOnce() -> Result<Prepared, Failure>,
    ) -> Result<Arc<Prepared>, Failure> {
        let admitted = view.map(|view| view.admitted().clone());
        let key = Key { form, address: address.to_owned(), admitted };
        if let Some(held) = self.made.get(&key) {
            return Ok(Arc::clone(held.value()));
        }
        let made = Arc::new(make()?);
        self.made.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// A few guides of this view whose addresses are like `path`, then such as fit its words.
    pub(super) fn nearest(&self, path: &str, words: &str, view: &View<'_>) -> Vec<Link> {
        let request = Request { limit: 12, ..Request::new(words, self.public.clone()) };
        let alike = view.alike(path, 5).into_iter();
        let link =
            |page: &Arc<Page>| Link::new(&page.guide().title, &encode_path(page.guide().path.as_str()));
        let mut nearest: Vec<Link> = alike.map(link).take(3).collect();
        for hit in self.index.search(&request).hits {
            let url = hit.url.split('#').next().unwrap_or_default();
            let seen = percent_decode_str(url).decode_utf8().is_ok_and(|path| view.page(&path).is_some());
            if seen && nearest.len() < 5 && nearest.iter().all(|link| link.url != url) {
                nearest.push(Link::new(&hit.title, url));
            }
        }
        nearest
    }
}
