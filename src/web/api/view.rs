//! What the API answers.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::config::Server;
use crate::model::{
    Ability, App, AppHost, AppName, Audience, AuditLine, EmailAddress, Grant, NetworkRule, Person, ReleaseId,
    Settings, Shows, Source, TokenRecord, TokenScope,
};
use crate::releases::{Release, RuleProblem};

/// Who calls.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
pub(super) struct MeView {
    /// The address.
    #[schema(value_type = String)]
    email: EmailAddress,
    /// The name, when the identity provider gave one.
    name: Option<String>,
    /// The groups, as they were when the token was made.
    groups: Vec<String>,
    /// What the token may do: `read`, `publish` (and read), or `all` that you may.
    #[schema(value_type = String, example = "all")]
    scope: Ability,
    /// The only app that the token is for; null is all of theirs.
    #[schema(value_type = Option<String>)]
    app: Option<AppName>,
    /// When the token ends.
    #[schema(value_type = String, format = DateTime)]
    expires: Timestamp,
}

impl MeView {
    pub(super) fn new(person: Person, token: &TokenRecord) -> Self {
        let app = match &token.scope {
            TokenScope::All => None,
            TokenScope::App(app) => Some(app.clone()),
        };
        let Person { email, name, groups, .. } = person;
        Self { email, name, groups, scope: token.may, app, expires: token.expires }
    }
}

/// An app.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = App)]
pub(super) struct AppView {
    /// Its name.
    #[schema(value_type = String, example = "prison-population")]
    name: AppName,
    /// What people call it.
    title: String,
    /// Where it is.
    url: String,
    /// Who created it.
    #[schema(value_type = String)]
    owner: EmailAddress,
    /// Who may see it: `public`, `signed-in` or `listed`.
    #[schema(value_type = String)]
    audience: Audience,
    /// From where it may be opened; null is from anywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    network: Option<NetworkRule>,
    /// The live release; null before the first.
    #[schema(value_type = Option<String>)]
    current: Option<ReleaseId>,
    /// Earlier live releases, newest first: what `rollback` goes back through.
    #[schema(value_type = Vec<String>)]
    previous: Vec<ReleaseId>,
    /// What its publishers set.
    #[schema(value_type = Object)]
    settings: Settings,
    /// How many grants it has.
    grants: usize,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    created: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    changed: Timestamp,
}

impl AppView {
    pub(super) fn new(app: &App, server: &Server) -> Self {
        Self {
            name: app.name.clone(),
            title: app.title.clone(),
            url: address(&app.name, None, server),
            owner: app.owner.email.clone(),
            audience: app.audience,
            network: app.network.clone(),
            current: app.current,
            previous: app.previous.clone(),
            settings: app.settings.clone(),
            grants: app.grants.len(),
            created: app.created,
            changed: app.changed,
        }
    }
}

/// A grant.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = Grant, value_type = Object, example = json!({"who": "ann@example.org", "role": "viewer"}))]
pub(super) struct GrantView(pub(super) Grant);

/// A finished release.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Release)]
pub(super) struct ReleaseView {
    /// Its identity.
    #[schema(value_type = String)]
    id: ReleaseId,
    /// Whether it is the live one.
    current: bool,
    /// When it was deleted; it can be restored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    deleted: Option<Timestamp>,
    /// Where it can be seen: the app's address for the live one, its own for any other.
    url: String,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime)]
    when: Timestamp,
    /// Who published it.
    #[schema(value_type = String)]
    by: EmailAddress,
    /// What its publisher says of it.
    message: Option<String>,
    /// Where it was made.
    #[schema(value_type = Option<Object>)]
    source: Option<Source>,
    /// How many files it has.
    files: usize,
    /// The size of its files together, in bytes.
    size: u64,
    /// What of its `_redirects` and `_headers` cannot be used; said when it is finished.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

impl ReleaseView {
    pub(super) fn new(release: &Release, server: &Server) -> Self {
        let Release { manifest, current, deleted } = release;
        let preview = (!current).then_some(manifest.id);
        Self {
            id: manifest.id,
            current: *current,
            deleted: *deleted,
            url: address(&manifest.app, preview, server),
            when: manifest.when,
            by: manifest.by.clone(),
            message: manifest.message.clone(),
            source: manifest.source.clone(),
            files: manifest.files.len(),
            size: manifest.size(),
            warnings: Vec::new(),
        }
    }

    /// With what cannot be used of its rules.
    pub(super) fn with_warnings(self, problems: &[RuleProblem]) -> Self {
        Self { warnings: problems.iter().map(ToString::to_string).collect(), ..self }
    }
}

/// One line of the audit record: who did what, when, from where.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = AuditLine, value_type = Object)]
pub(super) struct AuditView(pub(super) AuditLine);

/// Where an app, or one release of it, is seen: a host of its own, with the scheme and port of the main host.
fn address(app: &AppName, release: Option<ReleaseId>, server: &Server) -> String {
    let shows = release.map_or(Shows::Current, Shows::Release);
    let host = AppHost { app: app.clone(), shows };
    let scheme = server.public_url.scheme();
    let port = server.public_url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}.{}{port}/", server.apps_domain)
}
