//! What a bucket says of itself: region, versioning, encryption, lifecycle. Each may be denied, and is then not known.

use std::error::Error;
use std::time::{Duration, Instant};

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::types::{BucketVersioningStatus, ExpirationStatus, LifecycleRule};

use super::S3;
use super::answer::Answer;
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
        if let Some((_, settings)) = known.as_ref().filter(|(read, _)| read.elapsed() < KEPT) {
            return settings.clone();
        }
        let told = tokio::try_join!(self.region(), self.versioning(), self.encryption(), self.lifecycle());
        match told {
            Ok((region, versioning, encryption, lifecycle)) => {
                let settings = BucketSettings { region, versioning, encryption, lifecycle };
                *known = Some((Instant::now(), settings.clone()));
                settings
            }
            // Not known for now is nothing to remember.
            Err(why) => {
                tracing::warn!(?why, "the bucket does not say how it is set up; it is asked again");
                BucketSettings::default()
            }
        }
    }

    async fn region(&self) -> Result<Option<String>, Answer> {
        let ask = async || self.read(self.client.get_bucket_location().bucket(&self.bucket).send().await);
        // The two oldest regions are written in a way of their own:
        // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
        Ok(known(self.ask(ask).await)?.map(|answer| {
            match answer.location_constraint.as_ref().map(aws_sdk_s3::types::BucketLocationConstraint::as_str)
            {
                None | Some("") => "us-east-1".to_owned(),
                Some("EU") => "eu-west-1".to_owned(),
                Some(region) => region.to_owned(),
            }
        }))
    }

    async fn versioning(&self) -> Result<Option<bool>, Answer> {
        let ask = async || self.read(self.client.get_bucket_versioning().bucket(&self.bucket).send().await);
        let answer = known(self.ask(ask).await)?;
        Ok(answer.map(|answer| answer.status == Some(BucketVersioningStatus::Enabled)))
    }

    async fn encryption(&self) -> Result<Option<String>, Answer> {
        let none = || "none".to_owned();
        let ask = async || self.read(self.client.get_bucket_encryption().bucket(&self.bucket).send().await);
        let answer = match self.ask(ask).await {
            Err(Answer::Missing) => return Ok(Some(none())),
            answer => known(answer)?,
        };
        Ok(answer.map(|answer| {
            let rules =
                answer.server_side_encryption_configuration.map(|found| found.rules).unwrap_or_default();
            let by_default =
                rules.iter().find_map(|rule| rule.apply_server_side_encryption_by_default.as_ref());
            by_default.map_or_else(none, |rule| rule.sse_algorithm.as_str().to_owned())
        }))
    }

    async fn lifecycle(&self) -> Result<Option<Vec<String>>, Answer> {
        let ask = async || {
            self.read(self.client.get_bucket_lifecycle_configuration().bucket(&self.bucket).send().await)
        };
        let answer = match self.ask(ask).await {
            Err(Answer::Missing) => return Ok(Some(Vec::new())),
            answer => known(answer)?,
        };
        Ok(answer.map(|answer| {
            let rules = answer.rules.unwrap_or_default();
            let active = rules.iter().filter(|rule| rule.status == ExpirationStatus::Enabled);
            active.filter_map(told).take(MOST_RULES).collect()
        }))
    }

    fn read<T, E>(&self, answer: Result<T, SdkError<E, HttpResponse>>) -> Result<T, Answer>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        answer.map_err(|error| Answer::read(&error, &self.bucket))
    }
}

/// What was answered; `None` where it may not be asked, an error only where asking again may help.
fn known<T>(answer: Result<T, Answer>) -> Result<Option<T>, Answer> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(why) if why.may_pass() => Err(why),
        Err(_) => Ok(None),
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
