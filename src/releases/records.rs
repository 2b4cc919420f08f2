//! An app's record: every change is a conditional write, entered in the audit record and announced.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{
    App, AppName, Audience, AuditAction, Grant, NetworkRule, ReleaseId, Role, Settings, Synced, Who,
};
use crate::storage::{Etag, Key, Object, StorageError};

use super::catalog::Entry;
use super::journal::Changed;
use super::publish::{InvalidRelease, check_title};
use super::retention::require_kept;
use super::settings::merge;
use super::update::{self, update};
use super::{By, ReleaseError, Releases};

/// How many earlier releases can be gone back through.
const MOST_PREVIOUS: usize = 50;

/// What a publisher may set at once; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What people call it.
    pub title: Option<String>,
    /// Who may see it.
    pub audience: Option<Audience>,
    /// From where it may be opened; `None` within is from anywhere.
    pub network: Option<Option<NetworkRule>>,
    /// The rest: what is there replaces what is set, null takes it away, and the others stay (RFC 7396).
    pub settings: Option<Map<String, Value>>,
    /// In which place of synced folders is the one that it is filled from, by the operator's name for it; `None` within
    /// is from none.
    pub synced: Option<Option<String>>,
}

/// `apps/NAME/app.json`: the app, and the count of its writes, which orders them.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct AppRecord {
    version: u64,
    #[serde(flatten)]
    app: App,
}

impl Releases {
    /// The app with this name, from the catalog, or from the bucket when the catalog has not heard of it yet.
    /// Deleted apps are found too.
    pub async fn find(&self, name: &AppName) -> Result<Option<Arc<App>>, ReleaseError> {
        match self.catalog().app(name) {
            Some(app) => Ok(Some(app.clone())),
            None => self.find_in_bucket(name).await,
        }
    }

    /// The app with this name, as the bucket has it now, deleted or not.
    pub async fn find_in_bucket(&self, name: &AppName) -> Result<Option<Arc<App>>, ReleaseError> {
        let key = Key::app(name);
        let Some(object) = self.0.storage.get(&key).await? else { return Ok(None) };
        let entry = parse(&key, name, &object)?;
        self.swap(|catalog| catalog.with_apps(std::slice::from_ref(&entry)));
        Ok(Some(entry.app))
    }

    /// Creates an app for `by`, who alone may see it.
    pub async fn create_app(&self, name: &AppName, title: &str, by: &By) -> Result<Arc<App>, ReleaseError> {
        let title = check_title(title)?;
        let most = self.0.limits.apps_per_publisher;
        let theirs = |app: &&Arc<App>| app.deleted.is_none() && app.owned_by(&by.person.subject);
        if self.catalog().apps().filter(theirs).count() >= most {
            return Err(InvalidRelease::TooManyApps { most }.into());
        }
        let now = self.0.clock.now();
        let app = App {
            name: name.clone(),
            title,
            owner: by.person.clone(),
            audience: Audience::Listed,
            grants: vec![Grant {
                by: Some(by.person.email.clone()),
                at: Some(now),
                ..Grant::new(Who::Person(by.person.email.clone()), Role::Publisher, None)
            }]
            .into(),
            network: None,
            current: None,
            previous: Vec::new(),
            activations: Vec::new(),
            retired: Vec::new(),
            kept: Vec::new(),
            cleared: None,
            origin: 0,
            trusted: Vec::new(),
            synced: None,
            settings: Settings::default(),
            created: now,
            changed: now,
            deleted: None,
            write_id: String::new(),
        };
        let key = Key::app(name);
        let written = update(&self.0.storage, &self.0.entropy, &key, |held: Option<AppRecord>| match held {
            Some(_) => Err(ReleaseError::Taken(name.clone())),
            None => Ok(Some(AppRecord { version: 1, app: app.clone() })),
        });
        let created = match written.await? {
            Some((record, etag)) => self.enter(record, etag).await,
            None => return Err(ReleaseError::Taken(name.clone())),
        };
        self.record(name, by, AuditAction::Created).await;
        Ok(created)
    }

    /// Makes `change` of an app that is not deleted, and enters `action` in its audit record. Nothing is written
    /// when `change` changes nothing; it may be called more than once.
    pub async fn change(
        &self,
        name: &AppName,
        by: &By,
        action: AuditAction,
        change: impl FnMut(&mut App) -> Result<(), ReleaseError>,
    ) -> Result<Arc<App>, ReleaseError> {
        let (app, changed) = self.write_live(name, change).await?;
        if changed {
            self.record(name, by, action).await;
        }
        Ok(app)
    }

    /// Like [`Releases::change`], for what decides who may see or change an app.
    pub(super) async fn change_as_publisher(
        &self,
        name: &AppName,
        by: &By,
        action: AuditAction,
        change: impl FnMut(&mut App) -> Result<(), ReleaseError>,
    ) -> Result<Arc<App>, ReleaseError> {
        let (app, changed) = self.write_as_publisher(name, by, change).await?;
        if changed {
            self.record(name, by, action).await;
        }
        Ok(app)
    }

    /// Sets title, settings, audience and network, whichever are given, all in one write.
    pub async fn set(&self, name: &AppName, set: Change, by: &By) -> Result<Arc<App>, ReleaseError> {
        let title = set.title.as_deref().map(check_title).transpose()?;
        let now = self.0.clock.now();
        let mut done = Vec::new();
        let change = |app: &mut App| {
            let before = app.clone();
            app.title = title.clone().unwrap_or_else(|| app.title.clone());
            if let Some(patch) = &set.settings {
                app.settings = merge(&app.settings, patch)?;
            }
            app.audience = set.audience.unwrap_or(app.audience);
            app.network = set.network.clone().unwrap_or_else(|| app.network.clone());
            if let Some(folders) = &set.synced {
                fill_from(app, folders.as_deref(), by, now);
            }
            let settings = app.title != before.title || app.settings != before.settings;
            let audience = (app.audience != before.audience).then_some(app.audience);
            let network = (app.network != before.network).then(|| app.network.clone());
            done = settings.then_some(AuditAction::SettingsChanged).into_iter().collect();
            done.extend(audience.map(|audience| AuditAction::AudienceSet { audience }));
            done.extend(network.map(|network| AuditAction::NetworkSet { network }));
            let folders = app.synced.as_ref().map(|synced| synced.folders.clone());
            let synced = (app.synced != before.synced).then_some(AuditAction::SyncedSet { folders });
            done.extend(synced);
            Ok(())
        };
        let (app, changed) = self.write_as_publisher(name, by, change).await?;
        if changed {
            self.record_all(name, by, done).await;
        }
        Ok(app)
    }

    /// Sets whether search finds an app's pages.
    pub async fn set_search(&self, name: &AppName, search: bool, by: &By) -> Result<Arc<App>, ReleaseError> {
        let change = |app: &mut App| {
            app.settings.search = Some(search);
            Ok(())
        };
        self.change(name, by, AuditAction::SettingsChanged, change).await
    }

    /// Sets who may see an app.
    pub async fn set_audience(
        &self,
        name: &AppName,
        audience: Audience,
        by: &By,
    ) -> Result<Arc<App>, ReleaseError> {
        let change = |app: &mut App| {
            app.audience = audience;
            Ok(())
        };
        self.change_as_publisher(name, by, AuditAction::AudienceSet { audience }, change).await
    }

    /// Sets from where an app may be opened; `None` is from anywhere.
    pub async fn set_network(
        &self,
        name: &AppName,
        network: Option<NetworkRule>,
        by: &By,
    ) -> Result<Arc<App>, ReleaseError> {
        let change = |app: &mut App| {
            app.network.clone_from(&network);
            Ok(())
        };
        self.change_as_publisher(name, by, AuditAction::NetworkSet { network: network.clone() }, change).await
    }

    /// Makes a finished release the live one.
    pub async fn activate(
        &self,
        name: &AppName,
        release: ReleaseId,
        by: &By,
    ) -> Result<Arc<App>, ReleaseError> {
        if self.standing(name, release).await?.is_none() {
            return Err(ReleaseError::NoRelease { app: name.clone(), release });
        }
        let now = self.0.clock.now();
        let change = |app: &mut App| {
            require_kept(app, release)?;
            point(app, release, now);
            Ok(())
        };
        self.change(name, by, AuditAction::Activated { release }, change).await
    }

    /// Makes the release that was live before the current one live again.
    pub async fn rollback(&self, name: &AppName, by: &By) -> Result<Arc<App>, ReleaseError> {
        let app = self.read(name).await?;
        if app.deleted.is_some() {
            return Err(ReleaseError::Deleted(name.clone()));
        }
        let (from, earlier) = (app.current, app.previous.first().copied());
        let release = earlier.ok_or_else(|| ReleaseError::NothingEarlier(name.clone()))?;
        let now = self.0.clock.now();
        let change = |app: &mut App| {
            if app.current == Some(release) {
                return Ok(()); // It is done: the answer to the first attempt was lost.
            }
            if app.current != from || app.previous.first() != Some(&release) {
                return Err(ReleaseError::Moved(name.clone()));
            }
            app.previous.remove(0);
            app.current = Some(release);
            app.remember_activation(release, now);
            Ok(())
        };
        self.change(name, by, AuditAction::Activated { release }, change).await
    }

    /// Deletes an app: nobody can open it, its name stays taken, and it can be restored.
    pub async fn delete(&self, name: &AppName, by: &By) -> Result<Arc<App>, ReleaseError> {
        let now = self.0.clock.now();
        let change = |app: &mut App| {
            app.deleted = Some(now);
            app.origin += 1;
            Ok(())
        };
        self.change(name, by, AuditAction::Deleted, change).await
    }

    /// Brings a deleted app back as it was; one that is not deleted stays as it is.
    pub async fn restore(&self, name: &AppName, by: &By) -> Result<Arc<App>, ReleaseError> {
        let restore = |app: &mut App| {
            if app.cleared.is_some() {
                return Err(ReleaseError::Cleared(name.clone()));
            }
            app.deleted = None;
            Ok(())
        };
        let (app, changed) = self.write(name, restore).await?;
        if changed {
            self.record(name, by, AuditAction::Restored).await;
        }
        Ok(app)
    }

    /// Like [`Releases::write`], for an app that is not deleted.
    pub(super) async fn write_live(
        &self,
        name: &AppName,
        mut change: impl FnMut(&mut App) -> Result<(), ReleaseError>,
    ) -> Result<(Arc<App>, bool), ReleaseError> {
        let change = |app: &mut App| match app.deleted {
            Some(_) => Err(ReleaseError::Deleted(name.clone())),
            None => change(app),
        };
        self.write(name, change).await
    }

    /// Like [`Releases::write_live`], while `by` may publish to the app by the very record that is written over. The
    /// catalog that let them this far may be seconds old: whoever was taken off meanwhile could let themselves in again.
    pub(super) async fn write_as_publisher(
        &self,
        name: &AppName,
        by: &By,
        mut change: impl FnMut(&mut App) -> Result<(), ReleaseError>,
    ) -> Result<(Arc<App>, bool), ReleaseError> {
        let now = self.0.clock.now();
        let change = |app: &mut App| match app.role_of(&by.person, now) {
            Some(Role::Publisher) => change(app),
            Some(Role::Viewer) | None => Err(ReleaseError::NoApp(name.clone())),
        };
        self.write_live(name, change).await
    }

    /// Writes what `change` makes of an app, deleted or not; answers it and whether it changed.
    pub(super) async fn write(
        &self,
        name: &AppName,
        mut change: impl FnMut(&mut App) -> Result<(), ReleaseError>,
    ) -> Result<(Arc<App>, bool), ReleaseError> {
        let now = self.0.clock.now();
        let mut as_it_was = None;
        let written = update(&self.0.storage, &self.0.entropy, &Key::app(name), |held| {
            let mut record: AppRecord = held.ok_or_else(|| ReleaseError::NoApp(name.clone()))?;
            let before = record.app.clone();
            change(&mut record.app)?;
            // Whoever owns it now must not meet what the pages of another left in browsers.
            if record.app.owner.subject != before.owner.subject {
                record.app.origin = record.app.origin.max(before.origin + 1);
            }
            if record.app == before {
                as_it_was = Some(before);
                return Ok::<_, ReleaseError>(None);
            }
            record.app.changed = now.max(before.changed);
            record.version += 1;
            Ok(Some(record))
        })
        .await?;
        match (written, as_it_was) {
            (Some((record, etag)), _) => Ok((self.enter(record, etag).await, true)),
            (None, Some(app)) => Ok((Arc::new(app), false)),
            (None, None) => Err(ReleaseError::NoApp(name.clone())),
        }
    }

    /// Puts a record that was just written into the own catalog, and announces it.
    async fn enter(&self, record: AppRecord, etag: Etag) -> Arc<App> {
        let entry = Entry { app: Arc::new(record.app), version: record.version, etag };
        self.swap(|catalog| catalog.with_apps(std::slice::from_ref(&entry)));
        self.announce(Changed::App(entry.app.name.clone())).await;
        entry.app
    }

    /// The record as it is in the bucket now.
    pub(super) async fn read(&self, name: &AppName) -> Result<Arc<App>, ReleaseError> {
        let key = Key::app(name);
        let object = self.0.storage.get(&key).await?.ok_or_else(|| ReleaseError::NoApp(name.clone()))?;
        Ok(parse(&key, name, &object)?.app)
    }
}

/// Fills an app from its folder in the place called `folders`, in the name of `by`. Saying what holds already changes
/// nothing.
fn fill_from(app: &mut App, folders: Option<&str>, by: &By, now: Timestamp) {
    if app.synced.as_ref().map(|synced| synced.folders.as_str()) != folders {
        let synced =
            |folders: &str| Synced { folders: folders.to_owned(), by: by.person.clone(), since: now };
        app.synced = folders.map(synced);
    }
}

/// Makes `release` current, and remembers what was.
pub(super) fn point(app: &mut App, release: ReleaseId, now: Timestamp) {
    if app.current == Some(release) {
        return;
    }
    app.previous.retain(|earlier| *earlier != release);
    if let Some(was) = app.current.replace(release) {
        app.previous.insert(0, was);
    }
    app.previous.truncate(MOST_PREVIOUS);
    app.remember_activation(release, now);
}

/// Reads an app's record, which must be about the app whose name it is under.
pub(super) fn parse(key: &Key, name: &AppName, object: &Object) -> Result<Entry, StorageError> {
    let record: AppRecord = update::Record::parse(key, &object.bytes)?;
    if record.app.name != *name {
        let what = format!("it is the record of `{}`", record.app.name);
        return Err(StorageError::Unexpected { key: key.to_string(), what });
    }
    Ok(Entry { app: Arc::new(record.app), version: record.version, etag: object.etag.clone() })
}

impl update::Record for AppRecord {
    fn write_id(&self) -> &str {
        &self.app.write_id
    }

    fn set_write_id(&mut self, write_id: String) {
        self.app.write_id = write_id;
    }
}
