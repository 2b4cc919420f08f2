//! An app: its record in the bucket.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    AppName, Audience, FilePath, Grants, NetworkRule, Person, ReleaseId, Role, Subject, Synced,
    TrustedPublisher,
};

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
    pub grants: Grants,
    /// From where it may be opened; from anywhere when it is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkRule>,
    /// The release that its host serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<ReleaseId>,
    /// Earlier current releases, newest first, for `rollback`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous: Vec<ReleaseId>,
    /// Which release became current when, newest first: what `DATE--NAME` and open tabs need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activations: Vec<Activation>,
    /// Releases that were deleted, by a publisher or for their age; each can be restored until it is cleared away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<Retired>,
    /// Releases that were restored: age does not delete them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<ReleaseId>,
    /// When a deleted app was cleared away: its name stays taken, and nothing can bring it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared: Option<Timestamp>,
    /// Counts how often browsers were told to forget what this origin had stored.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub origin: u32,
    /// Jobs of continuous integration that may publish to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted: Vec<TrustedPublisher>,
    /// The folder that it is filled from; `None` is published to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced: Option<Synced>,
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

/// A release became the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// Which.
    pub release: ReleaseId,
    /// When.
    pub at: Timestamp,
}

/// A release that was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retired {
    /// Which.
    pub release: ReleaseId,
    /// When.
    pub at: Timestamp,
    /// Whether its files are being cleared away: it cannot be restored any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clearing: bool,
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
    /// The file that answers where there is none, for apps of one page that route by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<FilePath>,
    /// Whether whoever may not open it is told nothing of it: neither its title nor its owner.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// Whether its pages are isolated from other origins, which shared memory in a browser needs.
    #[serde(default, skip_serializing_if = "is_false")]
    pub isolated: bool,
    /// Who may frame its pages, as sources of a content security policy; `None` is the app itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_ancestors: Option<Vec<String>>,
    /// A content security policy of the publisher's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csp: Option<String>,
    /// For how many days files that earlier releases had are still served; `None` is a week, 0 is not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u16>,
}

impl Settings {
    /// Whether search finds its pages.
    #[must_use]
    pub fn is_searched(&self) -> bool {
        self.search.unwrap_or(true)
    }

    /// For how long files of earlier releases are still served.
    #[must_use]
    pub fn kept_for(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.keep_days.unwrap_or(KEEP_DAYS)))
    }
}

/// For how many days files of earlier releases are served when nothing else is set.
const KEEP_DAYS: u16 = 7;
/// Within this many days every activation is remembered; before, the last of each day.
const EVERY_ACTIVATION: i64 = 32;
/// How many activations are remembered: years of daily publishing.
const MOST_ACTIVATIONS: usize = 1000;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn is_false(set: &bool) -> bool {
    !set
}

impl App {
    /// What `person` may do here by ownership or a grant that has not ended; `None` is nothing.
    #[must_use]
    pub fn role_of(&self, person: &Person, now: Timestamp) -> Option<Role> {
        if self.owned_by(&person.subject) {
            return Some(Role::Publisher);
        }
        self.grants.naming(person).filter(|grant| !grant.has_ended(now)).map(|grant| grant.role).max()
    }

    /// Remembers that `release` became current at `now`.
    pub fn remember_activation(&mut self, release: ReleaseId, now: Timestamp) {
        self.activations.insert(0, Activation { release, at: now });
        let mut day_after = None;
        self.activations.retain(|activation| {
            let day = activation.at.as_second().div_euclid(24 * 3600);
            let recent = now.duration_since(activation.at).as_hours() < 24 * EVERY_ACTIVATION;
            let last_of_its_day = day_after.replace(day) != Some(day);
            recent || last_of_its_day
        });
        self.activations.truncate(MOST_ACTIVATIONS);
    }

    /// The release that was current when `day` ended, in UTC, or is current if it has not ended.
    #[must_use]
    pub fn shown_on(&self, day: Date, now: Timestamp) -> Option<ReleaseId> {
        let today = TimeZone::UTC.to_datetime(now).date();
        let end =
            day.tomorrow().ok().and_then(|next| TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).ok())?;
        let before = self.activations.iter().find(|activation| activation.at < end);
        before.map(|activation| activation.release).filter(|_| day <= today)
    }

    /// When `release` was deleted; `None` when it was not.
    #[must_use]
    pub fn retired(&self, release: ReleaseId) -> Option<&Retired> {
        self.retired.iter().find(|retired| retired.release == release)
    }

    /// Deletes `release`, which is not the current one: nothing leads to it any more. It can be restored.
    pub fn retire(&mut self, release: ReleaseId, now: Timestamp) {
        if self.current == Some(release) || self.retired(release).is_some() {
            return;
        }
        self.previous.retain(|earlier| *earlier != release);
        self.activations.retain(|activation| activation.release != release);
        self.kept.retain(|kept| *kept != release);
        self.retired.push(Retired { release, at: now, clearing: false });
    }

    /// When the current release became current.
    #[must_use]
    pub fn current_since(&self) -> Option<Timestamp> {
        let newest = self.activations.first()?;
        (Some(newest.release) == self.current).then_some(newest.at)
    }

    /// Whether the person with this key created the app.
    #[must_use]
    pub fn owned_by(&self, subject: &Subject) -> bool {
        self.owner.subject == *subject
    }
}
