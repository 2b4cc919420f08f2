//! The typed view of each page: what a template is given, and nothing else.
//!
//! 1. what every page shares: [`Layout`], [`Link`], [`Field`], [`Notice`]
//! 2. guides: [`GuidePage`], [`PrintPage`]
//! 3. finding: [`SearchPage`], [`NotFoundPage`]
//! 4. apps: [`AppsPage`], [`AppPage`], [`SharePage`], [`ShareReviewPage`], [`PublishersPage`], [`ViewAsPage`],
//!    [`RecordPage`]
//! 5. people: [`SignInPage`], [`CodePage`], [`AccountPage`], [`ProviderPage`], [`AuthorizePage`], [`DevicePage`],
//!    [`SignedOutPage`], [`PeoplePage`]
//! 6. keeping: [`ReviewPage`], [`SearchesPage`]
//! 7. when it cannot be: [`RefusalPage`], [`AskedPage`], [`SignInFailedPage`], [`ErrorPage`]
//!
//! Every string is plain text, escaped by the template, except [`GuidePage::html`], [`Printed::html`] and
//! [`Hit::snippet`], which are HTML made safe by their makers. An URL is used as it stands in `href`, so it must be absolute
//! (`https://…`) or start with `/`, percent-encoded.

use serde::Serialize;

pub use account::{
    AccountPage, AuthorizePage, DevicePage, NewToken, PeoplePage, ProviderPage, SessionRow, SignedInBy,
    SignedOutPage, TokenRow,
};
pub use apps::{
    AppCard, AppPage, AppsPage, DiffRow, Doors, Explained, GrantRow, KeptFact, Manage, NetworkChoice,
    PublishersPage, ReleaseRow, RequestRow, Serving, ShareForm, TrustedRow, UnreadRow,
};
pub use guide::{Alternate, Branch, GuidePage, Heading, More, Problem, ReviewNote, Trail};
pub use print::{PrintPage, Printed};
pub use record::{GapRow, RecordPage, RecordRow};
pub use refusals::{AskedPage, ErrorPage, NotFoundPage, Owned, RefusalPage, SignInFailedPage};
pub use review::{Choice, OwnerRow, ReviewPage, ReviewedGuide, ReviewedProblem};
pub use search::{Correction, Filter, Hit, HitKind, SearchPage, Synonyms};
pub use searches::{SearchesPage, SearchesRow};
pub use sharing::{DoubtRow, Opened, SharePage, ShareReviewPage, ShareRow, Tab, ViewAsPage, ViewedApp};
pub use sign_in::{CodePage, CodeProblem, EmailForm, EmailProblem, SignInPage, WayButton};
pub use synced::{Filling, FoldersChoice, SyncedPart};

mod account;
mod apps;
mod guide;
mod print;
mod record;
mod refusals;
mod review;
mod search;
mod searches;
mod sharing;
mod sign_in;
mod synced;

/// What every page shares.
#[derive(Clone, Debug, Serialize)]
pub struct Layout {
    /// The site's title, in the header and after every page's own.
    pub site: String,
    /// The language of the site's pages (BCP 47), such as `en`.
    pub lang: String,
    /// Empty on the main host; on an app's host, the main host's origin without a slash at its end
    /// (`https://guides.example.org`), so that the header leads back there.
    pub main: String,
    /// Where the title leads: `/`, or the first page in the page's language.
    pub home: String,
    /// Links in the header, after the title.
    pub header: Vec<Link>,
    /// Links in the footer.
    pub footer: Vec<Link>,
    /// Whether the header has a search box: on the main host, when there is something to search.
    pub search: bool,
    /// Whether the page changes as its guide is edited: development mode, on the main host.
    pub live: bool,
}

impl Layout {
    /// A layout for the main host: English, links to the apps and the account, a search box, no live changes.
    #[must_use]
    pub fn main_host(site: &str) -> Self {
        Self {
            site: site.to_owned(),
            lang: "en".to_owned(),
            main: String::new(),
            home: "/".to_owned(),
            header: vec![Link::new("Apps", "/-/apps/"), Link::new("Account", "/-/account/")],
            footer: Vec::new(),
            search: true,
            live: false,
        }
    }

    /// A layout for an app's host, whose links lead back to the main host at `origin`
    /// (`https://guides.example.org`, without a slash at its end).
    #[must_use]
    pub fn app_host(site: &str, origin: &str) -> Self {
        let origin = origin.trim_end_matches('/');
        Self {
            main: origin.to_owned(),
            home: format!("{origin}/"),
            header: vec![
                Link::new("Apps", &format!("{origin}/-/apps/")),
                Link::new("Account", &format!("{origin}/-/account/")),
            ],
            search: false,
            ..Self::main_host(site)
        }
    }
}

/// A link: words and where they lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The words.
    pub label: String,
    /// Where they lead.
    pub url: String,
}

impl Link {
    /// `label` leads to `url`.
    #[must_use]
    pub fn new(label: &str, url: &str) -> Self {
        Self { label: label.to_owned(), url: url.to_owned() }
    }
}

/// A hidden field that a form carries along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What came of the last form, said at the top of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "text", rename_all = "kebab-case")]
pub enum Notice {
    /// It was done: a sentence saying what.
    Done(String),
    /// It was done: the key of a line in the theme's words that says what.
    Told(&'static str),
    /// It was not: a sentence saying why, and the next step.
    Failed(String),
}
