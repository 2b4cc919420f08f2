//! The index is asked, within what the asker may see.

use std::sync::Arc;

use super::super::edition::Edition;
use super::super::state::Loggia;
use super::asked::Asked;
use super::asker::Asker;
use crate::model::Viewer;
use crate::search::{Answer, Circle, Kind, Mode, Request, Scope};

/// An answer, and what it was made from.
pub(super) struct Asking {
    pub(super) answer: Answer,
    /// The edition that was asked.
    pub(super) edition: Arc<Edition>,
    /// Whether the asker sees any app at all.
    pub(super) sees_apps: bool,
}

/// Asks on a thread of its own: a long question would hold up everybody on this event loop.
pub(super) async fn ask(
    loggia: &Loggia,
    asker: &Asker,
    asked: &Asked,
    offset: usize,
    limit: usize,
) -> Asking {
    let edition = loggia.edition.load_full();
    let (scope, sees_apps) = scope(loggia, asker, asked.within, &edition);
    let request = Request {
        limit,
        offset,
        verbatim: asked.verbatim,
        mode: asked.mode,
        today: Some(jiff::tz::TimeZone::UTC.to_datetime(loggia.clock.now()).date()),
        ..Request::new(asked.query.clone(), scope)
    };
    let index = edition.index.clone();
    let turn = Arc::clone(&loggia.searches).acquire_owned().await;
    let searched = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        index.search(&request)
    });
    let searched = searched.await;
    let mut answer = searched.unwrap_or_else(|error| {
        tracing::error!(%error, "a search did not end");
        Answer::default()
    });
    // What is typed so far is no question yet, and a further page or a filter is the same question again.
    if asked.mode == Mode::Whole && offset == 0 && asked.within.is_none() {
        loggia.insights.asked(&asked.query, asker.name(), answer.total > 0);
    }
    for hit in &mut answer.hits {
        if let Some(app) = hit.app.as_deref().and_then(|app| app.parse().ok()) {
            let origin = loggia.hosts.app_url(&app);
            let origin = origin.trim_end_matches('/');
            hit.url.insert_str(0, origin);
            hit.page.insert_str(0, origin);
        }
    }
    Asking { answer, edition, sees_apps }
}

/// Whether somebody finds anything with a question.
pub(in crate::web) fn finds(loggia: &Loggia, asker: &Asker) -> impl Fn(&str) -> bool + Send + use<> {
    let edition = loggia.edition.load_full();
    let (scope, _) = scope(loggia, asker, None, &edition);
    move |query| {
        let request = Request { limit: 1, ..Request::new(query, scope.clone()) };
        edition.index.search(&request).total > 0
    }
}

/// What may be found, and whether the asker sees any app.
fn scope(loggia: &Loggia, asker: &Asker, within: Option<Kind>, edition: &Edition) -> (Scope, bool) {
    let stranger = matches!(asker.viewer, Viewer::Anonymous);
    if stranger && within.is_none() && !edition.index.has_apps() {
        return (edition.public.clone(), false);
    }
    let (catalog, now) = (loggia.releases.catalog(), loggia.clock.now());
    edition.askers.of(asker, within, now.as_second(), &catalog, || {
        let admits = asker.admits(loggia, &catalog);
        let mut sees_apps = false;
        let scope = Scope::new(&edition.index, |circle| {
            let seen = admits(circle);
            let kind = match circle {
                Circle::Guides(_) => Kind::Guide,
                Circle::App(_) => Kind::App,
            };
            sees_apps |= seen && kind == Kind::App;
            seen && within.is_none_or(|within| within == kind)
        });
        (scope, sees_apps)
    })
}
