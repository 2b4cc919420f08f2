//! What an answer of S3 means.

use std::error::Error;
use std::fmt::Display;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ConnectorError, ProvideErrorMetadata, SdkError};

use crate::storage::StorageError;

/// An answer that is not a plain success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// There is no such object.
    Missing,
    /// The object is still the version that was named (304).
    Unchanged,
    /// The range lies behind the object's end (416).
    PastTheEnd,
    /// The condition of a write did not hold (412).
    Lost,
    /// Not done: another write was under way (409). Repeating helps, and the bucket is well.
    Conflict(String),
    /// Not done: S3 asks us to slow down. Repeating helps.
    Busy(String),
    /// Perhaps done, perhaps not: the answer is missing or says nothing. Repeating helps.
    Doubtful(String),
    /// Repeating does not help; says the next step.
    Refused(String),
}

impl Answer {
    /// Reads a failure. Nothing that S3 wrote is repeated but its error code: messages may hold key names.
    pub(super) fn read<E>(error: &SdkError<E, HttpResponse>, bucket: &str) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::TimeoutError(_) => Self::Doubtful("no answer in time".to_owned()),
            SdkError::ServiceError(failure) => {
                let status = failure.raw().status().as_u16();
                Self::of(status, failure.err().code().unwrap_or_default(), bucket)
            }
            SdkError::ResponseError(failure) => Self::of(failure.raw().status().as_u16(), "", bucket),
            SdkError::DispatchFailure(failure) => {
                let failure = failure.as_connector_error();
                if failure.is_some_and(ConnectorError::is_timeout) {
                    Self::Doubtful("no connection in time".to_owned())
                } else if failure.is_some_and(ConnectorError::is_user) {
                    Self::Refused("the endpoint is not an address; check AWS_ENDPOINT_URL".to_owned())
                } else {
                    Self::Doubtful("no connection, or it broke off".to_owned())
                }
            }
            _ => Self::before_sending(&causes(error)),
        }
    }

    /// Whether it says nothing of what was asked, so that repeating may help.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Conflict(_) | Self::Busy(_) | Self::Doubtful(_))
    }

    /// Whether the bucket did not do its part, so that it may be better left alone.
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Doubtful(_))
    }

    /// What kept a request from being sent.
    fn before_sending(causes: &str) -> Self {
        if causes.contains("credentials") || causes.contains("identity") {
            return Self::Refused(
                "no AWS credentials were found, or they could not be fetched; set AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give this machine a role"
                    .to_owned(),
            );
        }
        Self::Refused(
            "the request could not be made; check AWS_ENDPOINT_URL, AWS_REGION and the bucket's name"
                .to_owned(),
        )
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    fn of(status: u16, code: &str, bucket: &str) -> Self {
        let said = if code.is_empty() { status.to_string() } else { format!("{status} {code}") };
        let refused = |next: &str| Self::Refused(format!("bucket `{bucket}`: {next} ({said})"));
        match (status, code) {
            (304, _) => Self::Unchanged,
            (412, _) => Self::Lost,
            (416, _) => Self::PastTheEnd,
            (_, "NoSuchBucket") => {
                refused("there is no such bucket; create it, or correct the storage setting")
            }
            (404, _) => Self::Missing,
            (_, "InvalidAccessKeyId" | "NotSignedUp") => {
                refused("the access key is unknown there; check AWS_ACCESS_KEY_ID")
            }
            (_, "SignatureDoesNotMatch") => {
                refused("the secret key does not fit the access key; check AWS_SECRET_ACCESS_KEY")
            }
            (_, "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired") => {
                refused("the credentials have ended; fetch new ones and set AWS_SESSION_TOKEN with them")
            }
            (_, "RequestTimeTooSkewed") => refused("this machine's clock is wrong; set it"),
            (_, "RequestTimeout") | (408, _) => Self::Doubtful(said),
            (300..=399, _) | (_, "AuthorizationHeaderMalformed") => {
                refused("it is in another region; set AWS_REGION to the bucket's")
            }
            (401 | 403, _) => refused(
                "access is denied; allow s3:ListBucket on it and s3:GetObject, s3:PutObject and \
                 s3:DeleteObject on what is in it",
            ),
            (409, _) => Self::Conflict(said),
            (429 | 503, _) => Self::Busy(said),
            (501, _) => refused("the endpoint does not know conditional writes; use one that does"),
            (500.., _) => Self::Doubtful(said),
            (200..=299, _) => Self::Doubtful("an answer that is not one of S3's".to_owned()),
            _ => refused("it does not accept the request; check the endpoint and the bucket's name"),
        }
    }

    /// The error for whoever asked for `key`, where no other meaning fits.
    pub(super) fn into_error(self, key: &(impl Display + ?Sized)) -> StorageError {
        match self {
            Self::Conflict(why) | Self::Busy(why) | Self::Doubtful(why) => {
                StorageError::Unavailable(format!("`{key}`: {why}"))
            }
            Self::Refused(why) => StorageError::Refused(why),
            Self::Missing | Self::Unchanged | Self::PastTheEnd | Self::Lost => StorageError::unexpected(
                key,
                "the answer does not fit the question; check that the endpoint speaks S3",
            ),
        }
    }
}

/// An error and its causes in one line.
fn causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_bucket_and_the_next_step() {
        for (status, code) in [
            (404, "NoSuchBucket"),
            (403, "AccessDenied"),
            (403, "InvalidAccessKeyId"),
            (403, "SignatureDoesNotMatch"),
            (400, "ExpiredToken"),
            (301, "PermanentRedirect"),
            (400, "AuthorizationHeaderMalformed"),
            (501, "NotImplemented"),
            (400, ""),
        ] {
            let Answer::Refused(why) = Answer::of(status, code, "guides") else { panic!("{status} {code}") };
            assert!(why.starts_with("bucket `guides`: ") && why.contains("; "), "{why}");
        }
    }

    #[test]
    fn only_an_answer_that_says_so_is_certain() {
        assert_eq!(Answer::of(412, "PreconditionFailed", "b"), Answer::Lost);
        assert_eq!(Answer::of(404, "NoSuchKey", "b"), Answer::Missing);
        assert!(matches!(Answer::of(409, "ConditionalRequestConflict", "b"), Answer::Conflict(_)));
        assert!(matches!(Answer::of(503, "SlowDown", "b"), Answer::Busy(_)));
        assert!(matches!(Answer::of(500, "InternalError", "b"), Answer::Doubtful(_)));
        assert!(matches!(Answer::of(504, "", "b"), Answer::Doubtful(_)));
        assert!(matches!(Answer::of(200, "", "b"), Answer::Doubtful(_)));
    }
}
