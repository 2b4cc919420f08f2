//! Requests on an app's page: a publisher lets in who asked, with a scope and an end, or does not.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::apps::{Change, done};
use super::asking::plain;
use super::failure::Failure;
use super::sharing::{PUBLIC_MAIL, end_of};
use super::state::Loggia;
use crate::model::{App, AuditAction, AuditEvent, Grant, NetworkUse, Role, Who};
use crate::releases::{ReleaseError, Request};
use crate::theme::views::RequestRow;

/// The form beside a request: two buttons, and what they are about.
#[derive(Deserialize)]
pub(super) struct Answer {
    request: String,
    /// `let-in` or `decline`.
    #[serde(rename = "answer")]
    decision: String,
    /// `person` or `domain`.
    #[serde(default)]
    scope: String,
    #[serde(default)]
    until: String,
    /// What whoever asked is told with it.
    #[serde(default)]
    words: String,
}

/// `POST /-/apps/NAME/requests`
pub(super) async fn answer(
    State(loggia): State<Arc<Loggia>>,
    change: Change<Answer>,
) -> Result<Response, Failure> {
    let (form, app, person) = (&change.form, change.permit.app(), &change.by.person);
    let Some(request) = loggia.releases.request(app, &form.request).await? else {
        let sentence = "Somebody has answered that request already.".to_owned();
        return done(&loggia, change.app.clone(), Ok(change.app), person, sentence).await;
    };
    let (asker, words) = (request.person.email.clone(), plain(&form.words));
    let note = |action| {
        let event = loggia.releases.event(Some(&person.email), change.by.from, Some(app), action);
        loggia.releases.note(AuditEvent { rule: Some("publisher".to_owned()), ..event });
    };
    if form.decision != "let-in" {
        loggia.releases.forget_request(app, &form.request).await.map_err(ReleaseError::from)?;
        note(AuditAction::Declined { whose: asker.clone() });
        loggia.notices.declined(&change.app, &request, &words, person);
        let sentence = format!("The request of {asker} was declined.");
        return done(&loggia, change.app.clone(), Ok(change.app), person, sentence).await;
    }
    let until = end_of(&form.until).map_err(Failure::BadRequest)?;
    let who = match form.scope.as_str() {
        "domain" if may_be_opened_to(asker.domain()) => Who::Domain(asker.domain().to_owned()),
        _ => Who::Person(asker.clone()),
    };
    // Whoever was refused for their network may be on the list already, and must not lose by asking.
    let held = change.app.grants.of(&who).filter(|grant| !grant.has_ended(loggia.clock.now()));
    let changed = if held.is_some_and(|grant| grant.gives(Role::Viewer, until)) {
        Ok(Arc::clone(&change.app))
    } else {
        let grants = [Grant::new(who.clone(), Role::Viewer, until)];
        loggia.releases.grant_all(app, &grants, &change.by).await.map(|granted| granted.app)
    };
    if changed.is_ok() {
        loggia.releases.forget_request(app, &form.request).await.map_err(ReleaseError::from)?;
        note(AuditAction::Approved { whose: asker.clone() });
        loggia.notices.approved(&change.app, &request, until, &words, person);
    }
    let also =
        if matches!(who, Who::Domain(_)) { format!(", and everybody at {who},") } else { String::new() };
    let from = change.app.network.as_ref().filter(|network| network.rule == NetworkUse::AsWell);
    let from = from.map(|network| format!(" from its networks ({})", network.names.join(", ")));
    let sentence = format!("{asker}{also} can open it within seconds{}.", from.unwrap_or_default());
    done(&loggia, change.app, changed, person, sentence).await
}

/// The requests on an app's page.
pub(super) async fn rows(loggia: &Loggia, app: &App) -> Result<Vec<RequestRow>, ReleaseError> {
    let requests = loggia.releases.requests(&app.name).await?;
    Ok(requests.into_iter().map(row).collect())
}

fn row(request: Request) -> RequestRow {
    let domain = request.person.email.domain();
    RequestRow {
        id: request.id(),
        domain: may_be_opened_to(domain).then(|| domain.to_owned()),
        who: request.person.email.clone(),
        name: request.person.name,
        when: request.when,
        reason: request.reason,
        wanted: (request.wanted != "/").then_some(request.wanted),
    }
}

/// Whether a whole domain is offered with one click: not one where everybody can have an address.
fn may_be_opened_to(domain: &str) -> bool {
    !PUBLIC_MAIL.contains(&domain)
}
