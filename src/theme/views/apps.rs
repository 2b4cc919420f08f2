//! The list of apps, and one app.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{AppName, Audience, EmailAddress, NetworkRule, NetworkUse, ReleaseId, Role, Who};

use super::{Layout, Notice, SyncedPart};

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
    /// Whether they publish to any app: only then does the page lead to what others see.
    pub publishes: bool,
    /// Whether they may read the whole record.
    pub administers: bool,
    /// What they looked for; empty is everything.
    pub q: String,
    /// How many apps there are without looking for anything.
    pub total: usize,
    /// How many of those shown are new since their last visit.
    pub new: usize,
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
    /// Their name, as their provider writes it.
    pub owner_name: Option<String>,
    /// When it last changed for the viewer: another release, or that it was shared with them.
    pub changed: Timestamp,
    /// Whether that was since their last visit.
    pub new: bool,
    /// Who may see it.
    pub audience: Audience,
    /// The networks from which alone it opens, when the viewer is in none of them.
    pub networks: Vec<String>,
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
    /// From where.
    pub network: Option<NetworkRule>,
    /// Why the viewer sees it: parts of sentences that begin with "You see it".
    pub because: Vec<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed.
    pub changed: Timestamp,
    /// When it was deleted; the page then offers its publishers to restore it, and nothing else.
    pub deleted: Option<Timestamp>,
    /// Whether what it held was cleared away, so that nothing can bring it back.
    pub cleared: bool,
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
    /// Who was named last, the newest first.
    pub grants: Vec<GrantRow>,
    /// How many lines the list has.
    pub granted: usize,
    /// Its audience and networks, and the forms that change them.
    pub doors: Doors,
    /// Who asks to be let in, the longest first.
    pub requests: Vec<RequestRow>,
    /// Whether somebody gets in: the form, and its answer.
    pub explained: Explained,
    /// Its releases, newest first.
    pub releases: Vec<ReleaseRow>,
    /// Whether there is an earlier current release to go back to.
    pub can_roll_back: bool,
    /// Whether search finds its pages. The form posts `search` (`true` or `false`) to `/-/apps/NAME/search`.
    pub in_search: bool,
    /// Files whose text search cannot find, and why.
    pub unread: Vec<UnreadRow>,
    /// What the form for sharing holds at first.
    pub share: ShareForm,
    /// Whether people can be told by mail: of what is shared, with `mail`, and of an answer to what they ask, with `words`.
    pub mails: bool,
    /// How it is served, and the form that changes that.
    pub serving: Serving,
    /// From which folder it is filled, and the form that changes that; `None` where there is none to be filled from.
    pub synced: Option<SyncedPart>,
}

/// A file whose text could not be taken for search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadRow {
    /// Its path.
    pub file: String,
    /// Why.
    pub why: String,
}

/// Through which doors people come. The forms post `audience` and `hidden` to `/-/apps/NAME/audience`, and `rule` (`none`,
/// `instead`, `as-well`) with any number of `name` to `/-/apps/NAME/network`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Doors {
    /// The audiences that can be chosen.
    pub audiences: Vec<Audience>,
    /// Whether the operator no longer lets publishers choose the one that was, so that a narrower one holds.
    pub narrowed: bool,
    /// Whether whoever may not see it is told nothing of it.
    pub hidden: bool,
    /// What being in a network does.
    pub rule: Option<NetworkUse>,
    /// The networks that can be chosen.
    pub networks: Vec<NetworkChoice>,
    /// Networks that the app names and the configuration does not.
    pub gone: Vec<String>,
}

/// A network that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetworkChoice {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Its ranges.
    pub ranges: String,
    /// Whether the app names it.
    pub chosen: bool,
}

/// Somebody asks to be let in. The form posts `request`, `scope` (`person` or `domain`), `until` and `answer` (`let-in` or
/// `decline`) to `/-/apps/NAME/requests`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestRow {
    /// Which it is.
    pub id: String,
    /// Who asks.
    pub who: EmailAddress,
    /// Their name, as their provider writes it.
    pub name: Option<String>,
    /// When.
    pub when: Timestamp,
    /// Why, in their words; may be empty.
    pub reason: String,
    /// Where in the app they wanted to go, when it was not its start.
    pub wanted: Option<String>,
    /// Their domain, where all of it can be let in.
    pub domain: Option<String>,
}

/// Whether somebody gets in. The form asks the page itself with `who`, `groups` and `from`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Whose address was asked about.
    pub who: String,
    /// Their groups, apart by commas.
    pub groups: String,
    /// The IP address that was asked about.
    pub from: String,
    /// Why it cannot be told.
    pub problem: Option<String>,
    /// `yes`, `no`, or `depends` on where they are; `None` when nothing was asked.
    pub sees: Option<&'static str>,
    /// Why.
    pub sentences: Vec<String>,
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
