//! The health of the guides, for those who keep them: what `loggia check` says, by owner and by kind.
//!
//! What is wrong with a guide is shown to whoever may read it, and to nobody else; a sentence that names another
//! guide needs both.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::context::Context;
use super::edition::Edition;
use super::failure::{Failure, main_layout};
use super::sign_in::with_cookies;
use super::state::Loggia;
use super::viewer::SignedIn;
use crate::access::{may_create, may_publish_guides, may_read};
use crate::config::Access;
use crate::guides::{Page, Problem, Severity};
use crate::model::{Person, Viewer, encode_path};
use crate::theme::views::{Choice, ErrorPage, OwnerRow, ReviewPage, ReviewedGuide, ReviewedProblem};

/// The most problems on one page.
const MOST_SHOWN: usize = 500;
/// How an address says "those without an owner", which no owner can be called.
const NOBODY: &str = "-";

/// The filter: an owner and a kind; empty is all.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    owner: String,
    #[serde(default)]
    kind: String,
}

/// `GET /-/review/`
pub(super) async fn page(
    State(loggia): State<Arc<Loggia>>,
    Extension(context): Extension<Context>,
    SignedIn { person }: SignedIn,
    Query(filter): Query<Filter>,
) -> Result<Response, Failure> {
    if !may_review(&person, &loggia.config.access) {
        return refusal(&loggia, &context, &person);
    }
    let edition = loggia.edition.load_full();
    let trouble = loggia.editions.as_ref().and_then(super::editions::Editions::trouble);
    let layout = main_layout(&loggia);
    // On a large site, looking for what is wrong takes a while the first time.
    let told = tokio::task::spawn_blocking(move || {
        let review = Review::of(&edition, &person);
        let view = ReviewPage { layout, edition: trouble, ..review.view(&filter, &person) };
        loggia.theme.review(&view)
    });
    let html = told.await.map_err(|error| Failure::Internal(error.to_string()))??;
    Ok(with_cookies(super::html_page(StatusCode::OK, html), &[]))
}

/// Those who write here: whoever may create apps or publish the guides.
pub(super) fn may_review(person: &Person, access: &Access) -> bool {
    may_create(person, access) || may_publish_guides(person, access)
}

/// The page for everybody else.
pub(super) fn refusal(loggia: &Loggia, context: &Context, person: &Person) -> Result<Response, Failure> {
    let view = ErrorPage {
        layout: main_layout(loggia),
        status: StatusCode::FORBIDDEN.as_u16(),
        title: "This page is for authors".to_owned(),
        sentence: format!(
            "You are signed in as {}, and may not publish here. Ask the people who run this site if you keep guides.",
            person.email
        ),
        request_id: context.id.to_string(),
    };
    Ok(with_cookies(super::html_page(StatusCode::FORBIDDEN, loggia.theme.error(&view)?), &[]))
}

/// What one person may know of what is wrong.
struct Review<'a> {
    edition: &'a Edition,
    /// How many guides they may read.
    checked: usize,
    /// With the guide each is about.
    problems: Vec<(&'a Problem, Option<&'a Arc<Page>>)>,
}

impl<'a> Review<'a> {
    fn of(edition: &'a Edition, person: &Person) -> Self {
        let library = &edition.library;
        let viewer = Viewer::SignedIn(person.clone());
        let readable = |page: &Arc<Page>| may_read(&viewer, &page.guide().readers).is_ok();
        let mentioned = |problem: &Problem| {
            problem.mentions.iter().all(|path| library.page(path.as_str()).is_none_or(&readable))
        };
        let problems =
            library.problems().iter().map(|problem| (problem, library.guide_of_file(&problem.file)));
        let problems =
            problems.filter(|(problem, page)| page.is_none_or(&readable) && mentioned(problem)).collect();
        Self { edition, checked: library.pages().filter(|page| readable(page)).count(), problems }
    }

    fn view(&self, filter: &Filter, person: &Person) -> ReviewPage {
        let of_owner = |(_, page): &&(&Problem, Option<&Arc<Page>>)| {
            filter.owner.is_empty() || owner_of(*page).unwrap_or(NOBODY) == filter.owner
        };
        let of_kind = |(problem, _): &&(&Problem, Option<&Arc<Page>>)| {
            filter.kind.is_empty() || problem.kind.name() == filter.kind
        };
        let found: Vec<_> = self.problems.iter().filter(of_owner).filter(of_kind).collect();
        let kinds = Self::kinds(self.problems.iter().filter(of_owner).map(|(problem, _)| *problem), filter);
        ReviewPage {
            layout: crate::theme::views::Layout::main_host(""),
            viewer: person.email.clone(),
            checked: self.checked,
            edition: None,
            owners: self.owners(filter),
            kinds,
            found: found.len(),
            left_out: found.len().saturating_sub(MOST_SHOWN),
            filtered: !filter.owner.is_empty() || !filter.kind.is_empty(),
            guides: self.guides(&found),
        }
    }

    /// All together first, then by owner; what nobody owns comes last.
    fn owners(&self, filter: &Filter) -> Vec<OwnerRow> {
        let row = |label: &str, value: &str| OwnerRow {
            label: label.to_owned(),
            value: value.to_owned(),
            url: address(value, &filter.kind),
            current: filter.owner == value,
            errors: 0,
            warnings: 0,
            information: 0,
        };
        let mut all = row("All guides", "");
        let mut nobody = row("No owner", NOBODY);
        let mut rows: BTreeMap<&str, OwnerRow> = BTreeMap::new();
        for (problem, page) in &self.problems {
            add(&mut all, problem.severity);
            match owner_of(*page) {
                Some(owner) => add(rows.entry(owner).or_insert_with(|| row(owner, owner)), problem.severity),
                None => add(&mut nobody, problem.severity),
            }
        }
        let rest =
            (nobody.errors + nobody.warnings + nobody.information > 0 && !rows.is_empty()).then_some(nobody);
        std::iter::once(all).chain(rows.into_values()).chain(rest).collect()
    }

    fn kinds<'p>(problems: impl Iterator<Item = &'p Problem>, filter: &Filter) -> Vec<Choice> {
        let mut counts = BTreeMap::new();
        for problem in problems {
            *counts.entry(problem.kind).or_insert(0) += 1;
        }
        let choice = |(kind, count): (crate::guides::ProblemKind, usize)| Choice {
            label: kind.title().to_owned(),
            value: kind.name().to_owned(),
            count,
            current: filter.kind == kind.name(),
        };
        counts.into_iter().map(choice).collect()
    }

    /// The worst first: by their worst problem, then by how many there are.
    fn guides(&self, found: &[&(&Problem, Option<&Arc<Page>>)]) -> Vec<ReviewedGuide> {
        let mut by_guide: BTreeMap<&str, Vec<&Problem>> = BTreeMap::new();
        let mut pages: BTreeMap<&str, &Arc<Page>> = BTreeMap::new();
        for (problem, page) in found {
            let name = page.map_or(&*problem.file, |page| page.guide().path.as_str());
            by_guide.entry(name).or_default().push(problem);
            pages.extend(page.map(|page| (name, page)));
        }
        let mut guides: Vec<_> = by_guide.into_iter().collect();
        for (_, problems) in &mut guides {
            problems.sort_by_key(|problem| (problem.severity, problem.file.clone(), problem.line));
        }
        guides.sort_by_key(|(_, problems)| {
            (problems.first().map(|problem| problem.severity), std::cmp::Reverse(problems.len()))
        });
        let mut left = MOST_SHOWN;
        let mut out = Vec::new();
        for (name, mut problems) in guides {
            problems.truncate(left);
            left -= problems.len();
            if problems.is_empty() {
                break;
            }
            out.push(self.guide(name, pages.get(name).copied(), &problems));
        }
        out
    }

    fn guide(&self, name: &str, page: Option<&Arc<Page>>, problems: &[&Problem]) -> ReviewedGuide {
        let site = self.edition.library.site();
        let guide = page.map(|page| page.guide());
        let file = guide.map_or(name, |guide| &guide.file);
        ReviewedGuide {
            title: guide.map_or_else(|| name.to_owned(), |guide| guide.title.clone()),
            url: guide.map(|guide| encode_path(guide.path.as_str())),
            owner: owner_of(page).map(str::to_owned),
            due: guide.and_then(|guide| guide.review.due),
            edit: site.edit_url(file),
            problems: problems.iter().map(|problem| reviewed(problem)).collect(),
        }
    }
}

fn reviewed(problem: &Problem) -> ReviewedProblem {
    ReviewedProblem {
        severity: problem.severity.to_string(),
        file: problem.file.clone(),
        line: problem.line,
        message: problem.message.clone(),
    }
}

fn owner_of(page: Option<&Arc<Page>>) -> Option<&str> {
    page?.guide().review.owner.as_deref().filter(|owner| !owner.trim().is_empty())
}

fn add(row: &mut OwnerRow, severity: Severity) {
    *match severity {
        Severity::Error => &mut row.errors,
        Severity::Warning => &mut row.warnings,
        Severity::Information => &mut row.information,
    } += 1;
}

/// The page with this filter.
fn address(owner: &str, kind: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("owner", owner), ("kind", kind)] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    match query.finish() {
        query if query.is_empty() => "/-/review/".to_owned(),
        query => format!("/-/review/?{query}"),
    }
}
