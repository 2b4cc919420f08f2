//! Releases: `apps/NAME/releases` and the steps of publishing.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::bearer::Bearer;
use super::problem::{Json, Problem};
use crate::model::{Digest, EmailAddress, FilePath, ReleaseId, Source};
use crate::releases::{Announced, Release};
use crate::web::state::Loggia;

/// A finished release.
#[derive(Serialize, ToSchema)]
pub(super) struct ReleaseView {
    #[schema(value_type = String)]
    id: ReleaseId,
    /// RFC 3339.
    #[schema(value_type = String)]
    when: jiff::Timestamp,
    #[schema(value_type = String)]
    by: EmailAddress,
    message: Option<String>,
    #[schema(value_type = Option<Object>)]
    source: Option<Source>,
    /// How many files it has.
    files: usize,
    /// Their size in bytes.
    size: u64,
    /// Whether it is live.
    current: bool,
    /// Where it can be previewed.
    url: String,
}

/// What a release will hold.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    /// Path → what is there.
    #[schema(value_type = Object)]
    files: BTreeMap<String, File>,
    /// What you say of it.
    message: Option<String>,
    /// Where it was made.
    #[schema(value_type = Option<Object>)]
    source: Option<Source>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// 64 lower-case hexadecimal digits.
    sha256: String,
    /// Bytes.
    size: u64,
}

/// A release that was begun.
#[derive(Serialize, ToSchema)]
pub(super) struct Begun {
    #[schema(value_type = String)]
    id: ReleaseId,
    /// The digests whose bytes must be sent: what no release of this app holds.
    #[schema(value_type = Vec<String>)]
    missing: Vec<Digest>,
}

/// Whether a finished release goes live at once.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Finish {
    /// `false` makes a draft, seen at its own host.
    #[serde(default = "yes")]
    activate: bool,
}

fn yes() -> bool {
    true
}

/// A release that is finished, or was made live.
#[derive(Serialize, ToSchema)]
pub(super) struct Finished {
    #[schema(value_type = String)]
    id: ReleaseId,
    /// Whether it is live.
    current: bool,
    /// Where it is: the app's address when it is live, else its preview.
    url: String,
}

/// The finished releases, newest first.
#[utoipa::path(get, path = "/-/api/v1/apps/{name}/releases", tag = "releases", params(("name" = String, Path)), responses((status = 200, body = [ReleaseView]), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn list(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
) -> Result<axum::Json<Vec<ReleaseView>>, Problem> {
    let (app, permit) = bearer.publish(&loggia, &name)?;
    let releases = loggia.releases.releases_of(permit.app()).await?;
    let view = |release: &Release| ReleaseView {
        id: release.manifest.id,
        when: release.manifest.when,
        by: release.manifest.by.clone(),
        message: release.manifest.message.clone(),
        source: release.manifest.source.clone(),
        files: release.manifest.files.len(),
        size: release.manifest.size(),
        current: release.current,
        url: loggia.hosts.preview_url(&app.name, Some(release.manifest.id)),
    };
    Ok(axum::Json(releases.iter().map(view).collect()))
}

/// Begins a release and says which bytes to send.
#[utoipa::path(post, path = "/-/api/v1/apps/{name}/releases", tag = "releases", params(("name" = String, Path)), request_body = Begin, responses((status = 201, body = Begun), (status = 401, body = Problem), (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn begin(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path(name): Path<String>,
    Json(begin): Json<Begin>,
) -> Result<(StatusCode, axum::Json<Begun>), Problem> {
    let (_, permit) = bearer.publish(&loggia, &name)?;
    let mut files = BTreeMap::new();
    for (path, file) in begin.files {
        let path: FilePath = path.parse()?;
        files.insert(path, Announced { sha256: file.sha256.parse()?, size: file.size });
    }
    let begun = loggia.releases.begin(permit.app(), &files, begin.message, begin.source, &bearer.by()).await?;
    Ok((StatusCode::CREATED, axum::Json(Begun { id: begun.id, missing: begun.missing })))
}

/// Sends the bytes of one file of a release that is not finished.
#[utoipa::path(put, path = "/-/api/v1/apps/{name}/releases/{id}/blobs/{sha256}", tag = "releases", params(("name" = String, Path), ("id" = String, Path), ("sha256" = String, Path)), request_body(content_type = "application/octet-stream"), responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn put_blob(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path((name, id, sha256)): Path<(String, String, String)>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let (_, permit) = bearer.publish(&loggia, &name)?;
    let (id, digest): (ReleaseId, Digest) = (id.parse()?, sha256.parse()?);
    let bytes = body.into_data_stream();
    loggia.releases.put_blob(permit.app(), id, digest, bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finishes a release: every blob must be there. Repeating it changes nothing.
#[utoipa::path(post, path = "/-/api/v1/apps/{name}/releases/{id}/finish", tag = "releases", params(("name" = String, Path), ("id" = String, Path)), request_body = Finish, responses((status = 200, body = Finished), (status = 401, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(super) async fn finish(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path((name, id)): Path<(String, String)>,
    Json(finish): Json<Finish>,
) -> Result<axum::Json<Finished>, Problem> {
    let (_, permit) = bearer.publish(&loggia, &name)?;
    let id: ReleaseId = id.parse()?;
    loggia.releases.finish(permit.app(), id, finish.activate, &bearer.by()).await?;
    let catalog = loggia.releases.catalog();
    let app = catalog.app(permit.app()).ok_or_else(|| Problem::no_such_app(&name))?;
    Ok(finished(&loggia, app, id))
}

/// Makes a finished release live.
#[utoipa::path(post, path = "/-/api/v1/apps/{name}/releases/{id}/activate", tag = "releases", params(("name" = String, Path), ("id" = String, Path)), responses((status = 200, body = Finished), (status = 401, body = Problem), (status = 404, body = Problem)))]
pub(super) async fn activate(
    State(loggia): State<Arc<Loggia>>,
    bearer: Bearer,
    Path((name, id)): Path<(String, String)>,
) -> Result<axum::Json<Finished>, Problem> {
    let (_, permit) = bearer.publish(&loggia, &name)?;
    let id: ReleaseId = id.parse()?;
    let app = loggia.releases.activate(permit.app(), id, &bearer.by()).await?;
    Ok(finished(&loggia, &app, id))
}

fn finished(loggia: &Loggia, app: &crate::model::App, id: ReleaseId) -> axum::Json<Finished> {
    let current = app.current == Some(id);
    let url = loggia.hosts.preview_url(&app.name, (!current).then_some(id));
    axum::Json(Finished { id, current, url })
}
