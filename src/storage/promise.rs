//! What the storage promises of whatever is kept in it, as it says itself.

use super::{Backend, Storage, StorageError};

/// Where things are kept, and what keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Promise {
    /// A folder on the server, or its memory: as safe as that machine.
    Here,
    /// A bucket. What its settings do not let us read is `None`.
    Bucket(BucketSettings),
}

/// What a bucket's own settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketSettings {
    /// The region it is in, such as `eu-west-1`.
    pub region: Option<String>,
    /// Whether earlier versions of what is replaced or removed are kept.
    pub versioning: Option<bool>,
    /// How it is encrypted at rest: `AES256`, `aws:kms`, or `none`.
    pub encryption: Option<String>,
    /// What its lifecycle rules do, one line each; none when there is no rule.
    pub lifecycle: Option<Vec<String>>,
}

impl Storage {
    /// What it promises. Of a bucket this is read once an hour.
    pub async fn promise(&self) -> Promise {
        match &self.0 {
            Backend::Memory(_) | Backend::Folder(_) => Promise::Here,
            Backend::S3(s3) => Promise::Bucket(Box::pin(s3.settings()).await),
        }
    }

    /// Makes sure that a bucket is in one of `regions`, when there are any. One that does not say where it is is refused.
    pub async fn require_region(&self, regions: &[String]) -> Result<(), StorageError> {
        if regions.is_empty() {
            return Ok(());
        }
        let allowed = regions.join("`, `");
        match self.promise().await {
            Promise::Here => Ok(()),
            Promise::Bucket(BucketSettings { region: Some(region), .. }) if regions.contains(&region) => {
                Ok(())
            }
            Promise::Bucket(BucketSettings { region: Some(region), .. }) => {
                Err(StorageError::Refused(format!(
                    "{} is in `{region}`, and `regions` under [storage] allows `{allowed}`; use a bucket there",
                    self.describe()
                )))
            }
            Promise::Bucket(BucketSettings { region: None, .. }) => Err(StorageError::Refused(format!(
                "{} does not say which region it is in, and `regions` under [storage] allows `{allowed}`; allow \
                 s3:GetBucketLocation on it",
                self.describe()
            ))),
        }
    }
}
