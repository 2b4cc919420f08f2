//! Signing in on the main host, and handing a sign-in on to an app's host.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response as AxumResponse;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use super::body::Body;
use super::context::Context;
use super::failure::Failure;
use super::sessions;
use super::state::Loggia;
use super::viewer::MaybeSession;
use crate::access::cookie::{Cookie, CookieName};
use crate::access::hand_off::{self, Arrival};
use crate::access::sign_in::{self, SignedIn, Visit};
use crate::access::{Neighbourhood, reminder};
use crate::config::Provider;

/// To the sign-in, and back to `return_to` afterwards.
pub(super) fn to_sign_in(return_to: &str) -> Response<Body> {
    super::redirect(StatusCode::SEE_OTHER, &address(return_to))
}

/// Where somebody signs in who wants to be at `return_to` afterwards.
pub(super) fn address(return_to: &str) -> String {
    let query =
        url::form_urlencoded::Serializer::new(String::new()).append_pair("return", return_to).finish();
    format!("/-/sign-in?{query}")
}

/// `GET /-/sign-in/callback`: back from the provider that `[sign_in]` itself names.
pub(super) async fn callback(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<AxumResponse, Failure> {
    finish(&loggia, Provider::MAIN, &query.unwrap_or_default(), &headers, &context).await
}

/// `GET /-/sign-in/callback/NAME`: back from one of several.
pub(super) async fn callback_of(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    Path(way): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<AxumResponse, Failure> {
    finish(&loggia, &way, &query.unwrap_or_default(), &headers, &context).await
}

async fn finish(
    loggia: &Loggia,
    way: &str,
    query: &str,
    headers: &HeaderMap,
    context: &Context,
) -> Result<AxumResponse, Failure> {
    let way = loggia.sign_in.get(way).ok_or(Failure::NotFound)?;
    let host = loggia.hosts.main_authority();
    let now = loggia.clock.now();
    let from = Neighbourhood::of(context.from).key();
    loggia.guesses.strays_from.check(&from, now)?;
    let visit = Visit { headers, host: &host, keyring: &loggia.keyring, now };
    match way.finish(query, visit).await {
        Ok(signed_in) => Ok(welcome(loggia, context, headers, signed_in).await),
        Err(error) => {
            if error.is_stray() {
                loggia.guesses.strays_from.count(&from, now)?;
            }
            Err(Failure::SignIn { error, return_to: sign_in::wanted(query, visit) })
        }
    }
}

/// Begins the session of somebody who proved who they are, and sends them where they wanted to go. The session is a new
/// one whatever the browser held before, and so is what their provider is reminded with when they sign out.
pub(super) async fn welcome(
    loggia: &Loggia,
    context: &Context,
    headers: &HeaderMap,
    signed_in: SignedIn,
) -> AxumResponse {
    let SignedIn { person, return_to, cookie: done, provider_session, id_token } = signed_in;
    let (host, lasts) = (loggia.hosts.main_authority(), loggia.config.sign_in.session);
    let session = sessions::begin(loggia, person, provider_session.as_deref(), headers, context.from).await;
    let kept = id_token.and_then(|id_token| reminder::cookie(&id_token, &host, &loggia.keyring, lasts));
    let kept = kept.unwrap_or_else(|| Cookie::clear(CookieName::Reminder));
    let cookie = session.cookie(&host, &loggia.keyring, loggia.clock.now());
    let response = super::redirect(StatusCode::SEE_OTHER, return_to.as_str());
    with_cookies(response, &[&done, &cookie, &kept])
}

/// `GET /-/enter?host=&return=&nonce=`: an app's host wants to know who this is.
pub(super) async fn enter(
    State(loggia): State<Arc<Loggia>>,
    MaybeSession(session): MaybeSession,
    RawQuery(query): RawQuery,
) -> Result<AxumResponse, Failure> {
    let query = query.unwrap_or_default();
    let arrival = Arrival::parse(&query).map_err(|error| Failure::BadRequest(error.to_string()))?;
    let app = loggia.hosts.app_of(&arrival.host).ok_or_else(|| {
        Failure::BadRequest(
            "no app is at the address that sent you here; open the app from its own link".to_owned(),
        )
    })?;
    let response = match session {
        None => to_sign_in(&format!("/-/enter?{query}")),
        Some(session) => {
            let now = loggia.clock.now();
            let there = hand_off::mint(&arrival, &session, &loggia.keyring, now, &loggia.entropy);
            let location = format!("{}{there}", loggia.hosts.app_origin(&app));
            super::redirect(StatusCode::SEE_OTHER, &location)
        }
    };
    Ok(with_cookies(response, &[]))
}

/// Sets cookies, and keeps the answer out of every cache.
pub(super) fn with_cookies(response: Response<Body>, cookies: &[&Cookie]) -> AxumResponse {
    private(response, cookies).map(axum::body::Body::new)
}

/// The same, for answers on apps' hosts.
pub(super) fn private(mut response: Response<Body>, cookies: &[&Cookie]) -> Response<Body> {
    let headers = response.headers_mut();
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie.header());
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The query of a redirect may hold a code. A page with a form needs its origin to be told (Fetch, section 3.1).
    if response.status().is_redirection() {
        response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    }
    response
}
