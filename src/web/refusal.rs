//! Saying no on an app's host: sign in first, or ask the owner. Nothing of it depends on the path that was asked
//! for, so that a path that is there and one that is not look the same.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, StatusCode};

use super::app_host::layout;
use super::asking;
use super::body::Body;
use super::context::Context;
use super::enter;
use super::failure::Failure;
use super::sign_in::private;
use super::state::Loggia;
use crate::access::{Refusal, ReturnPath};
use crate::model::{App, AppHost, AuditAction, AuditEvent, Person, Viewer};
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
    let Viewer::SignedIn(person) = viewer else { return sign_in(loggia, request, host, context) };
    // The same is put down where there is no app, so that neither the page nor its time says which it was.
    let there = app.filter(|_| refused != Refusal::NoSuchApp).map(|app| &app.name);
    let event = loggia.releases.event(Some(&person.email), Some(context.from), there, AuditAction::Refused);
    loggia.releases.note_often(AuditEvent { rule: Some(why(refused).to_owned()), ..event });
    let why = why(refused);
    tracing::info!(app = %host.app, person = %person.email, request = %context.id, why, "somebody was refused");
    // An app that is hidden from them looks like one that is not there.
    let now = loggia.clock.now();
    let told = app.filter(|app| refused != Refusal::NoSuchApp && asking::may_know(app, person, now));
    not_yours(loggia, host, told, person, refused, context)
}

fn why(refused: Refusal) -> &'static str {
    match refused {
        Refusal::SignIn => "not signed in",
        Refusal::NotListed => "not on the list",
        Refusal::Ended => "their line has ended",
        Refusal::Network => "not in its networks",
        Refusal::NoSuchApp => "no such app",
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
        layout: layout(loggia, context),
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
    app: Option<&Arc<App>>,
    person: &Person,
    refused: Refusal,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    let page = RefusalPage {
        layout: layout(loggia, context),
        app: app.map(|app| asking::owned(app)),
        url: format!("{}/", loggia.hosts.app_origin(host)),
        viewer: person.email.clone(),
        ended: app.is_some() && refused == Refusal::Ended,
        // Who would see it elsewhere is told from where they ask.
        from: (app.is_some() && refused == Refusal::Network).then(|| context.from.to_string()),
        ask: "/-/ask".to_owned(),
        leave: "/-/leave".to_owned(),
        leave_fields: vec![Field { name: "return".to_owned(), value: "/".to_owned() }],
        request_id: context.id.to_string(),
    };
    let status = if app.is_some() { StatusCode::FORBIDDEN } else { StatusCode::NOT_FOUND };
    let mut response = super::html_page(status, loggia.theme.refusal(&page)?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(loggia.on_our_pages(response))
}
