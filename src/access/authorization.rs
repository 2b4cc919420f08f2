//! How `loggia login` gets its token: OAuth 2.0's authorization code with PKCE, for an app on the person's own
//! machine (RFC 8252, section 7.3; RFC 7636).
//!
//! 1. The command opens a browser at the authorization endpoint; [`Request::parse`] checks what it asks for.
//! 2. When the person agrees, [`mint`] makes a code and the address on their machine to send it to.
//! 3. The command brings the code and its verifier to the token endpoint; [`redeem`] answers who it is. The
//!    code's id must then be burnt by a create-only put; whoever loses that put must refuse.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::serde::timestamp::second::required as seconds;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::model::{Entropy, Person};

use super::session::{Session, after};
use super::{Challenge, Keyring, Parameters, Purpose};

/// The command line's client identity. It is public: it has no secret.
pub const CLIENT_ID: &str = "loggia-cli";

const CODE_LIFE: Duration = Duration::from_mins(1);
const LONGEST_STATE: usize = 256;

/// Why the command line's sign-in stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorizationError {
    /// Another client, or none.
    #[error("`client_id` must be `{CLIENT_ID}`; run `loggia login` again")]
    Client,
    /// The address to send the code to is not on the person's own machine.
    #[error(
        "`redirect_uri` must be http://127.0.0.1:PORT/callback or http://[::1]:PORT/callback; run `loggia login` again"
    )]
    Redirect,
    /// Not the code flow with an S256 challenge and a state.
    #[error(
        "the request needs response_type=code, an S256 code_challenge and a state of at most {LONGEST_STATE} characters; update the `loggia` command"
    )]
    Incomplete,
    /// The code is not ours, is over a minute old, or the verifier is not the one that began.
    #[error("the code cannot be used: it is old, or another sign-in's; run `loggia login` again")]
    Code,
}

impl AuthorizationError {
    /// The code that the token endpoint answers (RFC 6749, section 5.2).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Client => "invalid_client",
            Self::Redirect | Self::Incomplete => "invalid_request",
            Self::Code => "invalid_grant",
        }
    }
}

/// What the command line asks for, checked.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    redirect: Url,
    challenge: Challenge,
    state: String,
}

impl Request {
    /// Reads the query of the authorization endpoint, or the form that repeats it.
    pub fn parse(given: &Parameters) -> Result<Self, AuthorizationError> {
        if given.get("client_id") != Some(CLIENT_ID) {
            return Err(AuthorizationError::Client);
        }
        let redirect = given.get("redirect_uri").and_then(loopback).ok_or(AuthorizationError::Redirect)?;
        let code_flow =
            given.get("response_type") == Some("code") && given.get("code_challenge_method") == Some("S256");
        let challenge = given.get("code_challenge").and_then(|challenge| challenge.parse().ok());
        let state = given.get("state").filter(|state| {
            state.len() <= LONGEST_STATE && state.bytes().all(|byte| byte.is_ascii_graphic())
        });
        match (code_flow, challenge, state) {
            (true, Some(challenge), Some(state)) => Ok(Self { redirect, challenge, state: state.to_owned() }),
            _ => Err(AuthorizationError::Incomplete),
        }
    }

    /// The parameters again, for the hidden fields of the page that asks the person to agree.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, String); 6] {
        [
            ("client_id", CLIENT_ID.to_owned()),
            ("redirect_uri", self.redirect.to_string()),
            ("response_type", "code".to_owned()),
            ("code_challenge", self.challenge.encoded()),
            ("code_challenge_method", "S256".to_owned()),
            ("state", self.state.clone()),
        ]
    }

    /// The address on the person's machine, for showing.
    #[must_use]
    pub fn redirect(&self) -> &Url {
        &self.redirect
    }
}

#[derive(Serialize, Deserialize)]
struct Code {
    id: String,
    person: Person,
    redirect: Url,
    challenge: Challenge,
    /// When the session began in which the person agreed.
    #[serde(with = "seconds")]
    since: Timestamp,
    #[serde(with = "seconds")]
    expires: Timestamp,
}

/// Makes the code for `request` on behalf of whoever is in `session`, and answers the address to send the browser to.
/// `host` is the main host. The address carries the code, so it is not for logs.
#[must_use]
pub fn mint(
    request: &Request,
    session: &Session,
    host: &str,
    keyring: &Keyring,
    now: Timestamp,
    entropy: &Entropy,
) -> Url {
    let code = Code {
        id: entropy.secret(),
        person: session.person.clone(),
        redirect: request.redirect.clone(),
        challenge: request.challenge,
        since: session.issued,
        expires: after(now, CODE_LIFE),
    };
    let mut there = request.redirect.clone();
    there
        .query_pairs_mut()
        .append_pair("code", &keyring.seal(Purpose::Authorization, host.as_bytes(), &code))
        .append_pair("state", &request.state);
    there
}

/// What a code became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// Who agreed.
    pub person: Person,
    /// When the session began in which they did.
    pub since: Timestamp,
    /// To be burnt before anything is answered.
    pub code_id: String,
}

/// Redeems what the token endpoint of the main host `host` was sent.
pub fn redeem(
    given: &Parameters,
    host: &str,
    keyring: &Keyring,
    now: Timestamp,
) -> Result<Redeemed, AuthorizationError> {
    if given.get("grant_type") != Some("authorization_code") {
        return Err(AuthorizationError::Incomplete);
    }
    if given.get("client_id") != Some(CLIENT_ID) {
        return Err(AuthorizationError::Client);
    }
    let sealed = given.get("code").ok_or(AuthorizationError::Incomplete)?;
    let verifier = given.get("code_verifier").ok_or(AuthorizationError::Incomplete)?;
    let code: Code =
        keyring.open(Purpose::Authorization, host.as_bytes(), sealed).ok_or(AuthorizationError::Code)?;
    let same_redirect = given.get("redirect_uri").and_then(loopback).as_ref() == Some(&code.redirect);
    if same_redirect && now < code.expires && code.challenge.is_answered_by(verifier) {
        Ok(Redeemed { person: code.person, since: code.since, code_id: code.id })
    } else {
        Err(AuthorizationError::Code)
    }
}

/// `http://127.0.0.1:PORT/callback` or the same on `[::1]`; a name would be for others to resolve.
fn loopback(given: &str) -> Option<Url> {
    let url = Url::parse(given).ok()?;
    let address = match url.host()? {
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
        Host::Domain(_) => return None,
    };
    let home = address == Ipv4Addr::LOCALHOST || address == Ipv6Addr::LOCALHOST;
    // What is written is what is meant: no user name, query, other path, or other spelling.
    (home
        && url.scheme() == "http"
        && url.port().is_some()
        && url.path() == "/callback"
        && url.as_str() == given
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none())
    .then_some(url)
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, …)", self.redirect)
    }
}

#[cfg(test)]
mod tests {
    use super::super::session::tests::{ann, at, keyring};
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const HOST: &str = "example.org";

    fn encoded(pairs: &[(&str, &str)]) -> Parameters {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Parameters::parse(&query)
    }

    fn asked(change: (&str, &str)) -> Result<Request, AuthorizationError> {
        let challenge = Challenge::of(VERIFIER).encoded();
        let mut pairs = vec![
            ("client_id", CLIENT_ID),
            ("redirect_uri", "http://127.0.0.1:40001/callback"),
            ("response_type", "code"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", "xyz"),
        ];
        pairs.retain(|(name, _)| *name != change.0);
        pairs.push(change);
        Request::parse(&encoded(&pairs))
    }

    fn brought(code: &str, change: (&str, &str), second: i64) -> Result<Redeemed, AuthorizationError> {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", "http://127.0.0.1:40001/callback"),
            ("code_verifier", VERIFIER),
            ("code", code),
        ];
        pairs.retain(|(name, _)| *name != change.0);
        pairs.push(change);
        redeem(&encoded(&pairs), HOST, &keyring(), at(second))
    }

    fn session() -> Session {
        Session::begin(ann(), Duration::from_hours(1), at(90), &Entropy::seeded(2))
    }

    fn code() -> String {
        let there =
            mint(&asked(("x", "y")).unwrap(), &session(), HOST, &keyring(), at(100), &Entropy::seeded(1));
        assert!(there.as_str().starts_with("http://127.0.0.1:40001/callback?code="));
        let pairs: Vec<_> = there.query_pairs().into_owned().collect();
        assert_eq!(pairs[1], ("state".to_owned(), "xyz".to_owned()));
        pairs[0].1.clone()
    }

    #[test]
    fn the_command_learns_who_agreed() {
        let redeemed = brought(&code(), ("x", "y"), 159).unwrap();
        assert_eq!((redeemed.person, redeemed.since), (ann(), at(90)));
        assert_eq!(redeemed.code_id.len(), 43);
    }

    #[test]
    fn a_code_is_for_whoever_began_and_for_a_minute() {
        let code = code();
        let other = "a".repeat(43);
        for (change, second) in [
            (("code_verifier", other.as_str()), 101),
            (("redirect_uri", "http://127.0.0.1:40002/callback"), 101),
            (("code", "abc"), 101),
            (("x", "y"), 160),
        ] {
            assert_eq!(brought(&code, change, second), Err(AuthorizationError::Code), "{change:?}");
        }
        assert_eq!(brought(&code, ("client_id", "else"), 101), Err(AuthorizationError::Client));
        assert_eq!(brought(&code, ("grant_type", "password"), 101), Err(AuthorizationError::Incomplete));
    }

    #[test]
    fn codes_go_to_the_persons_own_machine_only() {
        assert!(asked(("redirect_uri", "http://[::1]:9/callback")).is_ok());
        for bad in [
            "https://127.0.0.1:9/callback",
            "http://localhost:9/callback",
            "http://127.0.0.1/callback",
            "http://127.0.0.1:9/other",
            "http://127.0.0.1:9/callback?x=y",
            "http://127.0.0.1:9/callback#x",
            "http://a@127.0.0.1:9/callback",
            "http://127.0.0.1.evil.org:9/callback",
            "http://2130706433:9/callback",
            "http://127.0.0.1:9/a/../callback",
            "http://10.0.0.1:9/callback",
            "//127.0.0.1:9/callback",
            "",
        ] {
            assert_eq!(asked(("redirect_uri", bad)), Err(AuthorizationError::Redirect), "{bad}");
        }
    }

    #[test]
    fn requests_without_pkce_or_state_are_refused() {
        for change in [
            ("code_challenge_method", "plain"),
            ("code_challenge", "short"),
            ("response_type", "token"),
            ("state", ""),
            ("state", "a b"),
            ("state", &"a".repeat(257)),
        ] {
            assert_eq!(asked(change), Err(AuthorizationError::Incomplete), "{change:?}");
        }
        assert_eq!(asked(("client_id", "else")), Err(AuthorizationError::Client));
    }

    #[test]
    fn the_page_repeats_the_request() {
        let request = asked(("x", "y")).unwrap();
        let fields = request.fields();
        let pairs: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(Request::parse(&encoded(&pairs)).unwrap(), request);
    }
}
