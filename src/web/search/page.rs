//! The page of results: by page, the page with the best section first.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use percent_encoding::percent_decode_str;

use super::super::failure::{Failure, main_layout};
use super::super::state::Loggia;
use super::asked::Asked;
use super::asker::Asker;
use super::asking::{Asking, ask};
use super::for_one;
use crate::access::may_read;
use crate::guides::View;
use crate::model::AppName;
use crate::search::{Also, Corrected, Hit, Kind, PageHits};
use crate::theme::views::{self, Filter, Link, SearchPage};

/// Sections on one page of results.
const SECTIONS: usize = 25;

/// `GET /-/search`
pub(in crate::web) async fn page(
    State(loggia): State<Arc<Loggia>>,
    asker: Asker,
    asked: Asked,
) -> Result<Response, Failure> {
    let Asking { answer, edition, sees_apps } =
        ask(&loggia, &asker, &asked, (asked.page - 1) * SECTIONS, SECTIONS).await;
    let pages = answer.total.div_ceil(SECTIONS).clamp(1, 500);
    let view = edition.library.view(|readers| may_read(asker.of_guides(), readers).is_ok());
    let again = |query: &str| Asked { query: query.to_owned(), page: 1, ..asked.clone() };
    let correction = |Corrected { query, from }: Corrected| views::Correction {
        instead: Asked { verbatim: true, ..again(&from) }.address(1),
        query,
        from,
    };
    let suggestion = |query: &String| Link::new(query, &again(query).address(1));
    let shown = SearchPage {
        layout: main_layout(&loggia),
        total: answer.total,
        filters: filters(&asked, sees_apps),
        everywhere: asked.within.map(|_| Asked { within: None, ..asked.clone() }.address(1)),
        freely: asked.verbatim.then(|| Asked { verbatim: false, ..asked.clone() }.address(1)),
        corrected: answer.corrected.clone().map(correction),
        synonyms: synonyms(&answer.synonyms),
        suggestions: answer.suggestions.iter().map(suggestion).collect(),
        hits: answer.pages().into_iter().map(|hits| group(hits, &view, &loggia)).collect(),
        previous: (asked.page > 1).then(|| asked.address(asked.page - 1)),
        next: (asked.page < pages).then(|| asked.address(asked.page + 1)),
        page: asked.page,
        pages,
        query: asked.query,
    };
    let response = super::super::html_page(StatusCode::OK, loggia.theme.search(&shown)?);
    Ok(for_one(response.map(axum::body::Body::new)))
}

/// Everything, guides, apps: offered to whoever sees apps, or asked for one of them.
fn filters(asked: &Asked, sees_apps: bool) -> Vec<Filter> {
    if !sees_apps && asked.within.is_none() {
        return Vec::new();
    }
    let all = [("Everything", None), ("Guides", Some(Kind::Guide)), ("Apps", Some(Kind::App))];
    let filter = |(label, within): (&str, Option<Kind>)| Filter {
        label: label.to_owned(),
        url: Asked { within, ..asked.clone() }.address(1),
        current: within == asked.within,
    };
    all.into_iter().map(filter).collect()
}

/// What was searched for as well, by the word that was typed.
fn synonyms(all: &[Also]) -> Vec<views::Synonyms> {
    let mut by_word: Vec<views::Synonyms> = Vec::new();
    for Also { word, synonym } in all {
        match by_word.iter_mut().find(|known| known.word == *word) {
            Some(known) => known.others.push(synonym.clone()),
            None => by_word.push(views::Synonyms { word: word.clone(), others: vec![synonym.clone()] }),
        }
    }
    by_word
}

fn group(PageHits { best, more }: PageHits, view: &View<'_>, loggia: &Loggia) -> views::Hit {
    let further = |hit: Hit| Link::new(&hit.heading, &hit.url);
    views::Hit {
        place: match best.app.as_deref().and_then(|app| app.parse().ok()) {
            Some(app) => within_app(&app, &best, loggia),
            None => within_guides(&best, view),
        },
        kind: match best.kind {
            Kind::Guide => views::HitKind::Guide,
            Kind::App => views::HitKind::App,
        },
        title: best.title,
        heading: best.heading,
        url: best.url,
        snippet: best.snippet,
        more: more.into_iter().map(further).collect(),
    }
}

/// The way to a guide, as this viewer sees it, and the guide itself where the hit is one of its sections.
fn within_guides(hit: &Hit, view: &View<'_>) -> Vec<Link> {
    let path = percent_decode_str(&hit.page).decode_utf8_lossy();
    let Some(page) = view.page(&path) else { return Vec::new() };
    let crumbs = view.breadcrumbs(page).into_iter();
    let mut place: Vec<Link> =
        crumbs.map(|crumb| Link::new(&crumb.title, &crumb.url.unwrap_or_default())).collect();
    if hit.heading != hit.title {
        place.push(Link::new(&hit.title, &hit.page));
    }
    place
}

/// The app, and its page where the hit is one of its sections.
fn within_app(app: &AppName, hit: &Hit, loggia: &Loggia) -> Vec<Link> {
    let catalog = loggia.releases.catalog();
    let title = catalog.app(app).map_or_else(|| app.as_str().to_owned(), |app| app.title.clone());
    let mut place = vec![Link::new(&title, &loggia.hosts.app_url(app))];
    if hit.heading != hit.title && hit.title != title {
        place.push(Link::new(&hit.title, &hit.page));
    }
    place
}
