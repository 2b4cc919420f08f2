//! Problem documents (RFC 9457): the one place where an error of the API becomes a response.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Ability, AppName, Digest};
use crate::releases::ReleaseError;

/// After how many seconds a client may try again when storage does not answer.
const RETRY: &str = "5";

/// An error as the API answers it.
#[derive(Debug)]
pub(in crate::web) struct Problem {
    status: StatusCode,
    detail: String,
    missing: Vec<Digest>,
    challenge: Option<&'static str>,
}

/// What a problem looks like (RFC 9457, section 3).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemDocument {
    /// Always `about:blank`: the status says what kind it is.
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status code.
    status: u16,
    /// What is wrong, and what to do next.
    detail: String,
    /// The blobs that a release still lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Option<Vec<String>>)]
    missing: Vec<Digest>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), missing: Vec::new(), challenge: None }
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(in crate::web) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub(super) fn wrong_method() -> Self {
        let detail = "this address does not take that method; /-/api/openapi.json lists what it takes";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, detail)
    }

    pub(super) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    pub(super) fn too_large(limit: usize) -> Self {
        let detail = format!("the body is larger than {limit} bytes, the most that this call takes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    /// Nobody is known to ask: no token came (RFC 6750, section 3).
    pub(in crate::web) fn no_token() -> Self {
        let detail = "this needs a token: send `Authorization: Bearer …`; `loggia login` or your account page makes one";
        let challenge = Some("Bearer realm=\"loggia\"");
        Self { challenge, ..Self::new(StatusCode::UNAUTHORIZED, detail) }
    }

    /// A token came, and it is none of ours, has ended, or was taken back.
    pub(super) fn bad_token() -> Self {
        let detail = "this token is not valid, has ended, or was taken back; `loggia login` makes a new one";
        let challenge = Some("Bearer realm=\"loggia\", error=\"invalid_token\"");
        Self { challenge, ..Self::new(StatusCode::UNAUTHORIZED, detail) }
    }

    /// A token came that may do less than this takes (RFC 6750, section 3.1).
    pub(super) fn beyond(may: Ability, need: Ability) -> Self {
        let detail = format!(
            "this token may `{}`, and this takes one that may `{}`; your account page makes one",
            may.as_str(),
            need.as_str()
        );
        let challenge = Some(match need {
            Ability::Read => "Bearer realm=\"loggia\", error=\"insufficient_scope\", scope=\"read\"",
            Ability::Publish => "Bearer realm=\"loggia\", error=\"insufficient_scope\", scope=\"publish\"",
            Ability::All => "Bearer realm=\"loggia\", error=\"insufficient_scope\", scope=\"all\"",
        });
        Self { challenge, ..Self::forbidden(detail) }
    }

    /// A token came that is for another app, whether or not there is the one that was asked for.
    pub(super) fn elsewhere(only: &AppName) -> Self {
        let challenge = Some("Bearer realm=\"loggia\", error=\"insufficient_scope\"");
        Self { challenge, ..Self::forbidden(format!("this token is for the app `{only}` only")) }
    }

    /// The bucket does not do its part.
    pub(super) fn unavailable() -> Self {
        let detail = "storage does not answer; nothing was lost, repeat this in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }
}

impl From<ReleaseError> for Problem {
    fn from(error: ReleaseError) -> Self {
        let detail = error.to_string();
        let status = crate::web::status_of(&error);
        if status.is_server_error() {
            // Its text may hold paths and addresses of ours: it is for the log.
            tracing::error!(%error, "a call of the API failed");
            return Self::unavailable();
        }
        let missing = match error {
            ReleaseError::BlobsMissing { missing, .. } => missing,
            _ => Vec::new(),
        };
        Self { missing, ..Self::new(status, detail) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let document = ProblemDocument {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail,
            missing: self.missing,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(challenge) = self.challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::StorageError;

    #[test]
    fn storage_that_fails_is_503_and_its_paths_stay_inside() {
        for error in [
            StorageError::Unavailable("cannot write /srv/bucket/apps".to_owned()),
            StorageError::Refused("AccessDenied on s3://secret-bucket".to_owned()),
            StorageError::Unexpected { key: "apps/sales/app.json".to_owned(), what: "torn".to_owned() },
        ] {
            let problem = Problem::from(ReleaseError::Storage(error));
            assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(problem.detail, "storage does not answer; nothing was lost, repeat this in a moment");
            assert_eq!(problem.into_response().headers()[RETRY_AFTER], RETRY);
        }
    }
}
