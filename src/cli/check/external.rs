//! Trying links to other sites, politely.
//!
//! 1. Each address is tried once, however many guides link to it; what follows `#` makes no difference.
//! 2. A host gets one request at a time with [`PAUSE`] between two; [`HOSTS`] hosts are asked side by side.
//! 3. HEAD first; a host that does not like it is asked with GET, whose body is not read.
//! 4. What does not answer in [`ANSWER`] is unknown, and the whole ends after the time it was given.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::{StreamExt as _, stream};
use reqwest::{Client, Method, StatusCode};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use crate::guides::{ExternalLink, Problem, ProblemKind, Severity};

/// Between two requests to one host.
const PAUSE: Duration = Duration::from_millis(500);
/// How many hosts are asked at a time.
const HOSTS: usize = 16;
/// How long a host may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// How often a host may send us on.
const REDIRECTS: usize = 10;

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Tried {
    /// A problem for every link that is broken, by file and line.
    pub problems: Vec<Problem>,
    /// How many addresses there was no time for.
    pub untried: usize,
}

/// Why an address is not good.
type Reason = (Severity, String);

/// Tries every link, for as long as `within` at the most.
pub(super) async fn check(links: Vec<ExternalLink>, within: Duration) -> anyhow::Result<Tried> {
    let client = Client::builder()
        .user_agent(concat!("loggia-check/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::limited(REDIRECTS))
        .connect_timeout(ANSWER)
        .timeout(ANSWER)
        .build()
        .context("cannot make an HTTP client")?;
    let until = Instant::now() + within;
    let mut hosts: BTreeMap<String, BTreeMap<Url, Vec<ExternalLink>>> = BTreeMap::new();
    for link in links {
        let mut url = link.url.clone();
        url.set_fragment(None);
        let host = format!("{}:{:?}", url.host_str().unwrap_or_default(), url.port_or_known_default());
        hosts.entry(host).or_default().entry(url).or_default().push(link);
    }
    let tried = stream::iter(hosts.into_values()).map(|urls| host(&client, urls, until));
    let tried: Vec<Tried> = tried.buffer_unordered(HOSTS).collect().await;
    Ok(tried.into_iter().fold(Tried::default(), |mut all, one| {
        all.problems.extend(one.problems);
        all.untried += one.untried;
        all
    }))
}

/// Tries the addresses of one host, one after the other.
async fn host(client: &Client, urls: BTreeMap<Url, Vec<ExternalLink>>, until: Instant) -> Tried {
    let mut tried = Tried::default();
    for (index, (url, links)) in urls.into_iter().enumerate() {
        let one = async {
            if index > 0 {
                sleep(PAUSE).await;
            }
            ask(client, &url).await
        };
        match timeout_at(until, one).await {
            Err(_) => tried.untried += 1,
            Ok(Ok(())) => {}
            Ok(Err((severity, reason))) => {
                tried.problems.extend(links.iter().map(|link| problem(link, severity, &reason)));
            }
        }
    }
    tried
}

async fn ask(client: &Client, url: &Url) -> Result<(), Reason> {
    // Some hosts answer HEAD with an error, or not at all, and GET as they should.
    if let Ok(answer) = client.request(Method::HEAD, url.clone()).send().await
        && answer.status().is_success()
    {
        return Ok(());
    }
    sleep(PAUSE).await;
    match client.get(url.clone()).send().await {
        Ok(answer) => judge(answer.status()),
        Err(error) => Err((Severity::Warning, reason(&error))),
    }
}

/// Gone is gone; everything else may be a moment's trouble, or a host that does not speak to programs.
fn judge(status: StatusCode) -> Result<(), Reason> {
    let said = || format!("answers {} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::NOT_FOUND | StatusCode::GONE => Err((Severity::Error, said())),
        _ => Err((Severity::Warning, said())),
    }
}

fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("does not answer in {} seconds", ANSWER.as_secs());
    }
    if error.is_redirect() {
        return "sends us on again and again".to_owned();
    }
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let what = if error.source().is_some() { deepest.to_string() } else { "the request failed".to_owned() };
    format!("cannot be reached ({what})")
}

fn problem(link: &ExternalLink, severity: Severity, reason: &str) -> Problem {
    let ExternalLink { file, line, url } = link;
    let next = if severity == Severity::Error { "remove it or name another" } else { "try it yourself" };
    Problem {
        file: file.clone(),
        line: *line,
        severity,
        kind: ProblemKind::External,
        message: format!("guide `{file}` links to `{url}`, which {reason}; {next}"),
        mentions: Vec::new(),
    }
}
