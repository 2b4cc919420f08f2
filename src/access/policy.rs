//! The rules of who may see and who may change: pure functions of what they are given.

use jiff::Timestamp;

use crate::config;
use crate::model::{App, Audience, EmailAddress, Person, Readers, Role, Viewer, VouchedJob};

use super::{Permit, PublishPermit, Refusal, Target};

/// Whether `viewer` may open `target`, which is a part of `app`. A preview host has the same audience.
pub fn decide(viewer: &Viewer, app: &App, target: Target, now: Timestamp) -> Result<Permit, Refusal> {
    if app.name != target.app {
        return Err(Refusal::NoSuchApp);
    }
    may_enter(viewer, app, now)?;
    Ok(Permit::new(target, app.audience == Audience::Public))
}

/// Whether `person` may publish to `app`, share it, or change it otherwise.
pub fn decide_publish(person: &Person, app: &App, now: Timestamp) -> Result<PublishPermit, Refusal> {
    if app.deleted.is_some() {
        return Err(Refusal::NoSuchApp);
    }
    publisher(person, app, now)
}

/// Whether a job may publish to `app`: one of its lines must say so, and where it is published to matters alone.
pub fn decide_publish_by_job(
    job: &VouchedJob,
    by: &EmailAddress,
    app: &App,
) -> Result<PublishPermit, Refusal> {
    let trusted = app.trusted.iter().any(|line| line.admits(job));
    match app.deleted {
        None if trusted => Ok(PublishPermit::new(app.name.clone(), by.clone())),
        _ => Err(Refusal::NoSuchApp),
    }
}

/// Whether `person` may bring `app` back after it was deleted.
pub fn decide_restore(person: &Person, app: &App, now: Timestamp) -> Result<PublishPermit, Refusal> {
    publisher(person, app, now)
}

/// Whether `viewer` may enter `app` at all, and why not; opening anything takes a [`Permit`].
pub fn may_enter(viewer: &Viewer, app: &App, now: Timestamp) -> Result<(), Refusal> {
    if app.deleted.is_some() {
        return Err(Refusal::NoSuchApp);
    }
    admit(viewer, app, now)
}

/// Whether `app` is in lists and search results that `viewer` is shown: the rule of [`decide`].
#[must_use]
pub fn may_see(viewer: &Viewer, app: &App, now: Timestamp) -> bool {
    may_enter(viewer, app, now).is_ok()
}

/// Whether `viewer` may read a guide for `readers`, and know that it exists.
pub fn may_read(viewer: &Viewer, readers: &Readers) -> Result<(), Refusal> {
    match (readers.audience, viewer) {
        (Audience::Public, _) | (Audience::SignedIn, Viewer::SignedIn(_)) => Ok(()),
        (_, Viewer::Anonymous) => Err(Refusal::SignIn),
        (Audience::Listed, Viewer::SignedIn(person)) => {
            if readers.who.iter().any(|who| who.names(person)) {
                Ok(())
            } else {
                Err(Refusal::NotListed)
            }
        }
    }
}

/// Whether `person` may create apps.
#[must_use]
pub fn may_create(person: &Person, access: &config::Access) -> bool {
    access.creators.is_empty() || access.creators.iter().any(|who| who.names(person))
}

/// Whether `person` may publish the guides of this server; nobody may who is not named.
#[must_use]
pub fn may_publish_guides(person: &Person, access: &config::Access) -> bool {
    access.guide_publishers.iter().any(|who| who.names(person))
}

/// Whether `person` may act for the whole of this server; nobody may who is not named.
#[must_use]
pub fn may_administer(person: &Person, access: &config::Access) -> bool {
    access.administrators.iter().any(|who| who.names(person))
}

fn admit(viewer: &Viewer, app: &App, now: Timestamp) -> Result<(), Refusal> {
    match (app.audience, viewer) {
        (Audience::Public, _) | (Audience::SignedIn, Viewer::SignedIn(_)) => Ok(()),
        (_, Viewer::Anonymous) => Err(Refusal::SignIn),
        (Audience::Listed, Viewer::SignedIn(person)) => match app.role_of(person, now) {
            Some(Role::Viewer | Role::Publisher) => Ok(()),
            None => Err(unlisted(person, app, Role::Viewer)),
        },
    }
}

fn publisher(person: &Person, app: &App, now: Timestamp) -> Result<PublishPermit, Refusal> {
    match app.role_of(person, now) {
        Some(Role::Publisher) => Ok(PublishPermit::new(app.name.clone(), person.email.clone())),
        Some(Role::Viewer) | None => Err(unlisted(person, app, Role::Publisher)),
    }
}

/// Called when no grant is in force: either one ended, or there never was one.
fn unlisted(person: &Person, app: &App, wanted: Role) -> Refusal {
    let ended = app.grants.iter().any(|grant| grant.role >= wanted && grant.who.names(person));
    if ended { Refusal::Ended } else { Refusal::NotListed }
}

#[cfg(test)]
mod tests;
