//! Tokens from a server's `/-/token`, however one is asked for: by a code, by waiting, or by the word of a CI service.

use std::time::Duration;

use reqwest::Client;
use serde::Deserialize;
use url::Url;

use super::output::plain;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A token (RFC 6749, section 5.1).
#[derive(Deserialize)]
pub(super) struct Granted {
    /// Its text.
    pub(super) access_token: String,
    token_type: String,
    /// How long it lasts, in seconds.
    pub(super) expires_in: Option<i64>,
}

/// Why there is none.
pub(super) enum Ungranted {
    /// Nobody answers.
    Unreachable(reqwest::Error),
    /// The server is in trouble.
    Trouble(String),
    /// It refuses (RFC 6749, section 5.2).
    Refused {
        /// By which code.
        code: Option<String>,
        /// Why, in words.
        why: String,
    },
    /// What answers is no Loggia. What it said is not told: it may hold a token.
    Unlike,
}

impl Ungranted {
    /// Why, in words.
    pub(super) fn why(self) -> String {
        match self {
            Self::Unreachable(error) => error.to_string(),
            Self::Trouble(why) | Self::Refused { why, .. } => why,
            Self::Unlike => "it does not answer like Loggia".to_owned(),
        }
    }
}

#[derive(Default, Deserialize)]
struct Denied {
    error_description: Option<String>,
    error: Option<String>,
}

/// Asks `server` for a token with the fields of `form`.
pub(super) async fn ask(http: &Client, server: &Url, form: &[(&str, &str)]) -> Result<Granted, Ungranted> {
    let answer = post(http, server, "/-/token", form).await.map_err(Ungranted::Unreachable)?;
    if !answer.status().is_success() {
        return Err(refusal(answer).await);
    }
    let granted = answer.json::<Granted>().await.ok();
    let usable = |granted: &Granted| {
        granted.token_type.eq_ignore_ascii_case("bearer") && !granted.access_token.is_empty()
    };
    granted.filter(usable).ok_or(Ungranted::Unlike)
}

/// Posts a form to a path of `server`, as clients of OAuth do.
pub(super) async fn post(
    http: &Client,
    server: &Url,
    path: &str,
    form: &[(&str, &str)],
) -> Result<reqwest::Response, reqwest::Error> {
    let mut url = server.clone();
    url.set_path(path);
    http.post(url).form(form).timeout(PATIENCE).send().await
}

/// What an answer says that is no success.
pub(super) async fn refusal(answer: reqwest::Response) -> Ungranted {
    let status = answer.status();
    let denied: Denied = answer.json().await.unwrap_or_default();
    let said = denied.error_description.or_else(|| denied.error.clone());
    let why = plain(&said.unwrap_or_else(|| status.to_string()));
    if status.is_server_error() {
        Ungranted::Trouble(why)
    } else {
        Ungranted::Refused { code: denied.error, why }
    }
}
