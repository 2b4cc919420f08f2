//! Why somebody sees an app, or does not; and what somebody else sees, without ever being them.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::context::Context;
use super::failure::{Failure, main_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::SignedIn;
use crate::access::{Asked, decide_publish, explain, may_administer};
use crate::model::{App, AuditAction, AuditEvent, EmailAddress, Person};
use crate::theme::views::{Explained, ViewAsPage, ViewedApp};

/// The most apps on a page.
const MOST_APPS: usize = 1000;

/// About whom it is asked.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::web) struct About {
    /// An e-mail address; empty is somebody who does not sign in.
    #[serde(default)]
    who: String,
    /// Their groups, apart by commas, as far as known.
    #[serde(default)]
    groups: String,
    /// An IP address; empty is not said.
    #[serde(default)]
    from: String,
}

impl About {
    /// Whether anything was asked.
    fn is_empty(&self) -> bool {
        self.who.trim().is_empty() && self.from.trim().is_empty()
    }

    pub(in crate::web) fn read(&self) -> Result<Asked, String> {
        let (who, from) = (self.who.trim(), self.from.trim());
        let mistake = |_| format!("`{from}` is no IP address; write it like `10.1.2.3`, or leave it empty");
        Ok(Asked {
            who: match who {
                "" => None,
                who => Some(who.parse().map_err(|error: crate::model::InvalidEmail| error.to_string())?),
            },
            groups: self.groups().collect(),
            from: if from.is_empty() { None } else { Some(from.parse::<IpAddr>().map_err(mistake)?) },
        })
    }

    fn groups(&self) -> impl Iterator<Item = String> {
        let groups = self.groups.split(',').map(str::trim).filter(|group| !group.is_empty());
        groups.map(|group| group.strip_prefix("group:").unwrap_or(group).to_owned())
    }
}

/// What the page of an app says when it was asked whether somebody gets in.
pub(super) fn explained(loggia: &Loggia, app: &App, about: &About) -> Explained {
    let form = Explained {
        who: about.who.trim().to_owned(),
        groups: about.groups.trim().to_owned(),
        from: about.from.trim().to_owned(),
        ..Explained::default()
    };
    if about.is_empty() {
        return form;
    }
    match about.read() {
        Err(problem) => Explained { problem: Some(problem), ..form },
        Ok(asked) => {
            let explained = explain(app, &asked, &loggia.config.access, loggia.clock.now());
            let who = asked
                .who
                .as_ref()
                .map_or_else(|| "Somebody who does not sign in".to_owned(), ToString::to_string);
            Explained { sees: Some(verdict(explained.sees)), sentences: explained.sentences(&who), ..form }
        }
    }
}

/// Why `person` sees `app`, from where they are: a sentence for its page.
pub(super) fn why(loggia: &Loggia, app: &App, person: &Person, from: IpAddr) -> Vec<String> {
    let asked = Asked { who: Some(person.email.clone()), groups: person.groups.clone(), from: Some(from) };
    explain(app, &asked, &loggia.config.access, loggia.clock.now()).reasons()
}

fn verdict(sees: Option<bool>) -> &'static str {
    match sees {
        Some(true) => "yes",
        Some(false) => "no",
        None => "depends",
    }
}

/// `GET /-/view-as?who=`: which of the apps that you publish somebody sees. An administrator is told of all.
pub(super) async fn view_as(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    SignedIn { person }: SignedIn,
    Query(about): Query<About>,
) -> Result<Response, Failure> {
    let now = loggia.clock.now();
    let catalog = loggia.releases.catalog();
    if catalog.is_stale(now) {
        return Err(Failure::Stale);
    }
    let all = may_administer(&person, &loggia.config.access);
    let mine = |app: &&Arc<App>| app.deleted.is_none() && (all || decide_publish(&person, app, now).is_ok());
    let mut apps: Vec<&Arc<App>> = catalog.apps().filter(mine).collect();
    if apps.is_empty() && !all {
        return Err(Failure::NotFound);
    }
    apps.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| a.name.cmp(&b.name)));
    apps.truncate(MOST_APPS);
    let mut view = ViewAsPage {
        layout: main_layout(&loggia),
        who: about.who.trim().to_owned(),
        groups: about.groups.trim().to_owned(),
        from: about.from.trim().to_owned(),
        problem: None,
        all,
        looked_at: apps.len(),
        sees: Vec::new(),
        sees_not: Vec::new(),
        shown: false,
    };
    match about.read() {
        Err(problem) => view.problem = Some(problem),
        Ok(Asked { who: None, .. }) => {}
        Ok(asked) => {
            if let Some(whose) = &asked.who {
                look(&loggia, &person, whose, &context, all);
            }
            let who = asked.who.as_ref().map(ToString::to_string).unwrap_or_default();
            for app in apps {
                let explained = explain(app, &asked, &loggia.config.access, now);
                let row = ViewedApp {
                    name: app.name.clone(),
                    title: app.title.clone(),
                    description: app.settings.description.clone(),
                    owner: app.owner.email.clone(),
                    live: app.current.is_some(),
                    sees: verdict(explained.sees),
                    sentences: explained.sentences(&who),
                };
                if explained.sees == Some(false) { view.sees_not.push(row) } else { view.sees.push(row) }
            }
            view.shown = true;
        }
    }
    let status = if view.problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(with_cookies(super::html_page(status, loggia.theme.view_as(&view)?), &[]))
}

/// Puts down that `person` looked as `whose`.
fn look(loggia: &Loggia, person: &Person, whose: &EmailAddress, context: &Context, all: bool) {
    let action = AuditAction::ViewedAs { whose: whose.clone() };
    let event = loggia.releases.event(Some(&person.email), Some(context.from), None, action);
    let rule = if all { "administrator" } else { "publisher" };
    loggia.releases.note_often(AuditEvent { rule: Some(rule.to_owned()), ..event });
}
