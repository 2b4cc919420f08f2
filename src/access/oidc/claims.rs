//! From the provider's ID token to a person (OpenID Connect Core 1.0, section 3.1.3.7).

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use openidconnect::core::{CoreGenderClaim, CoreJwsSigningAlgorithm};
use openidconnect::{
    AccessToken, AdditionalClaims, ClaimsVerificationError, ClientId, EndUserEmail, EndUserName,
    IdTokenClaims, IdTokenVerifier, LocalizedClaim, Nonce, OAuth2TokenResponse, SignatureVerificationError,
    SubjectIdentifier, TokenResponse, UserInfoClaims, UserInfoError,
};
use serde::{Deserialize, Serialize};

use crate::model::{EmailAddress, Person, Subject};

use super::{Known, Provider, SignInError, TokenAnswer};

/// How far the provider's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;
/// The most bytes of groups, as JSON: a session is a cookie, and a cookie is 4 KB.
const LONGEST_GROUPS: usize = 1536;
/// OpenID Connect Core 1.0, section 2.
const LONGEST_SUBJECT: usize = 255;
const LONGEST_NAME: usize = 200;

/// The claims that OpenID Connect gives no meaning to; groups are among them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct OtherClaims {
    #[serde(flatten)]
    all: serde_json::Map<String, serde_json::Value>,
}

impl AdditionalClaims for OtherClaims {}

type Claims = IdTokenClaims<OtherClaims, CoreGenderClaim>;
type MoreClaims = UserInfoClaims<OtherClaims, CoreGenderClaim>;

impl Provider {
    /// Whom `answer` is about, and the provider's name for its session with them. An unknown key has the provider asked for its keys once more.
    pub(super) async fn person(
        &self,
        known: Arc<Known>,
        answer: &TokenAnswer,
        nonce: String,
        now: Timestamp,
    ) -> Result<(Person, Option<String>), SignInError> {
        let nonce = Nonce::new(nonce);
        let claims = match self.verified(&known, answer, &nonce, now) {
            Err(SignInError::UnknownKey) => {
                let newer = self.discovery.with_new_keys(&self.http, &known, now).await?;
                let newer = newer.ok_or(SignInError::UnknownKey)?;
                self.verified(&newer, answer, &nonce, now)?
            }
            verified => verified?,
        };
        let own = Told::by_id_token(&claims, &self.registration.groups_claim);
        let told = if own.email.is_some() {
            own
        } else {
            let more = self.userinfo(&known, answer.access_token(), claims.subject()).await?;
            own.or(Told::by_userinfo(&more, &self.registration.groups_claim))
        };
        let session = claims.additional_claims().all.get("sid").and_then(serde_json::Value::as_str);
        let session = session.filter(|sid| !sid.is_empty() && sid.len() <= LONGEST_SUBJECT);
        Ok((told.person(&self.registration.issuer, claims.subject())?, session.map(str::to_owned)))
    }

    fn verified(
        &self,
        known: &Known,
        answer: &TokenAnswer,
        nonce: &Nonce,
        now: Timestamp,
    ) -> Result<Claims, SignInError> {
        use CoreJwsSigningAlgorithm::{EcdsaP256Sha256, RsaSsaPkcs1V15Sha256};
        let id_token = answer.id_token().ok_or(SignInError::NoIdToken)?;
        let client = ClientId::new(self.registration.client_id.clone());
        let earlier = system_time(now, -LEEWAY);
        // A public client's verifier holds no secret, so that nothing symmetric can ever be accepted.
        let verifier =
            IdTokenVerifier::new_public_client(client, known.metadata.issuer().clone(), known.keys.clone())
                .set_allowed_algs([RsaSsaPkcs1V15Sha256, EcdsaP256Sha256])
                .set_time_fn(move || earlier.into());
        let claims = id_token.claims(&verifier, nonce).map_err(|error| named(&error))?;
        // The crate leaves `azp` to its callers (section 3.1.3.7, step 5).
        if claims.authorized_party().is_some_and(|party| **party != self.registration.client_id) {
            return Err(SignInError::Audience);
        }
        if SystemTime::from(claims.issue_time()) > system_time(now, LEEWAY) {
            return Err(SignInError::IssuedAt);
        }
        Ok(claims.clone())
    }

    async fn userinfo(
        &self,
        known: &Known,
        token: &AccessToken,
        subject: &SubjectIdentifier,
    ) -> Result<MoreClaims, SignInError> {
        // The crate puts the token into a header as it is.
        if !token.secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SignInError::UserInfo);
        }
        let client = self.client(known);
        let request =
            client.user_info(token.clone(), Some(subject.clone())).map_err(|_| SignInError::NoEmail)?;
        request.request_async(&self.http).await.map_err(|error| match error {
            UserInfoError::Request(error) => error.into(),
            UserInfoError::ClaimsVerification(ClaimsVerificationError::InvalidSubject(_)) => {
                SignInError::UserInfoSubject
            }
            _ => SignInError::UserInfo,
        })
    }
}

/// What the provider tells of a person, in one of two places.
struct Told {
    email: Option<String>,
    verified: bool,
    name: Option<String>,
    groups: Vec<String>,
}

impl Told {
    fn by_id_token(claims: &Claims, groups_claim: &str) -> Self {
        Self {
            email: text(claims.email()),
            verified: claims.email_verified() == Some(true),
            name: name(claims.name()),
            groups: groups(claims.additional_claims(), groups_claim),
        }
    }

    fn by_userinfo(claims: &MoreClaims, groups_claim: &str) -> Self {
        Self {
            email: text(claims.email()),
            verified: claims.email_verified() == Some(true),
            name: name(claims.name()),
            groups: groups(claims.additional_claims(), groups_claim),
        }
    }

    /// Address and its verification come from one place together; the rest from the first that tells it.
    fn or(self, more: Self) -> Self {
        let groups = if self.groups.is_empty() { more.groups } else { self.groups };
        Self { name: self.name.or(more.name), groups, ..more }
    }

    fn person(self, issuer: &str, subject: &SubjectIdentifier) -> Result<Person, SignInError> {
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err(SignInError::Unreadable("`sub` claim"));
        }
        let email: Option<EmailAddress> = self.email.and_then(|email| email.parse().ok());
        let email = email.ok_or(SignInError::NoEmail)?;
        if !self.verified {
            return Err(SignInError::UnverifiedEmail);
        }
        let subject = Subject { iss: issuer.to_owned(), sub: subject.to_string() };
        Ok(Person { subject, groups: bounded(self.groups, &email), email, name: self.name })
    }
}

fn text(email: Option<&EndUserEmail>) -> Option<String> {
    email.map(|email| email.to_string()).filter(|email| !email.is_empty())
}

fn name(name: Option<&LocalizedClaim<EndUserName>>) -> Option<String> {
    let name = name?.get(None)?;
    let mut name: String = name.chars().filter(|c| !c.is_control()).collect();
    name.truncate(name.floor_char_boundary(LONGEST_NAME));
    let name = name.trim().to_owned();
    (!name.is_empty()).then_some(name)
}

/// A list of texts, or one text.
fn groups(claims: &OtherClaims, claim: &str) -> Vec<String> {
    match claims.all.get(claim) {
        Some(serde_json::Value::Array(groups)) => {
            groups.iter().filter_map(|group| group.as_str().map(str::to_owned)).collect()
        }
        Some(serde_json::Value::String(group)) => vec![group.clone()],
        _ => Vec::new(),
    }
}

fn bounded(mut groups: Vec<String>, email: &EmailAddress) -> Vec<String> {
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

/// The moment `shift` seconds after `now`, as the crate's clock type can be made of it.
fn system_time(now: Timestamp, shift: i64) -> SystemTime {
    let seconds = u64::try_from(now.as_second().saturating_add(shift)).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn named(error: &ClaimsVerificationError) -> SignInError {
    use SignatureVerificationError as Wrong;
    match error {
        ClaimsVerificationError::Expired(_) => SignInError::Expired,
        ClaimsVerificationError::InvalidAudience(_) => SignInError::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => SignInError::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => SignInError::Nonce,
        ClaimsVerificationError::SignatureVerification(wrong) => match wrong {
            Wrong::DisallowedAlg(_) | Wrong::NoSignature | Wrong::UnsupportedAlg(_) => SignInError::Algorithm,
            Wrong::NoMatchingKey | Wrong::AmbiguousKeyId(_) => SignInError::UnknownKey,
            _ => SignInError::Signature,
        },
        _ => SignInError::Unreadable("ID token"),
    }
}
