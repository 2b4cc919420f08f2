//! Releases: begin, send the blobs, finish; list and activate.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::{Digest, FilePath, ReleaseId, Source};
use crate::releases::{Announced, Release};

use super::bearer::{Publisher, Segments};
use super::problem::{Problem, ProblemDocument};
use super::view::{AppView, ReleaseView};
use super::{Api, body};

/// A release to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRelease {
    /// Path → digest and size. Paths are relative, with `/` between segments.
    #[schema(value_type = BTreeMap<String, NewFile>)]
    pub(super) files: BTreeMap<FilePath, NewFile>,
    /// What you say of it.
    #[serde(default)]
    pub(super) message: Option<String>,
    /// Where it was made: `repository`, `commit`, and `dirty` when there were changes that no commit has.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub(super) source: Option<Source>,
}

impl NewRelease {
    /// Its files, as releases announce them.
    pub(super) fn announced(&self) -> BTreeMap<FilePath, Announced> {
        let announce = |(path, file): (&FilePath, &NewFile)| {
            (path.clone(), Announced { sha256: file.sha256, size: file.size })
        };
        self.files.iter().map(announce).collect()
    }
}

/// A file of a release.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFile {
    /// The SHA-256 of its bytes, 64 lower-case hexadecimal digits.
    #[schema(value_type = String)]
    pub(super) sha256: Digest,
    /// Its size in bytes.
    pub(super) size: u64,
}

/// A release that was begun.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BegunRelease {
    /// Its identity.
    #[schema(value_type = String)]
    pub(super) id: ReleaseId,
    /// The blobs to upload: those that no finished release of this app holds, and that you did not send for one that you
    /// began within a week.
    #[schema(value_type = Vec<String>)]
    pub(super) missing: Vec<Digest>,
}

/// How to finish a release.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Finish {
    /// Whether it goes live (the default) or is a draft, seen at its own host.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(super) activate: bool,
}

impl Default for Finish {
    fn default() -> Self {
        Self { activate: yes() }
    }
}

fn yes() -> bool {
    true
}

/// The finished releases, newest first.
#[utoipa::path(get, path = "/apps/{name}/releases", tag = "releases",
    params(("name" = String, Path, description = "The app")),
    responses((status = 200, description = "The releases", body = [ReleaseView]),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument)))]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
) -> Result<Json<Vec<ReleaseView>>, Problem> {
    let releases = api.releases.releases_of(&publisher.app.name).await?;
    Ok(Json(releases.iter().map(|release| ReleaseView::new(release, &api.server)).collect()))
}

/// Begins a release and answers which blobs to upload.
#[utoipa::path(post, path = "/apps/{name}/releases", tag = "releases", request_body = NewRelease,
    params(("name" = String, Path, description = "The app")),
    responses((status = 201, description = "Begun", body = BegunRelease),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument),
        (status = 409, description = "Unused files are being cleared away; the answer says until when",
            body = ProblemDocument),
        (status = 413, description = "The list is too large", body = ProblemDocument),
        (status = 422, description = "A path or size outside the rules", body = ProblemDocument)))]
pub(super) async fn begin(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let new: NewRelease = body::read(body, api.limits.manifest_bytes).await?;
    let files = new.announced();
    let name = &publisher.app.name;
    let begun = api.releases.begin(name, &files, new.message, new.source, &publisher.by).await?;
    Ok((StatusCode::CREATED, Json(BegunRelease { id: begun.id, missing: begun.missing })))
}

/// Takes the bytes of one blob.
#[utoipa::path(put, path = "/apps/{name}/releases/{id}/blobs/{sha256}", tag = "releases",
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The bytes"),
    params(("name" = String, Path, description = "The app"),
        ("id" = String, Path, description = "The release"),
        ("sha256" = String, Path, description = "The SHA-256 of the bytes")),
    responses((status = 204, description = "They arrived and are right"),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such release in the making", body = ProblemDocument),
        (status = 409, description = "It was begun too long ago; begin another", body = ProblemDocument),
        (status = 422, description = "The bytes differ from the digest or size", body = ProblemDocument),
        (status = 503, description = "They cannot be stored now", body = ProblemDocument)))]
pub(super) async fn put_blob(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    Segments((_, id, digest)): Segments<(String, ReleaseId, Digest)>,
    body: Body,
) -> Result<StatusCode, Problem> {
    api.releases.put_blob(&publisher.app.name, id, digest, body.into_data_stream()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finishes a release; without a body it goes live.
#[utoipa::path(post, path = "/apps/{name}/releases/{id}/finish", tag = "releases", request_body = Finish,
    params(("name" = String, Path, description = "The app"), ("id" = String, Path, description = "The release")),
    responses((status = 200, description = "The release", body = ReleaseView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such release", body = ProblemDocument),
        (status = 409, description = "Blobs are missing; `missing` lists them", body = ProblemDocument),
        (status = 503, description = "It cannot be stored now", body = ProblemDocument)))]
pub(super) async fn finish(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    Segments((_, id)): Segments<(String, ReleaseId)>,
    body: Body,
) -> Result<Json<ReleaseView>, Problem> {
    let Finish { activate } = body::read_or_default(body, api.limits.form_bytes).await?;
    let name = &publisher.app.name;
    let manifest = api.releases.finish(name, id, activate, &publisher.by).await?;
    let current = api.releases.catalog().app(name).is_some_and(|app| app.current == Some(id));
    // The release is finished; that its rules cannot be read now does not undo it.
    let rules = api.releases.rules_of(&manifest).await.unwrap_or_default();
    let view = ReleaseView::new(&Release { manifest, current, deleted: None }, &api.server);
    Ok(Json(view.with_warnings(&rules.problems)))
}

/// Makes a finished release the live one.
#[utoipa::path(post, path = "/apps/{name}/releases/{id}/activate", tag = "releases",
    params(("name" = String, Path, description = "The app"), ("id" = String, Path, description = "The release")),
    responses((status = 200, description = "The app afterwards", body = AppView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such finished release", body = ProblemDocument),
        (status = 409, description = "It was deleted; restore it first", body = ProblemDocument)))]
pub(super) async fn activate(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    Segments((_, id)): Segments<(String, ReleaseId)>,
) -> Result<Json<AppView>, Problem> {
    let app = api.releases.activate(&publisher.app.name, id, &publisher.by).await?;
    Ok(Json(AppView::new(&app, &api.server)))
}
