//! Every way to sign in with a provider.
//!
//! 1. [`Ways`] holds them in the order in which people choose; each is an OpenID provider or GitHub.
//! 2. [`Way::begin`] sends the browser there, and keeps what the answer must fit in a sealed cookie (`pending`).
//! 3. [`Way::finish`] turns what comes back into a [`Person`], or into a [`SignInError`] with a name.
//! 4. [`admitted`] is whom of a provider's people we take.

mod error;
mod http_client;
mod pending;

use http::HeaderMap;
use jiff::Timestamp;
use url::Url;

use crate::config::{self, ProviderKind, Secret};
use crate::model::{EmailAddress, Entropy, Person};

use super::cookie::Cookie;
use super::github::GitHub;
use super::{AccessError, Keyring, Parameters, ReturnPath, jws, oidc};
pub use error::SignInError;
pub(super) use http_client::{HttpClient, HttpError};
pub(super) use pending::Pending;

/// The most bytes of groups, as JSON: a session is a cookie, and a cookie is 4 KB.
const LONGEST_GROUPS: usize = 1536;
const LONGEST_NAME: usize = 200;

/// Every provider that people sign in with.
#[derive(Debug)]
pub struct Ways(Vec<Way>);

/// One of them.
#[derive(Debug)]
pub struct Way {
    name: String,
    label: String,
    domains: Vec<String>,
    with: With,
}

#[derive(Debug)]
enum With {
    OpenId(Box<oidc::Provider>),
    GitHub(Box<GitHub>),
}

/// A sign-in that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Where to send the browser.
    pub location: Url,
    /// What to set on the main host.
    pub cookie: Cookie,
}

/// A sign-in that was finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Who it is.
    pub person: Person,
    /// Where they wanted to go.
    pub return_to: ReturnPath,
    /// What to set on the main host.
    pub cookie: Cookie,
    /// The provider's name for its own session, where it has one.
    pub provider_session: Option<String>,
    /// The ID token as it came, which reminds the provider of them when they sign out; `None` where it ends no sessions.
    pub id_token: Option<Secret>,
}

/// The circumstances of a request to the main host.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'v> {
    /// Its headers.
    pub headers: &'v HeaderMap,
    /// The main host, as it is configured.
    pub host: &'v str,
    /// What seals cookies.
    pub keyring: &'v Keyring,
    /// When.
    pub now: Timestamp,
}

impl Ways {
    /// Prepares every provider; asks nothing of them yet. They send people back to paths below `main`, the origin of the
    /// main host.
    pub fn new(registrations: &[config::Provider], main: &str) -> Result<Self, AccessError> {
        registrations
            .iter()
            .map(|registration| Way::new(registration, main))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// All of them, in the order in which people choose.
    pub fn iter(&self) -> impl Iterator<Item = &Way> {
        self.0.iter()
    }

    /// The one called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Way> {
        self.0.iter().find(|way| way.name == name)
    }

    /// The only one, when there is one alone.
    #[must_use]
    pub fn only(&self) -> Option<&Way> {
        if let [way] = self.0.as_slice() { Some(way) } else { None }
    }

    /// The one whose word people with this issuer came in by.
    #[must_use]
    pub fn of(&self, issuer: &str) -> Option<&Way> {
        self.0.iter().find(|way| way.issuer() == issuer)
    }

    /// The OpenID provider with this issuer.
    #[must_use]
    pub fn openid(&self, issuer: &str) -> Option<&oidc::Provider> {
        self.0.iter().find_map(|way| match &way.with {
            With::OpenId(provider) if provider.issuer() == issuer => Some(&**provider),
            With::OpenId(_) | With::GitHub(_) => None,
        })
    }

    /// What a logout `token` says that came from server to server, and which of the OpenID providers says so: the one that
    /// it names, whose keys must have signed it.
    pub async fn signed_out(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<(&oidc::Provider, oidc::SignedOut), oidc::LogoutError> {
        let named = jws::issuer_in(token).and_then(|issuer| self.openid(&issuer));
        let provider = named.ok_or(oidc::LogoutError::Issuer)?;
        Ok((provider, provider.signed_out(token, now).await?))
    }
}

impl Way {
    fn new(registration: &config::Provider, main: &str) -> Result<Self, AccessError> {
        let callback = format!("{main}{}", registration.callback_path());
        let callback = Url::parse(&callback).map_err(|_| AccessError::Callback(callback.clone()))?;
        let with = match &registration.kind {
            ProviderKind::OpenId => {
                With::OpenId(Box::new(oidc::Provider::new(registration.clone(), &callback)?))
            }
            ProviderKind::GitHub { api, organisations } => {
                With::GitHub(Box::new(GitHub::new(registration.clone(), api, organisations, &callback)?))
            }
        };
        let (name, label) = (registration.name.clone(), registration.label.clone());
        Ok(Self { name, label, domains: registration.domains.clone(), with })
    }

    /// What addresses call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What people call it.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What it calls itself, as people's keys have it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        match &self.with {
            With::OpenId(provider) => provider.issuer(),
            With::GitHub(github) => github.issuer(),
        }
    }

    /// Whether it was set up for addresses in this domain by name.
    #[must_use]
    pub fn is_for(&self, domain: &str) -> bool {
        self.domains.iter().any(|own| own == domain)
    }

    /// Begins a sign-in, after which the person goes to `return_to`. Other sign-ins that this browser began stay
    /// possible.
    pub async fn begin(
        &self,
        visit: Visit<'_>,
        return_to: &ReturnPath,
        entropy: &Entropy,
    ) -> Result<Begun, SignInError> {
        let Visit { headers, host, keyring, now } = visit;
        match &self.with {
            With::OpenId(provider) => provider.begin(headers, host, return_to, keyring, now, entropy).await,
            With::GitHub(github) => Ok(github.begin(visit, return_to, entropy)),
        }
    }

    /// Finishes a sign-in with the `query` that the provider sent the browser back with.
    pub async fn finish(&self, query: &str, visit: Visit<'_>) -> Result<SignedIn, SignInError> {
        let Visit { headers, host, keyring, now } = visit;
        match &self.with {
            With::OpenId(provider) => provider.finish(query, headers, host, keyring, now).await,
            With::GitHub(github) => github.finish(query, visit).await,
        }
    }
}

/// Where somebody wanted to go who comes back with `query`, as long as the sign-in is under way.
#[must_use]
pub fn wanted(query: &str, visit: Visit<'_>) -> Option<ReturnPath> {
    let given = Parameters::parse(query);
    let pending = Pending::read(visit.headers, visit.host, visit.keyring, visit.now);
    pending.wanted(given.get("state")?).cloned()
}

/// The address that a provider tells, when whoever has it may sign in with that provider. An address that the provider
/// calls unverified may not, whatever is set; one of which it does not say so may only where that was set.
pub(super) fn admitted(
    registration: &config::Provider,
    told: Option<&str>,
    verified: Option<bool>,
) -> Result<EmailAddress, SignInError> {
    let email: EmailAddress = told.and_then(|told| told.parse().ok()).ok_or(SignInError::NoEmail)?;
    if !verified.unwrap_or(!registration.verified_email) {
        return Err(SignInError::UnverifiedEmail);
    }
    let domains = &registration.domains;
    if !domains.is_empty() && !domains.iter().any(|domain| domain == email.domain()) {
        return Err(SignInError::Domain(email));
    }
    Ok(email)
}

/// A name as it may be shown: without control characters, and bounded.
pub(super) fn shown_name(given: &str) -> Option<String> {
    let mut name: String = given.chars().filter(|c| !c.is_control()).collect();
    name.truncate(name.floor_char_boundary(LONGEST_NAME));
    let name = name.trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// As many of a person's groups as a session holds.
pub(super) fn bounded(mut groups: Vec<String>, email: &EmailAddress) -> Vec<String> {
    let mut room = LONGEST_GROUPS;
    let told = groups.len();
    groups.retain(|group| {
        let size = serde_json::to_string(group).map_or(usize::MAX, |json| json.len() + 1);
        let fits = size <= room;
        room -= if fits { size } else { 0 };
        fits
    });
    if groups.len() < told {
        let dropped = told - groups.len();
        tracing::warn!(%email, dropped, "more groups than a session holds; the provider should send fewer");
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_for_the_domains_that_were_set() {
        let mut provider = config::Provider::openid("https://id.example.org", "loggia", None);
        provider.domains = vec!["example.org".to_owned()];
        assert!(admitted(&provider, Some("Ann@Example.org"), Some(true)).is_ok());
        for outside in ["ann@sub.example.org", "ann@example.org.evil.org", "ann@evil.org"] {
            let refused = admitted(&provider, Some(outside), Some(true));
            assert_eq!(refused, Err(SignInError::Domain(outside.parse().unwrap())));
        }
    }

    #[test]
    fn an_address_must_be_verified_unless_its_provider_says_nothing_and_need_not() {
        let mut provider = config::Provider::openid("https://id.example.org", "loggia", None);
        let ann = Some("ann@example.org");
        assert_eq!(admitted(&provider, ann, None), Err(SignInError::UnverifiedEmail));
        provider.verified_email = false;
        assert!(admitted(&provider, ann, None).is_ok());
        assert_eq!(admitted(&provider, ann, Some(false)), Err(SignInError::UnverifiedEmail));
        assert_eq!(admitted(&provider, Some("ann"), Some(true)), Err(SignInError::NoEmail));
    }
}
