//! HTTP for the provider: no redirects, bounded in time and size.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::access::AccessError;

const LONGEST_WAIT: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 1 << 20;

#[derive(Debug)]
pub(in crate::access) struct HttpClient(reqwest::Client);

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::access) enum HttpError {
    #[error("no answer")]
    Unanswered,
    #[error("an answer of over 1 MiB")]
    TooLarge,
}

impl HttpClient {
    /// `home` is a provider on this machine: reached without TLS and past any proxy.
    pub(in crate::access) fn new(home: bool) -> Result<Self, AccessError> {
        let builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(LONGEST_WAIT / 2)
            .timeout(LONGEST_WAIT)
            .pool_max_idle_per_host(4)
            .https_only(!home)
            .user_agent(concat!("loggia/", env!("CARGO_PKG_VERSION")));
        let builder = if home { builder.no_proxy() } else { builder };
        builder.build().map(Self).map_err(|error| AccessError::Http(error.to_string()))
    }

    pub(in crate::access) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = reqwest::Request::try_from(request).map_err(|error| unanswered(&error))?;
        let mut answer = self.0.execute(request).await.map_err(|error| unanswered(&error))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| unanswered(&error))? {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(HttpError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for HttpClient {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// The provider's endpoints hold no secret in their addresses, so the cause may be logged.
fn unanswered(error: &reqwest::Error) -> HttpError {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    tracing::warn!(%error, cause, "the identity provider does not answer");
    HttpError::Unanswered
}
