//! You: the account, signing in as somebody in development mode, letting a command publish, signing out.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{Ability, AppName, EmailAddress};

use super::{Field, Layout, Notice};

/// `/-/account/`: who you are here, and your tokens.
#[derive(Clone, Debug, Serialize)]
pub struct AccountPage {
    /// What every page shares.
    pub layout: Layout,
    /// Your address.
    pub email: EmailAddress,
    /// Your name, as your provider writes it.
    pub name: Option<String>,
    /// Who vouches for you: the issuer.
    pub provider: String,
    /// The groups your provider puts you in.
    pub groups: Vec<String>,
    /// The origin that `loggia login` is told, such as `https://guides.example.org`.
    pub server: String,
    /// Your sessions, newest first.
    pub sessions: Vec<SessionRow>,
    /// Your tokens, newest first.
    pub tokens: Vec<TokenRow>,
    /// A token just made, shown this once.
    pub new_token: Option<NewToken>,
    /// The apps a new token can be limited to.
    pub apps: Vec<AppName>,
    /// Whether you write here, so that the health of the guides is of use to you.
    pub author: bool,
    /// What came of the last form.
    pub notice: Option<Notice>,
}

/// One token. Revoking it posts `id` to `/-/account/tokens/revoke`.
///
/// A new one is asked for by posting `label`, `may` (`read`, `publish` or `all`), `app` (a name, or empty for all of
/// yours) and `days` (7, 30, 90 or 365) to `/-/account/tokens`.
#[derive(Clone, Debug, Serialize)]
pub struct TokenRow {
    /// Which it is.
    pub id: String,
    /// What you call it.
    pub label: String,
    /// The one app it is for; `None` is all of yours.
    pub app: Option<AppName>,
    /// What it may do.
    pub may: Ability,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used; known to the hour.
    pub used: Option<Timestamp>,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether that has passed.
    pub expired: bool,
}

/// One session. Ending it posts `session` to `/-/account/sessions/end`; ending all posts to
/// `/-/account/sessions/end-all`.
#[derive(Clone, Debug, Serialize)]
pub struct SessionRow {
    /// Which it is.
    pub id: String,
    /// Whether this very page is seen in it.
    pub here: bool,
    /// What kind of browser it is in.
    pub browser: Option<String>,
    /// From which address it began.
    pub from: Option<String>,
    /// When it began.
    pub begun: Timestamp,
    /// When it ends by itself.
    pub expires: Timestamp,
}

/// A token just made.
#[derive(Clone, Serialize)]
pub struct NewToken {
    /// What you call it.
    pub label: String,
    /// The token itself: the one secret that a page ever shows.
    pub token: String,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("label", &self.label).finish_non_exhaustive()
    }
}

/// The identity provider of development mode: "Who do you want to be?". The form posts `email`, `groups` (names
/// apart by commas, or empty) and the hidden fields.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderPage {
    /// What every page shares.
    pub layout: Layout,
    /// Where the form posts to.
    pub action: String,
    /// The request that is being answered, carried along.
    pub fields: Vec<Field>,
    /// What was typed, when it could not be used.
    pub email: String,
    /// Why it could not.
    pub problem: Option<String>,
    /// Addresses to suggest in the field.
    pub suggestions: Vec<EmailAddress>,
}

/// A command on somebody's computer asks to publish as them. The form posts `decision` (`allow` or `deny`) and the
/// hidden fields.
#[derive(Clone, Debug, Serialize)]
pub struct AuthorizePage {
    /// What every page shares.
    pub layout: Layout,
    /// Where the form posts to.
    pub action: String,
    /// The request that is being answered, carried along.
    pub fields: Vec<Field>,
    /// Who would be acted for.
    pub viewer: EmailAddress,
    /// What asks, in its own words, such as the computer's name; shown as such.
    pub client: Option<String>,
    /// The code that the command shows as well, to compare.
    pub code: Option<String>,
    /// When the permission would end.
    pub until: Timestamp,
}

/// `/-/device`: asks for the code that a command shows. The form posts `code` to `/-/device`.
#[derive(Clone, Debug, Serialize)]
pub struct DevicePage {
    /// What every page shares.
    pub layout: Layout,
    /// What was typed, when it could not be used.
    pub typed: String,
    /// Why it could not.
    pub problem: Option<String>,
    /// What came of the decision; then nothing more is asked.
    pub notice: Option<Notice>,
}

/// `/-/people/`, for administrators: ends somebody's sessions. The form posts `who` (an address) and, for their tokens
/// too, `tokens` to `/-/people/sign-out`.
#[derive(Clone, Debug, Serialize)]
pub struct PeoplePage {
    /// What every page shares.
    pub layout: Layout,
    /// What was typed, when it could not be used.
    pub who: String,
    /// Why it could not.
    pub who_problem: Option<String>,
    /// What came of the last form.
    pub notice: Option<Notice>,
}

/// You are signed out.
#[derive(Clone, Debug, Serialize)]
pub struct SignedOutPage {
    /// What every page shares.
    pub layout: Layout,
    /// Where to sign in again.
    pub sign_in: String,
    /// Where to sign out at the provider too, when that can be done from here: absolute.
    pub provider: Option<String>,
    /// Whether that was just done.
    pub at_provider: bool,
    /// How they had signed in.
    pub by: SignedInBy,
}

/// How somebody had signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SignedInBy {
    /// With a code by e-mail.
    Code,
    /// At a provider.
    Provider {
        /// What people call it.
        label: String,
    },
    /// Nobody can tell any more.
    Unknown,
}
