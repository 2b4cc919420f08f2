//! Problem details (RFC 9457): the one form of every no.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use http::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::model::{InvalidName, InvalidPath, InvalidWho};
use crate::releases::ReleaseError;

/// Why a call was not done, and the next step.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Always `about:blank`: the status says what kind it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: String,
    /// The status.
    status: u16,
    /// What went wrong with this call, and what to do next.
    detail: String,
}

impl Problem {
    /// A problem with this status.
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self { kind: "about:blank", title, status: status.as_u16(), detail: detail.into() }
    }

    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// What an app that does not exist and one that is not theirs have in common.
    pub(super) fn no_such_app(name: &str) -> Self {
        let name: String = name.chars().take(40).flat_map(char::escape_default).collect();
        let detail = format!("there is no app `{name}` that you may publish to; `GET /-/api/v1/apps` lists yours");
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn unauthorized() -> Self {
        let detail = "this needs a token: send `Authorization: Bearer …` with one from /-/account/ or `loggia login`";
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

impl From<ReleaseError> for Problem {
    fn from(error: ReleaseError) -> Self {
        let status = crate::web::status_of(&error);
        if !status.is_server_error() {
            return Self::new(status, error.to_string());
        }
        tracing::error!(%error, "an API call failed");
        let detail = "the storage behind this server does not answer; nothing was changed half, repeat the call in a minute";
        Self::new(status, detail)
    }
}

impl From<InvalidName> for Problem {
    fn from(error: InvalidName) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<InvalidPath> for Problem {
    fn from(error: InvalidPath) -> Self {
        Self::invalid(error.to_string())
    }
}

impl From<InvalidWho> for Problem {
    fn from(error: InvalidWho) -> Self {
        Self::invalid(error.to_string())
    }
}

/// A JSON body, whose mistakes are problems too.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = bytes::Bytes::from_request(request, state).await.map_err(|rejection| {
            let detail = match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => "the body is larger than this call takes".to_owned(),
                _ => format!("the body cannot be read: {}", rejection.body_text()),
            };
            Problem::new(rejection.status(), detail)
        })?;
        let bytes = if bytes.is_empty() { bytes::Bytes::from_static(b"{}") } else { bytes };
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            Err(error) if error.is_data() => Err(Problem::invalid(format!("the JSON body does not fit: {error}"))),
            Err(error) => {
                Err(Problem::new(StatusCode::BAD_REQUEST, format!("the body is not JSON: {error}")))
            }
        }
    }
}

/// Nothing of the API is at this address.
pub(super) async fn no_such_address() -> Problem {
    let detail = "there is no such call; /-/api/openapi.json lists them";
    Problem::new(StatusCode::NOT_FOUND, detail)
}

/// The address is right and the method is not.
pub(super) async fn no_such_method(method: Method) -> Problem {
    let detail = format!("this call does not take {method}; /-/api/openapi.json lists what it takes");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail)
}
