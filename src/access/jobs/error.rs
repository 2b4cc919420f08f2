//! Every way that a job's token can be refused.

use crate::access::jws::JwsError;

/// Why a job's token is not exchanged. Each sentence says what to do; none holds the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// It is no token.
    #[error("`subject_token` is no identity token; give the one that your CI service makes for this job")]
    Unreadable,
    /// Its service is not believed here.
    #[error(
        "the token is from a service that this server does not believe; an operator names those in `github_issuers` and `gitlab_issuers` under [access]"
    )]
    Issuer,
    /// The service's keys cannot be had.
    #[error("the CI service's keys cannot be had at the moment; run the job again")]
    Unavailable,
    /// It is not signed with RS256.
    #[error("the token is not signed with RS256")]
    Algorithm,
    /// It is signed with a key that the service does not publish.
    #[error(
        "the token is signed with a key that the CI service does not publish; run the job again in a minute"
    )]
    UnknownKey,
    /// Its signature is wrong.
    #[error("the token's signature is wrong")]
    Signature,
    /// It was made for somebody else.
    #[error(
        "the token was made for another audience; ask for one whose `aud` is this server's address, and that alone"
    )]
    Audience,
    /// It is over, or from the future.
    #[error("the token is over, or not valid yet; run the job again, and check the clocks if it stays so")]
    Time,
    /// A claim is absent or not what it must be.
    #[error("the token's `{0}` is not what it must be; only tokens of GitHub and GitLab jobs are taken")]
    Claim(&'static str),
    /// It is a job of a pull or merge request, whose author may be anybody.
    #[error(
        "jobs of pull and merge requests may not publish, since anybody can open one; publish from a branch"
    )]
    Request,
}

impl From<JwsError> for JobError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::Malformed => Self::Unreadable,
            JwsError::Algorithm => Self::Algorithm,
            JwsError::UnknownKey => Self::UnknownKey,
            JwsError::Signature => Self::Signature,
        }
    }
}
