//! `/-/review/searches`, for those who may see the health of the guides.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use url::form_urlencoded;

use super::super::context::Context;
use super::super::failure::{Failure, main_layout};
use super::super::review;
use super::super::state::Loggia;
use super::super::viewer::SignedIn;
use super::report::Row;
use crate::releases::ReleaseError;
use crate::theme::views::{SearchesPage, SearchesRow};

/// `GET /-/review/searches`
pub(in crate::web) async fn page(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    SignedIn { person }: SignedIn,
) -> Result<Response, Failure> {
    if !review::may_review(&person, &loggia.config.access) {
        return review::refusal(&loggia, &context, &person);
    }
    let report = loggia.insights.report().await.map_err(ReleaseError::from)?;
    let rows = |rows: Vec<Row>| rows.into_iter().map(row).collect();
    let view = SearchesPage {
        layout: main_layout(&loggia),
        days: report.days,
        frequent: rows(report.frequent),
        nothing_found: rows(report.nothing_found),
        not_opened: rows(report.not_opened),
    };
    Ok(review::private(StatusCode::OK, loggia.theme.searches(&view)?))
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
