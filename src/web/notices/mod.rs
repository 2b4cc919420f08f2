//! News about sharing and asking: the one place from which it goes out, into the log and, where mail is configured, by mail.
//!
//! 1. [`Notices::share`], [`Notices::asked`], [`Notices::approved`] and [`Notices::declined`] say who is to be told.
//! 2. Rates bound how often anybody can be: nobody's mailbox is flooded by sharing, whoever shares.
//! 3. [`letters`] are what they read. They are written and queued behind the answer, which waits for none of it.
//! 4. A letter that cannot be sent is a line of the log and of the record, without its text.

mod letters;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;

use super::asking::may_know;
use super::edition::Edition;
use super::host::Hosts;
use crate::access::Rate;
use crate::mail::Mailer;
use crate::model::{App, AppName, AuditAction, Clock, EmailAddress, Grant, Person, Role, Who};
use crate::releases::{By, ReleaseError, Releases, Request};
use crate::theme::Theme;
use letters::{Letter, Pen};

/// How many publishers of an app are told of one request, the owner first.
const MOST_PUBLISHERS: usize = 10;

/// Tells people what concerns them. Clones are one.
#[derive(Clone)]
pub struct Notices(Arc<Inner>);

struct Inner {
    releases: Releases,
    clock: Clock,
    mailing: Option<Mailing>,
    /// Letters to one address, whatever they are about.
    to: Rate,
    /// Letters to one address about one app that was shared.
    about: Rate,
    /// Letters that one person's sharing sends.
    by: Rate,
}

/// What letters are written and sent with.
pub struct Mailing {
    /// Sends them.
    pub mailer: Mailer,
    /// Has the words.
    pub theme: Arc<Theme>,
    /// Says what the site is called, and its language.
    pub edition: Arc<ArcSwap<Edition>>,
    /// Where things are.
    pub hosts: Hosts,
}

/// What came of sharing.
pub(super) struct Shared {
    /// The app as it is now.
    pub(super) app: Arc<App>,
    /// How many people are told by mail.
    pub(super) told: usize,
    /// How many are not, since they, or whoever shared, have had so many letters sent already.
    pub(super) spared: usize,
}

impl Notices {
    /// Tells people by mail, or, without it, the log alone.
    #[must_use]
    pub fn new(releases: Releases, clock: Clock, mailing: Option<Mailing>) -> Self {
        Self(Arc::new(Inner {
            releases,
            clock,
            mailing,
            to: Rate::new(20, Duration::from_mins(15)),
            about: Rate::new(1, Duration::from_hours(1)),
            by: Rate::new(5000, Duration::from_secs(10)),
        }))
    }

    /// Whether anybody is told by mail.
    pub(super) fn by_mail(&self) -> bool {
        self.0.mailing.is_some()
    }

    /// Shares an app; with `mail`, tells each person that gains by it, once. Domains and groups have no mailbox.
    pub(super) async fn share(
        &self,
        app: &AppName,
        grants: &[Grant],
        by: &By,
        mail: bool,
    ) -> Result<Shared, ReleaseError> {
        let granted = self.0.releases.grant_all(app, grants, by).await?;
        tracing::info!(%app, by = %by.person.email, lines = grants.len(), "an app was shared");
        let mut shared = Shared { app: Arc::clone(&granted.app), told: 0, spared: 0 };
        if !mail || !self.by_mail() {
            return Ok(shared);
        }
        let now = self.0.clock.now();
        let mut told = Vec::new();
        for grant in granted.gain {
            match &grant.who {
                Who::Person(to) if *to != by.person.email => {
                    if self.may_tell(to, app, &by.person, now) {
                        told.push((to.clone(), grant));
                    } else {
                        tracing::info!(%app, %to, "somebody is not told by mail: there were many letters already");
                        shared.spared += 1;
                    }
                }
                Who::Person(_) | Who::Domain(_) | Who::Group(_) => {}
            }
        }
        shared.told = told.len();
        let by = by.person.clone();
        self.post(granted.app, "shared", move |pen, app| {
            told.into_iter()
                .map(|(to, grant)| {
                    let letter = pen.shared(app, &to, &grant, &by);
                    (to, letter)
                })
                .collect()
        });
        Ok(shared)
    }

    /// Tells an app's publishers that somebody asks to be let in.
    pub(super) fn asked(&self, app: &Arc<App>, request: &Request) {
        tracing::info!(app = %app.name, person = %request.person.email, "somebody asks to be let in");
        let now = self.0.clock.now();
        let mut seen = HashSet::from([&request.person.email]);
        let named = app.grants.iter().filter_map(|grant| match &grant.who {
            Who::Person(person) if grant.role == Role::Publisher && !grant.has_ended(now) => Some(person),
            _ => None,
        });
        let publishers = std::iter::once(&app.owner.email).chain(named).filter(|to| seen.insert(to));
        let publishers = publishers.take(MOST_PUBLISHERS).filter(|to| self.has_room(to, now));
        let (publishers, request) = (publishers.cloned().collect::<Vec<_>>(), request.clone());
        self.post(Arc::clone(app), "asked", move |pen, app| {
            publishers.into_iter().map(|to| (to, pen.asked(app, &request))).collect()
        });
    }

    /// Tells whoever asked that they are let in, until `until`, with the words of whoever did so.
    pub(super) fn approved(
        &self,
        app: &Arc<App>,
        request: &Request,
        until: Option<Timestamp>,
        words: &str,
        by: &Person,
    ) {
        let ends = until.map(|until| until.to_string());
        tracing::info!(app = %app.name, person = %request.person.email, wanted = %request.wanted, until = ends, "who asked is let in");
        let (request, words, by) = (request.clone(), words.to_owned(), by.clone());
        self.answer(app, "approved", &request.person.email.clone(), move |pen, app| {
            pen.approved(app, &request, until, &words, &by)
        });
    }

    /// Tells whoever asked that they are not let in, with the words of whoever did so; but not of an app whose being there
    /// is not theirs to know.
    pub(super) fn declined(&self, app: &Arc<App>, request: &Request, words: &str, by: &Person) {
        tracing::info!(app = %app.name, person = %request.person.email, "who asked is not let in");
        if !may_know(app, &request.person, self.0.clock.now()) {
            return;
        }
        let (words, by) = (words.to_owned(), by.clone());
        self.answer(app, "declined", &request.person.email, move |pen, app| pen.declined(app, &words, &by));
    }

    fn answer(
        &self,
        app: &Arc<App>,
        about: &'static str,
        to: &EmailAddress,
        write: impl FnOnce(&Pen<'_>, &App) -> Letter + Send + 'static,
    ) {
        if self.has_room(to, self.0.clock.now()) {
            let to = to.clone();
            self.post(Arc::clone(app), about, move |pen, app| vec![(to, write(pen, app))]);
        }
    }

    /// Counts a letter to `to`, whatever it is about.
    fn has_room(&self, to: &EmailAddress, now: Timestamp) -> bool {
        self.by_mail() && self.0.to.count(to.as_str().as_bytes(), now).is_ok()
    }

    /// Counts a letter to `to` about `app`, which `by` shared.
    fn may_tell(&self, to: &EmailAddress, app: &AppName, by: &Person, now: Timestamp) -> bool {
        let about = format!("{app}\0{to}");
        self.0.about.count(about.as_bytes(), now).is_ok()
            && self.has_room(to, now)
            && self.0.by.count(by.email.as_str().as_bytes(), now).is_ok()
    }

    /// Writes letters on another thread, and queues them.
    fn post(
        &self,
        app: Arc<App>,
        about: &'static str,
        write: impl FnOnce(&Pen<'_>, &App) -> Vec<(EmailAddress, Letter)> + Send + 'static,
    ) {
        if !self.by_mail() {
            return;
        }
        let notices = self.clone();
        tokio::task::spawn_blocking(move || {
            let Some(Mailing { mailer, theme, edition, hosts }) = &notices.0.mailing else { return };
            let edition = edition.load_full();
            let pen = Pen { theme, library: &edition.library, hosts };
            for (to, Letter { subject, text }) in write(&pen, &app) {
                let given_up = {
                    let (releases, app, to) = (notices.0.releases.clone(), app.name.clone(), to.clone());
                    move |status| note_failure(&releases, &app, to, about, status)
                };
                if let Err(error) = mailer.send_in_turn(&to, &subject, &text, given_up) {
                    tracing::error!(app = %app.name, %to, %error, "somebody could not be told by mail");
                    note_failure(&notices.0.releases, &app.name, to, about, None);
                }
            }
        });
    }
}

impl std::fmt::Debug for Notices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notices").field("by_mail", &self.by_mail()).finish_non_exhaustive()
    }
}

/// Puts down that a letter could not be sent.
fn note_failure(releases: &Releases, app: &AppName, whose: EmailAddress, about: &str, status: Option<u16>) {
    let action = AuditAction::NotTold { whose, about: about.to_owned(), status };
    releases.note_often(releases.event(None, None, Some(app), action));
}
