//! Trying again: a few times, a little later each time, and only what may pass.

use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{RequestBuilder, Response, StatusCode};

use super::Failure;

/// How often a request is sent at the most.
const ATTEMPTS: u32 = 4;
/// The wait before the second attempt; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Sends what `make` makes until it is answered with something that stays. Everything the commands send may
/// be sent twice: the same bytes, the same pointer, the same grant.
pub(super) async fn send<F: Future<Output = Result<RequestBuilder, Failure>>>(
    server: &str,
    make: impl Fn() -> F,
) -> Result<Response, Failure> {
    let mut attempt = 1;
    loop {
        let answer = make().await?.send().await;
        match wait_before_another(&answer, attempt) {
            Some(wait) if attempt < ATTEMPTS => tokio::time::sleep(wait).await,
            _ => return answer.map_err(|error| Failure::unreachable(server, error)),
        }
        attempt += 1;
    }
}

/// How long to wait before another attempt; `None` where none would help.
fn wait_before_another(answer: &reqwest::Result<Response>, attempt: u32) -> Option<Duration> {
    let usual = FIRST_WAIT * 2_u32.pow(attempt - 1);
    match answer {
        Ok(answer) => may_pass(answer.status()).then(|| asked_wait(answer).unwrap_or(usual)),
        Err(error) => (!error.is_builder() && !error.is_body()).then_some(usual),
    }
}

fn may_pass(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502..=504)
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3), within reason.
fn asked_wait(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}
