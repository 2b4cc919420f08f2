//! The well-known files of the main host: sitemap.xml, llms.txt, robots.txt.

use std::fmt::Write as _;

use http::header::{self, HeaderMap, HeaderValue};

use super::edition::Edition;
use super::prepared::Prepared;
use super::state::Loggia;

/// The file at `path`, made from this edition.
pub(super) fn answer(path: &str, edition: &Edition, loggia: &Loggia) -> Option<Prepared> {
    let origin = loggia.hosts.main_origin();
    let (text, media_type) = match path {
        "/robots.txt" => (
            if edition.library.site().keep_out_robots {
                "User-agent: *\nDisallow: /\n".to_owned()
            } else {
                format!("User-agent: *\nDisallow: /-/\nSitemap: {origin}/sitemap.xml\n")
            },
            "text/plain; charset=utf-8",
        ),
        "/sitemap.xml" => (sitemap(edition, &origin), "application/xml"),
        "/llms.txt" => (llms(edition, &origin), "text/markdown; charset=utf-8"),
        _ => return None,
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    loggia.policies.put_on_ours(&mut headers);
    Some(Prepared::new(text.into(), media_type, headers))
}

/// The sitemap protocol 0.9.
fn sitemap(edition: &Edition, origin: &str) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    for page in edition.library.pages().filter(|page| !page.hidden()) {
        let path =
            super::guides::encode(page.guide().path.as_str()).replace('&', "&amp;").replace('\'', "&apos;");
        let _ = writeln!(xml, "<url><loc>{origin}{path}</loc></url>");
    }
    xml + "</urlset>\n"
}

/// A list of the guides and their sources, for programs that read Markdown.
fn llms(edition: &Edition, origin: &str) -> String {
    let mut text = format!("# {}\n\n## Guides\n\n", edition.library.site().title);
    for page in edition.library.pages().filter(|page| !page.hidden()) {
        let guide = page.guide();
        let source = super::guides::encode(&super::guides::source_address(guide.path.as_str()));
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
