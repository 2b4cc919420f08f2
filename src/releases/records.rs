//! Changes of an app's record: read, change, write if nobody else has, or start over.

use std::sync::Arc;

use bytes::Bytes;

use super::follow::Change;
use super::{Actor, ReleaseError, Releases};
use crate::model::{App, AppName, AuditAction, Audience, Grant, ReleaseId, Settings, Who};
use crate::storage::{Body, Condition, Key, Put, StorageError};

/// How often a change that lost its race is made again.
const ATTEMPTS: u32 = 20;
/// Longest title, description and message, in characters.
pub(super) const LONGEST_TEXT: usize = 500;
/// The most grants of an app, and the most earlier releases that a rollback can reach.
const MOST_GRANTS: usize = 20_000;
const MOST_PREVIOUS: usize = 50;

impl Releases {
    /// Creates an app, listed with its publisher alone on it.
    pub async fn create_app(
        &self,
        name: &AppName,
        title: &str,
        actor: Actor<'_>,
    ) -> Result<Arc<App>, ReleaseError> {
        let now = self.0.clock.now();
        let app = App {
            name: name.clone(),
            title: checked_text("title", title)?,
            owner: actor.person.clone(),
            audience: Audience::Listed,
            grants: Vec::new(),
            current: None,
            previous: Vec::new(),
            settings: Settings::default(),
            created: now,
            changed: now,
            deleted: None,
            write_id: self.0.entropy.secret(),
        };
        let put = self.0.storage.put(&Key::app(name), Body::Bytes(json(&app)?), Condition::Absent).await?;
        let Put::Stored(etag) = put else { return Err(ReleaseError::Taken(name.clone())) };
        let app = Arc::new(app);
        self.adopt(&app, &etag).await;
        self.record(name, actor, [AuditAction::Created]).await;
        Ok(app)
    }

    /// Sets who may see an app.
    pub async fn set_audience(
        &self,
        name: &AppName,
        audience: Audience,
        actor: Actor<'_>,
    ) -> Result<Arc<App>, ReleaseError> {
        self.change(name, actor, |app| {
            app.audience = audience;
            Ok(vec![AuditAction::AudienceSet { audience }])
        })
        .await
    }

    /// Sets an app's title and settings; `None` leaves them.
    pub async fn set_settings(
        &self,
        name: &AppName,
        title: Option<String>,
        settings: Option<Settings>,
        actor: Actor<'_>,
    ) -> Result<Arc<App>, ReleaseError> {
        let title = title.map(|title| checked_text("title", &title)).transpose()?;
        if let Some(description) = settings.as_ref().and_then(|settings| settings.description.as_ref()) {
            checked_text("description", description)?;
        }
        self.change(name, actor, |app| {
            app.title = title.clone().unwrap_or_else(|| app.title.clone());
            app.settings = settings.clone().unwrap_or_else(|| app.settings.clone());
            Ok(vec![AuditAction::SettingsChanged])
        })
        .await
    }

    /// Adds grants; one for somebody who has one already takes its place.
    pub async fn grant(
        &self,
        name: &AppName,
        grants: &[Grant],
        actor: Actor<'_>,
    ) -> Result<Arc<App>, ReleaseError> {
        self.change(name, actor, |app| {
            for grant in grants {
                match app.grants.iter_mut().find(|held| held.who == grant.who) {
                    Some(held) => *held = grant.clone(),
                    None => app.grants.push(grant.clone()),
                }
            }
            if app.grants.len() > MOST_GRANTS {
                let sentence = format!("an app has {MOST_GRANTS} grants at the most; grant a domain or a group instead");
                return Err(ReleaseError::TooLarge(sentence));
            }
            Ok(grants.iter().map(|grant| AuditAction::Granted { grant: grant.clone() }).collect())
        })
        .await
    }

    /// Takes somebody's grant away.
    pub async fn revoke(&self, name: &AppName, who: &Who, actor: Actor<'_>) -> Result<Arc<App>, ReleaseError> {
        self.change(name, actor, |app| {
            let before = app.grants.len();
            app.grants.retain(|grant| grant.who != *who);
            if app.grants.len() == before {
                let sentence = format!("`{who}` has no grant on `{name}`; `loggia share {name}` lists those who have");
                return Err(ReleaseError::NotFound(sentence));
            }
            Ok(vec![AuditAction::Revoked { who: who.clone() }])
        })
        .await
    }

    /// Makes a finished release current.
    pub async fn activate(
        &self,
        name: &AppName,
        release: ReleaseId,
        actor: Actor<'_>,
    ) -> Result<Arc<App>, ReleaseError> {
        if self.manifest(name, release).await?.is_none() {
            let sentence = format!("`{name}` has no finished release {release}; `loggia releases {name}` lists them");
            return Err(ReleaseError::NotFound(sentence));
        }
        self.change(name, actor, |app| {
            let moved = point(app, release);
            Ok(if moved { vec![AuditAction::Activated { release }] } else { Vec::new() })
        })
        .await
    }

    /// Makes the release that was current before current again.
    pub async fn rollback(&self, name: &AppName, actor: Actor<'_>) -> Result<Arc<App>, ReleaseError> {
        self.change(name, actor, |app| {
            if app.previous.is_empty() {
                let sentence = format!("`{name}` had no release before this one; publish the older files again");
                return Err(ReleaseError::Conflict(sentence));
            }
            let release = app.previous.remove(0);
            app.current = Some(release);
            Ok(vec![AuditAction::Activated { release }])
        })
        .await
    }

    /// Deletes an app: it is served to nobody, keeps its name, and can be restored.
    pub async fn delete(&self, name: &AppName, actor: Actor<'_>) -> Result<Arc<App>, ReleaseError> {
        let now = self.0.clock.now();
        self.change(name, actor, |app| {
            let was = app.deleted.replace(now);
            app.deleted = was.or(Some(now));
            Ok(if was.is_none() { vec![AuditAction::Deleted] } else { Vec::new() })
        })
        .await
    }

    /// Brings a deleted app back as it was.
    pub async fn restore(&self, name: &AppName, actor: Actor<'_>) -> Result<Arc<App>, ReleaseError> {
        self.change(name, actor, |app| {
            Ok(if app.deleted.take().is_some() { vec![AuditAction::Restored] } else { Vec::new() })
        })
        .await
    }

    /// One change by compare-and-swap. `edit` may run several times, each time on the newest version; it answers what
    /// to remember, and nothing to remember is nothing to write.
    pub(super) async fn change(
        &self,
        name: &AppName,
        actor: Actor<'_>,
        edit: impl Fn(&mut App) -> Result<Vec<AuditAction>, ReleaseError>,
    ) -> Result<Arc<App>, ReleaseError> {
        let key = Key::app(name);
        for attempt in 0..ATTEMPTS {
            let object = self.0.storage.get(&key).await?;
            let object = object.ok_or_else(|| ReleaseError::NotFound(format!("there is no app `{name}`")))?;
            let mut app: App = serde_json::from_slice(&object.bytes).map_err(|error| {
                StorageError::Unexpected { key: key.path().to_owned(), what: error.to_string() }
            })?;
            let actions = edit(&mut app)?;
            if actions.is_empty() {
                return Ok(Arc::new(app));
            }
            app.changed = self.0.clock.now();
            app.write_id = self.0.entropy.secret();
            let condition = Condition::Match(object.etag);
            match self.0.storage.put(&key, Body::Bytes(json(&app)?), condition).await? {
                Put::Stored(etag) => {
                    let app = Arc::new(app);
                    self.adopt(&app, &etag).await;
                    self.record(name, actor, actions).await;
                    return Ok(app);
                }
                Put::Lost => tokio::time::sleep(self.backoff(attempt)).await,
            }
        }
        Err(ReleaseError::Conflict(format!("`{name}` is being changed by many at once; repeat it in a moment")))
    }

    /// Remembers what was done and tells the other replicas. What was done stays done when that fails; it is said.
    async fn record(&self, name: &AppName, actor: Actor<'_>, actions: impl IntoIterator<Item = AuditAction>) {
        self.announce(Change::App { app: name.clone() }).await;
        for action in actions {
            if let Err(error) = self.0.ledger.append(name, actor, action).await {
                tracing::error!(app = %name, %error, "a line of the audit record could not be written");
            }
        }
    }
}

/// Moves the pointer; what was current becomes the first that a rollback goes to.
pub(super) fn point(app: &mut App, release: ReleaseId) -> bool {
    if app.current == Some(release) {
        return false;
    }
    let before = app.current.replace(release);
    app.previous.retain(|previous| *previous != release);
    app.previous.splice(0..0, before);
    app.previous.truncate(MOST_PREVIOUS);
    true
}

pub(super) fn checked_text(what: &str, text: &str) -> Result<String, ReleaseError> {
    let text = text.trim();
    let refuse = |rule: &str| Err(ReleaseError::Invalid(format!("the {what} {rule}")));
    if text.is_empty() {
        return refuse("is empty; write a few words");
    }
    if text.chars().count() > LONGEST_TEXT {
        return refuse("is longer than 500 characters; shorten it");
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return refuse("holds control characters; take them out");
    }
    Ok(text.to_owned())
}

pub(super) fn json(value: &impl serde::Serialize) -> Result<Bytes, StorageError> {
    let unexpected = |error: serde_json::Error| StorageError::Unexpected {
        key: "a record on its way to storage".to_owned(),
        what: error.to_string(),
    };
    serde_json::to_vec(value).map(Bytes::from).map_err(unexpected)
}
