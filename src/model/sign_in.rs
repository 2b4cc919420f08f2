//! A sign-in, as it is remembered.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Digest;

/// One line of a person's own record: that they signed in, when, from where, and with what kind of browser. It opens
/// nothing: of the session it holds a digest, by which the session can be ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// A digest of the session's identity.
    pub session: Digest,
    /// When it began.
    pub when: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// What the browser says it is, in our words: "Firefox on Windows".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
    /// Which of the provider's own sessions it came of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_session: Option<Digest>,
}
