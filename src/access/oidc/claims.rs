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

use crate::access::sign_in::{admitted, bounded, shown_name};
use crate::model::{Person, Subject};

use super::{Known, Provider, SignInError, TokenAnswer, config};

/// How far the provider's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;
/// OpenID Connect Core 1.0, section 2.
const LONGEST_SUBJECT: usize = 255;

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
        Ok((told.person(&self.registration, claims.subject())?, session.map(str::to_owned)))
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
                .set_other_audience_verifier_fn(|other| {
                    self.registration.audiences.iter().any(|admitted| admitted == other.as_str())
                })
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
    verified: Option<bool>,
    name: Option<String>,
    groups: Vec<String>,
}

impl Told {
    fn by_id_token(claims: &Claims, groups_claim: &str) -> Self {
        Self {
            email: text(claims.email()),
            verified: claims.email_verified(),
            name: name(claims.name()),
            groups: groups(claims.additional_claims(), groups_claim),
        }
    }

    fn by_userinfo(claims: &MoreClaims, groups_claim: &str) -> Self {
        Self {
            email: text(claims.email()),
            verified: claims.email_verified(),
            name: name(claims.name()),
            groups: groups(claims.additional_claims(), groups_claim),
        }
    }

    /// Address and its verification come from one place together; the rest from the first that tells it.
    fn or(self, more: Self) -> Self {
        let groups = if self.groups.is_empty() { more.groups } else { self.groups };
        Self { name: self.name.or(more.name), groups, ..more }
    }

    fn person(
        self,
        registration: &config::Provider,
        subject: &SubjectIdentifier,
    ) -> Result<Person, SignInError> {
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err(SignInError::Unreadable("`sub` claim"));
        }
        let email = admitted(registration, self.email.as_deref(), self.verified)?;
        let subject = Subject { iss: registration.issuer.clone(), sub: subject.to_string() };
        Ok(Person { subject, groups: bounded(self.groups, &email), email, name: self.name })
    }
}

fn text(email: Option<&EndUserEmail>) -> Option<String> {
    email.map(|email| email.to_string()).filter(|email| !email.is_empty())
}

fn name(name: Option<&LocalizedClaim<EndUserName>>) -> Option<String> {
    shown_name(name?.get(None)?)
}

/// A list of texts, or one text, at `path`.
fn groups(claims: &OtherClaims, path: &str) -> Vec<String> {
    match at_path(&claims.all, path) {
        Some(serde_json::Value::Array(groups)) => {
            groups.iter().filter_map(|group| group.as_str().map(str::to_owned)).collect()
        }
        Some(serde_json::Value::String(group)) => vec![group.clone()],
        _ => Vec::new(),
    }
}

/// What stands at `realm_access.roles`: under that very name, else `roles` in what stands under `realm_access`. Names
/// may have dots themselves, as in `https://example.org/groups`.
fn at_path<'c>(
    claims: &'c serde_json::Map<String, serde_json::Value>,
    path: &str,
) -> Option<&'c serde_json::Value> {
    let below = || {
        path.match_indices('.').find_map(|(dot, _)| {
            let inner = claims.get(&path[..dot])?.as_object()?;
            at_path(inner, &path[dot + 1..])
        })
    };
    claims.get(path).or_else(below)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn groups_are_found_by_name_and_by_path() {
        let claims: OtherClaims = serde_json::from_value(json!({
            "groups": ["a", 1, "b"],
            "one": "a",
            "realm_access": {"roles": ["reader"]},
            "resource_access": {"my.client": {"roles": ["writer"]}},
            "https://example.org/groups": ["c"],
            "cognito:groups": ["d"],
            "number": 5,
        }))
        .unwrap();
        for (path, found) in [
            ("groups", vec!["a", "b"]),
            ("one", vec!["a"]),
            ("realm_access.roles", vec!["reader"]),
            ("resource_access.my.client.roles", vec!["writer"]),
            ("https://example.org/groups", vec!["c"]),
            ("cognito:groups", vec!["d"]),
            ("number", vec![]),
            ("realm_access", vec![]),
            ("realm_access.none", vec![]),
            ("groups.a", vec![]),
            (".", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(groups(&claims, path), found, "{path}");
        }
    }
}
