//! A person's sessions: beginning one, listing them, ending one or all.
//!
//! The list is made of the record of sign-ins, minus what has ended; of the sessions themselves the bucket keeps
//! nothing but their endings (decision 0024).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::account;
use super::browser;
use super::context::Context;
use super::failure::Failure;
use super::sign_out;
use super::state::Loggia;
use super::viewer::{InSession, OurForm};
use crate::access::Session;
use crate::model::{AuditAction, AuditEvent, Digest, Person, SignIn, Whom};
use crate::theme::views::{Notice, SessionRow};

/// How long writing down a sign-in may hold it up.
const PATIENCE: Duration = Duration::from_secs(2);

/// Begins a session of `person`, who just signed in, and writes the sign-in down.
pub(super) async fn begin(
    loggia: &Loggia,
    person: Person,
    provider_session: Option<&str>,
    headers: &HeaderMap,
    from: IpAddr,
) -> Session {
    let now = loggia.clock.now();
    let begun = loggia.releases.catalog().begins(&person, now);
    let named = provider_session.map(|sid| Whom::ProviderSession { iss: &person.subject.iss, sid }.digest());
    let session = Session::begin(person, loggia.config.sign_in.session, now, &loggia.entropy);
    let session = Session { issued: begun, provider_session: named, ..session };
    let sign_in = SignIn {
        session: Digest::of(session.id.as_bytes()),
        when: now,
        expires: session.expires,
        from: Some(from),
        browser: browser::kind(headers),
        provider_session: named,
    };
    let written = loggia.releases.record_sign_in(&session.person, &sign_in);
    match tokio::time::timeout(PATIENCE, written).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "a sign-in is not written down; it is in no list"),
        Err(_) => tracing::warn!("a sign-in is not written down, storage is slow; it is in no list"),
    }
    let iss = &session.person.subject.iss;
    let event = loggia.releases.event(Some(&session.person.email), Some(from), None, AuditAction::SignedIn);
    loggia.releases.note_often(AuditEvent { rule: Some(iss.clone()), ..event });
    tracing::info!(person = %session.person.email, iss, "somebody signed in");
    session
}

/// The sessions of whoever is in `session`, newest first; their own is among them in any case.
pub(super) async fn rows(loggia: &Loggia, session: &Session) -> Result<Vec<SessionRow>, Failure> {
    let now = loggia.clock.now();
    let own = Digest::of(session.id.as_bytes());
    let mut sign_ins = open(loggia, session).await?;
    if !sign_ins.iter().any(|sign_in| sign_in.session == own) {
        let unwritten = SignIn {
            session: own,
            when: session.issued.min(now),
            expires: session.expires,
            from: None,
            browser: None,
            provider_session: session.provider_session,
        };
        sign_ins.insert(0, unwritten);
    }
    let row = |sign_in: SignIn| SessionRow {
        id: sign_in.session.to_string(),
        here: sign_in.session == own,
        browser: sign_in.browser,
        from: sign_in.from.map(|from| from.to_string()),
        begun: sign_in.when,
        expires: sign_in.expires,
    };
    Ok(sign_ins.into_iter().map(row).collect())
}

#[derive(Deserialize)]
pub(super) struct EndForm {
    session: String,
}

/// `POST /-/account/sessions/end`: ends one of one's own.
pub(super) async fn end(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    InSession(session): InSession,
    headers: HeaderMap,
    OurForm(form): OurForm<EndForm>,
) -> Result<Response, Failure> {
    let not_yours =
        || Failure::BadRequest("that is not one of your sessions; open your account again".to_owned());
    let named: Digest = form.session.parse().map_err(|_| not_yours())?;
    if named == Digest::of(session.id.as_bytes()) {
        return sign_out::leave(&loggia, Some(&session), &headers, &context).await;
    }
    if !open(&loggia, &session).await?.iter().any(|sign_in| sign_in.session == named) {
        return Err(not_yours());
    }
    loggia.releases.end_session_named(named).await?;
    let (who, action) = (Some(&session.person.email), AuditAction::SessionEnded);
    loggia.releases.note_often(loggia.releases.event(who, Some(context.from), None, action));
    tracing::info!(person = %session.person.email, "somebody ended one of their sessions");
    let notice = Notice::Told("session_ended");
    account::show(&loggia, &context, &session, StatusCode::OK, Some(notice), None).await
}

/// `POST /-/account/sessions/end-all`: ends all of one's own, this one too.
pub(super) async fn end_all(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    InSession(session): InSession,
    headers: HeaderMap,
    OurForm(_fields): OurForm<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    loggia.releases.end_all(&Whom::Address(&session.person.email), loggia.clock.now()).await?;
    let who = &session.person.email;
    let action = AuditAction::SessionsEnded { whose: Some(who.clone()), tokens: false };
    loggia.releases.note_often(loggia.releases.event(Some(who), Some(context.from), None, action));
    tracing::info!(person = %session.person.email, "somebody ended all of their sessions");
    sign_out::leave(&loggia, Some(&session), &headers, &context).await
}

/// The sign-ins whose sessions are still open, newest first.
async fn open(loggia: &Loggia, session: &Session) -> Result<Vec<SignIn>, Failure> {
    let now = loggia.clock.now();
    let catalog = loggia.releases.catalog();
    let since = now.checked_sub(loggia.config.sign_in.session).unwrap_or(jiff::Timestamp::MIN);
    let mut sign_ins = loggia.releases.sign_ins(&session.person, since).await?;
    sign_ins.retain(|sign_in| {
        let named = sign_in.provider_session.as_ref();
        now < sign_in.expires
            && !catalog.has_ended_named(&sign_in.session)
            && !catalog.ended_with_others(&session.person, sign_in.when, named)
    });
    Ok(sign_ins)
}
