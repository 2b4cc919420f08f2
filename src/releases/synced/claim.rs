//! Which server watches: a claim that is written under a condition and renewed, and that whoever sees it stand still takes.
//!
//! No clocks are compared: a claim is dead when this server has seen the same version of it for as long as it may
//! stand. Whoever holds it and cannot renew it for that long stops by itself.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout};

use crate::releases::Releases;
use crate::releases::update::json;
use crate::storage::{Condition, Etag, Key, Put, StorageError};

/// How often a claim is renewed while it may stand once.
const RENEWALS: u32 = 4;

/// `synced/claim.json`
#[derive(Serialize, Deserialize)]
struct Claim {
    /// Who holds it; `None` gave it up.
    server: Option<String>,
    /// Makes every writing another version.
    round: String,
}

/// A claim as this server saw it, and since when.
#[derive(Debug)]
pub(super) struct Sighting {
    etag: Etag,
    since: Instant,
}

impl Releases {
    /// Takes the claim for `server` when nobody has it, or when it has stood still for `good_for`. Answers its version.
    pub(super) async fn take_claim(
        &self,
        server: &str,
        seen: &mut Option<Sighting>,
        good_for: Duration,
    ) -> Result<Option<Etag>, StorageError> {
        let Some(object) = self.0.storage.get(&Key::synced_claim()).await? else {
            return self.write_claim(Some(server), Condition::Absent).await;
        };
        // One that cannot be read is somebody's all the same.
        let free = serde_json::from_slice::<Claim>(&object.bytes)
            .is_ok_and(|claim| claim.server.is_none_or(|holder| holder == server));
        let stands = seen.as_ref().filter(|seen| seen.etag == object.etag).map(|seen| seen.since);
        if free || stands.is_some_and(|since| since.elapsed() >= good_for) {
            return self.write_claim(Some(server), Condition::Match(object.etag)).await;
        }
        if stands.is_none() {
            *seen = Some(Sighting { etag: object.etag, since: Instant::now() });
        }
        Ok(None)
    }

    /// Renews the claim `held`, and ends when it is lost, or could not be renewed for so long that others may take it.
    pub(super) async fn keep_claim(&self, server: &str, held: &mut Etag, good_for: Duration) {
        let mut renewed = Instant::now();
        loop {
            sleep(good_for / RENEWALS).await;
            let asked = Instant::now();
            let renewal = self.write_claim(Some(server), Condition::Match(held.clone()));
            match timeout(good_for / RENEWALS, renewal).await {
                Ok(Ok(Some(etag))) => {
                    *held = etag;
                    renewed = asked;
                }
                Ok(Ok(None)) => return,
                Ok(Err(error)) => {
                    tracing::debug!(%error, "the claim of the synced folders is not renewed yet");
                }
                Err(_) => tracing::debug!("the claim of the synced folders is not renewed in time"),
            }
            // Others count from when they first saw it, which is later than when it was written.
            if renewed.elapsed() >= good_for * (RENEWALS - 1) / RENEWALS {
                return;
            }
        }
    }

    /// Leaves the claim to whoever comes first.
    pub(super) async fn give_claim_up(&self, held: Etag) {
        if let Err(error) = self.write_claim(None, Condition::Match(held)).await {
            tracing::debug!(%error, "the claim of the synced folders stands until it counts as dead");
        }
    }

    async fn write_claim(
        &self,
        server: Option<&str>,
        condition: Condition,
    ) -> Result<Option<Etag>, StorageError> {
        let key = Key::synced_claim();
        let claim = Claim { server: server.map(ToOwned::to_owned), round: self.0.entropy.secret() };
        match self.0.storage.put(&key, json(&key, &claim)?, condition).await? {
            Put::Stored(etag) => Ok(Some(etag)),
            Put::Lost => Ok(None),
        }
    }
}
