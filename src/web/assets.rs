//! The theme's files, named after their content and so immutable.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use super::body::Body;
use super::encoding::Coding;
use super::failure::Failure;
use super::prepared::is_compressible;
use super::state::Loggia;

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

pub(super) async fn asset(
    State(loggia): State<Arc<Loggia>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<axum::response::Response, Failure> {
    answer(&loggia, &file, &headers).map(|response| response.map(axum::body::Body::new))
}

/// The asset called `file`, on either kind of host.
pub(super) fn answer(loggia: &Loggia, file: &str, request: &HeaderMap) -> Result<Response<Body>, Failure> {
    let prepared = loggia.assets.get(file).ok_or(Failure::NotFound)?;
    Ok(prepared.answer(request))
}
