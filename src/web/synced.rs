//! From which folder an app is filled: the part of its page, and the form that changes it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;

use super::apps::{Change, Showing, done, show};
use super::failure::Failure;
use super::state::Loggia;
use crate::config::SyncedFolders;
use crate::model::{App, Person};
use crate::releases;
use crate::theme::views::{Filling, FoldersChoice, Notice, SyncedPart};

#[derive(Deserialize)]
pub(super) struct SyncedForm {
    folders: String,
}

/// `POST /-/apps/NAME/synced`
pub(super) async fn set(
    State(loggia): State<Arc<Loggia>>,
    change: Change<SyncedForm>,
) -> Result<Response, Failure> {
    let wanted = Some(change.form.folders.clone()).filter(|folders| !folders.is_empty());
    // What holds already may stay, whoever sends the form again.
    let held = change.app.synced.as_ref().map(|synced| &synced.folders);
    let allowed = if held == wanted.as_ref() {
        Ok(wanted)
    } else {
        may_fill_from(wanted, &loggia.config.synced, &change.by.person)
    };
    match allowed {
        Ok(wanted) => {
            let sentence = match &wanted {
                Some(_) => {
                    "It is filled from its folder; the first release follows when the folder is ready."
                }
                None => "It is filled from no folder. Its releases stay.",
            };
            let set = releases::Change { synced: Some(wanted), ..releases::Change::default() };
            let changed = loggia.releases.set(change.permit.app(), set, &change.by).await;
            done(&loggia, change.app, changed, &change.by.person, sentence.to_owned()).await
        }
        Err(sentence) => {
            let showing = Showing { notice: Some(Notice::Failed(sentence)), ..Showing::default() };
            show(&loggia, &change.app, &change.by.person, StatusCode::UNPROCESSABLE_ENTITY, showing).await
        }
    }
}

/// A place of synced folders that `person` may use; from none is always possible.
pub(in crate::web) fn may_fill_from(
    wanted: Option<String>,
    places: &[SyncedFolders],
    person: &Person,
) -> Result<Option<String>, String> {
    let Some(wanted) = wanted else { return Ok(None) };
    let mut usable = places.iter().filter(|place| place.may_use(person)).map(|place| place.name.as_str());
    if usable.clone().any(|name| name == wanted) {
        return Ok(Some(wanted));
    }
    let shown: String = wanted.chars().take(40).flat_map(char::escape_default).collect();
    let first = usable.next().map(ToOwned::to_owned);
    let known = first.map_or_else(
        || "there is none for you".to_owned(),
        |first| usable.fold(first, |all, next| format!("{all}, {next}")),
    );
    Err(format!(
        "no place for synced folders that you may use is called `{shown}`; an operator names them: {known}"
    ))
}

/// What the page shows. That its state cannot be read at the moment spoils no page.
pub(super) async fn part(loggia: &Loggia, app: &App, person: &Person) -> Option<SyncedPart> {
    let places = &loggia.config.synced;
    let held = app.synced.as_ref();
    let is_held = |place: &SyncedFolders| held.is_some_and(|synced| synced.folders == place.name);
    let choice = |place: &SyncedFolders| FoldersChoice {
        name: place.name.clone(),
        folder: place.folder_of(&app.name),
        marker: place.marker.as_ref().map(ToString::to_string),
        settle: place.settle.as_secs(),
        chosen: is_held(place),
    };
    let usable = places.iter().filter(|place| is_held(place) || place.may_use(person));
    let choices: Vec<FoldersChoice> = usable.map(choice).collect();
    if choices.is_empty() && held.is_none() {
        return None;
    }
    let filling = match held {
        None => None,
        Some(synced) => {
            let state = loggia.releases.synced_state(&app.name).await.unwrap_or_else(|error| {
                tracing::debug!(%error, app = %app.name, "how far a synced folder is is not known");
                None
            });
            let state = state.unwrap_or_default();
            let place = places.iter().find(|place| is_held(place));
            let (trouble, troubled) =
                state.trouble.clone().map(|trouble| (trouble.what, trouble.since)).unzip();
            Some(Filling {
                folders: synced.folders.clone(),
                folder: place.map(|place| place.folder_of(&app.name)),
                by: synced.by.email.clone(),
                since: synced.since,
                published: state.published().map(|(_, at)| at),
                noticed: state.noticed,
                trouble,
                troubled,
            })
        }
    };
    Some(SyncedPart { choices, filling })
}
