//! For administrators: signing somebody out everywhere. To everybody else the page is not there.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::api::end_everything;
use super::context::Context;
use super::failure::{Failure, main_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::{OurForm, SignedIn};
use crate::access::may_administer;
use crate::model::{EmailAddress, Person};
use crate::releases::By;
use crate::theme::views::{Notice, PeoplePage};

/// `GET /-/people/`
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
) -> Result<Response, Failure> {
    administrator(&loggia, &person)?;
    show(&loggia, StatusCode::OK, String::new(), None, None)
}

#[derive(Deserialize)]
pub(super) struct SignOutForm {
    who: String,
    #[serde(default)]
    tokens: Option<String>,
}

/// `POST /-/people/sign-out`
pub(super) async fn sign_out(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    SignedIn { person }: SignedIn,
    OurForm(form): OurForm<SignOutForm>,
) -> Result<Response, Failure> {
    administrator(&loggia, &person)?;
    let who: EmailAddress = match form.who.parse() {
        Ok(who) => who,
        Err(error) => {
            let problem = Some(error.to_string());
            return show(&loggia, StatusCode::UNPROCESSABLE_ENTITY, form.who, problem, None);
        }
    };
    let tokens = form.tokens.is_some();
    let by = By { person, from: Some(context.from) };
    end_everything(&loggia.releases, &by, &who, tokens, loggia.clock.now()).await?;
    let what = if tokens { "All sessions and tokens" } else { "All sessions" };
    let notice = Notice::Done(format!("{what} of {who} were ended. Within seconds they open nothing."));
    show(&loggia, StatusCode::OK, String::new(), None, Some(notice))
}

fn administrator(loggia: &Loggia, person: &Person) -> Result<(), Failure> {
    if may_administer(person, &loggia.config.access) { Ok(()) } else { Err(Failure::NotFound) }
}

fn show(
    loggia: &Loggia,
    status: StatusCode,
    who: String,
    who_problem: Option<String>,
    notice: Option<Notice>,
) -> Result<Response, Failure> {
    let view = PeoplePage { layout: main_layout(loggia), who, who_problem, notice };
    Ok(with_cookies(super::html_page(status, loggia.theme.people(&view)?), &[]))
}
