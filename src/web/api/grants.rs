//! Grants: who is on an app's list.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, RawQuery, State};

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::model::{Grant, Role, Who};

use super::bearer::Publisher;
use super::problem::{Problem, ProblemDocument};
use super::view::GrantView;
use super::{Api, body};

/// A grant to add, in place of any other for the same people.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewGrant {
    /// An address, `@domain` or `group:NAME`.
    #[schema(value_type = String, example = "ann@example.org")]
    who: Who,
    /// `viewer` or `publisher`.
    #[schema(value_type = String)]
    role: Role,
    /// When it ends; never when it is left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

impl From<NewGrant> for Grant {
    fn from(NewGrant { who, role, until }: NewGrant) -> Self {
        Self::new(who, role, until)
    }
}

/// Who is on the list.
#[utoipa::path(get, path = "/apps/{name}/grants", tag = "grants",
    params(("name" = String, Path, description = "The app")),
    responses((status = 200, description = "The grants", body = [GrantView]),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument)))]
pub(super) async fn list(publisher: Publisher) -> Json<Vec<GrantView>> {
    Json(view(&publisher.app.grants))
}

/// How grants are added.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct How {
    /// Whether people who gain by it are told by mail, where mail is configured.
    #[serde(default = "told")]
    mail: bool,
}

fn told() -> bool {
    true
}

/// Adds one grant, or each of an array. People are told by mail, where mail is configured.
#[utoipa::path(post, path = "/apps/{name}/grants", tag = "grants",
    request_body(content = NewGrant, description = "One grant, or an array of them"),
    params(("name" = String, Path, description = "The app"),
        ("mail" = Option<bool>, Query, description = "`false` tells nobody by mail")),
    responses((status = 200, description = "The grants afterwards", body = [GrantView]),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument),
        (status = 422, description = "A grant outside the rules", body = ProblemDocument)))]
pub(super) async fn grant(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    how: Result<Query<How>, QueryRejection>,
    body: Body,
) -> Result<Json<Vec<GrantView>>, Problem> {
    let Query(how) = how.map_err(|_| Problem::unprocessable("write `?mail=false`, or leave it out"))?;
    let grants: Vec<NewGrant> = body::read_one_or_many(body, api.limits.form_bytes).await?;
    let grants: Vec<Grant> = grants.into_iter().map(Grant::from).collect();
    let shared = api.notices.share(&publisher.app.name, &grants, &publisher.by, how.mail).await?;
    Ok(Json(view(&shared.app.grants)))
}

/// Takes somebody off the list; their not being on it is fine.
#[utoipa::path(delete, path = "/apps/{name}/grants", tag = "grants",
    params(("name" = String, Path, description = "The app"),
        ("who" = String, Query, description = "An address, `@domain` or `group:NAME`")),
    responses((status = 204, description = "They are not on the list"),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument),
        (status = 409, description = "The owner stays", body = ProblemDocument),
        (status = 422, description = "`who` names nobody", body = ProblemDocument)))]
pub(super) async fn revoke(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    RawQuery(query): RawQuery,
) -> Result<StatusCode, Problem> {
    let who = parse_who(query.as_deref().unwrap_or_default())?;
    api.releases.revoke(&publisher.app.name, &who, &publisher.by).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(grants: &[Grant]) -> Vec<GrantView> {
    grants.iter().cloned().map(GrantView).collect()
}

/// `who=…`, once and with nothing beside it.
fn parse_who(query: &str) -> Result<Who, Problem> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    match (pairs.next(), pairs.next()) {
        (Some((key, who)), None) if key == "who" => {
            who.parse().map_err(|error: crate::model::InvalidWho| Problem::unprocessable(error.to_string()))
        }
        _ => Err(Problem::unprocessable("say whom to take off the list: `?who=ann@example.org`")),
    }
}
