//! `/-/apps/`: everything that is shared with whoever asks, and nothing else; the newest change first.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;

use super::asking::may_know;
use super::context::Context;
use super::failure::{Failure, reader_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::MaybeSession;
use crate::access::{
    LastVisit, Refusal, Visitor, audience_of, decide_publish, may_administer, may_create, may_enter,
};
use crate::model::{App, Person, Viewer};
use crate::theme::views::{AppCard, AppsPage};

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Sought {
    /// Words that title, name, description or owner must hold, each of them.
    #[serde(default)]
    q: String,
}

/// `GET /-/apps/`
pub(super) async fn list(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    MaybeSession(session): MaybeSession,
    headers: HeaderMap,
    Query(sought): Query<Sought>,
) -> Result<Response, Failure> {
    let now = loggia.clock.now();
    let viewer = Viewer::from(session);
    let visitor = loggia.visitor(&viewer, context.from);
    let catalog = loggia.releases.catalog();
    if catalog.is_stale(now) {
        return Err(Failure::Stale);
    }
    let person = viewer.person();
    let visit = LastVisit::of(&headers, now);
    let mut apps: Vec<AppCard> =
        catalog.apps().filter_map(|app| card(&loggia, app, visitor, visit.before())).collect();
    apps.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| a.name.cmp(&b.name)));
    let total = apps.len();
    let q: String = sought.q.trim().chars().take(200).collect();
    let words: Vec<String> = q.to_lowercase().split_whitespace().map(str::to_owned).collect();
    apps.retain(|card| holds(card, &words));
    let publishes =
        catalog.apps().any(|app| person.is_some_and(|person| decide_publish(person, app, now).is_ok()));
    let access = &loggia.config.access;
    let administers = person.is_some_and(|person| may_administer(person, access));
    let view = AppsPage {
        layout: reader_layout(&loggia, &context),
        viewer: person.map(|person| person.email.clone()),
        sign_in: "/-/sign-in".to_owned(),
        may_publish: person.is_some_and(|person| may_create(person, access)),
        publishes: publishes || administers,
        administers,
        server: loggia.hosts.main_origin(),
        new: apps.iter().filter(|card| card.new).count(),
        total,
        q,
        apps,
        notice: None,
    };
    let page = super::html_page(StatusCode::OK, loggia.theme.apps(&view)?);
    // Whoever is nobody's guest has no last visit to come back to.
    let cookie = person.map(|_| visit.cookie());
    Ok(with_cookies(page, cookie.iter().collect::<Vec<_>>().as_slice()))
}

/// An app on the list, for somebody who may open it, or could from one of its networks.
fn card(loggia: &Loggia, app: &App, visitor: Visitor<'_>, before: Option<Timestamp>) -> Option<AppCard> {
    let entered = may_enter(visitor, app);
    let person = visitor.viewer.person();
    let elsewhere =
        entered == Err(Refusal::Network) && person.is_some_and(|person| may_know(app, person, visitor.now));
    if entered.is_err() && !elsewhere {
        return None;
    }
    let publisher = person.is_some_and(|person| decide_publish(person, app, visitor.now).is_ok());
    let live = app.current.is_some();
    // What is not live yet is its publishers' matter.
    if !live && !publisher {
        return None;
    }
    let changed = changed(app, person);
    Some(AppCard {
        name: app.name.clone(),
        title: app.title.clone(),
        url: loggia.hosts.app_url(&app.name),
        description: app.settings.description.clone(),
        owner: app.owner.email.clone(),
        owner_name: app.owner.name.clone(),
        changed,
        new: before.is_some_and(|before| changed > before)
            && person.is_some_and(|person| !app.owned_by(&person.subject)),
        audience: audience_of(app, visitor.access),
        networks: app
            .network
            .as_ref()
            .filter(|_| elsewhere)
            .map(|rule| rule.names.clone())
            .unwrap_or_default(),
        publisher,
        live,
    })
}

/// What is news to those it is shared with: another release, or that it was shared with them.
fn changed(app: &App, person: Option<&Person>) -> Timestamp {
    let shared = person.and_then(|person| app.grants.naming(person).filter_map(|line| line.at).max());
    let released = app.current_since().unwrap_or(app.created);
    shared.map_or(released, |shared| shared.max(released))
}

fn holds(card: &AppCard, words: &[String]) -> bool {
    let mut text = format!("{} {} {}", card.title, card.name, card.owner).to_lowercase();
    for more in [card.description.as_deref(), card.owner_name.as_deref()].into_iter().flatten() {
        text.push(' ');
        text.push_str(&more.to_lowercase());
    }
    words.iter().all(|word| text.contains(word.as_str()))
}
