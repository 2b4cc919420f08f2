//! Why somebody sees an app, or what they lack: the rule of [`super::decide`], said for people.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::config;
use crate::model::{App, Audience, EmailAddress, Grant, NetworkUse, Person, Role, Subject, Who};

use super::policy::{audience_of, is_within};

/// Whom it is asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The address they sign in with; `None` is somebody who does not sign in.
    pub who: Option<EmailAddress>,
    /// The groups that their provider puts them in, as far as whoever asks knows.
    pub groups: Vec<String>,
    /// Where they are; `None` is not said.
    pub from: Option<IpAddr>,
}

/// A reason for which somebody gets in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Ground {
    /// Everybody does.
    Public,
    /// Everybody who signs in does.
    SignedIn,
    /// It is theirs.
    Owner,
    /// A line of the list names them.
    Grant(Grant),
    /// They are in a network from which nobody needs to sign in.
    Network {
        /// Its name.
        name: String,
    },
}

/// Something that somebody lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Lack {
    /// It was deleted.
    Deleted,
    /// They would have to sign in.
    SignIn,
    /// No line of the list names them.
    NotListed,
    /// A line named them until it ended.
    Ended(Grant),
    /// They would have to be in one of these networks.
    Network {
        /// The networks.
        names: Vec<String>,
    },
}

/// Whether somebody sees an app, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether they do; `None` where that depends on where they are, which was not said.
    pub sees: Option<bool>,
    /// Whether they may publish to it and share it too.
    pub publishes: bool,
    /// Why they do, as far as they do.
    pub because: Vec<Ground>,
    /// What they lack, when they do not.
    pub missing: Vec<Lack>,
}

/// Why those who are `asked` about see `app`, or what they lack.
#[must_use]
pub fn explain(app: &App, asked: &Asked, access: &config::Access, now: Timestamp) -> Explanation {
    let person = asked.who.clone().map(|email| Person {
        subject: Subject { iss: String::new(), sub: String::new() },
        email,
        name: None,
        groups: asked.groups.clone(),
    });
    let owns = person.as_ref().is_some_and(|person| person.email == app.owner.email);
    // Whoever owns it needs no line: the one that names them says nothing more.
    let owns_line = |line: &&Grant| owns && matches!(line.who, Who::Person(_));
    let lines = person.iter().flat_map(|person| app.grants.naming(person));
    let lines: Vec<&Grant> = lines.filter(|line| !owns_line(line)).collect();
    let (over, held): (Vec<&Grant>, Vec<&Grant>) = lines.into_iter().partition(|line| line.has_ended(now));
    let publishes = owns || held.iter().any(|line| line.role == Role::Publisher);
    if app.deleted.is_some() {
        return Explanation {
            sees: Some(false),
            publishes,
            because: Vec::new(),
            missing: vec![Lack::Deleted],
        };
    }

    let mut because = Vec::new();
    let audience = audience_of(app, access);
    match (audience, &person) {
        (Audience::Public, _) => because.push(Ground::Public),
        (Audience::SignedIn, Some(_)) => because.push(Ground::SignedIn),
        _ => {}
    }
    because.extend(owns.then_some(Ground::Owner));
    because.extend(held.into_iter().cloned().map(Ground::Grant));
    let mut missing = Vec::new();
    if because.is_empty() {
        missing.push(if person.is_none() { Lack::SignIn } else { Lack::NotListed });
        missing.extend(over.into_iter().cloned().map(Lack::Ended));
    }
    let mut sees = Some(missing.is_empty());
    if let Some(rule) = &app.network {
        let within = asked.from.map(|from| is_within(rule, from, access));
        match (rule.rule, within) {
            (NetworkUse::Instead, Some(true)) => {
                let here = |name: &&String| {
                    let known = access.networks.iter().find(|network| network.name == **name);
                    known.zip(asked.from).is_some_and(|(network, from)| network.holds(from))
                };
                let name = rule.names.iter().find(here).cloned().unwrap_or_default();
                because.push(Ground::Network { name });
                missing.clear();
                sees = Some(true);
            }
            (NetworkUse::Instead, None) if sees == Some(false) => sees = None,
            (NetworkUse::AsWell, Some(false)) => {
                missing.push(Lack::Network { names: rule.names.clone() });
                sees = Some(false);
            }
            (NetworkUse::AsWell, None) if sees == Some(true) => {
                missing.push(Lack::Network { names: rule.names.clone() });
                sees = None;
            }
            (NetworkUse::Instead | NetworkUse::AsWell, _) => {}
        }
    }
    Explanation { sees, publishes, because, missing }
}

impl Explanation {
    /// Why they do, as parts of a sentence: "by `@justice.gov.uk`, granted by ann@example.org on 3 May 2026".
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        self.because.iter().map(Ground::words).collect()
    }

    /// It in sentences, about `who`.
    #[must_use]
    pub fn sentences(&self, who: &str) -> Vec<String> {
        let mut sentences = Vec::new();
        let grounds = self.reasons();
        if self.sees != Some(false) && !grounds.is_empty() {
            sentences.push(format!("{who} sees it {}.", grounds.join("; also ")));
        }
        if self.sees == Some(false) {
            sentences.push(format!("{who} does not see it."));
        } else if self.sees.is_none() && grounds.is_empty() {
            sentences.push(format!(
                "{who} sees it from networks in which nobody needs to sign in, and from nowhere else."
            ));
        }
        sentences.extend(self.missing.iter().map(Lack::words));
        sentences
    }
}

impl Ground {
    /// It in a word: a line of the list, `owner`, an audience, a network.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Public => "public".to_owned(),
            Self::SignedIn => "signed-in".to_owned(),
            Self::Owner => "owner".to_owned(),
            Self::Grant(grant) => grant.who.to_string(),
            Self::Network { name } => format!("network {name}"),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Public => "because everybody does".to_owned(),
            Self::SignedIn => "because everybody who signs in does".to_owned(),
            Self::Owner => "as its owner".to_owned(),
            Self::Network { name } => format!("from the network `{name}`, without signing in"),
            Self::Grant(grant) => {
                let granted = match (&grant.by, grant.at) {
                    (Some(by), Some(at)) => format!(", granted by {by} on {}", day(at)),
                    _ => String::new(),
                };
                let until = grant.until.map(|until| format!(", until {}", moment(until))).unwrap_or_default();
                format!("by {}{granted}{until}", line(&grant.who))
            }
        }
    }
}

impl Lack {
    fn words(&self) -> String {
        match self {
            Self::Deleted => "It was deleted; nobody sees it.".to_owned(),
            Self::SignIn => "They would have to sign in, and be on the list where it has one.".to_owned(),
            Self::NotListed => "No line of the list that is in force names them.".to_owned(),
            Self::Ended(grant) => {
                let until = grant.until.map(moment).unwrap_or_default();
                format!("The line {} ended on {until}.", line(&grant.who))
            }
            Self::Network { names } => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                format!("It opens only from {}.", names.join(", "))
            }
        }
    }
}

fn line(who: &Who) -> String {
    format!("`{who}`")
}

fn day(at: Timestamp) -> String {
    TimeZone::UTC.to_datetime(at).date().strftime("%-d %B %Y").to_string()
}

fn moment(at: Timestamp) -> String {
    at.strftime("%-d %B %Y, %H:%M UTC").to_string()
}
