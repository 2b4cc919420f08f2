//! An app's host: its files, behind its audience. Ours there are only `/-/enter`, `/-/leave` and the assets of our
//! own pages.
//!
//! 1. Which app and release? 2. Who asks? 3. May they? 4. Open what the permit names. 5. Send it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use hyper::body::Incoming;

use super::body::Body;
use super::conditional::{self, Outcome, Part as Span};
use super::context::Context;
use super::failure::Failure;
use super::prepared::{content_range, unsatisfiable};
use super::resolve::Asked;
use super::state::Loggia;
use super::vault::{self, Opened};
use super::{enter, refusal};
use crate::access::{AppSession, Part, Permit, Refusal, Target, decide, may_enter};
use crate::model::{AppHost, FileEntry, Manifest, Viewer};
use crate::releases::Blob;
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
            Some(host) => enter::answer(loggia, request, host, context).await,
            None => Err(Failure::NotFound),
        };
        let response = ours.unwrap_or_else(|failure| failure.page(loggia, context, layout(loggia)));
        return loggia.on_our_pages(response);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        super::drain(request.into_body(), loggia.config.limits.form_bytes).await;
        let failure = Failure::MethodNotAllowed("GET, HEAD");
        return loggia.on_our_pages(failure.page(loggia, context, layout(loggia)));
    }
    match file(loggia, &request, host.as_ref(), context).await {
        Ok(response) => response,
        Err(failure) => loggia.on_our_pages(failure.page(loggia, context, layout(loggia))),
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
    let Some(host) = host else { return Err(Failure::NotFound) };
    let now = loggia.clock.now();
    let catalog = loggia.releases.catalog();
    if catalog.is_stale(now) {
        return Err(Failure::Stale);
    }
    let authority = loggia.hosts.app_authority(host);
    let ended = |id: &str| catalog.has_ended(id);
    let session = AppSession::open(request.headers(), &authority, &loggia.keyring, now, ended);
    let viewer = Viewer::from(session);
    let app = catalog.app(&host.app);
    let Some(app) = app.filter(|app| app.deleted.is_none()) else {
        // To somebody who is not signed in, an app that is not there looks like one that is not theirs.
        return refusal::answer(loggia, request, host, None, &viewer, Refusal::NoSuchApp, context);
    };
    let Some(release) = host.release.or(app.current) else {
        return match may_enter(&viewer, app, now) {
            Ok(()) => Err(Failure::NotFound),
            Err(refused) => refusal::answer(loggia, request, host, Some(app), &viewer, refused, context),
        };
    };
    let part = asked.path.map_or(Part::Listing, Part::File);
    let target = Target { app: host.app.clone(), release, part };
    let permit = match decide(&viewer, app, target, now) {
        Ok(permit) => permit,
        Err(refused) => {
            return refusal::answer(loggia, request, host, Some(app), &viewer, refused, context);
        }
    };
    let opened = vault::open(&loggia.releases, &permit, asked.slash).await?;
    let mut response = match opened {
        Opened::Small(entry, bytes) => small(request.headers(), &entry, &permit, &bytes),
        Opened::Large(entry, blob) => large(request.headers(), &entry, &permit, &blob),
        Opened::Folder => super::redirect_to_folder(request.uri()),
        Opened::Missing(manifest) => {
            return Ok(loggia.on_our_pages(not_found(loggia, context, request.uri().path(), &manifest)?));
        }
        Opened::NoRelease => return Err(Failure::NotFound),
    };
    loggia.policies.put_on_apps(response.headers_mut(), permit.is_public());
    Ok(response)
}

fn small(request: &HeaderMap, entry: &FileEntry, permit: &Permit, bytes: &Bytes) -> Response<Body> {
    send(request, entry, permit, |first, last| {
        let (first, end) =
            (usize::try_from(first).unwrap_or(0), usize::try_from(last).map_or(bytes.len(), |last| last + 1));
        Body::bytes(bytes.slice(first..end.min(bytes.len())))
    })
}

fn large(request: &HeaderMap, entry: &FileEntry, permit: &Permit, blob: &Blob) -> Response<Body> {
    send(request, entry, permit, |first, last| {
        let chunks = blob.range(first, last - first + 1);
        Body::stream(StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))))
    })
}

/// The answer to a conditional or range request for a file whose bytes `body` gives, from the first to the last.
fn send(
    request: &HeaderMap,
    entry: &FileEntry,
    permit: &Permit,
    body: impl FnOnce(u64, u64) -> Body,
) -> Response<Body> {
    let etag = etag(entry);
    let whole = |body: fn() -> Body| Response::new(body());
    let mut response = match conditional::evaluate(request, &etag, entry.size) {
        Outcome::NotModified => {
            let mut response = whole(Body::empty);
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        }
        Outcome::Failed => {
            let mut response = whole(Body::empty);
            *response.status_mut() = StatusCode::PRECONDITION_FAILED;
            return response;
        }
        Outcome::Send(Span::Unsatisfiable) => return unsatisfiable(entry.size),
        Outcome::Send(Span::Whole) if entry.size == 0 => whole(Body::empty),
        Outcome::Send(Span::Whole) => {
            let mut response = Response::new(body(0, entry.size - 1));
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(entry.size));
            response
        }
        Outcome::Send(Span::Range { first, last }) => {
            let mut response = Response::new(body(first, last));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(last - first + 1));
            if let Some(range) = content_range(first, last, entry.size) {
                headers.insert(header::CONTENT_RANGE, range);
            }
            response
        }
    };
    let cache = if permit.is_public() { "no-cache" } else { "private, no-cache" };
    let modified = response.status() == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    if !modified {
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        let unknown = HeaderValue::from_static("application/octet-stream");
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(&entry.media_type).unwrap_or(unknown));
    }
    response
}

/// A strong tag: half of the digest tells any two versions apart.
fn etag(entry: &FileEntry) -> HeaderValue {
    let mut tag = [b'"'; 34];
    let hex = data_encoding::HEXLOWER.encode_mut_str(&entry.sha256.as_bytes()[..16], &mut tag[1..33]).len();
    debug_assert_eq!(hex, 32);
    HeaderValue::from_bytes(&tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The layout of our pages on apps' hosts.
pub(super) fn layout(loggia: &Loggia) -> Layout {
    Layout::app_host(&loggia.edition.load().library.site().title, &loggia.hosts.main_origin())
}

/// The app's own `404.html`, where it has one, is a matter of the hosting rules; this is ours, with the app's pages.
fn not_found(
    loggia: &Loggia,
    context: &Context,
    path: &str,
    manifest: &Manifest,
) -> Result<Response<Body>, Failure> {
    let pages = manifest
        .files
        .iter()
        .filter(|(_, entry)| entry.media_type.starts_with("text/html"))
        .map(|(file, _)| file);
    let link = |file: &crate::model::FilePath| {
        Link::new(file.as_str(), &crate::model::encode_path(&format!("/{file}")))
    };
    let page = NotFoundPage {
        layout: layout(loggia),
        path: path.to_owned(),
        query: String::new(),
        sign_in: None,
        nearest: pages.take(20).map(link).collect(),
        request_id: context.id.to_string(),
    };
    let mut response = super::html_page(StatusCode::NOT_FOUND, loggia.theme.not_found(&page)?);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
