//! Codes by e-mail, for people who have an address and no provider.
//!
//! 1. [`ask`] makes a code of six digits for an address, and the sealed cookie that binds it to the browser. It is made
//!    for every address alike: whether somebody may sign in with it is not asked here, so nothing can betray it.
//! 2. The caller sends the code to whoever [`may_sign_in`], after the answer.
//! 3. [`Asked::open`] finds it again. Each try uses up one of [`Asked::tries`], and the code itself [`Asked::id`], by
//!    create-only puts, so that five tries are five on all servers together, and a code works once.
//!
//! A code and no link: programs that look through mail open links, and a code that is typed cannot be opened elsewhere.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::serde::timestamp::second::required as seconds;
use serde::{Deserialize, Serialize};

use crate::config::EmailCodes;
use crate::model::{App, EmailAddress, Entropy, Person, Readers, Subject};

use super::cookie::{self, Cookie, CookieName};
use super::session::after;
use super::{Keyring, Purpose, ReturnPath};

/// Who vouches for people who sign in this way.
pub const ISSUER: &str = "e-mail";
/// For how long a code works.
pub const LIFE: Duration = Duration::from_mins(10);
/// How often it may be typed: the chance of guessing one is 1 in 200,000.
pub const TRIES: u8 = 5;
const DIGITS: usize = 6;

/// A code that was asked for. Shows neither the code nor its id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    id: String,
    /// The address that it was asked for, and is sent to.
    pub email: EmailAddress,
    /// Where whoever asked wants to go.
    pub return_to: ReturnPath,
    code: String,
    #[serde(with = "seconds")]
    expires: Timestamp,
}

/// Makes a code for `email` on the main host `host`, and the cookie that its browser keeps. An earlier code of this
/// browser works no longer: its cookie is replaced.
#[must_use]
pub fn ask(
    email: EmailAddress,
    return_to: ReturnPath,
    host: &str,
    keyring: &Keyring,
    now: Timestamp,
    entropy: &Entropy,
) -> (Asked, Cookie) {
    // Of 2^64 numbers, a million divides all but a vanishing part evenly.
    let number = u64::from_le_bytes(entropy.bytes()) % 10_u64.pow(6);
    let code = format!("{number:0DIGITS$}");
    let asked = Asked { id: entropy.secret(), email, return_to, code, expires: after(now, LIFE) };
    let sealed = keyring.seal(Purpose::EmailCode, host.as_bytes(), &asked);
    (asked, Cookie::new(CookieName::EmailCode, sealed, LIFE))
}

impl Asked {
    /// The code that this browser asked for; `None` when it asked for none within ten minutes.
    #[must_use]
    pub fn open(headers: &HeaderMap, host: &str, keyring: &Keyring, now: Timestamp) -> Option<Self> {
        let sealed = cookie::read(headers, CookieName::EmailCode.as_str())?;
        let asked: Self = keyring.open(Purpose::EmailCode, host.as_bytes(), sealed)?;
        (now < asked.expires).then_some(asked)
    }

    /// The digits, for the mail alone.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.code
    }

    /// Whether this is what was sent, in constant time.
    #[must_use]
    pub fn is(&self, typed: &Typed) -> bool {
        verify_slices_are_equal(self.code.as_bytes(), typed.0.as_bytes()).is_ok()
    }

    /// Names the code, to be burnt before anybody is signed in with it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Names of its tries, in order: whoever burns none of them has none left.
    pub fn tries(&self) -> impl Iterator<Item = String> {
        (1..=TRIES).map(|number| format!("{} {number}", self.id))
    }

    /// Whom it lets in.
    #[must_use]
    pub fn person(&self) -> Person {
        person(&self.email)
    }
}

/// Six digits that somebody typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Typed(String);

impl Typed {
    /// Reads six digits, however they are spaced; `None` for anything else, which is no try.
    #[must_use]
    pub fn parse(given: &str) -> Option<Self> {
        if given.len() > 60 {
            return None;
        }
        let digits: String = given.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        (digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(Self(digits))
    }
}

/// Whether `email` may sign in with a code: it is in one of the domains that `codes` names, or somebody granted it
/// something that did not end, to the address or to its domain.
pub fn may_sign_in<'a>(
    email: &EmailAddress,
    codes: &EmailCodes,
    apps: impl IntoIterator<Item = &'a App>,
    guides: impl IntoIterator<Item = &'a Readers>,
    now: Timestamp,
) -> bool {
    if codes.domains.iter().any(|domain| domain == email.domain()) {
        return true;
    }
    let person = person(email);
    let granted =
        |app: &App| app.deleted.is_none() && app.grants.naming(&person).any(|grant| !grant.has_ended(now));
    codes.granted
        && (apps.into_iter().any(granted)
            || guides.into_iter().any(|readers| readers.who.iter().any(|who| who.names(&person))))
}

fn person(email: &EmailAddress) -> Person {
    let subject = Subject { iss: ISSUER.to_owned(), sub: email.to_string() };
    Person { subject, email: email.clone(), name: None, groups: Vec::new() }
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Asked({}, …)", self.email)
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
mod tests {
    use super::super::session::tests::{at, keyring, sent_back};
    use super::*;

    const HOST: &str = "example.org";

    fn asked(second: i64) -> (Asked, HeaderMap) {
        let (asked, cookie) = ask(
            "ann@example.net".parse().unwrap(),
            "/-/apps/".parse().unwrap(),
            HOST,
            &keyring(),
            at(second),
            &Entropy::system(),
        );
        (asked, sent_back(&[&cookie]))
    }

    #[test]
    fn a_code_works_for_ten_minutes_in_its_browser_on_its_host() {
        let (code, headers) = asked(0);
        let open = |headers: &HeaderMap, host, second| Asked::open(headers, host, &keyring(), at(second));
        assert_eq!(open(&headers, HOST, 599), Some(code.clone()));
        assert_eq!(open(&headers, HOST, 600), None);
        assert_eq!(open(&headers, "other.example.org", 1), None);
        assert_eq!(open(&HeaderMap::new(), HOST, 1), None);
        assert_ne!(open(&asked(0).1, HOST, 1), Some(code));
    }

    #[test]
    fn six_digits_are_read_however_they_are_spaced() {
        let mut code = asked(0).0;
        code.code = "012345".into();
        for typed in ["012345", " 012 345 ", "012-345", "0 1 2 3 4 5\t"] {
            assert!(code.is(&Typed::parse(typed).unwrap()), "{typed:?}");
        }
        assert!(!code.is(&Typed::parse("012346").unwrap()));
        for no_try in ["", "12345", "0123456", "o12345", "٠١٢٣٤٥", "012345\u{0}", &" ".repeat(61)] {
            assert_eq!(Typed::parse(no_try), None, "{no_try:?}");
        }
    }

    #[test]
    fn codes_are_six_digits_and_none_shows_itself() {
        for _ in 0..200 {
            let (code, _) = asked(0);
            assert!(Typed::parse(code.digits()).is_some_and(|typed| code.is(&typed)));
            assert!(!format!("{code:?}").contains(code.digits()) && !format!("{code:?}").contains(code.id()));
        }
        assert_eq!(asked(0).0.tries().count(), 5);
    }

    #[test]
    fn the_longest_address_and_path_fit_into_a_cookie() {
        let (_, cookie) = ask(
            format!("{}@example.org", "a".repeat(240)).parse().unwrap(),
            ReturnPath::or_root(&format!("/{}", "a".repeat(1999))),
            HOST,
            &keyring(),
            at(0),
            &Entropy::system(),
        );
        assert!(cookie.header().len() < 4096);
    }
}
