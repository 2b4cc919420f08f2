//! Who calls, and whether they may publish to the app that the path names.
//!
//! What a token may do is looked at here, for every route at once: [`need`] says what a call takes, and whatever it
//! does not know takes everything.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, MatchedPath, Path, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::access::{
    PublishPermit, Refusal, decide_publish, decide_publish_by_job, decide_restore, may_publish_guides, token,
};
use crate::model::{Ability, App, AppName, TokenRecord, TokenScope, Whom};
use crate::releases::{By, Editions, Releases};

use super::Api;
use super::problem::Problem;

/// The client's address, when the server knows it: put among the request's extensions by whoever accepts it.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(
    /// The address.
    pub IpAddr,
);

/// Somebody with a valid token.
pub(super) struct Bearer {
    /// Who, and from where.
    pub(super) by: By,
    /// By which token.
    pub(super) token: Arc<TokenRecord>,
}

/// Somebody who may publish to the app that the path names.
pub(super) struct Publisher {
    /// Who, and from where.
    pub(super) by: By,
    /// The app.
    pub(super) app: Arc<App>,
}

/// Like [`Publisher`], for an app that may be deleted.
pub(super) struct Restorer {
    /// Who, and from where.
    pub(super) by: By,
    /// The app's name.
    pub(super) name: AppName,
}

/// Somebody who may publish the guides of this server, which come from the bucket.
pub(super) struct GuidePublisher {
    /// Who, and from where.
    pub(super) by: By,
    /// The editions.
    pub(super) editions: Editions,
}

/// What the path holds besides names of apps; what cannot be read is not found.
pub(super) struct Segments<T>(pub(super) T);

impl FromRequestParts<Arc<Api>> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let record = any_token_in(&parts.headers, &api.releases, api.clock.now()).await?;
        // Whether a token was taken back is among what a stale catalog does not know.
        require_fresh(api)?;
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let need = need(&parts.method, route);
        if record.may < need {
            return Err(Problem::beyond(record.may, need));
        }
        let from = parts.extensions.get().map(|ClientAddress(address)| *address);
        Ok(Self { by: By { person: record.person.clone(), from }, token: record })
    }
}

impl FromRequestParts<Arc<Api>> for Publisher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let Entrant { by, name, token } = enter(parts, api).await?;
        let now = api.clock.now();
        let theirs = |app: &App| may_publish(&token, app, now).is_ok();
        let restorable = |app: &App| app.deleted.is_some() && decide_restore(&by.person, app, now).is_ok();
        match find(api, &name, |app| theirs(app) || restorable(app)).await? {
            app if theirs(&app) => Ok(Self { by, app }),
            // Who could bring it back is told so.
            _ => {
                let detail = format!("`{name}` was deleted; `loggia restore {name}` brings it back");
                Err(Problem::not_found(detail))
            }
        }
    }
}

impl FromRequestParts<Arc<Api>> for Restorer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let Entrant { by, name, .. } = enter(parts, api).await?;
        let now = api.clock.now();
        find(api, &name, |app| decide_restore(&by.person, app, now).is_ok()).await?;
        Ok(Self { by, name })
    }
}

impl FromRequestParts<Arc<Api>> for GuidePublisher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let Bearer { by, token } = Bearer::from_request_parts(parts, api).await?;
        if token.job.is_some() {
            return Err(for_publishing_alone());
        }
        if !token::covers(&token.scope, None) {
            return Err(Problem::forbidden(
                "this token is for one app only; publish guides with a wider one",
            ));
        }
        if !may_publish_guides(&by.person, &api.access) {
            let why = "you may not publish guides here; an operator names those who may in `guide_publishers` under \
                       [access]";
            return Err(Problem::forbidden(why));
        }
        match &api.editions {
            Some(editions) => Ok(Self { by, editions: editions.clone() }),
            None => Err(Problem::conflict(
                "the guides of this server come from a folder of its own; an operator sets `source = \"bucket\"` under \
                 [content] to have them published",
            )),
        }
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Api>> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, api).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(_) => Err(Problem::not_found("no release or blob can have this name")),
        }
    }
}

/// The record of a person's token in these headers, when it holds. A job's is for publishing alone.
pub(in crate::web) async fn token_in(
    headers: &HeaderMap,
    releases: &Releases,
    now: Timestamp,
) -> Result<Arc<TokenRecord>, Problem> {
    let record = any_token_in(headers, releases, now).await?;
    if record.job.is_some() { Err(for_publishing_alone()) } else { Ok(record) }
}

/// What a job is told that wants more than to publish.
pub(super) fn for_publishing_alone() -> Problem {
    Problem::forbidden("this token was given to a CI job, for publishing to the apps that trust it")
}

/// The record of the token in these headers, when it holds.
async fn any_token_in(
    headers: &HeaderMap,
    releases: &Releases,
    now: Timestamp,
) -> Result<Arc<TokenRecord>, Problem> {
    let text = token::bearer(headers).ok_or_else(Problem::no_token)?;
    let given = token::parse(text).ok_or_else(Problem::bad_token)?;
    let record = releases.token(given.owner, given.id).await?.ok_or_else(Problem::bad_token)?;
    let whose = Whom::TokensOf(&record.person.email);
    if !token::verify(&record, &given, now) || releases.catalog().ended_all(&whose, record.created) {
        return Err(Problem::bad_token());
    }
    releases.note_use(&record);
    Ok(record)
}

/// What a call of `route` takes.
fn need(method: &Method, route: &str) -> Ability {
    let route = route.strip_prefix(super::ROOT).unwrap_or_default();
    let publishing = route == "/apps" || route.ends_with("/rollback") || route.contains("/releases");
    match *method {
        Method::GET | Method::HEAD => Ability::Read,
        Method::POST | Method::PUT if publishing => Ability::Publish,
        _ => Ability::All,
    }
}

/// Decisions are made by a catalog that is not stale, or not at all.
fn require_fresh(api: &Api) -> Result<(), Problem> {
    if api.releases.catalog().is_stale(api.clock.now()) { Err(Problem::unavailable()) } else { Ok(()) }
}

/// Somebody whose token reaches an app, before it is known whether there is one and what they may do to it.
struct Entrant {
    by: By,
    name: AppName,
    token: Arc<TokenRecord>,
}

/// Whether who holds `token` may publish to `app`: a person by their role, a job by the app's trust.
pub(super) fn may_publish(token: &TokenRecord, app: &App, now: Timestamp) -> Result<PublishPermit, Refusal> {
    match &token.job {
        Some(job) => decide_publish_by_job(job, &token.person.email, app),
        None => decide_publish(&token.person, app, now),
    }
}

async fn enter(parts: &mut Parts, api: &Arc<Api>) -> Result<Entrant, Problem> {
    let Bearer { by, token } = Bearer::from_request_parts(parts, api).await?;
    let segments = RawPathParams::from_request_parts(parts, api).await;
    let segments = segments.map_err(|_| Problem::not_found("no app can have this name"))?;
    let given = segments.iter().find(|(key, _)| *key == "name").map_or("", |(_, value)| value);
    let name: AppName = given.parse().map_err(|_| no_app(given))?;
    if let TokenScope::App(only) = &token.scope
        && *only != name
    {
        return Err(Problem::elsewhere(only));
    }
    Ok(Entrant { by, name, token })
}

/// The app called `name`, when it is `theirs`. Before anybody is told that it is not, the bucket is asked, whether the
/// catalog knows of the app or not: so a change elsewhere counts at once, and saying no takes as long for an app of others
/// as for none at all.
async fn find(api: &Api, name: &AppName, theirs: impl Fn(&App) -> bool) -> Result<Arc<App>, Problem> {
    if let Some(app) = api.releases.catalog().app(name).filter(|app| theirs(app)) {
        return Ok(Arc::clone(app));
    }
    let app = api.releases.find_in_bucket(name).await?;
    app.filter(|app| theirs(app)).ok_or_else(|| no_app(name.as_str()))
}

/// The same words whether it does not exist or is not theirs.
fn no_app(given: &str) -> Problem {
    let given: String = given.chars().take(64).flat_map(char::escape_default).collect();
    Problem::not_found(format!(
        "there is no app `{given}` that you may publish to; create it, or ask its owner for the role `publisher`"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_not_known_takes_everything() {
        let of = |method: Method, route: &str| need(&method, &format!("/-/api/v1{route}"));
        for route in ["/me", "/apps", "/apps/{name}/audit", "/apps/{name}/anything"] {
            assert_eq!(of(Method::GET, route), Ability::Read, "{route}");
        }
        for route in
            ["/apps", "/apps/{name}/releases", "/apps/{name}/rollback", "/guides/releases/{id}/finish"]
        {
            assert_eq!(of(Method::POST, route), Ability::Publish, "{route}");
        }
        assert_eq!(of(Method::PUT, "/apps/{name}/releases/{id}/blobs/{sha256}"), Ability::Publish);
        for route in ["/apps/{name}/grants", "/apps/{name}/restore", "/people", "", "/new"] {
            assert_eq!(of(Method::POST, route), Ability::All, "{route}");
        }
        for route in ["/apps/{name}", "/apps/{name}/releases/{id}"] {
            assert_eq!(of(Method::DELETE, route), Ability::All, "{route}");
        }
        assert_eq!(need(&Method::POST, ""), Ability::All);
    }
}
