//! The record of who did what: of one app for its publishers, of everything for administrators. [`files`] are the same as CSV
//! and JSON.

mod files;

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::context::Context;
use super::failure::{Failure, main_layout};
use super::sharing::published;
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::SignedIn;
use crate::access::may_administer;
use crate::model::{AppName, AuditAction, AuditLine};
use crate::releases::{Cursor, InvalidCursor, Record, Sought};
use crate::theme::views::{Choice, GapRow, RecordPage, RecordRow};
pub(in crate::web) use files::link;

/// How many lines one page shows, and one file holds at the most.
const PAGE: usize = 200;
const FILE: usize = 50_000;

/// Which lines.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::web) struct Filter {
    /// A part of an address.
    #[serde(default)]
    who: String,
    /// The name of an action.
    #[serde(default)]
    action: String,
    /// A day (UTC) or a time, and everything from then on.
    #[serde(default)]
    since: String,
    /// A day, with all of it, or a time before which.
    #[serde(default)]
    until: String,
    /// Of everything: one app.
    #[serde(default)]
    app: String,
    /// From where an earlier answer stopped.
    #[serde(default)]
    cursor: String,
}

impl Filter {
    /// What is looked for; a sentence where a field cannot be read.
    pub(in crate::web) fn sought(&self, most: usize) -> Result<Sought, String> {
        let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let action = text(&self.action);
        if let Some(action) = action.as_deref().filter(|action| !AuditAction::NAMES.contains(action)) {
            return Err(format!("`{action}` is no action; it is one of {}", AuditAction::NAMES.join(", ")));
        }
        Ok(Sought {
            person: text(&self.who),
            action,
            since: moment(&self.since, false)?,
            until: moment(&self.until, true)?,
            cursor: text(&self.cursor)
                .map(|cursor| cursor.parse())
                .transpose()
                .map_err(|error: InvalidCursor| error.to_string())?,
            most,
        })
    }

    /// The same filter as a query, going on at `cursor`, or from the beginning.
    pub(in crate::web) fn query(&self, cursor: Option<&Cursor>) -> String {
        let cursor = cursor.map(Cursor::to_string).unwrap_or_default();
        let fields = [
            ("who", &self.who),
            ("action", &self.action),
            ("app", &self.app),
            ("since", &self.since),
            ("until", &self.until),
            ("cursor", &cursor),
        ];
        let fields = fields.into_iter().filter(|(_, value)| !value.trim().is_empty());
        Serializer::new(String::new()).extend_pairs(fields).finish()
    }
}

/// `GET /-/apps/NAME/audit`
pub(super) async fn of_app(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Path(name): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let app = published(&loggia, &name, &person)?;
    let address = format!("/-/apps/{}/audit", app.name);
    let found = match filter.sought(PAGE) {
        Ok(sought) => Ok(loggia.releases.audit(&app.name, &sought).await?),
        Err(problem) => Err(problem),
    };
    page(&loggia, Some((app.name.clone(), app.title.clone())), &address, &filter, found)
}

/// `GET /-/apps/NAME/audit.csv` and `audit.json`
pub(super) async fn of_app_file(
    loggia: &Loggia,
    person: &crate::model::Person,
    name: &str,
    filter: &Filter,
) -> Result<Record, Failure> {
    let app = published(loggia, name, person)?;
    let sought = filter.sought(FILE).map_err(Failure::BadRequest)?;
    Ok(loggia.releases.audit(&app.name, &sought).await?)
}

/// `GET /-/apps/NAME/audit.csv`
pub(super) async fn of_app_csv(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Path(name): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let record = of_app_file(&loggia, &person, &name, &filter).await?;
    files::csv(&part(&loggia, &format!("/-/apps/{name}/audit"), &filter), &format!("{name}-record"), record)
}

/// `GET /-/apps/NAME/audit.json`
pub(super) async fn of_app_json(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Path(name): Path<String>,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let record = of_app_file(&loggia, &person, &name, &filter).await?;
    files::json(&part(&loggia, &format!("/-/apps/{name}/audit"), &filter), &format!("{name}-record"), record)
}

/// `GET /-/audit`: everything, for administrators; to others it is not there.
pub(super) async fn whole(
    State(loggia): State<Arc<Loggia>>,
    Extension(_context): Extension<Context>,
    SignedIn { person }: SignedIn,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    if !may_administer(&person, &loggia.config.access) {
        return Err(Failure::NotFound);
    }
    let found = match filter.sought(PAGE) {
        Ok(sought) => Ok(of_everything(&loggia, &filter, &sought).await?),
        Err(problem) => Err(problem),
    };
    page(&loggia, None, "/-/audit", &filter, found)
}

/// `GET /-/audit.csv`
pub(super) async fn whole_csv(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let record = whole_file(&loggia, &person, &filter).await?;
    files::csv(&part(&loggia, "/-/audit", &filter), "record", record)
}

/// `GET /-/audit.json`
pub(super) async fn whole_json(
    State(loggia): State<Arc<Loggia>>,
    SignedIn { person }: SignedIn,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    let record = whole_file(&loggia, &person, &filter).await?;
    files::json(&part(&loggia, "/-/audit", &filter), "record", record)
}

async fn whole_file(
    loggia: &Loggia,
    person: &crate::model::Person,
    filter: &Filter,
) -> Result<Record, Failure> {
    if !may_administer(person, &loggia.config.access) {
        return Err(Failure::NotFound);
    }
    let sought = filter.sought(FILE).map_err(Failure::BadRequest)?;
    of_everything(loggia, filter, &sought).await
}

/// The record of one app where one is named, which also holds apps that are deleted; else of everything.
async fn of_everything(loggia: &Loggia, filter: &Filter, sought: &Sought) -> Result<Record, Failure> {
    match filter.app.trim() {
        "" => Ok(loggia.releases.whole_record(sought).await?),
        name => match name.parse::<AppName>() {
            Ok(app) => Ok(loggia.releases.audit(&app, sought).await?),
            Err(_) => Ok(Record::default()),
        },
    }
}

/// Where a file goes on that a cursor cut: the address of its page, with an ending to come.
fn part(loggia: &Loggia, page: &str, filter: &Filter) -> files::Rest {
    files::Rest { page: format!("{}{page}", loggia.hosts.main_origin()), filter: filter.clone() }
}

fn page(
    loggia: &Loggia,
    app: Option<(AppName, String)>,
    address: &str,
    filter: &Filter,
    found: Result<Record, String>,
) -> Result<Response, Failure> {
    let (record, problem) = match found {
        Ok(record) => (record, None),
        Err(problem) => (Record::default(), Some(problem)),
    };
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let with = |end: &str, query: String| match query.as_str() {
        "" => format!("{address}{end}"),
        query => format!("{address}{end}?{query}"),
    };
    let choice = |name: &&'static str| Choice {
        value: (*name).to_owned(),
        label: action_words(name).to_owned(),
        count: 0,
        current: filter.action == **name,
    };
    let view = RecordPage {
        layout: main_layout(loggia),
        app: app.as_ref().map(|(name, _)| name.clone()),
        title: app.map(|(_, title)| title),
        action_url: address.to_owned(),
        who: filter.who.trim().to_owned(),
        since: filter.since.trim().to_owned(),
        until: filter.until.trim().to_owned(),
        app_filter: filter.app.trim().to_owned(),
        actions: AuditAction::NAMES.iter().map(choice).collect(),
        filtered: !filter.query(None).is_empty(),
        rows: record.lines.iter().map(row).collect(),
        gaps: record
            .gaps
            .into_iter()
            .map(|gap| GapRow { server: gap.server, lines: gap.before - gap.after - 1, when: gap.when })
            .collect(),
        older: record.next.as_ref().map(|next| with("", filter.query(Some(next)))),
        newest: (!filter.cursor.is_empty()).then(|| with("", filter.query(None))),
        looked: record.looked,
        csv: with(".csv", filter.query(None)),
        json: with(".json", filter.query(None)),
        problem,
    };
    Ok(with_cookies(super::html_page(status, loggia.theme.record(&view)?), &[]))
}

fn row(line: &AuditLine) -> RecordRow {
    let event = &line.event;
    RecordRow {
        when: event.when,
        who: event.who.clone(),
        from: event.from.map(|from| from.to_string()),
        app: event.app.clone(),
        action: action_words(event.action.name()),
        detail: event.action.detail(),
        rule: event.rule.clone(),
        times: event.times,
    }
}

/// An action in words for people.
fn action_words(name: &str) -> &'static str {
    match name {
        "created" => "Created it",
        "published" => "Published a release",
        "activated" => "Made a release live",
        "audience-set" => "Set the audience",
        "settings-changed" => "Changed settings",
        "granted" => "Shared it",
        "revoked" => "Took off the list",
        "release-deleted" => "Deleted a release",
        "release-restored" => "Restored a release",
        "deleted" => "Deleted it",
        "restored" => "Restored it",
        "network-set" => "Set the networks",
        "entered" => "Came in",
        "refused" => "Was refused",
        "asked" => "Asked for access",
        "approved" => "Let in who asked",
        "declined" => "Declined a request",
        "not-told" => "Could not be told by email",
        "viewed-as" => "Looked as somebody",
        "signed-in" => "Signed in",
        "signed-out" => "Signed out",
        "token-made" => "Made a token",
        "token-revoked" => "Revoked a token",
        "session-ended" => "Ended a session of theirs",
        "sessions-ended" => "Signed somebody out everywhere",
        "publisher-trusted" => "Trusted a job",
        "publisher-removed" => "Took away a trusted job",
        "synced-set" => "Set the synced folder",
        "lost" => "Lines were lost",
        _ => "Did something",
    }
}

/// A day or a time; with `end`, a day with all of it.
fn moment(given: &str, end: bool) -> Result<Option<Timestamp>, String> {
    let given = given.trim();
    if given.is_empty() {
        return Ok(None);
    }
    if let Ok(time) = given.parse::<Timestamp>() {
        return Ok(Some(time));
    }
    let mistake = || format!("`{given}` is no day; write it as year-month-day, such as 2027-03-31");
    let day: Date = given.parse().map_err(|_| mistake())?;
    let day = if end { day.tomorrow().map_err(|_| mistake())? } else { day };
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).map(Some).map_err(|_| mistake())
}
