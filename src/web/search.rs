//! Search: a page for people, JSON for scripts.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::failure::{Failure, main_layout};
use super::state::Loggia;
use crate::search::{Corrected, Hit, Kind, Request};
use crate::theme::views;

/// Hits on one page.
const PAGE: usize = 20;
/// The most hits in one answer.
const MOST: usize = 100;

/// What `/-/search.json` is asked; what does not parse counts as left out.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    q: String,
    limit: Option<String>,
    offset: Option<String>,
    page: Option<String>,
}

/// What `/-/search.json` answers.
#[derive(Debug, Serialize)]
struct Found {
    query: String,
    total: usize,
    took_us: u64,
    corrected: Option<Corrected>,
    hits: Vec<Hit>,
}

fn number(text: Option<&String>) -> Option<usize> {
    text?.trim().parse().ok()
}

pub(super) async fn json(State(loggia): State<Arc<Loggia>>, Query(asked): Query<Asked>) -> Response {
    let limit = number(asked.limit.as_ref()).unwrap_or(10).clamp(1, MOST);
    let offset = number(asked.offset.as_ref()).unwrap_or(0).min(10_000);
    let begun = Instant::now();
    let edition = loggia.edition.load_full();
    let answer = edition.index.search(&Request { query: asked.q.clone(), limit, offset });
    let found = Found {
        query: asked.q,
        total: answer.total,
        took_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        corrected: answer.corrected,
        hits: answer.hits,
    };
    let mut response = axum::Json(found).into_response();
    let no_cache = http::HeaderValue::from_static("no-cache");
    response.headers_mut().insert(http::header::CACHE_CONTROL, no_cache);
    response
}

pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let page = number(asked.page.as_ref()).unwrap_or(1).clamp(1, 500);
    let edition = loggia.edition.load_full();
    let request = Request { query: asked.q.clone(), limit: PAGE, offset: (page - 1) * PAGE };
    let answer = edition.index.search(&request);
    let hit = |hit: Hit| views::Hit {
        kind: match hit.kind {
            Kind::Guide => views::HitKind::Guide,
            Kind::App => views::HitKind::App,
        },
        title: hit.title,
        heading: hit.heading,
        url: hit.url,
        snippet: hit.snippet,
    };
    let view = views::SearchPage {
        layout: main_layout(&loggia),
        query: asked.q,
        total: answer.total,
        corrected: answer.corrected.map(|Corrected { query, from }| views::Correction { query, from }),
        hits: answer.hits.into_iter().map(hit).collect(),
        page,
        pages: answer.total.div_ceil(PAGE).max(1),
    };
    let response = super::html_page(StatusCode::OK, loggia.theme.search(&view)?);
    Ok(response.map(axum::body::Body::new))
}
