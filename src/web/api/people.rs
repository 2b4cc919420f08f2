//! People: an administrator ends all of a person's sessions, and their tokens where that is wanted.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::access::{may_administer, token};
use crate::model::{EmailAddress, Whom};
use crate::releases::{ReleaseError, Releases};

use super::bearer::{Bearer, require_fresh};
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
    require_fresh(&api)?;
    if !token::covers(&bearer.token.scope, None) || !may_administer(&bearer.by.person, &api.access) {
        let why = "you may not end other people's sessions; an operator names those who may in `administrators` under \
                   [access]";
        return Err(Problem::forbidden(why));
    }
    let wanted: SignOut = body::read(body, api.limits.form_bytes).await?;
    end_everything(&api.releases, &wanted.who, wanted.tokens, api.clock.now()).await?;
    tracing::info!(by = %bearer.by.person.email, whose = %wanted.who, tokens = wanted.tokens, "somebody was signed out everywhere");
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all sessions of `who` that began up to `now`, and their tokens where that is wanted.
pub(in crate::web) async fn end_everything(
    releases: &Releases,
    who: &EmailAddress,
    tokens: bool,
    now: jiff::Timestamp,
) -> Result<(), ReleaseError> {
    releases.end_all(&Whom::Address(who), now).await?;
    if tokens {
        releases.end_all(&Whom::TokensOf(who), now).await?;
    }
    Ok(())
}
