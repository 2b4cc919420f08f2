//! Commands that wait until somebody types their code: one object each, under a digest of that code.

use crate::model::{DeviceAnswer, DeviceRequest, Digest};
use crate::storage::{Condition, Etag, Key, Put};

use super::update::{json, unreadable};
use super::{ReleaseError, Releases};

impl Releases {
    /// Keeps that a command waits; false when another one waits with the same code.
    pub async fn begin_device(&self, code: &Digest, request: &DeviceRequest) -> Result<bool, ReleaseError> {
        let key = Key::device(code);
        let put = self.0.storage.put(&key, json(&key, request)?, Condition::Absent).await?;
        Ok(matches!(put, Put::Stored(_)))
    }

    /// The command that waits for this code, over or not.
    pub async fn device(&self, code: &Digest) -> Result<Option<DeviceRequest>, ReleaseError> {
        Ok(self.read_device(code).await?.map(|(request, _)| request))
    }

    /// Tells the command what was decided; false when it does not wait any more, or was told already.
    pub async fn answer_device(&self, code: &Digest, answer: DeviceAnswer) -> Result<bool, ReleaseError> {
        let Some((request, etag)) = self.read_device(code).await? else { return Ok(false) };
        if request.answer.is_some() || request.expires <= self.0.clock.now() {
            return Ok(false);
        }
        let key = Key::device(code);
        let request = DeviceRequest { answer: Some(answer), ..request };
        let put = self.0.storage.put(&key, json(&key, &request)?, Condition::Match(etag)).await?;
        Ok(matches!(put, Put::Stored(_)))
    }

    /// Forgets a command that does not wait any more.
    pub async fn end_device(&self, code: &Digest) -> Result<(), ReleaseError> {
        Ok(self.0.storage.delete(&Key::device(code)).await?)
    }

    async fn read_device(&self, code: &Digest) -> Result<Option<(DeviceRequest, Etag)>, ReleaseError> {
        let key = Key::device(code);
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(None) };
        let request = serde_json::from_slice(&object.bytes).map_err(|error| unreadable(&key, &error))?;
        Ok(Some((request, object.etag)))
    }
}
