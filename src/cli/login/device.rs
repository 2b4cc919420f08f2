//! A sign-in without a browser here (RFC 8628): a code is shown, and somebody types it in a browser elsewhere.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Client;
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use super::CLIENT_ID;
use crate::access::device::GRANT;
use crate::cli::client::http_client;
use crate::cli::grant::{self, Granted, Ungranted};
use crate::cli::output::{plain, say};

/// What is added to the wait when the server says that it is asked too often (RFC 8628, section 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// Whatever the server says, it is asked neither more often than this nor less.
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));
/// However long the code lasts, nobody waits longer.
const LONGEST: Duration = Duration::from_mins(30);
/// How many questions in a row may get no answer.
const UNANSWERED: u32 = 5;

/// What `/-/device/authorize` answers (RFC 8628, section 3.2).
#[derive(Deserialize)]
struct Shown {
    device_code: String,
    user_code: String,
    verification_uri: Url,
    expires_in: u64,
    interval: Option<u64>,
}

/// Shows a code and waits until somebody typed it.
pub(super) async fn sign_in(server: &Url, label: &str) -> anyhow::Result<Granted> {
    let http = http_client(server)?;
    let shown = begin(&http, server, label).await?;
    say(format!(
        "On any machine, open\n\n  {}\n\nand type this code:\n\n  {}\n\nThis waits for {} minutes.",
        shown.verification_uri,
        plain(&shown.user_code),
        shown.expires_in / 60
    ));
    let end = Instant::now() + Duration::from_secs(shown.expires_in).min(LONGEST);
    let mut wait = Duration::from_secs(shown.interval.unwrap_or(5)).clamp(WAITS.0, WAITS.1);
    let mut unanswered = 0;
    loop {
        tokio::time::sleep(wait).await;
        if Instant::now() >= end {
            bail!("nobody typed the code in time; run `loggia login --device` again");
        }
        match ask(&http, server, &shown.device_code).await {
            Asked::Granted(granted) => return Ok(granted),
            Asked::Pending => unanswered = 0,
            Asked::Slower => wait = (wait + SLOWER).min(WAITS.1),
            Asked::Unanswered if unanswered < UNANSWERED => {
                unanswered += 1;
                wait = (wait * 2).min(WAITS.1);
            }
            Asked::Unanswered => bail!("{} does not answer any more; run this again later", shown_as(server)),
            Asked::Denied(why) => bail!("the sign-in was not finished: {why}"),
        }
    }
}

async fn begin(http: &Client, server: &Url, label: &str) -> anyhow::Result<Shown> {
    let form = [("client_id", CLIENT_ID), ("label", label)];
    let answer = grant::post(http, server, "/-/device/authorize", &form).await;
    let answer = answer.with_context(|| format!("cannot reach {}; check the address", shown_as(server)))?;
    if !answer.status().is_success() {
        bail!("{} begins no sign-in ({})", shown_as(server), grant::refusal(answer).await.why());
    }
    let shown = answer.json::<Shown>().await.ok();
    shown.with_context(|| format!("{} does not answer like Loggia; check the address", shown_as(server)))
}

/// What a question came to.
enum Asked {
    Granted(Granted),
    Pending,
    Slower,
    Unanswered,
    Denied(String),
}

async fn ask(http: &Client, server: &Url, device_code: &str) -> Asked {
    let form = [("grant_type", GRANT), ("device_code", device_code), ("client_id", CLIENT_ID)];
    match grant::ask(http, server, &form).await {
        Ok(granted) => Asked::Granted(granted),
        Err(Ungranted::Unreachable(_) | Ungranted::Trouble(_)) => Asked::Unanswered,
        Err(Ungranted::Unlike) => Asked::Denied("the server does not answer like Loggia".to_owned()),
        Err(Ungranted::Refused { code, why }) => match code.as_deref() {
            Some("authorization_pending") => Asked::Pending,
            Some("slow_down") => Asked::Slower,
            _ => Asked::Denied(why),
        },
    }
}

fn shown_as(server: &Url) -> &str {
    server.as_str().trim_end_matches('/')
}
