//! Who is asking.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Something that is not an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an e-mail address; write it like `ann@example.org`")]
pub struct InvalidEmail(String);

/// A person's e-mail address, in lower case: people's addresses compare without case.
///
/// One `@` with something on both sides, no spaces, control characters, quotes or angle brackets, 254 bytes
/// at the most (RFC 5321, section 4.5.3.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl FromStr for EmailAddress {
    type Err = InvalidEmail;

    fn from_str(given: &str) -> Result<Self, InvalidEmail> {
        let refuse = || InvalidEmail(given.chars().take(80).flat_map(char::escape_default).collect());
        let address = given.trim().to_lowercase();
        let (local, domain) = address.split_once('@').ok_or_else(refuse)?;
        // The Kelvin sign becomes a plain `k` in lower case: it would stand in for somebody else's.
        let twin = given.chars().any(|c| !c.is_ascii() && c.to_lowercase().all(|small| small.is_ascii()));
        let clean =
            !address.chars().any(|c| c.is_whitespace() || c.is_control() || "\"<>(),;:\\[]".contains(c));
        let whole = !local.is_empty() && !domain.is_empty() && !domain.contains('@');
        let labels = domain.split('.').all(|label| !label.is_empty());
        if !twin && clean && whole && labels && address.len() <= 254 {
            Ok(Self(address))
        } else {
            Err(refuse())
        }
    }
}

/// The key of a person: who vouches for them and what they call them (OpenID Connect Core 1.0, section 5.7).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// The provider's issuer URL.
    pub iss: String,
    /// The provider's name for the person, never reissued.
    pub sub: String,
}

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The key.
    pub subject: Subject,
    /// The verified address; grants are matched against it.
    pub email: EmailAddress,
    /// How the provider writes their name, for showing only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The provider's groups, matched whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// Whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Nobody signed in.
    Anonymous,
    /// Somebody did.
    SignedIn(Person),
}

impl Viewer {
    /// The person, when there is one.
    #[must_use]
    pub fn person(&self) -> Option<&Person> {
        match self {
            Self::Anonymous => None,
            Self::SignedIn(person) => Some(person),
        }
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = InvalidEmail;

    fn try_from(given: String) -> Result<Self, InvalidEmail> {
        given.parse()
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_without_case() {
        let ann: EmailAddress = " Ann@Example.ORG ".parse().unwrap();
        assert_eq!(ann.as_str(), "ann@example.org");
        assert_eq!(ann.domain(), "example.org");
        for bad in
            ["", "ann", "@x.org", "ann@", "a b@x.org", "a@b@c.org", "<a@b.org>", "a@b..org", "a,b@c.org"]
        {
            assert!(bad.parse::<EmailAddress>().is_err(), "{bad}");
        }
    }

    #[test]
    fn no_other_letter_stands_in_for_one_of_an_address() {
        assert!("zoë@example.org".parse::<EmailAddress>().is_ok());
        // The Kelvin sign is a small k in lower case, as whoever compares addresses so has learnt.
        for twin in ["mi\u{212a}e@example.org", "zo\u{eb}\u{212a}@example.org", "mike@wor\u{212a}.example"] {
            assert!(twin.parse::<EmailAddress>().is_err(), "{twin}");
        }
    }
}
