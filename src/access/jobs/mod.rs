//! Jobs of continuous integration, as the services that run them vouch for them (GitHub's and GitLab's identity tokens).
//!
//! 1. [`Issuers`] are the services that an operator believes; nobody else is ever asked for keys.
//! 2. [`Issuers::job`] checks a token's signature ([`keys`] knows with what) and what it says ([`claims`]).
//! 3. Whether an app trusts the job is [`decide_publish_by_job`](super::decide_publish_by_job)'s to say.

mod claims;
mod error;
mod keys;

use jiff::Timestamp;
use openidconnect::core::CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
use url::Url;

use crate::config;
use crate::model::VouchedJob;

use super::AccessError;
use super::jws::{self, JwsError};
pub use error::JobError;
use keys::Keys;

/// The grant type of the token endpoint (RFC 8693, section 2.1).
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// What kinds of token may be exchanged, and against what (RFC 8693, section 3).
pub const SUBJECT_TYPES: [&str; 2] =
    ["urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:jwt"];
/// What a token is exchanged against.
pub const ISSUED_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A kind of service: what its tokens are called differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI/CD.
    GitLab,
}

/// The services that are believed.
#[derive(Debug)]
pub struct Issuers(Vec<Issuer>);

#[derive(Debug)]
struct Issuer {
    service: Service,
    url: String,
    keys: Keys,
}

/// What a service vouched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    /// The job.
    pub job: VouchedJob,
    /// Names the token: it counts once.
    pub id: String,
}

impl Issuers {
    /// The services that `access` names; asks nothing of them yet.
    pub fn new(access: &config::Access) -> Result<Self, AccessError> {
        let github = access.github_issuers.iter().map(|url| (Service::GitHub, url));
        let gitlab = access.gitlab_issuers.iter().map(|url| (Service::GitLab, url));
        let issuer = |(service, url): (Service, &Url)| {
            let url = url.as_str().trim_end_matches('/').to_owned();
            Ok(Issuer { service, keys: Keys::new(&url)?, url })
        };
        Ok(Self(github.chain(gitlab).map(issuer).collect::<Result<_, AccessError>>()?))
    }

    /// The issuers of a kind of service, as apps' lines name them.
    pub fn of(&self, service: Service) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |issuer| issuer.service == service).map(|issuer| issuer.url.as_str())
    }

    /// The job that `token` is about, made for `audience` (this server's origin). The caller burns the token's identity.
    pub async fn job(&self, token: &str, audience: &str, now: Timestamp) -> Result<Vouched, JobError> {
        let named = jws::issuer_in(token).ok_or(JobError::Unreadable)?;
        let issuer = self.0.iter().find(|issuer| issuer.url == named).ok_or(JobError::Issuer)?;
        let allowed = [RsaSsaPkcs1V15Sha256];
        let known = issuer.keys.known(now).await?;
        let claims = match jws::verify(token, &known, &allowed) {
            Err(JwsError::UnknownKey) => {
                let newer = issuer.keys.newer(&known, now).await?.ok_or(JobError::UnknownKey)?;
                jws::verify(token, &newer, &allowed)?
            }
            verified => verified?,
        };
        claims::check(&claims, &issuer.url, audience, now)?;
        let job = claims::job(&claims, issuer.service)?;
        let id = claims::id(&claims)?;
        Ok(Vouched { job: VouchedJob { issuer: issuer.url.clone(), job }, id })
    }
}
