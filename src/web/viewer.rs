//! Extractors of the main host: who asks, and forms that only our own pages may send.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::IntoResponse as _;
use http::HeaderMap;
use http::request::Parts;
use http_body_util::{BodyExt as _, Limited};
use jiff::Timestamp;

use super::failure::Failure;
use super::opened::Opened;
use super::sign_in::to_sign_in;
use super::state::Loggia;
use crate::access::{AppSession, Parameters, Session, check_same_origin};
use crate::model::{AppHost, Person};
use crate::releases::Catalog;

/// The session of whoever asks, when there is one.
pub(super) struct MaybeSession(pub(super) Option<Session>);

impl FromRequestParts<Arc<Loggia>> for MaybeSession {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, loggia: &Arc<Loggia>) -> Result<Self, Self::Rejection> {
        Ok(Self(session_of(&parts.headers, loggia)))
    }
}

/// The session on the main host that these headers carry.
pub(super) fn session_of(headers: &HeaderMap, loggia: &Loggia) -> Option<Session> {
    let catalog = loggia.releases.catalog();
    let host = loggia.hosts.main_authority();
    Session::open(headers, &host, &loggia.keyring, loggia.clock.now(), |of| catalog.ended(of))
}

/// The session on an app's host that these headers carry, and that `catalog` does not know as ended.
pub(super) fn app_session_of(
    headers: &HeaderMap,
    host: &AppHost,
    catalog: &Catalog,
    loggia: &Loggia,
) -> Option<AppSession> {
    let host = loggia.hosts.app_authority(host);
    AppSession::open(headers, &host, &loggia.keyring, loggia.clock.now(), |of| catalog.ended(of))
}

/// Who asks on an app's host, by the session that these headers carry, unless `catalog` knows that it ended.
pub(super) fn app_viewer(
    headers: &HeaderMap,
    host: &AppHost,
    catalog: &Catalog,
    now: Timestamp,
    loggia: &Loggia,
) -> Option<Arc<Opened>> {
    let sealed = AppSession::sealed(headers)?;
    let opened = loggia.opened.open(sealed, &loggia.hosts.app_authority(host), &loggia.keyring)?;
    opened.session.stands(now, |of| catalog.ended(of)).then_some(opened)
}

/// Somebody who is signed in; anybody else is sent to sign in, and comes back. While it cannot be known whose session
/// was ended, nobody is.
pub(super) struct SignedIn {
    pub(super) person: Person,
}

/// Like [`SignedIn`], with the session itself.
pub(super) struct InSession(pub(super) Session);

impl FromRequestParts<Arc<Loggia>> for SignedIn {
    type Rejection = axum::response::Response;

    async fn from_request_parts(parts: &mut Parts, loggia: &Arc<Loggia>) -> Result<Self, Self::Rejection> {
        let InSession(session) = InSession::from_request_parts(parts, loggia).await?;
        Ok(Self { person: session.person })
    }
}

impl FromRequestParts<Arc<Loggia>> for InSession {
    type Rejection = axum::response::Response;

    async fn from_request_parts(parts: &mut Parts, loggia: &Arc<Loggia>) -> Result<Self, Self::Rejection> {
        let Ok(MaybeSession(session)) = MaybeSession::from_request_parts(parts, loggia).await;
        if let Some(session) = session {
            let stale = loggia.releases.catalog().is_stale(loggia.clock.now());
            return if stale { Err(Failure::Stale.into_response()) } else { Ok(Self(session)) };
        }
        let back = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        // What a form held is gone by then: it goes back to the list of apps.
        let back = if parts.method == http::Method::GET { back } else { "/-/apps/" };
        Err(to_sign_in(back).map(axum::body::Body::new))
    }
}

/// The fields of a form that one of our own pages sent (invariant 6), within the bound for forms.
pub(super) struct OurForm<T>(pub(super) T);

impl<T: serde::de::DeserializeOwned> FromRequest<Arc<Loggia>> for OurForm<T> {
    type Rejection = FormRejection;

    async fn from_request(request: Request, loggia: &Arc<Loggia>) -> Result<Self, FormRejection> {
        check_same_origin(request.headers(), &loggia.hosts.main_origin()).map_err(Failure::from)?;
        read_form(request, loggia).await.map(Self)
    }
}

/// A failure on its way out of an extractor.
pub(super) struct FormRejection(pub(super) Failure);

impl From<Failure> for FormRejection {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// Reads a form without asking who sent it: for callers that have no cookies to be abused.
pub(super) async fn read_form<T: serde::de::DeserializeOwned>(
    request: Request,
    loggia: &Arc<Loggia>,
) -> Result<T, FormRejection> {
    let axum::Form(fields) = axum::Form::<T>::from_request(request, loggia).await.map_err(|rejection| {
        let limit = loggia.config.limits.form_bytes;
        match rejection.status() {
            http::StatusCode::PAYLOAD_TOO_LARGE => Failure::TooLarge(limit),
            _ => Failure::BadRequest(format!("the form cannot be read: {}", rejection.body_text())),
        }
    })?;
    Ok(fields)
}

/// Reads a form that was sent to an app's host, where no extractor of ours stands, within the same bounds.
pub(super) async fn form_on_app_host(
    loggia: &Loggia,
    request: http::Request<hyper::body::Incoming>,
) -> Result<Parameters, Failure> {
    let limits = &loggia.config.limits;
    let read = Limited::new(request.into_body(), limits.form_bytes).collect();
    let read = tokio::time::timeout(limits.request_timeout, read).await;
    let read = read.map_err(|_| Failure::TimedOut)?.map_err(|_| Failure::TooLarge(limits.form_bytes))?;
    Ok(Parameters::parse(&String::from_utf8_lossy(&read.to_bytes())))
}
