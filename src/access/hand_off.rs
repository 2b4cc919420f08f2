//! The hand-off: how a sign-in on the main host becomes a session on an app's host.
//!
//! 1. The app's host [`begin`]s: it gives the browser a nonce in a cookie, and sends it to the main host with
//!    the nonce's digest.
//! 2. The main host [`Arrival::parse`]s that and, once somebody is signed in, [`mint`]s a code: sealed for that
//!    one host, good for a minute, bound to the nonce.
//! 3. The app's host [`redeem`]s the code. Its id must then be burnt by a create-only put; whoever loses that
//!    put must refuse, so that a code works once.
//!
//! Hosts are authorities that the caller matched in its own configuration, never a request's header.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::second::required as seconds;
use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use crate::model::{Digest, Entropy, Person};

use super::cookie::{self, Cookie, CookieName};
use super::session::after;
use super::{AppSession, Keyring, Parameters, Purpose, ReturnPath, Session};

/// How long a code may travel.
const CODE_LIFE: Duration = Duration::from_mins(1);
/// How long a browser keeps its nonce: it names nobody, and tabs share it.
const NONCE_LIFE: Duration = Duration::from_hours(24);
/// 256 bits as base64url.
const NONCE_LENGTH: usize = 43;

/// Why a code does not become a session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandOffError {
    /// The request names no host, nonce or code, or names one twice.
    #[error("this address is incomplete; open the app from its own link")]
    Incomplete,
    /// The code was not made by us, for this host.
    #[error("this sign-in was not made for this address; open the app from its own link")]
    Foreign,
    /// The code is older than a minute.
    #[error("this sign-in took too long; it starts again by itself")]
    Late {
        /// Where to begin again.
        return_to: ReturnPath,
    },
    /// The browser sent no nonce: it is another browser, or it keeps no cookies.
    #[error(
        "this sign-in began in another browser, or cookies are switched off here; open the app from its own link"
    )]
    NoNonce,
    /// The browser holds another nonce: two tabs began at once, and the other one's nonce stayed.
    #[error("this sign-in began in another tab; it starts again by itself")]
    OtherNonce {
        /// Where to begin again.
        return_to: ReturnPath,
    },
}

impl HandOffError {
    /// Where to begin again without asking anybody; a browser that keeps cookies gets through the next time.
    #[must_use]
    pub fn begin_again(&self) -> Option<&ReturnPath> {
        match self {
            Self::Late { return_to } | Self::OtherNonce { return_to } => Some(return_to),
            Self::Incomplete | Self::Foreign | Self::NoNonce => None,
        }
    }
}

/// What the app's host answers to a viewer without a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The browser's nonce, to be set again so that it stays.
    pub cookie: Cookie,
    /// Where to send the browser: a path and query of the main host.
    pub enter: ReturnPath,
}

/// Begins on the app's host `host`; afterwards the viewer wants `return_to`. A nonce that the browser holds
/// already is kept, so that parallel tabs can all arrive.
#[must_use]
pub fn begin(headers: &HeaderMap, host: &str, return_to: &ReturnPath, entropy: &Entropy) -> Begun {
    let nonce = nonce_in(headers).map_or_else(|| entropy.secret(), str::to_owned);
    let digest = Digest::of(nonce.as_bytes());
    let enter = enter_path(host, return_to, &digest)
        .or_else(|| enter_path(host, &ReturnPath::root(), &digest))
        .unwrap_or_else(ReturnPath::root);
    Begun { cookie: Cookie::new(CookieName::Nonce, nonce, NONCE_LIFE), enter }
}

/// What arrives at the main host's `/-/enter`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The host that asks. The caller must match it with an app before it mints anything for it.
    pub host: String,
    /// Where on that host the viewer wants to go.
    pub return_to: ReturnPath,
    nonce: Digest,
}

impl Arrival {
    /// Reads the query that [`begin`] wrote.
    pub fn parse(query: &str) -> Result<Self, HandOffError> {
        let given = Parameters::parse(query);
        Ok(Self {
            host: given.get("host").ok_or(HandOffError::Incomplete)?.to_owned(),
            return_to: given.get("return").map_or_else(ReturnPath::root, ReturnPath::or_root),
            nonce: given.get("nonce").and_then(|nonce| nonce.parse().ok()).ok_or(HandOffError::Incomplete)?,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Code {
    id: String,
    host: String,
    session: String,
    person: Person,
    #[serde(with = "seconds")]
    begun: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_session: Option<Digest>,
    nonce: Digest,
    return_to: ReturnPath,
    #[serde(with = "seconds")]
    session_expires: Timestamp,
    #[serde(with = "seconds")]
    expires: Timestamp,
}

/// Makes the code for `arrival` on behalf of `session`, and answers where to send the browser: a path and query
/// of the host that asked. It carries the code, so its query is not for logs.
#[must_use]
pub fn mint(
    arrival: &Arrival,
    session: &Session,
    keyring: &Keyring,
    now: Timestamp,
    entropy: &Entropy,
) -> String {
    let code = Code {
        id: entropy.secret(),
        host: arrival.host.clone(),
        session: session.id.clone(),
        person: session.person.clone(),
        begun: session.issued,
        provider_session: session.provider_session,
        nonce: arrival.nonce,
        return_to: arrival.return_to.clone(),
        session_expires: session.expires,
        expires: after(now, CODE_LIFE),
    };
    format!("/-/enter?code={}", keyring.seal(Purpose::HandOff, arrival.host.as_bytes(), &code))
}

/// What a code became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// The session on this host.
    pub session: AppSession,
    /// Where the viewer wanted to go.
    pub return_to: ReturnPath,
    /// To be burnt before anything is answered.
    pub code_id: String,
}

/// Redeems the code in `query` at the app's host `host`, for a session of at most `lifetime` that ends with the
/// one on the main host.
pub fn redeem(
    query: &str,
    headers: &HeaderMap,
    host: &str,
    lifetime: Duration,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Redeemed, HandOffError> {
    let given = Parameters::parse(query);
    let sealed = given.get("code").ok_or(HandOffError::Incomplete)?;
    let code: Code = keyring.open(Purpose::HandOff, host.as_bytes(), sealed).ok_or(HandOffError::Foreign)?;
    if code.host != host {
        return Err(HandOffError::Foreign);
    }
    let nonce = nonce_in(headers).ok_or(HandOffError::NoNonce)?;
    if Digest::of(nonce.as_bytes()) != code.nonce {
        return Err(HandOffError::OtherNonce { return_to: code.return_to });
    }
    if now >= code.expires || now >= code.session_expires {
        return Err(HandOffError::Late { return_to: code.return_to });
    }
    let session = AppSession {
        session: code.session,
        host: code.host,
        person: code.person,
        begun: code.begun,
        provider_session: code.provider_session,
        issued: now,
        expires: after(now, lifetime).min(code.session_expires),
    };
    Ok(Redeemed { session, return_to: code.return_to, code_id: code.id })
}

fn nonce_in(headers: &HeaderMap) -> Option<&str> {
    cookie::read(headers, CookieName::Nonce.as_str()).filter(|nonce| nonce.len() == NONCE_LENGTH)
}

/// `None` when it is too long to travel on through a sign-in.
fn enter_path(host: &str, return_to: &ReturnPath, nonce: &Digest) -> Option<ReturnPath> {
    let query = Serializer::new(String::new())
        .append_pair("host", host)
        .append_pair("return", return_to.as_str())
        .append_pair("nonce", &nonce.to_string())
        .finish();
    format!("/-/enter?{query}").parse().ok()
}

#[cfg(test)]
mod tests;
