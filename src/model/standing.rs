//! What a session came of, and what ends many at once.

use jiff::Timestamp;

use super::{Digest, EmailAddress, Person, Subject};

/// Where a session comes from: everything that can end it before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage<'s> {
    /// The identity of the session on the main host.
    pub session: &'s str,
    /// Whose it is.
    pub person: &'s Person,
    /// When they signed in.
    pub begun: Timestamp,
    /// The provider's own session that vouched for it, where the provider named it: a [`Whom::ProviderSession`].
    pub provider_session: Option<&'s Digest>,
}

/// Whose sessions end together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom<'w> {
    /// Of everybody who signs in with this address.
    Address(&'w EmailAddress),
    /// Of one person as one provider knows them.
    Subject(&'w Subject),
    /// Of one session at a provider (`sid`; OpenID Connect Back-Channel Logout 1.0, section 2.1).
    ProviderSession {
        /// The provider's issuer URL.
        iss: &'w str,
        /// Its name for the session.
        sid: &'w str,
    },
    /// Not the sessions but the API tokens of everybody with this address.
    TokensOf(&'w EmailAddress),
}

impl Whom<'_> {
    /// How it stands in keys: nobody reads a name out of it.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let text = match self {
            Self::Address(address) => format!("address\0{address}"),
            Self::Subject(subject) => format!("subject\0{}\0{}", subject.iss, subject.sub),
            Self::ProviderSession { iss, sid } => format!("session\0{iss}\0{sid}"),
            Self::TokensOf(address) => format!("tokens\0{address}"),
        };
        Digest::of(text.as_bytes())
    }
}
