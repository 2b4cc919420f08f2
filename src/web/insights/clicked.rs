//! Hears from the search box and the page of results that somebody opened a result.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;

use super::super::search::Asker;
use super::super::state::Loggia;
use super::super::viewer::OurForm;

/// What a page of ours says.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Clicked {
    /// The question.
    q: String,
    /// `suggestions` while typing, or `results`.
    from: String,
}

/// `POST /-/search/clicked`
pub(in crate::web) async fn clicked(
    State(loggia): State<Arc<Loggia>>,
    asker: Asker,
    OurForm(Clicked { q, from }): OurForm<Clicked>,
) -> StatusCode {
    loggia.insights.opened(&q, asker.name(), from == "suggestions");
    StatusCode::NO_CONTENT
}
