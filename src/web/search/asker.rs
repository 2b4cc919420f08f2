//! On whose behalf is searched.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::super::api::token_in;
use super::super::context::Context;
use super::super::state::Loggia;
use super::super::viewer::session_of;
use crate::access::{may_read, may_see};
use crate::model::{App, AppName, Person, TokenScope, Viewer};
use crate::releases::Catalog;
use crate::search::Circle;
use crate::storage::Key;

/// An address that no network holds.
const NOWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Whoever asks: by the session of a browser, or by an API token of a command.
#[derive(Clone, Debug)]
pub(in crate::web) struct Asker {
    /// As whom guides and apps are found.
    pub(super) viewer: Viewer,
    /// From where.
    from: IpAddr,
    /// By a token for this app alone: everything else is found as by a stranger.
    only: Option<AppName>,
    /// Tells them from others, for counting; never kept.
    name: String,
}

impl Asker {
    /// Whether they may see the sections of a circle. While it cannot be known who may see which app, nobody sees any.
    pub(super) fn admits<'a>(
        &'a self,
        loggia: &'a Loggia,
        catalog: &'a Catalog,
    ) -> impl Fn(&Circle) -> bool + use<'a> {
        let visitor = loggia.visitor(&self.viewer, self.from);
        let stranger = loggia.visitor(&Viewer::Anonymous, self.from);
        let stale = catalog.is_stale(visitor.now);
        move |circle| match circle {
            Circle::Guides(readers) => may_read(self.of_guides(), readers).is_ok(),
            Circle::App(name) => {
                let visitor = match &self.only {
                    Some(only) if only != name => stranger,
                    _ => visitor,
                };
                // An app that was taken out of search is out at once, not when the index has followed.
                let seen = |app: &Arc<App>| app.settings.is_searched() && may_see(visitor, app);
                !stale && catalog.app(name).is_some_and(seen)
            }
        }
    }

    /// Whether they see just what `other` sees, as far as it depends on who they are and from where they ask.
    pub(super) fn sees_as(&self, other: &Self) -> bool {
        (&self.viewer, self.from, &self.only) == (&other.viewer, other.from, &other.only)
    }

    /// Who it is, unless it is a token for one app only.
    pub(in crate::web) fn person(&self) -> Option<&Person> {
        self.viewer.person().filter(|_| self.only.is_none())
    }

    /// What tells them from others: the person, or the address that a stranger asks from.
    pub(in crate::web) fn name(&self) -> &str {
        &self.name
    }

    /// As whom guides are read.
    pub(super) fn of_guides(&self) -> &Viewer {
        if self.only.is_some() { &Viewer::Anonymous } else { &self.viewer }
    }
}

impl FromRequestParts<Arc<Loggia>> for Asker {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, loggia: &Arc<Loggia>) -> Result<Self, Response> {
        let from = parts.extensions.get::<Context>().map(|context| context.from);
        // While it cannot be known which sessions and tokens ended, nobody is signed in.
        let stale = loggia.releases.catalog().is_stale(loggia.clock.now());
        if parts.headers.contains_key(AUTHORIZATION) {
            // A token that does not hold is said so: a stranger's answer would leave its owner looking for the rest.
            let record = token_in(&parts.headers, &loggia.releases, loggia.clock.now())
                .await
                .map_err(IntoResponse::into_response)?;
            let only = match &record.scope {
                TokenScope::All => None,
                TokenScope::App(app) => Some(app.clone()),
            };
            let viewer = if stale { Viewer::Anonymous } else { Viewer::SignedIn(record.person.clone()) };
            let name = Key::owner(&record.person.subject);
            return Ok(Self { viewer, from: from.unwrap_or(NOWHERE), only, name });
        }
        let session = session_of(&parts.headers, loggia).filter(|_| !stale);
        let person = session.as_ref().map(|session| Key::owner(&session.person.subject));
        let name = person.or(from.map(|from| from.to_string())).unwrap_or_default();
        Ok(Self { viewer: session.into(), from: from.unwrap_or(NOWHERE), only: None, name })
    }
}
