//! What is remembered of who did what.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AppName, Audience, EmailAddress, Grant, NetworkRule, ReleaseId, TrustedJobs, Who};

/// What happened once: who did what, when, from where, by which rule. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// When.
    pub when: Timestamp,
    /// Who; `None` is nobody signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<EmailAddress>,
    /// From which address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<IpAddr>,
    /// To which app; `None` is to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<AppName>,
    /// By which rule they might, or might not: a line of the list, `owner`, an audience, who vouches for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// How often within a minute, where more than once.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
    /// What.
    #[serde(flatten)]
    pub action: AuditAction,
}

/// One line of the record. Each server numbers what it writes, so that a line that is lost is missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Which server wrote it: one start of one process.
    pub server: String,
    /// The how-manieth it is of that server's, from 1.
    pub number: u64,
    /// The how-manieth it is of that server's about this app, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of_app: Option<u64>,
    /// What happened.
    #[serde(flatten)]
    pub event: AuditEvent,
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_once(times: &u32) -> bool {
    *times == 1
}

/// What was done.
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
    /// From where it may be opened was set.
    NetworkSet {
        /// To this; `None` is from anywhere.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        network: Option<NetworkRule>,
    },
    /// Somebody was let in at its door: a session there began.
    Entered,
    /// Somebody was refused at its door; the rule says why.
    Refused,
    /// Somebody asked to be let in.
    Asked,
    /// A publisher let somebody in who had asked; the grant is a line of its own.
    Approved {
        /// Whom.
        whose: EmailAddress,
    },
    /// A publisher did not let somebody in who had asked.
    Declined {
        /// Whom.
        whose: EmailAddress,
    },
    /// A letter about an app could not be sent.
    NotTold {
        /// To whom.
        whose: EmailAddress,
        /// What it was about: `shared`, `asked`, `approved` or `declined`.
        about: String,
        /// What the mail server answered, where it did (RFC 5321, section 4.2).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// Somebody looked at what another person sees.
    ViewedAs {
        /// As whom.
        whose: EmailAddress,
    },
    /// Somebody signed in.
    SignedIn,
    /// Somebody signed out, everywhere.
    SignedOut,
    /// Somebody made a token.
    TokenMade {
        /// Its identity, which is no secret.
        token: String,
        /// What they call it.
        label: String,
    },
    /// Somebody took a token back.
    TokenRevoked {
        /// Its identity.
        token: String,
    },
    /// Somebody ended one of their own sessions.
    SessionEnded,
    /// All sessions of somebody ended: at their own wish, by an administrator, or at their provider's word.
    SessionsEnded {
        /// Whose; `None` is whom the provider that the rule names was speaking of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        whose: Option<EmailAddress>,
        /// Whether their tokens ended too.
        #[serde(default)]
        tokens: bool,
    },
    /// Jobs of continuous integration may publish to it.
    PublisherTrusted {
        /// Which jobs.
        jobs: TrustedJobs,
    },
    /// A trusted publisher was taken away.
    PublisherRemoved {
        /// Which line it was.
        line: ulid::Ulid,
    },
    /// From which folder it is filled was set.
    SyncedSet {
        /// What the operator calls the place it is in; `None` is from none. The event's own `from` is an address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        folders: Option<String>,
    },
    /// Lines were lost: more happened than could be kept while storage did not answer.
    Lost {
        /// How many.
        lines: u64,
    },
}

impl AuditAction {
    /// Every action by the name that it is written and looked for by.
    pub const NAMES: [&'static str; 29] = [
        "created",
        "published",
        "activated",
        "audience-set",
        "settings-changed",
        "granted",
        "revoked",
        "release-deleted",
        "release-restored",
        "deleted",
        "restored",
        "network-set",
        "entered",
        "refused",
        "asked",
        "approved",
        "declined",
        "not-told",
        "viewed-as",
        "signed-in",
        "signed-out",
        "token-made",
        "token-revoked",
        "session-ended",
        "sessions-ended",
        "publisher-trusted",
        "publisher-removed",
        "synced-set",
        "lost",
    ];

    /// The name that it is written and looked for by.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Published { .. } => "published",
            Self::Activated { .. } => "activated",
            Self::AudienceSet { .. } => "audience-set",
            Self::SettingsChanged => "settings-changed",
            Self::Granted { .. } => "granted",
            Self::Revoked { .. } => "revoked",
            Self::ReleaseDeleted { .. } => "release-deleted",
            Self::ReleaseRestored { .. } => "release-restored",
            Self::Deleted => "deleted",
            Self::Restored => "restored",
            Self::NetworkSet { .. } => "network-set",
            Self::Entered => "entered",
            Self::Refused => "refused",
            Self::Asked => "asked",
            Self::Approved { .. } => "approved",
            Self::Declined { .. } => "declined",
            Self::NotTold { .. } => "not-told",
            Self::ViewedAs { .. } => "viewed-as",
            Self::SignedIn => "signed-in",
            Self::SignedOut => "signed-out",
            Self::TokenMade { .. } => "token-made",
            Self::TokenRevoked { .. } => "token-revoked",
            Self::SessionEnded => "session-ended",
            Self::SessionsEnded { .. } => "sessions-ended",
            Self::PublisherTrusted { .. } => "publisher-trusted",
            Self::PublisherRemoved { .. } => "publisher-removed",
            Self::SyncedSet { .. } => "synced-set",
            Self::Lost { .. } => "lost",
        }
    }

    /// What of it is not in its name: a release, a grant, an audience.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Published { release }
            | Self::Activated { release }
            | Self::ReleaseDeleted { release }
            | Self::ReleaseRestored { release } => release.to_string(),
            Self::AudienceSet { audience } => audience.to_string(),
            Self::Granted { grant } => {
                let role = if grant.role == super::Role::Publisher { " as publisher" } else { "" };
                let until = grant.until.map(|until| format!(" until {until}")).unwrap_or_default();
                format!("{}{role}{until}", grant.who)
            }
            Self::Revoked { who } => who.to_string(),
            Self::NetworkSet { network } => {
                network.as_ref().map_or_else(|| "from anywhere".to_owned(), ToString::to_string)
            }
            Self::Approved { whose } | Self::Declined { whose } | Self::ViewedAs { whose } => {
                whose.to_string()
            }
            Self::NotTold { whose, about, status } => {
                let status = status.map(|status| format!(", {status}")).unwrap_or_default();
                format!("{whose} ({about}{status})")
            }
            Self::TokenMade { token, label } => format!("{label} ({token})"),
            Self::TokenRevoked { token } => token.clone(),
            Self::SessionsEnded { whose, tokens } => {
                let whose = whose.as_ref().map(ToString::to_string);
                let too = if *tokens { ", with their tokens" } else { "" };
                format!("{}{too}", whose.as_deref().unwrap_or("at their provider's word"))
            }
            Self::PublisherTrusted { jobs } => jobs.to_string(),
            Self::PublisherRemoved { line } => line.to_string(),
            Self::SyncedSet { folders } => folders.clone().unwrap_or_else(|| "from no folder".to_owned()),
            Self::Lost { lines } => format!("{lines} lines"),
            Self::Created
            | Self::SettingsChanged
            | Self::Deleted
            | Self::Restored
            | Self::Entered
            | Self::Refused
            | Self::Asked
            | Self::SignedIn
            | Self::SignedOut
            | Self::SessionEnded => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_written_by_its_name() {
        for name in AuditAction::NAMES {
            let fields = serde_json::json!({
                "action": name, "release": "01jd3m5wz0c9v1k8q2r4t6y8a9", "audience": "listed", "lines": 3,
                "grant": {"who": "ann@example.org", "role": "viewer"}, "whose": "bob@example.org",
                "about": "shared", "token": "t", "label": "laptop", "line": "01JD3M5WZ0C9V1K8Q2R4T6Y8A9",
                "jobs": {"service": "gitlab", "project": "group/project", "project_id": "7"},
            });
            let action: AuditAction = serde_json::from_value(fields).unwrap();
            assert_eq!(action.name(), name);
            assert_eq!(serde_json::to_value(&action).unwrap()["action"], name);
        }
    }
}
