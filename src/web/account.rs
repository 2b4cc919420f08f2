//! You: who you are here, your sessions, and your tokens.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use ulid::Ulid;

use super::authorize::token_made;
use super::context::Context;
use super::failure::{Failure, reader_layout};
use super::sessions;
use super::sign_in::with_cookies;
use super::sign_out::signed_in_by;
use super::state::Loggia;
use super::viewer::{InSession, OurForm};
use crate::access::{Session, decide_publish, token};
use crate::model::{Ability, AppName, AuditAction, TokenScope, Whom};
use crate::storage::Key;
use crate::theme::views::{AccountPage, NewToken, Notice, SignedInBy, TokenRow};

/// `GET /-/account/`
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    InSession(session): InSession,
) -> Result<Response, Failure> {
    show(&loggia, &context, &session, StatusCode::OK, None, None).await
}

#[derive(Deserialize)]
pub(super) struct NewTokenForm {
    label: String,
    #[serde(default)]
    app: String,
    #[serde(default)]
    may: String,
    #[serde(default)]
    days: String,
}

/// `POST /-/account/tokens`: makes a token and shows it, once.
pub(super) async fn create_token(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    InSession(session): InSession,
    OurForm(form): OurForm<NewTokenForm>,
) -> Result<Response, Failure> {
    let refuse = |sentence: String| Some(Notice::Failed(sentence));
    let scope = match form.app.as_str() {
        "" => TokenScope::All,
        app => match app.parse::<AppName>() {
            Ok(app) => TokenScope::App(app),
            Err(error) => {
                let notice = refuse(error.to_string());
                return show(&loggia, &context, &session, StatusCode::UNPROCESSABLE_ENTITY, notice, None)
                    .await;
            }
        },
    };
    let may = match form.may.as_str() {
        "" => Some(Ability::All),
        may => Ability::named(may),
    };
    let Some(may) = may else {
        let notice = refuse("a token may `read`, `publish` or `all`; choose one of them".to_owned());
        return show(&loggia, &context, &session, StatusCode::UNPROCESSABLE_ENTITY, notice, None).await;
    };
    let days = if form.days.is_empty() { 90 } else { form.days.trim().parse().unwrap_or(0) };
    let person = &session.person;
    let owner = Key::owner(&person.subject);
    let now = loggia.clock.now();
    let wanted = token::Wanted { label: &form.label, may, scope, days, since: session.issued };
    match token::mint(person, &owner, wanted, now, &loggia.entropy) {
        Ok((text, record)) => {
            loggia.releases.put_token(&record).await?;
            let (who, action) = (Some(&person.email), token_made(&record));
            loggia.releases.note(loggia.releases.event(who, Some(context.from), None, action));
            tracing::info!(person = %person.email, token = %record.id, "a token was made");
            let new = NewToken { label: record.label, token: text.reveal().to_owned() };
            show(&loggia, &context, &session, StatusCode::OK, None, Some(new)).await
        }
        Err(error) => {
            let notice = refuse(error.to_string());
            show(&loggia, &context, &session, StatusCode::UNPROCESSABLE_ENTITY, notice, None).await
        }
    }
}

#[derive(Deserialize)]
pub(super) struct RevokeForm {
    id: String,
}

/// `POST /-/account/tokens/revoke`
pub(super) async fn revoke_token(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    InSession(session): InSession,
    OurForm(form): OurForm<RevokeForm>,
) -> Result<Response, Failure> {
    let id = Ulid::from_string(&form.id.to_ascii_uppercase()).map_err(|_| {
        Failure::BadRequest("that is not one of your tokens; open your account again".to_owned())
    })?;
    let person = &session.person;
    loggia.releases.delete_token(&Key::owner(&person.subject), id).await?;
    let action = AuditAction::TokenRevoked { token: id.to_string().to_lowercase() };
    let who = Some(&person.email);
    loggia.releases.note_often(loggia.releases.event(who, Some(context.from), None, action));
    tracing::info!(person = %person.email, token = %id, "a token was revoked");
    let notice = Notice::Told("token_revoked");
    show(&loggia, &context, &session, StatusCode::OK, Some(notice), None).await
}

/// The page.
pub(super) async fn show(
    loggia: &Loggia,
    context: &Context,
    session: &Session,
    status: StatusCode,
    notice: Option<Notice>,
    new_token: Option<NewToken>,
) -> Result<Response, Failure> {
    let person = session.person.clone();
    let now = loggia.clock.now();
    let sessions = sessions::rows(loggia, session).await?;
    let tokens = loggia.releases.tokens_of(&Key::owner(&person.subject)).await?;
    let catalog = loggia.releases.catalog();
    let row = |record: crate::model::TokenRecord| TokenRow {
        id: record.id.to_string().to_lowercase(),
        label: record.label,
        app: match record.scope {
            TokenScope::All => None,
            TokenScope::App(app) => Some(app),
        },
        may: record.may,
        created: record.created,
        used: record.used,
        expires: record.expires,
        expired: record.expires <= now || catalog.ended_all(&Whom::TokensOf(&person.email), record.created),
    };
    let mut apps: Vec<AppName> = catalog
        .apps()
        .filter(|app| decide_publish(&person, app, now).is_ok())
        .map(|app| app.name.clone())
        .collect();
    apps.sort();
    let layout = reader_layout(loggia, context);
    let iss = &person.subject.iss;
    let vouched = match signed_in_by(loggia, iss) {
        SignedInBy::Code => loggia.theme.say(&layout.lang, "by_code", &[]).unwrap_or_default(),
        SignedInBy::Provider { label } => format!("{label} ({iss})"),
        SignedInBy::Unknown => iss.clone(),
    };
    let view = AccountPage {
        layout,
        author: super::review::may_review(&person, &loggia.config.access),
        email: person.email.clone(),
        name: person.name,
        provider: vouched,
        groups: person.groups,
        server: loggia.hosts.main_origin(),
        sessions,
        tokens: tokens.into_iter().map(row).collect(),
        new_token,
        apps,
        notice,
    };
    Ok(with_cookies(super::html_page(status, loggia.theme.account(&view)?), &[]))
}
