//! What is done with the releases an app has had: compared, deleted, restored.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::ReleaseId;
use crate::releases::{Changed, Diff};

use super::Api;
use super::bearer::{Publisher, Segments};
use super::problem::{Problem, ProblemDocument};
use super::view::AppView;

/// With which release to compare.
#[derive(Debug, Deserialize)]
pub(super) struct Against {
    against: ReleaseId,
}

/// One release seen from another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Diff)]
pub(super) struct DiffView {
    /// Files that the other lacks.
    added: Vec<ChangedView>,
    /// Files with other bytes.
    changed: Vec<ChangedView>,
    /// Files that only the other has.
    removed: Vec<ChangedView>,
    /// How many files are the same in both.
    same: usize,
    /// The size of the other's files together, in bytes.
    size_before: u64,
    /// The size of its own files together, in bytes.
    size: u64,
    /// Whether there are more files than are named; 2,000 are.
    cut: bool,
}

/// A file that is not the same in both.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedFile)]
pub(super) struct ChangedView {
    /// Its path.
    path: String,
    /// Its size in the other, in bytes; 0 where that lacks it.
    before: u64,
    /// Its size in this one, in bytes; 0 where this lacks it.
    after: u64,
}

impl From<Diff> for DiffView {
    fn from(diff: Diff) -> Self {
        let view = |files: Vec<Changed>| {
            let one = |file: Changed| ChangedView {
                path: file.path.as_str().to_owned(),
                before: file.before,
                after: file.after,
            };
            files.into_iter().map(one).collect()
        };
        Self {
            added: view(diff.added),
            changed: view(diff.changed),
            removed: view(diff.removed),
            same: diff.same,
            size_before: diff.size_before,
            size: diff.size,
            cut: diff.cut,
        }
    }
}

/// What a release has that another lacks, and the other way round.
#[utoipa::path(get, path = "/apps/{name}/releases/{id}/diff", tag = "releases",
    params(("name" = String, Path, description = "The app"), ("id" = String, Path, description = "The release"),
        ("against" = String, Query, description = "The release that it is compared with")),
    responses((status = 200, description = "What differs", body = DiffView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such finished release", body = ProblemDocument),
        (status = 422, description = "`against` is missing or no release", body = ProblemDocument)))]
pub(super) async fn diff(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    Segments((_, id)): Segments<(String, ReleaseId)>,
    against: Result<Query<Against>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<DiffView>, Problem> {
    let Query(Against { against }) = against.map_err(|_| {
        Problem::unprocessable("say which release to compare with: `?against=` and its identity")
    })?;
    let diff = api.releases.diff(&publisher.app.name, against, id).await?;
    Ok(Json(diff.into()))
}

/// Deletes a release that is not live; it can be restored.
#[utoipa::path(delete, path = "/apps/{name}/releases/{id}", tag = "releases",
    params(("name" = String, Path, description = "The app"), ("id" = String, Path, description = "The release")),
    responses((status = 204, description = "Deleted"),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such finished release", body = ProblemDocument),
        (status = 409, description = "It is the live one", body = ProblemDocument)))]
pub(super) async fn remove(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    Segments((_, id)): Segments<(String, ReleaseId)>,
) -> Result<StatusCode, Problem> {
    match api.releases.delete_release(&publisher.app.name, id, &publisher.by).await {
        Ok(_) | Err(crate::releases::ReleaseError::DeletedRelease { .. }) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(error.into()),
    }
}

/// Brings a deleted release back, as one that is not live.
#[utoipa::path(post, path = "/apps/{name}/releases/{id}/restore", tag = "releases",
    params(("name" = String, Path, description = "The app"), ("id" = String, Path, description = "The release")),
    responses((status = 200, description = "The app afterwards", body = AppView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such release, or it was cleared away", body = ProblemDocument),
        (status = 409, description = "It is being cleared away", body = ProblemDocument)))]
pub(super) async fn restore(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    Segments((_, id)): Segments<(String, ReleaseId)>,
) -> Result<Json<AppView>, Problem> {
    let app = api.releases.restore_release(&publisher.app.name, id, &publisher.by).await?;
    Ok(Json(AppView::new(&app, &api.server)))
}
