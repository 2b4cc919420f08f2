//! The built-in OpenID provider of development mode, over HTTP. It is there only in development mode, which listens on
//! loopback alone.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Request, StatusCode};

use super::failure::{Failure, main_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::{FormRejection, OurForm, read_form};
use crate::access::Parameters;
use crate::access::provider::{Asked, BuiltIn, TokenError};
use crate::theme::views::{Field, ProviderPage};

pub(super) fn routes() -> Router<Arc<Loggia>> {
    Router::new()
        .route("/-/provider/.well-known/openid-configuration", get(discovery))
        .route("/-/provider/jwks", get(jwks))
        .route("/-/provider/authorize", get(authorize).post(submit))
        .route("/-/provider/token", post(token))
        .route("/-/provider/userinfo", get(userinfo))
}

fn built_in(loggia: &Loggia) -> Result<&BuiltIn, Failure> {
    loggia.provider.as_ref().ok_or(Failure::NotFound)
}

async fn discovery(State(loggia): State<Arc<Loggia>>) -> Result<Response, Failure> {
    Ok(Json(built_in(&loggia)?.discovery()).into_response())
}

async fn jwks(State(loggia): State<Arc<Loggia>>) -> Result<Response, Failure> {
    Ok(Json(built_in(&loggia)?.jwks()).into_response())
}

async fn authorize(
    State(loggia): State<Arc<Loggia>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let given = Parameters::parse(query.as_deref().unwrap_or_default());
    let provider = built_in(&loggia)?;
    let asked = provider.authorize(&given).map_err(|error| Failure::BadRequest(error.to_string()))?;
    page(&loggia, provider, &asked, "", None)
}

async fn submit(
    State(loggia): State<Arc<Loggia>>,
    OurForm(fields): OurForm<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let given = Parameters::from_pairs(fields);
    let provider = built_in(&loggia)?;
    let asked = provider.authorize(&given).map_err(|error| Failure::BadRequest(error.to_string()))?;
    match provider.submit(&given, loggia.clock.now()) {
        Ok(there) => Ok(with_cookies(super::redirect(StatusCode::SEE_OTHER, there.as_str()), &[])),
        Err(error) => {
            let email = given.get("email").unwrap_or_default();
            page(&loggia, provider, &asked, email, Some(error.to_string()))
        }
    }
}

fn page(
    loggia: &Loggia,
    provider: &BuiltIn,
    asked: &Asked,
    email: &str,
    problem: Option<String>,
) -> Result<Response, Failure> {
    let fields = provider.fields(asked);
    let suggestions = ["ann@example.org", "bob@example.org", "dev@localhost"];
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let view = ProviderPage {
        layout: main_layout(loggia),
        action: "/-/provider/authorize".to_owned(),
        fields: fields.into_iter().map(|(name, value)| Field { name: name.to_owned(), value }).collect(),
        email: email.to_owned(),
        problem,
        suggestions: suggestions.iter().filter_map(|address| address.parse().ok()).collect(),
    };
    Ok(with_cookies(super::html_page(status, loggia.theme.provider(&view)?), &[]))
}

/// Called by this very server; it has no cookies, so nobody can send it in somebody's name.
async fn token(
    State(loggia): State<Arc<Loggia>>,
    headers: HeaderMap,
    request: Request<axum::body::Body>,
) -> Result<Response, FormRejection> {
    let fields: Vec<(String, String)> = read_form(request, &loggia).await?;
    let given = Parameters::from_pairs(fields);
    let provider = built_in(&loggia)?;
    let mut response = match provider.token(&headers, &given, loggia.clock.now()) {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => {
            let status = match error {
                TokenError::Client => StatusCode::UNAUTHORIZED,
                TokenError::Grant | TokenError::Request => StatusCode::BAD_REQUEST,
                TokenError::Busy => StatusCode::SERVICE_UNAVAILABLE,
            };
            (status, Json(serde_json::json!({ "error": error.to_string() }))).into_response()
        }
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn userinfo(State(loggia): State<Arc<Loggia>>, headers: HeaderMap) -> Result<Response, Failure> {
    match built_in(&loggia)?.userinfo(&headers, loggia.clock.now()) {
        Some(claims) => Ok(Json(claims).into_response()),
        None => Ok((StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response()),
    }
}
