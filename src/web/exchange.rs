//! A job of continuous integration gets a token for a quarter of an hour against its service's word (RFC 8693), and the
//! description of our endpoints by which clients find this (RFC 8414).

use std::net::IpAddr;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{self, HeaderValue};
use serde_json::{Value, json};

use super::authorize::{refused, token_made};
use super::failure::Failure;
use super::state::Loggia;
use crate::access::jobs::{GRANT, ISSUED_TYPE, SUBJECT_TYPES};
use crate::access::{Parameters, device, token};
use crate::model::{AppName, AuditEvent, Person, Subject, TokenScope};
use crate::storage::Key;

/// How long a job's token lasts.
const MINUTES: i64 = 15;
/// How many old tokens of one repository are cleared away at a time.
const CLEARED: usize = 20;

/// The token endpoint, asked by a job.
pub(super) async fn token(
    loggia: &Loggia,
    given: &Parameters,
    from: Option<IpAddr>,
) -> Result<Response, Failure> {
    let known = |name, known: &[&str]| given.get(name).is_some_and(|value| known.contains(&value));
    if !known("subject_token_type", &SUBJECT_TYPES) {
        return Ok(refused(
            "invalid_request",
            "`subject_token_type` must say that it is an ID token or a JWT",
        ));
    }
    if given.get("requested_token_type").is_some() && !known("requested_token_type", &[ISSUED_TYPE]) {
        return Ok(refused("invalid_request", "`requested_token_type` must be an access token"));
    }
    let wanted = match given.get("scope").map(|scope| scope.strip_prefix("app:").map(str::parse::<AppName>)) {
        None => None,
        Some(Some(Ok(app))) => Some(app),
        Some(_) => return Ok(refused("invalid_scope", "`scope` must be `app:NAME`, or be left out")),
    };
    let now = loggia.clock.now();
    let subject = given.get("subject_token").unwrap_or_default();
    let vouched = match loggia.issuers.job(subject, &loggia.hosts.main_origin(), now).await {
        Ok(vouched) => vouched,
        Err(error) => {
            tracing::warn!(%error, "a job's token was refused");
            return Ok(refused("invalid_grant", &error.to_string()));
        }
    };
    if loggia.releases.catalog().is_stale(now) {
        return Err(Failure::Stale);
    }
    let mut apps = loggia.releases.trusting(&vouched.job);
    if let Some(wanted) = &wanted {
        apps.retain(|app| app == wanted);
    }
    let Some(address) = vouched.job.address().filter(|_| !apps.is_empty()) else {
        let job = serde_json::to_value(&vouched.job.job).unwrap_or_default();
        let why = format!(
            "no app that was asked for trusts this job ({job}); a publisher adds it on the app's page"
        );
        return Ok(refused("invalid_grant", &why));
    };
    if !loggia.releases.burn(&format!("job {} {}", vouched.job.issuer, vouched.id)).await? {
        return Ok(refused(
            "invalid_grant",
            "this `subject_token` was used already; ask your CI service for another",
        ));
    }
    let subject = Subject { iss: vouched.job.issuer.clone(), sub: vouched.job.subject() };
    let person = Person { subject, email: address, name: None, groups: Vec::new() };
    let scope = match apps.as_slice() {
        [only] => TokenScope::App(only.clone()),
        _ => TokenScope::All,
    };
    let owner = Key::owner(&person.subject);
    clear(loggia, &owner).await;
    let life = jiff::SignedDuration::from_mins(MINUTES);
    let (text, record) = token::mint_for_job(&person, &owner, scope, vouched.job, life, now, &loggia.entropy);
    loggia.releases.put_token(&record).await?;
    let event = loggia.releases.event(Some(&person.email), from, None, token_made(&record));
    loggia.releases.note(AuditEvent { rule: Some(person.subject.iss.clone()), ..event });
    let names: Vec<_> = apps.iter().map(AppName::as_str).collect();
    tracing::info!(job = %person.email, apps = names.join(" "), token = %record.id, "a job was let in");
    let scope: Vec<_> = names.iter().map(|name| format!("app:{name}")).collect();
    let answer = json!({
        "access_token": text.reveal(),
        "issued_token_type": ISSUED_TYPE,
        "token_type": "Bearer",
        "expires_in": MINUTES * 60,
        "scope": scope.join(" "),
    });
    let mut response = Json(answer).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Removes tokens of earlier jobs that are over, so that they do not pile up. What cannot be removed stays for the next.
async fn clear(loggia: &Loggia, owner: &str) {
    let now = loggia.clock.now();
    let Ok(held) = loggia.releases.tokens_of(owner).await else { return };
    for over in held.iter().filter(|record| record.expires <= now).take(CLEARED) {
        if let Err(error) = loggia.releases.delete_token(owner, over.id).await {
            tracing::debug!(%error, "a token that is over stays in the bucket for now");
            return;
        }
    }
}

/// `/.well-known/oauth-authorization-server` (RFC 8414, section 3).
pub(super) fn description(origin: &str) -> Value {
    json!({
        "issuer": origin,
        "authorization_endpoint": format!("{origin}/-/authorize"),
        "token_endpoint": format!("{origin}/-/token"),
        "device_authorization_endpoint": format!("{origin}/-/device/authorize"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", device::GRANT, GRANT],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
    })
}
