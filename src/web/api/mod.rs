//! The API, `/-/api/v1`: bearer tokens only, JSON, errors as problem details (RFC 9457).
//!
//! 1. [`bearer`]: whose token is it? 2. [`problem`]: the one form of every no. 3. One file a subject: [`apps`],
//!    [`grants`], [`releases`]. 4. [`document`]: the same, as an `OpenAPI` document.

mod apps;
mod bearer;
mod document;
mod grants;
mod problem;
mod releases;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post, put};

use super::state::Loggia;
use crate::config::Limits;

pub use document::document;

/// The routes of the API, and the bounds on their bodies.
pub(super) fn routes(limits: &Limits) -> Router<Arc<Loggia>> {
    let manifests = Router::new()
        .route("/-/api/v1/apps/{name}/releases", get(releases::list).post(releases::begin))
        .layer(DefaultBodyLimit::max(limits.manifest_bytes));
    let blobs = Router::new()
        .route("/-/api/v1/apps/{name}/releases/{id}/blobs/{sha256}", put(releases::put_blob))
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/-/api/openapi.json", get(document::json))
        .route("/-/api/v1/me", get(apps::me))
        .route("/-/api/v1/apps", get(apps::list).post(apps::create))
        .route("/-/api/v1/apps/{name}", get(apps::show).patch(apps::change).delete(apps::delete))
        .route("/-/api/v1/apps/{name}/restore", post(apps::restore))
        .route("/-/api/v1/apps/{name}/rollback", post(apps::roll_back))
        .route("/-/api/v1/apps/{name}/audit", get(apps::audit))
        .route("/-/api/v1/apps/{name}/grants", get(grants::list).post(grants::add).delete(grants::remove))
        .route("/-/api/v1/apps/{name}/releases/{id}/finish", post(releases::finish))
        .route("/-/api/v1/apps/{name}/releases/{id}/activate", post(releases::activate))
        .layer(DefaultBodyLimit::max(limits.form_bytes))
        .merge(manifests)
        .merge(blobs)
        .route("/-/api/{*rest}", axum::routing::any(problem::no_such_address))
        .method_not_allowed_fallback(problem::no_such_method)
}
