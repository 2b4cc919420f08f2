//! The API's description (`OpenAPI` 3.1), made from the handlers themselves.

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use bytes::Bytes;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
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
    modifiers(&Bearer, &Problems, &Names),
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

/// Every error is a problem document, and some can come of any call.
struct Problems;

/// What any call may answer besides what is said of it, and what one may that takes a body.
const ANY: [(&str, &str); 3] = [
    ("401", "No valid token"),
    ("403", "Your token may do less than this takes"),
    ("503", "Storage does not answer; repeat it in a moment"),
];
const WITH_BODY: [(&str, &str); 3] = [
    ("400", "The body cannot be read, or broke off"),
    ("413", "The body is larger than this call takes"),
    ("422", "What the body says is outside the rules"),
];

impl Modify for Problems {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        for operation in description.paths.paths.values_mut().flat_map(operations) {
            let answers = &mut operation.responses.responses;
            let with_body = WITH_BODY.iter().filter(|_| operation.request_body.is_some());
            for (status, what) in ANY.iter().chain(with_body) {
                answers.entry((*status).to_owned()).or_insert_with(|| RefOr::T(problem(what)));
            }
            for (_, answer) in answers.iter_mut().filter(|(status, _)| status.as_str() >= "400") {
                if let RefOr::T(answer) = answer {
                    *answer = problem(&answer.description);
                }
            }
        }
    }
}

fn problem(what: &str) -> Response {
    let document = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(what).content("application/problem+json", document).build()
}

/// The names in paths have a form.
struct Names;

impl Modify for Names {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let operations = description.paths.paths.values_mut().flat_map(operations);
        let parameters = operations.filter_map(|operation| operation.parameters.as_mut()).flatten();
        for parameter in parameters {
            if let RefOr::T(Parameter { name, schema, .. }) = parameter
                && let Some((form, longest)) = form_of(name)
            {
                let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(form));
                *schema = Some(text.max_length(Some(longest)).into());
            }
        }
    }
}

/// The form and length of what a path calls `name`: apps, releases and trusted publishers, blobs.
fn form_of(name: &str) -> Option<(&'static str, usize)> {
    match name {
        "name" => Some(("^[a-z](-?[a-z0-9])+$", 32)),
        "id" | "against" => Some(("^[0-7][0-9a-hjkmnp-tv-z]{25}$", 26)),
        "sha256" => Some(("^[0-9a-f]{64}$", 64)),
        _ => None,
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
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
    use crate::web::Notices;
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
        let notices = Notices::new(releases.clone(), clock.clone(), None);
        let synced = Vec::new();
        let api = Api { releases, editions: None, notices, clock, server, access, synced, limits };
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
    fn every_error_is_described_as_the_problem_document_that_it_is() {
        let document: Value = serde_json::from_slice(&DOCUMENT).unwrap();
        let mut seen = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let answers = operation["responses"].as_object().unwrap();
                assert!(answers.contains_key("401") && answers.contains_key("503"), "{method} {path}");
                assert_eq!(
                    operation.get("requestBody").is_some(),
                    answers.contains_key("413"),
                    "{method} {path}: a body has a bound"
                );
                for (status, answer) in answers.iter().filter(|(status, _)| status.as_str() >= "400") {
                    let types: Vec<_> = answer["content"].as_object().unwrap().keys().collect();
                    assert_eq!(types, ["application/problem+json"], "{method} {path} {status}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 100, "{seen} errors are described");
    }

    #[test]
    fn the_description_asks_for_a_token() {
        let document: Value = serde_json::from_slice(&DOCUMENT).unwrap();
        assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
        assert!(document["security"][0]["bearer"].is_array());
        assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    }
}
