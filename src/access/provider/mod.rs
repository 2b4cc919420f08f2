//! The OpenID provider of development mode, where you pick who to be. It is a real one: the client in
//! [`oidc`](super::oidc) signs in through it as through any other.
//!
//! 1. [`BuiltIn::discovery`] and [`BuiltIn::jwks`] describe it.
//! 2. [`BuiltIn::authorize`] checks what the client asks for; the page carries it in hidden fields.
//! 3. [`BuiltIn::submit`] takes the form, with the address of who to be, and answers with a code.
//! 4. [`BuiltIn::token`] turns the code into an ID token, [`BuiltIn::userinfo`] tells the same again.
//!
//! It never runs outside development mode: whoever reaches it can be anybody.

mod key;
mod tickets;

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::config::{self, Secret};
use crate::model::{Digest, EmailAddress, Entropy, InvalidEmail, Person, Subject};

use super::{Challenge, Parameters, token};
use key::SigningKey;
use tickets::Tickets;

/// Where it is mounted, below the main host.
pub const PATH: &str = "/-/provider";
const CLIENT_ID: &str = "loggia";
const CODE_LIFE: Duration = Duration::from_mins(1);
const TOKEN_LIFE: Duration = Duration::from_mins(5);
const LONGEST_VALUE: usize = 512;

/// What it does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// Another client, or an address that is not this site's.
    #[error("only this site can sign in here, at its own address; open it at its `public_url`")]
    Client,
    /// Not the code flow with an S256 challenge.
    #[error(
        "the request needs response_type=code, scope=openid, a state, a nonce and an S256 code_challenge; sign in again"
    )]
    Request,
    /// The form names nobody.
    #[error(transparent)]
    Email(#[from] InvalidEmail),
    /// Too many sign-ins are under way.
    #[error("too many sign-ins are under way; wait a minute and sign in again")]
    Busy,
}

/// What its token endpoint answers instead of tokens (RFC 6749, section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// 401: another client or another secret.
    #[error("invalid_client")]
    Client,
    /// 400: the code is used, old, or another's.
    #[error("invalid_grant")]
    Grant,
    /// 400: something is missing.
    #[error("invalid_request")]
    Request,
    /// 503: too many sign-ins are under way.
    #[error("temporarily_unavailable")]
    Busy,
}

/// The provider: a key and a client that live as long as the process, and sign-ins under way.
#[derive(Debug)]
pub struct BuiltIn {
    issuer: String,
    callback: String,
    secret: Secret,
    /// Made when it is first asked for: at a start there is other work.
    key: OnceLock<SigningKey>,
    codes: Tickets<Granted>,
    tokens: Tickets<Who>,
    entropy: Entropy,
}

/// A request of the authorization endpoint, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    state: String,
    nonce: String,
    challenge: Challenge,
}

#[derive(Debug)]
struct Granted {
    who: Who,
    nonce: String,
    challenge: Challenge,
}

#[derive(Clone, Debug)]
struct Who {
    email: EmailAddress,
    groups: Vec<String>,
}

impl BuiltIn {
    /// A provider at [`PATH`] of `public_url`, that sends people back to `callback` and nowhere else.
    #[must_use]
    pub fn new(public_url: &Url, callback: &Url, entropy: Entropy) -> Self {
        let issuer = format!("{}{PATH}", public_url.as_str().trim_end_matches('/'));
        Self {
            issuer,
            callback: callback.to_string(),
            secret: Secret::new(entropy.secret()),
            key: OnceLock::new(),
            codes: Tickets::lasting(CODE_LIFE),
            tokens: Tickets::lasting(TOKEN_LIFE),
            entropy,
        }
    }

    fn key(&self) -> Option<&SigningKey> {
        if self.key.get().is_none() {
            // Of two that are made at once, one is kept.
            let _ = self.key.set(SigningKey::generate().ok()?);
        }
        self.key.get()
    }

    /// The client's side of it: what [`oidc::Provider`](super::oidc::Provider) needs to sign people in here.
    #[must_use]
    pub fn registration(&self) -> config::Provider {
        let label = "development mode".to_owned();
        config::Provider {
            label,
            ..config::Provider::openid(&self.issuer, CLIENT_ID, Some(self.secret.clone()))
        }
    }

    /// Whom somebody is who signs in as `email`, without groups.
    #[must_use]
    pub fn person(&self, email: &EmailAddress) -> Person {
        let who = Who { email: email.clone(), groups: Vec::new() };
        Person {
            subject: Subject { iss: self.issuer.clone(), sub: who.subject() },
            email: email.clone(),
            name: who.name(),
            groups: Vec::new(),
        }
    }

    /// What it says of itself (OpenID Connect Discovery 1.0, section 3).
    #[must_use]
    pub fn discovery(&self) -> Value {
        let at = |path: &str| format!("{}/{path}", self.issuer);
        json!({
            "issuer": self.issuer,
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "userinfo_endpoint": at("userinfo"),
            "jwks_uri": at("jwks"),
            "scopes_supported": ["openid", "email", "profile"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["sub", "email", "email_verified", "name", "groups"],
            "authorization_response_iss_parameter_supported": true,
        })
    }

    /// `/jwks` below it (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": self.key().map(SigningKey::jwk).into_iter().collect::<Vec<_>>() })
    }

    /// `/authorize` below it: checks the query, or the form that repeats it.
    pub fn authorize(&self, given: &Parameters) -> Result<Asked, ProviderError> {
        let client = given.get("client_id") == Some(CLIENT_ID);
        if !client || given.get("redirect_uri") != Some(&self.callback) {
            return Err(ProviderError::Client);
        }
        let openid = given.get("scope").is_some_and(|scope| scope.split(' ').any(|scope| scope == "openid"));
        let s256 = given.get("code_challenge_method") == Some("S256");
        let bounded = |name| given.get(name).filter(|value| value.len() <= LONGEST_VALUE).map(str::to_owned);
        let challenge = given.get("code_challenge").and_then(|challenge| challenge.parse().ok());
        match (bounded("state"), bounded("nonce"), challenge) {
            (Some(state), Some(nonce), Some(challenge))
                if openid && s256 && given.get("response_type") == Some("code") =>
            {
                Ok(Asked { state, nonce, challenge })
            }
            _ => Err(ProviderError::Request),
        }
    }

    /// The hidden fields of the page that asks who to be; beside them it has `email` and, optional, `groups`.
    #[must_use]
    pub fn fields(&self, asked: &Asked) -> [(&'static str, String); 8] {
        [
            ("client_id", CLIENT_ID.to_owned()),
            ("redirect_uri", self.callback.clone()),
            ("response_type", "code".to_owned()),
            ("scope", "openid".to_owned()),
            ("state", asked.state.clone()),
            ("nonce", asked.nonce.clone()),
            ("code_challenge", asked.challenge.encoded()),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    /// The page's form: answers where to send the browser. The address carries a code, so it is not for logs.
    pub fn submit(&self, given: &Parameters, now: Timestamp) -> Result<Url, ProviderError> {
        let asked = self.authorize(given)?;
        let email: EmailAddress = given.get("email").unwrap_or_default().parse()?;
        let groups = given.get("groups").unwrap_or_default();
        let groups: BTreeSet<_> =
            groups.split([',', ' ', '\t', '\n', '\r']).filter(|group| !group.is_empty()).collect();
        let who = Who { email, groups: groups.into_iter().map(str::to_owned).collect() };
        let granted = Granted { who, nonce: asked.nonce, challenge: asked.challenge };
        let code = self.codes.issue(granted, now, &self.entropy).ok_or(ProviderError::Busy)?;
        let mut there = Url::parse(&self.callback).map_err(|_| ProviderError::Client)?;
        there
            .query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &asked.state)
            .append_pair("iss", &self.issuer);
        Ok(there)
    }

    /// `/token` below it: one code, once, against one ID token. The answer is not to be stored by caches.
    pub fn token(
        &self,
        headers: &HeaderMap,
        given: &Parameters,
        now: Timestamp,
    ) -> Result<Value, TokenError> {
        if !self.is_client(headers, given) {
            return Err(TokenError::Client);
        }
        if given.get("grant_type") != Some("authorization_code") {
            return Err(TokenError::Request);
        }
        let code = given.get("code").ok_or(TokenError::Request)?;
        let verifier = given.get("code_verifier").ok_or(TokenError::Request)?;
        let granted = self.codes.take(code, now).ok_or(TokenError::Grant)?;
        if given.get("redirect_uri") != Some(&self.callback) || !granted.challenge.is_answered_by(verifier) {
            return Err(TokenError::Grant);
        }
        let mut claims = granted.who.claims();
        claims["iss"] = json!(self.issuer);
        claims["aud"] = json!(CLIENT_ID);
        claims["iat"] = json!(now.as_second());
        claims["exp"] = json!(now.as_second().saturating_add_unsigned(TOKEN_LIFE.as_secs()));
        claims["nonce"] = json!(granted.nonce);
        let id_token = self.key().and_then(|key| key.sign(&claims)).ok_or(TokenError::Busy)?;
        let access_token = self.tokens.issue(granted.who, now, &self.entropy).ok_or(TokenError::Busy)?;
        Ok(json!({
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE.as_secs(),
            "scope": "openid email profile",
            "id_token": id_token,
        }))
    }

    /// `/userinfo` below it; `None` is 401.
    #[must_use]
    pub fn userinfo(&self, headers: &HeaderMap, now: Timestamp) -> Option<Value> {
        self.tokens.get(token::bearer(headers)?, now).map(|who| who.claims())
    }

    /// By HTTP Basic or in the form (RFC 6749, section 2.3.1).
    fn is_client(&self, headers: &HeaderMap, given: &Parameters) -> bool {
        let basic = headers.get(AUTHORIZATION).and_then(|value| {
            let encoded = value.to_str().ok()?.strip_prefix("Basic ")?;
            let pair = String::from_utf8(BASE64.decode(encoded.as_bytes()).ok()?).ok()?;
            let (id, secret) = pair.split_once(':')?;
            Some((id.to_owned(), secret.to_owned()))
        });
        let posted = || Some((given.get("client_id")?.to_owned(), given.get("client_secret")?.to_owned()));
        let Some((id, secret)) = basic.or_else(posted) else { return false };
        let same = verify_slices_are_equal(secret.as_bytes(), self.secret.reveal().as_bytes()).is_ok();
        id == CLIENT_ID && same
    }
}

impl Who {
    /// Stable for an address.
    fn subject(&self) -> String {
        let mut sub = Digest::of(format!("development\0{}", self.email).as_bytes()).to_string();
        sub.truncate(32);
        sub
    }

    fn name(&self) -> Option<String> {
        self.email.as_str().split('@').next().map(str::to_owned)
    }

    /// `sub` is made of the address, so that the same address is the same person after a restart.
    fn claims(&self) -> Value {
        let name = self.name();
        json!({
            "sub": self.subject(),
            "email": self.email,
            "email_verified": true,
            "name": name,
            "groups": self.groups,
        })
    }
}

#[cfg(test)]
mod tests;
