//! Whose token is it (RFC 6750, section 2.1), and what may they publish to?

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::problem::Problem;
use crate::access::{PublishPermit, decide_publish, decide_restore, token};
use crate::model::{App, AppName, Person, TokenScope};
use crate::releases::By;
use crate::web::context::Context;
use crate::web::state::Loggia;

/// The person behind a valid token.
pub(super) struct Bearer {
    person: Person,
    scope: TokenScope,
    from: Option<std::net::IpAddr>,
}

impl Bearer {
    pub(super) fn person(&self) -> &Person {
        &self.person
    }

    /// Who acts, for the record.
    pub(super) fn by(&self) -> By {
        By { person: self.person.clone(), from: self.from }
    }

    /// Whether the token is for every app of its person.
    pub(super) fn is_for_all(&self) -> bool {
        token::covers(&self.scope, None)
    }

    /// Leave to change the app called `name`; unknown and forbidden look alike.
    pub(super) fn publish(&self, loggia: &Loggia, name: &str) -> Result<(Arc<App>, PublishPermit), Problem> {
        let app = self.reachable(loggia, name)?;
        let permit = decide_publish(&self.person, &app, loggia.clock.now());
        permit.map(|permit| (app, permit)).map_err(|_| Problem::no_such_app(name))
    }

    /// Leave to bring the deleted app called `name` back.
    pub(super) fn restore(&self, loggia: &Loggia, name: &str) -> Result<(Arc<App>, PublishPermit), Problem> {
        let app = self.reachable(loggia, name)?;
        let permit = decide_restore(&self.person, &app, loggia.clock.now());
        permit.map(|permit| (app, permit)).map_err(|_| Problem::no_such_app(name))
    }

    fn reachable(&self, loggia: &Loggia, name: &str) -> Result<Arc<App>, Problem> {
        let parsed: AppName = name.parse().map_err(|_| Problem::no_such_app(name))?;
        let catalog = loggia.releases.catalog();
        if catalog.is_stale(loggia.clock.now()) {
            let detail = "who may publish cannot be checked while storage does not answer; repeat the call in a minute";
            return Err(Problem::new(http::StatusCode::SERVICE_UNAVAILABLE, detail));
        }
        let in_scope = token::covers(&self.scope, Some(&parsed));
        catalog.app(&parsed).filter(|_| in_scope).cloned().ok_or_else(|| Problem::no_such_app(name))
    }
}

impl FromRequestParts<Arc<Loggia>> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, loggia: &Arc<Loggia>) -> Result<Self, Problem> {
        let given = token::bearer(&parts.headers).ok_or_else(Problem::unauthorized)?;
        let parsed = token::parse(given).ok_or_else(Problem::unauthorized)?;
        let record = loggia.releases.token(parsed.owner, parsed.id).await?;
        let now = loggia.clock.now();
        let record = record.filter(|record| token::verify(record, &parsed, now));
        let record = record.ok_or_else(Problem::unauthorized)?;
        let from = parts.extensions.get::<Context>().map(|context| context.from);
        Ok(Self { person: record.person.clone(), scope: record.scope.clone(), from })
    }
}
