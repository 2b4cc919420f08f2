//! `/-/print/<folder>/`: a guide and everything below it as one document.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::edition::Edition;
use super::failure::{Failure, layout_in};
use super::guides::viewer;
use super::state::Loggia;
use crate::access::may_read;
use crate::guides::{Library, Page, View, for_print};
use crate::model::encode_path;
use crate::theme::views::{Link, PrintPage, Printed};

/// The most guides in one document.
const MOST_GUIDES: usize = 200;
/// The most HTML in one document, in bytes.
const MOST_HTML: usize = 4 << 20;

/// The whole site.
pub(super) async fn everything(
    State(loggia): State<Arc<Loggia>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    document(loggia, headers, "/".to_owned()).await
}

/// One section.
pub(super) async fn section(
    State(loggia): State<Arc<Loggia>>,
    Path(folder): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let folder = folder.trim_matches('/');
    document(loggia, headers, format!("/{folder}/")).await
}

/// Where `page` and what is below it can be printed; `None` where nothing is.
pub(super) fn address(view: &View<'_>, page: &Page) -> Option<String> {
    let path = page.guide().path.as_str();
    // Guides stand in reading order: what is below a guide follows it.
    let after = view.next(page).is_some_and(|next| next.guide().path.as_str().starts_with(path));
    after.then(|| format!("/-/print{}", encode_path(path)))
}

/// Made on a thread of its own: rendering a large section would hold up everybody on this event loop.
async fn document(loggia: Arc<Loggia>, headers: HeaderMap, folder: String) -> Result<Response, Failure> {
    let edition = loggia.edition.load_full();
    let made = tokio::task::spawn_blocking(move || made(&loggia, &edition, &headers, &folder)).await;
    let html = made.map_err(|error| Failure::Internal(format!("a document was not made: {error}")))??;
    let mut response = super::html_page(StatusCode::OK, html);
    let no_index = http::HeaderValue::from_static("noindex");
    response.headers_mut().insert(http::HeaderName::from_static("x-robots-tag"), no_index);
    Ok(response.map(axum::body::Body::new))
}

fn made(loggia: &Loggia, edition: &Edition, headers: &HeaderMap, folder: &str) -> Result<String, Failure> {
    let library = &edition.library;
    let viewer = viewer(headers, edition, loggia);
    let view = library.view(|readers| may_read(&viewer, readers).is_ok());
    let pages = pages(library, &view, folder);
    let first = pages.first().ok_or(Failure::NotFound)?;
    let top = view.page(folder).map_or_else(|| folder_title(folder), |page| page.heading().to_owned());
    let mut size = 0;
    let mut rendered = Vec::new();
    for page in pages.iter().take(MOST_GUIDES) {
        let html = page.html();
        size += html.len();
        if size > MOST_HTML && !rendered.is_empty() {
            break;
        }
        rendered.push(html);
    }
    let (shown, left_out) = pages.split_at(rendered.len());
    let prefix = |page: &Page| prefix(page.guide().path.as_str());
    let inside: BTreeMap<String, String> =
        shown.iter().map(|page| (encode_path(page.guide().path.as_str()), prefix(page))).collect();
    let language = library.language_of(first);
    let printed = |(page, html): (&Arc<Page>, &String)| Printed {
        id: prefix(page),
        title: page.heading().to_owned(),
        depth: depth(folder, page.guide().path.as_str()),
        html: for_print(html, &prefix(page), &inside),
        lang: Some(library.language_of(page)).filter(|own| *own != language).map(str::to_owned),
        owner: page.guide().review.owner.clone(),
    };
    let url = encode_path(folder);
    let view = PrintPage {
        layout: layout_in(loggia, language, &library.front_of(first)),
        title: top,
        address: format!("{}{url}", loggia.hosts.main_origin()),
        url: if view.page(folder).is_some() { url } else { encode_path(first.guide().path.as_str()) },
        day: jiff::tz::TimeZone::UTC.to_datetime(loggia.clock.now()).date(),
        guides: shown.iter().copied().zip(&rendered).map(printed).collect(),
        left_out: left_out
            .iter()
            .map(|page| Link::new(&page.guide().title, &encode_path(page.guide().path.as_str())))
            .collect(),
    };
    Ok(loggia.theme.print(&view)?)
}

/// The guides at and below `folder` that the viewer may read, in reading order and in one language.
fn pages<'a>(library: &Library, view: &View<'a>, folder: &str) -> Vec<&'a Arc<Page>> {
    let below = |page: &&Arc<Page>| page.guide().path.as_str().starts_with(folder) && !page.hidden();
    let mut pages: Vec<_> = view.pages().filter(below).collect();
    let front = pages.first().map(|page| library.front_of(page));
    pages.retain(|page| Some(library.front_of(page)) == front);
    pages
}

/// How many folders below the document's top: at most four.
fn depth(folder: &str, path: &str) -> usize {
    let below = path.strip_prefix(folder).unwrap_or_default();
    below.split('/').filter(|segment| !segment.is_empty()).count().min(4)
}

/// `/a/b/` as the first part of anchors: `a-b`. A dash in a name is doubled, so that no two are the same.
fn prefix(path: &str) -> String {
    let parts: Vec<String> = path.trim_matches('/').split('/').map(|part| part.replace('-', "-_")).collect();
    let whole = parts.join("-");
    let plain: String =
        whole.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '.' }).collect();
    if plain.is_empty() { "top".to_owned() } else { format!("g-{plain}") }
}

fn folder_title(folder: &str) -> String {
    folder.trim_matches('/').rsplit('/').next().unwrap_or_default().replace(['-', '_'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guides_have_anchors_of_their_own() {
        let all = ["/", "/a/", "/a/b/", "/a-b/", "/a--b/", "/a-/b/", "/top/"].map(prefix);
        let mut distinct = all.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        assert_eq!(distinct.len(), all.len(), "{all:?}");
    }

    #[test]
    fn depth_counts_from_the_top_of_the_document() {
        assert_eq!(depth("/", "/"), 0);
        assert_eq!(depth("/", "/a/b/"), 2);
        assert_eq!(depth("/a/", "/a/b/"), 1);
    }
}
