//! The one place where a failure becomes a page.
//!
//! The API has its own form of the same (`api::problem`, RFC 9457).

use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::Incoming;

use super::accept;
use super::body::Body;
use super::context::Context;
use super::sign_in;
use super::state::Loggia;
use crate::access::sign_in::SignInError;
use crate::access::{OriginError, ReturnPath, TooMany};
use crate::guides::{Library, View};
use crate::releases::{BlobError, ReleaseError};
use crate::theme::ThemeError;
use crate::theme::views::{ErrorPage, Layout, Link, NotFoundPage, SignInFailedPage};

/// Why a page is not shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// There is nothing here, or nothing for this viewer.
    #[error("there is nothing here")]
    NotFound,
    /// The request cannot be read in one way only, or lacks something; the sentence says what.
    #[error("{0}")]
    BadRequest(String),
    /// Another method than these.
    #[error("this address answers {0} only")]
    MethodNotAllowed(&'static str),
    /// The host is not ours; the main one is at this origin.
    #[error("this host is not served here; the start page is {main}/")]
    Misdirected {
        /// Where the main host is.
        main: String,
    },
    /// A form or body over its bound.
    #[error("what was sent is too large; the limit is {0} bytes")]
    TooLarge(usize),
    /// A form that another site sent.
    #[error(transparent)]
    Foreign(#[from] OriginError),
    /// Signing in failed.
    #[error("{error}")]
    SignIn {
        /// How.
        error: SignInError,
        /// Where the person wanted to go, when that is known.
        return_to: Option<ReturnPath>,
    },
    /// Something was tried too often.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// Apps and releases: refused, absent, or storage is away.
    #[error(transparent)]
    Release(#[from] ReleaseError),
    /// The bytes behind a file.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The catalog is too old to decide from.
    #[error("who may see what cannot be checked at the moment; try again in a minute")]
    Stale,
    /// It took longer than it may.
    #[error("the answer took too long; try again")]
    TimedOut,
    /// A template failed.
    #[error(transparent)]
    Theme(#[from] ThemeError),
    /// Something that should not happen.
    #[error("{0}")]
    Internal(String),
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::SignIn { error: SignInError::Unavailable, .. } => StatusCode::BAD_GATEWAY,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::BadRequest(_) | Self::SignIn { .. } => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Misdirected { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Foreign(_) => StatusCode::FORBIDDEN,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Release(error) => super::status_of(error),
            Self::Stale | Self::Blob(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Theme(_) | Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The page, after a body that came with the request was read to its end or its bound: an answer before that
    /// would be lost when the connection closes, and a malformed body must be seen as one.
    pub(super) async fn into_page(
        self,
        loggia: &Loggia,
        context: &Context,
        body: Incoming,
    ) -> Response<Body> {
        super::drain(body, loggia.config.limits.form_bytes).await;
        self.page(loggia, context, layout_at(loggia, context.path()))
    }

    /// The page in `layout`. Logged here, once, with the request's id; what a person reads never holds a path of the
    /// server or a secret.
    pub(super) fn page(self, loggia: &Loggia, context: &Context, layout: Layout) -> Response<Body> {
        let edition = loggia.edition.load();
        self.page_for(loggia, context, layout, &edition.library.public_view(), None)
    }

    /// The same for somebody who sees `view`, and may `sign_in` there to see more.
    pub(super) fn page_for(
        self,
        loggia: &Loggia,
        context: &Context,
        layout: Layout,
        view: &View<'_>,
        sign_in: Option<String>,
    ) -> Response<Body> {
        let status = self.status();
        if status.is_server_error() {
            tracing::error!(request = %context.id, path = %context.path(), error = %self, "a request failed");
        }
        if let Self::SignIn { error, .. } = &self {
            let (failure, path) = (error.name(), context.path());
            tracing::warn!(request = %context.id, path, failure, %error, "somebody could not be signed in");
        }
        let request_id = context.id.to_string();
        let rendered = match &self {
            Self::NotFound => loggia.theme.not_found(&NotFoundPage {
                query: words_of(context.path()),
                nearest: nearest(loggia, &layout, view, context.path()),
                sign_in,
                path: context.path().to_owned(),
                layout,
                request_id,
            }),
            Self::SignIn { error, return_to } => loggia.theme.sign_in_failed(&not_signed_in(
                loggia,
                layout,
                error,
                return_to.as_ref(),
                request_id,
            )),
            _ => loggia.theme.error(&ErrorPage {
                layout,
                status: status.as_u16(),
                title: title(status).to_owned(),
                sentence: sentence(&self),
                request_id,
            }),
        };
        let html = rendered.unwrap_or_else(|error| {
            tracing::error!(%error, "the page for a failure could not be rendered");
            format!("<!doctype html><title>{status}</title><h1>{status}</h1>")
        });
        let mut response = super::html_page(status, html);
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match &self {
            Self::MethodNotAllowed(methods) => {
                headers.insert(header::ALLOW, HeaderValue::from_static(methods));
            }
            Self::TooMany(many) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(many.seconds()));
            }
            _ if status == StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
            }
            _ => {}
        }
        response
    }
}

/// The layout of pages of ours on the main host, in the language of the site.
pub(super) fn main_layout(loggia: &Loggia) -> Layout {
    let edition = loggia.edition.load();
    layout_in(loggia, edition.library.language(), "/")
}

/// The same for a page that is in every language of the theme: in the one that whoever reads likes best, of those that the
/// site has guides in.
pub(super) fn reader_layout(loggia: &Loggia, context: &Context) -> Layout {
    match liked(loggia, context) {
        Some(language) => layout_in(loggia, &language, &format!("/{language}/")),
        None => main_layout(loggia),
    }
}

/// The language that whoever reads likes best, where that is not the site's own.
pub(super) fn liked(loggia: &Loggia, context: &Context) -> Option<String> {
    let edition = loggia.edition.load();
    let spoken: Vec<&str> = edition.library.languages().filter(|tag| loggia.theme.speaks(tag)).collect();
    let liked = accept::language(context.languages(), &spoken)?;
    (liked != edition.library.language()).then(|| liked.to_owned())
}

/// The same in the language that addresses like `path` are in.
pub(super) fn layout_at(loggia: &Loggia, path: &str) -> Layout {
    let edition = loggia.edition.load();
    match edition.library.language_at(path) {
        Some(language) => layout_in(loggia, language, &format!("/{language}/")),
        None => main_layout(loggia),
    }
}

/// The same in another language, whose first page is at `home`.
pub(super) fn layout_in(loggia: &Loggia, language: &str, home: &str) -> Layout {
    let edition = loggia.edition.load();
    let site = edition.library.site();
    let mut layout = Layout::main_host(&site.title);
    if let Some(called) = called(&edition.library, home) {
        layout.site = called;
    }
    language.clone_into(&mut layout.lang);
    home.clone_into(&mut layout.home);
    for (link, words) in layout.header.iter_mut().zip(["apps", "account"]) {
        if let Some(words) = loggia.theme.words(language, words) {
            words.clone_into(&mut link.label);
        }
    }
    let links = |links: &[crate::guides::SiteLink]| -> Vec<Link> {
        links.iter().map(|link| Link::new(&link.title, &link.url)).collect()
    };
    layout.header.splice(0..0, links(&site.header_links));
    layout.footer = links(&site.footer_links);
    layout.live = loggia.config.development;
    layout
}

/// What the site is called in the language whose first page is at `home`, where that is another than its own: what that page
/// says.
pub(super) fn called(library: &Library, home: &str) -> Option<String> {
    let front = library.public_view().page(home).filter(|_| home != "/")?;
    Some(front.heading().to_owned())
}

/// Why somebody is not signed in and what to do next, in the language of the page.
fn not_signed_in(
    loggia: &Loggia,
    layout: Layout,
    error: &SignInError,
    return_to: Option<&ReturnPath>,
    request_id: String,
) -> SignInFailedPage {
    let detail = error.detail();
    let line = loggia.theme.say(&layout.lang, &format!("failed_{}", error.name()), &[("detail", &detail)]);
    let line = line.unwrap_or_else(|| error.to_string());
    let (reason, next_step) = line.split_once('|').unwrap_or((&line, ""));
    let there = return_to.map_or_else(|| "/-/sign-in".to_owned(), |path| sign_in::address(path.as_str()));
    SignInFailedPage {
        retry: Some(format!("{}{there}", layout.main)),
        layout,
        reason: reason.to_owned(),
        next_step: next_step.to_owned(),
        request_id,
    }
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "This request cannot be read",
        StatusCode::FORBIDDEN => "This form was not sent from here",
        StatusCode::METHOD_NOT_ALLOWED => "This address does not do that",
        StatusCode::PAYLOAD_TOO_LARGE => "That is too large",
        StatusCode::MISDIRECTED_REQUEST => "This host is not served here",
        StatusCode::SERVICE_UNAVAILABLE => "Not available at the moment",
        StatusCode::GATEWAY_TIMEOUT => "That took too long",
        StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
        StatusCode::CONFLICT => "That cannot be done now",
        _ => "Something went wrong",
    }
}

/// What a person may read of a failure.
fn sentence(failure: &Failure) -> String {
    let text = match failure {
        Failure::Theme(_) | Failure::Internal(_) => {
            "This is our mistake, and it was written down. Try again; if it stays, tell the people who run this site.".to_owned()
        }
        Failure::Release(error) if !super::status_of(error).is_server_error() => error.to_string(),
        Failure::Release(_) | Failure::Blob(_) => {
            "The storage behind this site does not answer. Nothing was lost; try again in a minute.".to_owned()
        }
        other @ (Failure::NotFound
        | Failure::BadRequest(_)
        | Failure::MethodNotAllowed(_)
        | Failure::Misdirected { .. }
        | Failure::TooLarge(_)
        | Failure::Foreign(_)
        | Failure::SignIn { .. }
        | Failure::TooMany(_)
        | Failure::Stale
        | Failure::TimedOut) => other.to_string(),
    };
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '/']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

fn words_of(path: &str) -> String {
    let words: Vec<_> = path.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join(" ").chars().take(100).collect()
}

/// The guides nearest to an address that is none, on the main host.
fn nearest(loggia: &Loggia, layout: &Layout, view: &View<'_>, path: &str) -> Vec<Link> {
    if !layout.main.is_empty() {
        return Vec::new();
    }
    let edition = loggia.edition.load();
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    edition.nearest(&decoded, &words_of(&decoded), view)
}
