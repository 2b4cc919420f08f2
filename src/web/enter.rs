//! What is ours on an app's host: where a hand-off arrives, where a session ends, and the assets of our own pages.

use std::sync::Arc;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::app_host::layout;
use super::body::Body;
use super::context::Context;
use super::failure::Failure;
use super::sign_in::private;
use super::sign_out::signed_in_by;
use super::state::Loggia;
use super::viewer::form_on_app_host;
use super::{asking, assets};
use crate::access::cookie::{Cookie, CookieName};
use crate::access::{AppSession, Asked, Ground, ReturnPath, check_same_origin, explain, hand_off, may_enter};
use crate::model::{AppHost, AuditAction, AuditEvent, Person, Viewer};
use crate::theme::views::{SignedInBy, SignedOutPage};

/// Answers below `/-/` on an app's host.
pub(super) async fn answer(
    loggia: &Arc<Loggia>,
    request: Request<Incoming>,
    host: &AppHost,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    let path = request.uri().path();
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    match path {
        "/-/enter" if reading => enter(loggia, &request, host, context).await,
        "/-/leave" if *request.method() == Method::POST => leave(loggia, request, host, context).await,
        "/-/ask" if *request.method() == Method::POST => asking::ask(loggia, request, host, context).await,
        "/-/enter" => Err(Failure::MethodNotAllowed("GET, HEAD")),
        "/-/leave" | "/-/ask" => Err(Failure::MethodNotAllowed("POST")),
        _ => match path.strip_prefix("/-/assets/") {
            Some(file) if reading => assets::answer(loggia, file, request.headers()),
            _ => Err(Failure::NotFound),
        },
    }
}

/// A hand-off arrives. Its code works once: the marker is burnt before the cookie is set.
async fn enter(
    loggia: &Loggia,
    request: &Request<Incoming>,
    host: &AppHost,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    let authority = loggia.hosts.app_authority(host);
    let now = loggia.clock.now();
    let query = request.uri().query().unwrap_or_default();
    let lifetime = loggia.config.sign_in.app_session;
    let redeemed =
        match hand_off::redeem(query, request.headers(), &authority, lifetime, &loggia.keyring, now) {
            Ok(redeemed) => redeemed,
            Err(error) => match error.begin_again() {
                Some(return_to) => return Ok(begin(loggia, request, host, return_to)),
                None => return Err(Failure::BadRequest(error.to_string())),
            },
        };
    if !loggia.releases.burn(&redeemed.code_id).await? {
        let used = "this sign-in was used already; open the app from its own link";
        return Err(Failure::BadRequest(used.to_owned()));
    }
    entered(loggia, host, &redeemed.session.person, context);
    let cookie = redeemed.session.cookie(&loggia.keyring, now);
    let response = super::redirect(StatusCode::SEE_OTHER, redeemed.return_to.as_str());
    Ok(private(response, &[&cookie]))
}

/// Puts down that a session began here, and by which rule, for an app that lets this person in.
fn entered(loggia: &Loggia, host: &AppHost, person: &Person, context: &Context) {
    let catalog = loggia.releases.catalog();
    let viewer = Viewer::SignedIn(person.clone());
    let visitor = loggia.visitor(&viewer, context.from);
    let Some(app) = catalog.live(&host.app).filter(|app| may_enter(visitor, app).is_ok()) else { return };
    let asked =
        Asked { who: Some(person.email.clone()), groups: person.groups.clone(), from: Some(context.from) };
    let explained = explain(app, &asked, &loggia.config.access, loggia.clock.now());
    let action = AuditAction::Entered;
    let event = loggia.releases.event(Some(&person.email), Some(context.from), Some(&app.name), action);
    let rule = explained.because.first().map(Ground::name);
    loggia.releases.note_often(AuditEvent { rule, ..event });
}

/// Sends the browser to the main host, which knows or finds out who this is.
pub(super) fn begin<B>(
    loggia: &Loggia,
    request: &Request<B>,
    host: &AppHost,
    return_to: &ReturnPath,
) -> Response<Body> {
    let authority = loggia.hosts.app_authority(host);
    let begun = hand_off::begin(request.headers(), &authority, return_to, &loggia.entropy);
    let location = format!("{}{}", loggia.hosts.main_origin(), begun.enter.as_str());
    private(super::redirect(StatusCode::SEE_OTHER, &location), &[&begun.cookie])
}

/// Ends the session, here, on the main host and on every other app's host.
async fn leave(
    loggia: &Loggia,
    request: Request<Incoming>,
    host: &AppHost,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    check_same_origin(request.headers(), &loggia.hosts.app_origin(host))?;
    let authority = loggia.hosts.app_authority(host);
    let now = loggia.clock.now();
    let session = AppSession::open(request.headers(), &authority, &loggia.keyring, now, |_| false);
    let given = form_on_app_host(loggia, request).await?;
    let mut by = SignedInBy::Unknown;
    if let Some(session) = session {
        by = signed_in_by(loggia, &session.person.subject.iss);
        loggia.releases.end_session(&session.session).await?;
        let (who, action) = (Some(&session.person.email), AuditAction::SignedOut);
        loggia.releases.note_often(loggia.releases.event(who, Some(context.from), Some(&host.app), action));
        tracing::info!(person = %session.person.email, request = %context.id, "somebody signed out");
    }
    let cleared = Cookie::clear(CookieName::AppSession);
    let response = if let Some(return_to) = given.get("return") {
        super::redirect(StatusCode::SEE_OTHER, ReturnPath::or_root(return_to).as_str())
    } else {
        let page = SignedOutPage {
            layout: layout(loggia, context),
            sign_in: "/".to_owned(),
            provider: None,
            at_provider: false,
            by,
        };
        super::html_page(StatusCode::OK, loggia.theme.signed_out(&page)?)
    };
    Ok(private(response, &[&cleared]))
}
