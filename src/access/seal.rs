//! Values that only we can read and nobody can change, sealed for one purpose and one context.
//!
//! AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D, section 8.2.2) under a key that HKDF-SHA-256
//! (RFC 5869) derives for each purpose. The context, such as the exact host, is associated data: a value opens
//! only where the same context is named.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::Secret;
use crate::model::Entropy;

use super::AccessError;

/// The shortest key, in bytes.
const SHORTEST_KEY: usize = 32;
/// The most keys: each one that does not fit costs a try.
const MOST_KEYS: usize = 8;
/// The longest sealed text that is looked at, in bytes.
const LONGEST_SEALED: usize = 8 << 10;
const TAG_LEN: usize = 16;

/// What a value is sealed for. Each has its own key, so a value for one never opens as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The session on the main host.
    Session,
    /// A session on an app's host.
    AppSession,
    /// Sign-ins that were begun.
    SignIn,
    /// A hand-off's code.
    HandOff,
    /// A code of the command line's sign-in.
    Authorization,
    /// A code that was sent by e-mail.
    EmailCode,
    /// What the provider is reminded with when somebody signs out.
    Reminder,
    /// What a browser brings back from signing out at the provider.
    SignOut,
    /// What a command waits with while somebody types its code elsewhere.
    Device,
    /// A token of a trusted publisher.
    Job,
}

impl Purpose {
    const ALL: [Self; 10] = [
        Self::Session,
        Self::AppSession,
        Self::SignIn,
        Self::HandOff,
        Self::Authorization,
        Self::EmailCode,
        Self::Reminder,
        Self::SignOut,
        Self::Device,
        Self::Job,
    ];

    fn label(self) -> &'static [u8] {
        match self {
            Self::Session => b"session",
            Self::AppSession => b"app-session",
            Self::SignIn => b"sign-in",
            Self::HandOff => b"hand-off",
            Self::Authorization => b"authorization",
            Self::EmailCode => b"email-code",
            Self::Reminder => b"reminder",
            Self::SignOut => b"sign-out",
            Self::Device => b"device",
            Self::Job => b"job",
        }
    }
}

/// Keys that seal and open: the first seals, all of them open, so that keys can be changed in turn. Clones share.
#[derive(Clone)]
pub struct Keyring(Arc<[Keys]>);

/// One key a purpose, made once: deriving costs more than sealing.
struct Keys([LessSafeKey; Purpose::ALL.len()]);

impl Keyring {
    /// Derives the keys from `secrets`, each of at least 32 bytes of text.
    pub fn new(secrets: &[Secret]) -> Result<Self, AccessError> {
        if secrets.is_empty() {
            return Err(AccessError::NoKey);
        }
        if secrets.len() > MOST_KEYS {
            return Err(AccessError::TooManyKeys(secrets.len()));
        }
        let salt = Salt::new(HKDF_SHA256, b"loggia sealed values, version 1");
        let keys = secrets.iter().enumerate().map(|(index, secret)| {
            let secret = secret.reveal().trim().as_bytes();
            if secret.len() < SHORTEST_KEY {
                return Err(AccessError::ShortKey { position: index + 1, length: secret.len() });
            }
            Keys::derive(&salt.extract(secret))
        });
        Ok(Self(keys.collect::<Result<_, _>>()?))
    }

    /// Seals `value` for `purpose`, to be opened only with the same `context`. The text is base64url.
    #[must_use]
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "it never panics: our plain values are JSON, and AES-GCM seals whatever is under 64 GB"
    )]
    pub fn seal(&self, purpose: Purpose, context: &[u8], value: &impl Serialize) -> String {
        let nonce: [u8; NONCE_LEN] = Entropy::system().bytes();
        let mut sealed = nonce.to_vec();
        let mut text = serde_json::to_vec(value).expect("a plain value is JSON");
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.0[0]
            .of(purpose)
            .seal_in_place_append_tag(nonce, Aad::from(context), &mut text)
            .expect("it is short");
        sealed.append(&mut text);
        BASE64URL_NOPAD.encode(&sealed)
    }

    /// Opens what [`Keyring::seal`] made for the same purpose and context; `None` for anything else.
    #[must_use]
    pub fn open<T: DeserializeOwned>(&self, purpose: Purpose, context: &[u8], sealed: &str) -> Option<T> {
        if sealed.len() > LONGEST_SEALED {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).ok()?;
        let (nonce, rest) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let (text, tag) = rest.split_at_checked(rest.len().checked_sub(TAG_LEN)?)?;
        let mut plain = vec![0; text.len()];
        let opens = |keys: &Keys, plain: &mut [u8]| {
            let nonce = Nonce::assume_unique_for_key(*nonce);
            keys.of(purpose).open_separate_gather(nonce, Aad::from(context), text, tag, plain).is_ok()
        };
        self.0.iter().any(|keys| opens(keys, &mut plain)).then(|| serde_json::from_slice(&plain).ok())?
    }
}

impl Keys {
    fn derive(secret: &Prk) -> Result<Self, AccessError> {
        let mut keys = Vec::with_capacity(Purpose::ALL.len());
        for purpose in Purpose::ALL {
            let key = secret
                .expand(&[purpose.label()], &AES_256_GCM)
                .map(UnboundKey::from)
                .map_err(|_| AccessError::Cryptography("a key could not be derived"))?;
            keys.push(LessSafeKey::new(key));
        }
        keys.try_into().map(Self).map_err(|_| AccessError::Cryptography("a key could not be derived"))
    }

    fn of(&self, purpose: Purpose) -> &LessSafeKey {
        &self.0[purpose as usize]
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({} keys)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret(letter: &str) -> Secret {
        Secret::new(letter.repeat(32))
    }

    fn keyring(letters: &[&str]) -> Keyring {
        Keyring::new(&letters.iter().map(|letter| secret(letter)).collect::<Vec<_>>()).unwrap()
    }

    const HOST: &[u8] = b"sales.example.org";

    #[test]
    fn a_value_opens_for_its_purpose_and_context_only() {
        let keys = keyring(&["a"]);
        let sealed = keys.seal(Purpose::AppSession, HOST, &"ann");
        assert_eq!(keys.open::<String>(Purpose::AppSession, HOST, &sealed).unwrap(), "ann");
        assert_eq!(keys.open::<String>(Purpose::AppSession, b"other.example.org", &sealed), None);
        for other in Purpose::ALL.into_iter().filter(|&purpose| purpose != Purpose::AppSession) {
            assert_eq!(keys.open::<String>(other, HOST, &sealed), None, "{other:?}");
        }
    }

    #[test]
    fn every_purpose_has_its_own_place() {
        for (place, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, place);
        }
    }

    #[test]
    fn keys_can_be_changed_in_turn() {
        let old = keyring(&["a"]).seal(Purpose::Session, HOST, &1);
        let both = keyring(&["b", "a"]);
        assert_eq!(both.open(Purpose::Session, HOST, &old), Some(1));
        let new = both.seal(Purpose::Session, HOST, &2);
        assert_eq!(keyring(&["b"]).open(Purpose::Session, HOST, &new), Some(2));
        assert_eq!(keyring(&["b"]).open::<i32>(Purpose::Session, HOST, &old), None);
    }

    #[test]
    fn the_same_value_never_seals_alike() {
        let keys = keyring(&["a"]);
        assert_ne!(keys.seal(Purpose::Session, HOST, &1), keys.seal(Purpose::Session, HOST, &1));
    }

    #[test]
    fn weak_keys_stop_the_start() {
        assert_eq!(Keyring::new(&[]).unwrap_err(), AccessError::NoKey);
        let short = Keyring::new(&[secret("a"), Secret::new("short and sweet".into())]).unwrap_err();
        assert_eq!(short, AccessError::ShortKey { position: 2, length: 15 });
        assert!(!short.to_string().contains("sweet"));
        assert_eq!(Keyring::new(&vec![secret("a"); 9]).unwrap_err(), AccessError::TooManyKeys(9));
    }

    proptest! {
        #[test]
        fn a_changed_byte_opens_nothing(place in 0_usize..200, with in "[A-Za-z0-9_-]") {
            let keys = keyring(&["a"]);
            let sealed = keys.seal(Purpose::Session, HOST, &"a person of some length, so that bytes abound");
            let place = place % sealed.len();
            let changed = format!("{}{with}{}", &sealed[..place], &sealed[place + 1..]);
            let opened = keys.open::<String>(Purpose::Session, HOST, &changed);
            prop_assert_eq!(opened.is_some(), changed == sealed);
        }

        #[test]
        fn hostile_text_opens_nothing(text in r"[A-Za-z0-9_=+/ -]{0,300}") {
            prop_assert_eq!(keyring(&["a", "b"]).open::<serde_json::Value>(Purpose::Session, HOST, &text), None);
        }
    }

    #[test]
    fn overlong_text_is_not_looked_at() {
        let keys = keyring(&["a"]);
        let sealed = keys.seal(Purpose::Session, HOST, &"x".repeat(LONGEST_SEALED));
        assert_eq!(keys.open::<String>(Purpose::Session, HOST, &sealed), None);
    }
}
