//! Proof key for code exchange: only who began a sign-in can finish it (RFC 7636).

use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::model::Digest;

/// An S256 challenge: the SHA-256 of a verifier (RFC 7636, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge(Digest);

/// Something that is not an S256 challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`code_challenge` is not 43 characters of base64url")]
pub struct InvalidChallenge;

impl Challenge {
    /// The challenge that `verifier` answers.
    #[must_use]
    pub fn of(verifier: &str) -> Self {
        Self(Digest::of(verifier.as_bytes()))
    }

    /// Whether `verifier` is well formed (RFC 7636, section 4.1) and answers this, in constant time.
    #[must_use]
    pub fn is_answered_by(&self, verifier: &str) -> bool {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
        let answer = Self::of(verifier);
        well_formed && verify_slices_are_equal(self.0.as_bytes(), answer.0.as_bytes()).is_ok()
    }

    /// The 43 characters of base64url that a request carries.
    #[must_use]
    pub fn encoded(&self) -> String {
        BASE64URL_NOPAD.encode(self.0.as_bytes())
    }
}

impl FromStr for Challenge {
    type Err = InvalidChallenge;

    fn from_str(given: &str) -> Result<Self, InvalidChallenge> {
        let bytes = BASE64URL_NOPAD.decode(given.as_bytes()).map_err(|_| InvalidChallenge)?;
        Ok(Self(Digest::from_bytes(bytes.try_into().map_err(|_| InvalidChallenge)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_holds() {
        let challenge: Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".parse().unwrap();
        assert!(challenge.is_answered_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_answered_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"));
        assert_eq!(challenge.encoded(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn short_and_odd_verifiers_answer_nothing() {
        for bad in ["", "short", &"a b".repeat(20), &"a".repeat(129)] {
            assert!(!Challenge::of(bad).is_answered_by(bad), "{bad}");
        }
        for bad in ["", "abc", &"a".repeat(44), &"=".repeat(43)] {
            assert!(bad.parse::<Challenge>().is_err(), "{bad}");
        }
    }
}
