//! The life of a request, on one screen.

use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, header};
use hyper::body::Incoming;

use super::body::Body;
use super::connection::Connection;
use super::context::Context;
use super::failure::Failure;
use super::host::Surface;
use super::state::Loggia;
use super::{app_host, guides, main_host};

/// Answers every request on the public listeners.
#[derive(Clone)]
pub struct Pipeline(Arc<Loggia>);

impl Pipeline {
    /// The pipeline over this state.
    #[must_use]
    pub fn new(loggia: Arc<Loggia>) -> Self {
        Self(loggia)
    }

    /// What is behind it.
    #[must_use]
    pub fn loggia(&self) -> &Arc<Loggia> {
        &self.0
    }

    /// What is rare is boxed: a request would otherwise carry room for the largest of all answers.
    ///
    /// Refuse what the guard refused; whom is it addressed to; answer there, with the surface's security headers; a
    /// HEAD has no body; count it and log it.
    pub async fn answer(&self, request: Request<Incoming>, connection: &Connection) -> Response<Body> {
        let loggia = &self.0;
        let context = Context::of(&request, connection, loggia);
        if let Some(status) = connection.refusal() {
            return loggia.finish(&context, closed(status));
        }
        let mut response = match loggia.hosts.surface(request.uri(), request.headers()) {
            Surface::Main if super::is_reserved(request.uri().path()) => {
                let response = Box::pin(main_host::answer(loggia, request, &context)).await;
                loggia.on_our_pages(response)
            }
            Surface::Main => {
                let response = match guides::answer(loggia, &request, &context).await {
                    Ok(response) => response,
                    Err(failure) => Box::pin(guides::refuse(failure, loggia, request, &context)).await,
                };
                loggia.on_our_pages(response)
            }
            Surface::App(host) => app_host::answer(loggia, request, host, &context).await,
            Surface::Unknown => {
                let failure = Failure::Misdirected { main: loggia.hosts.main_origin() };
                let response = Box::pin(failure.into_page(loggia, &context, request.into_body())).await;
                loggia.on_our_pages(response)
            }
        };
        if context.method == Method::HEAD {
            without_body(&mut response);
        }
        if let Some(status) = connection.refusal() {
            response = closed(status);
        }
        loggia.finish(&context, response)
    }

    /// Why this replica should get no requests now; `None` when it should.
    #[must_use]
    pub fn not_ready(&self) -> Option<&'static str> {
        let stale = self.0.releases.catalog().is_stale(self.0.clock.now());
        stale.then_some("the catalog is older than 60 seconds: storage does not answer")
    }

    /// The metrics, as `OpenMetrics` text.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.0.metrics.render()
    }
}

/// The answer to a request that the guard refused; the connection closes after it.
fn closed(status: http::StatusCode) -> Response<Body> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut response = Response::new(Body::bytes(format!("{} {reason}\n", status.as_u16())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Takes the body away and leaves its length standing (RFC 9110, section 9.3.2).
fn without_body(response: &mut Response<Body>) {
    let size = http_body::Body::size_hint(response.body()).exact();
    *response.body_mut() = Body::empty();
    let sized = response.status() != http::StatusCode::NOT_MODIFIED;
    if let Some(size) = size.filter(|_| sized) {
        response.headers_mut().entry(header::CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(size));
    }
}
