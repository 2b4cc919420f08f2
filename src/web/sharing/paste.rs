//! What a pasted list of people means: addresses in any separator, names around them, and what looks mistyped.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::model::{Grants, Who};

/// How many entries of one paste are read.
const MOST: usize = 5000;
/// Domains of mail for everybody: sharing with all of one is sharing with the world, and they are mistyped the most.
pub(in crate::web) const PUBLIC_MAIL: [&str; 14] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "hotmail.co.uk",
    "live.com",
    "live.co.uk",
    "msn.com",
    "yahoo.com",
    "yahoo.co.uk",
    "icloud.com",
    "me.com",
    "proton.me",
    "btinternet.com",
];
/// Ends of addresses that are no top-level domain, and what was meant.
const MISTYPED_ENDS: [(&str, &str); 10] = [
    (".con", ".com"),
    (".cmo", ".com"),
    (".ocm", ".com"),
    (".vom", ".com"),
    (".comm", ".com"),
    (".co.u", ".co.uk"),
    (".gov.u", ".gov.uk"),
    (".ogr", ".org"),
    (".orgg", ".org"),
    (".ukk", ".uk"),
];

/// What was understood of a paste.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Understood {
    /// Whom it names, each once, in order.
    pub who: Vec<Who>,
    /// What names nobody, as it was written.
    pub unread: Vec<String>,
    /// How many more entries there were than are read.
    pub left_out: usize,
}

/// Something about a line that may be a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::web) struct Doubt {
    /// What, as a sentence.
    pub sentence: String,
    /// What may have been meant.
    pub meant: Option<Who>,
}

/// Reads a paste: lines, commas, semicolons, spaces and tabs separate; `Ann Example <ann@example.org>` is her address.
pub(in crate::web) fn read(text: &str) -> Understood {
    let mut understood = Understood::default();
    let mut seen = HashSet::new();
    let mut read = 0;
    for record in text.split(['\n', '\r', ';']) {
        for candidate in candidates(record) {
            read += 1;
            if read > MOST {
                understood.left_out += 1;
                continue;
            }
            match candidate.parse::<Who>() {
                Ok(who) if seen.insert(who.clone()) => understood.who.push(who),
                Ok(_) => {}
                Err(_) => {
                    let shown: String = candidate.chars().filter(|c| !c.is_control()).take(80).collect();
                    if !understood.unread.contains(&shown) {
                        understood.unread.push(shown);
                    }
                }
            }
        }
    }
    understood
}

/// The entries of a record that no line, and no semicolon, divides.
fn candidates(record: &str) -> Vec<&str> {
    let mut found = Vec::new();
    if record.contains('<') {
        let mut rest = record;
        while let Some((before, after)) = rest.split_once('<') {
            let (address, behind) = after.split_once('>').unwrap_or((after, ""));
            // Words before an address are a name, unless they are addresses themselves.
            found.extend(words(before).filter(|word| word.contains('@')));
            found.extend(words(address));
            rest = behind;
        }
        found.extend(words(rest).filter(|word| word.contains('@')));
        return found;
    }
    for piece in record.split(',') {
        let piece = piece.trim();
        // A group's name may hold spaces.
        if piece.starts_with("group:") { found.push(piece) } else { found.extend(words(piece)) }
    }
    found
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c.is_whitespace() || c == ',').map(bare).filter(|word| !word.is_empty())
}

/// A word without the quotes, brackets and stops that people and spreadsheets put around it.
fn bare(word: &str) -> &str {
    let word = word.trim_matches(|c: char| "\"'()[]{}<>“”‘’".contains(c)).trim_end_matches(['.', ':', ',']);
    word.strip_prefix("mailto:").unwrap_or(word)
}

/// What about `who` may be a mistake, in a list that has `domains` already.
pub(in crate::web) fn doubt(who: &Who, domains: &BTreeSet<String>) -> Option<Doubt> {
    let (front, domain) = match who {
        Who::Person(address) => (address.as_str().split('@').next().unwrap_or_default(), address.domain()),
        Who::Domain(domain) => ("", domain.as_str()),
        Who::Group(_) => return None,
    };
    let meant = |domain: &str| format!("{front}@{domain}").parse().ok();
    if domains.contains(domain) {
        return None;
    }
    if let Some((wrong, right)) = MISTYPED_ENDS.iter().find(|(wrong, _)| domain.ends_with(wrong)) {
        let stem = domain.strip_suffix(wrong).unwrap_or(domain);
        let sentence = format!("`{domain}` ends with `{wrong}`, as no domain does.");
        return Some(Doubt { sentence, meant: meant(&format!("{stem}{right}")) });
    }
    let near = || {
        let known = domains.iter().map(String::as_str).chain(PUBLIC_MAIL);
        let near = known.filter(|known| is_near(domain, known));
        near.min_by_key(|known| strsim::osa_distance(domain, known))
    };
    if matches!(who, Who::Domain(_)) && PUBLIC_MAIL.contains(&domain) {
        let sentence =
            format!("Everybody can have an address at `{domain}`: this lets anybody in who signs in.");
        return Some(Doubt { sentence, meant: None });
    }
    if PUBLIC_MAIL.contains(&domain) {
        return None;
    }
    if let Some(near) = near() {
        let sentence = format!("`{domain}` is almost `{near}`.");
        return Some(Doubt { sentence, meant: meant(near) });
    }
    if !domain.contains('.') {
        let longer = domains.iter().find(|known| known.split('.').next() == Some(domain));
        let sentence = format!("`{domain}` has no ending such as `.org`.");
        return Some(Doubt { sentence, meant: longer.and_then(|longer| meant(longer)) });
    }
    None
}

/// A typing mistake away, or two in a long word.
fn is_near(given: &str, known: &str) -> bool {
    let reach = if known.len() < 9 { 1 } else { 2 };
    given != known
        && given.len().abs_diff(known.len()) <= reach
        && strsim::osa_distance(given, known) <= reach
}

/// The domains in use: those of a list, of whoever shares, and those that come up three times in the paste itself.
pub(in crate::web) fn domains_in_use(grants: &Grants, own: &str, pasted: &[Who]) -> BTreeSet<String> {
    let domain = |who: &Who| match who {
        Who::Person(address) => Some(address.domain().to_owned()),
        Who::Domain(domain) => Some(domain.clone()),
        Who::Group(_) => None,
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for domain in pasted.iter().filter_map(domain) {
        *counts.entry(domain).or_default() += 1;
    }
    let often = counts.into_iter().filter(|(_, count)| *count >= 3).map(|(domain, _)| domain);
    let listed = grants.iter().filter_map(|grant| domain(&grant.who));
    listed.chain(often).chain([own.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Grant, Role};
    use proptest::prelude::*;

    fn names(text: &str) -> String {
        read(text).who.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn addresses_come_in_any_separator_and_with_names_around_them() {
        for (text, meant) in [
            (
                "ann@x.org, bob@x.org;c@x.org\nd@x.org e@x.org\r\nf@x.org\tg@x.org",
                "ann@x.org bob@x.org c@x.org d@x.org e@x.org f@x.org g@x.org",
            ),
            ("Ann Smith <ann@x.uk>, \"Jones, Bob\" <BOB@x.uk>; carol@x.uk", "ann@x.uk bob@x.uk carol@x.uk"),
            ("dee@x.uk, Ann Smith <ann@x.uk> (she)", "dee@x.uk ann@x.uk"),
            ("@y.org,group:All analysts; 'ann@x.org'", "@y.org group:All analysts ann@x.org"),
            ("mailto:ann@x.org. (bob@x.org)", "ann@x.org bob@x.org"),
            ("ann@x.org ANN@X.ORG Ann@x.org", "ann@x.org"),
            ("<ann@x.org", "ann@x.org"),
            (" ,; \n", ""),
        ] {
            assert_eq!(names(text), meant, "{text}");
            assert_eq!(read(text).unread, Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_names_nobody_is_told_as_it_was_written() {
        let understood = read("ann@x.org, bob, carol@@x.org\n@");
        assert_eq!(understood.who.len(), 1);
        assert_eq!(understood.unread, ["bob", "carol@@x.org", "@"]);
        assert_eq!(read(&"a@x.org ".repeat(MOST + 7)).left_out, 7);
    }

    #[test]
    fn what_looks_mistyped_is_doubted_and_the_rest_is_not() {
        let known = ["justice.gov.uk", "example.org"].map(str::to_owned).into();
        let doubted = |who: &str| {
            let doubt = doubt(&who.parse().unwrap(), &known)?;
            Some(doubt.meant.map_or_else(|| "?".to_owned(), |meant| meant.to_string()))
        };
        for (who, meant) in [
            ("ann@justice.gov.uk", None),
            ("ann@justcie.gov.uk", Some("ann@justice.gov.uk")),
            ("ann@justice.gov.u", Some("ann@justice.gov.uk")),
            ("ann@justice", Some("ann@justice.gov.uk")),
            ("ann@somewhere", Some("?")),
            ("ann@exampel.org", Some("ann@example.org")),
            ("ann@gmial.com", Some("ann@gmail.com")),
            ("ann@gmail.com", None),
            ("ann@college.con", Some("ann@college.com")),
            ("@gmail.com", Some("?")),
            ("@justise.gov.uk", Some("@justice.gov.uk")),
            ("ann@cabinet-office.gov.uk", None),
            ("group:analysts", None),
        ] {
            assert_eq!(doubted(who).as_deref(), meant, "{who}");
        }
    }

    #[test]
    fn a_domain_is_in_use_when_the_list_or_the_paste_says_so() {
        let grant = Grant::new("ann@a.org".parse().unwrap(), Role::Viewer, None);
        let pasted: Vec<Who> =
            ["x@b.org", "y@b.org", "z@b.org", "x@c.org"].iter().map(|who| who.parse().unwrap()).collect();
        let domains = domains_in_use(&vec![grant].into(), "own.org", &pasted);
        assert_eq!(domains.into_iter().collect::<Vec<_>>(), ["a.org", "b.org", "own.org"]);
    }

    proptest! {
        #[test]
        fn hostile_pastes_are_read_within_bounds(text in "[ -~<>;,@\\n\\t\"é:]{0,400}") {
            let understood = read(&text);
            prop_assert!(understood.unread.iter().all(|entry| entry.chars().count() <= 80));
            for who in &understood.who {
                prop_assert_eq!(&who.to_string().parse::<Who>().unwrap(), who);
                let _doubted = doubt(who, &BTreeSet::new());
            }
        }
    }
}
