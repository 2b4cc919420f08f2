//! Every way that a sign-in can fail.

use super::HttpError;

/// Why somebody is not signed in. Holds no secret; each sentence ends with the next step.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The provider cannot be reached, or answers too late.
    #[error("the identity provider does not answer; wait a minute and sign in again")]
    Unavailable,
    /// The provider's discovery document is not what it must be.
    #[error(
        "the identity provider's description of itself cannot be used: {0}; its operator must correct it"
    )]
    Discovery(&'static str),
    /// The discovery document is another issuer's.
    #[error(
        "the identity provider calls itself by another issuer than the configured one; set `issuer` to exactly what it says"
    )]
    DiscoveryIssuer,
    /// The browser came back without state or code, or with two.
    #[error("the identity provider sent you back with an incomplete address; sign in again")]
    Incomplete,
    /// The browser holds no sign-in that was begun within ten minutes.
    #[error(
        "this browser has no sign-in under way: it took over ten minutes, or cookies are switched off; sign in again"
    )]
    NoCookie,
    /// The browser began sign-ins, and this is none of them.
    #[error(
        "this is not the answer to a sign-in that this browser began; sign in again from the page you wanted"
    )]
    State,
    /// Another issuer answered, or the provider left out its name (RFC 9207).
    #[error("the answer came from another identity provider than the one that was asked; sign in again")]
    AnsweringIssuer,
    /// The person said no, or may not sign in here.
    #[error("the identity provider says that access was denied; sign in again, or ask who runs it")]
    Denied,
    /// The provider refused for another reason.
    #[error("the identity provider refuses with `{0}`; sign in again, or tell the operator of this site")]
    Refused(String),
    /// The provider refused the code.
    #[error("the identity provider does not take back its own code (`{0}`); sign in again")]
    Code(String),
    /// The provider refused our registration.
    #[error(
        "the identity provider does not accept this site's client identity or secret; the operator must correct `[sign_in]`"
    )]
    Registration,
    /// Something from the provider has another shape than the standard says.
    #[error("the identity provider's {0} cannot be read; tell the operator of this site")]
    Unreadable(&'static str),
    /// There is no ID token in the answer.
    #[error("the identity provider sent no ID token; its operator must allow OpenID Connect for this site")]
    NoIdToken,
    /// The ID token is not signed with RS256 or ES256.
    #[error(
        "the ID token is not signed with RS256 or ES256; the provider's operator must change its algorithm"
    )]
    Algorithm,
    /// The ID token names a key that the provider does not publish, also after asking again.
    #[error(
        "the ID token is signed with a key that the provider does not publish; wait a minute and sign in again"
    )]
    UnknownKey,
    /// The signature is wrong.
    #[error(
        "the ID token's signature is wrong; sign in again, and tell the operator of this site if it stays so"
    )]
    Signature,
    /// `iss` is another's.
    #[error("the ID token is from another issuer; tell the operator of this site")]
    Issuer,
    /// `aud` or `azp` is another's.
    #[error("the ID token was made for another site; tell the operator of this site")]
    Audience,
    /// `nonce` is another sign-in's.
    #[error("the ID token belongs to another sign-in; sign in again")]
    Nonce,
    /// `exp` has passed.
    #[error("the ID token has expired; sign in again, and check the clocks if it stays so")]
    Expired,
    /// `iat` is in the future.
    #[error("the ID token is from the future; the clocks of this site and the identity provider must be set")]
    IssuedAt,
    /// Neither the ID token nor userinfo has an address that can be used.
    #[error(
        "the identity provider tells no e-mail address for you; its operator must release the `email` claim"
    )]
    NoEmail,
    /// The provider does not say that the address was verified.
    #[error("the identity provider has not verified your e-mail address; verify it there and sign in again")]
    UnverifiedEmail,
    /// Userinfo could not be had.
    #[error("the identity provider does not tell who you are (userinfo); sign in again")]
    UserInfo,
    /// Userinfo is about somebody else.
    #[error("the identity provider's userinfo is about somebody else; tell the operator of this site")]
    UserInfoSubject,
}

impl SignInError {
    /// The error that the provider sent the browser back with (RFC 6749, section 4.1.2.1).
    pub(super) fn refused(code: &str) -> Self {
        if code == "access_denied" { Self::Denied } else { Self::Refused(shown(code)) }
    }

    /// The error that the token endpoint answered (RFC 6749, section 5.2).
    pub(super) fn code_refused(code: &str) -> Self {
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
