//! The bucket on S3, or on anything that speaks S3.
//!
//! 1. [`connect`] finds region, credentials and endpoint, sets the bounds of every wait, and asks the bucket
//!    whether it is there, admits us and honours conditional writes.
//! 2. [`ask`] repeats whatever may be done twice, asks a second time for what is late, and leaves a bucket alone that
//!    does not answer ([`breaker`], [`budget`]).
//! 3. [`put`] repeats writes itself, because after a lost answer it has to find out what became of the write. Large files
//!    go in [`parts`]; what was left behind of such is found by [`uploads`].
//! 4. [`settings`] reads what the bucket says of itself.
//! 5. [`source`] reads folders that others fill.
//! 6. [`answer`] says what an answer means: whether repeating helps, and what to do when it does not.

mod answer;
mod ask;
mod breaker;
mod budget;
mod connect;
mod parts;
mod put;
mod settings;
mod source;
mod uploads;

use std::fmt;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use bytes::{Bytes, BytesMut};
use jiff::Timestamp;

use super::{Etag, Fetched, Key, Listed, Listing, Object, PAGE, Prefix, StorageError, WHOLE};
use crate::config::Secret;
use answer::Answer;
use breaker::Breaker;
use budget::{Budget, Recent};

/// More bytes than any object has; endpoints refuse ranges with numbers they cannot count to.
const LARGEST: u64 = 1 << 60;

/// A bucket whose address and credentials are given in code.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The endpoint, such as `http://127.0.0.1:9000`.
    pub url: String,
    /// The bucket's name; it is asked for as a path below the endpoint.
    pub bucket: String,
    /// What every key starts with: empty, or ending with a slash.
    pub prefix: String,
    /// The name of the key that signs requests.
    pub access_key: String,
    /// The key.
    pub secret: Secret,
}

/// How long S3 is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For one try. An upload has more, by its size.
    pub attempt: Duration,
    /// For all tries of a read together, and for the bytes of its answer.
    pub operation: Duration,
    /// How many tries there are, at least one.
    pub attempts: u32,
    /// About how long the first pause between tries is; every further one is twice as long, 2 s at the most.
    pub pause: Duration,
    /// How long a bucket that does not answer is left alone between two tries.
    pub rest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(10),
            operation: Duration::from_secs(30),
            attempts: 4,
            pause: Duration::from_millis(100),
            rest: Duration::from_secs(1),
        }
    }
}

pub(super) struct S3 {
    client: Client,
    bucket: String,
    prefix: String,
    patience: Patience,
    known: settings::Known,
    breaker: Breaker,
    budget: Budget,
    recent: Recent,
}

impl S3 {
    pub(super) fn describe(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix.trim_end_matches('/'))
    }

    pub(super) async fn get(&self, key: &Key, held: Option<&Etag>) -> Result<Fetched, StorageError> {
        let request = self.client.get_object().bucket(&self.bucket).key(self.full(key));
        let request = request.set_if_none_match(held.map(|etag| etag.0.clone()));
        let once = async || {
            let answer = self.hedged(|| self.begin(request.clone())).await?;
            let bytes = self.collect(answer.body, answer.content_length, key).await?;
            Ok(etag(answer.e_tag, key).and_then(|etag| Ok(Object { bytes: bytes?, etag })))
        };
        match self.ask(once).await {
            Ok(object) => object.map(Fetched::Found),
            Err(Answer::Missing) => Ok(Fetched::Missing),
            Err(Answer::Unchanged) => Ok(Fetched::Unchanged),
            Err(other) => Err(other.into_error(key)),
        }
    }

    pub(super) async fn get_range(
        &self,
        key: &Key,
        start: u64,
        length: u64,
    ) -> Result<Option<Bytes>, StorageError> {
        if length == 0 {
            // HTTP has no way to ask for no bytes.
            return Ok(self.head(key).await?.map(|_| Bytes::new()));
        }
        let request = self.client.get_object().bucket(&self.bucket).key(self.full(key));
        let request = request.range(range(start, length));
        let once = async || {
            let answer = self.hedged(|| self.begin(request.clone())).await?;
            self.collect(answer.body, answer.content_length, key).await
        };
        match self.ask(once).await {
            Ok(bytes) => bytes.map(Some),
            Err(Answer::Missing) => Ok(None),
            Err(Answer::PastTheEnd) => Ok(Some(Bytes::new())),
            Err(other) => Err(other.into_error(key)),
        }
    }

    /// The head of the answer to a get; its bytes are still to come.
    async fn begin(&self, request: GetObjectFluentBuilder) -> Result<GetObjectOutput, Answer> {
        request.send().await.map_err(|error| Answer::read(&error, &self.bucket))
    }

    pub(super) async fn list(&self, prefix: &Prefix, from: Option<&str>) -> Result<Listing, StorageError> {
        let full = format!("{}{}", self.prefix, prefix.path());
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(&full).delimiter("/");
        let page = i32::try_from(PAGE).unwrap_or(i32::MAX);
        let request = request.max_keys(page).set_continuation_token(from.map(ToOwned::to_owned));
        let once = async || {
            let sent = request.clone().send().await;
            sent.map_err(|error| Answer::read(&error, &self.bucket))
        };
        let answer = self.ask(once).await.map_err(|answer| answer.into_error(prefix.path()))?;
        let mut listing = Listing { next: answer.next_continuation_token, ..Listing::default() };
        for object in answer.contents.unwrap_or_default() {
            let key = object.key.unwrap_or_default();
            let Some(name) = key.strip_prefix(&full).filter(|name| !name.is_empty()) else { continue };
            listing.objects.push(Listed {
                name: name.to_owned(),
                etag: etag(object.e_tag, &key)?,
                size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                modified: object.last_modified.map(moment).unwrap_or_default(),
            });
        }
        for folder in answer.common_prefixes.unwrap_or_default() {
            let folder = folder.prefix.unwrap_or_default();
            let name = folder.strip_prefix(&full).map(|name| name.trim_end_matches('/'));
            listing.folders.extend(name.filter(|name| !name.is_empty()).map(ToOwned::to_owned));
        }
        Ok(listing)
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        let request = self.client.delete_object().bucket(&self.bucket).key(self.full(key));
        let once = async || {
            let sent = request.clone().send().await;
            sent.map_err(|error| Answer::read(&error, &self.bucket))
        };
        match self.ask(once).await {
            Ok(_) | Err(Answer::Missing) => Ok(()),
            Err(other) => Err(other.into_error(key)),
        }
    }

    /// The key in the bucket, with our prefix.
    fn full(&self, key: &Key) -> String {
        format!("{}{}", self.prefix, key.path())
    }

    /// All bytes of an answer, within the bounds of size and time. More than can be read at once is an error that
    /// repeating does not help.
    async fn collect(
        &self,
        mut body: ByteStream,
        length: Option<i64>,
        key: &(impl ToString + ?Sized),
    ) -> Result<Result<Bytes, StorageError>, Answer> {
        let length = length.and_then(|length| u64::try_from(length).ok());
        if length.is_some_and(|length| length > WHOLE) {
            return Ok(Err(StorageError::too_large(key)));
        }
        let mut bytes = BytesMut::new();
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|_| Answer::Doubtful("its answer broke off".to_owned()))?;
            if (bytes.len() + chunk.len()) as u64 > WHOLE {
                return Ok(Err(StorageError::too_large(key)));
            }
            bytes.extend_from_slice(&chunk);
        }
        if length.is_some_and(|length| length != bytes.len() as u64) {
            return Err(Answer::Doubtful("its answer was cut short".to_owned()));
        }
        Ok(Ok(bytes.freeze()))
    }
}

/// Shows where it is; the client knows secrets.
impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3({})", self.describe())
    }
}

/// `length` bytes from `start`, at least one, as a range is written.
fn range(start: u64, length: u64) -> String {
    let start = start.min(LARGEST);
    format!("bytes={start}-{}", start + length.clamp(1, WHOLE) - 1)
}

fn etag(given: Option<String>, key: &(impl ToString + ?Sized)) -> Result<Etag, StorageError> {
    given.map(Etag).ok_or_else(|| StorageError::unexpected(key, "the answer names no version (ETag)"))
}

fn moment(at: DateTime) -> Timestamp {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).unwrap_or_default()).unwrap_or_default()
}
