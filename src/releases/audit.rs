//! The audit record: append-only, one object a line.

use futures_util::{StreamExt, TryStreamExt, stream};
use std::net::IpAddr;
use ulid::Ulid;

use crate::model::{AppName, AuditAction, AuditEvent, EmailAddress, ReleaseId};
use crate::storage::{Condition, Key, Prefix, StorageError, ordered_id};

use super::update::{json, unreadable};
use super::{By, ReleaseError, Releases};

/// The most lines that are read at once.
const MOST_LINES: usize = 500;
const AT_A_TIME: usize = 16;

impl Releases {
    /// What happened to an app, newest first: `most` lines, and 500 at the most.
    pub async fn audit(&self, app: &AppName, most: usize) -> Result<Vec<AuditEvent>, ReleaseError> {
        let listed = self.0.storage.list_all(&Prefix::audit(app)).await?.objects;
        let names = listed.into_iter().rev().take(most.min(MOST_LINES));
        let ids: Vec<Ulid> = names.filter_map(|line| line.name.strip_suffix(".json")?.parse().ok()).collect();
        let lines = stream::iter(ids).map(|id| self.line(app, id)).buffered(AT_A_TIME);
        let lines: Vec<Option<AuditEvent>> = lines.try_collect().await?;
        Ok(lines.into_iter().flatten().collect())
    }

    /// Enters that somebody was refused at an app's door.
    pub async fn record_refusal(
        &self,
        app: &AppName,
        who: Option<EmailAddress>,
        from: Option<IpAddr>,
    ) -> Result<(), ReleaseError> {
        let event = AuditEvent {
            when: self.0.clock.now(),
            who,
            from,
            app: app.clone(),
            action: AuditAction::Refused,
        };
        let id = ordered_id(event.when, self.0.entropy.bytes());
        self.append(id, &event).await
    }

    /// Enters what `by` did.
    pub(super) async fn record(
        &self,
        app: &AppName,
        by: &By,
        action: AuditAction,
    ) -> Result<(), ReleaseError> {
        let event = self.event(app, by, action);
        let id = ordered_id(event.when, self.0.entropy.bytes());
        self.append(id, &event).await
    }

    /// Enters that a release was finished; once, however often that is repeated.
    pub(super) async fn record_published(
        &self,
        app: &AppName,
        by: &By,
        release: ReleaseId,
    ) -> Result<(), ReleaseError> {
        let event = self.event(app, by, AuditAction::Published { release });
        let mut same = [0; 16];
        // A digest of the release's name keeps the line the same; the time at which it was begun orders it.
        let digest = crate::model::Digest::of(release.to_string().as_bytes());
        same.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        self.append(ordered_id(release.begun(), same), &event).await
    }

    fn event(&self, app: &AppName, by: &By, action: AuditAction) -> AuditEvent {
        let who = Some(by.person.email.clone());
        AuditEvent { when: self.0.clock.now(), who, from: by.from, app: app.clone(), action }
    }

    async fn append(&self, id: Ulid, event: &AuditEvent) -> Result<(), ReleaseError> {
        let key = Key::audit(&event.app, id);
        let body = json(&key, event)?;
        let _written_or_there = self.0.storage.put(&key, body, Condition::Absent).await?;
        Ok(())
    }

    async fn line(&self, app: &AppName, id: Ulid) -> Result<Option<AuditEvent>, StorageError> {
        let key = Key::audit(app, id);
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(None) };
        serde_json::from_slice(&object.bytes).map(Some).map_err(|error| unreadable(&key, &error))
    }
}
