//! Signing out: here, at the provider if the person wants that, and at the provider's word.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, StatusCode};
use serde_json::json;

use super::context::Context;
use super::failure::{Failure, reader_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::{FormRejection, MaybeSession, OurForm, read_form};
use crate::access::cookie::{Cookie, CookieName};
use crate::access::oidc::{SignedOut, Whose};
use crate::access::{Parameters, Session, email_code, reminder};
use crate::model::{AuditAction, AuditEvent, Subject, Whom};
use crate::theme::views::{SignedInBy, SignedOutPage};

/// `POST /-/sign-out`: ends the session, here and on every app's host.
pub(super) async fn sign_out(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    MaybeSession(session): MaybeSession,
    headers: HeaderMap,
    OurForm(_fields): OurForm<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    leave(&loggia, session.as_ref(), &headers, &context).await
}

/// Ends `session` and says so; the page offers to sign out at the provider too, where that can be done.
pub(super) async fn leave(
    loggia: &Loggia,
    session: Option<&Session>,
    headers: &HeaderMap,
    context: &Context,
) -> Result<Response, Failure> {
    let (mut provider, mut by) = (None, SignedInBy::Unknown);
    if let Some(session) = session {
        by = signed_in_by(loggia, &session.person.subject.iss);
        loggia.releases.end_session(&session.id).await?;
        let (who, action) = (Some(&session.person.email), AuditAction::SignedOut);
        loggia.releases.note_often(loggia.releases.event(who, Some(context.from), None, action));
        tracing::info!(person = %session.person.email, "somebody signed out");
        let (host, now) = (loggia.hosts.main_authority(), loggia.clock.now());
        let kept = reminder::read(headers, &host, &loggia.keyring);
        let state = reminder::begin(&host, &loggia.keyring, now);
        let back = format!("{}/-/signed-out", loggia.hosts.main_origin());
        if let Some(of) = loggia.sign_in.openid(&session.person.subject.iss) {
            let kept = kept.as_ref().map(crate::config::Secret::reveal);
            provider = of.sign_out_at(kept, &back, &state, now).await;
        }
    }
    let cleared = [CookieName::Session, CookieName::Reminder].map(Cookie::clear);
    page(loggia, context, provider.map(Into::into), false, by, &[&cleared[0], &cleared[1]])
}

/// How people with this issuer signed in.
pub(super) fn signed_in_by(loggia: &Loggia, issuer: &str) -> SignedInBy {
    match loggia.sign_in.of(issuer) {
        _ if issuer == email_code::ISSUER => SignedInBy::Code,
        Some(way) => SignedInBy::Provider { label: way.label().to_owned() },
        None => SignedInBy::Unknown,
    }
}

/// `GET /-/signed-out?state=`: back from the provider.
pub(super) async fn signed_out(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let given = Parameters::parse(query.as_deref().unwrap_or_default());
    let host = loggia.hosts.main_authority();
    let ours = |state| reminder::is_ours(state, &host, &loggia.keyring, loggia.clock.now());
    page(&loggia, &context, None, given.get("state").is_some_and(ours), SignedInBy::Unknown, &[])
}

/// `POST /-/back-channel-logout`: the provider says that somebody signed out there (OpenID Connect Back-Channel Logout
/// 1.0, section 2.5). It has no cookies; its signature is what counts.
pub(super) async fn back_channel(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    request: Request<axum::body::Body>,
) -> Result<Response, FormRejection> {
    let fields: Vec<(String, String)> = read_form(request, &loggia).await?;
    let given = Parameters::from_pairs(fields);
    let answered = match given.get("logout_token") {
        Some(token) => take(&loggia, token, &context).await,
        None => Err("there is no `logout_token`".to_owned()),
    };
    let mut response = match answered {
        Ok(()) => StatusCode::OK.into_response(),
        Err(why) => {
            tracing::warn!(why, "a provider's word that somebody signed out was not taken");
            let answer = json!({ "error": "invalid_request", "error_description": why });
            (StatusCode::BAD_REQUEST, Json(answer)).into_response()
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Ends what the token names, and then uses it up: a provider whose word was not carried out may repeat it, and what
/// is repeated ends only what had begun by then.
async fn take(loggia: &Loggia, token: &str, context: &Context) -> Result<(), String> {
    let said = loggia.sign_in.signed_out(token, loggia.clock.now()).await;
    let (provider, SignedOut { id, at, whose }) = said.map_err(|error| error.to_string())?;
    let iss = provider.issuer();
    let subject;
    let whom = match &whose {
        Whose::Session(sid) => Whom::ProviderSession { iss, sid },
        Whose::Person(sub) => {
            subject = Subject { iss: iss.to_owned(), sub: sub.clone() };
            Whom::Subject(&subject)
        }
    };
    let failed = |error: crate::releases::ReleaseError| {
        tracing::error!(%error, "sessions could not be ended at their provider's word");
        "the sessions could not be ended; send it again".to_owned()
    };
    loggia.releases.end_all(&whom, at).await.map_err(failed)?;
    if !loggia.releases.burn(&format!("logout {iss} {id}")).await.map_err(failed)? {
        return Err("this `logout_token` was used already".to_owned());
    }
    let action = AuditAction::SessionsEnded { whose: None, tokens: false };
    let event = loggia.releases.event(None, Some(context.from), None, action);
    loggia.releases.note_often(AuditEvent { rule: Some(iss.to_owned()), ..event });
    tracing::info!(issuer = iss, "sessions were ended at their provider's word");
    Ok(())
}

fn page(
    loggia: &Loggia,
    context: &Context,
    provider: Option<String>,
    at_provider: bool,
    by: SignedInBy,
    cookies: &[&Cookie],
) -> Result<Response, Failure> {
    let sign_in = "/-/sign-in".to_owned();
    let page = SignedOutPage { layout: reader_layout(loggia, context), sign_in, provider, at_provider, by };
    let mut response = super::html_page(StatusCode::OK, loggia.theme.signed_out(&page)?);
    // Its link to the provider holds the ID token.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(with_cookies(response, cookies))
}
