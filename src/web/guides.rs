//! The guides: everything on the main host outside `/-/`.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;

use super::body::Body;
use super::context::Context;
use super::edition::Edition;
use super::failure::{Failure, layout_in};
use super::prepared::Prepared;
use super::state::Loggia;
use super::{navigation, print};
use crate::guides::{Crumb, Lookup, Page, StaticFile, Translation};
use crate::model::encode_path;
use crate::theme::views::{Alternate, GuidePage, Heading, Link, Problem, ReviewNote, Trail};

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
            Ok(redirect(&encode_path(page.guide().path.as_str()), request.uri().query()))
        }
        Lookup::Source(page) => Ok(source(page, loggia).answer(request.headers())),
        Lookup::File(file) => read(file).await.map(|file| file.answer(request.headers())),
        Lookup::Redirect(target) => Ok(redirect(&target, request.uri().query())),
        Lookup::Missing => Err(Failure::NotFound),
    }
}

/// To `target`, a percent-encoded path of this host or another site that the guides' own settings name.
fn redirect(target: &str, query: Option<&str>) -> Response<Body> {
    let external = target.starts_with("https://") || target.starts_with("http://");
    let location = match (query.filter(|_| !external && !target.contains('?')), target.split_once('#')) {
        (None, _) => target.to_owned(),
        (Some(query), None) => format!("{target}?{query}"),
        (Some(query), Some((path, fragment))) => format!("{path}?{query}#{fragment}"),
    };
    super::redirect(StatusCode::PERMANENT_REDIRECT, &location)
}

fn source(page: &Page, loggia: &Loggia) -> Prepared {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    loggia.policies.put_on_ours(&mut headers);
    Prepared::new(Bytes::from(page.guide().markdown.clone()), "text/markdown; charset=utf-8", headers)
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
    Ok(Prepared::new(bytes, file.media_type, headers))
}

/// The whole page of a guide.
pub(super) fn render(page: &Arc<Page>, edition: &Edition, loggia: &Loggia) -> Result<String, Failure> {
    let guide = page.guide();
    let today = jiff::tz::TimeZone::UTC.to_datetime(loggia.clock.now()).date();
    let library = &edition.library;
    let path = encode_path(guide.path.as_str());
    let origin = loggia.hosts.main_origin();
    let neighbour =
        |page: &Arc<Page>| Link::new(&page.guide().title, &encode_path(page.guide().path.as_str()));
    let crumb = |crumb: Crumb| Link::new(&crumb.title, &crumb.url.unwrap_or_default());
    let problems = if loggia.config.development { library.problems_of(page) } else { Vec::new() };
    let contents: Vec<_> = page.contents(library.site().contents_depth.max(2)).cloned().collect();
    let has_source = !page.generated();
    let breadcrumbs: Vec<Link> = library.breadcrumbs(page).into_iter().map(crumb).collect();
    let view = GuidePage {
        layout: layout_in(loggia, library.language_of(page), &library.front_of(page)),
        title: page.heading().to_owned(),
        html: page.html().to_owned(),
        trail: Trail::new(&origin, &[&*breadcrumbs, &[Link::new(&guide.title, &path)]].concat()),
        breadcrumbs,
        navigation: navigation::branches(library.navigation_for(page), &path),
        contents: Heading::tree(&contents),
        previous: library.previous(page).map(neighbour),
        next: library.next(page).map(neighbour),
        review: ReviewNote {
            owner: guide.review.owner.clone(),
            last: guide.review.last,
            due: guide.review.due,
            overdue: guide.review.due.is_some_and(|due| due < today),
        },
        source: has_source.then(|| encode_path(&source_address(guide.path.as_str()))),
        edit: library.site().edit_url(&guide.file),
        print: print::address(library, page),
        updated: library.updated(page),
        languages: library.translations(page).iter().map(|to| alternate(to, page, &origin)).collect(),
        description: guide.description.clone(),
        canonical: Some(format!("{origin}{path}")),
        problems: problems.into_iter().map(problem).collect(),
    };
    Ok(loggia.theme.guide(&view)?)
}

fn alternate(to: &Translation<'_>, here: &Arc<Page>, origin: &str) -> Alternate {
    let url = encode_path(to.page.guide().path.as_str());
    Alternate {
        lang: to.language.to_owned(),
        absolute: to.same.then(|| format!("{origin}{url}")),
        url,
        current: Arc::ptr_eq(to.page, here),
        first: to.first,
    }
}

/// `/a/b/` has its source at `/a/b.md`, and `/` at `/index.md`.
pub(super) fn source_address(path: &str) -> String {
    match path.trim_end_matches('/') {
        "" => "/index.md".to_owned(),
        stem => format!("{stem}.md"),
    }
}

fn problem(problem: crate::guides::Problem) -> Problem {
    Problem { line: problem.line.and_then(|line| usize::try_from(line).ok()), message: problem.message }
}
