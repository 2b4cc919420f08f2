//! The environment: the only place that reads variables.

use std::path::PathBuf;

use super::Secret;

/// Variables that tell the client commands where to go and who they are; no settings of the server.
pub(super) const CLIENT_VARIABLES: [&str; 3] = ["LOGGIA_SERVER", "LOGGIA_TOKEN", "LOGGIA_ID_TOKEN"];

/// Every variable of the environment that starts with `LOGGIA_`. Bytes that are not UTF-8 are replaced, and
/// so end as values that cannot be read rather than as variables that nobody saw.
pub fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .filter(|(name, _)| name.starts_with("LOGGIA_"))
}

/// The publishing token in `LOGGIA_TOKEN`; `None` when it is absent or empty.
#[must_use]
pub fn client_token() -> Option<Secret> {
    let token = std::env::var_os("LOGGIA_TOKEN")?.to_str()?.trim().to_owned();
    (!token.is_empty()).then(|| Secret::new(token))
}

/// How a job of continuous integration shows which one it is.
#[derive(Clone, Debug)]
pub enum JobIdentity {
    /// By a token that its service put into `LOGGIA_ID_TOKEN`, as GitLab does.
    Token(Secret),
    /// By one that it asks its service for, as on GitHub.
    Asked {
        /// Where to ask (`ACTIONS_ID_TOKEN_REQUEST_URL`).
        url: String,
        /// With what (`ACTIONS_ID_TOKEN_REQUEST_TOKEN`).
        token: Secret,
    },
}

/// The job that this runs in, where its service lets it show who it is.
#[must_use]
pub fn job_identity() -> Option<JobIdentity> {
    let value = |name| {
        let value = std::env::var_os(name)?.to_str()?.trim().to_owned();
        (!value.is_empty()).then_some(value)
    };
    if let Some(token) = value("LOGGIA_ID_TOKEN") {
        return Some(JobIdentity::Token(Secret::new(token)));
    }
    let (url, token) = (value("ACTIONS_ID_TOKEN_REQUEST_URL")?, value("ACTIONS_ID_TOKEN_REQUEST_TOKEN")?);
    Some(JobIdentity::Asked { url, token: Secret::new(token) })
}

/// Where a person's own settings live: `$XDG_CONFIG_HOME/loggia`, else `~/.config/loggia` (XDG Base
/// Directory Specification 0.8). `None` when there is neither variable nor home.
#[must_use]
pub fn user_dir() -> Option<PathBuf> {
    let given = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let base = given.or_else(|| std::env::home_dir().map(|home| home.join(".config")))?;
    Some(base.join("loggia"))
}

/// Whether a variable was put there by a container platform for a service that happens to be called
/// `loggia` (`LOGGIA_SERVICE_HOST`, `LOGGIA_PORT_8080_TCP=tcp://…`) rather than by somebody who sets us up.
pub(super) fn is_service_link(name: &str, value: &str) -> bool {
    let transport = value.starts_with("tcp://") || value.starts_with("udp://");
    let service = name.contains("_SERVICE_HOST") || name.contains("_SERVICE_PORT");
    let port = name.contains("_PORT_") && (name.contains("_TCP") || name.contains("_UDP"));
    service || port || (transport && name.ends_with("_PORT"))
}
