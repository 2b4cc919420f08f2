//! Writing, so that the answer is true: stored, lost, or an error when neither can be known.
//!
//! Every write carries a name of its own and the version it means to replace, as metadata. When an answer is
//! missing, the write is repeated under the same condition. If the first one was done after all, the
//! repetition is refused (412); then the object that is there tells which of the two it was:
//!
//! 1. it carries our name: our write was done;
//! 2. it replaced the very version that ours was to replace: somebody else's write was, ours was not;
//! 3. anything else: it was replaced more than once meanwhile, and nobody can know.
//!
//! Large files go in [`super::parts`], by the same rules.

use std::time::Duration;

use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use data_encoding::HEXLOWER;
use tokio::time::Instant;

use super::answer::Answer;
use super::parts::IN_ONE;
use super::{S3, connect, etag};
use crate::model::Entropy;
use crate::storage::{Body, Condition, Etag, Key, Put, StorageError};

/// The metadata that holds the write's own name.
pub(super) const WRITE: &str = "loggia-write";

/// The metadata that holds the version it was to replace, or [`NOTHING`].
pub(super) const REPLACES: &str = "loggia-replaces";

/// What a write replaces that only creates.
const NOTHING: &str = "nothing";

/// An upload slower than this many bytes a second is broken off.
pub(super) const SLOWEST: u64 = 128 << 10;

/// One write, however often it is tried.
pub(super) struct Write<'a> {
    pub(super) key: &'a Key,
    body: &'a Body,
    pub(super) condition: &'a Condition,
    pub(super) name: String,
}

impl Write<'_> {
    /// The version that it is to replace; `None` when it replaces any.
    pub(super) fn replaces(&self) -> Option<&str> {
        match self.condition {
            Condition::Always => None,
            Condition::Absent => Some(NOTHING),
            Condition::Match(etag) => Some(etag.0.trim_matches('"')),
        }
    }
}

/// Whether an object that is there was written by `write`.
pub(super) fn is_of(found: &HeadObjectOutput, write: &Write<'_>) -> bool {
    metadata(found, WRITE) == Some(&write.name)
}

fn metadata<'f>(found: &'f HeadObjectOutput, name: &str) -> Option<&'f str> {
    found.metadata.as_ref()?.get(name).map(String::as_str)
}

impl S3 {
    pub(in crate::storage) async fn put(
        &self,
        key: &Key,
        body: &Body,
        condition: &Condition,
    ) -> Result<Put, StorageError> {
        let write = Write { key, body, condition, name: HEXLOWER.encode(&Entropy::system().bytes::<16>()) };
        match body {
            Body::File { path, size } if *size > IN_ONE => self.put_in_parts(&write, path, *size).await,
            Body::File { .. } | Body::Bytes(_) => self.until_known(&write, || self.send(&write)).await,
        }
    }

    /// Tries `send` until it is known what became of `write`.
    pub(super) async fn until_known<F>(
        &self,
        write: &Write<'_>,
        send: impl Fn() -> F,
    ) -> Result<Put, StorageError>
    where
        F: Future<Output = Result<Result<Etag, Answer>, StorageError>>,
    {
        let (key, condition) = (write.key, write.condition);
        let mut in_doubt = false;
        // An answer was lost, so that what is asked for may be done, whatever the condition.
        let mut lost = false;
        let mut tries = 0;
        // Each try has a bound of its own, by its bytes; this one is for the pauses between them.
        let mut pauses = self.patience.operation;
        loop {
            self.admit(Instant::now() + pauses).await.map_err(|answer| answer.into_error(key))?;
            let sent = Box::pin(send()).await?;
            self.note(sent.as_ref().err());
            let answer = match sent {
                Ok(etag) => return Ok(Put::Stored(etag)),
                Err(answer) => answer,
            };
            tries += 1;
            let busy = matches!(answer, Answer::Busy(_) | Answer::Conflict(_));
            let why = match answer {
                // The version to replace is gone altogether.
                Answer::Missing if matches!(condition, Condition::Match(_)) && !in_doubt => {
                    return Ok(Put::Lost);
                }
                Answer::Lost if !in_doubt => return Ok(Put::Lost),
                Answer::Lost | Answer::Missing if in_doubt => return self.settle(write).await,
                // An upload in parts that is done is not known any more.
                Answer::Missing if lost => return self.settle(write).await,
                Answer::Busy(why) | Answer::Conflict(why) => why,
                Answer::Doubtful(why) => {
                    in_doubt = write.replaces().is_some();
                    lost = true;
                    why
                }
                other => return Err(other.into_error(key)),
            };
            // The sooner a lost answer is looked into, the fewer others have written meanwhile.
            let pause = if busy || tries > 1 {
                connect::pause(self.patience, tries, Entropy::system().bytes::<1>()[0])
            } else {
                Duration::ZERO
            };
            if tries >= self.patience.attempts || pause >= pauses {
                let last = Answer::Doubtful(why).into_error(key);
                return if in_doubt { self.settle(write).await } else { Err(last) };
            }
            pauses -= pause;
            tokio::time::sleep(pause).await;
        }
    }

    /// One try.
    async fn send(&self, write: &Write<'_>) -> Result<Result<Etag, Answer>, StorageError> {
        let body = match write.body {
            Body::Bytes(bytes) => ByteStream::from(bytes.clone()),
            Body::File { path, size } => {
                let unreadable = |why: &dyn std::fmt::Display| {
                    StorageError::Unavailable(format!("cannot read the upload: {why}"))
                };
                let found = tokio::fs::metadata(path).await.map_err(|error| unreadable(&error))?.len();
                if found != *size {
                    let what = format!("the upload has {found} bytes rather than {size}");
                    return Err(StorageError::unexpected(write.key, what));
                }
                ByteStream::from_path(path).await.map_err(|error| unreadable(&error))?
            }
        };
        let mut request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(self.full(write.key))
            .content_type(write.key.media_type())
            .metadata(WRITE, &write.name)
            .body(body);
        if let Some(replaces) = write.replaces() {
            request = request.metadata(REPLACES, replaces);
        }
        request = match write.condition {
            Condition::Always => request,
            Condition::Absent => request.if_none_match("*"),
            Condition::Match(etag) => request.if_match(&etag.0),
        };
        let size = match write.body {
            Body::Bytes(bytes) => bytes.len() as u64,
            Body::File { size, .. } => *size,
        };
        match request.customize().config_override(self.one_try(size)).send().await {
            Ok(answer) => etag(answer.e_tag, write.key).map(Ok),
            Err(error) => Ok(Err(Answer::read(&error, &self.bucket))),
        }
    }

    /// No repetitions by the client, which would take 412 after a lost answer for a lost race. More bytes have more
    /// time.
    pub(super) fn one_try(&self, size: u64) -> Builder {
        let limit = self.patience.attempt + Duration::from_secs(size / SLOWEST);
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(self.patience.connect)
            .operation_attempt_timeout(limit)
            .operation_timeout(limit);
        Builder::new().retry_config(RetryConfig::disabled()).timeout_config(timeouts.build())
    }

    /// Finds out by reading back what became of a write whose answer was lost.
    async fn settle(&self, write: &Write<'_>) -> Result<Put, StorageError> {
        let unsettled = |what: &str| {
            let key = write.key;
            Err(StorageError::Unavailable(format!("`{key}`: the answer to a write was lost, and {what}")))
        };
        let Some(found) = self.head(write.key).await? else {
            return unsettled("the object is not there now");
        };
        let said = |name: &str| metadata(&found, name);
        if is_of(&found, write) {
            tracing::debug!(key = %write.key, "a write whose answer was lost had been done");
            return etag(found.e_tag, write.key).map(Put::Stored);
        }
        if said(REPLACES).is_some() && said(REPLACES) == write.replaces() {
            return Ok(Put::Lost);
        }
        unsettled("what became of it cannot be known; read the object again before repeating it")
    }

    /// The object without its bytes.
    pub(super) async fn head(&self, key: &Key) -> Result<Option<HeadObjectOutput>, StorageError> {
        let request = self.client.head_object().bucket(&self.bucket).key(self.full(key));
        let once = async || {
            let sent = request.clone().send().await;
            sent.map_err(|error| Answer::read(&error, &self.bucket))
        };
        match self.ask(once).await {
            Ok(found) => Ok(Some(found)),
            Err(Answer::Missing) => Ok(None),
            Err(other) => Err(other.into_error(key)),
        }
    }
}
