//! An app's host: its files, behind its audience. Ours there are only `/-/enter`, `/-/leave`, `/-/ask` and the assets
//! of our own pages.
//!
//! 1. Which app and release? 2. Who asks? 3. May they? 4. What does the release answer? 5. Send what the permit names.

use std::sync::Arc;

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::body::Body;
use super::conditional::Modified;
use super::context::Context;
use super::failure::{Failure, called, liked};
use super::refusal::opens_a_page;
use super::resolve::Asked;
use super::send::Sending;
use super::site::{Choice, File, Site};
use super::state::Loggia;
use super::viewer::app_viewer;
use super::{enter, origin, refusal, vault};
use crate::access::{Part, Permit, Refusal, Target, Visitor, decide, may_enter};
use crate::model::{Activation, App, AppHost, Shows, Viewer};
use crate::theme::views::{Layout, Link, NotFoundPage};

/// Answers on an app's host; `host` is `None` for a name that no app can have.
pub(super) async fn answer(
    loggia: &Arc<Loggia>,
    request: Request<Incoming>,
    host: Option<AppHost>,
    context: &Context,
) -> Response<Body> {
    let path = request.uri().path();
    if super::is_reserved(path) {
        let ours = match &host {
            Some(host) => Box::pin(enter::answer(loggia, request, host, context)).await,
            None => Err(Failure::NotFound),
        };
        let response = ours.unwrap_or_else(|failure| failure.page(loggia, context, layout(loggia, context)));
        return loggia.on_our_pages(response);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        Box::pin(super::drain(request.into_body(), loggia.config.limits.form_bytes)).await;
        let failure = Failure::MethodNotAllowed("GET, HEAD");
        return loggia.on_our_pages(failure.page(loggia, context, layout(loggia, context)));
    }
    match file(loggia, &request, host.as_ref(), context).await {
        Ok(response) => response,
        Err(failure) => loggia.on_our_pages(failure.page(loggia, context, layout(loggia, context))),
    }
}

/// A file of the app.
async fn file(
    loggia: &Loggia,
    request: &Request<Incoming>,
    host: Option<&AppHost>,
    context: &Context,
) -> Result<Response<Body>, Failure> {
    let asked = Asked::parse(request.uri().path())?;
    let part = asked.path()?.map_or(Part::Listing, Part::File);
    let Some(host) = host else { return Err(Failure::NotFound) };
    let now = context.now;
    let catalog = loggia.releases.catalog();
    if catalog.is_stale(now) {
        return Err(Failure::Stale);
    }
    let opened = app_viewer(request.headers(), host, &catalog, now, loggia);
    let viewer = opened.as_ref().map_or(&Viewer::Anonymous, |opened| &opened.viewer);
    let visitor = Visitor { viewer, from: context.from, access: &loggia.config.access, now };
    let app = catalog.app(&host.app);
    let Some(app) = app.filter(|app| app.deleted.is_none()) else {
        // To somebody who is not signed in, an app that is not there looks like one that is not theirs.
        let refused = refusal::answer(loggia, request, host, None, viewer, Refusal::NoSuchApp, context);
        return origin::forget_deleted(loggia, app, viewer, refused, context);
    };
    let release = match host.shows {
        Shows::Current => app.current,
        Shows::Release(release) => Some(release).filter(|release| app.retired(*release).is_none()),
        Shows::Day(day) => app.shown_on(day, now),
    };
    let Some(release) = release else {
        return match may_enter(visitor, app) {
            Ok(()) => Err(Failure::NotFound),
            Err(refused) => refusal::answer(loggia, request, host, Some(app), viewer, refused, context),
        };
    };
    let target = Target { app: host.app.clone(), release, part };
    let permit = match decide(visitor, app, target) {
        Ok(permit) => permit,
        Err(refused) => {
            return refusal::answer(loggia, request, host, Some(app), viewer, refused, context);
        }
    };
    let visit = Visit { loggia, request, asked: &asked, host, app, visitor };
    let mut response = visit.answer(permit, context).await?;
    origin::forget_once(app, request.headers(), &mut response);
    Ok(response)
}

/// Somebody who may open an app asks for something.
struct Visit<'v> {
    loggia: &'v Loggia,
    request: &'v Request<Incoming>,
    asked: &'v Asked<'v>,
    host: &'v AppHost,
    app: &'v App,
    visitor: Visitor<'v>,
}

impl Visit<'_> {
    /// What the release answers: a file, another address, or something in place of nothing.
    async fn answer(&self, permit: Permit, context: &Context) -> Result<Response<Body>, Failure> {
        let Self { loggia, request, asked, .. } = self;
        let Some(site) = loggia.sites.site(&loggia.releases, &permit).await? else {
            return Err(Failure::NotFound);
        };
        let public = permit.is_public();
        let response = match site.choose(asked, request.uri()) {
            Choice::File(file) => {
                self.send(&site, file, StatusCode::OK, permit, self.modified(&site)).await?
            }
            Choice::Shown(file, status) => {
                self.send(&site, file, status, permit, self.modified(&site)).await?
            }
            Choice::Moved(location, status) => moved(status, &location, public),
            Choice::Nothing(instead) => {
                if let Some(response) = Box::pin(self.earlier(&site)).await? {
                    return Ok(self.with_policies(response, public));
                }
                let fallback = self.app.settings.fallback.as_ref();
                let instead = site.instead(instead, asked, fallback, opens_a_page(request.headers()));
                let Some((file, status)) = instead else {
                    return Ok(loggia.on_our_pages(not_found(loggia, context, &site)?));
                };
                self.send(&site, file, status, permit, self.modified(&site)).await?
            }
        };
        Ok(self.with_policies(response, public))
    }

    /// What an earlier release had here. A page that is left out on purpose is not opened from a link any more, while
    /// what is open already still gets the files that it was made with.
    async fn earlier(&self, site: &Site) -> Result<Option<Response<Body>>, Failure> {
        let Self { loggia, app, .. } = self;
        if self.host.shows != Shows::Current {
            return Ok(None);
        }
        let now = loggia.clock.now();
        let address = self.asked.address();
        let earlier = loggia.sites.earlier(&loggia.releases, app, site, address, now).await?;
        let Some((release, path)) = earlier else { return Ok(None) };
        let target = Target { app: app.name.clone(), release, part: Part::File(path) };
        let Ok(permit) = decide(self.visitor, app, target) else { return Ok(None) };
        let Some(site) = loggia.sites.site(&loggia.releases, &permit).await? else { return Ok(None) };
        let Some(file) = vault::permitted(&permit, &site) else { return Ok(None) };
        if file.entry.media_type.starts_with("text/html") && navigates(self.request.headers()) {
            return Ok(None);
        }
        let modified = Modified { at: site.when.as_second(), strong: false };
        self.send(&site, file, StatusCode::OK, permit, modified).await.map(Some)
    }

    /// Sends `file`, which the release names for what was asked: leave is for that file, and nothing else is opened.
    async fn send(
        &self,
        site: &Site,
        file: &File,
        status: StatusCode,
        permit: Permit,
        modified: Modified,
    ) -> Result<Response<Body>, Failure> {
        let at_home = file.address().strip_prefix('/') == Some(self.asked.address());
        let extra = site.headers(file, self.asked);
        let permit = permit.within(file.path.clone());
        let sending = Sending { site, file, status, at_home, modified, extra };
        sending.answer(self.loggia, self.request.headers(), &permit).await
    }

    /// When what is at this host last changed.
    fn modified(&self, site: &Site) -> Modified {
        let second = |activation: &Activation| activation.at.as_second();
        match self.host.shows {
            Shows::Current => {
                let at = self.app.current_since().unwrap_or(site.when).as_second();
                let alone = self.app.activations.get(1).is_none_or(|earlier| second(earlier) < at);
                Modified { at, strong: alone }
            }
            Shows::Release(_) => Modified { at: site.when.as_second(), strong: true },
            Shows::Day(_) => Modified { at: site.when.as_second(), strong: false },
        }
    }

    /// What keeps one app from another, and what its publisher set.
    fn with_policies(&self, mut response: Response<Body>, public: bool) -> Response<Body> {
        self.loggia.policies.put_on_apps(response.headers_mut(), public, &self.app.settings);
        response
    }
}

/// To another address; nobody remembers it for longer than one visit.
fn moved(status: StatusCode, location: &str, public: bool) -> Response<Body> {
    let mut response = super::redirect(status, location);
    if !public {
        let private = HeaderValue::from_static("private, no-cache");
        response.headers_mut().insert(header::CACHE_CONTROL, private);
    }
    response
}

/// Whether a page is opened in a window of its own, as browsers say (Fetch Metadata).
fn navigates(headers: &HeaderMap) -> bool {
    let is = |name: &str, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// The layout of our pages on apps' hosts, in the language that whoever reads likes best.
pub(super) fn layout(loggia: &Loggia, context: &Context) -> Layout {
    let edition = loggia.edition.load();
    let mut layout = Layout::app_host(&edition.library.site().title, &loggia.hosts.main_origin());
    let liked = liked(loggia, context);
    if let Some(called) = liked.as_ref().and_then(|tag| called(&edition.library, &format!("/{tag}/"))) {
        layout.site = called;
    }
    layout.lang = liked.unwrap_or_else(|| edition.library.language().to_owned());
    for (link, words) in layout.header.iter_mut().zip(["apps", "account"]) {
        if let Some(words) = loggia.theme.words(&layout.lang, words) {
            words.clone_into(&mut link.label);
        }
    }
    layout
}

/// Our page for what is not there, with the app's pages, where the app has none of its own.
fn not_found(loggia: &Loggia, context: &Context, site: &Site) -> Result<Response<Body>, Failure> {
    let pages = site.files().iter().filter(|file| file.entry.media_type.starts_with("text/html"));
    let link = |file: &File| Link::new(file.path.as_str(), &file.location());
    let page = NotFoundPage {
        layout: layout(loggia, context),
        path: context.path().to_owned(),
        query: String::new(),
        sign_in: None,
        nearest: pages.take(20).map(link).collect(),
        request_id: context.id.to_string(),
    };
    let mut response = super::html_page(StatusCode::NOT_FOUND, loggia.theme.not_found(&page)?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
