//! An app: its record in the bucket.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AppName, Audience, Grant, Person, ReleaseId, Role, Subject};

/// An app as `apps/NAME/app.json` keeps it: the only thing about an app that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// Its name, for good: a deleted app's name stays taken.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// The publisher who created it, named to people who are refused.
    pub owner: Person,
    /// Who may see it.
    pub audience: Audience,
    /// Publishers and, for a listed audience, viewers.
    pub grants: Vec<Grant>,
    /// The release that its host serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<ReleaseId>,
    /// Earlier current releases, newest first, for `rollback`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<ReleaseId>,
    /// What its publishers may set.
    #[serde(default)]
    pub settings: Settings,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
    /// When it was deleted; a deleted app is served to nobody and can be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Timestamp>,
    /// Names the write that made this version, so that a lost answer can be settled by reading back.
    pub write_id: String,
}

/// What an app's publishers may set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// One or two sentences on what it is, shown beside its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether search finds its pages, for those who may open it; `None` is yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<bool>,
}

impl Settings {
    /// Whether search finds its pages.
    #[must_use]
    pub fn is_searched(&self) -> bool {
        self.search.unwrap_or(true)
    }
}

impl App {
    /// What `person` may do here by ownership or a grant that has not ended; `None` is nothing.
    #[must_use]
    pub fn role_of(&self, person: &Person, now: Timestamp) -> Option<Role> {
        if self.owned_by(&person.subject) {
            return Some(Role::Publisher);
        }
        self.grants.iter().filter(|grant| grant.admits(person, now)).map(|grant| grant.role).max()
    }

    /// Whether the person with this key created the app.
    #[must_use]
    pub fn owned_by(&self, subject: &Subject) -> bool {
        self.owner.subject == *subject
    }
}
