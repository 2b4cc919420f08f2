//! Who may see an app, on a page of its own, for its publishers.
//!
//! 1. [`page`]: the list, a part of it at a time, and a field for pasting many addresses at once.
//! 2. [`review`]: what was understood of the paste ([`paste`]), to be looked at before anything is done.
//! 3. [`confirm`] shares, [`remove`] takes off, [`csv()`] gives the list away.

mod list;
mod paste;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;

use super::apps::{Change, find, outcome};
use super::failure::{Failure, main_layout};
use super::notices::Shared;
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::SignedIn;
use crate::access::{audience_of, decide_publish};
use crate::model::{App, Grant, Person, Role, Who};
use crate::theme::views::{DoubtRow, Notice, ShareReviewPage};
pub(super) use list::{Filter, show};
pub(super) use paste::{PUBLIC_MAIL, read};

const NOBODY_CHOSEN: &str = "Nobody was chosen, so nothing was changed";

/// `GET /-/apps/NAME/share`
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Path(name): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let app = published(&loggia, &name, &person)?;
    show(&loggia, &app, &person, &filter, StatusCode::OK, None).await
}

/// `GET /-/apps/NAME/share.csv`
pub(super) async fn csv(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let app = published(&loggia, &name, &person)?;
    let row = |grant: &Grant| {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let by = grant.by.as_ref().map(ToString::to_string).unwrap_or_default();
        [grant.who.to_string(), role_word(grant.role).to_owned(), time(grant.until), by, time(grant.at)]
    };
    let rows = app.grants.iter().map(row);
    spreadsheet(
        &format!("{}-people.csv", app.name),
        ["who", "role", "until", "granted_by", "granted_at"],
        rows,
    )
}

/// `POST /-/apps/NAME/share/review`: `who`, a paste; `role`; `until`, a day.
pub(super) async fn review(
    State(loggia): State<Arc<Loggia>>,
    change: Change<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let given = Given::of(&change.form);
    let (app, person) = (&change.app, &change.by.person);
    let understood = read(&given.text);
    let until_problem = given.until.as_ref().err().cloned();
    if understood.who.is_empty() || until_problem.is_some() {
        let filter = Filter { who: given.text, who_until: given.until_text, ..Filter::default() };
        let sentence = until_problem.unwrap_or_else(|| match understood.unread.first() {
            Some(first) => format!("`{first}` names nobody; write addresses such as `ann@example.org`"),
            None => "Write whom to share it with".to_owned(),
        });
        let notice = Some(Notice::Failed(sentence));
        return show(&loggia, app, person, &filter, StatusCode::UNPROCESSABLE_ENTITY, notice).await;
    }
    let now = loggia.clock.now();
    let domains = paste::domains_in_use(&app.grants, person.email.domain(), &understood.who);
    let (mut new, mut held, mut doubted) = (Vec::new(), Vec::new(), Vec::new());
    for who in understood.who {
        let line = app.grants.of(&who).filter(|grant| !grant.has_ended(now));
        match (line, paste::doubt(&who, &domains)) {
            // Whoever has the higher role keeps it.
            (Some(line), _) if line.role > given.role => held.push(who),
            (Some(line), _) if line.role == given.role && given.until == Ok(None) => held.push(who),
            (Some(_), _) | (None, None) => new.push(who),
            (None, Some(doubt)) => {
                doubted.push(DoubtRow { who, sentence: doubt.sentence, meant: doubt.meant });
            }
        }
    }
    let view = ShareReviewPage {
        layout: main_layout(&loggia),
        name: app.name.clone(),
        title: app.title.clone(),
        audience: audience_of(app, &loggia.config.access),
        new,
        held,
        doubted,
        unread: understood.unread,
        left_out: understood.left_out,
        role: given.role,
        until: given.until.ok().flatten(),
        until_text: given.until_text,
        text: given.text,
        mails: loggia.notices.by_mail(),
    };
    Ok(with_cookies(super::html_page(StatusCode::OK, loggia.theme.share_review(&view)?), &[]))
}

/// `POST /-/apps/NAME/share`: `who`, as often as wanted; `role`; `until`, a day; `mail`, to tell people by mail.
pub(super) async fn confirm(
    State(loggia): State<Arc<Loggia>>,
    change: Change<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let given = Given::of(&change.form);
    let person = &change.by.person;
    let who = given.who()?;
    let until = match given.until {
        Ok(until) if !who.is_empty() => until,
        until => {
            let sentence = until.err().unwrap_or_else(|| NOBODY_CHOSEN.to_owned());
            let (filter, status) = (Filter::default(), StatusCode::UNPROCESSABLE_ENTITY);
            return show(&loggia, &change.app, person, &filter, status, Some(Notice::Failed(sentence))).await;
        }
    };
    let grants: Vec<Grant> = who.into_iter().map(|who| Grant::new(who, given.role, until)).collect();
    let shared = loggia.notices.share(change.permit.app(), &grants, &change.by, given.mail).await;
    let with = match grants.as_slice() {
        [one] => one.who.to_string(),
        many => counted(many.len()),
    };
    let told = shared.as_ref().map(told).unwrap_or_default();
    let sentence = format!("Shared with {with}. It opens for them within seconds.{told}");
    done(&loggia, &change, shared.map(|shared| shared.app), sentence).await
}

/// `POST /-/apps/NAME/share/remove`: `who`, as often as wanted.
pub(super) async fn remove(
    State(loggia): State<Arc<Loggia>>,
    change: Change<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let who = Given::of(&change.form).who()?;
    if who.is_empty() {
        let (filter, status) = (Filter::default(), StatusCode::UNPROCESSABLE_ENTITY);
        let notice = Some(Notice::Failed(NOBODY_CHOSEN.to_owned()));
        return show(&loggia, &change.app, &change.by.person, &filter, status, notice).await;
    }
    let changed = loggia.releases.revoke_all(change.permit.app(), &who, &change.by).await;
    let sentence = match who.as_slice() {
        [one] => format!("{one} was taken off the list. It closes for them within seconds."),
        many => {
            format!("{} were taken off the list. It closes for them within seconds.", counted(many.len()))
        }
    };
    done(&loggia, &change, changed, sentence).await
}

async fn done(
    loggia: &Loggia,
    change: &Change<Vec<(String, String)>>,
    changed: Result<Arc<App>, crate::releases::ReleaseError>,
    sentence: String,
) -> Result<Response, Failure> {
    let (app, status, notice) = outcome(Arc::clone(&change.app), changed, sentence)?;
    show(loggia, &app, &change.by.person, &Filter::default(), status, Some(notice)).await
}

/// The app, for somebody who publishes to it; to everybody else it is not there.
pub(super) fn published(loggia: &Loggia, name: &str, person: &Person) -> Result<Arc<App>, Failure> {
    let app = find(loggia, name)?;
    match decide_publish(person, &app, loggia.clock.now()) {
        Ok(_permit) => Ok(app),
        Err(_) => Err(Failure::NotFound),
    }
}

/// Who is told by mail, as sentences with a space before them.
pub(super) fn told(shared: &Shared) -> String {
    let told = match shared.told {
        0 => String::new(),
        1 => " 1 person is told by email.".to_owned(),
        many => format!(" {many} people are told by email."),
    };
    let spared = match shared.spared {
        0 => String::new(),
        1 => " 1 person is not: they were sent many emails already. Tell them yourself.".to_owned(),
        many => format!(" {many} people are not: many emails were sent already. Tell them yourself."),
    };
    told + &spared
}

/// Fields of the forms here.
struct Given {
    text: String,
    all: Vec<String>,
    role: Role,
    until: Result<Option<Timestamp>, String>,
    until_text: String,
    mail: bool,
}

impl Given {
    fn of(form: &[(String, String)]) -> Self {
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        let all = form.iter().filter(|(key, _)| key == "who").map(|(_, value)| value.clone()).collect();
        let until_text = field("until").unwrap_or_default();
        Self {
            text: field("who").unwrap_or_default(),
            all,
            role: if field("role").as_deref() == Some("publisher") { Role::Publisher } else { Role::Viewer },
            until: end_of(&until_text),
            until_text,
            mail: field("mail").is_some(),
        }
    }

    /// Every `who` as one of ours.
    fn who(&self) -> Result<Vec<Who>, Failure> {
        let parse = |who: &String| {
            who.parse().map_err(|error: crate::model::InvalidWho| Failure::BadRequest(error.to_string()))
        };
        self.all.iter().filter(|who| !who.is_empty()).map(parse).collect()
    }
}

/// The end of a day (UTC), or never when nothing is written.
pub(super) fn end_of(day: &str) -> Result<Option<Timestamp>, String> {
    let day = day.trim();
    if day.is_empty() {
        return Ok(None);
    }
    let mistake = || "write the day as year-month-day, such as 2027-03-31, or leave it empty".to_owned();
    let date: jiff::civil::Date = day.parse().map_err(|_| mistake())?;
    let after = date.tomorrow().map_err(|_| mistake())?;
    let end = jiff::tz::TimeZone::UTC.to_timestamp(after.at(0, 0, 0, 0)).map_err(|_| mistake())?;
    Ok(Some(end))
}

pub(super) fn role_word(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Publisher => "publisher",
    }
}

fn counted(number: usize) -> String {
    format!("{number} people, domains and groups")
}

/// Rows as a file for a spreadsheet (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe.
pub(super) fn spreadsheet<const N: usize>(
    file: &str,
    headings: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> Result<Response, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Failure::Internal(format!("a table could not be written: {error}"));
    writer.write_record(headings).map_err(failed)?;
    for row in rows {
        writer.write_record(row.map(|cell| inert(&cell))).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::Internal(error.to_string()))?;
    let mut response = Response::new(axum::body::Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if let Ok(disposition) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

fn inert(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_its_midnight() {
        assert_eq!(end_of("").unwrap(), None);
        assert_eq!(end_of("2027-03-31").unwrap().unwrap().to_string(), "2027-04-01T00:00:00Z");
        assert!(end_of("31 March").is_err());
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@example.org", "\t=1", "\r=1"] {
            assert_eq!(inert(formula), format!("'{formula}"));
            let Who::Domain(_) = read("'@example.org").who.remove(0) else { panic!("pasted back") };
        }
        assert_eq!(inert("ann@example.org"), "ann@example.org");
    }
}
