//! A command that waits until somebody types its code.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Person;

/// What the bucket keeps of a command that waits: neither the code that it shows nor the one that it keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// What the command says of the machine it runs on.
    pub label: String,
    /// Until when it waits.
    pub expires: Timestamp,
    /// What it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<DeviceAnswer>,
}

/// What somebody who typed the code decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceAnswer {
    /// The command may act as this person.
    Allowed {
        /// Who.
        person: Person,
        /// When the session began in which they said so.
        since: Timestamp,
    },
    /// It may not.
    Denied,
}
