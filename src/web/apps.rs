//! One app on the main host, with everything that its publishers do to it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts as _, Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;

use super::context::Context;
use super::explaining::{self, About};
use super::failure::{Failure, main_layout};
use super::sharing::{self, end_of};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::{OurForm, SignedIn};
use super::{app_releases, app_settings, requests};
use crate::access::{PublishPermit, audience_of, decide_publish, decide_restore, may_see};
use crate::model::{App, AppName, Grant, InvalidWho, Person, ReleaseId, Role, Viewer, Who};
use crate::releases::{By, ReleaseError};
use crate::theme::views::{AppPage, GrantRow, Manage, Notice, ShareForm};

/// How many of those who were named last an app's page shows; the others are on a page of their own.
const GRANTS: usize = 8;

/// `GET /-/apps/NAME/`
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    axum::Extension(context): axum::Extension<Context>,
    SignedIn { person }: SignedIn,
    Path(name): Path<String>,
    Query(about): Query<About>,
) -> Result<Response, Failure> {
    let app = find(&loggia, &name)?;
    let showing = Showing { about, from: Some(context.from), ..Showing::default() };
    show(&loggia, &app, &person, StatusCode::OK, showing).await
}

#[derive(Deserialize)]
pub(super) struct GrantForm {
    who: String,
    #[serde(default)]
    role: String,
    #[serde(default)]
    until: String,
    /// Ticked where people are to be told by mail.
    #[serde(default)]
    mail: Option<String>,
}

/// `POST /-/apps/NAME/grants`: shares the app with whomever the field names, one or many.
pub(super) async fn grant(
    State(loggia): State<Arc<Loggia>>,
    change: Change<GrantForm>,
) -> Result<Response, Failure> {
    let form = &change.form;
    let role = if form.role == "publisher" { Role::Publisher } else { Role::Viewer };
    let until = end_of(&form.until);
    let understood = sharing::read(&form.who);
    let who_problem = match understood.unread.first() {
        Some(first) => Some(InvalidWho::of(first).to_string()),
        None => understood.who.is_empty().then(|| "write whom to share it with".to_owned()),
    };
    let until = match (until, who_problem) {
        (Ok(until), None) => until,
        (until, who_problem) => {
            let share = ShareForm {
                who_problem,
                until_problem: until.err(),
                who: form.who.clone(),
                until: form.until.clone(),
            };
            let showing = Showing { share, ..Showing::default() };
            return show(&loggia, &change.app, &change.by.person, StatusCode::UNPROCESSABLE_ENTITY, showing)
                .await;
        }
    };
    let who = understood.who;
    let grants: Vec<_> = who.iter().map(|who| Grant::new(who.clone(), role, until)).collect();
    let mail = form.mail.is_some();
    let shared = loggia.notices.share(change.permit.app(), &grants, &change.by, mail).await;
    let people = who.iter().map(Who::to_string).collect::<Vec<_>>().join(", ");
    let told = shared.as_ref().map(sharing::told).unwrap_or_default();
    let sentence = format!("Shared with {people}. They can open it within seconds.{told}");
    done(&loggia, change.app, shared.map(|shared| shared.app), &change.by.person, sentence).await
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

/// What a change came to: the app to show, with which status, and what is said of it. Trouble of the server is no page of
/// the app's.
pub(super) fn outcome(
    before: Arc<App>,
    changed: Result<Arc<App>, ReleaseError>,
    done: String,
) -> Result<(Arc<App>, StatusCode, Notice), Failure> {
    match changed {
        Ok(app) => Ok((app, StatusCode::OK, Notice::Done(done))),
        Err(error) if super::status_of(&error).is_server_error() => Err(error.into()),
        Err(error) => Ok((before, super::status_of(&error), Notice::Failed(error.to_string()))),
    }
}

/// The page after a change, saying what came of it.
pub(super) async fn done(
    loggia: &Loggia,
    before: Arc<App>,
    changed: Result<Arc<App>, ReleaseError>,
    person: &Person,
    sentence: String,
) -> Result<Response, Failure> {
    let (app, status, notice) = outcome(before, changed, sentence)?;
    show(loggia, &app, person, status, Showing { notice: Some(notice), ..Showing::default() }).await
}

/// What a page of an app shows besides the app.
#[derive(Default)]
pub(super) struct Showing {
    pub(super) notice: Option<Notice>,
    pub(super) share: ShareForm,
    /// Whether somebody gets in, when that was asked.
    pub(super) about: About,
    /// From where the page is looked at; `None` leaves out what depends on it.
    pub(super) from: Option<IpAddr>,
}

/// The page of one app, for whoever may see it; how to manage it, for its publishers.
pub(super) async fn show(
    loggia: &Loggia,
    app: &App,
    person: &Person,
    status: StatusCode,
    showing: Showing,
) -> Result<Response, Failure> {
    let now = loggia.clock.now();
    let publishes = decide_restore(person, app, now).is_ok();
    let viewer = Viewer::SignedIn(person.clone());
    let sees = showing.from.is_some_and(|from| may_see(loggia.visitor(&viewer, from), app));
    if !publishes && !sees {
        return Err(Failure::NotFound);
    }
    let because = showing.from.map(|from| explaining::why(loggia, app, person, from)).unwrap_or_default();
    let notice = showing.notice.clone();
    let manage = if publishes { Some(manage(loggia, app, person, showing, now).await?) } else { None };
    let view = AppPage {
        layout: main_layout(loggia),
        name: app.name.clone(),
        title: app.title.clone(),
        url: loggia.hosts.app_url(&app.name),
        description: app.settings.description.clone(),
        owner: app.owner.email.clone(),
        audience: audience_of(app, &loggia.config.access),
        network: app.network.clone(),
        because,
        created: app.created,
        changed: app.changed,
        deleted: app.deleted,
        cleared: app.cleared.is_some(),
        live: app.current.is_some(),
        kept: app_releases::kept(&loggia.releases.promise().await),
        manage,
        notice,
    };
    Ok(with_cookies(super::html_page(status, loggia.theme.app(&view)?), &[]))
}

async fn manage(
    loggia: &Loggia,
    app: &App,
    person: &Person,
    showing: Showing,
    now: Timestamp,
) -> Result<Manage, Failure> {
    let releases = loggia.releases.releases_of(&app.name).await?;
    let grant = |grant: &Grant| GrantRow {
        who: grant.who.clone(),
        role: grant.role,
        until: grant.until,
        ended: grant.has_ended(now),
    };
    let mut newest: Vec<&Grant> = app.grants.iter().collect();
    newest.sort_by_key(|grant| std::cmp::Reverse(grant.at));
    Ok(Manage {
        grants: newest.into_iter().take(GRANTS).map(grant).collect(),
        granted: app.grants.len(),
        doors: app_settings::doors(loggia, app),
        requests: requests::rows(loggia, app).await?,
        explained: explaining::explained(loggia, app, &showing.about),
        releases: app_releases::rows(loggia, &releases),
        can_roll_back: !app.previous.is_empty(),
        in_search: app.settings.is_searched(),
        unread: app_releases::unread(loggia, app).await,
        share: showing.share,
        mails: loggia.notices.by_mail(),
        serving: app_settings::serving(loggia, app).await,
        synced: super::synced::part(loggia, app, person).await,
    })
}
