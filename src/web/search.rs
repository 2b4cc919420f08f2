//! Search: a page for people, JSON for scripts.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::failure::{Failure, main_layout};
use super::state::Loggia;
use super::viewer::MaybeSession;
use crate::access::{may_read, may_see};
use crate::model::{App, Viewer};
use crate::search::{Also, Answer, Circle, Corrected, Hit, Kind, Mode, Request, Scope};
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
    /// `1` for the words as they are typed: no corrections, no synonyms.
    verbatim: Option<String>,
    /// `1` while somebody types.
    typing: Option<String>,
}

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

fn number(text: Option<&String>) -> Option<usize> {
    text?.trim().parse().ok()
}

/// Asks the index on a thread of its own: a long question would hold up everybody on this event loop. Questions wait
/// their turn, so that each is answered fast once it is begun.
async fn ask(loggia: &Loggia, viewer: &Viewer, asked: &Asked, offset: usize, limit: usize) -> Answer {
    let edition = loggia.edition.load_full();
    let now = loggia.clock.now();
    let catalog = loggia.releases.catalog();
    let stale = catalog.is_stale(now);
    let admits = |circle: &Circle| match circle {
        Circle::Guides(readers) => may_read(viewer, readers).is_ok(),
        // An app that was taken out of search is out at once, not when the index has followed.
        Circle::App(name) => {
            let found = |app: &Arc<App>| app.settings.is_searched() && may_see(viewer, app, now);
            !stale && catalog.app(name).is_some_and(found)
        }
    };
    let scope = match viewer {
        Viewer::Anonymous if !edition.index.has_apps() => edition.public.clone(),
        _ => Scope::new(&edition.index, admits),
    };
    let flag = |given: &Option<String>| given.as_deref() == Some("1");
    let request = Request {
        limit,
        offset,
        verbatim: flag(&asked.verbatim),
        mode: if flag(&asked.typing) { Mode::Typing } else { Mode::Whole },
        today: Some(jiff::tz::TimeZone::UTC.to_datetime(now).date()),
        ..Request::new(asked.q.clone(), scope)
    };
    let turn = Arc::clone(&loggia.searches).acquire_owned().await;
    let asked = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        edition.index.search(&request)
    });
    let asked = asked.await;
    let mut answer = asked.unwrap_or_else(|error| {
        tracing::error!(%error, "a search did not end");
        Answer::default()
    });
    for hit in &mut answer.hits {
        if let Some(app) = hit.app.as_deref().and_then(|app| app.parse().ok()) {
            let origin = loggia.hosts.app_url(&app);
            let origin = origin.trim_end_matches('/');
            hit.url.insert_str(0, origin);
            hit.page.insert_str(0, origin);
        }
    }
    answer
}

pub(super) async fn json(
    State(loggia): State<Arc<Loggia>>,
    MaybeSession(session): MaybeSession,
    Query(asked): Query<Asked>,
) -> Response {
    let limit = number(asked.limit.as_ref()).unwrap_or(10).clamp(1, MOST);
    let offset = number(asked.offset.as_ref()).unwrap_or(0).min(10_000);
    let begun = Instant::now();
    let answer = ask(&loggia, &Viewer::from(session), &asked, offset, limit).await;
    let found = Found {
        query: asked.q,
        total: answer.total,
        took_us: u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
        corrected: answer.corrected,
        synonyms: answer.synonyms,
        suggestions: answer.suggestions,
        hits: answer.hits,
    };
    let mut response = axum::Json(found).into_response();
    let no_cache = http::HeaderValue::from_static("no-cache");
    response.headers_mut().insert(http::header::CACHE_CONTROL, no_cache);
    response
}

pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    MaybeSession(session): MaybeSession,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let page = number(asked.page.as_ref()).unwrap_or(1).clamp(1, 500);
    let answer = ask(&loggia, &Viewer::from(session), &asked, (page - 1) * PAGE, PAGE).await;
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
