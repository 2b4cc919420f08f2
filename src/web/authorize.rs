//! Letting the command line publish as somebody: OAuth 2.0's code flow with PKCE (RFC 7636) and a loopback redirect
//! (RFC 8252, section 7.3).

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use http::{Request, StatusCode};
use serde_json::json;

use super::context::Context;
use super::failure::{Failure, main_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::{FormRejection, InSession, OurForm, SignedIn, read_form};
use crate::access::authorization::{self, AuthorizationError};
use crate::access::token::{self, Wanted};
use crate::access::{Parameters, device, jobs};
use crate::model::{Ability, AuditAction, Person, TokenRecord, TokenScope};
use crate::storage::Key;
use crate::theme::views::{AuthorizePage, Field};

/// How long a token of `loggia login` lasts.
const DAYS: u16 = 90;

/// `GET /-/authorize`: asks whoever is signed in.
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let given = Parameters::parse(query.as_deref().unwrap_or_default());
    let request =
        authorization::Request::parse(&given).map_err(|error| Failure::BadRequest(error.to_string()))?;
    let label = label(&given);
    let fields = request.fields().into_iter().map(|(name, value)| Field { name: name.to_owned(), value });
    let stated = Field { name: "label".to_owned(), value: label.clone() };
    let view = AuthorizePage {
        layout: main_layout(&loggia),
        action: "/-/authorize".to_owned(),
        fields: fields.chain([stated]).collect(),
        viewer: person.email,
        client: Some(label),
        code: None,
        until: until(loggia.clock.now()),
    };
    let mut response = super::html_page(StatusCode::OK, loggia.theme.authorize(&view)?);
    // The form's answer is a redirect to this machine's loopback address, which the policy must let through.
    let policy = loggia.policies.with_form_target("http://127.0.0.1:* http://[::1]:*");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(with_cookies(response, &[]))
}

/// `POST /-/authorize`: the person agreed, or not.
pub(super) async fn decide(
    State(loggia): State<Arc<Loggia>>,
    InSession(session): InSession,
    OurForm(fields): OurForm<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let given = Parameters::from_pairs(fields);
    let request =
        authorization::Request::parse(&given).map_err(|error| Failure::BadRequest(error.to_string()))?;
    let there = if given.get("decision") == Some("allow") {
        let host = loggia.hosts.main_authority();
        authorization::mint(&request, &session, &host, &loggia.keyring, loggia.clock.now(), &loggia.entropy)
    } else {
        let mut there = request.redirect().clone();
        let state = given.get("state").unwrap_or_default();
        there.query_pairs_mut().append_pair("error", "access_denied").append_pair("state", state);
        there
    };
    Ok(with_cookies(super::redirect(StatusCode::SEE_OTHER, there.as_str()), &[]))
}

/// `POST /-/token`: the command line redeems its code. It has no cookies; the code and its verifier are what counts.
pub(super) async fn token(
    State(loggia): State<Arc<Loggia>>,
    request: Request<axum::body::Body>,
) -> Result<Response, FormRejection> {
    let from = request.extensions().get::<Context>().map(|context| context.from);
    let fields: Vec<(String, String)> = read_form(request, &loggia).await?;
    let given = Parameters::from_pairs(fields);
    if given.get("grant_type") == Some(device::GRANT) {
        return Ok(super::device::token(&loggia, &given, from).await?);
    }
    if given.get("grant_type") == Some(jobs::GRANT) {
        return Ok(super::exchange::token(&loggia, &given, from).await?);
    }
    let now = loggia.clock.now();
    let host = loggia.hosts.main_authority();
    let redeemed = match authorization::redeem(&given, &host, &loggia.keyring, now) {
        Ok(redeemed) => redeemed,
        Err(error) => return Ok(refused(error.code(), &error.to_string())),
    };
    if !loggia.releases.burn(&redeemed.code_id).await.map_err(Failure::from)? {
        let error = AuthorizationError::Code;
        return Ok(refused(error.code(), &error.to_string()));
    }
    Ok(granted(&loggia, &redeemed.person, redeemed.since, &label(&given), from).await?)
}

/// A token for a command that was let in by a session that began at `since` (RFC 6749, section 5.1).
pub(super) async fn granted(
    loggia: &Loggia,
    person: &Person,
    since: jiff::Timestamp,
    label: &str,
    from: Option<IpAddr>,
) -> Result<Response, Failure> {
    let owner = Key::owner(&person.subject);
    let wanted = Wanted { label, may: Ability::All, scope: TokenScope::All, days: DAYS, since };
    let minted = token::mint(person, &owner, wanted, loggia.clock.now(), &loggia.entropy);
    let (text, record) = minted.map_err(|error| Failure::BadRequest(error.to_string()))?;
    loggia.releases.put_token(&record).await?;
    loggia.releases.note(loggia.releases.event(Some(&person.email), from, None, token_made(&record)));
    tracing::info!(person = %person.email, token = %record.id, "a command line was let in");
    let answer = json!({
        "access_token": text.reveal(),
        "token_type": "Bearer",
        "expires_in": u32::from(DAYS) * 24 * 3600,
    });
    let mut response = Json(answer).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// That a token was made, for the record.
pub(super) fn token_made(record: &TokenRecord) -> AuditAction {
    AuditAction::TokenMade { token: record.id.to_string().to_lowercase(), label: record.label.clone() }
}

/// When a token of `loggia login` would end.
pub(super) fn until(now: jiff::Timestamp) -> jiff::Timestamp {
    let life = jiff::SignedDuration::from_hours(24 * i64::from(DAYS));
    now.checked_add(life).unwrap_or(jiff::Timestamp::MAX)
}

/// RFC 6749, section 5.2.
pub(super) fn refused(code: &str, why: &str) -> Response {
    let answer = json!({ "error": code, "error_description": why });
    let mut response = (StatusCode::BAD_REQUEST, Json(answer)).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What the token will be called.
pub(super) fn label(given: &Parameters) -> String {
    let stated = given.get("label").map(str::trim).unwrap_or_default();
    let clean: String = stated.chars().filter(|c| !c.is_control()).take(60).collect();
    if clean.is_empty() { "loggia login".to_owned() } else { format!("loggia login on {clean}") }
}
