//! How an app is served and through which doors, on its page: what of its rules cannot be used, and the forms for its
//! settings, its audience and its networks.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::apps::{Change, Showing, done, show};
use super::failure::Failure;
use super::state::Loggia;
use crate::access::{audience_of, may_choose};
use crate::model::{App, Audience, NetworkRule, NetworkUse};
use crate::releases;
use crate::theme::views::{Doors, NetworkChoice, Notice, Serving};

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

#[derive(Deserialize)]
pub(super) struct AudienceForm {
    audience: Audience,
    #[serde(default)]
    hidden: Option<String>,
}

/// `POST /-/apps/NAME/audience`
pub(super) async fn set_audience(
    State(loggia): State<Arc<Loggia>>,
    change: Change<AudienceForm>,
) -> Result<Response, Failure> {
    let form = &change.form;
    if !may_choose(form.audience, &loggia.config.access) {
        let sentence = format!("`{}` is not among the audiences that can be chosen here", form.audience);
        let showing = Showing { notice: Some(Notice::Failed(sentence)), ..Showing::default() };
        return show(&loggia, &change.app, &change.by.person, StatusCode::UNPROCESSABLE_ENTITY, showing)
            .await;
    }
    let hidden = Value::from(form.hidden.is_some());
    let settings = (change.app.settings.hidden != form.hidden.is_some())
        .then(|| [("hidden".to_owned(), hidden)].into_iter().collect());
    let set = releases::Change { audience: Some(form.audience), settings, ..releases::Change::default() };
    let changed = loggia.releases.set(change.permit.app(), set, &change.by).await;
    done(&loggia, change.app, changed, &change.by.person, "Who may see it was changed.".to_owned()).await
}

/// `POST /-/apps/NAME/network`: `rule` (`none`, `instead` or `as-well`), and `name` as often as wanted.
pub(super) async fn set_network(
    State(loggia): State<Arc<Loggia>>,
    change: Change<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let named =
        |key: &'static str| change.form.iter().filter(move |(name, _)| name == key).map(|(_, value)| value);
    let rule = named("rule").next().map(String::as_str).unwrap_or_default();
    let names: Vec<String> = named("name").cloned().collect();
    let network = match rule {
        "instead" => Ok(Some(NetworkRule { rule: NetworkUse::Instead, names })),
        "as-well" => Ok(Some(NetworkRule { rule: NetworkUse::AsWell, names })),
        "none" => Ok(None),
        _ => Err("Choose what being in a network does".to_owned()),
    };
    match network.and_then(|network| may_set_network(network, &loggia.config.access)) {
        Ok(network) => {
            let changed = loggia.releases.set_network(change.permit.app(), network, &change.by).await;
            let sentence = "From where it opens was changed.".to_owned();
            done(&loggia, change.app, changed, &change.by.person, sentence).await
        }
        Err(sentence) => {
            let showing = Showing { notice: Some(Notice::Failed(sentence)), ..Showing::default() };
            show(&loggia, &change.app, &change.by.person, StatusCode::UNPROCESSABLE_ENTITY, showing).await
        }
    }
}

/// A condition of networks that all exist; each once, and one at least.
pub(in crate::web) fn may_set_network(
    network: Option<NetworkRule>,
    access: &crate::config::Access,
) -> Result<Option<NetworkRule>, String> {
    let Some(NetworkRule { rule, mut names }) = network else { return Ok(None) };
    names.sort_unstable();
    names.dedup();
    let known = |name: &&String| access.networks.iter().any(|network| network.name == **name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let known: Vec<&str> = access.networks.iter().map(|network| network.name.as_str()).collect();
        let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
        let shown: String = unknown.chars().take(40).flat_map(char::escape_default).collect();
        return Err(format!(
            "no network is called `{shown}`; an operator names them in the configuration: {known}"
        ));
    }
    if names.is_empty() {
        return Err("Choose one network at least, or let it open from anywhere".to_owned());
    }
    Ok(Some(NetworkRule { rule, names }))
}

/// What the page shows of an app's audience and networks.
pub(super) fn doors(loggia: &Loggia, app: &App) -> Doors {
    let access = &loggia.config.access;
    let audiences = [Audience::Listed, Audience::SignedIn, Audience::Public];
    let names = app.network.as_ref().map(|rule| rule.names.as_slice()).unwrap_or_default();
    let choice = |network: &crate::config::Network| NetworkChoice {
        name: network.name.clone(),
        description: network.description.clone(),
        ranges: network.ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        chosen: names.contains(&network.name),
    };
    let known = |name: &&String| access.networks.iter().any(|network| network.name == **name);
    Doors {
        audiences: audiences.into_iter().filter(|audience| may_choose(*audience, access)).collect(),
        narrowed: audience_of(app, access) != app.audience,
        hidden: app.settings.hidden,
        rule: app.network.as_ref().map(|network| network.rule),
        networks: access.networks.iter().map(choice).collect(),
        gone: names.iter().filter(|name| !known(name)).cloned().collect(),
    }
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
