//! When it cannot be: refused, not signed in, not found, not working. These also appear on apps' hosts.

use serde::Serialize;

use crate::model::EmailAddress;

use super::{Field, Layout, Link};

/// Somebody signed in may not open an app: who they are here, who could let them in, how to ask.
#[derive(Clone, Debug, Serialize)]
pub struct RefusalPage {
    /// What every page shares.
    pub layout: Layout,
    /// What they are told of the app; `None` where there is none, or none that they may know of.
    pub app: Option<Owned>,
    /// Where the app is, or would be: absolute. Named in the mail to the owner.
    pub url: String,
    /// Which address they are signed in with.
    pub viewer: EmailAddress,
    /// Whether it was shared with them until a day that has passed.
    pub ended: bool,
    /// Their address in the network, where that is what keeps them out.
    pub from: Option<String>,
    /// Where the form for asking posts `reason` to.
    pub ask: String,
    /// Where the form for another account posts to: `/-/leave` on an app's host, `/-/sign-out` on the main host.
    pub leave: String,
    /// Fields that this form carries along.
    pub leave_fields: Vec<Field>,
    /// Names the request in the log.
    pub request_id: String,
}

/// What whoever is refused is told of an app.
#[derive(Clone, Debug, Serialize)]
pub struct Owned {
    /// What people call it.
    pub title: String,
    /// Who owns it.
    pub owner: EmailAddress,
    /// The owner's name, as their provider writes it.
    pub owner_name: Option<String>,
}

/// Somebody asked to be let in.
#[derive(Clone, Debug, Serialize)]
pub struct AskedPage {
    /// What every page shares.
    pub layout: Layout,
    /// Which address they asked with.
    pub viewer: EmailAddress,
    /// What they are told of the app.
    pub app: Option<Owned>,
    /// Whether it is kept; otherwise they asked too often, or too many wait for an answer.
    pub kept: bool,
    /// Whether they are told the answer by mail.
    pub told: bool,
    /// Where they wanted to go, on the same host.
    pub wanted: String,
    /// Names the request in the log.
    pub request_id: String,
}

/// Signing in failed.
#[derive(Clone, Debug, Serialize)]
pub struct SignInFailedPage {
    /// What every page shares.
    pub layout: Layout,
    /// The reason, as a sentence.
    pub reason: String,
    /// What to do next, as a sentence.
    pub next_step: String,
    /// Where to try again.
    pub retry: Option<String>,
    /// Names the request in the log.
    pub request_id: String,
}

/// There is nothing at this address, or nothing that this viewer may know of.
#[derive(Clone, Debug, Serialize)]
pub struct NotFoundPage {
    /// What every page shares.
    pub layout: Layout,
    /// The address asked for, decoded.
    pub path: String,
    /// What the search box holds at first: the address as words.
    pub query: String,
    /// Guides with the most similar addresses; empty on an app's host.
    pub nearest: Vec<Link>,
    /// Where signing in may help: some guides are only for people who did.
    pub sign_in: Option<String>,
    /// Names the request in the log.
    pub request_id: String,
}

/// The request could not be answered.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorPage {
    /// What every page shares.
    pub layout: Layout,
    /// The status of the answer (RFC 9110, section 15).
    pub status: u16,
    /// What is the matter, in a few words: "The storage cannot be reached".
    pub title: String,
    /// What that means for the reader and what to do next.
    pub sentence: String,
    /// Names the request in the log.
    pub request_id: String,
}
