//! The sign-ins that a browser began, in a sealed cookie of the main host.

use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64URL_NOPAD;
use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::second::required as seconds;
use serde::{Deserialize, Serialize};

use crate::access::cookie::{self, Cookie, CookieName};
use crate::access::session::after;
use crate::access::{Keyring, Purpose, ReturnPath};
use crate::model::{Digest, Entropy};

/// How long a person may take at the provider.
const LIFE: Duration = Duration::from_mins(10);
/// The most tabs that sign in at once; the oldest gives way.
const MOST: usize = 4;
/// The most bytes of return paths together, so that the cookie fits.
const LONGEST_PATHS: usize = 2200;

/// Newest last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::access) struct Pending(Vec<Begun>);

#[derive(Debug, Serialize, Deserialize)]
struct Begun {
    secrets: Secrets,
    /// The provider that was asked.
    way: String,
    return_to: ReturnPath,
    #[serde(with = "seconds")]
    expires: Timestamp,
}

/// One secret from which state, nonce and verifier are made, so that the cookie stays small. None of the three
/// betrays another.
#[derive(Clone, Serialize, Deserialize)]
pub(in crate::access) struct Secrets(String);

impl Pending {
    pub(in crate::access) fn read(
        headers: &HeaderMap,
        host: &str,
        keyring: &Keyring,
        now: Timestamp,
    ) -> Self {
        let sealed = cookie::read(headers, CookieName::SignIn.as_str());
        let opened = sealed.and_then(|sealed| keyring.open(Purpose::SignIn, host.as_bytes(), sealed));
        let mut pending: Self = opened.unwrap_or_default();
        pending.0.retain(|begun| now < begun.expires);
        pending
    }

    pub(in crate::access) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::access) fn begin(
        &mut self,
        way: &str,
        return_to: &ReturnPath,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Secrets {
        let secrets = Secrets(entropy.secret());
        self.0.push(Begun {
            secrets: secrets.clone(),
            way: way.to_owned(),
            return_to: return_to.clone(),
            expires: after(now, LIFE),
        });
        let paths = |list: &[Begun]| list.iter().map(|begun| begun.return_to.as_str().len()).sum::<usize>();
        while self.0.len() > MOST || paths(&self.0) > LONGEST_PATHS {
            self.0.remove(0);
        }
        secrets
    }

    /// Takes out the sign-in at the provider `way` that `state` answers.
    pub(in crate::access) fn take(&mut self, way: &str, state: &str) -> Option<(Secrets, ReturnPath)> {
        let place = self.place(state).filter(|place| self.0[*place].way == way)?;
        let begun = self.0.remove(place);
        Some((begun.secrets, begun.return_to))
    }

    /// Where somebody wanted to go whose sign-in `state` answers.
    pub(in crate::access) fn wanted(&self, state: &str) -> Option<&ReturnPath> {
        self.place(state).map(|place| &self.0[place].return_to)
    }

    fn place(&self, state: &str) -> Option<usize> {
        let answers = |begun: &Begun| {
            verify_slices_are_equal(begun.secrets.state().as_bytes(), state.as_bytes()).is_ok()
        };
        self.0.iter().position(answers)
    }

    pub(in crate::access) fn cookie(&self, host: &str, keyring: &Keyring) -> Cookie {
        if self.is_empty() {
            return Cookie::clear(CookieName::SignIn);
        }
        Cookie::new(CookieName::SignIn, keyring.seal(Purpose::SignIn, host.as_bytes(), self), LIFE)
    }
}

impl Secrets {
    pub(in crate::access) fn state(&self) -> String {
        self.derive("state")
    }

    pub(in crate::access) fn nonce(&self) -> String {
        self.derive("nonce")
    }

    pub(in crate::access) fn verifier(&self) -> String {
        self.derive("verifier")
    }

    fn derive(&self, what: &str) -> String {
        BASE64URL_NOPAD.encode(Digest::of(format!("{what} {}", self.0).as_bytes()).as_bytes())
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::session::tests::{at, keyring, sent_back};

    const HOST: &str = "example.org";

    fn began(headers: &HeaderMap, path: &str, second: i64) -> (Secrets, HeaderMap) {
        let mut pending = Pending::read(headers, HOST, &keyring(), at(second));
        let secrets = pending.begin("staff", &path.parse().unwrap(), at(second), &Entropy::system());
        (secrets, sent_back(&[&pending.cookie(HOST, &keyring())]))
    }

    #[test]
    fn several_tabs_sign_in_at_once() {
        let (first, headers) = began(&HeaderMap::new(), "/a", 0);
        let (second, headers) = began(&headers, "/b", 1);
        let mut pending = Pending::read(&headers, HOST, &keyring(), at(2));
        assert_eq!(pending.take("staff", &first.state()).unwrap().1.as_str(), "/a");
        assert!(pending.take("staff", &first.state()).is_none());
        assert_eq!(pending.take("staff", &second.state()).unwrap().1.as_str(), "/b");
        assert_eq!(pending.cookie(HOST, &keyring()), Cookie::clear(CookieName::SignIn));
    }

    #[test]
    fn one_provider_cannot_answer_for_another() {
        let (secrets, headers) = began(&HeaderMap::new(), "/a", 0);
        let mut pending = Pending::read(&headers, HOST, &keyring(), at(1));
        assert!(pending.take("partners", &secrets.state()).is_none());
        assert_eq!(pending.wanted(&secrets.state()).unwrap().as_str(), "/a");
        assert!(pending.take("staff", &secrets.state()).is_some());
    }

    #[test]
    fn a_sign_in_lasts_ten_minutes_on_its_own_host() {
        let (_, headers) = began(&HeaderMap::new(), "/a", 0);
        assert!(!Pending::read(&headers, HOST, &keyring(), at(599)).is_empty());
        assert!(Pending::read(&headers, HOST, &keyring(), at(600)).is_empty());
        assert!(Pending::read(&headers, "other.example.org", &keyring(), at(1)).is_empty());
    }

    #[test]
    fn the_cookie_stays_small() {
        let mut headers = HeaderMap::new();
        for _ in 0..10 {
            headers = began(&headers, &format!("/{}", "a".repeat(2000)), 0).1;
        }
        for _ in 0..10 {
            headers = began(&headers, "/-/enter?host=sales.example.org&return=%2F", 0).1;
        }
        assert!(headers[http::header::COOKIE].len() < 4096);
        assert_eq!(Pending::read(&headers, HOST, &keyring(), at(1)).0.len(), MOST);
    }
}
