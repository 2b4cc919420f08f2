//! Making browsers forget what an app's origin stored: its caches, databases and service workers (Clear Site Data).
//!
//! A deleted app's host says so to whoever could know that the app was there. When it is restored, each browser that may
//! hold something from before is told once. Cookies are left alone: clearing them would reach every host of the domain.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use super::app_host::layout;
use super::asking;
use super::body::Body;
use super::context::Context;
use super::failure::Failure;
use super::refusal::opens_a_page;
use super::state::Loggia;
use crate::access::OriginMark;
use crate::model::{App, Audience, Viewer};

const CLEAR: HeaderName = HeaderName::from_static("clear-site-data");
const EVERYTHING: HeaderValue = HeaderValue::from_static("\"cache\", \"storage\"");

/// `refused`, which also clears the origin when there was a deleted app that this viewer could have known of.
pub(super) fn forget_deleted(
    loggia: &Loggia,
    app: Option<&Arc<App>>,
    viewer: &Viewer,
    refused: Result<Response<Body>, Failure>,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    let now = loggia.clock.now();
    let knows = |person| app.is_some_and(|app| asking::may_know(app, person, now));
    let known = app.is_some_and(|app| app.audience == Audience::Public) || viewer.person().is_some_and(knows);
    if !known {
        return refused;
    }
    let page = |failure: Failure| loggia.on_our_pages(failure.page(loggia, context, layout(loggia, context)));
    let mut response = refused.unwrap_or_else(page);
    response.headers_mut().insert(CLEAR, EVERYTHING);
    Ok(response)
}

/// Clears the origin of an app that was deleted and restored, once for each browser, when it opens a page.
pub(super) fn forget_once(app: &App, request: &HeaderMap, response: &mut Response<Body>) {
    let mark = OriginMark(app.origin);
    let shown = matches!(response.status(), StatusCode::OK | StatusCode::NOT_MODIFIED);
    if mark.is_known_to(request) || !shown || !opens_a_page(request) {
        return;
    }
    let headers = response.headers_mut();
    headers.insert(CLEAR, EVERYTHING);
    headers.append(header::SET_COOKIE, mark.cookie().header());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
}
