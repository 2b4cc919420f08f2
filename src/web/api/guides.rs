//! Editions of the guides: begin, send the blobs, finish; list, activate and go back.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{App, Digest, EmailAddress, Manifest, ReleaseId, Source};
use crate::releases::{Editions, ReleaseError};

use super::bearer::{GuidePublisher, Segments};
use super::problem::{Problem, ProblemDocument};
use super::releases::{BegunRelease, Finish, NewRelease};
use super::{Api, body};

/// The guides of this server.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Guides)]
pub(super) struct GuidesView {
    /// The live edition; null before the first.
    #[schema(value_type = Option<String>)]
    current: Option<ReleaseId>,
    /// Earlier live editions, newest first: what `rollback` goes back through.
    #[schema(value_type = Vec<String>)]
    previous: Vec<ReleaseId>,
    /// Where they are.
    url: String,
}

/// An edition of the guides.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuidesEdition)]
pub(super) struct EditionView {
    /// Its identity.
    #[schema(value_type = String)]
    id: ReleaseId,
    /// Whether it is the live one.
    current: bool,
    /// Where the guides are; an edition that is not live cannot be seen.
    url: String,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    when: Timestamp,
    /// Who published it.
    #[schema(value_type = String)]
    by: EmailAddress,
    /// What they say of it.
    message: Option<String>,
    /// Where it was made.
    #[schema(value_type = Option<Object>)]
    source: Option<Source>,
    /// How many files it has.
    files: usize,
    /// The size of its files together, in bytes.
    size: u64,
}

impl EditionView {
    fn new(manifest: &Manifest, current: bool, api: &Api) -> Self {
        Self {
            id: manifest.id,
            current,
            url: api.server.public_url.to_string(),
            when: manifest.when,
            by: manifest.by.clone(),
            message: manifest.message.clone(),
            source: manifest.source.clone(),
            files: manifest.files.len(),
            size: manifest.size(),
        }
    }
}

/// The live edition, and those before it.
#[utoipa::path(get, path = "/guides", tag = "guides",
    responses((status = 200, description = "The guides", body = GuidesView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You may not publish guides", body = ProblemDocument),
        (status = 409, description = "The guides come from a folder", body = ProblemDocument)))]
pub(super) async fn read(State(api): State<Arc<Api>>, publisher: GuidePublisher) -> Json<GuidesView> {
    let app = publisher.editions.releases().catalog().live(publisher.editions.name()).cloned();
    Json(view(app.as_deref(), &api))
}

/// The finished editions, newest first.
#[utoipa::path(get, path = "/guides/releases", tag = "guides",
    responses((status = 200, description = "The editions", body = [EditionView]),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You may not publish guides", body = ProblemDocument),
        (status = 409, description = "The guides come from a folder", body = ProblemDocument)))]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    GuidePublisher { by, editions }: GuidePublisher,
) -> Result<Json<Vec<EditionView>>, Problem> {
    editions.prepare(&by).await?;
    let listed = editions.releases().releases_of(editions.name()).await?;
    Ok(Json(listed.iter().map(|one| EditionView::new(&one.manifest, one.current, &api)).collect()))
}

/// Begins an edition and answers which blobs to upload.
#[utoipa::path(post, path = "/guides/releases", tag = "guides", request_body = NewRelease,
    responses((status = 201, description = "Begun", body = BegunRelease),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You may not publish guides", body = ProblemDocument),
        (status = 409, description = "The guides come from a folder", body = ProblemDocument),
        (status = 413, description = "The list is too large", body = ProblemDocument),
        (status = 422, description = "A path or size outside the rules", body = ProblemDocument)))]
pub(super) async fn begin(
    State(api): State<Arc<Api>>,
    GuidePublisher { by, editions }: GuidePublisher,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let new: NewRelease = body::read(body, api.limits.manifest_bytes).await?;
    editions.prepare(&by).await?;
    let files = new.announced();
    let begun = editions.releases().begin(editions.name(), &files, new.message, new.source, &by).await;
    let begun = begun.map_err(told)?;
    Ok((StatusCode::CREATED, Json(BegunRelease { id: begun.id, missing: begun.missing })))
}

/// Takes the bytes of one blob.
#[utoipa::path(put, path = "/guides/releases/{id}/blobs/{sha256}", tag = "guides",
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The bytes"),
    params(("id" = String, Path, description = "The edition"),
        ("sha256" = String, Path, description = "The SHA-256 of the bytes")),
    responses((status = 204, description = "They arrived and are right"),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You may not publish guides", body = ProblemDocument),
        (status = 404, description = "No such edition in the making", body = ProblemDocument),
        (status = 409, description = "The guides come from a folder", body = ProblemDocument),
        (status = 422, description = "The bytes differ from the digest or size", body = ProblemDocument),
        (status = 503, description = "They cannot be stored now", body = ProblemDocument)))]
pub(super) async fn put_blob(
    GuidePublisher { editions, .. }: GuidePublisher,
    Segments((id, digest)): Segments<(ReleaseId, Digest)>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let stored = editions.releases().put_blob(editions.name(), id, digest, body.into_data_stream()).await;
    stored.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finishes an edition; without a body it goes live, on every server within seconds.
#[utoipa::path(post, path = "/guides/releases/{id}/finish", tag = "guides", request_body = Finish,
    params(("id" = String, Path, description = "The edition")),
    responses((status = 200, description = "The edition", body = EditionView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You may not publish guides", body = ProblemDocument),
        (status = 404, description = "No such edition", body = ProblemDocument),
        (status = 409, description = "Blobs are missing; `missing` lists them. Or the guides come from a folder",
            body = ProblemDocument),
        (status = 503, description = "It cannot be stored now", body = ProblemDocument)))]
pub(super) async fn finish(
    State(api): State<Arc<Api>>,
    GuidePublisher { by, editions }: GuidePublisher,
    Segments(id): Segments<ReleaseId>,
    body: Body,
) -> Result<Json<EditionView>, Problem> {
    let Finish { activate } = body::read_or_default(body, api.limits.form_bytes).await?;
    let manifest = editions.releases().finish(editions.name(), id, activate, &by).await.map_err(told)?;
    Ok(Json(EditionView::new(&manifest, live(&editions) == Some(id), &api)))
}

/// Makes a finished edition the live one.
#[utoipa::path(post, path = "/guides/releases/{id}/activate", tag = "guides",
    params(("id" = String, Path, description = "The edition")),
    responses((status = 200, description = "The guides afterwards", body = GuidesView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You may not publish guides", body = ProblemDocument),
        (status = 404, description = "No such finished edition", body = ProblemDocument),
        (status = 409, description = "The guides come from a folder, or changed meanwhile", body = ProblemDocument)))]
pub(super) async fn activate(
    State(api): State<Arc<Api>>,
    GuidePublisher { by, editions }: GuidePublisher,
    Segments(id): Segments<ReleaseId>,
) -> Result<Json<GuidesView>, Problem> {
    let app = editions.releases().activate(editions.name(), id, &by).await.map_err(told)?;
    Ok(Json(view(Some(&app), &api)))
}

/// Makes the edition that was live before the current one live again.
#[utoipa::path(post, path = "/guides/rollback", tag = "guides",
    responses((status = 200, description = "The guides afterwards", body = GuidesView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You may not publish guides", body = ProblemDocument),
        (status = 409, description = "There is no earlier edition, or the guides come from a folder", body = ProblemDocument)))]
pub(super) async fn rollback(
    State(api): State<Arc<Api>>,
    GuidePublisher { by, editions }: GuidePublisher,
) -> Result<Json<GuidesView>, Problem> {
    let app = editions.releases().rollback(editions.name(), &by).await.map_err(told)?;
    Ok(Json(view(Some(&app), &api)))
}

fn view(app: Option<&App>, api: &Api) -> GuidesView {
    GuidesView {
        current: app.and_then(|app| app.current),
        previous: app.map(|app| app.previous.clone()).unwrap_or_default(),
        url: api.server.public_url.to_string(),
    }
}

fn live(editions: &Editions) -> Option<ReleaseId> {
    editions.wanted().first().copied()
}

/// The same failure in words that fit: to those who publish, the guides are no app.
fn told(error: ReleaseError) -> Problem {
    match error {
        ReleaseError::NoRelease { release, .. } => Problem::not_found(format!(
            "there is no finished edition `{release}` of the guides; `loggia releases --guides` lists them"
        )),
        ReleaseError::NothingEarlier(_) | ReleaseError::NoApp(_) => {
            Problem::conflict("the guides have no earlier edition to go back to")
        }
        ReleaseError::Moved(_) => {
            Problem::conflict("the live edition of the guides changed meanwhile; look at it and repeat")
        }
        error => error.into(),
    }
}
