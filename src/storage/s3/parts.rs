//! Large files go in parts: several at a time, each repeated by itself, none of them whole in memory.
//!
//! The object appears when the last step is done, under the condition of the write, or not at all.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_s3::primitives::{ByteStream, Length};
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::answer::Answer;
use super::put::{REPLACES, SLOWEST, WRITE, Write, is_of};
use super::{S3, connect, etag};
use crate::model::Entropy;
use crate::storage::{Condition, Put, StorageError};

/// Files up to this size, in bytes, go in one piece.
pub(super) const IN_ONE: u64 = 32 << 20;
/// The size of a part in bytes, at the least.
const PART: u64 = 16 << 20;
/// S3 takes no more parts of one object.
const MOST_PARTS: u64 = 10_000;
/// How many parts of a file are on their way.
const AT_A_TIME: usize = 3;

/// What the last step of an upload came to.
enum End {
    /// It is known what became of the write.
    Put(Put),
    /// Another write of the same object was under way. The upload is of no use any more: it is begun anew, parts and
    /// all (`CompleteMultipartUpload`, 409 `ConditionalRequestConflict`).
    Conflict,
}

impl S3 {
    /// Stores a file in parts. Somebody else's object that is in the way is found before anything is sent.
    pub(super) async fn put_in_parts(
        &self,
        write: &Write<'_>,
        path: &Path,
        size: u64,
    ) -> Result<Put, StorageError> {
        let mut begun = 0;
        loop {
            // An upload of ours whose completion was answered by a conflict may have been done by an earlier try of it.
            if (begun > 0 || *write.condition == Condition::Absent)
                && let Some(found) = self.head(write.key).await?
            {
                if is_of(&found, write) {
                    return etag(found.e_tag, write.key).map(Put::Stored);
                }
                if *write.condition == Condition::Absent {
                    return Ok(Put::Lost);
                }
            }
            let upload = self.begin_upload(write).await?;
            let end = match self.send_parts(write, &upload, path, size).await {
                Ok(parts) => self.complete(write, &upload, parts).await,
                Err(error) => Err(error),
            };
            if !matches!(end, Ok(End::Put(Put::Stored(_)))) {
                self.abandon(write, &upload).await;
            }
            begun += 1;
            match end? {
                End::Put(put) => return Ok(put),
                End::Conflict if begun < self.patience.attempts => {
                    let dice = Entropy::system().bytes::<1>()[0];
                    tokio::time::sleep(connect::pause(self.patience, begun, dice)).await;
                }
                End::Conflict => {
                    let why = "others write it at the same time, again and again".to_owned();
                    return Err(Answer::Conflict(why).into_error(write.key));
                }
            }
        }
    }

    async fn begin_upload(&self, write: &Write<'_>) -> Result<String, StorageError> {
        let request = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(self.full(write.key))
            .content_type(write.key.media_type())
            .metadata(WRITE, &write.name);
        let request = match write.replaces() {
            Some(replaces) => request.metadata(REPLACES, replaces),
            None => request,
        };
        let once = async || {
            let begun = request.clone().send().await;
            begun.map_err(|error| Answer::read(&error, &self.bucket))
        };
        let begun = self.ask(once).await.map_err(|answer| answer.into_error(write.key))?;
        begun.upload_id.ok_or_else(|| StorageError::unexpected(write.key, "an upload began without a name"))
    }

    async fn send_parts(
        &self,
        write: &Write<'_>,
        upload: &str,
        path: &Path,
        size: u64,
    ) -> Result<Vec<CompletedPart>, StorageError> {
        let part = size.div_ceil(MOST_PARTS).max(PART);
        let sending = (0..size.div_ceil(part)).map(|index| async move {
            let (start, number) = (index * part, i32::try_from(index + 1).unwrap_or(i32::MAX));
            let length = part.min(size - start);
            let once = async || {
                let unreadable = |_| Answer::Refused("the upload cannot be read".to_owned());
                let body = ByteStream::read_from().path(path).offset(start).length(Length::Exact(length));
                let sent = self
                    .client
                    .upload_part()
                    .bucket(&self.bucket)
                    .key(self.full(write.key))
                    .upload_id(upload)
                    .part_number(number)
                    .body(body.build().await.map_err(unreadable)?)
                    .customize()
                    .config_override(self.one_try(length))
                    .send()
                    .await;
                sent.map_err(|error| Answer::read(&error, &self.bucket))
            };
            let longest = self.patience.operation + Duration::from_secs(length / SLOWEST);
            let sent = self.ask_within(longest, once).await.map_err(|answer| answer.into_error(write.key))?;
            let tag = etag(sent.e_tag, write.key)?;
            Ok::<_, StorageError>(CompletedPart::builder().part_number(number).e_tag(tag.0).build())
        });
        stream::iter(sending).buffered(AT_A_TIME).try_collect().await
    }

    async fn complete(
        &self,
        write: &Write<'_>,
        upload: &str,
        parts: Vec<CompletedPart>,
    ) -> Result<End, StorageError> {
        let conflict = AtomicBool::new(false);
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let send = async || {
            let request = self
                .client
                .complete_multipart_upload()
                .bucket(&self.bucket)
                .key(self.full(write.key))
                .upload_id(upload)
                .multipart_upload(parts.clone());
            let request = match write.condition {
                Condition::Always => request,
                Condition::Absent => request.if_none_match("*"),
                Condition::Match(etag) => request.if_match(&etag.0),
            };
            match request.customize().config_override(self.one_try(PART)).send().await {
                Ok(done) => etag(done.e_tag, write.key).map(Ok),
                Err(error) => match Answer::read(&error, &self.bucket) {
                    answer @ Answer::Conflict(_) => {
                        conflict.store(true, Ordering::Relaxed);
                        Err(answer.into_error(write.key))
                    }
                    answer => Ok(Err(answer)),
                },
            }
        };
        // Once it is done, the upload is not known any more.
        match self.until_known(write, send).await {
            Err(_) if conflict.into_inner() => Ok(End::Conflict),
            put => put.map(End::Put),
        }
    }

    /// What was sent takes room until it is given up. What stays behind is a rule of the bucket's to clear.
    async fn abandon(&self, write: &Write<'_>, upload: &str) {
        let request = self.client.abort_multipart_upload().bucket(&self.bucket);
        let gone = request.key(self.full(write.key)).upload_id(upload).send().await;
        if let Err(error) = gone {
            let why = Answer::read(&error, &self.bucket);
            tracing::debug!(?why, key = %write.key, "the parts of an upload stay behind");
        }
    }
}
