//! What the provider says of itself, and the keys it signs with (OpenID Connect Discovery 1.0).

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode,
    CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, IssuerUrl, ProviderMetadata, TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use url::Url;

use super::{AccessError, HttpClient, HttpError, SignInError};
use crate::config::keeps_secrets;

/// After this long the document is asked for again; the old one serves while the provider is down.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// A provider that failed is not asked again for this long.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Keys are asked for again at most this often, however many tokens name unknown ones.
const KEYS_PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// The issuer is part of every session.
const LONGEST_ISSUER: usize = 200;

type Metadata = ProviderMetadata<
    AnswersNameIssuer,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// RFC 9207, section 3.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct AnswersNameIssuer {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    /// RP-Initiated Logout 1.0, section 2.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_session_endpoint: Option<Url>,
}

impl AdditionalProviderMetadata for AnswersNameIssuer {}

/// What is known of the provider.
#[derive(Debug)]
pub(super) struct Known {
    /// Its discovery document.
    pub(super) metadata: Metadata,
    /// Its keys.
    pub(super) keys: CoreJsonWebKeySet,
    since: Timestamp,
}

impl Known {
    /// Where the provider ends its own session.
    pub(super) fn sign_out(&self) -> Option<&Url> {
        self.metadata.additional_metadata().end_session_endpoint.as_ref()
    }

    /// Whether the provider says that it always names itself in its answers.
    pub(super) fn names_itself(&self) -> bool {
        self.metadata.additional_metadata().authorization_response_iss_parameter_supported
    }
}

/// The provider's document and keys, asked for by one request at a time.
#[derive(Debug)]
pub(super) struct Discovery {
    issuer: IssuerUrl,
    home: bool,
    known: ArcSwapOption<Known>,
    asking: Mutex<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    failed: Option<(Timestamp, SignInError)>,
    keys: Option<Timestamp>,
}

impl Discovery {
    pub(super) fn new(issuer: IssuerUrl, home: bool) -> Self {
        Self { issuer, home, known: ArcSwapOption::empty(), asking: Mutex::default() }
    }

    /// What is known, asked for when it is nothing or a day old.
    pub(super) async fn known(&self, http: &HttpClient, now: Timestamp) -> Result<Arc<Known>, SignInError> {
        let fresh = |known: &Arc<Known>| now.duration_since(known.since) < FRESH;
        if let Some(known) = self.known.load_full().filter(fresh) {
            return Ok(known);
        }
        let mut asked = self.asking.lock().await;
        if let Some(known) = self.known.load_full().filter(fresh) {
            return Ok(known);
        }
        let old = self.known.load_full();
        if let Some((when, error)) = &asked.failed
            && now.duration_since(*when) < PAUSE
        {
            return old.ok_or_else(|| error.clone());
        }
        match self.discover(http, now).await {
            Ok(known) => {
                asked.failed = None;
                self.known.store(Some(Arc::clone(&known)));
                Ok(known)
            }
            Err(error) => {
                tracing::warn!(issuer = self.issuer.as_str(), %error, "the identity provider is not usable");
                asked.failed = Some((now, error.clone()));
                old.ok_or(error)
            }
        }
    }

    /// What is known after asking for the keys again, because `seen` lacks one; `None` when that was done less
    /// than a minute ago.
    pub(super) async fn with_new_keys(
        &self,
        http: &HttpClient,
        seen: &Arc<Known>,
        now: Timestamp,
    ) -> Result<Option<Arc<Known>>, SignInError> {
        let mut asked = self.asking.lock().await;
        if let Some(known) = self.known.load_full().filter(|known| !Arc::ptr_eq(known, seen)) {
            return Ok(Some(known));
        }
        if asked.keys.is_some_and(|when| now.duration_since(when) < KEYS_PAUSE) {
            return Ok(None);
        }
        asked.keys = Some(now);
        let keys = CoreJsonWebKeySet::fetch_async(seen.metadata.jwks_uri(), http).await.map_err(readable)?;
        let known = Arc::new(Known { metadata: seen.metadata.clone(), keys, since: seen.since });
        self.known.store(Some(Arc::clone(&known)));
        Ok(Some(known))
    }

    async fn discover(&self, http: &HttpClient, now: Timestamp) -> Result<Arc<Known>, SignInError> {
        let metadata = Metadata::discover_async(self.issuer.clone(), http).await.map_err(readable)?;
        // A provider elsewhere leads nobody to an address in the clear on this machine.
        let safe = |url: &url::Url| keeps_secrets(url) && (self.home || url.scheme() == "https");
        let endpoints = [Some(metadata.authorization_endpoint().url()), Some(metadata.jwks_uri().url())];
        let more = [
            metadata.token_endpoint().map(TokenUrl::url),
            metadata.userinfo_endpoint().map(UserInfoUrl::url),
            metadata.additional_metadata().end_session_endpoint.as_ref(),
        ];
        if !endpoints.into_iter().chain(more).flatten().all(safe) {
            return Err(SignInError::Discovery("an endpoint does not use https"));
        }
        let keys = metadata.jwks().clone();
        Ok(Arc::new(Known { metadata, keys, since: now }))
    }
}

/// An issuer is an `https` URL without query and fragment (OpenID Connect Discovery 1.0, section 3); one on this
/// machine may use `http`.
pub(super) fn checked_issuer(given: &str) -> Result<IssuerUrl, AccessError> {
    let refuse = |rule| AccessError::Issuer { issuer: given.chars().take(LONGEST_ISSUER).collect(), rule };
    let issuer = IssuerUrl::new(given.to_owned()).map_err(|_| refuse("it is not a URL"))?;
    let url = issuer.url();
    if !keeps_secrets(url) {
        return Err(refuse("it must start with `https://`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it must have no query and no fragment"));
    }
    if given.len() > LONGEST_ISSUER {
        return Err(refuse("it is longer than 200 bytes"));
    }
    Ok(issuer)
}

#[expect(clippy::needless_pass_by_value, reason = "it is called by `map_err`")]
fn readable(error: DiscoveryError<HttpError>) -> SignInError {
    match error {
        DiscoveryError::Request(error) => error.into(),
        DiscoveryError::Validation(_) => SignInError::DiscoveryIssuer,
        DiscoveryError::Response(status, ..) if status.is_server_error() => SignInError::Unavailable,
        DiscoveryError::Response(..) => SignInError::Discovery("it is not there as JSON"),
        _ => SignInError::Discovery("it cannot be read"),
    }
}
