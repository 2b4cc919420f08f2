//! Who may see.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EmailAddress, Person};

/// Who may see an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Everyone, without signing in.
    Public,
    /// Everyone who signed in.
    SignedIn,
    /// Whom a grant names.
    Listed,
}

/// Who may read a guide: an audience, and whom it names when it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Readers {
    /// Everyone, everyone who signed in, or those in `who`.
    pub audience: Audience,
    /// Who is listed, in order and each once; empty unless the audience is [`Audience::Listed`].
    pub who: Vec<Who>,
}

impl Readers {
    /// Everyone.
    pub const PUBLIC: Self = Self { audience: Audience::Public, who: Vec::new() };
}

/// What a grant lets somebody do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Open the app.
    Viewer,
    /// Publish to it, share it, and open it.
    Publisher,
}

/// Somebody that a grant cannot name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names nobody; write an address (`ann@example.org`), a domain (`@example.org`) or a group (`group:analysts`)"
)]
pub struct InvalidWho(String);

impl InvalidWho {
    /// The error about `given`.
    #[must_use]
    pub fn of(given: &str) -> Self {
        Self(given.chars().take(80).flat_map(char::escape_default).collect())
    }
}

/// Whom a grant names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Who {
    /// One person, by address.
    Person(EmailAddress),
    /// Everyone whose address is in this domain, in lower case and without the `@`; not its subdomains.
    Domain(String),
    /// Everyone whose provider puts them in this group; the name matches whole, with case.
    Group(String),
}

impl Who {
    /// Whether this names `person`.
    #[must_use]
    pub fn names(&self, person: &Person) -> bool {
        match self {
            Self::Person(address) => *address == person.email,
            Self::Domain(domain) => person.email.domain() == domain,
            Self::Group(group) => person.groups.contains(group),
        }
    }
}

impl FromStr for Who {
    type Err = InvalidWho;

    fn from_str(given: &str) -> Result<Self, InvalidWho> {
        let refuse = || InvalidWho::of(given);
        let given = given.trim();
        if let Some(group) = given.strip_prefix("group:") {
            let group = group.trim();
            let clean = !group.is_empty() && group.len() <= 200 && !group.chars().any(char::is_control);
            return if clean { Ok(Self::Group(group.to_owned())) } else { Err(refuse()) };
        }
        if given.starts_with('@') {
            // A domain is right when an address in it is.
            let address: EmailAddress = format!("x{given}").parse().map_err(|_| refuse())?;
            return Ok(Self::Domain(address.domain().to_owned()));
        }
        Ok(Self::Person(given.parse().map_err(|_| refuse())?))
    }
}

/// One line of a listed audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whom it names.
    pub who: Who,
    /// What it lets them do.
    pub role: Role,
    /// When it ends; `None` is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Who granted it; `None` when that was not written down yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<EmailAddress>,
    /// When they did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl Grant {
    /// A line that nobody has granted yet.
    #[must_use]
    pub fn new(who: Who, role: Role, until: Option<Timestamp>) -> Self {
        Self { who, role, until, by: None, at: None }
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Whether it gives as much as `role` until `until`, or more; `None` is without an end.
    #[must_use]
    pub fn gives(&self, role: Role, until: Option<Timestamp>) -> bool {
        let lasts = self.until.is_none() || until.is_some_and(|until| self.until >= Some(until));
        self.role > role || self.role == role && lasts
    }

    /// Whether it names `person` and has not ended.
    #[must_use]
    pub fn admits(&self, person: &Person, now: Timestamp) -> bool {
        !self.has_ended(now) && self.who.names(person)
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(address) => write!(f, "{address}"),
            Self::Domain(domain) => write!(f, "@{domain}"),
            Self::Group(group) => write!(f, "group:{group}"),
        }
    }
}

impl TryFrom<String> for Who {
    type Error = InvalidWho;

    fn try_from(given: String) -> Result<Self, InvalidWho> {
        given.parse()
    }
}

impl From<Who> for String {
    fn from(who: Who) -> Self {
        who.to_string()
    }
}

impl fmt::Display for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::SignedIn => "signed-in",
            Self::Listed => "listed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Subject;

    fn ann() -> Person {
        Person {
            subject: Subject { iss: "https://id.example".into(), sub: "1".into() },
            email: "ann@example.org".parse().unwrap(),
            name: None,
            groups: vec!["Analysts".into()],
        }
    }

    #[test]
    fn grants_name_people_domains_and_groups() {
        for (who, named) in [
            ("ANN@example.org", true),
            ("@Example.org", true),
            ("group:Analysts", true),
            ("bob@example.org", false),
            ("@org", false),
            ("@sub.example.org", false),
            ("group:analysts", false),
            ("group:Analyst", false),
        ] {
            assert_eq!(who.parse::<Who>().unwrap().names(&ann()), named, "{who}");
        }
        for bad in ["", "@", "ann", "group:", "group:\u{1}", "@a@b"] {
            assert!(bad.parse::<Who>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_grant_ends_at_its_date() {
        let until = Timestamp::from_second(100).unwrap();
        let grant = Grant::new("@example.org".parse().unwrap(), Role::Viewer, Some(until));
        assert!(grant.admits(&ann(), Timestamp::from_second(99).unwrap()));
        assert!(!grant.admits(&ann(), until));
    }

    #[test]
    fn a_line_gives_what_it_gives_and_less() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let line = |role, until| Grant::new("ann@example.org".parse().unwrap(), role, until);
        let (viewer, publisher) = (Role::Viewer, Role::Publisher);
        for (line, role, until, gives) in [
            (line(viewer, None), viewer, Some(at(5)), true),
            (line(viewer, Some(at(9))), viewer, Some(at(5)), true),
            (line(viewer, Some(at(5))), viewer, Some(at(9)), false),
            (line(viewer, Some(at(5))), viewer, None, false),
            (line(viewer, None), publisher, Some(at(5)), false),
            (line(publisher, Some(at(5))), viewer, None, true),
        ] {
            assert_eq!(line.gives(role, until), gives, "{line:?} {role:?} {until:?}");
        }
    }
}
