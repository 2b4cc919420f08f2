use crate::access::{Asked, explain};
use crate::config::Network;
use crate::model::{AppName, EmailAddress, Entropy, Grant, ReleaseId, Settings, Subject, Who};

use super::super::Part;
use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn person(email: &str, groups: &[&str]) -> Person {
    Person {
        subject: Subject { iss: "https://id.example".into(), sub: email.into() },
        email: email.parse::<EmailAddress>().unwrap(),
        name: None,
        groups: groups.iter().map(|&group| group.to_owned()).collect(),
    }
}

/// Who, as what, and until which second.
type Line = (&'static str, Role, Option<i64>);

fn app(audience: Audience, grants: &[Line]) -> App {
    App {
        name: "sales".parse().unwrap(),
        title: "Sales".into(),
        owner: person("owner@example.org", &[]),
        audience,
        grants: grants
            .iter()
            .map(|(who, role, until)| Grant::new(who.parse::<Who>().unwrap(), *role, until.map(at)))
            .collect::<Vec<_>>()
            .into(),
        network: None,
        current: None,
        previous: vec![],
        activations: vec![],
        retired: vec![],
        kept: vec![],
        cleared: None,
        origin: 0,
        trusted: Vec::new(),
        synced: None,
        settings: Settings::default(),
        created: at(0),
        changed: at(0),
        deleted: None,
        write_id: "w".into(),
    }
}

fn target(name: &str) -> Target {
    Target {
        app: name.parse::<AppName>().unwrap(),
        release: ReleaseId::new(at(1), &Entropy::seeded(1)),
        part: Part::File("index.html".parse().unwrap()),
    }
}

const INSIDE: &str = "10.1.2.3";
const OUTSIDE: &str = "192.0.2.1";

/// An operator who named one network.
fn operator(audiences: &[Audience]) -> config::Access {
    let network = Network {
        name: "office".into(),
        description: None,
        ranges: vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
    };
    config::Access { networks: vec![network], audiences: audiences.to_vec(), ..config::Access::default() }
}

fn visitor<'v>(viewer: &'v Viewer, from: &str, access: &'v config::Access) -> Visitor<'v> {
    Visitor { viewer, from: from.parse().unwrap(), access, now: at(100) }
}

fn rule(rule: NetworkUse, name: &str) -> NetworkRule {
    NetworkRule { rule, names: vec!["nowhere".into(), name.into()] }
}

/// Viewer × audience × grant × network × place × deleted: every row names what comes out, and [`explain`] says the same.
#[test]
fn the_table_of_who_may_see() {
    use Audience::{Listed, Public, SignedIn};
    let access = operator(&[]);
    let grant_sets: [(&str, Vec<Line>); 9] = [
        ("none", vec![]),
        ("address", vec![("ANN@example.org", Role::Viewer, None)]),
        ("domain", vec![("@example.org", Role::Viewer, None)]),
        ("group", vec![("group:analysts", Role::Viewer, None)]),
        ("publisher", vec![("ann@example.org", Role::Publisher, None)]),
        ("later", vec![("ann@example.org", Role::Viewer, Some(101))]),
        ("ended", vec![("ann@example.org", Role::Viewer, Some(100))]),
        (
            "ended-but-domain",
            vec![("ann@example.org", Role::Viewer, Some(9)), ("@example.org", Role::Viewer, None)],
        ),
        ("else", vec![("bob@example.org", Role::Viewer, None), ("@example.com", Role::Viewer, None)]),
    ];
    let viewers = [
        ("anonymous", Viewer::Anonymous),
        ("ann", Viewer::SignedIn(person("ann@example.org", &["analysts"]))),
        ("eve", Viewer::SignedIn(person("eve@elsewhere.org", &["analyst"]))),
        ("owner", Viewer::SignedIn(person("owner@example.org", &[]))),
    ];
    let by_audience = |viewer: &str, audience, grants: &str| match (audience, viewer, grants) {
        (Public, ..) => Ok(()),
        (_, "anonymous", _) => Err(Refusal::SignIn),
        (Listed, "ann", "none" | "else") | (Listed, "eve", _) => Err(Refusal::NotListed),
        (Listed, "ann", "ended") => Err(Refusal::Ended),
        (SignedIn | Listed, ..) => Ok(()),
    };
    let networks = [
        ("none", None),
        ("instead", Some(rule(NetworkUse::Instead, "office"))),
        ("as-well", Some(rule(NetworkUse::AsWell, "office"))),
        ("instead of one that is gone", Some(rule(NetworkUse::Instead, "gone"))),
        ("as well as one that is gone", Some(rule(NetworkUse::AsWell, "gone"))),
    ];
    let expected = |viewer, audience, grants, network: &str, from| {
        let by_audience = by_audience(viewer, audience, grants);
        match (network, from) {
            ("instead", INSIDE) => Ok(false),
            ("as-well", OUTSIDE) | ("as well as one that is gone", _) => {
                by_audience.and(Err(Refusal::Network))
            }
            ("none", _) => by_audience.map(|()| audience == Public),
            _ => by_audience.map(|()| false),
        }
    };
    let mut rows = 0;
    for audience in [Public, SignedIn, Listed] {
        for (grants_name, grants) in &grant_sets {
            for (viewer_name, viewer) in &viewers {
                for (network, rule) in &networks {
                    for from in [INSIDE, OUTSIDE] {
                        let row = format!("{viewer_name} × {audience} × {grants_name} × {network} × {from}");
                        let mut app = App { network: rule.clone(), ..app(audience, grants) };
                        let visitor = visitor(viewer, from, &access);
                        let outcome = decide(visitor, &app, target("sales"));
                        assert_eq!(
                            outcome.as_ref().map(Permit::is_public).map_err(|refusal| *refusal),
                            expected(viewer_name, audience, grants_name, network, from),
                            "{row}"
                        );
                        assert_eq!(may_see(visitor, &app), outcome.is_ok(), "{row}");
                        let asked = Asked {
                            who: viewer.person().map(|person| person.email.clone()),
                            groups: viewer.person().map(|person| person.groups.clone()).unwrap_or_default(),
                            from: Some(visitor.from),
                        };
                        let explained = explain(&app, &asked, &access, at(100));
                        assert_eq!(explained.sees, Some(outcome.is_ok()), "{row}: {explained:?}");
                        assert_eq!(explained.missing.is_empty(), outcome.is_ok(), "{row}: {explained:?}");
                        app.deleted = Some(at(50));
                        assert_eq!(decide(visitor, &app, target("sales")), Err(Refusal::NoSuchApp), "{row}");
                        assert!(!may_see(visitor, &app), "{row}");
                        rows += 1;
                    }
                }
            }
        }
    }
    assert_eq!(rows, 1080);
}

#[test]
fn an_address_in_both_forms_is_in_the_same_network() {
    let access = operator(&[]);
    let app = App { network: Some(rule(NetworkUse::Instead, "office")), ..app(Audience::Listed, &[]) };
    for (from, inside) in [
        ("10.255.0.1", true),
        ("::ffff:10.1.2.3", true),
        ("2001:db8::1", true),
        ("11.0.0.1", false),
        ("2001:db9::1", false),
        ("::1", false),
    ] {
        assert_eq!(may_see(visitor(&Viewer::Anonymous, from, &access), &app), inside, "{from}");
    }
}

#[test]
fn what_operators_no_longer_let_publishers_choose_becomes_the_next_narrower() {
    use Audience::{Listed, Public, SignedIn};
    for (chosen, may, becomes) in [
        (Public, &[][..], Public),
        (Public, &[SignedIn, Listed], SignedIn),
        (Public, &[Listed], Listed),
        (SignedIn, &[Public], Listed),
        (Listed, &[Public], Listed),
    ] {
        let access = operator(may);
        let app = app(chosen, &[]);
        assert_eq!(audience_of(&app, &access), becomes, "{chosen} {may:?}");
        let anonymous = decide(visitor(&Viewer::Anonymous, OUTSIDE, &access), &app, target("sales"));
        assert_eq!(anonymous.is_ok(), becomes == Public, "{chosen} {may:?}");
    }
}

#[test]
fn reasons_are_said_in_sentences() {
    let access = operator(&[]);
    let mut sales = app(Audience::Listed, &[("bob@example.org", Role::Viewer, Some(90))]);
    sales.grants.put(&[Grant {
        by: Some("owner@example.org".parse().unwrap()),
        at: Some(at(1_777_800_000)),
        ..Grant::new("@justice.gov.uk".parse().unwrap(), Role::Viewer, Some(at(1_893_456_000)))
    }]);
    let said = |app: &App, who: &str, from: Option<&str>| {
        let from = from.map(|from| from.parse().unwrap());
        let asked = Asked { who: who.parse().ok(), groups: vec![], from };
        explain(app, &asked, &access, at(1_800_000_000))
            .sentences(if who.is_empty() { "Whoever" } else { who })
            .join("\n")
    };
    let walled = App { network: Some(rule(NetworkUse::AsWell, "office")), ..sales.clone() };
    let open = App { network: Some(rule(NetworkUse::Instead, "office")), ..sales.clone() };
    let told = [
        said(&sales, "ann@justice.gov.uk", None),
        said(&sales, "bob@example.org", None),
        said(&sales, "eve@elsewhere.org", None),
        said(&sales, "owner@example.org", None),
        said(&sales, "", None),
        said(&walled, "ann@justice.gov.uk", None),
        said(&walled, "ann@justice.gov.uk", Some(OUTSIDE)),
        said(&open, "", None),
        said(&open, "", Some(INSIDE)),
        said(&app(Audience::SignedIn, &[]), "ann@justice.gov.uk", None),
    ];
    insta::assert_snapshot!(told.join("\n\n"));
}

#[test]
fn a_permit_carries_the_target_that_was_decided() {
    let (public, access) = (app(Audience::Public, &[]), operator(&[]));
    let permit = decide(visitor(&Viewer::Anonymous, OUTSIDE, &access), &public, target("sales")).unwrap();
    assert_eq!(*permit.target(), target("sales"));
}

#[test]
fn an_app_gives_no_permit_for_another() {
    let (public, access) = (app(Audience::Public, &[]), operator(&[]));
    let anybody = visitor(&Viewer::Anonymous, OUTSIDE, &access);
    assert_eq!(decide(anybody, &public, target("other")), Err(Refusal::NoSuchApp));
}

#[test]
fn only_publishers_change_an_app() {
    let grants = [
        ("ann@example.org", Role::Viewer, None),
        ("pub@example.org", Role::Publisher, Some(200)),
        ("@x.org", Role::Publisher, None),
    ];
    let mut app = app(Audience::Public, &grants);
    let ask = |app: &App, email: &str, second| {
        decide_publish(&person(email, &[]), app, at(second)).map(|p| p.by().to_string())
    };
    assert_eq!(ask(&app, "owner@example.org", 1).unwrap(), "owner@example.org");
    assert_eq!(ask(&app, "pub@example.org", 199).unwrap(), "pub@example.org");
    assert_eq!(ask(&app, "any@x.org", 1).unwrap(), "any@x.org");
    assert_eq!(ask(&app, "pub@example.org", 200), Err(Refusal::Ended));
    assert_eq!(ask(&app, "ann@example.org", 1), Err(Refusal::NotListed));
    app.deleted = Some(at(2));
    assert_eq!(ask(&app, "owner@example.org", 3), Err(Refusal::NoSuchApp));
    assert!(decide_restore(&person("owner@example.org", &[]), &app, at(3)).is_ok());
    assert_eq!(decide_restore(&person("ann@example.org", &[]), &app, at(3)), Err(Refusal::NotListed));
}

#[test]
fn the_owner_is_known_by_key_and_not_by_address() {
    let listed = app(Audience::Listed, &[]);
    let mut impostor = person("owner@example.org", &[]);
    impostor.subject.sub = "someone else".into();
    let viewer = Viewer::SignedIn(impostor);
    let access = operator(&[]);
    assert_eq!(decide(visitor(&viewer, OUTSIDE, &access), &listed, target("sales")), Err(Refusal::NotListed));
}

#[test]
fn creators_are_everyone_or_whom_the_list_names() {
    let ann = person("ann@example.org", &[]);
    assert!(may_create(&ann, &access(&[])));
    assert!(may_create(&ann, &access(&["@example.org"])));
    assert!(!may_create(&ann, &access(&["group:makers"])));
}

fn access(creators: &[&str]) -> config::Access {
    let creators = creators.iter().map(|who| who.parse().unwrap()).collect();
    config::Access { creators, ..config::Access::default() }
}

#[test]
fn guides_are_published_by_those_named_and_by_nobody_else() {
    let ann = person("ann@example.org", &[]);
    assert!(!may_publish_guides(&ann, &access(&[])));
    let named = config::Access { guide_publishers: vec!["@example.org".parse().unwrap()], ..access(&[]) };
    assert!(may_publish_guides(&ann, &named));
    assert!(!may_publish_guides(&person("ann@example.com", &[]), &named));
}

#[test]
fn the_table_of_who_may_read() {
    use Audience::{Listed, Public, SignedIn};
    let anonymous = Viewer::Anonymous;
    let ann = Viewer::SignedIn(person("ann@example.org", &["analysts"]));
    let (sign_in, no) = (Err(Refusal::SignIn), Err(Refusal::NotListed));
    for (audience, who, nobody_signed_in, for_ann) in [
        (Public, vec![], Ok(()), Ok(())),
        (SignedIn, vec![], sign_in, Ok(())),
        (Listed, vec![], sign_in, no),
        (Listed, vec!["ANN@example.org"], sign_in, Ok(())),
        (Listed, vec!["bob@example.org", "@example.org"], sign_in, Ok(())),
        (Listed, vec!["group:analysts"], sign_in, Ok(())),
        (Listed, vec!["group:Analysts", "@sub.example.org", "bob@example.org"], sign_in, no),
    ] {
        let readers = Readers { audience, who: who.iter().map(|who| who.parse().unwrap()).collect() };
        assert_eq!(may_read(&anonymous, &readers), nobody_signed_in, "{readers:?}");
        assert_eq!(may_read(&ann, &readers), for_ann, "{readers:?}");
    }
}
