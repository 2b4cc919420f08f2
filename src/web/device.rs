//! Letting a command in that runs where there is no browser (RFC 8628).
//!
//! 1. The command asks [`begin`] for a code and shows it.
//! 2. Somebody who is signed in types it at `/-/device` ([`page`], [`typed`]), sees what asks, and decides ([`decide`]).
//! 3. Meanwhile the command asks the token endpoint ([`token`]) every few seconds.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::header::{self, HeaderValue};
use http::{Request, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::authorize::{granted, label, refused, until};
use super::context::Context;
use super::failure::{Failure, main_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::{FormRejection, InSession, OurForm, SignedIn, read_form};
use crate::access::authorization::CLIENT_ID;
use crate::access::device::{self, INTERVAL, LIFE, UserCode};
use crate::access::{Neighbourhood, Parameters};
use crate::model::{DeviceAnswer, DeviceRequest, Digest, Person, Whom};
use crate::theme::views::{AuthorizePage, DevicePage, Field, Notice};

/// How often another code is made when one is taken.
const TRIES: usize = 3;

/// `POST /-/device/authorize` (RFC 8628, section 3.1). It has no cookies, and nothing comes of it by itself.
pub(super) async fn begin(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    request: Request<axum::body::Body>,
) -> Result<Response, FormRejection> {
    let fields: Vec<(String, String)> = read_form(request, &loggia).await?;
    let given = Parameters::from_pairs(fields);
    if given.get("client_id") != Some(CLIENT_ID) {
        return Ok(refused(
            "invalid_client",
            "`client_id` must be `loggia-cli`; update the `loggia` command",
        ));
    }
    let (host, now) = (loggia.hosts.main_authority(), loggia.clock.now());
    if loggia.guesses.waiting_from.count(&Neighbourhood::of(context.from).key(), now).is_err() {
        return Ok(refused("slow_down", "too many sign-ins began here; wait ten minutes and try again"));
    }
    for _ in 0..TRIES {
        let (waiting, kept) = device::begin(&host, &loggia.keyring, now, &loggia.entropy);
        let request = DeviceRequest { label: label(&given), expires: waiting.expires, answer: None };
        if !loggia.releases.begin_device(&waiting.code.digest(), &request).await.map_err(Failure::from)? {
            continue;
        }
        return Ok(not_kept(Json(json!({
            "device_code": kept,
            "user_code": waiting.code.to_string(),
            "verification_uri": format!("{}/-/device", loggia.hosts.main_origin()),
            "expires_in": LIFE.as_secs(),
            "interval": INTERVAL,
        }))));
    }
    Ok(refused("temporarily_unavailable", "no code is free; try again"))
}

/// `GET /-/device`: asks for the code.
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person: _ }: SignedIn,
) -> Result<Response, Failure> {
    show(&loggia, StatusCode::OK, "", None, None)
}

#[derive(Deserialize)]
pub(super) struct CodeForm {
    code: String,
    #[serde(default)]
    decision: String,
}

/// `POST /-/device`: says what waits for that code, and asks.
pub(super) async fn typed(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    OurForm(form): OurForm<CodeForm>,
) -> Result<Response, Failure> {
    let (code, request) = match waiting(&loggia, &person, &form.code).await? {
        Ok(found) => found,
        Err((status, problem)) => return show(&loggia, status, &form.code, Some(problem), None),
    };
    let view = AuthorizePage {
        layout: main_layout(&loggia),
        action: "/-/device/decide".to_owned(),
        fields: vec![Field { name: "code".to_owned(), value: code.to_string() }],
        viewer: person.email,
        client: Some(request.label),
        code: Some(code.to_string()),
        until: until(loggia.clock.now()),
    };
    Ok(with_cookies(super::html_page(StatusCode::OK, loggia.theme.authorize(&view)?), &[]))
}

/// `POST /-/device/decide`: the person agreed, or not.
pub(super) async fn decide(
    State(loggia): State<Arc<Loggia>>,
    InSession(session): InSession,
    OurForm(form): OurForm<CodeForm>,
) -> Result<Response, Failure> {
    let (person, since) = (session.person, session.issued);
    let (code, _) = match waiting(&loggia, &person, &form.code).await? {
        Ok(found) => found,
        Err((status, problem)) => return show(&loggia, status, &form.code, Some(problem), None),
    };
    let allowed = form.decision == "allow";
    let email = person.email.clone();
    let answer = if allowed { DeviceAnswer::Allowed { person, since } } else { DeviceAnswer::Denied };
    if !loggia.releases.answer_device(&code.digest(), answer).await? {
        return show(&loggia, StatusCode::CONFLICT, "", Some(GONE.to_owned()), None);
    }
    tracing::info!(person = %email, allowed, "somebody decided about a command on another machine");
    let notice = if allowed {
        Notice::Done("Go back to your terminal: it is signed in within seconds.".to_owned())
    } else {
        Notice::Done("The command was not let in.".to_owned())
    };
    show(&loggia, StatusCode::OK, "", None, Some(notice))
}

const GONE: &str =
    "Nothing waits for this code; type it as your terminal shows it, or run `loggia login --device` again.";

/// What waits for a code that this person typed, or why nothing is shown; each person has few tries.
async fn waiting(
    loggia: &Loggia,
    person: &Person,
    typed: &str,
) -> Result<Result<(UserCode, DeviceRequest), (StatusCode, String)>, Failure> {
    let now = loggia.clock.now();
    if loggia.guesses.typed_by.count(person.email.as_str().as_bytes(), now).is_err() {
        let wait = "That was too many codes; wait ten minutes, then run `loggia login --device` again.";
        return Ok(Err((StatusCode::TOO_MANY_REQUESTS, wait.to_owned())));
    }
    let Ok(code) = typed.parse::<UserCode>() else {
        let other = "That is no code; it has eight letters, as your terminal shows them.";
        return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, other.to_owned())));
    };
    let found = loggia.releases.device(&code.digest()).await?;
    let found = found.filter(|request| request.answer.is_none() && now < request.expires);
    Ok(match found {
        Some(request) => Ok((code, request)),
        None => Err((StatusCode::UNPROCESSABLE_ENTITY, GONE.to_owned())),
    })
}

/// The token endpoint, asked by a command that waits (RFC 8628, section 3.5).
pub(super) async fn token(
    loggia: &Loggia,
    given: &Parameters,
    from: Option<IpAddr>,
) -> Result<Response, Failure> {
    let (host, now) = (loggia.hosts.main_authority(), loggia.clock.now());
    if given.get("client_id") != Some(CLIENT_ID) {
        return Ok(refused(
            "invalid_client",
            "`client_id` must be `loggia-cli`; update the `loggia` command",
        ));
    }
    let kept = given.get("device_code").unwrap_or_default();
    let Some(waiting) = device::open(kept, &host, &loggia.keyring) else {
        return Ok(refused(
            "invalid_grant",
            "the device code is not ours; run `loggia login --device` again",
        ));
    };
    let code = waiting.code.digest();
    if loggia.guesses.asked_by.count(code.as_bytes(), now).is_err() {
        return Ok(refused("slow_down", "asked too often; wait five seconds longer each time"));
    }
    if now >= waiting.expires {
        loggia.releases.end_device(&code).await?;
        return Ok(refused(
            "expired_token",
            "nobody typed the code in time; run `loggia login --device` again",
        ));
    }
    match loggia.releases.device(&code).await?.map(|request| (request.answer, request.label)) {
        Some((None, _)) => Ok(refused("authorization_pending", "nobody typed the code yet; ask again")),
        Some((Some(DeviceAnswer::Denied), _)) => {
            loggia.releases.end_device(&code).await?;
            Ok(refused("access_denied", "it was not allowed"))
        }
        Some((Some(DeviceAnswer::Allowed { person, since }), label)) => {
            // Whose tokens were ended since they signed in to let it in gets none by it.
            let catalog = loggia.releases.catalog();
            if catalog.is_stale(now) {
                return Err(Failure::Stale);
            }
            if catalog.ended_all(&Whom::TokensOf(&person.email), since) {
                loggia.releases.end_device(&code).await?;
                return Ok(refused(
                    "access_denied",
                    "their tokens were ended; run `loggia login --device` again",
                ));
            }
            let kept = Digest::of(kept.as_bytes());
            if !loggia.releases.burn(&format!("device {kept}")).await? {
                return Ok(refused("invalid_grant", "the device code was used already"));
            }
            loggia.releases.end_device(&code).await?;
            granted(loggia, &person, since, &label, from).await
        }
        None => {
            Ok(refused("expired_token", "nothing waits for this code; run `loggia login --device` again"))
        }
    }
}

fn show(
    loggia: &Loggia,
    status: StatusCode,
    typed: &str,
    problem: Option<String>,
    notice: Option<Notice>,
) -> Result<Response, Failure> {
    let typed: String = typed.chars().take(20).collect();
    let view = DevicePage { layout: main_layout(loggia), typed, problem, notice };
    Ok(with_cookies(super::html_page(status, loggia.theme.device(&view)?), &[]))
}

fn not_kept(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
