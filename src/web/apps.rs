//! Apps on the main host: what was shared with you, and one app with everything that its publishers do to it.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts as _, Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::app_releases;
use super::app_settings;
use super::context::Context;
use super::failure::{Failure, main_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::{MaybeSession, OurForm, SignedIn};
use crate::access::{PublishPermit, decide_publish, decide_restore, may_create, may_see};
use crate::model::{App, AppName, Audience, Grant, Person, ReleaseId, Role, Viewer, Who};
use crate::releases::{By, ReleaseError};
use crate::theme::views::{AppCard, AppPage, AppsPage, GrantRow, Manage, Notice, ShareForm};

/// `GET /-/apps/`: everything that this viewer may open, the latest change first.
pub(super) async fn list(
    State(loggia): State<Arc<Loggia>>,
    MaybeSession(session): MaybeSession,
) -> Result<Response, Failure> {
    let now = loggia.clock.now();
    let viewer = Viewer::from(session);
    let catalog = loggia.releases.catalog();
    if catalog.is_stale(now) {
        return Err(Failure::Stale);
    }
    let person = viewer.person();
    let card = |app: &Arc<App>| AppCard {
        name: app.name.clone(),
        title: app.title.clone(),
        url: loggia.hosts.app_url(&app.name),
        description: app.settings.description.clone(),
        owner: app.owner.email.clone(),
        changed: app.changed,
        audience: app.audience,
        publisher: person.is_some_and(|person| decide_publish(person, app, now).is_ok()),
        live: app.current.is_some(),
    };
    let mut apps: Vec<_> = catalog
        .apps()
        .filter(|app| may_see(&viewer, app, now))
        .map(card)
        // What is not live yet is its publishers' matter.
        .filter(|card| card.live || card.publisher)
        .collect();
    apps.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| a.name.cmp(&b.name)));
    let view = AppsPage {
        layout: main_layout(&loggia),
        viewer: person.map(|person| person.email.clone()),
        sign_in: "/-/sign-in".to_owned(),
        may_publish: person.is_some_and(|person| may_create(person, &loggia.config.access)),
        server: loggia.hosts.main_origin(),
        apps,
        notice: None,
    };
    Ok(with_cookies(super::html_page(StatusCode::OK, loggia.theme.apps(&view)?), &[]))
}

/// `GET /-/apps/NAME/`
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let app = find(&loggia, &name)?;
    show(&loggia, &app, &person, StatusCode::OK, None, ShareForm::default()).await
}

#[derive(Deserialize)]
pub(super) struct GrantForm {
    who: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    until: String,
}

/// `POST /-/apps/NAME/grants`: shares the app with whomever the field names, one or many.
pub(super) async fn grant(
    State(loggia): State<Arc<Loggia>>,
    change: Change<GrantForm>,
) -> Result<Response, Failure> {
    let form = &change.form;
    let role = if form.role == "publisher" { Role::Publisher } else { Role::Viewer };
    let until = end_of(&form.until);
    let who: Result<Vec<Who>, _> = names_in(&form.who).map(str::parse).collect();
    let (who, until) = match (who, until) {
        (Ok(who), Ok(until)) if !who.is_empty() => (who, until),
        (who, until) => {
            let share = ShareForm {
                who_problem: match who {
                    Err(error) => Some(error.to_string()),
                    Ok(who) if who.is_empty() => Some("write whom to share it with".to_owned()),
                    Ok(_) => None,
                },
                until_problem: until.err(),
                who: form.who.clone(),
                until: form.until.clone(),
            };
            let person = &change.by.person;
            return show(&loggia, &change.app, person, StatusCode::UNPROCESSABLE_ENTITY, None, share).await;
        }
    };
    let grants: Vec<_> = who.iter().map(|who| Grant { who: who.clone(), role, until }).collect();
    let changed = loggia.releases.grant_all(change.permit.app(), &grants, &change.by).await;
    let people = who.iter().map(Who::to_string).collect::<Vec<_>>().join(", ");
    done(
        &loggia,
        change.app,
        changed,
        &change.by.person,
        format!("Shared with {people}. They can open it within seconds."),
    )
    .await
}

#[derive(Deserialize)]
pub(super) struct WhoForm {
    who: String,
}

/// `POST /-/apps/NAME/grants/remove`
pub(super) async fn revoke(
    State(loggia): State<Arc<Loggia>>,
    change: Change<WhoForm>,
) -> Result<Response, Failure> {
    let form = &change.form;
    let who: Who =
        form.who.parse().map_err(|error: crate::model::InvalidWho| Failure::BadRequest(error.to_string()))?;
    let changed = loggia.releases.revoke(change.permit.app(), &who, &change.by).await;
    done(&loggia, change.app, changed, &change.by.person, format!("{who} was removed.")).await
}

#[derive(Deserialize)]
pub(super) struct AudienceForm {
    audience: Audience,
}

/// `POST /-/apps/NAME/audience`
pub(super) async fn set_audience(
    State(loggia): State<Arc<Loggia>>,
    change: Change<AudienceForm>,
) -> Result<Response, Failure> {
    let form = &change.form;
    let changed = loggia.releases.set_audience(change.permit.app(), form.audience, &change.by).await;
    done(&loggia, change.app, changed, &change.by.person, "Who may see it was changed.".to_owned()).await
}

#[derive(Deserialize)]
pub(super) struct SearchForm {
    search: bool,
}

/// `POST /-/apps/NAME/search`
pub(super) async fn set_search(
    State(loggia): State<Arc<Loggia>>,
    change: Change<SearchForm>,
) -> Result<Response, Failure> {
    let search = change.form.search;
    let changed = loggia.releases.set_search(change.permit.app(), search, &change.by).await;
    let sentence = if search {
        "Search finds its pages within seconds, for those who may open it."
    } else {
        "Search finds its pages no more."
    };
    done(&loggia, change.app, changed, &change.by.person, sentence.to_owned()).await
}

#[derive(Deserialize)]
pub(super) struct ReleaseForm {
    release: String,
}

/// `POST /-/apps/NAME/activate`
pub(super) async fn activate(
    State(loggia): State<Arc<Loggia>>,
    change: Change<ReleaseForm>,
) -> Result<Response, Failure> {
    let form = &change.form;
    let release: ReleaseId = form
        .release
        .parse()
        .map_err(|error: crate::model::InvalidName| Failure::BadRequest(error.to_string()))?;
    let changed = loggia.releases.activate(change.permit.app(), release, &change.by).await;
    done(&loggia, change.app, changed, &change.by.person, format!("Release {release} is live.")).await
}

/// `POST /-/apps/NAME/rollback`
pub(super) async fn roll_back(
    State(loggia): State<Arc<Loggia>>,
    change: Change<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let changed = loggia.releases.rollback(change.permit.app(), &change.by).await;
    done(&loggia, change.app, changed, &change.by.person, "The release before is live again.".to_owned())
        .await
}

/// `POST /-/apps/NAME/delete`
pub(super) async fn delete(
    State(loggia): State<Arc<Loggia>>,
    change: Change<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let changed = loggia.releases.delete(change.permit.app(), &change.by).await;
    done(
        &loggia,
        change.app,
        changed,
        &change.by.person,
        "It was deleted. Nobody can open it; you can restore it here.".to_owned(),
    )
    .await
}

/// `POST /-/apps/NAME/restore`
pub(super) async fn restore(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Path(name): Path<String>,
    axum::Extension(context): axum::Extension<Context>,
    OurForm(_fields): OurForm<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let app = find(&loggia, &name)?;
    let permit = decide_restore(&person, &app, loggia.clock.now()).map_err(|_| Failure::NotFound)?;
    let by = By { person, from: Some(context.from) };
    let changed = loggia.releases.restore(permit.app(), &by).await;
    done(&loggia, app, changed, &by.person, "It was restored as it was.".to_owned()).await
}

/// A form of our own pages by which a publisher changes their app. Unknown and forbidden apps look alike.
pub(super) struct Change<T> {
    pub(super) app: Arc<App>,
    pub(super) permit: PublishPermit,
    pub(super) by: By,
    pub(super) form: T,
}

impl<T: serde::de::DeserializeOwned> FromRequest<Arc<Loggia>> for Change<T> {
    type Rejection = Response;

    async fn from_request(request: Request, loggia: &Arc<Loggia>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let SignedIn { person } = SignedIn::from_request_parts(&mut parts, loggia).await?;
        let path = Path::<String>::from_request_parts(&mut parts, loggia).await;
        let Path(name) = path.map_err(IntoResponse::into_response)?;
        let context = parts.extensions.get::<Context>().map(|context| context.from);
        let request = Request::from_parts(parts, body);
        let OurForm(form) =
            OurForm::from_request(request, loggia).await.map_err(IntoResponse::into_response)?;
        let app = find(loggia, &name).map_err(IntoResponse::into_response)?;
        let permit = decide_publish(&person, &app, loggia.clock.now())
            .map_err(|_| Failure::NotFound.into_response())?;
        Ok(Self { app, permit, by: By { person, from: context }, form })
    }
}

pub(super) fn find(loggia: &Loggia, name: &str) -> Result<Arc<App>, Failure> {
    let name: AppName = name.parse().map_err(|_| Failure::NotFound)?;
    let catalog = loggia.releases.catalog();
    if catalog.is_stale(loggia.clock.now()) {
        return Err(Failure::Stale);
    }
    catalog.app(&name).cloned().ok_or(Failure::NotFound)
}

/// The page after a change, saying what came of it.
pub(super) async fn done(
    loggia: &Loggia,
    before: Arc<App>,
    changed: Result<Arc<App>, ReleaseError>,
    person: &Person,
    sentence: String,
) -> Result<Response, Failure> {
    match changed {
        Ok(app) => {
            show(loggia, &app, person, StatusCode::OK, Some(Notice::Done(sentence)), ShareForm::default())
                .await
        }
        Err(error) if super::status_of(&error).is_server_error() => Err(error.into()),
        Err(error) => {
            let notice = Notice::Failed(error.to_string());
            show(loggia, &before, person, super::status_of(&error), Some(notice), ShareForm::default()).await
        }
    }
}

/// The page of one app, for whoever may see it; how to manage it, for its publishers.
async fn show(
    loggia: &Loggia,
    app: &App,
    person: &Person,
    status: StatusCode,
    notice: Option<Notice>,
    share: ShareForm,
) -> Result<Response, Failure> {
    let now = loggia.clock.now();
    let publishes = decide_restore(person, app, now).is_ok();
    let sees = may_see(&Viewer::SignedIn(person.clone()), app, now);
    if !publishes && !sees {
        return Err(Failure::NotFound);
    }
    let manage = if publishes { Some(manage(loggia, app, share, now).await?) } else { None };
    let view = AppPage {
        layout: main_layout(loggia),
        name: app.name.clone(),
        title: app.title.clone(),
        url: loggia.hosts.app_url(&app.name),
        description: app.settings.description.clone(),
        owner: app.owner.email.clone(),
        audience: app.audience,
        created: app.created,
        changed: app.changed,
        deleted: app.deleted,
        live: app.current.is_some(),
        kept: app_releases::kept(&loggia.releases.promise().await),
        manage,
        notice,
    };
    Ok(with_cookies(super::html_page(status, loggia.theme.app(&view)?), &[]))
}

async fn manage(loggia: &Loggia, app: &App, share: ShareForm, now: Timestamp) -> Result<Manage, Failure> {
    let releases = loggia.releases.releases_of(&app.name).await?;
    let grant = |grant: &Grant| GrantRow {
        who: grant.who.clone(),
        role: grant.role,
        until: grant.until,
        ended: grant.until.is_some_and(|until| until <= now),
    };
    Ok(Manage {
        grants: app.grants.iter().map(grant).collect(),
        releases: app_releases::rows(loggia, &releases),
        can_roll_back: !app.previous.is_empty(),
        in_search: app.settings.is_searched(),
        share,
        serving: app_settings::serving(loggia, app).await,
    })
}

/// Names apart by commas, semicolons, spaces or lines; a group's name may hold spaces, so it ends at the others.
fn names_in(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '\n', '\r'])
        .flat_map(|piece| {
            let piece = piece.trim();
            let whole = piece.starts_with("group:");
            let parts: Vec<&str> = if whole { vec![piece] } else { piece.split_whitespace().collect() };
            parts
        })
        .filter(|name| !name.is_empty())
}

/// The end of a day (UTC), or never when nothing is written.
fn end_of(day: &str) -> Result<Option<Timestamp>, String> {
    let day = day.trim();
    if day.is_empty() {
        return Ok(None);
    }
    let mistake = || "write the day as year-month-day, such as 2027-03-31, or leave it empty".to_owned();
    let date: jiff::civil::Date = day.parse().map_err(|_| mistake())?;
    let after = date.tomorrow().map_err(|_| mistake())?;
    let end = jiff::tz::TimeZone::UTC.to_timestamp(after.at(0, 0, 0, 0)).map_err(|_| mistake())?;
    Ok(Some(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_any_separator() {
        let names: Vec<_> =
            names_in("ann@x.org, bob@x.org;c@x.org\nd@x.org e@x.org\r\n@y.org,group:All analysts").collect();
        assert_eq!(
            names,
            ["ann@x.org", "bob@x.org", "c@x.org", "d@x.org", "e@x.org", "@y.org", "group:All analysts"]
        );
        assert_eq!(names_in(" ,; \n").count(), 0);
    }

    #[test]
    fn a_day_ends_at_its_midnight() {
        assert_eq!(end_of("").unwrap(), None);
        assert_eq!(end_of("2027-03-31").unwrap().unwrap().to_string(), "2027-04-01T00:00:00Z");
        assert!(end_of("31 March").is_err());
    }
}
