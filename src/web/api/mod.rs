//! The API, version 1: what the commands and other people's tools call.
//!
//! 1. A [`bearer::Bearer`] is somebody with a valid token; a [`bearer::Publisher`] is one who may publish to the app in the path.
//!    To everybody else that app and one that does not exist look alike.
//! 2. Bodies are read to their limit and not further; unknown fields are refused by name ([`body`]).
//! 3. One file a resource: [`apps`], [`grants`], [`explain`], [`releases`], [`history`], [`publishers`], [`synced`], [`people`]; and
//!    [`guides`], whose editions are releases too.
//! 4. Every error becomes a problem document (RFC 9457) in one place ([`problem`]).
//! 5. [`openapi`] describes all of it, and a test compares it with the routes.

mod apps;
mod bearer;
mod body;
mod explain;
mod grants;
mod guides;
mod history;
mod openapi;
mod people;
mod problem;
mod publishers;
mod releases;
mod synced;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{MethodRouter, any, delete, get, post, put};

pub use bearer::ClientAddress;
pub(super) use bearer::token_in;
pub(super) use people::end_everything;
pub(super) use problem::Problem;

use super::notices::Notices;
use crate::config::{Access, Limits, Server, SyncedFolders};
use crate::model::Clock;
use crate::releases::{Editions, Releases};

/// Where the API is, on the main host.
const ROOT: &str = "/-/api/v1";
/// Where its description is.
const DESCRIPTION: &str = "/-/api/openapi.json";

/// What the API needs.
#[derive(Clone, Debug)]
pub struct Api {
    /// The apps.
    pub releases: Releases,
    /// The editions of the guides, where they come from the bucket.
    pub editions: Option<Editions>,
    /// Tells people what concerns them.
    pub notices: Notices,
    /// The time.
    pub clock: Clock,
    /// Where apps are reached.
    pub server: Server,
    /// Who may create apps.
    pub access: Access,
    /// From where apps may be filled.
    pub synced: Vec<SyncedFolders>,
    /// How large a body may be.
    pub limits: Limits,
}

/// The routes, from `/-/api/` down. The client's address, for the audit record, is read from a [`ClientAddress`]
/// among the request's extensions.
pub fn routes<S: Clone + Send + Sync + 'static>(api: Api) -> Router<S> {
    let mut v1 = Router::new();
    for (path, methods) in table() {
        v1 = v1.route(path, methods);
    }
    let v1 = v1.fallback(no_route).method_not_allowed_fallback(no_method);
    Router::new()
        .nest(ROOT, v1)
        .route(DESCRIPTION, get(openapi::serve))
        .route("/-/api/{*rest}", any(no_route))
        .layer(map_response(not_kept))
        .with_state(Arc::new(api))
}

/// Every route below [`ROOT`].
fn table() -> Vec<(&'static str, MethodRouter<Arc<Api>>)> {
    vec![
        ("/me", get(apps::me)),
        ("/apps", get(apps::list).post(apps::create)),
        ("/apps/{name}", get(apps::read).patch(apps::change).delete(apps::remove)),
        ("/apps/{name}/restore", post(apps::restore)),
        ("/apps/{name}/rollback", post(apps::rollback)),
        ("/apps/{name}/audit", get(apps::audit)),
        ("/apps/{name}/explain", get(explain::explain)),
        ("/apps/{name}/grants", delete(grants::revoke).get(grants::list).post(grants::grant)),
        ("/apps/{name}/synced", get(synced::read)),
        ("/apps/{name}/publishers", get(publishers::list).post(publishers::trust)),
        ("/apps/{name}/publishers/{id}", delete(publishers::distrust)),
        ("/apps/{name}/releases", get(releases::list).post(releases::begin)),
        ("/apps/{name}/releases/{id}", delete(history::remove)),
        ("/apps/{name}/releases/{id}/diff", get(history::diff)),
        ("/apps/{name}/releases/{id}/restore", post(history::restore)),
        ("/apps/{name}/releases/{id}/blobs/{sha256}", put(releases::put_blob)),
        ("/apps/{name}/releases/{id}/finish", post(releases::finish)),
        ("/apps/{name}/releases/{id}/activate", post(releases::activate)),
        ("/people/sign-out", post(people::sign_out)),
        ("/guides", get(guides::read)),
        ("/guides/rollback", post(guides::rollback)),
        ("/guides/releases", get(guides::list).post(guides::begin)),
        ("/guides/releases/{id}/blobs/{sha256}", put(guides::put_blob)),
        ("/guides/releases/{id}/finish", post(guides::finish)),
        ("/guides/releases/{id}/activate", post(guides::activate)),
    ]
}

async fn no_route() -> Problem {
    Problem::not_found("the API has no such address; /-/api/openapi.json lists what it has")
}

async fn no_method() -> Problem {
    Problem::wrong_method()
}

/// Nothing of the API is kept by a cache.
async fn not_kept(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
