//! A job of continuous integration signs in by its service's word, without a secret (RFC 8693).

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use url::Url;

use super::access::{Access, parse_server};
use super::client::http_client;
use super::grant::{self, Ungranted};
use super::output::say;
use crate::access::jobs::{GRANT, ISSUED_TYPE, SUBJECT_TYPES};
use crate::config::{self, JobIdentity, Secret, keeps_secrets};
use crate::model::AppName;

const PATIENCE: Duration = Duration::from_secs(30);

/// What GitHub answers.
#[derive(Deserialize)]
struct Made {
    value: String,
}

/// The access to `server` of the job that this runs in, to publish to `app`; `None` when this is no such job, or when
/// a token was given. A server must be named: nothing that a computer remembers counts in a job.
pub(super) async fn find(server: Option<&str>, app: &AppName) -> anyhow::Result<Option<Access>> {
    let (Some(server), None) = (server, config::client_token()) else { return Ok(None) };
    let Some(identity) = config::job_identity() else { return Ok(None) };
    let server = parse_server(server)?;
    let vouched = match identity {
        JobIdentity::Token(token) => token,
        JobIdentity::Asked { url, token } => ask(&url, &token, &server).await?,
    };
    let token = exchange(&server, &vouched, app).await?;
    say(format!("This job is trusted by {app}; no token is needed."));
    Ok(Some(Access { server, token }))
}

/// Asks the job's service for its word, made for `server` alone.
async fn ask(url: &str, token: &Secret, server: &Url) -> anyhow::Result<Secret> {
    let mut url = Url::parse(url).context("ACTIONS_ID_TOKEN_REQUEST_URL is not an address")?;
    if !keeps_secrets(&url) {
        bail!("ACTIONS_ID_TOKEN_REQUEST_URL is not an `https://` address");
    }
    url.query_pairs_mut().append_pair("audience", &server.origin().ascii_serialization());
    let asked = http_client(&url)?.get(url).bearer_auth(token.reveal()).timeout(PATIENCE).send().await;
    // Its address could be told, but what it answers could not.
    let answer = asked.ok().filter(|answer| answer.status().is_success());
    let answer =
        answer.context("the CI service makes no identity token; does the job have `id-token: write`?")?;
    let made: Made = answer.json().await.ok().context("the CI service's answer cannot be read")?;
    Ok(Secret::new(made.value))
}

async fn exchange(server: &Url, vouched: &Secret, app: &AppName) -> anyhow::Result<Secret> {
    let shown = server.as_str().trim_end_matches('/');
    let scope = format!("app:{app}");
    let form = [
        ("grant_type", GRANT),
        ("subject_token_type", SUBJECT_TYPES[0]),
        ("subject_token", vouched.reveal()),
        ("requested_token_type", ISSUED_TYPE),
        ("scope", &scope),
    ];
    match grant::ask(&http_client(server)?, server, &form).await {
        Ok(granted) => Ok(Secret::new(granted.access_token)),
        Err(Ungranted::Unreachable(error)) => {
            Err(anyhow::Error::new(error).context(format!("cannot reach {shown}; check LOGGIA_SERVER")))
        }
        Err(Ungranted::Refused { why, .. } | Ungranted::Trouble(why)) => {
            bail!("{shown} does not let this job publish to {app}: {why}")
        }
        Err(Ungranted::Unlike) => bail!("{shown} does not answer like Loggia; check LOGGIA_SERVER"),
    }
}
