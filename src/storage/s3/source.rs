//! Reading folders that others fill.

use aws_sdk_s3::types::{EncodingType, Object};
use bytes::Bytes;
use percent_encoding::percent_decode_str;

use super::answer::Answer;
use super::{S3, etag, moment, range};
use crate::storage::{Etag, PAGE, SourceObject, SourcePage, StorageError};

impl S3 {
    /// One page of everything below `folder`, which ends with a slash and lies below our prefix.
    pub(in crate::storage) async fn list_source(
        &self,
        folder: &str,
        from: Option<&str>,
    ) -> Result<SourcePage, StorageError> {
        let full = format!("{}{folder}", self.prefix);
        let page = i32::try_from(PAGE).unwrap_or(i32::MAX);
        // A key may hold characters that XML has no way to write.
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(&full).max_keys(page);
        let request = request.encoding_type(EncodingType::Url);
        let request = request.set_continuation_token(from.map(ToOwned::to_owned));
        let once = async || {
            let sent = request.clone().send().await;
            sent.map_err(|error| Answer::read(&error, &self.bucket))
        };
        let answer = self.ask(once).await.map_err(|answer| answer.into_error(folder))?;
        let encoded = answer.encoding_type == Some(EncodingType::Url);
        let mut objects = Vec::new();
        for object in answer.contents.unwrap_or_default() {
            let key = object.key.clone().unwrap_or_default();
            let key = if encoded { decoded(&key) } else { Some(key) };
            // What does not lie in the folder was not asked for.
            let name = key.as_deref().and_then(|key| key.strip_prefix(&full)).filter(|name| !name.is_empty());
            match name {
                Some(name) => objects.push(listed(name, object)?),
                None if key.as_deref() == Some(full.as_str()) => {}
                None => {
                    let what = "the listing names a key that is not in the folder, or not UTF-8";
                    return Err(StorageError::unexpected(folder, what));
                }
            }
        }
        Ok(SourcePage { objects, next: answer.next_continuation_token })
    }

    pub(in crate::storage) async fn find_source(
        &self,
        folder: &str,
        name: &str,
    ) -> Result<Option<SourceObject>, StorageError> {
        let key = format!("{folder}{name}");
        let request = self.client.head_object().bucket(&self.bucket).key(format!("{}{key}", self.prefix));
        let once = async || {
            let sent = request.clone().send().await;
            sent.map_err(|error| Answer::read(&error, &self.bucket))
        };
        match self.ask(once).await {
            Ok(found) => Ok(Some(SourceObject {
                name: name.to_owned(),
                etag: etag(found.e_tag, &key)?,
                size: found.content_length.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
                modified: found.last_modified.map(moment).unwrap_or_default().as_millisecond(),
            })),
            Err(Answer::Missing) => Ok(None),
            Err(other) => Err(other.into_error(&key)),
        }
    }

    /// `length` bytes of the version `held` from `start`, at least one; `None` when it is another version now, or gone.
    pub(in crate::storage) async fn read_source(
        &self,
        key: &str,
        held: &Etag,
        start: u64,
        length: u64,
    ) -> Result<Option<Bytes>, StorageError> {
        let request = self.client.get_object().bucket(&self.bucket).key(format!("{}{key}", self.prefix));
        let request = request.if_match(&held.0).range(range(start, length));
        let once = async || {
            let answer = self.hedged(|| self.begin(request.clone())).await?;
            // An endpoint may not know the condition.
            if answer.e_tag.as_deref() != Some(held.0.as_str()) {
                return Err(Answer::Lost);
            }
            self.collect(answer.body, answer.content_length, key).await
        };
        match self.ask(once).await {
            Ok(bytes) => bytes.map(Some),
            Err(Answer::Lost | Answer::Missing | Answer::PastTheEnd) => Ok(None),
            Err(other) => Err(other.into_error(key)),
        }
    }
}

fn listed(name: &str, object: Object) -> Result<SourceObject, StorageError> {
    Ok(SourceObject {
        etag: etag(object.e_tag, name)?,
        size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
        modified: object.last_modified.map(moment).unwrap_or_default().as_millisecond(),
        name: name.to_owned(),
    })
}

/// A key as a listing writes it that was asked for URLs: a space is a plus.
fn decoded(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_were_written() {
        assert_eq!(decoded("a/b+c%2Bd%20e%C3%A9.html").as_deref(), Some("a/b c+d eé.html"));
        assert_eq!(decoded("bell%07").as_deref(), Some("bell\u{7}"));
        assert_eq!(decoded("%FF"), None);
    }
}
