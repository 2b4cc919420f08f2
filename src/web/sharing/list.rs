//! The list of who may see an app, a part of it at a time.

use std::collections::HashMap;

use axum::response::Response;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::super::failure::{Failure, main_layout};
use super::super::sign_in::with_cookies;
use super::super::state::Loggia;
use crate::access::audience_of;
use crate::model::{App, EmailAddress, Grant, Person, Role, Who};
use crate::releases::Sought;
use crate::theme::views::{Notice, Opened, SharePage, ShareRow, Tab};

/// How many lines one page shows.
const PAGE: usize = 200;
/// For how long back is looked at who opened an app.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How many openings are looked at.
const MOST_OPENINGS: usize = 20_000;

/// Which part of the list is shown.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::web) struct Filter {
    /// A part of an address, a domain or a group.
    #[serde(default)]
    pub q: String,
    /// `ended`, `publishers`, `unopened`, or everything.
    #[serde(default)]
    pub show: String,
    /// From which page on, the first being 1.
    #[serde(default)]
    pub page: Option<usize>,
    /// What was pasted, when it could not be used.
    #[serde(skip)]
    pub who: String,
    /// The day that was written beside it.
    #[serde(skip)]
    pub who_until: String,
}

/// The page.
pub(in crate::web) async fn show(
    loggia: &Loggia,
    app: &App,
    person: &Person,
    filter: &Filter,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, Failure> {
    let now = loggia.clock.now();
    let unopened = filter.show == "unopened";
    let opened = if unopened { Some(openings(loggia, app, now).await?) } else { None };
    let sought = filter.q.trim().to_lowercase();
    let owner = Who::Person(app.owner.email.clone());
    let fits = |grant: &&Grant| {
        let found = sought.is_empty() || grant.who.to_string().to_lowercase().contains(&sought);
        let shown = match filter.show.as_str() {
            "ended" => grant.has_ended(now),
            "publishers" => grant.role == Role::Publisher,
            "unopened" => never_opened(grant, opened.as_ref().map(|opened| &opened.last)),
            _ => true,
        };
        found && shown
    };
    let mut fitting: Vec<&Grant> = app.grants.iter().filter(fits).collect();
    // The latest first; lines from before that was written down are the oldest.
    fitting.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.who.cmp(&b.who)));
    let pages = fitting.len().div_ceil(PAGE).max(1);
    let page = filter.page.unwrap_or(1).clamp(1, pages);
    let row = |grant: &&Grant| ShareRow {
        who: grant.who.clone(),
        role: grant.role,
        until: grant.until,
        ended: grant.has_ended(now),
        by: grant.by.clone(),
        at: grant.at,
        owner: grant.who == owner,
    };
    let at = |show: &str, page: usize| {
        let mut query = Serializer::new(format!("/-/apps/{}/share?", app.name));
        let fields = [("q", filter.q.trim()), ("show", show)];
        query.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty()));
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        query.finish().trim_end_matches(['?', '&']).to_owned()
    };
    let tabs =
        [("", "Everyone"), ("publishers", "Publishers"), ("ended", "Ended"), ("unopened", "Never opened")];
    let tab = |(show, label): (&str, &str)| Tab {
        label: label.to_owned(),
        url: at(show, 1),
        current: filter.show == show,
    };
    let view = SharePage {
        layout: main_layout(loggia),
        name: app.name.clone(),
        title: app.title.clone(),
        audience: audience_of(app, &loggia.config.access),
        viewer: person.email.clone(),
        total: app.grants.len(),
        found: fitting.len(),
        rows: fitting.iter().skip((page - 1) * PAGE).take(PAGE).map(row).collect(),
        q: filter.q.trim().to_owned(),
        show: filter.show.clone(),
        tabs: tabs.into_iter().map(tab).collect(),
        opened: opened.map(|opened| Opened { since: opened.since, cut: opened.cut }),
        page,
        pages,
        previous: (page > 1).then(|| at(&filter.show, page - 1)),
        next: (page < pages).then(|| at(&filter.show, page + 1)),
        who: filter.who.clone(),
        until: filter.who_until.clone(),
        notice,
    };
    Ok(with_cookies(super::super::html_page(status, loggia.theme.share(&view)?), &[]))
}

/// Who opened an app, as far as the record tells.
struct Openings {
    /// When each last did.
    last: HashMap<EmailAddress, Timestamp>,
    /// From when on that was looked at.
    since: Timestamp,
    /// Whether there were more openings than were looked at.
    cut: bool,
}

async fn openings(loggia: &Loggia, app: &App, now: Timestamp) -> Result<Openings, Failure> {
    let since = now.checked_sub(LOOKED_BACK).unwrap_or(now).max(app.created);
    let sought = Sought {
        action: Some("entered".to_owned()),
        since: Some(since),
        most: MOST_OPENINGS,
        ..Sought::default()
    };
    let record = loggia.releases.audit(&app.name, &sought).await?;
    let mut last = HashMap::new();
    for line in record.lines {
        if let Some(who) = line.event.who {
            last.entry(who).or_insert(line.event.when);
        }
    }
    Ok(Openings { last, since, cut: record.next.is_some() })
}

/// Only people can be told apart: a domain or a group opens nothing.
fn never_opened(grant: &Grant, last: Option<&HashMap<EmailAddress, Timestamp>>) -> bool {
    match &grant.who {
        Who::Person(address) => last.is_some_and(|last| !last.contains_key(address)),
        Who::Domain(_) | Who::Group(_) => false,
    }
}
