//! One edition of the guides: the library, its index and its prepared pages, swapped whole.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use http::header::{self, HeaderMap, HeaderValue};

use super::failure::Failure;
use super::guides::render;
use super::prepared::Prepared;
use super::state::Loggia;
use crate::guides::{Library, Page};
use crate::search::{Index, Request, Scope};
use crate::theme::views::Link;

/// What a reader's request meets.
pub struct Edition {
    /// The guides.
    pub library: Library,
    /// Their index.
    pub index: Index,
    /// What everybody may see of it.
    pub(super) public: Scope,
    pages: HashMap<String, (Arc<Page>, OnceLock<Arc<Prepared>>)>,
}

/// Pages of guides are revalidated every time, so that nobody reads a stale one.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

impl Edition {
    /// An edition of `library`, whose pages are rendered when they are first asked for.
    #[must_use]
    pub fn new(library: Library, index: Index) -> Self {
        let pages = library
            .pages()
            .map(|page| (page.guide().path.as_str().to_owned(), (Arc::clone(page), OnceLock::new())));
        Self { pages: pages.collect(), public: Scope::public_guides(&index), library, index }
    }

    /// The page at exactly this address.
    pub(super) fn page(&self, path: &str, loggia: &Loggia) -> Option<Result<Arc<Prepared>, Failure>> {
        let (page, slot) = self.pages.get(path)?;
        if let Some(prepared) = slot.get() {
            return Some(Ok(Arc::clone(prepared)));
        }
        let prepared = render(page, self, loggia).map(|html| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CACHE_CONTROL, REVALIDATE);
            loggia.policies.put_on_ours(&mut headers);
            Arc::new(Prepared::new(html.into(), "text/html; charset=utf-8", headers))
        });
        Some(prepared.map(|prepared| Arc::clone(slot.get_or_init(|| prepared))))
    }

    /// A few guides that fit these words.
    pub(super) fn nearest(&self, words: &str) -> Vec<Link> {
        let request = Request { limit: 12, ..Request::new(words, self.public.clone()) };
        let mut nearest: Vec<Link> = Vec::new();
        for hit in self.index.search(&request).hits {
            let url = hit.url.split('#').next().unwrap_or_default();
            if nearest.len() < 5 && nearest.iter().all(|link| link.url != url) {
                nearest.push(Link::new(&hit.title, url));
            }
        }
        nearest
    }
}
