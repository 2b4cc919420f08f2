//! The guides: everything on the main host outside `/-/`.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;

use super::accept::prefers_markdown;
use super::body::Body;
use super::context::Context;
use super::edition::{Edition, Form};
use super::failure::{Failure, layout_at, layout_in};
use super::prepared::Prepared;
use super::state::Loggia;
use super::viewer::session_of;
use super::{navigation, print};
use crate::access::{ReturnPath, may_read};
use crate::guides::{Crumb, Lookup, Page, Translation, View};
use crate::model::{Viewer, encode_path};
use crate::theme::views::{Alternate, GuidePage, Heading, Link, Problem, ReviewNote, Trail};

/// Guides are revalidated every time, so that nobody reads a stale one.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

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
    let (path, headers) = (request.uri().path(), request.headers());
    let markdown = prefers_markdown(headers);
    if let Some(page) = edition.page_of_all(path).filter(|_| !markdown) {
        return Ok(page.answer(headers));
    }
    let path = percent_decode_str(path).decode_utf8().map_err(|_| Failure::NotFound)?;
    let viewer = viewer(headers, &edition, loggia);
    let view = edition.library.view(|readers| may_read(&viewer, readers).is_ok());
    if !markdown && let Some(page) = edition.page(&path, &view, loggia) {
        return Ok(page?.answer(headers));
    }
    if let Some(list) = super::well_known::answer(&path, headers, &edition, &view, loggia) {
        return list;
    }
    match view.lookup(&path) {
        Lookup::Guide(page) if page.generated() => match edition.page(&path, &view, loggia) {
            Some(page) => Ok(page?.answer(headers)),
            None => Err(Failure::NotFound),
        },
        Lookup::Guide(page) => markdown_of(page, Form::Negotiated, &edition, &view, loggia, headers),
        Lookup::Source(page) => markdown_of(page, Form::Source, &edition, &view, loggia, headers),
        Lookup::File(file) => {
            Box::pin(edition.files.answer(file, view.everyone_may_read(&path), headers)).await
        }
        Lookup::Redirect(target) => {
            let mut response = redirect(&target, request.uri().query());
            if !edition.library.is_public() {
                response.headers_mut().insert(header::CACHE_CONTROL, PRIVATE);
                response.headers_mut().insert(header::VARY, HeaderValue::from_static("cookie"));
            }
            Ok(response)
        }
        // A session that may have ended meanwhile opens nothing; say so instead of denying that there is anything.
        Lookup::Missing if is_stale(loggia) && signed_in(headers, &edition, loggia) => Err(Failure::Stale),
        Lookup::Missing => Err(Failure::NotFound),
    }
}

/// The page for a failure of [`answer`]. What is not there and what somebody may not read look the same: a page that
/// suggests what they may read, and to sign in, where that may help.
pub(super) async fn refuse(
    failure: Failure,
    loggia: &Loggia,
    request: Request<Incoming>,
    context: &Context,
) -> Response<Body> {
    if !matches!(failure, Failure::NotFound) {
        return failure.into_page(loggia, context, request.into_body()).await;
    }
    let (parts, body) = request.into_parts();
    super::drain(body, loggia.config.limits.form_bytes).await;
    let edition = loggia.edition.load();
    let viewer = viewer(&parts.headers, &edition, loggia);
    let view = edition.library.view(|readers| may_read(&viewer, readers).is_ok());
    let here = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let may_help = viewer == Viewer::Anonymous && !edition.library.is_public();
    let sign_in = may_help.then(|| super::sign_in::address(ReturnPath::or_root(here).as_str()));
    failure.page_for(loggia, context, layout_at(loggia, context.path()), &view, sign_in)
}

/// Who asks, where it matters. While it cannot be known which sessions ended, nobody is signed in.
pub(super) fn viewer(headers: &HeaderMap, edition: &Edition, loggia: &Loggia) -> Viewer {
    if edition.library.is_public() || is_stale(loggia) {
        return Viewer::Anonymous;
    }
    session_of(headers, loggia).into()
}

fn is_stale(loggia: &Loggia) -> bool {
    loggia.releases.catalog().is_stale(loggia.clock.now())
}

fn signed_in(headers: &HeaderMap, edition: &Edition, loggia: &Loggia) -> bool {
    !edition.library.is_public() && session_of(headers, loggia).is_some()
}

/// The headers of what is made of the guides of `view`: nobody else may keep it unless everyone sees the same.
pub(super) fn of_view(edition: &Edition, view: &View<'_>, loggia: &Loggia) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let shared = view.admitted().is_public();
    headers.insert(header::CACHE_CONTROL, if shared { REVALIDATE } else { PRIVATE });
    if !edition.library.is_public() {
        headers.append(header::VARY, HeaderValue::from_static("cookie"));
    }
    loggia.policies.put_on_ours(&mut headers);
    headers
}

/// The Markdown of a guide: the same for whoever may read it.
fn markdown_of(
    page: &Page,
    form: Form,
    edition: &Edition,
    view: &View<'_>,
    loggia: &Loggia,
    request: &HeaderMap,
) -> Result<Response<Body>, Failure> {
    let path = page.guide().path.as_str();
    let made = edition.made(form, path, None, || {
        let mut headers = HeaderMap::new();
        let public = view.everyone_may_read(path);
        headers.insert(header::CACHE_CONTROL, if public { REVALIDATE } else { PRIVATE });
        let negotiated = form == Form::Negotiated;
        let varies = match (negotiated, edition.library.is_public() || (public && !negotiated)) {
            (true, true) => Some("accept"),
            (true, false) => Some("accept, cookie"),
            (false, true) => None,
            (false, false) => Some("cookie"),
        };
        headers.extend(varies.map(|varies| (header::VARY, HeaderValue::from_static(varies))));
        if negotiated && let Ok(source) = HeaderValue::from_str(&encode_path(&source_address(path))) {
            headers.insert(header::CONTENT_LOCATION, source);
        }
        loggia.policies.put_on_ours(&mut headers);
        let markdown = Bytes::from(page.guide().markdown.text());
        Ok(Prepared::new(markdown, "text/markdown; charset=utf-8", headers))
    });
    Ok(made?.answer(request))
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

/// The whole page of a guide.
pub(super) fn render(
    page: &Page,
    view: &View<'_>,
    edition: &Edition,
    loggia: &Loggia,
) -> Result<Prepared, Failure> {
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
    let breadcrumbs: Vec<Link> = view.breadcrumbs(page).into_iter().map(crumb).collect();
    let shown = GuidePage {
        layout: layout_in(loggia, library.language_of(page), &library.front_of(page)),
        title: page.heading().to_owned(),
        html: view.html(page),
        trail: Trail::new(&origin, &[&*breadcrumbs, &[Link::new(&guide.title, &path)]].concat()),
        breadcrumbs,
        navigation: navigation::branches(&view.navigation_for(page), &path),
        contents: Heading::tree(&contents),
        previous: view.previous(page).map(neighbour),
        next: view.next(page).map(neighbour),
        review: ReviewNote {
            owner: guide.review.owner.clone(),
            owner_url: guide.review.owner.as_deref().and_then(|owner| library.site().owner_url(owner)),
            last: guide.review.last,
            due: guide.review.due,
            overdue: library.site().shows_expiry && guide.review.due.is_some_and(|due| due < today),
        },
        source: has_source.then(|| encode_path(&source_address(guide.path.as_str()))),
        edit: library.site().edit_url(&guide.file),
        print: print::address(view, page),
        updated: library.updated(page),
        languages: view.translations(page).iter().map(|to| alternate(to, page, &origin)).collect(),
        description: guide.description.clone(),
        canonical: Some(format!("{origin}{path}")),
        problems: problems.into_iter().map(problem).collect(),
        draft: page.draft(),
    };
    let mut headers = of_view(edition, view, loggia);
    headers.append(header::VARY, HeaderValue::from_static("accept"));
    Ok(Prepared::new(loggia.theme.guide(&shown)?.into(), "text/html; charset=utf-8", headers))
}

fn alternate(to: &Translation<'_>, here: &Page, origin: &str) -> Alternate {
    let url = encode_path(to.page.guide().path.as_str());
    Alternate {
        lang: to.language.to_owned(),
        absolute: to.same.then(|| format!("{origin}{url}")),
        url,
        current: std::ptr::eq(&raw const **to.page, here),
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
