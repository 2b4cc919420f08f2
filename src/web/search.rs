//! Search: a page for people, JSON for scripts, a description for browsers.
//!
//! 1. [`asked`]: what is asked; nothing is an error.
//! 2. [`asker`]: on whose behalf, by a session or a token.
//! 3. [`asking`]: the index is asked within what they may see.
//! 4. [`json`] writes the answer for programs, [`mod@page`] for people.
//! 5. [`describe`] tells browsers how to ask, so that the site can be searched from the address bar.

mod asked;
mod asker;
mod asking;
mod page;
mod recent;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use serde::Serialize;
use tokio::time::Instant;

use super::feed::text;
use super::state::Loggia;
use crate::search::{Also, Answer, Corrected, Hit};
use asked::Asked;
pub(super) use asker::Asker;
pub(super) use asking::finds;
use asking::{Asking, ask};
pub(super) use page::page;
pub(super) use recent::Recent;

/// The most hits in one answer.
const MOST: usize = 100;

/// What `/-/search.json` answers.
#[derive(Debug, Serialize)]
struct Found {
    query: String,
    total: usize,
    took_us: u64,
    corrected: Option<Corrected>,
    synonyms: Vec<Also>,
    suggestions: Vec<String>,
    hits: Vec<Hit>,
}

/// `GET /-/search.json`
pub(super) async fn json(State(loggia): State<Arc<Loggia>>, asker: Asker, asked: Asked) -> Response {
    let begun = Instant::now();
    let (offset, limit) = (asked.offset.min(10_000), asked.limit.unwrap_or(10).clamp(1, MOST));
    let Asking { answer, .. } = ask(&loggia, &asker, &asked, offset, limit).await;
    let Answer { total, corrected, synonyms, suggestions, hits } = answer;
    let took_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let found = Found { query: asked.query, total, took_us, corrected, synonyms, suggestions, hits };
    for_one(axum::Json(found).into_response())
}

/// `GET /-/opensearch.xml`: how to ask (`OpenSearch` 1.1, draft 6).
pub(super) async fn describe(State(loggia): State<Arc<Loggia>>) -> Response {
    let edition = loggia.edition.load();
    let title = &edition.library.site().title;
    let cut = |most| text(&title.chars().take(most).collect::<String>());
    let origin = text(&loggia.hosts.main_origin());
    let icon = loggia.theme.asset_url("favicon.svg").map(|url| {
        format!("<Image width=\"16\" height=\"16\" type=\"image/svg+xml\">{origin}{}</Image>\n", text(url))
    });
    // The specification bounds the names to 16 and 48 characters.
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <OpenSearchDescription xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">\n\
         <ShortName>{}</ShortName>\n<LongName>{}</LongName>\n<Description>Search {}</Description>\n\
         <InputEncoding>UTF-8</InputEncoding>\n{}\
         <Url type=\"text/html\" method=\"get\" template=\"{origin}/-/search?q={{searchTerms}}\"/>\n\
         <Url type=\"application/opensearchdescription+xml\" rel=\"self\" template=\"{origin}/-/opensearch.xml\"/>\n\
         </OpenSearchDescription>\n",
        cut(16),
        cut(48),
        cut(500),
        icon.unwrap_or_default(),
    );
    let kind = HeaderValue::from_static("application/opensearchdescription+xml");
    let fresh = HeaderValue::from_static("no-cache");
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, fresh)], xml).into_response()
}

/// An answer that nobody else may be given.
fn for_one(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("cookie, authorization"));
    response
}
