//! Trusted publishers: which jobs of continuous integration may publish to an app.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::{TrustedJobs, TrustedPublisher};

use super::bearer::{Publisher, Segments};
use super::problem::{Problem, ProblemDocument};
use super::{Api, body};

/// Jobs to trust. Besides `service` and `issuer` it has `repository`, `repository_id`, `repository_owner_id`, `workflow`
/// and perhaps `environment` for GitHub; `project`, `project_id` and perhaps `ref` and `environment` for GitLab.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct NewPublisher {
    /// The issuer of the service's tokens, where it is another than the usual one.
    #[serde(default)]
    issuer: Option<String>,
    /// Which jobs.
    #[serde(flatten)]
    #[schema(value_type = Object, example = json!({"service": "github", "repository": "moj/report",
        "repository_id": "12", "repository_owner_id": "34", "workflow": "publish.yml"}))]
    jobs: TrustedJobs,
}

/// A trusted publisher.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = TrustedPublisher, value_type = Object)]
pub(super) struct PublisherView(TrustedPublisher);

/// The trusted publishers of an app.
#[utoipa::path(get, path = "/apps/{name}/publishers", tag = "publishers",
    params(("name" = String, Path, description = "The app")),
    responses((status = 200, description = "The trusted publishers", body = [PublisherView]),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument)))]
pub(super) async fn list(publisher: Publisher) -> Json<Vec<PublisherView>> {
    Json(publisher.app.trusted.iter().cloned().map(PublisherView).collect())
}

/// Lets jobs publish to an app.
#[utoipa::path(post, path = "/apps/{name}/publishers", tag = "publishers", request_body = NewPublisher,
    params(("name" = String, Path, description = "The app")),
    responses((status = 200, description = "The trusted publishers afterwards", body = [PublisherView]),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument),
        (status = 422, description = "A line outside the rules", body = ProblemDocument)))]
pub(super) async fn trust(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    body: Body,
) -> Result<Json<Vec<PublisherView>>, Problem> {
    let new: NewPublisher = body::read(body, api.limits.form_bytes).await?;
    let issuers = match new.jobs {
        TrustedJobs::GitHub { .. } => &api.access.github_issuers,
        TrustedJobs::GitLab { .. } => &api.access.gitlab_issuers,
    };
    let mut known = issuers.iter().map(|url| url.as_str().trim_end_matches('/'));
    let issuer = match &new.issuer {
        None => known.next(),
        Some(named) => known.find(|known| named.trim_end_matches('/') == *known),
    };
    let issuer = issuer.ok_or_else(|| {
        Problem::unprocessable(
            "this server does not believe that service; an operator names those in `github_issuers` and `gitlab_issuers`",
        )
    })?;
    let app = api.releases.trust(&publisher.app.name, issuer, &new.jobs, &publisher.by).await?;
    Ok(Json(app.trusted.iter().cloned().map(PublisherView).collect()))
}

/// Takes a trusted publisher away, and with it what it was let in by.
#[utoipa::path(delete, path = "/apps/{name}/publishers/{id}", tag = "publishers",
    params(("name" = String, Path, description = "The app"), ("id" = String, Path, description = "Which line")),
    responses((status = 204, description = "It is not there"),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument)))]
pub(super) async fn distrust(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    Segments((_, id)): Segments<(String, ulid::Ulid)>,
) -> Result<StatusCode, Problem> {
    api.releases.distrust(&publisher.app.name, id, &publisher.by).await?;
    Ok(StatusCode::NO_CONTENT)
}
