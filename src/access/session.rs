//! Sessions: sealed cookies, each bound to its exact host.
//!
//! A host here is the authority that the caller matched in its own configuration (`guides.example.org`,
//! `sales.localhost:8080`), never a request's header. Whether a session was ended is the caller's to know: it
//! hands in a predicate on where the session comes from ([`Lineage`]).

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::second::required as seconds;
use serde::{Deserialize, Serialize};

use crate::model::{Digest, Entropy, Lineage, Person, Viewer};

use super::cookie::{self, Cookie, CookieName};
use super::{Keyring, Purpose};

/// A sign-in on the main host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Names it, and every app session that came of it, so that all can be ended at once.
    pub id: String,
    /// Who signed in.
    pub person: Person,
    /// When.
    #[serde(with = "seconds")]
    pub issued: Timestamp,
    /// When it ends by itself.
    #[serde(with = "seconds")]
    pub expires: Timestamp,
    /// Which of the provider's own sessions it came of, where the provider names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_session: Option<Digest>,
}

impl Session {
    /// A new session of `lifetime`.
    #[must_use]
    pub fn begin(person: Person, lifetime: Duration, now: Timestamp, entropy: &Entropy) -> Self {
        let expires = after(now, lifetime);
        Self { id: entropy.secret(), person, issued: now, expires, provider_session: None }
    }

    /// The cookie that carries it on the main host `host`.
    #[must_use]
    pub fn cookie(&self, host: &str, keyring: &Keyring, now: Timestamp) -> Cookie {
        let value = keyring.seal(Purpose::Session, host.as_bytes(), self);
        Cookie::new(CookieName::Session, value, until(now, self.expires))
    }

    /// What can end it before its time.
    #[must_use]
    pub fn lineage(&self) -> Lineage<'_> {
        Lineage {
            session: &self.id,
            person: &self.person,
            begun: self.issued,
            provider_session: self.provider_session.as_ref(),
        }
    }

    /// The session in a request to the main host `host`, unless `ended` knows of its end.
    pub fn open(
        headers: &HeaderMap,
        host: &str,
        keyring: &Keyring,
        now: Timestamp,
        ended: impl Fn(&Lineage<'_>) -> bool,
    ) -> Option<Self> {
        let sealed = cookie::read(headers, CookieName::Session.as_str())?;
        let session: Self = keyring.open(Purpose::Session, host.as_bytes(), sealed)?;
        (now < session.expires && !ended(&session.lineage())).then_some(session)
    }
}

/// A session on an app's host, made by a [hand-off](super::hand_off).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSession {
    /// The session on the main host that it came of: when that ends, so does this.
    pub session: String,
    /// The exact host.
    pub host: String,
    /// Who.
    pub person: Person,
    /// When they signed in on the main host.
    #[serde(with = "seconds")]
    pub begun: Timestamp,
    /// Which of the provider's own sessions that came of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_session: Option<Digest>,
    /// When it was made.
    #[serde(with = "seconds")]
    pub issued: Timestamp,
    /// When it must be renewed.
    #[serde(with = "seconds")]
    pub expires: Timestamp,
}

impl AppSession {
    /// The cookie that carries it on its host.
    #[must_use]
    pub fn cookie(&self, keyring: &Keyring, now: Timestamp) -> Cookie {
        let value = keyring.seal(Purpose::AppSession, self.host.as_bytes(), self);
        Cookie::new(CookieName::AppSession, value, until(now, self.expires))
    }

    /// What can end it before its time.
    #[must_use]
    pub fn lineage(&self) -> Lineage<'_> {
        Lineage {
            session: &self.session,
            person: &self.person,
            begun: self.begun,
            provider_session: self.provider_session.as_ref(),
        }
    }

    /// The session in a request to the app's host `host`, unless `ended` knows of its end, or its main session's.
    pub fn open(
        headers: &HeaderMap,
        host: &str,
        keyring: &Keyring,
        now: Timestamp,
        ended: impl Fn(&Lineage<'_>) -> bool,
    ) -> Option<Self> {
        let session = Self::unseal(Self::sealed(headers)?, host, keyring)?;
        session.stands(now, ended).then_some(session)
    }

    /// The value of the cookie that carries one, as it came.
    #[must_use]
    pub fn sealed(headers: &HeaderMap) -> Option<&str> {
        cookie::read(headers, CookieName::AppSession.as_str())
    }

    /// What such a value holds for `host`, however long ago that ended: ask [`AppSession::stands`].
    #[must_use]
    pub fn unseal(sealed: &str, host: &str, keyring: &Keyring) -> Option<Self> {
        let session: Self = keyring.open(Purpose::AppSession, host.as_bytes(), sealed)?;
        (session.host == host).then_some(session)
    }

    /// Whether its time is not over, and `ended` knows of no end.
    #[must_use]
    pub fn stands(&self, now: Timestamp, ended: impl Fn(&Lineage<'_>) -> bool) -> bool {
        now < self.expires && !ended(&self.lineage())
    }
}

impl From<Option<Session>> for Viewer {
    fn from(session: Option<Session>) -> Self {
        session.map_or(Self::Anonymous, |session| Self::SignedIn(session.person))
    }
}

impl From<Option<AppSession>> for Viewer {
    fn from(session: Option<AppSession>) -> Self {
        session.map_or(Self::Anonymous, |session| Self::SignedIn(session.person))
    }
}

/// `now` and then `by`, or the end of time.
pub(super) fn after(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use http::HeaderValue;
    use http::header::COOKIE;

    use super::*;
    use crate::config::Secret;
    use crate::model::Subject;

    pub(in crate::access) fn keyring() -> Keyring {
        Keyring::new(&[Secret::new("k".repeat(32))]).unwrap()
    }

    pub(in crate::access) fn ann() -> Person {
        Person {
            subject: Subject { iss: "https://id.example".into(), sub: "1".into() },
            email: "ann@example.org".parse().unwrap(),
            name: Some("Ann".into()),
            groups: vec!["analysts".into()],
        }
    }

    pub(in crate::access) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// What a browser sends back after `cookies` were set.
    pub(in crate::access) fn sent_back(cookies: &[&Cookie]) -> HeaderMap {
        let pairs: Vec<_> = cookies
            .iter()
            .map(|cookie| cookie.header().to_str().unwrap().split(';').next().unwrap().to_owned())
            .collect();
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(pairs.join("; ")).unwrap())])
    }

    fn hour() -> Duration {
        Duration::from_hours(1)
    }

    fn app_session() -> AppSession {
        AppSession {
            session: "s".into(),
            host: "sales.example.org".into(),
            person: ann(),
            begun: at(0),
            provider_session: None,
            issued: at(0),
            expires: at(3600),
        }
    }

    #[test]
    fn a_session_lasts_until_it_expires_or_is_ended() {
        let session = Session::begin(ann(), hour(), at(1000), &Entropy::seeded(1));
        let headers = sent_back(&[&session.cookie("example.org", &keyring(), at(1000))]);
        let open =
            |second, ended: bool| Session::open(&headers, "example.org", &keyring(), at(second), |_| ended);
        assert_eq!(open(1000, false), Some(session.clone()));
        assert_eq!(open(4599, false), Some(session));
        assert_eq!(open(4600, false), None);
        assert_eq!(open(1000, true), None);
    }

    #[test]
    fn a_session_is_refused_at_every_other_host() {
        let session = Session::begin(ann(), hour(), at(0), &Entropy::seeded(1));
        let headers = sent_back(&[&session.cookie("example.org", &keyring(), at(0))]);
        for host in ["example.org:8080", "sales.example.org", "EXAMPLE.org", ""] {
            assert_eq!(Session::open(&headers, host, &keyring(), at(1), |_| false), None, "{host}");
        }
        let headers = sent_back(&[&app_session().cookie(&keyring(), at(0))]);
        assert!(AppSession::open(&headers, "sales.example.org", &keyring(), at(1), |_| false).is_some());
        assert!(AppSession::open(&headers, "other.example.org", &keyring(), at(1), |_| false).is_none());
    }

    #[test]
    fn an_app_session_never_opens_as_a_main_session_nor_the_other_way_round() {
        let main = Session::begin(ann(), hour(), at(0), &Entropy::seeded(1));
        let value = |cookie: &Cookie| {
            let header = cookie.header();
            header.to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned()
        };
        let swap = |name: &str, value: String| {
            HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(format!("{name}={value}")).unwrap())])
        };
        let as_app = swap("__Host-loggia-app", value(&main.cookie("sales.example.org", &keyring(), at(0))));
        assert!(AppSession::open(&as_app, "sales.example.org", &keyring(), at(1), |_| false).is_none());
        let as_main = swap("__Host-loggia", value(&app_session().cookie(&keyring(), at(0))));
        assert!(Session::open(&as_main, "sales.example.org", &keyring(), at(1), |_| false).is_none());
    }

    #[test]
    fn ending_the_main_session_ends_the_app_session() {
        let headers = sent_back(&[&app_session().cookie(&keyring(), at(0))]);
        let open = |ended: &str| {
            AppSession::open(&headers, "sales.example.org", &keyring(), at(1), |of| of.session == ended)
                .is_some()
        };
        assert!(open("another"));
        assert!(!open("s"));
    }

    #[test]
    fn the_cookie_lives_as_long_as_the_session() {
        let cookie = app_session().cookie(&keyring(), at(600));
        assert!(cookie.header().to_str().unwrap().contains("; Max-Age=3000; "));
    }

    #[test]
    fn a_person_with_the_longest_claims_fits_into_a_cookie() {
        let mut person = ann();
        person.subject = Subject { iss: format!("https://{}", "i".repeat(192)), sub: "s".repeat(255) };
        person.name = Some("n".repeat(200));
        person.email = format!("{}@example.org", "e".repeat(242)).parse().unwrap();
        person.groups = vec!["g".repeat(16); 1536 / 19];
        let mut session = app_session();
        session.person = person;
        session.session = Entropy::seeded(1).secret();
        session.host = "h".repeat(100);
        assert!(session.cookie(&keyring(), at(0)).header().len() < 4096 + 60);
    }
}
