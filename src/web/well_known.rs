//! The well-known files of the main host: robots.txt, sitemap.xml, feed.xml, llms.txt, llms-full.txt.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;

use super::body::Body;
use super::edition::{Edition, Form};
use super::failure::Failure;
use super::feed::{atom, moment, text};
use super::guides::{of_view, source_address};
use super::prepared::Prepared;
use super::state::Loggia;
use crate::guides::{Page, View};
use crate::model::encode_path;

const JSON: &str = "application/json";
const MARKDOWN: &str = "text/markdown; charset=utf-8";

/// The file at `path`, with the guides of this view.
pub(super) fn answer(
    path: &str,
    request: &HeaderMap,
    edition: &Edition,
    view: &View<'_>,
    loggia: &Loggia,
) -> Option<Result<Response<Body>, Failure>> {
    let origin = loggia.hosts.main_origin();
    let site = edition.library.site();
    if path == "/.well-known/oauth-authorization-server" {
        let description = super::exchange::description(&origin).to_string();
        return Some(Ok(Prepared::new(description.into(), JSON, HeaderMap::new()).answer(request)));
    }
    let (make, media_type): (&dyn Fn() -> String, _) = match path {
        "/robots.txt" => (&|| robots(site.keep_out_robots, &origin), "text/plain; charset=utf-8"),
        "/sitemap.xml" => (&|| sitemap(view, &origin), "application/xml"),
        "/feed.xml" => (&|| atom(&site.title, &origin, view), "application/atom+xml"),
        "/llms.txt" => (&|| llms(&site.title, view, &origin), MARKDOWN),
        "/llms-full.txt" => return Some(Ok(everything(edition, view, &origin, loggia))),
        _ => return None,
    };
    let made = edition.made(Form::List, path, Some(view), || {
        Ok(Prepared::new(make().into(), media_type, of_view(edition, view, loggia)))
    });
    Some(made.map(|made| made.answer(request)))
}

fn robots(keep_out: bool, origin: &str) -> String {
    if keep_out {
        "User-agent: *\nDisallow: /\n".to_owned()
    } else {
        format!("User-agent: *\nDisallow: /-/\nSitemap: {origin}/sitemap.xml\n")
    }
}

/// The guides that lists name.
fn listed<'a>(view: &View<'a>) -> impl Iterator<Item = &'a Arc<Page>> + use<'a> {
    let pages: Vec<_> = view.pages().filter(|page| !page.hidden() && !page.draft()).collect();
    pages.into_iter()
}

/// The sitemap protocol 0.9.
fn sitemap(view: &View<'_>, origin: &str) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for page in listed(view) {
        let path = text(&encode_path(page.guide().path.as_str()));
        let changed = page.modified().map(|at| format!("<lastmod>{}</lastmod>", moment(at)));
        let _ = writeln!(xml, "<url><loc>{origin}{path}</loc>{}</url>", changed.unwrap_or_default());
    }
    xml + "</urlset>\n"
}

/// A list of the guides and their sources, for programs that read Markdown.
fn llms(title: &str, view: &View<'_>, origin: &str) -> String {
    let mut text = format!("# {title}\n\n## Guides\n\n");
    for page in listed(view) {
        let guide = page.guide();
        let address = if page.generated() {
            guide.path.as_str().to_owned()
        } else {
            source_address(guide.path.as_str())
        };
        let source = encode_path(&address);
        let title = guide.title.replace(['[', ']', '\n'], " ");
        let _ = match &guide.description {
            Some(description) => {
                writeln!(text, "- [{title}]({origin}{source}): {}", description.replace('\n', " "))
            }
            None => writeln!(text, "- [{title}]({origin}{source})"),
        };
    }
    text
}

/// Every guide's Markdown after the other, each under its address. It can be long, so one guide at a time is in memory.
fn everything(edition: &Edition, view: &View<'_>, origin: &str, loggia: &Loggia) -> Response<Body> {
    let origin = origin.to_owned();
    let pages: Vec<Arc<Page>> = listed(view).filter(|page| !page.generated()).cloned().collect();
    let parts = pages.into_iter().map(move |page| {
        let guide = page.guide();
        let url = encode_path(guide.path.as_str());
        let part = format!("<!-- {origin}{url} -->\n\n{}\n\n", guide.markdown.text().trim());
        Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from(part)))
    });
    let mut response = Response::new(Body::stream(StreamBody::new(futures_util::stream::iter(parts))));
    *response.status_mut() = StatusCode::OK;
    *response.headers_mut() = of_view(edition, view, loggia);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MARKDOWN));
    response
}
