//! Signing out with the provider: at the person's wish ([`Provider::sign_out_at`], OpenID Connect RP-Initiated Logout
//! 1.0), and at the provider's word ([`Provider::signed_out`], OpenID Connect Back-Channel Logout 1.0).

use jiff::{SignedDuration, Timestamp};
use openidconnect::core::CoreJwsSigningAlgorithm::{EcdsaP256Sha256, RsaSsaPkcs1V15Sha256};
use serde_json::{Map, Value};
use url::Url;

use crate::access::jws::{self, JwsError};

use super::{Provider, SignInError};

/// What a logout token must say happened (Back-Channel Logout 1.0, section 2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How far the provider's clock may be from ours.
const LEEWAY: SignedDuration = SignedDuration::from_secs(60);
/// For how long after it was made a logout token is taken; it is used within seconds.
const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// The longest identity of a token, a person or a session, in bytes.
const LONGEST: usize = 255;

/// The provider's word that somebody signed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// Names this word: it counts once.
    pub id: String,
    /// When it was said, but not later than now.
    pub at: Timestamp,
    /// Whose sessions end.
    pub whose: Whose,
}

/// Whose sessions the provider ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Those of one of its own sessions (`sid`).
    Session(String),
    /// All of a person's (`sub`).
    Person(String),
}

/// Why a logout token is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutError {
    /// Its signature does not hold.
    #[error("the logout token does not hold: {0}")]
    Signature(&'static str),
    /// One of its claims is absent or another than it must be.
    #[error("the logout token's `{0}` is not what it must be")]
    Claim(&'static str),
    /// Nobody who signs people in here is called what it says.
    #[error("the logout token's `iss` is none of the providers that people sign in with here")]
    Issuer,
    /// The provider's keys cannot be had.
    #[error(transparent)]
    Provider(#[from] SignInError),
}

impl Provider {
    /// Where a browser goes so that the provider ends its own session too, and comes back to `back` with `state`;
    /// `None` when the provider does not offer it, or does not answer. The address carries the ID token, so it is not
    /// for logs.
    pub async fn sign_out_at(
        &self,
        id_token: Option<&str>,
        back: &str,
        state: &str,
        now: Timestamp,
    ) -> Option<Url> {
        let known = self.discovery.known(&self.http, now).await.ok()?;
        let mut there = known.sign_out()?.clone();
        let mut query = there.query_pairs_mut();
        if let Some(id_token) = id_token {
            query.append_pair("id_token_hint", id_token);
        }
        query.append_pair("client_id", &self.registration.client_id);
        query.append_pair("post_logout_redirect_uri", back).append_pair("state", state);
        drop(query);
        Some(there)
    }

    /// What `token` says, which the provider sent from server to server. An unknown key has the provider asked for its
    /// keys once more. The caller ends the sessions, and burns the token's identity.
    pub async fn signed_out(&self, token: &str, now: Timestamp) -> Result<SignedOut, LogoutError> {
        let algorithms = [RsaSsaPkcs1V15Sha256, EcdsaP256Sha256];
        let known = self.discovery.known(&self.http, now).await?;
        let claims = match jws::verify(token, &known.keys, &algorithms) {
            Err(JwsError::UnknownKey) => {
                let newer = self.discovery.with_new_keys(&self.http, &known, now).await?;
                let newer = newer.ok_or_else(|| unsigned(JwsError::UnknownKey))?;
                jws::verify(token, &newer.keys, &algorithms).map_err(unsigned)?
            }
            verified => verified.map_err(unsigned)?,
        };
        self.read(&claims, now)
    }

    /// Back-Channel Logout 1.0, section 2.6.
    fn read(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<SignedOut, LogoutError> {
        let text = |name| claims.get(name).and_then(Value::as_str);
        let named = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(Value::String(value)) if !value.is_empty() && value.len() <= LONGEST => {
                Ok(Some(value.clone()))
            }
            Some(_) => Err(LogoutError::Claim(name)),
        };
        let moment = |name: &'static str| match claims.get(name) {
            None => Ok(None),
            Some(value) => {
                let at = value.as_i64().and_then(|second| Timestamp::from_second(second).ok());
                at.map(Some).ok_or(LogoutError::Claim(name))
            }
        };
        if text("iss") != Some(&self.registration.issuer) {
            return Err(LogoutError::Claim("iss"));
        }
        let ours = |audience: &Value| audience.as_str() == Some(&self.registration.client_id);
        let for_us = match claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(ours),
            Some(audience) => ours(audience),
            None => false,
        };
        if !for_us {
            return Err(LogoutError::Claim("aud"));
        }
        let issued = moment("iat")?.ok_or(LogoutError::Claim("iat"))?;
        if issued > now + LEEWAY || now > issued + LIFE {
            return Err(LogoutError::Claim("iat"));
        }
        // Some providers leave it out; the age is bounded above.
        if moment("exp")?.is_some_and(|expires| now > expires + LEEWAY) {
            return Err(LogoutError::Claim("exp"));
        }
        if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
            return Err(LogoutError::Claim("events"));
        }
        // With one it would be an ID token.
        if claims.contains_key("nonce") {
            return Err(LogoutError::Claim("nonce"));
        }
        let id = named("jti")?.ok_or(LogoutError::Claim("jti"))?;
        let whose = match (named("sid")?, named("sub")?) {
            (Some(session), _) => Whose::Session(session),
            (None, Some(person)) => Whose::Person(person),
            (None, None) => return Err(LogoutError::Claim("sub")),
        };
        Ok(SignedOut { id, at: issued.min(now), whose })
    }
}

fn unsigned(error: JwsError) -> LogoutError {
    LogoutError::Signature(match error {
        JwsError::Malformed => "it is no signed token",
        JwsError::Algorithm => "it is not signed with RS256 or ES256",
        JwsError::UnknownKey => "it is signed with a key that the provider does not publish",
        JwsError::Signature => "its signature is wrong",
    })
}
