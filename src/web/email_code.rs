//! Signing in with a code by e-mail, on the main host.
//!
//! 1. [`ask`] makes a code for whatever address is given, and answers. Whether that address may sign in is looked at
//!    behind the answer, on another thread, where the mail is sent: neither the answer nor its time betrays it.
//! 2. [`page`] asks for the code.
//! 3. [`check`] burns a try, compares, looks whether the address may sign in, and burns the code.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::HeaderMap;

use super::context::Context;
use super::failure::{Failure, reader_layout};
use super::sign_in::{address, welcome, with_cookies};
use super::state::Loggia;
use super::viewer::OurForm;
use super::ways::{choose, return_to};
use crate::access::cookie::{Cookie, CookieName};
use crate::access::email_code::{self, Asked, Typed};
use crate::access::sign_in::{SignInError, SignedIn};
use crate::access::{Neighbourhood, Parameters};
use crate::config::EmailCodes;
use crate::model::EmailAddress;
use crate::theme::views::{CodePage, CodeProblem, EmailForm, EmailProblem};

/// `POST /-/sign-in/email` with `email` and `return`.
pub(super) async fn ask(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    OurForm(fields): OurForm<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let codes = codes(&loggia)?;
    let given = Parameters::from_pairs(fields);
    let return_to = return_to(&given);
    let typed = given.get("email").unwrap_or_default();
    let refuse = |problem| {
        let form = EmailForm { typed: typed.to_owned(), problem: Some(problem) };
        choose(&loggia, &context, StatusCode::UNPROCESSABLE_ENTITY, &return_to, form)
    };
    let Ok(email) = typed.parse::<EmailAddress>() else { return refuse(EmailProblem::Unreadable) };
    if let Some(way) = elsewhere(&loggia, codes, email.domain()) {
        return refuse(EmailProblem::Elsewhere { domain: email.domain().to_owned(), way });
    }
    let now = loggia.clock.now();
    loggia.guesses.asked_from.count(&Neighbourhood::of(context.from).key(), now)?;
    loggia.guesses.asked_for.count(email.as_str().as_bytes(), now)?;
    let host = loggia.hosts.main_authority();
    let (asked, cookie) = email_code::ask(email, return_to, &host, &loggia.keyring, now, &loggia.entropy);
    let behind = Arc::clone(&loggia);
    tokio::task::spawn_blocking(move || deliver(&behind, &asked, &context));
    let response = super::redirect(StatusCode::SEE_OTHER, "/-/sign-in/code");
    Ok(with_cookies(response, &[&cookie]))
}

/// `GET /-/sign-in/code`.
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    codes(&loggia)?;
    match asked(&loggia, &headers) {
        Some(asked) => show(&loggia, &context, StatusCode::OK, &asked, None),
        None => Ok(with_cookies(super::redirect(StatusCode::SEE_OTHER, "/-/sign-in"), &[])),
    }
}

/// `POST /-/sign-in/code` with `code`.
pub(super) async fn check(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    headers: HeaderMap,
    OurForm(fields): OurForm<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let codes = codes(&loggia)?;
    let now = loggia.clock.now();
    loggia.guesses.typed_from.count(&Neighbourhood::of(context.from).key(), now)?;
    let asked = asked(&loggia, &headers).ok_or_else(|| failed(SignInError::NoCode, None))?;
    let given = Parameters::from_pairs(fields);
    let Some(typed) = given.get("code").and_then(Typed::parse) else {
        return show(
            &loggia,
            &context,
            StatusCode::UNPROCESSABLE_ENTITY,
            &asked,
            Some(CodeProblem::Unreadable),
        );
    };
    let left = use_up_a_try(&loggia, &asked).await?;
    // Grants may have changed since the code was sent, and a code that was guessed was perhaps sent to nobody.
    if !asked.is(&typed) || !may_sign_in(&loggia, codes, &asked.email)? {
        if left == 0 {
            return Err(failed(SignInError::CodeSpent, Some(&asked)));
        }
        tracing::info!(request = %context.id, left, "a code was typed wrongly");
        return show(
            &loggia,
            &context,
            StatusCode::UNPROCESSABLE_ENTITY,
            &asked,
            Some(CodeProblem::Wrong { left }),
        );
    }
    if !loggia.releases.burn(asked.id()).await? {
        return Err(failed(SignInError::CodeUsed, Some(&asked)));
    }
    let signed_in = SignedIn {
        person: asked.person(),
        return_to: asked.return_to.clone(),
        cookie: Cookie::clear(CookieName::EmailCode),
        provider_session: None,
        id_token: None,
    };
    Ok(welcome(&loggia, &context, &headers, signed_in).await)
}

/// Burns the first try that is left, and answers how many are left after it.
async fn use_up_a_try(loggia: &Loggia, asked: &Asked) -> Result<usize, Failure> {
    for (before, name) in asked.tries().enumerate() {
        if loggia.releases.burn(&name).await? {
            return Ok(usize::from(email_code::TRIES) - before - 1);
        }
    }
    Err(failed(SignInError::CodeSpent, Some(asked)))
}

/// Sends the code to an address that may sign in; anybody else's is sent to nobody.
fn deliver(loggia: &Loggia, asked: &Asked, context: &Context) {
    let (Some(mailer), Ok(codes)) = (&loggia.mailer, codes(loggia)) else { return };
    let to = &asked.email;
    if !may_sign_in(loggia, codes, to).unwrap_or(false) {
        tracing::info!(request = %context.id, %to, "a code was asked for by an address that may not sign in");
        return;
    }
    let layout = reader_layout(loggia, context);
    let say = |key| loggia.theme.say(&layout.lang, key, &[("site", &layout.site)]).unwrap_or_default();
    let [first, lasts, unasked] = ["code_mail_first", "code_mail_lasts", "code_mail_unasked"].map(say);
    let text = format!("{first}\n\n{}\n\n{lasts}\n\n{unasked}\n", asked.digits());
    match mailer.send(to, &say("code_mail_subject"), &text) {
        Ok(()) => tracing::info!(request = %context.id, %to, "a code is on its way"),
        Err(error) => tracing::error!(request = %context.id, %to, %error, "a code could not be sent"),
    }
}

fn show(
    loggia: &Loggia,
    context: &Context,
    status: StatusCode,
    asked: &Asked,
    problem: Option<CodeProblem>,
) -> Result<Response, Failure> {
    let view = CodePage {
        layout: reader_layout(loggia, context),
        email: asked.email.clone(),
        again: address(asked.return_to.as_str()),
        problem,
    };
    Ok(with_cookies(super::html_page(status, loggia.theme.code(&view)?), &[]))
}

/// The provider that addresses in `domain` sign in with, unless the domain was named for codes.
fn elsewhere(loggia: &Loggia, codes: &EmailCodes, domain: &str) -> Option<String> {
    let named = codes.domains.iter().any(|named| named == domain);
    let way = loggia.sign_in.iter().find(|way| way.is_for(domain)).filter(|_| !named)?;
    Some(way.label().to_owned())
}

fn may_sign_in(loggia: &Loggia, codes: &EmailCodes, email: &EmailAddress) -> Result<bool, Failure> {
    let (catalog, now) = (loggia.releases.catalog(), loggia.clock.now());
    if catalog.is_stale(now) {
        return Err(Failure::Stale);
    }
    let edition = loggia.edition.load();
    let apps = catalog.apps().map(|app| &**app);
    let guides = edition.library.pages().map(|page| &page.guide().readers);
    Ok(email_code::may_sign_in(email, codes, apps, guides, now))
}

fn asked(loggia: &Loggia, headers: &HeaderMap) -> Option<Asked> {
    Asked::open(headers, &loggia.hosts.main_authority(), &loggia.keyring, loggia.clock.now())
}

fn codes(loggia: &Loggia) -> Result<&EmailCodes, Failure> {
    loggia.config.sign_in.email.as_ref().ok_or(Failure::NotFound)
}

fn failed(error: SignInError, asked: Option<&Asked>) -> Failure {
    Failure::SignIn { error, return_to: asked.map(|asked| asked.return_to.clone()) }
}
