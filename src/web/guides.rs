//! The guides: everything on the main host outside `/-/`.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::body::Body;
use super::context::Context;
use super::edition::Edition;
use super::failure::{Failure, main_layout};
use super::prepared::Prepared;
use super::state::Loggia;
use crate::guides::{Lookup, Node, Page, StaticFile};
use crate::theme::views::{Branch, GuidePage, Heading, Link, Problem, ReviewNote};

/// What is escaped in a path (RFC 3986, section 3.3).
pub(super) const PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}').add(b'\\').add(b'^').add(b'|');

/// Files beside guides may be kept for five minutes.
const FILES: HeaderValue = HeaderValue::from_static("public, max-age=300");
/// What an image may do when it is opened by itself: nothing.
const INERT: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// Answers with a guide, its source, a file beside it, or a redirect to where it is.
pub(super) async fn answer(
    loggia: &Loggia,
    request: &Request<Incoming>,
    _context: &Context,
) -> Result<Response<Body>, Failure> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Failure::MethodNotAllowed("GET, HEAD"));
    }
    let edition = loggia.edition.load();
    let path = request.uri().path();
    if let Some(page) = edition.page(path, loggia) {
        return Ok(page?.answer(request.headers()));
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| Failure::NotFound)?;
    if let Some(page) = edition.page(&path, loggia) {
        return Ok(page?.answer(request.headers()));
    }
    if let Some(text) = super::well_known::answer(&path, &edition, loggia) {
        return Ok(text.answer(request.headers()));
    }
    match edition.library.lookup(&path) {
        Lookup::Guide(page) => {
            // Listed under an address of its own, which the pages above know; anything else is an alias.
            Ok(redirect(page.guide.path.as_str(), request.uri().query()))
        }
        Lookup::Source(page) => Ok(source(&page, loggia).answer(request.headers())),
        Lookup::File(file) => read(file).await.map(|file| file.answer(request.headers())),
        Lookup::Redirect(target) => Ok(redirect(&target, request.uri().query())),
        Lookup::Missing => Err(Failure::NotFound),
    }
}

fn redirect(target: &str, query: Option<&str>) -> Response<Body> {
    let external = target.starts_with("https://") || target.starts_with("http://");
    let mut location = if external { target.to_owned() } else { encode(target) };
    if let Some(query) = query.filter(|_| !external) {
        let (path, fragment) = location.split_once('#').unwrap_or((&location, ""));
        let fragment = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
        location = format!("{path}?{query}{fragment}");
    }
    super::redirect(StatusCode::PERMANENT_REDIRECT, &location)
}

pub(super) fn encode(path: &str) -> String {
    let (path, fragment) = path.split_once('#').unwrap_or((path, ""));
    let path = utf8_percent_encode(path, PATH).to_string();
    let fragment = utf8_percent_encode(fragment, PATH);
    if path.len() > 1 && path.starts_with("//") {
        return "/".to_owned();
    }
    if fragment.clone().next().is_none() { path } else { format!("{path}#{fragment}") }
}

fn source(page: &Page, loggia: &Loggia) -> Prepared {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    loggia.policies.put_on_ours(&mut headers);
    Prepared::new(Bytes::from(page.guide.markdown.clone()), "text/markdown; charset=utf-8", headers)
}

/// Reads a file that lies beside the guides; the library has vouched for its type and its place.
async fn read(file: &StaticFile) -> Result<Prepared, Failure> {
    let bytes = match tokio::fs::read(&file.path).await {
        Ok(bytes) => Bytes::from(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Failure::NotFound),
        Err(error) => return Err(Failure::Internal(format!("{}: {error}", file.path.display()))),
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, FILES);
    headers.insert(header::CONTENT_SECURITY_POLICY, INERT);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(Prepared::new(bytes, &file.media_type, headers))
}

/// The whole page of a guide.
pub(super) fn render(page: &Arc<Page>, edition: &Edition, loggia: &Loggia) -> Result<String, Failure> {
    let guide = &page.guide;
    let today = loggia.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let link = |(label, path): (&str, &str)| Link::new(label, &encode(path));
    let library = &edition.library;
    let path = guide.path.as_str();
    let problems = library.problems().iter().filter(|problem| {
        loggia.config.development && problem.file == guide.file
    });
    let (previous, next) = library.neighbours(&guide.path);
    let view = GuidePage {
        layout: main_layout(loggia),
        title: guide.title.clone(),
        html: page.html().to_owned(),
        breadcrumbs: library.breadcrumbs(&guide.path).into_iter().map(link).collect(),
        navigation: library.navigation().iter().map(|node| branch(node, path)).collect(),
        contents: Heading::tree(&guide.sections),
        previous: previous.map(link),
        next: next.map(link),
        review: ReviewNote {
            owner: guide.review.owner.clone(),
            last: guide.review.last,
            due: guide.review.due,
            overdue: guide.review.due.is_some_and(|due| due < today),
        },
        source: Some(encode(&source_address(path))),
        edit: None,
        description: guide.description.clone(),
        canonical: Some(format!("{}{}", loggia.hosts.main_origin(), encode(path))),
        problems: problems.map(|problem| Problem { line: problem.line, message: problem.message.clone() }).collect(),
    };
    Ok(loggia.theme.guide(&view)?)
}

/// `/a/b/` has its source at `/a/b.md`, and `/` at `/index.md`.
pub(super) fn source_address(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" => "/index.md".to_owned(),
        stem => format!("{stem}.md"),
    }
}

fn branch(node: &Node, current: &str) -> Branch {
    let children: Vec<_> = node.children.iter().map(|child| branch(child, current)).collect();
    let is_current = node.path.as_ref().is_some_and(|path| path.as_str() == current);
    Branch {
        label: node.title.clone(),
        url: node.path.as_ref().map(|path| encode(path.as_str())),
        current: is_current,
        open: is_current || children.iter().any(|child| child.open),
        children,
    }
}
