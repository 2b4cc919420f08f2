//! How an app is served, on its page: what of its rules cannot be used, and the form for its settings.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::apps::{Change, done};
use super::failure::Failure;
use super::state::Loggia;
use crate::model::App;
use crate::releases;
use crate::theme::views::Serving;

#[derive(Deserialize)]
pub(super) struct ServingForm {
    #[serde(default)]
    fallback: String,
    #[serde(default)]
    isolated: Option<String>,
    #[serde(default)]
    frame_ancestors: String,
    #[serde(default)]
    csp: String,
    #[serde(default)]
    keep_days: String,
}

/// `POST /-/apps/NAME/settings`
pub(super) async fn set(
    State(loggia): State<Arc<Loggia>>,
    change: Change<ServingForm>,
) -> Result<Response, Failure> {
    let settings = Some(patch(&change.form));
    let set = releases::Change { settings, ..releases::Change::default() };
    let changed = loggia.releases.set(change.permit.app(), set, &change.by).await;
    done(&loggia, change.app, changed, &change.by.person, "How it is served was changed.".to_owned()).await
}

/// The fields as settings; an empty one takes its setting away.
fn patch(form: &ServingForm) -> Map<String, Value> {
    let text = |text: &str| match text.trim() {
        "" => Value::Null,
        text => Value::from(text),
    };
    let sources: Vec<&str> = form.frame_ancestors.split_whitespace().collect();
    let days = form.keep_days.trim();
    let settings = json!({
        "fallback": text(&form.fallback),
        "isolated": form.isolated.is_some(),
        "frame_ancestors": if sources.is_empty() { Value::Null } else { sources.into() },
        "csp": text(&form.csp),
        // What is no number is refused with the name of the setting.
        "keep_days": days.parse::<u16>().map_or_else(|_| text(days), Value::from),
    });
    settings.as_object().cloned().unwrap_or_default()
}

/// What the page shows. Rules that cannot be read at the moment are no reason not to show it.
pub(super) async fn serving(loggia: &Loggia, app: &App) -> Serving {
    let rules = async {
        let manifest = loggia.releases.manifest(&app.name, app.current?).await.ok()??;
        loggia.releases.rules_of(&manifest).await.ok()
    };
    let problems = rules.await.unwrap_or_default().problems;
    let settings = &app.settings;
    Serving {
        problems: problems.iter().map(ToString::to_string).collect(),
        fallback: settings.fallback.as_ref().map(ToString::to_string).unwrap_or_default(),
        isolated: settings.isolated,
        frame_ancestors: match settings.frame_ancestors.as_deref() {
            None => String::new(),
            Some([]) => "'none'".to_owned(),
            Some(sources) => sources.join(" "),
        },
        csp: settings.csp.clone().unwrap_or_default(),
        keep_days: settings.keep_days.map(|days| days.to_string()).unwrap_or_default(),
    }
}
