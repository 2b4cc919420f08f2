//! The record of who did what.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{AppName, EmailAddress};

use super::{Choice, Layout};

/// `/-/apps/NAME/audit`, and `/-/audit` for administrators. The form asks the page itself with `who`, `action`, `since`,
/// `until` and, of everything, `app`.
#[derive(Clone, Debug, Serialize)]
pub struct RecordPage {
    /// What every page shares.
    pub layout: Layout,
    /// The app; `None` is everything.
    pub app: Option<AppName>,
    /// What people call it.
    pub title: Option<String>,
    /// Where the form asks.
    pub action_url: String,
    /// A part of an address.
    pub who: String,
    /// The first day.
    pub since: String,
    /// The last day.
    pub until: String,
    /// Of everything: one app.
    pub app_filter: String,
    /// The actions that can be chosen.
    pub actions: Vec<Choice>,
    /// Whether anything is left out.
    pub filtered: bool,
    /// The lines, newest first.
    pub rows: Vec<RecordRow>,
    /// Where lines were lost.
    pub gaps: Vec<GapRow>,
    /// Where it goes on, when not all was looked through.
    pub older: Option<String>,
    /// Where it begins, on a page that goes on.
    pub newest: Option<String>,
    /// How far back it was looked, when not all was.
    pub looked: Option<Timestamp>,
    /// The same as a file for a spreadsheet.
    pub csv: String,
    /// The same as data.
    pub json: String,
    /// Why the filter cannot be used.
    pub problem: Option<String>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordRow {
    /// When.
    pub when: Timestamp,
    /// Who.
    pub who: Option<EmailAddress>,
    /// From which address.
    pub from: Option<String>,
    /// To which app.
    pub app: Option<AppName>,
    /// What, in words.
    pub action: &'static str,
    /// What of it is not in the words.
    pub detail: String,
    /// By which rule.
    pub rule: Option<String>,
    /// How often within a minute.
    pub times: u32,
}

/// Lines that were lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GapRow {
    /// Which server had written them.
    pub server: String,
    /// How many.
    pub lines: u64,
    /// When the line behind them was written.
    pub when: Timestamp,
}
