//! The API, `/-/api/v1`, as the commands use it.
//!
//! 1. A [`Client`] holds the server and the token; every call is JSON in and out, save for blobs.
//! 2. What may pass (503, a connection that breaks) is tried again, a few times; `retry` says when.
//! 3. What does not is a [`Failure`]: a sentence and the next step.
//! 4. [`wire`] has the shapes.

mod failure;
mod retry;
pub(super) mod wire;

use std::time::Duration;

use anyhow::Context as _;
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::access::Access;
use crate::config::{Secret, is_loopback};
use crate::model::AppName;
pub(super) use failure::Failure;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a call may take, save for an upload.
pub(super) const CALL: Duration = Duration::from_mins(1);
/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 32 << 20;

/// Somebody's access to a server.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    server: Url,
    token: Option<Secret>,
}

impl Client {
    /// A client for `access`. Nothing is sent yet.
    pub(super) fn new(access: Access) -> anyhow::Result<Self> {
        Self::open(access.server, Some(access.token))
    }

    /// A client for what `server` also answers to strangers; with a token where there is one.
    pub(super) fn open(server: Url, token: Option<Secret>) -> anyhow::Result<Self> {
        Ok(Self { http: http_client(&server)?, server, token })
    }

    /// The server, as it is shown: without a slash at its end.
    pub(super) fn server(&self) -> &str {
        self.server.as_str().trim_end_matches('/')
    }

    /// Gets what is at `path`, below `/-/api/v1`.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, Failure> {
        self.read(self.send(Method::GET, path, None::<&()>).await?).await
    }

    /// Gets what is at `path`, asked with `query`.
    pub(super) async fn get_with<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let answer = self.settle(|| {
            let request = self.request(Method::GET, path).timeout(CALL).query(query);
            std::future::ready(Ok(request))
        });
        self.read(answer.await?).await
    }

    /// Posts `body` to `path` and reads the answer.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        self.read(self.send(Method::POST, path, Some(body)).await?).await
    }

    /// Posts, patches or deletes, where the answer holds nothing of interest.
    pub(super) async fn change(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&impl Serialize>,
    ) -> Result<(), Failure> {
        self.send(method, path, body).await.map(drop)
    }

    /// The app called `name`.
    pub(super) async fn app(&self, name: &AppName) -> Result<wire::App, Failure> {
        self.get(&["apps", name.as_str()]).await
    }

    /// A request for `path` with the token on it.
    pub(super) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.as_whoever(self.http.request(method, address(&self.server, path)))
    }

    /// Gets `file`, which lies below `/-/`, with these parameters.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        file: &str,
        query: &[(&str, &str)],
    ) -> Result<T, Failure> {
        let mut url = self.server.clone();
        url.set_path(&format!("/-/{file}"));
        url.query_pairs_mut().extend_pairs(query);
        let make = || std::future::ready(Ok(self.as_whoever(self.http.get(url.clone())).timeout(CALL)));
        self.read(self.settle(make).await?).await
    }

    fn as_whoever(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token.reveal()),
            None => request,
        }
    }

    /// Sends what `make` makes, again where that may help, and refuses what was refused.
    pub(super) async fn settle<F: Future<Output = Result<RequestBuilder, Failure>>>(
        &self,
        make: impl Fn() -> F,
    ) -> Result<Response, Failure> {
        let answer = retry::send(self.server(), make).await?;
        if answer.status().is_success() { Ok(answer) } else { Err(self.refusal(answer).await) }
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&impl Serialize>,
    ) -> Result<Response, Failure> {
        self.settle(|| {
            let request = self.request(method.clone(), path).timeout(CALL);
            let request = match body {
                Some(body) => request.json(body),
                None => request,
            };
            std::future::ready(Ok(request))
        })
        .await
    }

    async fn read<T: DeserializeOwned>(&self, answer: Response) -> Result<T, Failure> {
        let bytes = self.bytes(answer).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::Unexpected { server: self.server().to_owned(), why: error.to_string() })
    }

    async fn refusal(&self, answer: Response) -> Failure {
        let status = answer.status();
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok());
        if let Some(location) = location.filter(|_| status.is_redirection()) {
            let why = format!("it sends us on to {location}; name that server instead");
            return Failure::Unexpected { server: self.server().to_owned(), why };
        }
        let bytes = self.bytes(answer).await.unwrap_or_default();
        Failure::refused(self.server(), status, &bytes)
    }

    async fn bytes(&self, mut answer: Response) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        while let Some(chunk) =
            answer.chunk().await.map_err(|error| Failure::unreachable(self.server(), error))?
        {
            if bytes.len() + chunk.len() > LARGEST_ANSWER {
                let why = "its answer is larger than 32 MiB".to_owned();
                return Err(Failure::Unexpected { server: self.server().to_owned(), why });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// An HTTP client for `server`: no redirects, which could carry a token elsewhere, and no proxy to ourselves.
pub(super) fn http_client(server: &Url) -> anyhow::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("loggia/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT);
    let builder = if is_loopback(server) { builder.no_proxy() } else { builder };
    builder.build().context("cannot make an HTTP client")
}

/// `server/-/api/v1/…`, each segment encoded.
fn address(server: &Url, path: &[&str]) -> Url {
    let mut url = server.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(["-", "api", "v1"]).extend(path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_below_the_reserved_segment() {
        let server = Url::parse("https://loggia.example.org").unwrap();
        let url = address(&server, &["apps", "a/../b?c"]);
        assert_eq!(url.as_str(), "https://loggia.example.org/-/api/v1/apps/a%2F..%2Fb%3Fc");
    }
}
