//! The list of apps, and one app.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{AppName, Audience, EmailAddress, ReleaseId, Role, Who};

use super::{Layout, Notice};

/// `/-/apps/`: "Apps and pages shared with you".
#[derive(Clone, Debug, Serialize)]
pub struct AppsPage {
    /// What every page shares.
    pub layout: Layout,
    /// Who is asking; `None` shows a way to sign in above the public apps.
    pub viewer: Option<EmailAddress>,
    /// Where to sign in and come back from.
    pub sign_in: String,
    /// Whether they may publish; only then does the page say how.
    pub may_publish: bool,
    /// The origin that `loggia login` is told, such as `https://guides.example.org`.
    pub server: String,
    /// What they may open, in the order to be shown.
    pub apps: Vec<AppCard>,
    /// What came of the last form.
    pub notice: Option<Notice>,
}

/// One app in the list.
#[derive(Clone, Debug, Serialize)]
pub struct AppCard {
    /// Its name; its page is `/-/apps/NAME/`.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// Where it is: absolute.
    pub url: String,
    /// What it is.
    pub description: Option<String>,
    /// Who created it.
    pub owner: EmailAddress,
    /// When it last changed.
    pub changed: Timestamp,
    /// Who may see it.
    pub audience: Audience,
    /// Whether the viewer may publish to it.
    pub publisher: bool,
    /// Whether there is a release to open.
    pub live: bool,
}

/// `/-/apps/NAME/`: one app.
#[derive(Clone, Debug, Serialize)]
pub struct AppPage {
    /// What every page shares.
    pub layout: Layout,
    /// Its name.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// Where it is: absolute.
    pub url: String,
    /// What it is.
    pub description: Option<String>,
    /// Who created it.
    pub owner: EmailAddress,
    /// Who may see it.
    pub audience: Audience,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
    /// When it was deleted; the page then offers its publishers to restore it, and nothing else.
    pub deleted: Option<Timestamp>,
    /// Whether there is a release to open.
    pub live: bool,
    /// What the storage promises of it.
    pub kept: Vec<KeptFact>,
    /// What its publishers see and may do; `None` for everybody else.
    pub manage: Option<Manage>,
    /// What came of the last form.
    pub notice: Option<Notice>,
}

/// One thing that the storage says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeptFact {
    /// What it is about.
    pub name: &'static str,
    /// What it says.
    pub value: String,
}

/// What an app's publishers see and may do.
#[derive(Clone, Debug, Serialize)]
pub struct Manage {
    /// Who was named, in the order to be shown.
    pub grants: Vec<GrantRow>,
    /// Its releases, newest first.
    pub releases: Vec<ReleaseRow>,
    /// Whether there is an earlier current release to go back to.
    pub can_roll_back: bool,
    /// Whether search finds its pages. The form posts `search` (`true` or `false`) to `/-/apps/NAME/search`.
    pub in_search: bool,
    /// What the form for sharing holds at first.
    pub share: ShareForm,
    /// How it is served, and the form that changes that.
    pub serving: Serving,
}

/// How an app is served. The form posts `fallback`, `isolated`, `frame_ancestors`, `csp` and `keep_days` to
/// `/-/apps/NAME/settings`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Serving {
    /// What of the current release's `_redirects` and `_headers` cannot be used.
    pub problems: Vec<String>,
    /// The file that answers where there is none.
    pub fallback: String,
    /// Whether its pages are isolated from other origins.
    pub isolated: bool,
    /// Who may frame it, with spaces between; empty is the app itself.
    pub frame_ancestors: String,
    /// A content security policy of the publisher's own.
    pub csp: String,
    /// For how many days files of earlier releases are served; empty is a week.
    pub keep_days: String,
}

/// One line of the audience. Removing it posts `who` to `/-/apps/NAME/grants/remove`.
#[derive(Clone, Debug, Serialize)]
pub struct GrantRow {
    /// Whom it names.
    pub who: Who,
    /// What it lets them do.
    pub role: Role,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// Whether that has passed.
    pub ended: bool,
}

/// One release. Activating it posts `release` to `/-/apps/NAME/activate`.
#[derive(Clone, Debug, Serialize)]
pub struct ReleaseRow {
    /// Its identity.
    pub id: ReleaseId,
    /// Where it can be seen by itself: absolute.
    pub url: String,
    /// When it was begun.
    pub when: Timestamp,
    /// Who published it.
    pub by: EmailAddress,
    /// What they said of it.
    pub message: Option<String>,
    /// How many files it holds.
    pub files: usize,
    /// Their size together, in bytes.
    pub size: u64,
    /// Whether the app's host serves it.
    pub current: bool,
    /// The commit it was made from, as people write it.
    pub commit: Option<String>,
    /// What it changed in the release that was listed before it; `None` for the first, and for those far back.
    pub diff: Option<DiffRow>,
}

/// What a release changed in the one before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DiffRow {
    /// In a few words: `2 added, 1 changed`.
    pub summary: String,
    /// Files, each with a sign before it: `+` added, `~` changed, `-` removed.
    pub files: Vec<String>,
    /// How many files are left out.
    pub more: usize,
}

/// The form that posts `who`, `role` (`viewer` or `publisher`) and `until` (a day as `YYYY-MM-DD`, or empty) to
/// `/-/apps/NAME/grants`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ShareForm {
    /// What was typed, when it could not be used.
    pub who: String,
    /// What was typed, when it could not be used.
    pub until: String,
    /// Why `who` could not be used.
    pub who_problem: Option<String>,
    /// Why `until` could not be used.
    pub until_problem: Option<String>,
}

/// `/-/apps/NAME/publishers`: which jobs of continuous integration may publish to an app. The form posts `issuer`, `name`,
/// `number`, `owner` and `workflow` (GitHub), `ref` (GitLab) and `environment` to the page itself.
#[derive(Clone, Debug, Serialize)]
pub struct PublishersPage {
    /// What every page shares.
    pub layout: Layout,
    /// The app's name.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// The origin that jobs are told, such as `https://guides.example.org`.
    pub server: String,
    /// Who may publish.
    pub trusted: Vec<TrustedRow>,
    /// The issuers of GitHub's tokens that are believed.
    pub github: Vec<String>,
    /// The issuers of GitLab's.
    pub gitlab: Vec<String>,
    /// What came of the last form.
    pub notice: Option<Notice>,
}

/// One trusted publisher. Removing it posts `id` to `/-/apps/NAME/publishers/remove`.
#[derive(Clone, Debug, Serialize)]
pub struct TrustedRow {
    /// Which it is.
    pub id: String,
    /// `GitHub` or `GitLab`.
    pub service: &'static str,
    /// The repository or project.
    pub place: String,
    /// Its number.
    pub number: String,
    /// The workflow's file.
    pub workflow: Option<String>,
    /// The branch or tag.
    pub reference: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// Who added it.
    pub by: EmailAddress,
    /// When.
    pub since: Timestamp,
}
