//! Asking to be let in, from the page that says no.
//!
//! Whoever asks at an address without an app, or at one that is hidden from them, is answered in the same words and
//! after the same work: what is to be kept is kept behind their back.

use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use hyper::body::Incoming;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::app_host::layout;
use super::body::Body;
use super::context::Context;
use super::enter;
use super::failure::Failure;
use super::notices::Notices;
use super::sign_in::private;
use super::state::Loggia;
use super::viewer::{app_session_of, form_on_app_host};
use crate::access::{Rate, ReturnPath, check_same_origin, may_enter};
use crate::model::{App, AppHost, AuditAction, Person, Subject, Viewer};
use crate::releases::{self, Kept, LONGEST_REASON, Releases};
use crate::theme::views::{AskedPage, Owned};

/// How often one person may ask at once, whatever they ask for, and how soon once more.
const MOST_AT_ONCE: u16 = 10;
const AGAIN: Duration = Duration::from_mins(6);
/// How many requests are being kept behind people's backs at a time; further ones are not kept.
const MOST_AT_A_TIME: usize = 64;

/// How often each person asked.
#[derive(Debug)]
pub struct Askings {
    rate: Rate,
    keeping: Arc<Semaphore>,
}

impl Default for Askings {
    fn default() -> Self {
        Self { rate: Rate::new(MOST_AT_ONCE, AGAIN), keeping: Arc::new(Semaphore::new(MOST_AT_A_TIME)) }
    }
}

impl Askings {
    /// Whether `person` may ask once more.
    fn admits(&self, person: &Person, now: Timestamp) -> bool {
        let Subject { iss, sub } = &person.subject;
        self.rate.count(format!("{iss}\0{sub}").as_bytes(), now).is_ok()
    }
}

/// `POST /-/ask` on an app's host: `reason`, from the page that refused.
pub(super) async fn ask(
    loggia: &Arc<Loggia>,
    request: Request<Incoming>,
    host: &AppHost,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    let origin = loggia.hosts.app_origin(host);
    check_same_origin(request.headers(), &origin)?;
    let now = loggia.clock.now();
    let catalog = loggia.releases.catalog();
    if catalog.is_stale(now) {
        return Err(Failure::Stale);
    }
    let session = app_session_of(request.headers(), host, &catalog, loggia);
    let wanted = wanted(&request, &origin);
    let Some(session) = session else {
        return Ok(enter::begin(loggia, &request, host, &wanted));
    };
    let given = form_on_app_host(loggia, request).await?;
    let person = session.person;
    let asks = releases::Request {
        person: person.clone(),
        when: now,
        reason: plain(given.get("reason").unwrap_or_default()),
        wanted: wanted.as_str().to_owned(),
    };
    let viewer = Viewer::SignedIn(person.clone());
    let app = catalog.live(&host.app);
    if let Some(app) = app
        && may_enter(loggia.visitor(&viewer, context.from), app).is_ok()
    {
        return Ok(private(super::redirect(StatusCode::SEE_OTHER, wanted.as_str()), &[]));
    }
    let may_ask = loggia.askings.admits(&person, now);
    let told = app.filter(|app| may_know(app, &person, now));
    let kept = match told {
        _ if !may_ask => false,
        Some(app) => keep(&loggia.releases, &loggia.notices, app, &asks, context).await?,
        None => {
            keep_unseen(loggia, app, asks, context);
            true
        }
    };
    let page = AskedPage {
        layout: layout(loggia, context),
        viewer: person.email,
        app: told.map(|app| owned(app)),
        kept,
        told: told.is_some() && loggia.notices.by_mail(),
        wanted: wanted.as_str().to_owned(),
        request_id: context.id.to_string(),
    };
    let status = if kept { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
    Ok(private(super::html_page(status, loggia.theme.asked(&page)?), &[]))
}

/// Whether somebody who is refused may know of an app: unless it is hidden, or when it was shared with them all the same,
/// and opens for them from elsewhere.
pub(super) fn may_know(app: &App, person: &Person, now: Timestamp) -> bool {
    !app.settings.hidden || app.role_of(person, now).is_some()
}

/// What whoever is refused is told of an app.
pub(super) fn owned(app: &App) -> Owned {
    Owned { title: app.title.clone(), owner: app.owner.email.clone(), owner_name: app.owner.name.clone() }
}

async fn keep(
    releases: &Releases,
    notices: &Notices,
    app: &Arc<App>,
    asks: &releases::Request,
    context: &Context,
) -> Result<bool, releases::ReleaseError> {
    let kept = releases.ask(&app.name, asks).await?;
    if kept == Kept::Not {
        return Ok(false);
    }
    let asked = AuditAction::Asked;
    releases.note_often(releases.event(Some(&asks.person.email), Some(context.from), Some(&app.name), asked));
    // Whoever asks again is waiting already, and publishers were told.
    if kept == Kept::New {
        notices.asked(app, asks);
    }
    Ok(true)
}

/// Keeps it where there is an app to keep it for, without anybody waiting for that.
fn keep_unseen(loggia: &Loggia, app: Option<&Arc<App>>, asks: releases::Request, context: &Context) {
    let Ok(place) = Arc::clone(&loggia.askings.keeping).try_acquire_owned() else { return };
    let (releases, notices) = (loggia.releases.clone(), loggia.notices.clone());
    let (app, context) = (app.cloned(), context.clone());
    tokio::spawn(async move {
        let _place = place;
        if let Some(app) = app
            && let Err(error) = keep(&releases, &notices, &app, &asks, &context).await
        {
            tracing::warn!(%error, "a request could not be kept");
        }
    });
}

/// Where on this host they wanted to go: the page whose form this is, which the browser names.
fn wanted<B>(request: &Request<B>, origin: &str) -> ReturnPath {
    let referrer = request.headers().get(header::REFERER).and_then(|value| value.to_str().ok());
    let path = referrer.and_then(|referrer| referrer.strip_prefix(origin)).unwrap_or_default();
    if super::is_reserved(path) { ReturnPath::root() } else { ReturnPath::or_root(path) }
}

/// Words without control characters, not too many.
pub(super) fn plain(reason: &str) -> String {
    let clean: String = reason.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.trim().chars().take(LONGEST_REASON).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(sub: &str) -> Person {
        Person {
            subject: Subject { iss: "https://id.example".into(), sub: sub.into() },
            email: "ann@example.org".parse().unwrap(),
            name: None,
            groups: Vec::new(),
        }
    }

    #[test]
    fn a_person_asks_ten_times_an_hour() {
        let askings = Askings::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let admitted = (0..20).filter(|_| askings.admits(&person("1"), at(10_000))).count();
        assert_eq!(admitted, 10);
        assert!(askings.admits(&person("2"), at(10_001)));
        assert!(askings.admits(&person("1"), at(13_600)));
    }

    #[test]
    fn where_they_wanted_to_go_is_a_page_of_this_host() {
        let wanted = |referrer: &str| {
            let request = Request::builder().header(header::REFERER, referrer).body(()).unwrap();
            super::wanted(&request, "http://sales.localhost:8080").as_str().to_owned()
        };
        assert_eq!(wanted("http://sales.localhost:8080/weeks/47?x=1"), "/weeks/47?x=1");
        for elsewhere in [
            "http://other.localhost:8080/a",
            "http://sales.localhost:8080",
            "http://sales.localhost:8080/-/ask",
            "x",
        ] {
            assert_eq!(wanted(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(wanted("http://sales.localhost:8080.evil.org/a"), "/");
    }

    #[test]
    fn reasons_are_plain_and_short() {
        assert_eq!(plain(" I\r\nwork\u{1b} here "), "I  work  here");
        assert_eq!(plain(&"é".repeat(900)).chars().count(), LONGEST_REASON);
    }
}
