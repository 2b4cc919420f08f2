//! Why somebody sees an app, or what they lack.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::explaining::About;
use super::Api;
use super::bearer::Publisher;
use super::problem::{Problem, ProblemDocument};
use crate::access::{Explanation, explain as told};

/// Whether somebody sees an app: `sees` (null where that depends on where they are), whether they publish too, `because` of
/// which lines, what is `missing`, and the same in `sentences`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = Explanation, value_type = Object)]
pub(super) struct ExplanationView(Told);

#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    explanation: Explanation,
    sentences: Vec<String>,
}

/// Why somebody sees an app, or what they lack.
#[utoipa::path(get, path = "/apps/{name}/explain", tag = "grants",
    params(("name" = String, Path, description = "The app"),
        ("who" = Option<String>, Query, description = "Their address; left out is somebody who does not sign in"),
        ("groups" = Option<String>, Query, description = "Their groups, with commas between"),
        ("from" = Option<String>, Query, description = "Their IP address")),
    responses((status = 200, description = "Whether, and why", body = ExplanationView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument),
        (status = 422, description = "No such address", body = ProblemDocument)))]
pub(super) async fn explain(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
    about: Result<Query<About>, QueryRejection>,
) -> Result<Json<ExplanationView>, Problem> {
    let Query(about) = about.map_err(|_| Problem::unprocessable("say who: `?who=ann@example.org`"))?;
    let asked = about.read().map_err(Problem::unprocessable)?;
    let explanation = told(&publisher.app, &asked, &api.access, api.clock.now());
    let who =
        asked.who.as_ref().map_or_else(|| "Somebody who does not sign in".to_owned(), ToString::to_string);
    let sentences = explanation.sentences(&who);
    Ok(Json(ExplanationView(Told { explanation, sentences })))
}
