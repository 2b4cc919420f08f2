//! The API as an `OpenAPI` 3.1 document.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{apps, grants, releases};

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

pub(super) async fn json() -> axum::Json<utoipa::openapi::OpenApi> {
    axum::Json(document())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Loggia", description = "Publish apps and say who may see them. Errors are problem details (RFC 9457)."),
    paths(
        apps::me, apps::list, apps::create, apps::show, apps::change, apps::delete, apps::restore, apps::roll_back,
        apps::audit, grants::list, grants::add, grants::remove, releases::list, releases::begin, releases::put_blob,
        releases::finish, releases::activate,
    ),
    security(("token" = [])),
    modifiers(&Token),
)]
struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}
