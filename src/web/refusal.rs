//! Saying no on an app's host: sign in first, or ask the owner. Nothing of it depends on the path that was asked
//! for, so that a path that is there and one that is not look the same.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};

use super::app_host::layout;
use super::body::Body;
use super::context::Context;
use super::enter;
use super::failure::Failure;
use super::sign_in::private;
use super::state::Loggia;
use crate::access::{Refusal, ReturnPath};
use crate::model::{App, AppHost, Person, Viewer};
use crate::theme::views::{ErrorPage, Field, RefusalPage};

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The answer to somebody who was refused; `app` is `None` when there is none.
pub(super) fn answer<B>(
    loggia: &Loggia,
    request: &Request<B>,
    host: &AppHost,
    app: Option<&Arc<App>>,
    viewer: &Viewer,
    refused: Refusal,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    match (refused, viewer, app) {
        (Refusal::SignIn | Refusal::NoSuchApp, Viewer::Anonymous, _) => {
            sign_in(loggia, request, host, context)
        }
        (Refusal::NotListed | Refusal::Ended, Viewer::SignedIn(person), Some(app)) => {
            not_yours(loggia, host, app, person, context)
        }
        _ => Err(Failure::NotFound),
    }
}

/// Somebody who opens a page is sent to sign in; a script or an image is only told.
fn sign_in<B>(
    loggia: &Loggia,
    request: &Request<B>,
    host: &AppHost,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    if opens_a_page(request.headers()) {
        let there = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let response = enter::begin(loggia, request, host, &ReturnPath::or_root(there));
        return Ok(loggia.on_our_pages(response));
    }
    let page = ErrorPage {
        layout: layout(loggia),
        status: 401,
        title: "Sign in first".to_owned(),
        sentence: "This is not public. Open the app's own page to sign in.".to_owned(),
        request_id: context.id.to_string(),
    };
    let response = super::html_page(StatusCode::UNAUTHORIZED, loggia.theme.error(&page)?);
    Ok(loggia.on_our_pages(private(response, &[])))
}

/// Browsers say what a request is for (Fetch Metadata); what does not say so counts as opening a page.
pub(super) fn opens_a_page(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_MODE).is_none_or(|mode| mode == "navigate")
}

fn not_yours(
    loggia: &Loggia,
    host: &AppHost,
    app: &App,
    person: &Person,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    tracing::info!(app = %app.name, person = %person.email, request = %context.id, "somebody was refused");
    let page = RefusalPage {
        layout: layout(loggia),
        title: app.title.clone(),
        url: format!("{}/", loggia.hosts.app_origin(host)),
        viewer: person.email.clone(),
        owner: app.owner.email.clone(),
        owner_name: app.owner.name.clone(),
        leave: "/-/leave".to_owned(),
        leave_fields: vec![Field { name: "return".to_owned(), value: "/".to_owned() }],
        request_id: context.id.to_string(),
    };
    let mut response = super::html_page(StatusCode::FORBIDDEN, loggia.theme.refusal(&page)?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(loggia.on_our_pages(response))
}
