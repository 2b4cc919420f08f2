//! Uploads in parts that somebody began and nobody finished: their parts are paid for and seen by nobody.

use aws_sdk_s3::types::MultipartUpload;
use jiff::Timestamp;

use super::answer::Answer;
use super::{S3, moment};
use crate::storage::{StorageError, UnfinishedUpload};

/// How many pages of uploads are looked at; an endpoint may send short ones.
const MOST_PAGES: usize = 100;

impl S3 {
    /// Uploads below `prefix` that were begun before `before`, `most` at the most.
    pub(in crate::storage) async fn unfinished_uploads(
        &self,
        prefix: &str,
        before: Timestamp,
        most: usize,
    ) -> Result<Vec<UnfinishedUpload>, StorageError> {
        let full = format!("{}{prefix}", self.prefix);
        let mut found = Vec::new();
        let (mut key, mut id) = (None, None);
        for _ in 0..MOST_PAGES {
            let request = self.client.list_multipart_uploads().bucket(&self.bucket).prefix(&full);
            let request = request.set_key_marker(key.take()).set_upload_id_marker(id.take());
            let once = async || {
                let sent = request.clone().send().await;
                sent.map_err(|error| Answer::read(&error, &self.bucket))
            };
            let page = self.ask(once).await.map_err(|answer| answer.into_error(prefix))?;
            let uploads = page.uploads.unwrap_or_default();
            found.extend(uploads.into_iter().filter_map(|upload| self.left_behind(upload, &full, before)));
            (key, id) = (page.next_key_marker, page.next_upload_id_marker);
            if found.len() >= most || page.is_truncated != Some(true) || key.is_none() {
                break;
            }
        }
        found.truncate(most);
        Ok(found)
    }

    /// The upload, when it is one of those below `full` that are old enough.
    fn left_behind(
        &self,
        upload: MultipartUpload,
        full: &str,
        before: Timestamp,
    ) -> Option<UnfinishedUpload> {
        let (key, id, begun) = (upload.key?, upload.upload_id?, moment(upload.initiated?));
        // An endpoint that does not know prefixes names others too.
        let below = key.starts_with(full).then(|| key.strip_prefix(&self.prefix)).flatten()?;
        (begun < before).then(|| UnfinishedUpload { path: below.to_owned(), begun, id })
    }

    /// Gives one of them up; that it is gone is fine.
    pub(in crate::storage) async fn end_upload(&self, upload: &UnfinishedUpload) -> Result<(), StorageError> {
        let request = self.client.abort_multipart_upload().bucket(&self.bucket);
        let request = request.key(format!("{}{}", self.prefix, upload.path)).upload_id(&upload.id);
        let once = async || {
            let sent = request.clone().send().await;
            sent.map_err(|error| Answer::read(&error, &self.bucket))
        };
        match self.ask(once).await {
            Ok(_) | Err(Answer::Missing) => Ok(()),
            Err(other) => Err(other.into_error(&upload.path)),
        }
    }
}
