//! Signing a command in whose browser is on another machine (RFC 8628): the command shows a short code, the person
//! types it where they are signed in, and the command asks until that was done.
//!
//! 1. [`begin`] makes the code to type ([`UserCode`]) and the one that the command keeps.
//! 2. [`open`] says which typed code a command waits for. What became of it is kept by the callers.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::second::required as seconds;
use serde::{Deserialize, Serialize};

use crate::model::{Digest, Entropy};

use super::session::after;
use super::{Keyring, Purpose};

/// The grant type of the token endpoint (RFC 8628, section 3.4).
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long somebody may take to type the code.
pub const LIFE: Duration = Duration::from_mins(10);
/// How long a command waits between two questions, in seconds.
pub const INTERVAL: u32 = 5;

/// Letters that are told apart when read aloud, and spell no words (RFC 8628, section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const LENGTH: usize = 8;

/// A code that a person types: eight letters, of 25,600 million.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserCode(String);

/// Something that is no such code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has eight letters, such as `WDJB-MJHT`; type it as your terminal shows it")]
pub struct InvalidCode;

impl UserCode {
    fn random(entropy: &Entropy) -> Self {
        let mut code = String::with_capacity(LENGTH);
        while code.len() < LENGTH {
            let bytes: [u8; 32] = entropy.bytes();
            // Bytes beyond the last whole round of letters would make some letters likelier.
            let fair = bytes.iter().filter(|byte| usize::from(**byte) < 256 / LETTERS.len() * LETTERS.len());
            let letters = fair.map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]));
            code.extend(letters.take(LENGTH - code.len()));
        }
        Self(code)
    }

    /// How it stands in keys.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

/// In two halves, as it is shown.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(LENGTH / 2);
        write!(f, "{first}-{second}")
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode(…)")
    }
}

impl FromStr for UserCode {
    type Err = InvalidCode;

    /// As people type it: in any case, with or without the hyphen.
    fn from_str(given: &str) -> Result<Self, InvalidCode> {
        let typed = given.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '.' | '_'));
        let code: String = typed.take(LENGTH + 1).map(|c| c.to_ascii_uppercase()).collect();
        let whole = code.len() == LENGTH && code.bytes().all(|byte| LETTERS.contains(&byte));
        if whole { Ok(Self(code)) } else { Err(InvalidCode) }
    }
}

impl TryFrom<String> for UserCode {
    type Error = InvalidCode;

    fn try_from(given: String) -> Result<Self, InvalidCode> {
        given.parse()
    }
}

impl From<UserCode> for String {
    fn from(code: UserCode) -> Self {
        code.0
    }
}

/// What a command waits with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The code that is to be typed.
    pub code: UserCode,
    /// Until when.
    #[serde(with = "seconds")]
    pub expires: Timestamp,
}

/// Begins on the main host `host`: what is waited for, and the code that the command keeps to itself.
#[must_use]
pub fn begin(host: &str, keyring: &Keyring, now: Timestamp, entropy: &Entropy) -> (Waiting, String) {
    let waiting = Waiting { code: UserCode::random(entropy), expires: after(now, LIFE) };
    let kept = keyring.seal(Purpose::Device, host.as_bytes(), &waiting);
    (waiting, kept)
}

/// What a command that brings `kept` waits for, over or not; `None` when it is none of ours.
#[must_use]
pub fn open(kept: &str, host: &str, keyring: &Keyring) -> Option<Waiting> {
    keyring.open(Purpose::Device, host.as_bytes(), kept)
}

#[cfg(test)]
mod tests {
    use super::super::session::tests::{at, keyring};
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let (waiting, kept) = begin("example.org", &keyring(), at(0), &Entropy::seeded(1));
        let shown = waiting.code.to_string();
        assert_eq!((shown.len(), shown.find('-')), (9, Some(4)));
        for typed in [shown.clone(), shown.to_lowercase(), shown.replace('-', ""), format!(" {shown} ")] {
            assert_eq!(typed.parse::<UserCode>().unwrap(), waiting.code, "{typed}");
        }
        assert_eq!(open(&kept, "example.org", &keyring()).unwrap(), waiting);
        assert!(
            open(&kept, "other.org", &keyring()).is_none() && open("x", "example.org", &keyring()).is_none()
        );
        assert!(!format!("{waiting:?}").contains(&shown));
    }

    #[test]
    fn other_texts_are_no_codes() {
        for bad in
            ["", "ABCD-EFGH", "BCDF-GHJ", "BCDF-GHJKL", "1234-5678", "BCDF GHJ\u{130}", &"B".repeat(9999)]
        {
            assert!(bad.parse::<UserCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn codes_use_every_letter_and_repeat_rarely() {
        let entropy = Entropy::seeded(3);
        let codes: std::collections::BTreeSet<_> = (0..500).map(|_| UserCode::random(&entropy).0).collect();
        assert_eq!(codes.len(), 500);
        assert!(LETTERS.iter().all(|letter| codes.iter().any(|code| code.contains(char::from(*letter)))));
    }
}
