//! The keys of a CI service, by its discovery document, of which nothing else is needed.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::CoreJsonWebKeySet;
use openidconnect::{AsyncHttpClient as _, HttpRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use url::Url;

use crate::access::AccessError;
use crate::access::sign_in::HttpClient;
use crate::config::{is_loopback, keeps_secrets};

use super::JobError;

/// Keys are asked for again after this long.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// And when a token names one that is not there, this often at the most, as after a failure.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);

#[derive(Debug)]
pub(super) struct Keys {
    document: Url,
    home: bool,
    http: HttpClient,
    known: ArcSwapOption<(Timestamp, CoreJsonWebKeySet)>,
    /// When they were asked for last; locked by whoever asks.
    asked: Mutex<Option<Timestamp>>,
}

/// What is read of the discovery document (OpenID Connect Discovery 1.0, section 3).
#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: Url,
}

type Known = Arc<(Timestamp, CoreJsonWebKeySet)>;

/// Keys that were had.
pub(super) struct Held(Known);

impl std::ops::Deref for Held {
    type Target = CoreJsonWebKeySet;

    fn deref(&self) -> &CoreJsonWebKeySet {
        &self.0.1
    }
}

impl Keys {
    pub(super) fn new(issuer: &str) -> Result<Self, AccessError> {
        let refuse = |rule| AccessError::Issuer { issuer: issuer.chars().take(200).collect(), rule };
        let document = Url::parse(&format!("{issuer}/.well-known/openid-configuration"))
            .map_err(|_| refuse("it is not a URL"))?;
        let home = is_loopback(&document);
        if !keeps_secrets(&document) {
            return Err(refuse("it must start with `https://`"));
        }
        let http = HttpClient::new(home)?;
        Ok(Self { document, home, http, known: ArcSwapOption::empty(), asked: Mutex::default() })
    }

    /// The keys, asked for when there are none or they are a day old; old ones serve while the service is down.
    pub(super) async fn known(&self, now: Timestamp) -> Result<Held, JobError> {
        let fresh = |known: &Known| now.duration_since(known.0) < FRESH;
        if let Some(known) = self.known.load_full().filter(fresh) {
            return Ok(Held(known));
        }
        let mut asked = self.asked.lock().await;
        let held = self.known.load_full();
        if let Some(known) = held.clone().filter(fresh) {
            return Ok(Held(known));
        }
        if asked.is_some_and(|when| now.duration_since(when) < PAUSE) {
            return held.map(Held).ok_or(JobError::Unavailable);
        }
        *asked = Some(now);
        match self.ask(now).await {
            Ok(known) => Ok(Held(known)),
            Err(error) => held.map(Held).ok_or(error),
        }
    }

    /// The keys after asking again, because `seen` lacks one; `None` when that was done less than a minute ago.
    pub(super) async fn newer(&self, seen: &Held, now: Timestamp) -> Result<Option<Held>, JobError> {
        let mut asked = self.asked.lock().await;
        if let Some(known) = self.known.load_full().filter(|known| !Arc::ptr_eq(known, &seen.0)) {
            return Ok(Some(Held(known)));
        }
        if asked.is_some_and(|when| now.duration_since(when) < PAUSE) {
            return Ok(None);
        }
        *asked = Some(now);
        self.ask(now).await.map(|known| Some(Held(known)))
    }

    async fn ask(&self, now: Timestamp) -> Result<Known, JobError> {
        let document: Document = self.get(&self.document).await?;
        let issuer = self.document.as_str().trim_end_matches("/.well-known/openid-configuration");
        let keys_at = &document.jwks_uri;
        let safe = keeps_secrets(keys_at) && (self.home || keys_at.scheme() == "https");
        if document.issuer.trim_end_matches('/') != issuer || !safe {
            tracing::warn!(issuer, "a CI service's description of itself cannot be used");
            return Err(JobError::Unavailable);
        }
        let keys: CoreJsonWebKeySet = self.get(&document.jwks_uri).await?;
        let known = Arc::new((now, keys));
        self.known.store(Some(Arc::clone(&known)));
        Ok(known)
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, JobError> {
        let mut request = HttpRequest::new(Vec::new());
        *request.uri_mut() = url.as_str().parse().map_err(|_| JobError::Unavailable)?;
        let answer = self.http.call(request).await.map_err(|_| JobError::Unavailable)?;
        if !answer.status().is_success() {
            return Err(JobError::Unavailable);
        }
        serde_json::from_slice(answer.body()).map_err(|_| JobError::Unavailable)
    }
}
