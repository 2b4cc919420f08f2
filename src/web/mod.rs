//! HTTP in, HTTP out.
//!
//! 1. [`pipeline`]: the life of a request, on one screen. [`context`]: what is known of it from the start.
//! 2. [`host`]: whom it is addressed to.
//! 3. The main host: [`guides`] (with [`edition`], [`navigation`], [`files`], [`well_known`], [`feed`], [`accept`])
//!    everywhere but below `/-/`, where [`main_host`] routes to one file a surface: [`search`], [`mod@print`], [`home`], [`apps`] with
//!    [`app_settings`], [`synced`], [`publishers`], [`sharing`], [`requests`], [`notices`], [`explaining`] and [`record`], [`review`], [`insights`],
//!    [`account`] with [`sessions`] (and [`browser`]), [`people`], [`ways`] and [`email_code`] to [`sign_in`], [`sign_out`],
//!    [`authorize`], [`device`], [`exchange`], [`provider`], [`api`]; [`guesses`] counts what could be guessed.
//! 4. An app's host: [`app_host`] decides, [`resolve`] and [`site`] say which file answers, [`vault`] alone opens it,
//!    [`send`] sends it; [`opened`] sessions; [`refusal`] says no, [`asking`] takes a request, [`enter`] lets people in, [`origin`] makes browsers forget.
//! 5. Answers: [`prepared`], [`conditional`], [`encoding`], [`coded`], [`body`], [`security`].
//! 6. [`failure`] is the one place where an error becomes a page.

mod accept;
mod account;
pub mod api;
mod app_host;
mod app_releases;
mod app_settings;
mod apps;
mod asking;
mod assets;
mod authorize;
mod body;
mod browser;
mod coded;
mod conditional;
mod connection;
mod context;
mod device;
mod edition;
mod editions;
mod email_code;
mod encoding;
mod enter;
mod exchange;
mod explaining;
mod failure;
mod feed;
mod files;
mod guesses;
mod guides;
mod home;
mod host;
mod insights;
mod live;
mod main_host;
mod metrics;
mod navigation;
mod notices;
mod opened;
mod origin;
mod people;
mod pipeline;
mod prepared;
mod print;
mod provider;
mod publishers;
mod record;
mod refusal;
mod request_log;
mod requests;
mod resolve;
mod review;
mod search;
mod security;
mod send;
mod sessions;
mod sharing;
mod sign_in;
mod sign_out;
mod site;
mod state;
mod synced;
mod vault;
mod viewer;
mod ways;
mod well_known;

use std::time::Duration;

use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};

pub use asking::Askings;
pub use assets::{Assets, prepare as prepare_assets};
pub use body::{Body, BodyError};
pub use coded::Coded;
pub use connection::{Busy, Connection};
pub use edition::Edition;
pub use editions::Editions;
pub use guesses::Guesses;
pub use host::{Hosts, Surface};
pub use insights::Insights;
pub use live::Live;
pub use main_host::routes;
pub use metrics::Metrics;
pub use notices::{Mailing, Notices};
pub use opened::OpenedSessions;
pub use pipeline::Pipeline;
pub use request_log::RequestLog;
pub use security::Policies;
pub use site::Sites;
pub use state::Loggia;

use crate::releases::ReleaseError;

/// How long a body that nobody wants may take to arrive.
const DRAIN: Duration = Duration::from_secs(10);

/// Whether a path is in the one segment that is ours on every host.
fn is_reserved(path: &str) -> bool {
    path == "/-" || path.starts_with("/-/")
}

/// An HTML page with this status. It may hold what only this viewer sees, so no cache keeps it for others.
fn html_page(status: StatusCode, html: String) -> Response<Body> {
    let mut response = Response::new(Body::bytes(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// A redirect. `location` was made by us: a path of this host, or an origin of ours.
fn redirect(status: StatusCode, location: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    match HeaderValue::from_str(location) {
        Ok(location) => {
            *response.status_mut() = status;
            response.headers_mut().insert(header::LOCATION, location);
        }
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    let no_store = HeaderValue::from_static("no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

/// Reads a body that nobody wants, to its end or a bound.
async fn drain(body: hyper::body::Incoming, limit: usize) {
    if http_body::Body::is_end_stream(&body) {
        return;
    }
    let read = Limited::new(body, limit).collect();
    if tokio::time::timeout(DRAIN, read).await.is_err() {
        tracing::debug!("a body that nobody wanted came too slowly");
    }
}

/// The status of a failure of apps and releases, for pages and for the API.
fn status_of(error: &ReleaseError) -> StatusCode {
    match error {
        ReleaseError::NoApp(_) | ReleaseError::NoRelease { .. } => StatusCode::NOT_FOUND,
        ReleaseError::Taken(_)
        | ReleaseError::Deleted(_)
        | ReleaseError::Cleared(_)
        | ReleaseError::DeletedRelease { .. }
        | ReleaseError::Live { .. }
        | ReleaseError::TooLate(_)
        | ReleaseError::Clearing(_)
        | ReleaseError::NothingEarlier(_)
        | ReleaseError::Moved(_)
        | ReleaseError::OwnerStays(_)
        | ReleaseError::BlobsMissing { .. } => StatusCode::CONFLICT,
        ReleaseError::Invalid(_) | ReleaseError::Differs { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        ReleaseError::BrokeOff(_) => StatusCode::BAD_REQUEST,
        ReleaseError::Storage(_) | ReleaseError::Blob(_) | ReleaseError::NoRoom(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
