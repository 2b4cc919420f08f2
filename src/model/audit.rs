//! What is remembered of who did what.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AppName, Audience, EmailAddress, Grant, ReleaseId, Who};

/// One line of an app's append-only record: who did what, when, from where. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When.
    pub when: Timestamp,
    /// Who; `None` is nobody signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<EmailAddress>,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<std::net::IpAddr>,
    /// To which app.
    pub app: AppName,
    /// What.
    #[serde(flatten)]
    pub action: AuditAction,
}

/// What was done to an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum AuditAction {
    /// It was created.
    Created,
    /// A release was finished.
    Published {
        /// The release.
        release: ReleaseId,
    },
    /// Another release became current.
    Activated {
        /// The release.
        release: ReleaseId,
    },
    /// Its audience was set.
    AudienceSet {
        /// To this.
        audience: Audience,
    },
    /// Its title or its settings were changed.
    SettingsChanged,
    /// A grant was added or replaced.
    Granted {
        /// The grant.
        grant: Grant,
    },
    /// A grant was taken away.
    Revoked {
        /// Whose; not to be taken for the event's own `who`.
        #[serde(rename = "whose")]
        who: Who,
    },
    /// A release was deleted.
    ReleaseDeleted {
        /// The release.
        release: ReleaseId,
    },
    /// A deleted release was restored.
    ReleaseRestored {
        /// The release.
        release: ReleaseId,
    },
    /// It was deleted.
    Deleted,
    /// It was restored.
    Restored,
    /// Somebody was refused at its door.
    Refused,
}
