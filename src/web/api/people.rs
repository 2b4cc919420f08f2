//! People: an administrator ends all of a person's sessions, and their tokens where that is wanted.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{may_administer, token};
use crate::model::{AuditAction, EmailAddress, Whom};
use crate::releases::{By, ReleaseError, Releases};

use super::bearer::Bearer;
use super::problem::{Problem, ProblemDocument};
use super::{Api, body};

/// Whom to sign out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignOut {
    /// Their address.
    #[schema(value_type = String, example = "ann@example.org")]
    who: EmailAddress,
    /// Whether their API tokens end too.
    #[serde(default)]
    tokens: bool,
}

/// Ends all sessions of everybody with this address, at every app and on every server, within seconds.
#[utoipa::path(post, path = "/people/sign-out", tag = "people", request_body = SignOut,
    responses((status = 204, description = "They are signed out everywhere"),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You are no administrator", body = ProblemDocument),
        (status = 422, description = "`who` is no address", body = ProblemDocument)))]
pub(super) async fn sign_out(
    State(api): State<Arc<Api>>,
    bearer: Bearer,
    body: Body,
) -> Result<StatusCode, Problem> {
    if !token::covers(&bearer.token.scope, None) || !may_administer(&bearer.by.person, &api.access) {
        let why = "you may not end other people's sessions; an operator names those who may in `administrators` under \
                   [access]";
        return Err(Problem::forbidden(why));
    }
    let wanted: SignOut = body::read(body, api.limits.form_bytes).await?;
    end_everything(&api.releases, &bearer.by, &wanted.who, wanted.tokens, api.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of `who` that began up to `now`, and their tokens where that is wanted, and puts down that `by` did.
pub(in crate::web) async fn end_everything(
    releases: &Releases,
    by: &By,
    who: &EmailAddress,
    tokens: bool,
    now: jiff::Timestamp,
) -> Result<(), ReleaseError> {
    releases.end_all(&Whom::Address(who), now).await?;
    if tokens {
        releases.end_all(&Whom::TokensOf(who), now).await?;
    }
    let action = AuditAction::SessionsEnded { whose: Some(who.clone()), tokens };
    releases.note(releases.event(Some(&by.person.email), by.from, None, action));
    tracing::info!(by = %by.person.email, whose = %who, tokens, "somebody was signed out everywhere");
    Ok(())
}
