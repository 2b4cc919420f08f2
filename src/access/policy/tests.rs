use crate::model::{AppName, Clock, EmailAddress, Entropy, Grant, ReleaseId, Settings, Subject, Who};

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
            .map(|(who, role, until)| Grant {
                who: who.parse::<Who>().unwrap(),
                role: *role,
                until: until.map(at),
            })
            .collect(),
        current: None,
        previous: vec![],
        activations: vec![],
        retired: vec![],
        kept: vec![],
        cleared: None,
        origin: 0,
        trusted: Vec::new(),
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

/// Viewer × audience × grant × expiry × deleted: every row names what comes out.
#[test]
fn the_table_of_who_may_see() {
    use Audience::{Listed, Public, SignedIn};
    let now = at(100);
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
    let expected = |viewer: &str, audience, grants: &str| match (audience, viewer, grants) {
        (Public, ..) => Ok(true),
        (_, "anonymous", _) => Err(Refusal::SignIn),
        (Listed, "ann", "none" | "else") | (Listed, "eve", _) => Err(Refusal::NotListed),
        (Listed, "ann", "ended") => Err(Refusal::Ended),
        (SignedIn | Listed, ..) => Ok(false),
    };
    let mut rows = 0;
    for audience in [Public, SignedIn, Listed] {
        for (grants_name, grants) in &grant_sets {
            for (viewer_name, viewer) in &viewers {
                let row = format!("{viewer_name} × {audience} × {grants_name}");
                let mut app = app(audience, grants);
                let outcome = decide(viewer, &app, target("sales"), now);
                assert_eq!(
                    outcome.as_ref().map(Permit::is_public).map_err(|refusal| *refusal),
                    expected(viewer_name, audience, grants_name),
                    "{row}"
                );
                assert_eq!(may_see(viewer, &app, now), outcome.is_ok(), "{row}");
                app.deleted = Some(at(50));
                assert_eq!(decide(viewer, &app, target("sales"), now), Err(Refusal::NoSuchApp), "{row}");
                assert!(!may_see(viewer, &app, now), "{row}");
                rows += 1;
            }
        }
    }
    assert_eq!(rows, 108);
}

#[test]
fn a_permit_carries_the_target_that_was_decided() {
    let public = app(Audience::Public, &[]);
    let permit = decide(&Viewer::Anonymous, &public, target("sales"), at(1)).unwrap();
    assert_eq!(*permit.target(), target("sales"));
}

#[test]
fn an_app_gives_no_permit_for_another() {
    let public = app(Audience::Public, &[]);
    assert_eq!(decide(&Viewer::Anonymous, &public, target("other"), at(1)), Err(Refusal::NoSuchApp));
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
    assert_eq!(decide(&viewer, &listed, target("sales"), Clock::fixed(at(1)).now()), Err(Refusal::NotListed));
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
