//! What a bucket says of itself: region, versioning, encryption, lifecycle. Each may be denied, and is then not known.

use std::time::{Duration, Instant};

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{BucketVersioningStatus, ExpirationStatus, LifecycleRule};

use super::S3;
use crate::storage::BucketSettings;

/// For how long an answer is kept.
const KEPT: Duration = Duration::from_hours(1);
/// How many rules are told.
const MOST_RULES: usize = 10;

/// What was read, and when.
#[derive(Debug, Default)]
pub(super) struct Known(tokio::sync::Mutex<Option<(Instant, BucketSettings)>>);

impl S3 {
    pub(in crate::storage) async fn settings(&self) -> BucketSettings {
        let mut known = self.known.0.lock().await;
        if let Some((read, settings)) = known.as_ref().filter(|(read, _)| read.elapsed() < KEPT) {
            let _ = read;
            return settings.clone();
        }
        let (region, versioning, encryption, lifecycle) =
            tokio::join!(self.region(), self.versioning(), self.encryption(), self.lifecycle());
        let settings = BucketSettings { region, versioning, encryption, lifecycle };
        *known = Some((Instant::now(), settings.clone()));
        settings
    }

    async fn region(&self) -> Option<String> {
        let answer = self.client.get_bucket_location().bucket(&self.bucket).send().await.ok()?;
        // The two oldest regions are written in a way of their own:
        // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
        Some(
            match answer.location_constraint.as_ref().map(aws_sdk_s3::types::BucketLocationConstraint::as_str)
            {
                None | Some("") => "us-east-1".to_owned(),
                Some("EU") => "eu-west-1".to_owned(),
                Some(region) => region.to_owned(),
            },
        )
    }

    async fn versioning(&self) -> Option<bool> {
        let answer = self.client.get_bucket_versioning().bucket(&self.bucket).send().await.ok()?;
        Some(answer.status == Some(BucketVersioningStatus::Enabled))
    }

    async fn encryption(&self) -> Option<String> {
        let none = || Some("none".to_owned());
        match self.client.get_bucket_encryption().bucket(&self.bucket).send().await {
            Ok(answer) => {
                let rules = answer.server_side_encryption_configuration.map(|found| found.rules);
                let rules = rules.unwrap_or_default();
                let by_default =
                    rules.iter().find_map(|rule| rule.apply_server_side_encryption_by_default.as_ref());
                by_default.map_or_else(none, |rule| Some(rule.sse_algorithm.as_str().to_owned()))
            }
            Err(error) if error.code() == Some("ServerSideEncryptionConfigurationNotFoundError") => none(),
            Err(_) => None,
        }
    }

    async fn lifecycle(&self) -> Option<Vec<String>> {
        match self.client.get_bucket_lifecycle_configuration().bucket(&self.bucket).send().await {
            Ok(answer) => {
                let rules = answer.rules.unwrap_or_default();
                let active = rules.iter().filter(|rule| rule.status == ExpirationStatus::Enabled);
                Some(active.filter_map(told).take(MOST_RULES).collect())
            }
            Err(error) if error.code() == Some("NoSuchLifecycleConfiguration") => Some(Vec::new()),
            Err(_) => None,
        }
    }
}

/// What a rule does to what is stored; `None` when that is nothing that a reader of an app would notice.
fn told(rule: &LifecycleRule) -> Option<String> {
    let prefix = rule.filter.as_ref().and_then(|filter| filter.prefix.as_deref()).unwrap_or_default();
    let where_ = if prefix.is_empty() { String::new() } else { format!(" under {prefix}") };
    let expires = rule.expiration.as_ref().and_then(|expiration| expiration.days);
    let earlier =
        rule.noncurrent_version_expiration.as_ref().and_then(|expiration| expiration.noncurrent_days);
    match (expires, earlier) {
        (Some(days), _) => Some(format!("everything{where_} is removed after {days} days")),
        (None, Some(days)) => Some(format!("earlier versions{where_} are removed after {days} days")),
        (None, None) => None,
    }
}
