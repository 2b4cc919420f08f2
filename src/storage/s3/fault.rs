//! What a bucket's refusal means: whether repeating helps, and what to do when it does not.

use std::error::Error;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

use super::super::StorageError;

/// Why an operation did not succeed.
#[derive(Debug)]
pub(super) enum Fault {
    /// 404 of a key.
    NoKey,
    /// 304.
    NotModified,
    /// 412.
    PreconditionFailed,
    /// 409: another write to the same key is under way.
    Conflict,
    /// 416.
    RangeNotSatisfiable,
    /// Nothing, too late, or "come back later".
    Unavailable(String),
    /// No, and no again.
    Refused(String),
}

impl Fault {
    pub(super) fn of<E>(error: &SdkError<E>, bucket: &str) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let Some(answer) = error.raw_response() else {
            return Self::without_answer(error);
        };
        let code = error.code().unwrap_or_default();
        let refused = |why: &str| Self::Refused(format!("bucket `{bucket}` {why}"));
        match (answer.status().as_u16(), code) {
            (304, _) => Self::NotModified,
            (_, "NoSuchBucket") => refused("does not exist; create it, or correct `--storage`"),
            (404, _) => Self::NoKey,
            (412, _) => Self::PreconditionFailed,
            (409, _) => Self::Conflict,
            (416, _) => Self::RangeNotSatisfiable,
            (_, "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" | "InvalidToken") => {
                refused(&format!("does not accept the credentials ({code}); correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role"))
            }
            (301 | 307 | 400, "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
                refused("is in another region; set AWS_REGION to the bucket's")
            }
            (401 | 403, _) => {
                refused("refuses access; allow s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket")
            }
            (501, _) => refused("lacks an operation that is needed; use a store with conditional writes"),
            (status @ (429 | 500..), _) => Self::Unavailable(format!("bucket `{bucket}` answers {status} {code}")),
            (status, _) => refused(&format!("answers {status} {code}")),
        }
    }

    fn without_answer<E: Error + 'static>(error: &SdkError<E>) -> Self {
        match error {
            SdkError::TimeoutError(_) => Self::Unavailable("it answers too late".to_owned()),
            SdkError::ConstructionFailure(_) => {
                let why = format!("a request cannot be made: {}; set AWS credentials and region", causes(error));
                Self::Refused(why)
            }
            _ => {
                let causes = causes(error);
                if causes.contains("credentials") {
                    Self::Refused("there are no AWS credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role".to_owned())
                } else {
                    Self::Unavailable(causes)
                }
            }
        }
    }

    pub(super) fn into_error(self, key: impl std::fmt::Display) -> StorageError {
        match self {
            Self::Unavailable(why) => StorageError::Unavailable(why),
            Self::Refused(why) => StorageError::Refused(why),
            Self::Conflict => StorageError::Unavailable(format!("`{key}` is being written by others")),
            Self::NoKey => StorageError::unexpected(key, "it is not there"),
            Self::NotModified | Self::PreconditionFailed | Self::RangeNotSatisfiable => {
                StorageError::unexpected(key, "the bucket answers to a condition that was not set")
            }
        }
    }
}

/// An error and what caused it, in a line.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}
