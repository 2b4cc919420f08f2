//! Apps: `me`, `apps`, `apps/NAME` and what is done to an app as a whole.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::super::app_settings::may_set_network;
use super::super::record::{Filter, link};
use super::super::synced::may_fill_from;
use crate::access::{may_choose, may_create, token};
use crate::model::{AppName, Audience, NetworkRule};
use crate::releases::Change;

use super::bearer::{Bearer, Publisher, Restorer, for_publishing_alone, may_publish};
use super::problem::{Problem, ProblemDocument};
use super::view::{AppView, AuditView, MeView};
use super::{Api, body};

/// How many lines of the audit record are answered.
const AUDIT_LINES: usize = 200;

/// An app to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApp {
    /// Its name, for good: `[a-z][a-z0-9-]{1,31}` without `--`.
    #[schema(value_type = String, example = "prison-population", pattern = "^[a-z](-?[a-z0-9])+$", max_length = 32)]
    name: AppName,
    /// What people call it; its name when it is left out.
    #[serde(default)]
    title: Option<String>,
}

/// From where an app may be opened; null is from anywhere.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct FromWhere(Option<NetworkRule>);

/// The place of the synced folder that an app is filled from; null is from none.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct FromFolder(Option<String>);

/// What to change of an app; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AppChange {
    /// What people call it.
    #[serde(default, deserialize_with = "given")]
    title: Option<String>,
    /// Who may see it: `public`, `signed-in` or `listed`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    audience: Option<Audience>,
    /// From where it may be opened: `{"rule": "as-well" or "instead", "names": […]}`, networks that the operator named;
    /// null is from anywhere.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    network: Option<FromWhere>,
    /// What its publishers set: `description`, `search` (whether search finds its pages; it does unless it is
    /// `false`), `hidden`, `fallback`, `isolated`, `frame_ancestors`, `csp`, `keep_days`. What
    /// is left out stays, and null takes a setting away (RFC 7396).
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    settings: Option<serde_json::Map<String, serde_json::Value>>,
    /// The place, by the operator's name for it, in which the folder of the app's own name is that fills it from now on;
    /// null is none.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    synced: Option<FromFolder>,
}

/// Who the token speaks for.
#[utoipa::path(get, path = "/me", tag = "account",
    responses((status = 200, description = "You", body = MeView),
        (status = 401, description = "No valid token", body = ProblemDocument)))]
pub(super) async fn me(bearer: Bearer) -> Json<MeView> {
    Json(MeView::new(bearer.by.person, &bearer.token))
}

/// The apps that you may publish to, by name.
#[utoipa::path(get, path = "/apps", tag = "apps",
    responses((status = 200, description = "Your apps", body = [AppView]),
        (status = 401, description = "No valid token", body = ProblemDocument)))]
pub(super) async fn list(State(api): State<Arc<Api>>, bearer: Bearer) -> Result<Json<Vec<AppView>>, Problem> {
    let now = api.clock.now();
    let catalog = api.releases.catalog();
    let mut apps: Vec<_> = catalog
        .apps()
        .filter(|app| token::covers(&bearer.token.scope, Some(&app.name)))
        .filter(|app| may_publish(&bearer.token, app, now).is_ok())
        .collect();
    apps.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(Json(apps.into_iter().map(|app| AppView::new(app, &api.server)).collect()))
}

/// Creates an app that only you may see.
#[utoipa::path(post, path = "/apps", tag = "apps", request_body = NewApp,
    responses((status = 201, description = "Created", body = AppView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You may not create apps", body = ProblemDocument),
        (status = 409, description = "The name is taken", body = ProblemDocument),
        (status = 422, description = "A name or title outside the rules", body = ProblemDocument)))]
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    bearer: Bearer,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    if bearer.token.job.is_some() {
        return Err(for_publishing_alone());
    }
    if !token::covers(&bearer.token.scope, None) {
        return Err(Problem::forbidden("this token is for one app only; create the app with a wider one"));
    }
    if !may_create(&bearer.by.person, &api.access) {
        return Err(Problem::forbidden("you may not create apps here; ask an operator of this server"));
    }
    let new: NewApp = body::read(body, api.limits.form_bytes).await?;
    let title = new.title.as_deref().unwrap_or(new.name.as_str());
    let app = api.releases.create_app(&new.name, title, &bearer.by).await?;
    Ok((StatusCode::CREATED, Json(AppView::new(&app, &api.server))))
}

/// One app.
#[utoipa::path(get, path = "/apps/{name}", tag = "apps",
    params(("name" = String, Path, description = "The app")),
    responses((status = 200, description = "The app", body = AppView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument)))]
pub(super) async fn read(State(api): State<Arc<Api>>, publisher: Publisher) -> Json<AppView> {
    Json(AppView::new(&publisher.app, &api.server))
}

/// Changes title, audience or settings.
#[utoipa::path(patch, path = "/apps/{name}", tag = "apps", request_body = AppChange,
    params(("name" = String, Path, description = "The app")),
    responses((status = 200, description = "The app afterwards", body = AppView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument),
        (status = 422, description = "A value outside the rules", body = ProblemDocument)))]
pub(super) async fn change(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    body: Body,
) -> Result<Json<AppView>, Problem> {
    let AppChange { title, audience, network, settings, synced } =
        body::read(body, api.limits.form_bytes).await?;
    if let Some(audience) = audience.filter(|audience| !may_choose(*audience, &api.access)) {
        let detail =
            format!("`{audience}` is not among the audiences that can be chosen here; an operator sets them");
        return Err(Problem::unprocessable(detail));
    }
    let network = network.map(|FromWhere(network)| may_set_network(network, &api.access));
    let network = network.transpose().map_err(Problem::unprocessable)?;
    let synced = synced.map(|FromFolder(folders)| may_fill_from(folders, &api.synced, &publisher.by.person));
    let synced = synced.transpose().map_err(Problem::unprocessable)?;
    // All of it at once: between two changes an app could be open to more people than either of them means.
    let change = Change { title, audience, network, settings, synced };
    let app = api.releases.set(&publisher.app.name, change, &publisher.by).await?;
    Ok(Json(AppView::new(&app, &api.server)))
}

/// Deletes an app: nobody can open it, its name stays taken, and it can be restored.
#[utoipa::path(delete, path = "/apps/{name}", tag = "apps",
    params(("name" = String, Path, description = "The app")),
    responses((status = 204, description = "Deleted"),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument)))]
pub(super) async fn remove(State(api): State<Arc<Api>>, publisher: Publisher) -> Result<StatusCode, Problem> {
    api.releases.delete(&publisher.app.name, &publisher.by).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings a deleted app back as it was.
#[utoipa::path(post, path = "/apps/{name}/restore", tag = "apps",
    params(("name" = String, Path, description = "The app")),
    responses((status = 200, description = "The app", body = AppView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument),
        (status = 409, description = "It was cleared away", body = ProblemDocument)))]
pub(super) async fn restore(
    State(api): State<Arc<Api>>,
    restorer: Restorer,
) -> Result<Json<AppView>, Problem> {
    let app = api.releases.restore(&restorer.name, &restorer.by).await?;
    Ok(Json(AppView::new(&app, &api.server)))
}

/// Makes the release that was live before live again.
#[utoipa::path(post, path = "/apps/{name}/rollback", tag = "apps",
    params(("name" = String, Path, description = "The app")),
    responses((status = 200, description = "The app afterwards", body = AppView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument),
        (status = 409, description = "No earlier release, or somebody else changed it", body = ProblemDocument)))]
pub(super) async fn rollback(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
) -> Result<Json<AppView>, Problem> {
    let app = api.releases.rollback(&publisher.app.name, &publisher.by).await?;
    Ok(Json(AppView::new(&app, &api.server)))
}

/// Who did what to an app, newest first; 200 lines at the most. A `Link` with `rel="next"` says where there may be more.
#[utoipa::path(get, path = "/apps/{name}/audit", tag = "apps",
    params(("name" = String, Path, description = "The app"),
        ("who" = Option<String>, Query, description = "A part of an address"),
        ("action" = Option<String>, Query, description = "The name of an action"),
        ("since" = Option<String>, Query, description = "A day (UTC) or a time, and everything from then on"),
        ("until" = Option<String>, Query, description = "A day with all of it, or a time before which"),
        ("cursor" = Option<String>, Query, description = "Where an earlier answer stopped, as its `Link` says")),
    responses((status = 200, description = "The audit record", body = [AuditView]),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument),
        (status = 422, description = "A filter that cannot be read", body = ProblemDocument)))]
pub(super) async fn audit(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(filter) = filter.map_err(|_| Problem::unprocessable("the filter cannot be read"))?;
    let sought = filter.sought(AUDIT_LINES).map_err(Problem::unprocessable)?;
    let record = api.releases.audit(&publisher.app.name, &sought).await?;
    let next = record.next.as_ref().map(|next| {
        let server = api.server.public_url.as_str().trim_end_matches('/');
        let query = filter.query(Some(next));
        format!("{server}{}/apps/{}/audit?{query}", super::ROOT, publisher.app.name)
    });
    let lines: Vec<AuditView> = record.lines.into_iter().map(AuditView).collect();
    let mut response = Json(lines).into_response();
    link(&mut response, next.as_deref());
    Ok(response)
}

/// A field that may be left out, and is not null when it is there.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
