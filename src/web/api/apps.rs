//! Apps: `me`, `apps`, `apps/NAME` and what is done to an app as a whole.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bearer::Bearer;
use super::problem::{Json, Problem};
use crate::access::{decide_publish, may_create};
use crate::model::{App, AppName, AuditEvent, Audience, EmailAddress, ReleaseId, Settings};
use crate::releases;
use crate::web::state::Loggia;

type Answer<T> = Result<axum::Json<T>, Problem>;

/// Whose token this is.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// Their address.
    #[schema(value_type = String)]
    email: EmailAddress,
    /// Their name, as their provider writes it.
    name: Option<String>,
    /// Their groups.
    groups: Vec<String>,
}

/// An app, as its publishers see it.
#[derive(Serialize, ToSchema)]
pub(super) struct AppView {
    #[schema(value_type = String)]
    name: AppName,
    title: String,
    /// Where it is.
    url: String,
    #[schema(value_type = String)]
    owner: EmailAddress,
    /// `public`, `signed-in` or `listed`.
    #[schema(value_type = String)]
    audience: Audience,
    /// The live release.
    #[schema(value_type = Option<String>)]
    current: Option<ReleaseId>,
    /// What was live before, newest first: where a rollback goes.
    #[schema(value_type = Vec<String>)]
    previous: Vec<ReleaseId>,
    #[schema(value_type = Object)]
    settings: Settings,
    /// How many grants it has.
    grants: usize,
    /// RFC 3339.
    #[schema(value_type = String)]
    created: jiff::Timestamp,
    /// RFC 3339.
    #[schema(value_type = String)]
    changed: jiff::Timestamp,
    /// RFC 3339, when it was deleted.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<jiff::Timestamp>,
}

impl AppView {
    pub(super) fn of(app: &App, loggia: &Loggia) -> Self {
        Self {
            name: app.name.clone(),
            title: app.title.clone(),
            url: loggia.hosts.app_url(&app.name),
            owner: app.owner.email.clone(),
            audience: app.audience,
            current: app.current,
            previous: app.previous.clone(),
            settings: app.settings.clone(),
            grants: app.grants.len(),
            created: app.created,
            changed: app.changed,
            deleted: app.deleted,
        }
    }
}

/// A new app.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApp {
    /// 2 to 32 lower-case letters, digits and hyphens, a letter first.
    name: String,
    /// What people call it; its name, when left out.
    title: Option<String>,
}

/// What may be changed of an app; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    title: Option<String>,
    /// `public`, `signed-in` or `listed`.
    #[schema(value_type = Option<String>)]
    audience: Option<Audience>,
    #[schema(value_type = Option<Object>)]
    settings: Option<Settings>,
}

/// Whose token this is.
#[utoipa::path(get, path = "/-/api/v1/me", tag = "people", responses((status = 200, body = Me), (status = 401, body = Problem)))]
pub(super) async fn me(bearer: Bearer) -> axum::Json<Me> {
    let person = bearer.person().clone();
    axum::Json(Me { email: person.email, name: person.name, groups: person.groups })
}

/// The apps that you may publish to, by name.
#[utoipa::path(get, path = "/-/api/v1/apps", tag = "apps", responses((status = 200, body = [AppView]), (status = 401, body = Problem)))]
pub(super) async fn list(State(loggia): State<Arc<Loggia>>, bearer: Bearer) -> axum::Json<Vec<AppView>> {
    let now = loggia.clock.now();
    let catalog = loggia.releases.catalog();
    let mut apps: Vec<_> = catalog
        .apps()
        .filter(|app| decide_publish(bearer.person(), app, now).is_ok())
        .map(|app| AppView::of(app, &loggia))
        .collect();
    apps.sort_by(|a, b| a.name.cmp(&b.name));
    axum::Json(apps)
}

/// Creates an app. Its audience is `listed`, with you alone on it.
#[utoipa::path(post, path = "/-/api/v1/apps", tag = "apps", request_body = NewApp, responses((status = 201, body = AppView), (status = 401, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn create(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Json(new): Json<NewApp>,
) -> Result<(StatusCode, axum::Json<AppView>), Problem> {
    if !may_create(bearer.person(), &loggia.config.access) || !bearer.is_for_all() {
        let detail = "you may not create apps with this token; ask the people who run this site";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    let name: AppName = new.name.parse()?;
    let title = new.title.unwrap_or_else(|| name.to_string());
    let app = loggia.releases.create_app(&name, &title, &bearer.by()).await?;
    Ok((StatusCode::CREATED, axum::Json(AppView::of(&app, &loggia))))
}

/// One app.
#[utoipa::path(get, path = "/-/api/v1/apps/{name}", tag = "apps", params(("name" = String, Path)), responses((status = 200, body = AppView), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn show(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
) -> Answer<AppView> {
    let (app, _permit) = bearer.publish(&loggia, &name)?;
    Ok(axum::Json(AppView::of(&app, &loggia)))
}

/// Changes an app's title, audience or settings.
#[utoipa::path(patch, path = "/-/api/v1/apps/{name}", tag = "apps", params(("name" = String, Path)), request_body = Change, responses((status = 200, body = AppView), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn change(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
    Json(change): Json<Change>,
) -> Answer<AppView> {
    let (_, permit) = bearer.publish(&loggia, &name)?;
    let set = releases::Change { title: change.title, audience: change.audience, settings: change.settings };
    let app = loggia.releases.set(permit.app(), set, &bearer.by()).await?;
    Ok(axum::Json(AppView::of(&app, &loggia)))
}

/// Deletes an app: it is served to nobody, its name stays taken, and it can be restored.
#[utoipa::path(delete, path = "/-/api/v1/apps/{name}", tag = "apps", params(("name" = String, Path)), responses((status = 200, body = AppView), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn delete(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
) -> Answer<AppView> {
    let (_, permit) = bearer.publish(&loggia, &name)?;
    let app = loggia.releases.delete(permit.app(), &bearer.by()).await?;
    Ok(axum::Json(AppView::of(&app, &loggia)))
}

/// Brings a deleted app back.
#[utoipa::path(post, path = "/-/api/v1/apps/{name}/restore", tag = "apps", params(("name" = String, Path)), responses((status = 200, body = AppView), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn restore(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
) -> Answer<AppView> {
    let (_, permit) = bearer.restore(&loggia, &name)?;
    let app = loggia.releases.restore(permit.app(), &bearer.by()).await?;
    Ok(axum::Json(AppView::of(&app, &loggia)))
}

/// Makes the release that was current before current again.
#[utoipa::path(post, path = "/-/api/v1/apps/{name}/rollback", tag = "apps", params(("name" = String, Path)), responses((status = 200, body = AppView), (status = 401, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn roll_back(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
) -> Answer<AppView> {
    let (_, permit) = bearer.publish(&loggia, &name)?;
    let app = loggia.releases.rollback(permit.app(), &bearer.by()).await?;
    Ok(axum::Json(AppView::of(&app, &loggia)))
}

/// Who did what to an app, newest first, 200 lines at the most.
#[utoipa::path(get, path = "/-/api/v1/apps/{name}/audit", tag = "apps", params(("name" = String, Path)), responses((status = 200, body = [Object]), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn audit(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
) -> Answer<Vec<AuditEvent>> {
    let (_, permit) = bearer.publish(&loggia, &name)?;
    Ok(axum::Json(loggia.releases.audit(permit.app(), 200).await?))
}
