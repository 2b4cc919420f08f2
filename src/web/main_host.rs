//! What is ours on the main host: everything below `/-/`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http::{Response, StatusCode};
use hyper::body::Incoming;
use tower::ServiceExt as _;

use super::body::Body;
use super::context::Context;
use super::failure::{Failure, reader_layout};
use super::notices::Notices;
use super::state::Loggia;
use super::viewer::FormRejection;
use super::{
    account, api, app_settings, apps, assets, authorize, device, email_code, explaining, home, insights,
    people, print, provider, publishers, record, requests, review, search, sessions, sharing, sign_in,
    sign_out, synced, ways,
};
use crate::config::Config;
use crate::model::Clock;
use crate::releases::{Editions, Releases};

/// The routes, and the bounds on their bodies.
pub fn routes(
    config: &Config,
    releases: &Releases,
    editions: Option<&Editions>,
    notices: &Notices,
    clock: &Clock,
) -> Router<Arc<Loggia>> {
    let api = api::Api {
        releases: releases.clone(),
        editions: editions.cloned(),
        notices: notices.clone(),
        clock: clock.clone(),
        server: config.server.clone(),
        access: config.access.clone(),
        synced: config.synced.clone(),
        limits: config.limits.clone(),
    };
    let mut routes = Router::new()
        .route("/-/search", get(search::page))
        .route("/-/search.json", get(search::json))
        .route("/-/opensearch.xml", get(search::describe))
        .route("/-/search/clicked", post(insights::clicked))
        .route("/-/print/", get(print::everything))
        .route("/-/print/{*folder}", get(print::section))
        .route("/-/apps/", get(home::list))
        .route("/-/apps/{name}/", get(apps::page))
        .route("/-/apps/{name}/grants", post(apps::grant))
        .route("/-/apps/{name}/grants/remove", post(apps::revoke))
        .route("/-/apps/{name}/audience", post(app_settings::set_audience))
        .route("/-/apps/{name}/network", post(app_settings::set_network))
        .route("/-/apps/{name}/share", get(sharing::page).post(sharing::confirm))
        .route("/-/apps/{name}/share.csv", get(sharing::csv))
        .route("/-/apps/{name}/share/review", post(sharing::review))
        .route("/-/apps/{name}/share/remove", post(sharing::remove))
        .route("/-/apps/{name}/requests", post(requests::answer))
        .route("/-/apps/{name}/audit", get(record::of_app))
        .route("/-/apps/{name}/audit.csv", get(record::of_app_csv))
        .route("/-/apps/{name}/audit.json", get(record::of_app_json))
        .route("/-/audit", get(record::whole))
        .route("/-/audit.csv", get(record::whole_csv))
        .route("/-/audit.json", get(record::whole_json))
        .route("/-/view-as", get(explaining::view_as))
        .route("/-/apps/{name}/search", post(apps::set_search))
        .route("/-/apps/{name}/settings", post(app_settings::set))
        .route("/-/apps/{name}/synced", post(synced::set))
        .route("/-/apps/{name}/publishers", get(publishers::page).post(publishers::trust))
        .route("/-/apps/{name}/publishers/remove", post(publishers::distrust))
        .route("/-/apps/{name}/activate", post(apps::activate))
        .route("/-/apps/{name}/rollback", post(apps::roll_back))
        .route("/-/apps/{name}/delete", post(apps::delete))
        .route("/-/apps/{name}/restore", post(apps::restore))
        .route("/-/review/", get(review::page))
        .route("/-/review/searches", get(insights::page))
        .route("/-/review/searches.json", get(insights::json))
        .route("/-/account/", get(account::page))
        .route("/-/account/tokens", post(account::create_token))
        .route("/-/account/tokens/revoke", post(account::revoke_token))
        .route("/-/account/sessions/end", post(sessions::end))
        .route("/-/account/sessions/end-all", post(sessions::end_all))
        .route("/-/people/", get(people::page))
        .route("/-/people/sign-out", post(people::sign_out))
        .route("/-/sign-in", get(ways::page).post(ways::chosen))
        .route("/-/sign-in/callback", get(sign_in::callback))
        .route("/-/sign-in/callback/{way}", get(sign_in::callback_of))
        .route("/-/sign-in/email", post(email_code::ask))
        .route("/-/sign-in/code", get(email_code::page).post(email_code::check))
        .route("/-/sign-out", post(sign_out::sign_out))
        .route("/-/signed-out", get(sign_out::signed_out))
        .route("/-/back-channel-logout", post(sign_out::back_channel))
        .route("/-/enter", get(sign_in::enter))
        .route("/-/authorize", get(authorize::page).post(authorize::decide))
        .route("/-/device", get(device::page).post(device::typed))
        .route("/-/device/authorize", post(device::begin))
        .route("/-/device/decide", post(device::decide))
        .route("/-/token", post(authorize::token))
        .route("/-/assets/{file}", get(assets::asset))
        .layer(DefaultBodyLimit::max(config.limits.form_bytes))
        .merge(api::routes(api));
    if config.development {
        routes = routes.route("/-/live", get(live)).merge(provider::routes());
    }
    routes
}

async fn live(State(loggia): State<Arc<Loggia>>) -> impl IntoResponse {
    loggia.live.events()
}

/// Answers a request below `/-/`.
pub(super) async fn answer(
    loggia: &Arc<Loggia>,
    mut request: http::Request<Incoming>,
    context: &Context,
) -> Response<Body> {
    request.extensions_mut().insert(context.clone());
    request.extensions_mut().insert(api::ClientAddress(context.from));
    // Uploads and the stream of changes last as long as they move; the guard bounds their silence.
    let path = request.uri().path();
    let lasting = path.starts_with("/-/api/") || path == "/-/live";
    let routes = loggia.routes.clone().with_state(Arc::clone(loggia));
    let answering = routes.oneshot(request.map(axum::body::Body::new) as Request);
    let answered = if lasting {
        answering.await
    } else {
        match tokio::time::timeout(loggia.config.limits.request_timeout, answering).await {
            Ok(answered) => answered,
            Err(_) => return Failure::TimedOut.page(loggia, context, reader_layout(loggia, context)),
        }
    };
    let Ok(mut response) = answered;
    let page = match response.extensions_mut().remove::<Arc<std::sync::Mutex<Option<Failure>>>>() {
        Some(failed) => failed.lock().ok().and_then(|mut failed| failed.take()),
        None => unrouted(&response),
    };
    match page {
        Some(failure) => failure.page(loggia, context, reader_layout(loggia, context)),
        None => response.map(Body::from),
    }
}

/// What the router itself says no to becomes a page like every other no.
fn unrouted(response: &axum::response::Response) -> Option<Failure> {
    let bare = !response.headers().contains_key(http::header::CONTENT_TYPE);
    match response.status() {
        StatusCode::NOT_FOUND if bare => Some(Failure::NotFound),
        StatusCode::METHOD_NOT_ALLOWED if bare => {
            let gets = response
                .headers()
                .get(http::header::ALLOW)
                .is_some_and(|allow| allow.as_bytes().starts_with(b"GET"));
            Some(Failure::MethodNotAllowed(if gets { "GET, HEAD" } else { "POST" }))
        }
        _ => None,
    }
}

/// A handler's failure travels to [`answer`], which knows the request and makes the page.
impl IntoResponse for Failure {
    fn into_response(self) -> axum::response::Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(Arc::new(std::sync::Mutex::new(Some(self))));
        response
    }
}

impl IntoResponse for FormRejection {
    fn into_response(self) -> axum::response::Response {
        self.0.into_response()
    }
}
