//! The bucket on S3, or on whatever speaks its protocol.
//!
//! 1. [`S3::open`] takes region, credentials and endpoint from the usual `AWS_…` places, and asks the bucket once.
//! 2. Every attempt and every operation has a bound, and a body that stalls is cut off ([`Patience`]).
//! 3. A conditional put that answers 409, or nothing, is settled by reading back (decision 0002): records carry a
//!    unique write id, so equal bytes are our own write.
//! 4. [`fault`] says of every failure whether repeating helps.

mod fault;

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::operation::get_object::builders::GetObjectFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use jiff::Timestamp;

use super::{
    Body, Condition, Etag, Fetched, Key, Listed, Listing, Object, PAGE, Prefix, Put, StorageError, WHOLE,
};
use fault::Fault;

/// An endpoint whose address and credentials are given in code.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its URL, such as `http://127.0.0.1:9000`.
    pub url: String,
    /// The bucket.
    pub bucket: String,
    /// What every key starts with: empty, or ending with a slash.
    pub prefix: String,
    /// The access key's name.
    pub access_key: String,
    /// The access key's secret.
    pub secret_key: crate::config::Secret,
}

/// How long the bucket is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For one attempt's connection and head.
    pub attempt: Duration,
    /// For an operation with all its attempts.
    pub operation: Duration,
    /// How many attempts an operation has.
    pub attempts: u32,
    /// How long a body may stall.
    pub stall: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(10),
            operation: Duration::from_secs(30),
            attempts: 3,
            stall: Duration::from_secs(5),
        }
    }
}

#[derive(Debug)]
pub(super) struct S3 {
    client: Client,
    bucket: String,
    prefix: String,
}

impl S3 {
    pub(super) async fn open(bucket: &str, prefix: &str) -> Result<Arc<Self>, StorageError> {
        let shared = aws_config::defaults(BehaviorVersion::latest()).load().await;
        let mut config = aws_sdk_s3::config::Builder::from(&shared);
        if shared.region().is_none() {
            config = config.region(Region::from_static("eu-west-1"));
        }
        // Endpoints of one's own rarely have a DNS name for every bucket.
        config = config.force_path_style(shared.endpoint_url().is_some());
        Self::probe(config, bucket, prefix, Patience::default()).await
    }

    pub(super) async fn open_at(endpoint: &Endpoint, patience: Patience) -> Result<Arc<Self>, StorageError> {
        let secret = endpoint.secret_key.reveal();
        let credentials = Credentials::new(&endpoint.access_key, secret, None, None, "given in code");
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .endpoint_url(&endpoint.url)
            .force_path_style(true)
            .credentials_provider(credentials);
        Self::probe(config, &endpoint.bucket, &endpoint.prefix, patience).await
    }

    /// Makes sure that the bucket is there, admits us, and honours conditions.
    async fn probe(
        config: aws_sdk_s3::config::Builder,
        bucket: &str,
        prefix: &str,
        patience: Patience,
    ) -> Result<Arc<Self>, StorageError> {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(patience.attempt)
            .operation_attempt_timeout(patience.attempt)
            .operation_timeout(patience.operation)
            .build();
        let stalls = StalledStreamProtectionConfig::enabled().grace_period(patience.stall).build();
        let config = config
            .timeout_config(timeouts)
            .retry_config(RetryConfig::standard().with_max_attempts(patience.attempts))
            .stalled_stream_protection(stalls)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .build();
        let client = Client::from_conf(config);
        let s3 = Self { client, bucket: bucket.to_owned(), prefix: prefix.to_owned() };
        let never = Condition::Match(Etag("\"00000000000000000000000000000000\"".to_owned()));
        match s3.put(&Key::probe(), &Body::Bytes(Bytes::new()), &never).await? {
            Put::Lost => Ok(Arc::new(s3)),
            Put::Stored(_) => {
                s3.delete(&Key::probe()).await?;
                let sentence = format!(
                    "bucket `{bucket}` does not honour If-Match, without which changes get lost; use a store that does"
                );
                Err(StorageError::Refused(sentence))
            }
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("s3://{}/{}", self.bucket, self.prefix)
    }

    pub(super) async fn get(&self, key: &Key, held: Option<&Etag>) -> Result<Fetched, StorageError> {
        let request = self.getting(key).set_if_none_match(held.map(|etag| etag.0.clone()));
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                return match self.fault(&error) {
                    Fault::NoKey => Ok(Fetched::Missing),
                    Fault::NotModified => Ok(Fetched::Unchanged),
                    other => Err(other.into_error(key)),
                };
            }
        };
        let size = answer.content_length().and_then(|size| u64::try_from(size).ok());
        if size.is_some_and(|size| size > WHOLE) {
            return Err(StorageError::too_large(key));
        }
        let etag = Etag(answer.e_tag().unwrap_or_default().to_owned());
        let bytes = collect(key, answer.body).await?;
        if size.is_some_and(|size| size != bytes.len() as u64) {
            return Err(StorageError::Unavailable(format!("`{key}` was cut short")));
        }
        Ok(Fetched::Found(Object { bytes, etag }))
    }

    pub(super) async fn get_range(
        &self,
        key: &Key,
        start: u64,
        length: u64,
    ) -> Result<Option<Bytes>, StorageError> {
        let Some(last) = length.checked_sub(1).map(|more| start.saturating_add(more)) else {
            return Ok(self.get_range_of_nothing(key).await?.then(Bytes::new));
        };
        let request = self.getting(key).range(format!("bytes={start}-{last}"));
        match request.send().await {
            Ok(answer) => collect(key, answer.body).await.map(Some),
            Err(error) => match self.fault(&error) {
                Fault::NoKey => Ok(None),
                Fault::RangeNotSatisfiable => Ok(Some(Bytes::new())),
                other => Err(other.into_error(key)),
            },
        }
    }

    /// Whether there is an object of which nothing is wanted.
    async fn get_range_of_nothing(&self, key: &Key) -> Result<bool, StorageError> {
        let request = self.client.head_object().bucket(&self.bucket).key(self.path(key.path()));
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) => match self.fault(&error) {
                Fault::NoKey => Ok(false),
                other => Err(other.into_error(key)),
            },
        }
    }

    pub(super) async fn put(&self, key: &Key, body: &Body, condition: &Condition) -> Result<Put, StorageError> {
        let stream = match body {
            Body::Bytes(bytes) => ByteStream::from(bytes.clone()),
            Body::File { path, .. } => ByteStream::from_path(path)
                .await
                .map_err(|error| StorageError::Unavailable(format!("the upload cannot be read: {error}")))?,
        };
        let request = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(self.path(key.path()))
            .content_type(key.media_type())
            .body(stream);
        let request = match condition {
            Condition::Always => request,
            Condition::Absent => request.if_none_match("*"),
            Condition::Match(etag) => request.if_match(&etag.0),
        };
        let error = match request.send().await {
            Ok(answer) => return Ok(Put::Stored(Etag(answer.e_tag().unwrap_or_default().to_owned()))),
            Err(error) => error,
        };
        match (self.fault(&error), condition) {
            // An attempt whose answer was lost may have won the race that its repetition lost.
            (Fault::PreconditionFailed, Condition::Absent | Condition::Match(_)) => {
                Ok(self.settle(key, body).await?.map_or(Put::Lost, Put::Stored))
            }
            // To If-Match, there being nothing is another version.
            (Fault::NoKey, Condition::Match(_)) => Ok(Put::Lost),
            (fault @ (Fault::Conflict | Fault::Unavailable(_)), Condition::Absent | Condition::Match(_)) => {
                match self.settle(key, body).await? {
                    Some(etag) => Ok(Put::Stored(etag)),
                    None if matches!(fault, Fault::Conflict) => Ok(Put::Lost),
                    None => Err(fault.into_error(key)),
                }
            }
            (fault, _) => Err(fault.into_error(key)),
        }
    }

    /// Reads back: the version that is there, when it is exactly what was to be written.
    async fn settle(&self, key: &Key, body: &Body) -> Result<Option<Etag>, StorageError> {
        match body {
            Body::Bytes(bytes) => match self.get(key, None).await? {
                Fetched::Found(object) if object.bytes == *bytes && !bytes.is_empty() => Ok(Some(object.etag)),
                Fetched::Found(_) | Fetched::Missing | Fetched::Unchanged => Ok(None),
            },
            // Files are blobs: named by their content, so whatever is there under the name is right.
            Body::File { .. } => Ok(None),
        }
    }

    pub(super) async fn list(&self, prefix: &Prefix, from: Option<&str>) -> Result<Listing, StorageError> {
        let whole = self.path(prefix.path());
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.bucket)
            .prefix(&whole)
            .delimiter("/")
            .max_keys(i32::try_from(PAGE).unwrap_or(1000))
            .set_continuation_token(from.map(str::to_owned));
        let answer = request.send().await.map_err(|error| self.fault(&error).into_error(prefix.path()))?;
        let below = |key: &str| key.strip_prefix(&whole).map(str::to_owned);
        let folders = answer.common_prefixes().iter().filter_map(|folder| {
            Some(below(folder.prefix()?)?.trim_end_matches('/').to_owned())
        });
        let objects = answer.contents().iter().filter_map(|object| {
            let modified = object.last_modified().and_then(|time| {
                let nanos = i32::try_from(time.subsec_nanos()).ok()?;
                Timestamp::new(time.secs(), nanos).ok()
            });
            Some(Listed {
                name: below(object.key()?).filter(|name| !name.is_empty())?,
                etag: Etag(object.e_tag()?.to_owned()),
                size: u64::try_from(object.size()?).ok()?,
                modified: modified.unwrap_or(Timestamp::UNIX_EPOCH),
            })
        });
        Ok(Listing {
            objects: objects.collect(),
            folders: folders.collect(),
            next: answer.next_continuation_token().map(str::to_owned),
        })
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), StorageError> {
        let request = self.client.delete_object().bucket(&self.bucket).key(self.path(key.path()));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match self.fault(&error) {
                Fault::NoKey => Ok(()),
                other => Err(other.into_error(key)),
            },
        }
    }

    fn getting(&self, key: &Key) -> GetObjectFluentBuilder {
        self.client.get_object().bucket(&self.bucket).key(self.path(key.path()))
    }

    fn path(&self, below: &str) -> String {
        format!("{}{below}", self.prefix)
    }

    fn fault<E>(&self, error: &aws_sdk_s3::error::SdkError<E>) -> Fault
    where
        E: aws_sdk_s3::error::ProvideErrorMetadata + std::error::Error + 'static,
    {
        Fault::of(error, &self.bucket)
    }
}

/// The whole of a body, up to what is read at once.
async fn collect(key: &Key, body: ByteStream) -> Result<Bytes, StorageError> {
    match body.collect().await {
        Ok(body) => Ok(body.into_bytes()),
        Err(error) => {
            let cause = fault::causes(&error);
            Err(StorageError::Unavailable(format!("`{key}` was cut short: {cause}")))
        }
    }
}
