//! What a browser keeps so that its provider can be asked to sign it out too (OpenID Connect RP-Initiated Logout 1.0).
//!
//! 1. [`cookie()`] keeps the ID token of the sign-in, sealed, where it fits into a cookie; [`read`] opens it.
//! 2. [`begin`] makes the state that the browser takes to the provider and back; [`is_ours`] knows it again.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::second::required as seconds;
use serde::{Deserialize, Serialize};

use crate::config::Secret;

use super::cookie::{self, Cookie, CookieName, LONGEST_VALUE};
use super::session::after;
use super::{Keyring, Purpose};

/// How long somebody may take at the provider.
const LIFE: Duration = Duration::from_mins(10);

#[derive(Serialize, Deserialize)]
struct State {
    #[serde(with = "seconds")]
    expires: Timestamp,
}

/// The cookie that keeps `id_token` on the main host `host`; `None` when it is too long for one, in which case the
/// provider asks the person whom to sign out.
#[must_use]
pub fn cookie(id_token: &Secret, host: &str, keyring: &Keyring, lifetime: Duration) -> Option<Cookie> {
    if id_token.reveal().is_empty() {
        return None;
    }
    let value = keyring.seal(Purpose::Reminder, host.as_bytes(), &id_token.reveal());
    (value.len() <= LONGEST_VALUE).then(|| Cookie::new(CookieName::Reminder, value, lifetime))
}

/// The ID token that this browser keeps.
#[must_use]
pub fn read(headers: &HeaderMap, host: &str, keyring: &Keyring) -> Option<Secret> {
    let sealed = cookie::read(headers, CookieName::Reminder.as_str())?;
    keyring.open(Purpose::Reminder, host.as_bytes(), sealed).map(Secret::new)
}

/// What the browser takes to the provider and brings back.
#[must_use]
pub fn begin(host: &str, keyring: &Keyring, now: Timestamp) -> String {
    keyring.seal(Purpose::SignOut, host.as_bytes(), &State { expires: after(now, LIFE) })
}

/// Whether `state` is of a sign-out that began here within ten minutes.
#[must_use]
pub fn is_ours(state: &str, host: &str, keyring: &Keyring, now: Timestamp) -> bool {
    let state: Option<State> = keyring.open(Purpose::SignOut, host.as_bytes(), state);
    state.is_some_and(|state| now < state.expires)
}

#[cfg(test)]
mod tests {
    use super::super::session::tests::{at, keyring, sent_back};
    use super::*;

    const HOST: &str = "example.org";

    #[test]
    fn an_id_token_is_kept_for_its_own_host_where_it_fits() {
        let kept = |length: usize| {
            cookie(&Secret::new("t".repeat(length)), HOST, &keyring(), Duration::from_hours(1))
        };
        let headers = sent_back(&[&kept(2000).unwrap()]);
        assert_eq!(read(&headers, HOST, &keyring()).unwrap().reveal(), "t".repeat(2000));
        assert!(read(&headers, "sales.example.org", &keyring()).is_none());
        assert!(kept(0).is_none() && kept(3000).is_none());
    }

    #[test]
    fn a_state_is_known_again_for_ten_minutes() {
        let state = begin(HOST, &keyring(), at(0));
        assert!(is_ours(&state, HOST, &keyring(), at(599)));
        assert!(!is_ours(&state, HOST, &keyring(), at(600)));
        assert!(!is_ours(&state, "other.org", &keyring(), at(1)) && !is_ours("", HOST, &keyring(), at(1)));
    }
}
