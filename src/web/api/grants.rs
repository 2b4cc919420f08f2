//! Grants: `apps/NAME/grants`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bearer::Bearer;
use super::problem::{Json, Problem};
use crate::model::{Grant, Role, Who};
use crate::web::state::Loggia;

/// One line of a listed audience.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantView {
    /// An address, `@domain` or `group:NAME`.
    who: String,
    /// `viewer` or `publisher`; `viewer` when left out.
    #[serde(default = "viewer")]
    #[schema(value_type = String)]
    role: Role,
    /// RFC 3339; never, when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    until: Option<jiff::Timestamp>,
}

fn viewer() -> Role {
    Role::Viewer
}

/// One grant or several.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    /// One.
    One(GrantView),
    /// Several.
    Many(Vec<GrantView>),
}

/// Whose grant.
#[derive(Deserialize)]
pub(super) struct Whose {
    who: String,
}

type Answer = Result<axum::Json<Vec<GrantView>>, Problem>;

fn view(grants: &[Grant]) -> axum::Json<Vec<GrantView>> {
    let view = |grant: &Grant| GrantView { who: grant.who.to_string(), role: grant.role, until: grant.until };
    axum::Json(grants.iter().map(view).collect())
}

/// Whom an app is shared with.
#[utoipa::path(get, path = "/-/api/v1/apps/{name}/grants", tag = "grants", params(("name" = String, Path)), responses((status = 200, body = [GrantView]), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(State(loggia): State<Arc<Loggia>>, bearer: Bearer, Path(name): Path<String>) -> Answer {
    let (app, _permit) = bearer.publish(&loggia, &name)?;
    Ok(view(&app.grants))
}

/// Adds a grant or several; one for somebody who has one already takes its place.
#[utoipa::path(post, path = "/-/api/v1/apps/{name}/grants", tag = "grants", params(("name" = String, Path)), request_body = OneOrMany, responses((status = 200, body = [GrantView]), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn add(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
    Json(given): Json<serde_json::Value>,
) -> Answer {
    let (mut app, permit) = bearer.publish(&loggia, &name)?;
    let one_or_many = if given.is_array() {
        serde_json::from_value(given).map(OneOrMany::Many)
    } else {
        serde_json::from_value(given).map(OneOrMany::One)
    };
    let given = match one_or_many.map_err(|error| Problem::invalid(format!("the grant does not fit: {error}")))? {
        OneOrMany::One(grant) => vec![grant],
        OneOrMany::Many(grants) => grants,
    };
    let mut grants = Vec::with_capacity(given.len());
    for GrantView { who, role, until } in given {
        grants.push(Grant { who: who.parse()?, role, until });
    }
    // Everything was understood before anything is changed.
    for grant in grants {
        app = loggia.releases.grant(permit.app(), grant, &bearer.by()).await?;
    }
    Ok(view(&app.grants))
}

/// Takes a grant away.
#[utoipa::path(delete, path = "/-/api/v1/apps/{name}/grants", tag = "grants", params(("name" = String, Path), ("who" = String, Query)), responses((status = 200, body = [GrantView]), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn remove(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
    whose: Result<Query<Whose>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let (_, permit) = bearer.publish(&loggia, &name)?;
    let Query(whose) = whose.map_err(|_| Problem::invalid("say whose grant to remove: `?who=ann@example.org`"))?;
    let who: Who = whose.who.parse()?;
    let app = loggia.releases.revoke(permit.app(), &who, &bearer.by()).await?;
    Ok(view(&app.grants))
}
