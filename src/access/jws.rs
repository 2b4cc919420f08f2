//! A signed token that is not an ID token of a sign-in: a provider's word that somebody signed out, or a CI
//! service's word about a job (RFC 7515, RFC 7519).
//!
//! Only the signature is looked at here; what the claims must be is for who asked.

use data_encoding::BASE64URL_NOPAD;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JsonWebKeyAlgorithm, JsonWebKeyUse, JwsSigningAlgorithm as _};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The longest token, in bytes.
const LONGEST: usize = 16 << 10;
/// How many keys are tried for a token that does not name one.
const MOST_KEYS: usize = 20;

/// Why a token's signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum JwsError {
    /// It is no signed token.
    #[error("it is no signed token")]
    Malformed,
    /// It is signed in a way that is not allowed, or not at all.
    #[error("it is not signed with an algorithm that is allowed here")]
    Algorithm,
    /// It names a key that its issuer does not publish.
    #[error("it is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
}

/// A header; what else stands in it is not looked at.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

/// Read before the signature, to find out whose keys to ask for; believed after it.
#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

/// Who `token` says it is from, which nobody has vouched for yet.
pub(super) fn issuer_in(token: &str) -> Option<String> {
    if token.len() > LONGEST {
        return None;
    }
    let payload = token.split('.').nth(1)?;
    let bytes = BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?;
    let unverified: Unverified = serde_json::from_slice(&bytes).ok()?;
    Some(unverified.iss)
}

/// The claims of `token` when one of `keys` signed it with one of the algorithms `allowed`.
pub(super) fn verify(
    token: &str,
    keys: &CoreJsonWebKeySet,
    allowed: &[CoreJwsSigningAlgorithm],
) -> Result<Map<String, Value>, JwsError> {
    if token.len() > LONGEST {
        return Err(JwsError::Malformed);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwsError::Malformed);
    };
    let decoded = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| JwsError::Malformed);
    let given: Header = serde_json::from_slice(&decoded(header)?).map_err(|_| JwsError::Malformed)?;
    // What a header calls critical must be understood, and nothing is (RFC 7515, section 4.1.11).
    if given.crit.is_some() {
        return Err(JwsError::Malformed);
    }
    let algorithm = allowed
        .iter()
        .find(|allowed| serde_json::to_value(allowed).is_ok_and(|name| name == given.alg.as_str()))
        .ok_or(JwsError::Algorithm)?;
    let signature = decoded(signature)?;
    let signed = &token.as_bytes()[..header.len() + 1 + claims.len()];
    let mut fitting = keys
        .keys()
        .iter()
        .filter(|key| fits(key, algorithm, given.kid.as_deref()))
        .take(MOST_KEYS)
        .peekable();
    if fitting.peek().is_none() {
        return Err(JwsError::UnknownKey);
    }
    if !fitting.any(|key| key.verify_signature(algorithm, signed, &signature).is_ok()) {
        return Err(JwsError::Signature);
    }
    serde_json::from_slice(&decoded(claims)?).map_err(|_| JwsError::Malformed)
}

/// Whether `key` may have signed with `algorithm` under the name `kid`.
fn fits(key: &CoreJsonWebKey, algorithm: &CoreJwsSigningAlgorithm, kid: Option<&str>) -> bool {
    let named = kid.is_none_or(|kid| key.key_id().is_some_and(|id| id.as_str() == kid));
    let signs = key.key_use().is_none_or(JsonWebKeyUse::allows_signature);
    let fits = match key.signing_alg() {
        JsonWebKeyAlgorithm::Algorithm(only) => only == algorithm,
        JsonWebKeyAlgorithm::Unspecified => true,
        JsonWebKeyAlgorithm::Unsupported => false,
    };
    named && signs && fits && algorithm.key_type().as_ref() == Some(key.key_type())
}
