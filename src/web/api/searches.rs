//! What people search for, for those who write the guides.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::Api;
use super::bearer::Bearer;
use super::problem::{Problem, ProblemDocument};
use crate::access::token;
use crate::releases::ReleaseError;
use crate::web::insights::Report;
use crate::web::review::may_review;

/// The questions of the last thirty days that three people or more asked.
#[utoipa::path(get, path = "/searches", tag = "guides",
    responses((status = 200, description = "What was searched for", body = Report),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 403, description = "You may not publish here", body = ProblemDocument)))]
pub(super) async fn read(State(api): State<Arc<Api>>, bearer: Bearer) -> Result<Json<Report>, Problem> {
    if !token::covers(&bearer.token.scope, None) {
        return Err(Problem::forbidden("this token is for one app only; use a wider one"));
    }
    if !may_review(&bearer.by.person, &api.access) {
        return Err(Problem::forbidden("what people search for is shown to those who publish here"));
    }
    Ok(Json(api.insights.report().await.map_err(ReleaseError::from)?))
}
