//! Where people sign in: `[sign_in]` with one provider, `[[sign_in.provider]]` with several, `[sign_in.email]`.

use url::Url;

use super::keys::Draft;
use super::value::InvalidValue;
use super::{Secret, keeps_secrets};

/// The longest name of a provider: it is part of an address.
const LONGEST_NAME: usize = 32;
/// Where GitHub is unless `issuer` says otherwise.
const GITHUB: &str = "https://github.com";
const GITHUB_API: &str = "https://api.github.com";

/// A provider that people sign in at, our registration with it, and whom of its people we take.
#[derive(Clone, Debug)]
pub struct Provider {
    /// What addresses call it.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// What it speaks.
    pub kind: ProviderKind,
    /// Its issuer URL, exactly as its discovery document and its tokens write it; for GitHub, where it is.
    pub issuer: String,
    /// Our client identity.
    pub client_id: String,
    /// Our client secret; `None` is a public client.
    pub client_secret: Option<Secret>,
    /// The claim that holds a person's groups: its name, or a path to it such as `realm_access.roles`.
    pub groups_claim: String,
    /// Whom an ID token may be for besides us.
    pub audiences: Vec<String>,
    /// The domains that people's addresses must be in; any when it is empty. Subdomains are others.
    pub domains: Vec<String>,
    /// Whether the provider must say that it verified an address. An address that it calls unverified is never taken.
    pub verified_email: bool,
}

/// What a provider speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// OpenID Connect, by discovery.
    OpenId,
    /// GitHub's OAuth 2 and its API.
    GitHub {
        /// Where the API is, such as `https://api.github.com`.
        api: String,
        /// The organisations of which people must be in one, and whose teams are groups; any, and no groups, when it is
        /// empty.
        organisations: Vec<String>,
    },
}

/// Codes by e-mail, for people outside any provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmailCodes {
    /// Addresses in these domains may ask for a code.
    pub domains: Vec<String>,
    /// So may every address that a grant names, itself or by its domain.
    pub granted: bool,
}

impl Provider {
    /// The name of the provider that `[sign_in]` itself describes. Its callback has no name at its end.
    pub const MAIN: &'static str = "main";

    /// An OpenID provider called [`Provider::MAIN`], with nothing but what every one needs.
    #[must_use]
    pub fn openid(issuer: &str, client_id: &str, client_secret: Option<Secret>) -> Self {
        Self {
            name: Self::MAIN.to_owned(),
            label: host_of(issuer),
            kind: ProviderKind::OpenId,
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            client_secret,
            groups_claim: "groups".to_owned(),
            audiences: Vec::new(),
            domains: Vec::new(),
            verified_email: true,
        }
    }

    /// Where it sends people back to: a path of the main host. Each provider has its own, so that none can pass off
    /// another's answer as its own (RFC 9700, section 4.4.2).
    #[must_use]
    pub fn callback_path(&self) -> String {
        match self.name.as_str() {
            Self::MAIN => "/-/sign-in/callback".to_owned(),
            name => format!("/-/sign-in/callback/{name}"),
        }
    }
}

/// A table of `[[sign_in.provider]]` in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct ProviderDraft {
    pub name: Option<String>,
    pub label: Option<String>,
    pub github: bool,
    pub issuer: Option<String>,
    pub api: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub groups_claim: Option<String>,
    pub domains: Vec<String>,
    pub organisations: Vec<String>,
    pub audiences: Vec<String>,
    pub trusts_unsaid: bool,
}

/// `[sign_in.email]` in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct EmailDraft {
    pub domains: Option<Vec<String>>,
    pub granted: Option<bool>,
}

impl ProviderDraft {
    /// Where it is.
    pub(super) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref().or_else(|| self.github.then_some(GITHUB))
    }

    /// The provider, when it is whole.
    fn finish(self) -> Option<Provider> {
        // What GitHub is called is ours to choose; an issuer is compared to the letter.
        let issuer =
            if self.github { self.issuer()?.trim_end_matches('/') } else { self.issuer()? }.to_owned();
        let whole = Provider::openid(&issuer, &self.client_id?, self.client_secret);
        let kind = if self.github {
            // An Enterprise Server has its API below itself.
            let api = if issuer == GITHUB { GITHUB_API.to_owned() } else { format!("{issuer}/api/v3") };
            let api = self.api.unwrap_or(api).trim_end_matches('/').to_owned();
            ProviderKind::GitHub { api, organisations: self.organisations }
        } else {
            ProviderKind::OpenId
        };
        let own_label = if self.github && issuer == GITHUB { "GitHub".to_owned() } else { whole.label };
        Some(Provider {
            name: self.name?,
            label: self.label.unwrap_or(own_label),
            kind,
            groups_claim: self.groups_claim.unwrap_or(whole.groups_claim),
            audiences: self.audiences,
            domains: self.domains,
            verified_email: !self.trusts_unsaid,
            issuer,
            client_id: whole.client_id,
            client_secret: whole.client_secret,
        })
    }
}

impl EmailDraft {
    /// Whether anything of it was written.
    pub(super) fn is_given(&self) -> bool {
        self.domains.is_some() || self.granted.is_some()
    }

    pub(super) fn finish(self) -> Option<EmailCodes> {
        self.is_given().then(|| EmailCodes {
            domains: self.domains.unwrap_or_default(),
            granted: self.granted.unwrap_or(true),
        })
    }
}

impl Draft {
    /// Whether there is a way to sign in by proving who one is; otherwise this is development mode.
    pub(super) fn lets_others_in(&self) -> bool {
        self.issuer.is_some() || !self.providers.is_empty() || self.email.is_given()
    }

    /// Every provider that is whole, the one of `[sign_in]` first.
    pub(super) fn all_providers(&self) -> Vec<Provider> {
        let main = self.issuer.as_ref().zip(self.client_id.as_ref()).map(|(issuer, client_id)| {
            let mut main = Provider::openid(issuer, client_id, self.client_secret.clone());
            if let Some(claim) = &self.groups_claim {
                main.groups_claim.clone_from(claim);
            }
            main
        });
        main.into_iter().chain(self.providers.iter().cloned().filter_map(ProviderDraft::finish)).collect()
    }
}

/// Reads the name of a provider: it is part of an address.
pub(super) fn parse_provider_name(given: &str) -> Result<String, InvalidValue> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let first = given.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    if first && given.len() <= LONGEST_NAME && given.bytes().all(plain) {
        return Ok(given.to_owned());
    }
    let fix = "lower-case letters, digits and hyphens, a letter first, at most 32, such as `staff`";
    Err(InvalidValue::new(given, "a name for addresses", fix))
}

/// Reads what a provider speaks; `true` is GitHub.
pub(super) fn parse_provider_kind(given: &str) -> Result<bool, InvalidValue> {
    match given {
        "openid" => Ok(false),
        "github" => Ok(true),
        _ => Err(InvalidValue::new(given, "a kind of provider", "`openid` or `github`")),
    }
}

/// Whether secrets may travel to `given`: over TLS, or to this machine.
pub(super) fn is_safe(given: &str) -> bool {
    Url::parse(given).is_ok_and(|url| keeps_secrets(&url))
}

fn host_of(issuer: &str) -> String {
    let host = Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| issuer.to_owned())
}
