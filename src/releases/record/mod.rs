//! The record: who did what, when, from where, by which rule. Append-only.
//!
//! 1. [`Releases::note`] puts a line into a queue and never waits. What somebody may repeat at will, such as being
//!    refused, is counted by the minute ([`Releases::note_often`]), so that nobody can fill the bucket.
//! 2. [`Releases::keep_record`] writes what waits: one object for the whole site, and one for each app it is about.
//!    [`Releases::follow_record`] does so every few seconds; a change of an app does it before it is answered.
//! 3. Each server numbers its lines. A full queue loses lines, and both their number and a line that says so remain;
//!    an object that is lost leaves a hole in the numbers ([`Gap`]).
//! 4. [`read`] finds lines again, so many at a time; a [`Cursor`] says how far was looked.

mod cursor;
mod read;
mod waiting;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::model::{
    AppName, AuditAction, AuditEvent, AuditLine, Digest, EmailAddress, Entropy, Person, ReleaseId,
};
use crate::storage::{Condition, Key, StorageError, ordered_id};

use super::update::json;
use super::{By, Releases};
pub use cursor::{Cursor, InvalidCursor};
pub use read::{Gap, Record, Sought};
use waiting::Waiting;

/// How long a line may wait.
const EVERY: Duration = Duration::from_secs(5);
/// How many lines one object holds.
const BATCH: usize = 1000;
/// How long the last lines may take to be written at a stop.
const LAST: Duration = Duration::from_secs(10);

/// Lines that wait to be written, numbered.
#[derive(Debug)]
pub(super) struct Recorder {
    waiting: Mutex<Waiting>,
    /// Whoever holds it writes for all.
    writing: tokio::sync::Mutex<()>,
}

/// Lines that were written together.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Batch {
    server: String,
    lines: Vec<AuditLine>,
    /// The number of lines that the server wrote, where it stopped as it should.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<u64>,
}

impl Recorder {
    pub(super) fn new(now: Timestamp, entropy: &Entropy) -> Self {
        let server = ordered_id(now, entropy.bytes()).to_string().to_lowercase();
        Self { waiting: Mutex::new(Waiting::new(server)), writing: tokio::sync::Mutex::new(()) }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Releases {
    /// Puts down what happened. It is written a few seconds later; nobody waits for that.
    pub fn note(&self, event: AuditEvent) {
        self.0.recorder.waiting().add(event);
    }

    /// Like [`Releases::note`], for what somebody can repeat at will: the same person (or address), app and action are
    /// one line a minute, which says how often.
    pub fn note_often(&self, event: AuditEvent) {
        self.0.recorder.waiting().count(event);
    }

    /// What `person` did just now, for [`Releases::note`].
    #[must_use]
    pub fn event(
        &self,
        person: Option<&EmailAddress>,
        from: Option<IpAddr>,
        app: Option<&AppName>,
        action: AuditAction,
    ) -> AuditEvent {
        AuditEvent {
            when: self.0.clock.now(),
            who: person.cloned(),
            from,
            app: app.cloned(),
            rule: None,
            times: 1,
            action,
        }
    }

    /// Puts down what `by` did to an app, and writes it. What was done is done: where storage fails now, the line waits.
    pub(super) async fn record(&self, app: &AppName, by: &By, action: AuditAction) {
        self.record_all(app, by, [action]).await;
    }

    /// The same for several things that were done at once.
    pub(super) async fn record_all(
        &self,
        app: &AppName,
        by: &By,
        actions: impl IntoIterator<Item = AuditAction>,
    ) {
        let rule = self.right_of(app, &by.person);
        self.record_under(app, by, rule, actions).await;
    }

    async fn record_under(
        &self,
        app: &AppName,
        by: &By,
        rule: Option<String>,
        actions: impl IntoIterator<Item = AuditAction>,
    ) {
        for action in actions {
            let event = self.event(Some(&by.person.email), by.from, Some(app), action);
            self.note(AuditEvent { rule: rule.clone(), ..event });
        }
        if let Err(error) = self.keep_record(false).await {
            tracing::warn!(%error, "the record of who did what could not be written yet; it is tried again");
        }
    }

    /// Puts down that a release was finished. A repeated finish repeats the line, and reading leaves it out.
    pub(super) async fn record_published(
        &self,
        app: &AppName,
        by: &By,
        release: ReleaseId,
        rule: Option<String>,
    ) {
        let rule = rule.or_else(|| self.right_of(app, &by.person));
        self.record_under(app, by, rule, [AuditAction::Published { release }]).await;
    }

    /// By which rule somebody publishes to an app: as its owner, or by a line of its list.
    fn right_of(&self, app: &AppName, person: &Person) -> Option<String> {
        let catalog = self.catalog();
        let app = catalog.app(app)?;
        if app.owned_by(&person.subject) {
            return Some("owner".to_owned());
        }
        if app.trusted.iter().any(|line| line.issuer == person.subject.iss) {
            return Some("trusted publisher".to_owned());
        }
        let now = self.0.clock.now();
        let lines = app.grants.naming(person).filter(|line| !line.has_ended(now));
        lines.max_by_key(|line| line.role).map(|line| line.who.to_string())
    }

    /// Writes what waits; with `all`, also what is still being counted.
    pub async fn keep_record(&self, all: bool) -> Result<(), StorageError> {
        let recorder = &self.0.recorder;
        let _turn = recorder.writing.lock().await;
        let now = self.0.clock.now();
        recorder.waiting().gather(now, all);
        loop {
            let (when, lines) = recorder.waiting().batch(BATCH, now);
            if lines.is_empty() {
                return Ok(());
            }
            self.write_batch(when, lines).await?;
            recorder.waiting().forget_batch();
        }
    }

    /// Writes what waits every few seconds until `stop`, and once more then.
    pub async fn follow_record(self, stop: CancellationToken) {
        let mut failing = false;
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(EVERY) => {}
            }
            match self.keep_record(false).await {
                Ok(()) => failing = false,
                Err(error) if !failing => {
                    tracing::warn!(%error, "the record of who did what cannot be written; it is tried again");
                    failing = true;
                }
                Err(_) => {}
            }
        }
        let last = async {
            self.keep_record(true).await?;
            self.end_record().await
        };
        match tokio::time::timeout(LAST, last).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "the last lines of the record of who did what are lost");
            }
            Err(_) => {
                tracing::error!("the last lines of the record of who did what are lost: storage is too slow");
            }
        }
    }

    /// Says that this server wrote all that it had to write.
    async fn end_record(&self) -> Result<(), StorageError> {
        let (server, number) = self.0.recorder.waiting().position();
        if number == 0 {
            return Ok(());
        }
        let key = Key::record(self.0.clock.now(), &server, number + 1);
        let body = json(&key, &Batch { server, lines: Vec::new(), ended: Some(number) })?;
        let _stored = self.0.storage.put(&key, body, Condition::Always).await?;
        Ok(())
    }

    /// Repeating it writes the same objects.
    async fn write_batch(&self, when: Timestamp, lines: Vec<AuditLine>) -> Result<(), StorageError> {
        let Some(first) = lines.first() else { return Ok(()) };
        let (server, number) = (first.server.clone(), first.number);
        let mut by_app: BTreeMap<AppName, Vec<AuditLine>> = BTreeMap::new();
        for line in &lines {
            if let Some(app) = &line.event.app {
                by_app.entry(app.clone()).or_default().push(line.clone());
            }
        }
        for (app, lines) in by_app {
            // Batches of one moment are in the order of their lines.
            let mut same = [0; 16];
            let number = number.to_le_bytes().into_iter().take(5);
            let server_digest = Digest::of(server.as_bytes());
            let bytes = server_digest.as_bytes().iter().copied().take(5).chain(number);
            same.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
            self.put_batch(&Key::audit(&app, ordered_id(when, same)), &server, lines).await?;
        }
        self.put_batch(&Key::record(when, &server, number), &server, lines).await
    }

    async fn put_batch(&self, key: &Key, server: &str, lines: Vec<AuditLine>) -> Result<(), StorageError> {
        let body = json(key, &Batch { server: server.to_owned(), lines, ended: None })?;
        let _stored = self.0.storage.put(key, body, Condition::Always).await?;
        Ok(())
    }
}
