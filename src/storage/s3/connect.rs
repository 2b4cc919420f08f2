//! Finding the bucket, and asking it once.

use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    Builder, Credentials, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::{Client, Config};
use aws_types::service_config::ServiceConfigKey;

use super::answer::Answer;
use super::breaker::Breaker;
use super::budget::{Budget, Recent};
use super::settings::Known;
use super::{Endpoint, Patience, S3};
use crate::storage::{Key, StorageError};

/// Where a custom endpoint is when nobody says, as its signatures must name a region.
const ANY_REGION: &str = "us-east-1";

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long no byte may move within an answer or an upload.
const STALL: Duration = Duration::from_secs(10);

impl S3 {
    /// Opens a bucket with what the environment, the profile files and the machine's role say.
    pub(in crate::storage) async fn open(bucket: &str, prefix: &str) -> Result<Arc<Self>, StorageError> {
        let config = found(None, None).await?;
        Self::probed(config, bucket, prefix, Patience::default()).await
    }

    /// Opens a bucket to read from, in this region and at this endpoint where they are given. It is not asked yet: it
    /// may be away for now, and whoever reads is told.
    pub(in crate::storage) async fn to_read(
        bucket: &str,
        prefix: &str,
        region: Option<&str>,
        endpoint: Option<&str>,
    ) -> Result<Arc<Self>, StorageError> {
        let config = found(region, endpoint).await?;
        Ok(Arc::new(Self::of(config, bucket, prefix, Patience::default())))
    }

    /// Opens the bucket at `endpoint` to read from.
    pub(in crate::storage) fn to_read_at(
        endpoint: &Endpoint,
        patience: Patience,
    ) -> Result<Arc<Self>, StorageError> {
        let config = given(endpoint)?;
        Ok(Arc::new(Self::of(config, &endpoint.bucket, &endpoint.prefix, patience)))
    }

    /// Opens the bucket at `endpoint`.
    pub(in crate::storage) async fn open_at(
        endpoint: &Endpoint,
        patience: Patience,
    ) -> Result<Arc<Self>, StorageError> {
        Self::probed(given(endpoint)?, &endpoint.bucket, &endpoint.prefix, patience).await
    }

    async fn probed(
        config: Builder,
        bucket: &str,
        prefix: &str,
        patience: Patience,
    ) -> Result<Arc<Self>, StorageError> {
        let s3 = Self::of(config, bucket, prefix, patience);
        s3.probe().await?;
        Ok(Arc::new(s3))
    }

    fn of(config: Builder, bucket: &str, prefix: &str, patience: Patience) -> Self {
        let prefix = match prefix.trim_matches('/') {
            "" => String::new(),
            prefix => format!("{prefix}/"),
        };
        let client = Client::from_conf(bounded(config, patience).build());
        Self {
            client,
            bucket: bucket.to_owned(),
            prefix,
            patience,
            known: Known::default(),
            breaker: Breaker::new(patience.rest),
            budget: Budget::full(),
            recent: Recent::default(),
        }
    }

    /// Makes sure that the bucket is there and may be listed, and that a write whose condition cannot hold
    /// is refused: a bucket that ignored conditions would lose updates. Leaves nothing behind.
    async fn probe(&self) -> Result<(), StorageError> {
        let list = self.client.list_objects_v2().bucket(&self.bucket).prefix(&self.prefix).max_keys(1);
        let read = async || list.clone().send().await.map_err(|error| Answer::read(&error, &self.bucket));
        self.ask(read).await.map_err(|answer| answer.into_error(&self.describe()))?;

        let key = Key::probe();
        let write = async || {
            let put = self.client.put_object().bucket(&self.bucket).key(self.full(&key));
            let put =
                put.if_match("\"00000000000000000000000000000000\"").body(ByteStream::from_static(b"{}"));
            put.send().await.map_err(|error| Answer::read(&error, &self.bucket))
        };
        if let Err(answer) = self.ask(write).await {
            return match answer {
                Answer::Lost | Answer::Missing => Ok(()),
                other => Err(other.into_error(&self.describe())),
            };
        }
        self.delete(&key).await?;
        Err(StorageError::Refused(format!(
            "bucket `{}`: the endpoint ignores the conditions of writes (If-Match), so that updates would be \
             lost; use one that honours them",
            self.bucket
        )))
    }
}

/// What the environment, the profile files and the machine's role say, but for what is given.
async fn found(region: Option<&str>, endpoint: Option<&str>) -> Result<Builder, StorageError> {
    // The machine's metadata service is asked for a region only when it is needed: away from EC2,
    // waiting for it takes seconds.
    let stated = RegionProviderChain::first_try(region.map(|region| Region::new(region.to_owned())))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(ProfileFileRegionProvider::new());
    let found = aws_config::defaults(BehaviorVersion::latest()).region(stated).load().await;
    let endpoint = endpoint.map(ToOwned::to_owned).or_else(|| self::endpoint(&found));
    endpoint.as_deref().map_or(Ok(()), check)?;
    let region = match found.region() {
        Some(region) => Some(region.clone()),
        None if endpoint.is_some() => None,
        None => ImdsRegionProvider::builder().build().region().await,
    };
    let config = Builder::from(&found)
        .region(region.unwrap_or(Region::from_static(ANY_REGION)))
        .force_path_style(endpoint.is_some());
    Ok(match endpoint {
        Some(endpoint) => config.endpoint_url(endpoint),
        None => config,
    })
}

/// What is given in code.
fn given(endpoint: &Endpoint) -> Result<Builder, StorageError> {
    check(&endpoint.url)?;
    let secret = endpoint.secret.reveal();
    Ok(Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(ANY_REGION))
        .credentials_provider(Credentials::new(&endpoint.access_key, secret, None, None, "code"))
        .endpoint_url(&endpoint.url)
        .force_path_style(true))
}

/// Sets a bound to every wait, and asks for no checksums that some endpoints do not know.
fn bounded(config: Builder, patience: Patience) -> Builder {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(patience.connect)
        .operation_attempt_timeout(patience.attempt)
        .operation_timeout(patience.operation)
        .build();
    config
        .timeout_config(timeouts)
        // We repeat ourselves: see `ask` and `put`.
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(
            StalledStreamProtectionConfig::enabled()
                .upload_enabled(true)
                .grace_period(STALL.min(patience.operation))
                .build(),
        )
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
}

/// The endpoint that was set rather than Amazon's, for S3 alone or for all services.
fn endpoint(found: &SdkConfig) -> Option<String> {
    let key =
        ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let for_s3 = key.ok().and_then(|key| found.service_config()?.load_config(key));
    for_s3.or_else(|| found.endpoint_url().map(ToOwned::to_owned))
}

/// Refuses an endpoint that is not an address; it is not repeated, as it may hold a password.
fn check(endpoint: &str) -> Result<(), StorageError> {
    let url = url::Url::parse(endpoint).ok();
    if url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Ok(());
    }
    Err(StorageError::Refused(
        "the S3 endpoint is not an address; write AWS_ENDPOINT_URL like `https://s3.example.org`".to_owned(),
    ))
}

/// The pause before the try after `tries` tries, somewhere between half of it and all: writers that met
/// once should not meet again. `dice` is random.
pub(super) fn pause(patience: Patience, tries: u32, dice: u8) -> Duration {
    let whole = patience.pause.saturating_mul(1 << tries.saturating_sub(1).min(10)).min(LONGEST_PAUSE);
    whole / 2 + whole / 2 * u32::from(dice) / 255
}
