//! An app's trusted publishers, on a page of their own: which jobs of continuous integration may publish to it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use ulid::Ulid;

use super::apps::{Change, find, outcome};
use super::failure::{Failure, main_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::SignedIn;
use crate::access::decide_publish;
use crate::access::jobs::Service;
use crate::model::{App, TrustedJobs, TrustedPublisher};
use crate::releases::ReleaseError;
use crate::theme::views::{Notice, PublishersPage, TrustedRow};

/// `GET /-/apps/NAME/publishers`
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let app = find(&loggia, &name)?;
    let _permit = decide_publish(&person, &app, loggia.clock.now()).map_err(|_| Failure::NotFound)?;
    show(&loggia, &app, StatusCode::OK, None)
}

#[derive(Deserialize)]
pub(super) struct TrustForm {
    issuer: String,
    name: String,
    number: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    workflow: String,
    #[serde(default, rename = "ref")]
    reference: String,
    #[serde(default)]
    environment: String,
}

/// `POST /-/apps/NAME/publishers`
pub(super) async fn trust(
    State(loggia): State<Arc<Loggia>>,
    change: Change<TrustForm>,
) -> Result<Response, Failure> {
    let form = &change.form;
    let text = |text: &str| text.trim().to_owned();
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let known = |service| loggia.issuers.of(service).any(|known| known == form.issuer);
    let jobs = if known(Service::GitHub) {
        TrustedJobs::GitHub {
            repository: text(&form.name),
            repository_id: text(&form.number),
            repository_owner_id: text(&form.owner),
            workflow: text(&form.workflow),
            environment: some(&form.environment),
        }
    } else if known(Service::GitLab) {
        TrustedJobs::GitLab {
            project: text(&form.name),
            project_id: text(&form.number),
            reference: some(&form.reference),
            environment: some(&form.environment),
        }
    } else {
        return Err(Failure::BadRequest(
            "this server does not believe that service; open the page again".to_owned(),
        ));
    };
    let changed = loggia.releases.trust(change.permit.app(), &form.issuer, &jobs, &change.by).await;
    done(&loggia, change.app, changed, "Jobs as described may publish to this app now.")
}

#[derive(Deserialize)]
pub(super) struct DistrustForm {
    id: String,
}

/// `POST /-/apps/NAME/publishers/remove`
pub(super) async fn distrust(
    State(loggia): State<Arc<Loggia>>,
    change: Change<DistrustForm>,
) -> Result<Response, Failure> {
    let id = Ulid::from_string(&change.form.id).map_err(|_| {
        Failure::BadRequest("that is no trusted publisher of this app; open the page again".to_owned())
    })?;
    let changed = loggia.releases.distrust(change.permit.app(), id, &change.by).await;
    done(&loggia, change.app, changed, "It may not publish any more, and its tokens open nothing.")
}

fn done(
    loggia: &Loggia,
    before: Arc<App>,
    changed: Result<Arc<App>, ReleaseError>,
    sentence: &str,
) -> Result<Response, Failure> {
    let (app, status, notice) = outcome(before, changed, sentence.to_owned())?;
    show(loggia, &app, status, Some(notice))
}

fn show(loggia: &Loggia, app: &App, status: StatusCode, notice: Option<Notice>) -> Result<Response, Failure> {
    let issuers = |service| loggia.issuers.of(service).map(str::to_owned).collect();
    let view = PublishersPage {
        layout: main_layout(loggia),
        name: app.name.clone(),
        title: app.title.clone(),
        server: loggia.hosts.main_origin(),
        trusted: app.trusted.iter().map(row).collect(),
        github: issuers(Service::GitHub),
        gitlab: issuers(Service::GitLab),
        notice,
    };
    Ok(with_cookies(super::html_page(status, loggia.theme.publishers(&view)?), &[]))
}

fn row(line: &TrustedPublisher) -> TrustedRow {
    let (service, place, number, workflow, reference, environment) = match &line.jobs {
        TrustedJobs::GitHub { repository, repository_id, workflow, environment, .. } => {
            ("GitHub", repository, repository_id, Some(workflow), None, environment)
        }
        TrustedJobs::GitLab { project, project_id, reference, environment } => {
            ("GitLab", project, project_id, None, reference.as_ref(), environment)
        }
    };
    TrustedRow {
        id: line.id.to_string(),
        service,
        place: place.clone(),
        number: number.clone(),
        workflow: workflow.cloned(),
        reference: reference.cloned(),
        environment: environment.clone(),
        by: line.by.clone(),
        since: line.since,
    }
}
