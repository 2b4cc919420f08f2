//! What stops the start.

/// Settings of this room that cannot be used. Never shows a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// There is no key to seal sessions with.
    #[error(
        "no session key is set; give `session_keys` one of at least 32 random characters, such as `openssl rand -base64 32` prints"
    )]
    NoKey,
    /// A key is too short to be safe.
    #[error(
        "session key {position} has {length} bytes and needs at least 32; make one with `openssl rand -base64 32`"
    )]
    ShortKey {
        /// Which one, counted from 1.
        position: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// There are more keys than are worth trying.
    #[error("{0} session keys are set and 8 can be used; remove the oldest")]
    TooManyKeys(usize),
    /// The provider's issuer cannot be used.
    #[error("issuer `{issuer}` cannot be used: {rule}")]
    Issuer {
        /// As it is set.
        issuer: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// The address that the provider sends people back to cannot be used.
    #[error("`{0}` is not an address that a provider can send people back to; set `public_url`")]
    Callback(String),
    /// The machine could not do what cryptography needs.
    #[error("the cryptographic library refuses: {0}")]
    Cryptography(&'static str),
    /// The HTTP client could not be made.
    #[error("no HTTP client for the OpenID provider: {0}")]
    Http(String),
}
