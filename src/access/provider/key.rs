//! The key that signs ID tokens.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::access::AccessError;
use crate::model::Digest;

/// An RSA key of 2,048 bits, made at the start.
pub(super) struct SigningKey {
    pair: KeyPair,
    id: String,
}

impl SigningKey {
    pub(super) fn generate() -> Result<Self, AccessError> {
        let pair = KeyPair::generate(KeySize::Rsa2048)
            .map_err(|_| AccessError::Cryptography("no RSA key could be made"))?;
        let modulus = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
        let id = Digest::of(&modulus).to_string()[..16].to_owned();
        Ok(Self { pair, id })
    }

    /// Its public half (RFC 7517; RFC 7518, section 6.3.1).
    pub(super) fn jwk(&self) -> Value {
        let public = self.pair.public_key();
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.id,
            "n": BASE64URL_NOPAD.encode(public.modulus().big_endian_without_leading_zero()),
            "e": BASE64URL_NOPAD.encode(public.exponent().big_endian_without_leading_zero()),
        })
    }

    /// `claims` as a JSON Web Token signed with RS256 (RFC 7519; RFC 7515, section 7.1).
    pub(super) fn sign(&self, claims: &Value) -> Option<String> {
        let header = json!({ "alg": "RS256", "typ": "JWT", "kid": self.id });
        let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}
