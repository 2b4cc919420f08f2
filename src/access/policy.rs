//! The rules of who may see and who may change: pure functions of what they are given.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::config;
use crate::model::{
    App, Audience, EmailAddress, NetworkRule, NetworkUse, Person, Readers, Role, Viewer, VouchedJob,
};

use super::{Permit, PublishPermit, Refusal, Target};

/// Somebody at a door: who, from which address, and when; and what the operator decided about doors.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'v> {
    /// Who.
    pub viewer: &'v Viewer,
    /// The peer's address, or what a trusted proxy says it is.
    pub from: IpAddr,
    /// What the operator decided.
    pub access: &'v config::Access,
    /// When.
    pub now: Timestamp,
}

/// Whether `visitor` may open `target`, which is a part of `app`. A preview host has the same audience.
pub fn decide(visitor: Visitor<'_>, app: &App, target: Target) -> Result<Permit, Refusal> {
    if app.name != target.app {
        return Err(Refusal::NoSuchApp);
    }
    may_enter(visitor, app)?;
    let public = audience_of(app, visitor.access) == Audience::Public && app.network.is_none();
    Ok(Permit::new(target, public))
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

/// Whether `visitor` may enter `app` at all, and why not; opening anything takes a [`Permit`].
pub fn may_enter(visitor: Visitor<'_>, app: &App) -> Result<(), Refusal> {
    if app.deleted.is_some() {
        return Err(Refusal::NoSuchApp);
    }
    let condition =
        app.network.as_ref().map(|rule| (rule.rule, is_within(rule, visitor.from, visitor.access)));
    if condition == Some((NetworkUse::Instead, true)) {
        return Ok(());
    }
    admit(visitor, app)?;
    if condition == Some((NetworkUse::AsWell, false)) { Err(Refusal::Network) } else { Ok(()) }
}

/// Whether `app` is in lists and search results that `visitor` is shown: the rule of [`decide`].
#[must_use]
pub fn may_see(visitor: Visitor<'_>, app: &App) -> bool {
    may_enter(visitor, app).is_ok()
}

/// Who may see `app`: the audience that its publishers chose or, where the operator no longer lets them, the next narrower
/// one that may be chosen.
#[must_use]
pub fn audience_of(app: &App, access: &config::Access) -> Audience {
    let narrower = [Audience::Public, Audience::SignedIn].into_iter().skip_while(|one| *one != app.audience);
    narrower.into_iter().find(|audience| may_choose(*audience, access)).unwrap_or(Audience::Listed)
}

/// Whether publishers may choose `audience`.
#[must_use]
pub fn may_choose(audience: Audience, access: &config::Access) -> bool {
    audience == Audience::Listed || access.audiences.is_empty() || access.audiences.contains(&audience)
}

/// Whether one of the networks that `rule` names holds `address`; one that is not configured holds none.
#[must_use]
pub fn is_within(rule: &NetworkRule, address: IpAddr, access: &config::Access) -> bool {
    let named = access.networks.iter().filter(|network| rule.names.contains(&network.name));
    named.into_iter().any(|network| network.holds(address))
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

/// Whether `person` may act for the whole of this server: read the whole record, look as anybody, end other people's
/// sessions and tokens; nobody may who is not named.
#[must_use]
pub fn may_administer(person: &Person, access: &config::Access) -> bool {
    access.administrators.iter().any(|who| who.names(person))
}

fn admit(visitor: Visitor<'_>, app: &App) -> Result<(), Refusal> {
    match (audience_of(app, visitor.access), visitor.viewer) {
        (Audience::Public, _) | (Audience::SignedIn, Viewer::SignedIn(_)) => Ok(()),
        (_, Viewer::Anonymous) => Err(Refusal::SignIn),
        (Audience::Listed, Viewer::SignedIn(person)) => match app.role_of(person, visitor.now) {
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
    let ended = app.grants.naming(person).any(|grant| grant.role >= wanted);
    if ended { Refusal::Ended } else { Refusal::NotListed }
}

#[cfg(test)]
mod tests;
