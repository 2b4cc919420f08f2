//! Every way that a sign-in can fail.

use super::HttpError;
use crate::model::EmailAddress;

/// Why somebody is not signed in, as the log has it. Holds no secret. What people read, with the next step, is the line
/// `failed_NAME` of a theme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The provider cannot be reached, or answers too late.
    #[error("the identity provider does not answer")]
    Unavailable,
    /// The provider's discovery document is not what it must be.
    #[error("the identity provider's description of itself cannot be used: {0}")]
    Discovery(&'static str),
    /// The discovery document is another issuer's.
    #[error("the identity provider calls itself by another issuer than the configured one")]
    DiscoveryIssuer,
    /// The browser came back without state or code, or with two.
    #[error("the identity provider sent you back with an incomplete address")]
    Incomplete,
    /// The browser holds no sign-in that was begun within ten minutes.
    #[error("this browser has no sign-in under way: it took over ten minutes, or cookies are switched off")]
    NoCookie,
    /// The browser began sign-ins, and this is none of them.
    #[error("this is not the answer to a sign-in that this browser began")]
    State,
    /// Another issuer answered, or the provider left out its name (RFC 9207).
    #[error("the answer came from another identity provider than the one that was asked")]
    AnsweringIssuer,
    /// The person said no, or may not sign in here.
    #[error("the identity provider says that access was denied")]
    Denied,
    /// The provider refused for another reason.
    #[error("the identity provider refuses with `{0}`")]
    Refused(String),
    /// The provider refused the code.
    #[error("the identity provider does not take back its own code (`{0}`)")]
    Code(String),
    /// The provider refused our registration.
    #[error("the identity provider does not accept this site's client identity or secret")]
    Registration,
    /// Something from the provider has another shape than the standard says.
    #[error("the identity provider's {0} cannot be read")]
    Unreadable(&'static str),
    /// There is no ID token in the answer.
    #[error("the identity provider sent no ID token")]
    NoIdToken,
    /// The ID token is not signed with RS256 or ES256.
    #[error("the ID token is not signed with RS256 or ES256")]
    Algorithm,
    /// The ID token names a key that the provider does not publish, also after asking again.
    #[error("the ID token is signed with a key that the provider does not publish")]
    UnknownKey,
    /// The signature is wrong.
    #[error("the ID token's signature is wrong")]
    Signature,
    /// `iss` is another's.
    #[error("the ID token is from another issuer")]
    Issuer,
    /// `aud` or `azp` is another's.
    #[error("the ID token was made for another site")]
    Audience,
    /// `nonce` is another sign-in's.
    #[error("the ID token belongs to another sign-in")]
    Nonce,
    /// `exp` has passed.
    #[error("the ID token has expired")]
    Expired,
    /// `iat` is in the future.
    #[error("the ID token is from the future")]
    IssuedAt,
    /// Neither the ID token nor userinfo has an address that can be used.
    #[error("the identity provider tells no e-mail address for you")]
    NoEmail,
    /// The provider does not say that the address was verified.
    #[error("the identity provider has not verified your e-mail address")]
    UnverifiedEmail,
    /// The address is in a domain that this provider is not for.
    #[error("`{0}` may not sign in this way")]
    Domain(EmailAddress),
    /// The account is in none of the organisations that may sign in.
    #[error("your GitHub account is in none of the organisations that may sign in here")]
    Organisation,
    /// Userinfo could not be had.
    #[error("the identity provider does not tell who you are (userinfo)")]
    UserInfo,
    /// Userinfo is about somebody else.
    #[error("the identity provider's userinfo is about somebody else")]
    UserInfoSubject,
    /// A code was typed in a browser that asked for none within ten minutes.
    #[error(
        "this browser has no code under way: it was asked for in another browser, over ten minutes ago, or cookies are switched off"
    )]
    NoCode,
    /// A code was typed wrongly too often.
    #[error("the code was typed wrongly five times, so it works no longer")]
    CodeSpent,
    /// A code was used already.
    #[error("this code was used already")]
    CodeUsed,
}

impl SignInError {
    /// What this failure is called, in the log and among the lines of a theme.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Discovery(_) => "discovery",
            Self::DiscoveryIssuer => "discovery_issuer",
            Self::Incomplete => "incomplete",
            Self::NoCookie => "no_cookie",
            Self::State => "state",
            Self::AnsweringIssuer => "answering_issuer",
            Self::Denied => "denied",
            Self::Refused(_) => "refused",
            Self::Code(_) => "code",
            Self::Registration => "registration",
            Self::Unreadable(_) => "unreadable",
            Self::NoIdToken => "no_id_token",
            Self::Algorithm => "algorithm",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Nonce => "nonce",
            Self::Expired => "expired",
            Self::IssuedAt => "issued_at",
            Self::NoEmail => "no_email",
            Self::UnverifiedEmail => "unverified_email",
            Self::Domain(_) => "domain",
            Self::Organisation => "organisation",
            Self::UserInfo => "userinfo",
            Self::UserInfoSubject => "userinfo_subject",
            Self::NoCode => "no_code",
            Self::CodeSpent => "code_spent",
            Self::CodeUsed => "code_used",
        }
    }

    /// Whether it may be somebody's guess: an answer that no sign-in of this browser asked for.
    #[must_use]
    pub fn is_stray(&self) -> bool {
        matches!(self, Self::Incomplete | Self::NoCookie | Self::State)
    }

    /// What the line of a theme calls `{detail}`.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Discovery(detail) | Self::Unreadable(detail) => (*detail).to_owned(),
            Self::Refused(code) | Self::Code(code) => code.clone(),
            Self::Domain(email) => email.to_string(),
            _ => String::new(),
        }
    }

    /// The error that the provider sent the browser back with (RFC 6749, section 4.1.2.1).
    pub(in crate::access) fn refused(code: &str) -> Self {
        if code == "access_denied" { Self::Denied } else { Self::Refused(shown(code)) }
    }

    /// The error that the token endpoint answered (RFC 6749, section 5.2).
    pub(in crate::access) fn code_refused(code: &str) -> Self {
        match code {
            "invalid_client" | "unauthorized_client" => Self::Registration,
            code => Self::Code(shown(code)),
        }
    }
}

impl From<HttpError> for SignInError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::Unanswered => Self::Unavailable,
            HttpError::TooLarge => Self::Unreadable("overlong answer"),
        }
    }
}

/// A code is shown on a page and logged, so only the characters that codes have are kept.
fn shown(code: &str) -> String {
    code.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).take(60).collect()
}
