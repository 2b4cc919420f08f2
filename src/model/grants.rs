//! The lines of an app's list, found by whom they name rather than looked through.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{EmailAddress, Grant, Person, Who};

/// The lines of an app's list, in the order in which they were written; a slice of [`Grant`] to whoever reads it.
///
/// Who names somebody is looked up in an index, so that a list of ten thousand lines costs a request no more than a
/// short one. The index is made once for each version of a list: by [`Grants::prepare`], or when it is first needed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Grant>", into = "Vec<Grant>")]
pub struct Grants {
    lines: Vec<Grant>,
    index: OnceLock<Index>,
}

/// Where the lines about somebody are.
#[derive(Clone, Debug, Default)]
struct Index {
    people: HashMap<EmailAddress, Vec<usize>>,
    domains: HashMap<String, Vec<usize>>,
    groups: HashMap<String, Vec<usize>>,
}

impl Grants {
    /// Makes the index now, so that no reader waits for it.
    pub fn prepare(&self) {
        let _made = self.index();
    }

    /// The lines that name `person`, ended ones too.
    pub fn naming<'g>(&'g self, person: &'g Person) -> impl Iterator<Item = &'g Grant> {
        let index = self.index();
        let people = index.people.get(&person.email);
        let domains = index.domains.get(person.email.domain());
        let groups = person.groups.iter().filter_map(|group| index.groups.get(group));
        people.into_iter().chain(domains).chain(groups).flatten().filter_map(|at| self.lines.get(*at))
    }

    /// The line for exactly these people.
    #[must_use]
    pub fn of(&self, who: &Who) -> Option<&Grant> {
        let index = self.index();
        let found = match who {
            Who::Person(address) => index.people.get(address),
            Who::Domain(domain) => index.domains.get(domain),
            Who::Group(group) => index.groups.get(group),
        };
        found.and_then(|places| self.lines.get(*places.first()?))
    }

    /// Puts these lines in place of others for the same people, or at the end.
    pub fn put(&mut self, grants: &[Grant]) {
        let mut places: HashMap<Who, usize> =
            self.lines.iter().enumerate().map(|(at, line)| (line.who.clone(), at)).collect();
        for grant in grants {
            if let Some(held) = places.get(&grant.who).and_then(|at| self.lines.get_mut(*at)) {
                held.clone_from(grant);
            } else {
                places.insert(grant.who.clone(), self.lines.len());
                self.lines.push(grant.clone());
            }
        }
        self.index = OnceLock::new();
    }

    /// Takes away whatever `keep` does not keep.
    pub fn retain(&mut self, keep: impl FnMut(&Grant) -> bool) {
        self.lines.retain(keep);
        self.index = OnceLock::new();
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for (at, line) in self.lines.iter().enumerate() {
                let places = match &line.who {
                    Who::Person(address) => index.people.entry(address.clone()).or_default(),
                    Who::Domain(domain) => index.domains.entry(domain.clone()).or_default(),
                    Who::Group(group) => index.groups.entry(group.clone()).or_default(),
                };
                places.push(at);
            }
            index
        })
    }
}

impl Deref for Grants {
    type Target = [Grant];

    fn deref(&self) -> &[Grant] {
        &self.lines
    }
}

impl PartialEq for Grants {
    fn eq(&self, other: &Self) -> bool {
        self.lines == other.lines
    }
}

impl Eq for Grants {}

impl From<Vec<Grant>> for Grants {
    fn from(lines: Vec<Grant>) -> Self {
        Self { lines, index: OnceLock::new() }
    }
}

impl From<Grants> for Vec<Grant> {
    fn from(grants: Grants) -> Self {
        grants.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Role, Subject};

    fn grant(who: &str) -> Grant {
        Grant::new(who.parse().unwrap(), Role::Viewer, None)
    }

    fn person(email: &str, groups: &[&str]) -> Person {
        Person {
            subject: Subject { iss: "https://id.example".into(), sub: email.into() },
            email: email.parse().unwrap(),
            name: None,
            groups: groups.iter().map(|&group| group.to_owned()).collect(),
        }
    }

    fn named(grants: &Grants, person: &Person) -> Vec<String> {
        grants.naming(person).map(|grant| grant.who.to_string()).collect()
    }

    #[test]
    fn lines_are_found_by_address_domain_and_group() {
        let lines = ["ann@example.org", "@example.org", "group:analysts", "bob@example.org"].map(grant);
        let grants = Grants::from(lines.to_vec());
        let ann = person("ANN@example.org", &["analysts", "Analysts"]);
        assert_eq!(named(&grants, &ann), ["ann@example.org", "@example.org", "group:analysts"]);
        assert_eq!(named(&grants, &person("bob@sub.example.org", &[])), Vec::<String>::new());
        let asked = lines.iter().filter(|line| line.who.names(&ann)).count();
        assert_eq!(asked, 3, "the index says what each line says");
    }

    #[test]
    fn a_list_that_changed_is_looked_up_anew() {
        let mut grants = Grants::from(vec![grant("ann@example.org")]);
        let (ann, bob) = (person("ann@example.org", &[]), person("bob@example.org", &[]));
        assert!(named(&grants, &bob).is_empty());
        grants.put(&[grant("bob@example.org"), Grant { role: Role::Publisher, ..grant("ann@example.org") }]);
        assert_eq!(named(&grants, &bob), ["bob@example.org"]);
        assert_eq!(
            (grants.len(), grants[0].role),
            (2, Role::Publisher),
            "a line replaces one for the same people"
        );
        grants.retain(|line| line.who.to_string() != "ann@example.org");
        assert!(named(&grants, &ann).is_empty());
    }
}
