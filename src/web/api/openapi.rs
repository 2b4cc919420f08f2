//! The API's description (`OpenAPI` 3.1), made from the handlers themselves.

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use bytes::Bytes;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{apps, explain, grants, guides, history, people, publishers, releases, synced};

/// The description, as it is served.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    // A description made of plain values always has a JSON form.
    Bytes::from(serde_json::to_vec(&Description::openapi()).unwrap_or_default())
});

#[derive(OpenApi)]
#[openapi(
    info(title = "Loggia", description = "Publish apps and guides, share them, and go back."),
    servers((url = "/-/api/v1")),
    paths(
        apps::me, apps::list, apps::create, apps::read, apps::change, apps::remove, apps::restore,
        apps::rollback, apps::audit, explain::explain, grants::list, grants::grant, grants::revoke, releases::list,
        releases::begin, releases::put_blob, releases::finish, releases::activate,
        publishers::list, publishers::trust, publishers::distrust, people::sign_out, synced::read, history::diff, history::remove, history::restore, guides::read,
        guides::rollback, guides::list, guides::begin, guides::put_blob, guides::finish, guides::activate,
    ),
    modifiers(&Bearer),
    security(("bearer" = [])),
)]
struct Description;

/// Every call takes an API token.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API token, `loggia_…`, from `loggia login` or the account page"))
            .build();
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// `/-/api/openapi.json`, for everybody.
pub(super) async fn serve() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use axum::http::{Request, StatusCode};
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;
    use crate::config::{Access, Limits, Server};
    use crate::model::{Clock, Entropy};
    use crate::releases::Releases;
    use crate::storage::Storage;
    use crate::web::api::{Api, routes, table};

    /// Method and path of every operation in the document.
    fn described() -> BTreeSet<(String, String)> {
        let document: Value = serde_json::from_slice(&DOCUMENT).unwrap();
        let paths = document["paths"].as_object().unwrap().clone();
        let operations = paths.into_iter().flat_map(|(path, methods)| {
            let methods: Vec<String> = methods.as_object().unwrap().keys().cloned().collect();
            methods.into_iter().map(move |method| (method.to_uppercase(), path.clone()))
        });
        operations.collect()
    }

    #[tokio::test]
    async fn every_route_is_described_and_every_description_has_a_route() {
        let mut routed = BTreeSet::new();
        let (limits, clock) = (Limits::default(), Clock::system());
        let releases = Releases::open(Storage::memory(), &limits, clock.clone(), Entropy::seeded(1));
        let releases = releases.await.unwrap();
        let (server, access) = (Server::default(), Access::default());
        let api = Api { releases, editions: None, clock, server, access, synced: Vec::new(), limits };
        let service = routes::<()>(api);
        for (path, _) in table() {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                let request = Request::builder().method(method).uri(format!("/-/api/v1{path}"));
                let request = request.body(axum::body::Body::empty()).unwrap();
                let status = service.clone().oneshot(request).await.unwrap().status();
                if status == StatusCode::UNAUTHORIZED {
                    routed.insert((method.to_owned(), path.to_owned()));
                } else {
                    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                }
            }
        }
        assert_eq!(described(), routed);
    }

    #[test]
    fn the_description_asks_for_a_token() {
        let document: Value = serde_json::from_slice(&DOCUMENT).unwrap();
        assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
        assert!(document["security"][0]["bearer"].is_array());
        assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    }
}
