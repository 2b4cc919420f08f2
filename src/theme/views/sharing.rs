//! Who may see an app, on a page of its own; and what somebody else sees.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{AppName, Audience, EmailAddress, Role, Who};

use super::{Layout, Notice};

/// `/-/apps/NAME/share`. A paste posts `who`, `role` and `until` to `/-/apps/NAME/share/review`; lines that are chosen post
/// `who`, any number of times, to `/-/apps/NAME/share/remove`.
#[derive(Clone, Debug, Serialize)]
pub struct SharePage {
    /// What every page shares.
    pub layout: Layout,
    /// The app's name.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// Who may see it.
    pub audience: Audience,
    /// Who is looking.
    pub viewer: EmailAddress,
    /// How many lines the list has.
    pub total: usize,
    /// How many of them fit the filter.
    pub found: usize,
    /// Those of this page.
    pub rows: Vec<ShareRow>,
    /// What was looked for.
    pub q: String,
    /// Which part is shown; empty is all.
    pub show: String,
    /// The parts.
    pub tabs: Vec<Tab>,
    /// How far back it was looked who opened the app, where that is what is shown.
    pub opened: Option<Opened>,
    /// Which page this is, from 1.
    pub page: usize,
    /// How many there are.
    pub pages: usize,
    /// The page before.
    pub previous: Option<String>,
    /// The next page.
    pub next: Option<String>,
    /// What was pasted, when it could not be used.
    pub who: String,
    /// The day that was written beside it.
    pub until: String,
    /// What came of the last form.
    pub notice: Option<Notice>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tab {
    /// What it is called.
    pub label: String,
    /// Where it is.
    pub url: String,
    /// Whether it is shown.
    pub current: bool,
}

/// How far back it was looked who opened an app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// From when on.
    pub since: Timestamp,
    /// Whether there were more openings than were looked at.
    pub cut: bool,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShareRow {
    /// Whom it names.
    pub who: Who,
    /// What it lets them do.
    pub role: Role,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// Whether that has passed.
    pub ended: bool,
    /// Who granted it.
    pub by: Option<EmailAddress>,
    /// When.
    pub at: Option<Timestamp>,
    /// Whether it is the owner's, who stays.
    pub owner: bool,
}

/// What was understood of a paste. It posts `who`, as often as chosen, `role`, `until` and `mail` to `/-/apps/NAME/share`;
/// the same paste again posts to `/-/apps/NAME/share/review`.
#[derive(Clone, Debug, Serialize)]
pub struct ShareReviewPage {
    /// What every page shares.
    pub layout: Layout,
    /// The app's name.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// Who may see it.
    pub audience: Audience,
    /// Who is not on the list yet, or would get more.
    pub new: Vec<Who>,
    /// Who is on it already.
    pub held: Vec<Who>,
    /// Who looks mistyped.
    pub doubted: Vec<DoubtRow>,
    /// What names nobody.
    pub unread: Vec<String>,
    /// How many entries were left out for their number.
    pub left_out: usize,
    /// What they will be let do.
    pub role: Role,
    /// When that ends.
    pub until: Option<Timestamp>,
    /// The same as it was written.
    pub until_text: String,
    /// The paste, to be changed.
    pub text: String,
    /// Whether people can be told by mail.
    pub mails: bool,
}

/// A line that may be a mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoubtRow {
    /// Whom it names.
    pub who: Who,
    /// Why.
    pub sentence: String,
    /// What may have been meant.
    pub meant: Option<Who>,
}

/// `/-/view-as`: what somebody else sees of the apps that the viewer publishes. It asks itself with `who`, `groups` and
/// `from`.
#[derive(Clone, Debug, Serialize)]
pub struct ViewAsPage {
    /// What every page shares.
    pub layout: Layout,
    /// As whom.
    pub who: String,
    /// Their groups, apart by commas.
    pub groups: String,
    /// From which IP address.
    pub from: String,
    /// Why it cannot be told.
    pub problem: Option<String>,
    /// Whether all apps are looked at; otherwise those that the viewer publishes to.
    pub all: bool,
    /// How many apps are looked at.
    pub looked_at: usize,
    /// Whether anybody was looked for.
    pub shown: bool,
    /// What they see.
    pub sees: Vec<ViewedApp>,
    /// What they do not see.
    pub sees_not: Vec<ViewedApp>,
}

/// One app as somebody else sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ViewedApp {
    /// Its name.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// What it is.
    pub description: Option<String>,
    /// Who created it.
    pub owner: EmailAddress,
    /// Whether there is a release to open.
    pub live: bool,
    /// `yes`, `no` or `depends`.
    pub sees: &'static str,
    /// Why.
    pub sentences: Vec<String>,
}
