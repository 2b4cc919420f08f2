//! What it costs a request to know who asks and whether they may: opening the session's cookie, looking whether it was
//! ended where ten thousand were, and deciding, on lists of ten lines and of ten thousand. `bench/access/run` builds and
//! runs this.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement, printed")]

use std::collections::HashSet;
use std::hint::black_box;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use loggia::access::{AppSession, Keyring, Part, Target, Visitor, decide};
use loggia::config::{Access, Network, Secret};
use loggia::model::{App, Digest, Entropy, Grant, Lineage, Person, ReleaseId, Role, Subject, Viewer, Whom};

const HOST: &str = "sales.example.org";
/// How many sessions were ended, one by one or all of somebody's.
const ENDED: u32 = 10_000;
const ROUNDS: u32 = 200_000;
/// As often as it is measured; the best is told, which others on the machine disturbed least.
const TIMES: u32 = 5;

fn main() {
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let keyring = Keyring::new(&[Secret::new("k".repeat(32))]).unwrap();
    let headers = cookies(&keyring, now);
    // As the catalog looks for the ends of a session (`Catalog::ended`).
    let ended: HashSet<Digest> = (0..ENDED).map(|n| Digest::of(&n.to_le_bytes())).collect();
    let has_ended = |of: &Lineage<'_>| {
        ended.contains(&Digest::of(of.session.as_bytes()))
            || ended.contains(&Whom::Address(&of.person.email).digest())
            || ended.contains(&Whom::Subject(&of.person.subject).digest())
    };
    let opening = measure(|| {
        let session = AppSession::open(&headers, HOST, &keyring, now, has_ended);
        assert!(black_box(session).is_some());
    });
    println!("opening a session: {}", told(opening));
    let networks = vec![Network {
        name: "office".to_owned(),
        description: None,
        ranges: ["10.0.0.0/8", "2001:db8::/32"].map(|range| range.parse().unwrap()).to_vec(),
    }];
    let access = Access { networks, ..Access::default() };
    let from: IpAddr = [10, 1, 2, 3].into();
    let target = Target {
        app: "sales".parse().unwrap(),
        release: ReleaseId::new(now, &Entropy::seeded(1)),
        part: Part::Listing,
    };
    for lines in [10, 10_000] {
        let app = app(lines, now);
        app.grants.prepare();
        let viewers = [
            ("whom the last line names", format!("person.{}@example.org", lines - 1)),
            ("whom no line names", "nobody@elsewhere.net".to_owned()),
        ];
        for (name, email) in viewers {
            let viewer = Viewer::SignedIn(person(&email));
            let deciding = measure(|| {
                let visitor = Visitor { viewer: &viewer, from, access: &access, now };
                let _decided = black_box(decide(visitor, &app, black_box(target.clone())));
            });
            let both = told(opening + deciding);
            println!("{lines} lines, {name}: {}; with the session {both}", told(deciding));
        }
    }
}

fn cookies(keyring: &Keyring, now: Timestamp) -> HeaderMap {
    let session = AppSession {
        session: Entropy::seeded(1).secret(),
        host: HOST.to_owned(),
        person: person("person.7@example.org"),
        begun: now,
        provider_session: None,
        issued: now,
        expires: now + jiff::SignedDuration::from_hours(1),
    };
    let cookie = session.cookie(keyring, now).header();
    let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
    HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(pair).unwrap())])
}

fn person(email: &str) -> Person {
    Person {
        subject: Subject { iss: "https://id.example".to_owned(), sub: email.to_owned() },
        email: email.parse().unwrap(),
        name: Some("A Person".to_owned()),
        groups: (0..5).map(|n| format!("group-{n}")).collect(),
    }
}

/// A record as it is read from the bucket, with a list of so many lines.
fn app(lines: usize, now: Timestamp) -> App {
    let grant = |n| Grant::new(format!("person.{n}@example.org").parse().unwrap(), Role::Viewer, None);
    let grants: Vec<Grant> = (0..lines).map(grant).collect();
    let record = serde_json::json!({
        "name": "sales", "title": "Sales", "owner": person("owner@example.org"), "audience": "listed",
        "grants": grants, "created": now, "changed": now, "write_id": "w",
    });
    serde_json::from_value(record).unwrap()
}

fn measure(mut once: impl FnMut()) -> Duration {
    let mut round = || {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            once();
        }
        began.elapsed() / ROUNDS
    };
    (0..TIMES).map(|_| round()).min().unwrap()
}

fn told(duration: Duration) -> String {
    format!("{} ns", duration.as_nanos())
}
