//! `/-/review/searches`, for those who may see the health of the guides.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use url::form_urlencoded;

use super::super::api::Problem;
use super::super::context::Context;
use super::super::failure::{Failure, main_layout};
use super::super::html_page;
use super::super::review;
use super::super::search::{Asker, finds};
use super::super::sign_in::with_cookies;
use super::super::state::Loggia;
use super::super::viewer::SignedIn;
use super::report::{Report, Row};
use crate::releases::ReleaseError;
use crate::theme::views::{SearchesPage, SearchesRow};

/// `GET /-/review/searches`
pub(in crate::web) async fn page(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    SignedIn { person }: SignedIn,
    asker: Asker,
) -> Result<Response, Failure> {
    if !review::may_review(&person, &loggia.config.access) {
        return review::refusal(&loggia, &context, &person);
    }
    let report = report(&loggia, &asker).await?;
    let rows = |rows: Vec<Row>| rows.into_iter().map(row).collect();
    let view = SearchesPage {
        layout: main_layout(&loggia),
        days: report.days,
        frequent: rows(report.frequent),
        nothing_found: rows(report.nothing_found),
        not_opened: rows(report.not_opened),
    };
    Ok(with_cookies(html_page(StatusCode::OK, loggia.theme.searches(&view)?), &[]))
}

/// `GET /-/review/searches.json`, with a token that is not for one app only.
pub(in crate::web) async fn json(
    State(loggia): State<Arc<Loggia>>,
    asker: Asker,
) -> Result<Response, Problem> {
    let person = asker.person().ok_or_else(Problem::no_token)?;
    if !review::may_review(person, &loggia.config.access) {
        return Err(Problem::forbidden("what people search for is shown to those who publish here"));
    }
    let mut response = Json(report(&loggia, &asker).await?).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// What was counted, as far as `asker` may know of it.
async fn report(loggia: &Loggia, asker: &Asker) -> Result<Report, ReleaseError> {
    let counts = loggia.insights.together().await?;
    let finds = finds(loggia, asker);
    let made = tokio::task::spawn_blocking(move || Report::of(counts, finds)).await;
    Ok(made.unwrap_or_else(|error| {
        tracing::error!(%error, "a report did not end");
        Report::default()
    }))
}

fn row(Row { query, asked, nothing, opened }: Row) -> SearchesRow {
    let mut address = form_urlencoded::Serializer::new("/-/search?".to_owned());
    address.append_pair("q", &query);
    SearchesRow {
        url: address.finish(),
        // A string of JSON is a string of TOML too.
        synonym: format!("{} = [\"…\"]", serde_json::Value::from(query.as_str())),
        query,
        asked,
        nothing,
        opened,
    }
}
