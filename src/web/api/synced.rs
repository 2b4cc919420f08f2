//! `apps/NAME/synced`: from which folder an app is filled, and how far that is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::SyncedFolders;
use crate::model::{AppName, EmailAddress, ReleaseId};

use super::Api;
use super::bearer::Publisher;
use super::problem::{Problem, ProblemDocument};

/// From which folder an app is filled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Synced)]
pub(super) struct SyncedView {
    /// What fills it; null is nothing: it is published to.
    filling: Option<FillingView>,
    /// The places that you may fill it from.
    places: Vec<PlaceView>,
}

/// What fills an app, and how far that is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Filling)]
pub(super) struct FillingView {
    /// What the operator calls the place.
    folders: String,
    /// The app's folder; null where the operator names the place no more, so that nothing fills it.
    folder: Option<String>,
    /// Who turned it on; releases are made in their name.
    #[schema(value_type = String)]
    by: EmailAddress,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// The release that was made of the folder last.
    #[schema(value_type = Option<String>)]
    release: Option<ReleaseId>,
    /// When.
    #[schema(value_type = Option<String>, format = DateTime)]
    published: Option<Timestamp>,
    /// When a change was noticed that is no release yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    noticed: Option<Timestamp>,
    /// Why it is none.
    trouble: Option<String>,
}

/// A place that an app may be filled from.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SyncedPlace)]
pub(super) struct PlaceView {
    /// What the operator calls it.
    name: String,
    /// The app's folder there.
    folder: String,
    /// The file whose change says that the folder is ready; null where it is left alone for `settle` seconds.
    marker: Option<String>,
    /// For how many seconds nothing may change before it is ready.
    settle: Option<u64>,
}

impl PlaceView {
    fn new(place: &SyncedFolders, app: &AppName) -> Self {
        let marker = place.marker.as_ref().map(ToString::to_string);
        Self {
            name: place.name.clone(),
            folder: place.folder_of(app),
            settle: marker.is_none().then_some(place.settle.as_secs()),
            marker,
        }
    }
}

/// From which folder an app is filled, and from which it may be. `PATCH apps/NAME` with `synced` changes it.
#[utoipa::path(get, path = "/apps/{name}/synced", tag = "apps",
    params(("name" = String, Path, description = "The app")),
    responses((status = 200, description = "What fills it", body = SyncedView),
        (status = 401, description = "No valid token", body = ProblemDocument),
        (status = 404, description = "No such app, or not yours", body = ProblemDocument)))]
pub(super) async fn read(
    State(api): State<Arc<Api>>,
    publisher: Publisher,
) -> Result<Json<SyncedView>, Problem> {
    let Publisher { by, app } = publisher;
    let usable = api.synced.iter().filter(|place| place.may_use(&by.person));
    let places = usable.map(|place| PlaceView::new(place, &app.name)).collect();
    let Some(synced) = app.synced.clone() else { return Ok(Json(SyncedView { filling: None, places })) };
    let state = api.releases.synced_state(&app.name).await?.unwrap_or_default();
    let place = api.synced.iter().find(|place| place.name == synced.folders);
    let (release, published) = state.published().unzip();
    let filling = FillingView {
        folder: place.map(|place| place.folder_of(&app.name)),
        folders: synced.folders,
        by: synced.by.email,
        since: synced.since,
        release,
        published,
        noticed: state.noticed,
        trouble: state.trouble.map(|trouble| trouble.what),
    };
    Ok(Json(SyncedView { filling: Some(filling), places }))
}
