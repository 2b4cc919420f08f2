//! Choosing how to sign in. Nothing of the choice is remembered.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderMap};

use super::context::Context;
use super::failure::{Failure, reader_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::OurForm;
use crate::access::sign_in::{Visit, Way};
use crate::access::{Parameters, ReturnPath};
use crate::theme::views::{EmailForm, SignInPage, WayButton};

/// `GET /-/sign-in?return=`: on to the only provider, or the page to choose.
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let given = Parameters::parse(query.as_deref().unwrap_or_default());
    let return_to = return_to(&given);
    match loggia.sign_in.only().filter(|_| loggia.config.sign_in.email.is_none()) {
        Some(way) => begin(&loggia, way, &headers, &return_to).await,
        None => choose(&loggia, &context, StatusCode::OK, &return_to, EmailForm::default()),
    }
}

/// `POST /-/sign-in` with `with` and `return`: on to that provider.
pub(super) async fn chosen(
    State(loggia): State<Arc<Loggia>>,
    headers: HeaderMap,
    OurForm(fields): OurForm<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let given = Parameters::from_pairs(fields);
    let way = given.get("with").and_then(|name| loggia.sign_in.get(name)).ok_or(Failure::NotFound)?;
    begin(&loggia, way, &headers, &return_to(&given)).await
}

async fn begin(
    loggia: &Loggia,
    way: &Way,
    headers: &HeaderMap,
    return_to: &ReturnPath,
) -> Result<Response, Failure> {
    let host = loggia.hosts.main_authority();
    let visit = Visit { headers, host: &host, keyring: &loggia.keyring, now: loggia.clock.now() };
    let begun = way.begin(visit, return_to, &loggia.entropy).await;
    let begun = begun.map_err(|error| Failure::SignIn { error, return_to: Some(return_to.clone()) })?;
    let response = super::redirect(StatusCode::SEE_OTHER, begun.location.as_str());
    Ok(with_cookies(response, &[&begun.cookie]))
}

/// The page to choose how. `email` is what its form for a code holds.
pub(super) fn choose(
    loggia: &Loggia,
    context: &Context,
    status: StatusCode,
    return_to: &ReturnPath,
    email: EmailForm,
) -> Result<Response, Failure> {
    let button = |way: &Way| WayButton { name: way.name().to_owned(), label: way.label().to_owned() };
    let view = SignInPage {
        layout: reader_layout(loggia, context),
        return_to: return_to.as_str().to_owned(),
        ways: loggia.sign_in.iter().map(button).collect(),
        email: loggia.config.sign_in.email.is_some().then_some(email),
    };
    let mut response = super::html_page(status, loggia.theme.sign_in(&view)?);
    // A provider may have people sign in at another host than its issuer's.
    let policy = loggia.policies.with_form_target("https:");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(with_cookies(response, &[]))
}

/// Where somebody goes who signs in without having wanted anything in particular.
pub(super) fn return_to(given: &Parameters) -> ReturnPath {
    given.get("return").map_or_else(|| ReturnPath::or_root("/-/apps/"), ReturnPath::or_root)
}
