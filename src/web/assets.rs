//! The theme's files, named after their content and so immutable.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use http::Response;
use http::header::{self, HeaderMap, HeaderValue};

use super::body::Body;
use super::failure::Failure;
use super::prepared::Prepared;
use super::state::Loggia;
use crate::theme::Theme;

/// The assets by file name, ready to be sent.
pub struct Assets(HashMap<String, Prepared>);

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Pages on apps' hosts use their own host's copies; nobody else needs any.
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// Prepares every asset of `theme`.
#[must_use]
pub fn prepare(theme: &Theme) -> Assets {
    let ready = |(file, asset): (&str, &crate::theme::Asset)| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CACHE_CONTROL, IMMUTABLE);
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert("cross-origin-resource-policy", SAME_ORIGIN);
        (file.to_owned(), Prepared::new(asset.bytes.clone(), &asset.media_type, headers))
    };
    Assets(theme.assets().map(ready).collect())
}

/// `GET /-/assets/NAME.HASH.EXT`
pub(super) async fn asset(
    State(loggia): State<Arc<Loggia>>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<axum::response::Response, Failure> {
    answer(&loggia, &file, &headers).map(|response| response.map(axum::body::Body::new))
}

/// The asset called `file`, on either kind of host.
pub(super) fn answer(loggia: &Loggia, file: &str, request: &HeaderMap) -> Result<Response<Body>, Failure> {
    let prepared = loggia.assets.0.get(file).ok_or(Failure::NotFound)?;
    Ok(prepared.answer(request))
}
