//! The API, called without a socket: tokens, look-alike refusals, limits, and publishing from end to end.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use loggia::access::token;
use loggia::config::{Access, Limits, Server};
use loggia::model::{Ability, Clock, Digest, Entropy, Person, Subject, TokenScope};
use loggia::releases::Releases;
use loggia::storage::{Key, Storage};
use loggia::web::Notices;
use loggia::web::api::{Api, ClientAddress, routes};
use serde_json::{Value, json};
use tower::ServiceExt;

/// A server, and what it answers to whom.
struct House {
    releases: Releases,
    clock: Clock,
    entropy: Entropy,
    router: Router,
}

/// An answer: status, head and JSON.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    json: Value,
}

impl House {
    async fn new() -> Self {
        Self::with(Access::default()).await
    }

    async fn with(access: Access) -> Self {
        let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
        let entropy = Entropy::seeded(5);
        let limits = Limits { form_bytes: 2000, manifest_bytes: 4000, file_bytes: 1000, ..Limits::default() };
        let opened = Releases::open(Storage::memory(), &limits, clock.clone(), entropy.clone());
        let releases = opened.await.unwrap();
        let api = Api {
            editions: None,
            releases: releases.clone(),
            notices: Notices::new(releases.clone(), clock.clone(), None),
            clock: clock.clone(),
            server: Server::default(),
            access,
            synced: Vec::new(),
            limits,
        };
        Self { releases, clock, entropy, router: Router::new().merge(routes(api)) }
    }

    /// A token of somebody for a week.
    async fn token(&self, who: &str, scope: TokenScope) -> String {
        self.token_that_may(who, Ability::All, scope).await
    }

    async fn token_that_may(&self, who: &str, may: Ability, scope: TokenScope) -> String {
        let person = Person {
            subject: Subject { iss: "https://id.example".to_owned(), sub: who.to_owned() },
            email: who.parse().unwrap(),
            name: None,
            groups: vec!["Analysts".to_owned()],
        };
        let owner = Key::owner(&person.subject);
        let wanted = token::Wanted { label: "test", may, scope, days: 7, since: self.clock.now() };
        let made = token::mint(&person, &owner, wanted, self.clock.now(), &self.entropy);
        let (text, record) = made.unwrap();
        self.releases.put_token(&record).await.unwrap();
        text.reveal().to_owned()
    }

    /// Ann with an app called `sales`, and Bob.
    async fn with_ann_and_bob() -> (Self, String, String) {
        let house = Self::new().await;
        let ann = house.token("ann@example.org", TokenScope::All).await;
        let bob = house.token("bob@example.org", TokenScope::All).await;
        let made = house.call(&ann, "POST", "/apps", json!({"name": "sales", "title": "Sales"})).await;
        assert_eq!(made.status, 201, "{}", made.json);
        (house, ann, bob)
    }

    async fn call(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let body = if body.is_null() { Vec::new() } else { serde_json::to_vec(&body).unwrap() };
        self.send(token, method, path, body).await
    }

    async fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, "GET", path, Value::Null).await
    }

    async fn send(&self, token: &str, method: &str, path: &str, body: Vec<u8>) -> Answer {
        let mut request = Request::new(Body::from(body));
        *request.method_mut() = method.parse::<Method>().unwrap();
        *request.uri_mut() = format!("/-/api/v1{path}").replace("/v1/../", "/").parse().unwrap();
        request.extensions_mut().insert(ClientAddress([192, 0, 2, 7].into()));
        if !token.is_empty() {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let (head, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let json = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: head.status, headers: head.headers, json }
    }

    /// Publishes one file and answers the release.
    async fn publish(&self, token: &str, app: &str, bytes: &[u8]) -> String {
        let digest = Digest::of(bytes).to_string();
        let files = json!({"files": {"index.html": {"sha256": digest, "size": bytes.len()}}});
        let begun = self.call(token, "POST", &format!("/apps/{app}/releases"), files).await;
        assert_eq!(begun.status, 201, "{}", begun.json);
        let release = format!("/apps/{app}/releases/{}", begun.json["id"].as_str().unwrap());
        if begun.json["missing"] != json!([]) {
            let put = self.send(token, "PUT", &format!("{release}/blobs/{digest}"), bytes.to_vec()).await;
            assert_eq!(put.status, 204, "{}", put.json);
        }
        let done = self.call(token, "POST", &format!("{release}/finish"), json!({"activate": true})).await;
        assert_eq!(done.status, 200, "{}", done.json);
        begun.json["id"].as_str().unwrap().to_owned()
    }
}

impl Answer {
    /// The detail of a problem document with this status.
    fn problem(&self, status: u16) -> &str {
        assert_eq!(self.status.as_u16(), status, "{}", self.json);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.json["type"], "about:blank");
        assert_eq!(self.json["status"], status);
        assert!(self.json["title"].is_string());
        self.json["detail"].as_str().unwrap()
    }
}

#[tokio::test]
async fn a_call_without_a_valid_token_is_challenged() {
    let house = House::new().await;
    let missing = house.get("", "/me").await;
    assert!(missing.problem(401).contains("Authorization: Bearer"));
    assert_eq!(missing.headers["www-authenticate"], "Bearer realm=\"loggia\"");

    let good = house.token("ann@example.org", TokenScope::All).await;
    let last = if good.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("{}{last}", &good[..good.len() - 1]);
    for bad in ["nonsense", &forged, &good.to_uppercase()] {
        let answer = house.get(bad, "/me").await;
        answer.problem(401);
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"loggia\", error=\"invalid_token\"");
    }
}

#[tokio::test]
async fn a_token_says_whose_it_is_until_it_ends() {
    let house = House::new().await;
    let ann = house.token("ann@example.org", TokenScope::All).await;
    let me = house.get(&ann, "/me").await;
    assert_eq!(me.json["email"], "ann@example.org");
    assert_eq!(me.json["app"], Value::Null);
    assert_eq!(me.headers["cache-control"], "no-store");
    house.clock.advance(Duration::from_hours(7 * 24));
    house.get(&ann, "/me").await.problem(401);
}

#[tokio::test]
async fn a_new_app_is_answered_whole() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    let app = house.get(&ann, "/apps/sales").await.json;
    assert_eq!(app["url"], "http://sales.localhost:8080/");
    assert_eq!(
        (&app["name"], &app["title"], &app["owner"], &app["audience"]),
        (&json!("sales"), &json!("Sales"), &json!("ann@example.org"), &json!("listed"))
    );
    assert_eq!((&app["current"], &app["grants"]), (&Value::Null, &json!(1)));
    assert_eq!(house.get(&ann, "/apps").await.json.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_taken_name_is_a_conflict_even_after_deletion() {
    let (house, ann, bob) = House::with_ann_and_bob().await;
    let new = json!({"name": "sales"});
    assert!(house.call(&bob, "POST", "/apps", new.clone()).await.problem(409).contains("`sales` is taken"));
    assert_eq!(house.call(&ann, "DELETE", "/apps/sales", Value::Null).await.status, 204);
    house.call(&ann, "POST", "/apps", new).await.problem(409);
}

#[tokio::test]
async fn an_app_of_others_and_none_at_all_look_alike() {
    let (house, _, bob) = House::with_ann_and_bob().await;
    for (method, path) in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/restore"),
        ("POST", "/rollback"),
        ("GET", "/audit"),
        ("GET", "/grants"),
        ("POST", "/grants"),
        ("DELETE", "/grants?who=ann@example.org"),
        ("GET", "/releases"),
        ("POST", "/releases"),
    ] {
        let theirs = house.call(&bob, method, &format!("/apps/sales{path}"), json!({})).await;
        let nobodys = house.call(&bob, method, &format!("/apps/other{path}"), json!({})).await;
        let detail = theirs.problem(404);
        assert_eq!(detail.replace("sales", "other"), nobodys.problem(404), "{method} {path}");
    }
    house.get(&bob, "/apps/No%2FApp").await.problem(404);
    assert_eq!(house.get(&bob, "/apps").await.json, json!([]));
}

#[tokio::test]
async fn a_viewer_may_not_publish() {
    let (house, ann, bob) = House::with_ann_and_bob().await;
    let grant = |role: &str| json!({"who": "BOB@example.org", "role": role});
    house.call(&ann, "POST", "/apps/sales/grants", grant("viewer")).await;
    house.get(&bob, "/apps/sales").await.problem(404);
    house.call(&ann, "POST", "/apps/sales/grants", grant("publisher")).await;
    assert_eq!(house.get(&bob, "/apps/sales").await.status, 200);
}

#[tokio::test]
async fn a_token_for_one_app_reaches_no_other() {
    let (house, _, _) = House::with_ann_and_bob().await;
    let narrow = house.token("ann@example.org", TokenScope::App("other".parse().unwrap())).await;
    for (there, path) in [("one of theirs", "/apps/sales"), ("none at all", "/apps/nothing")] {
        let refused = house.get(&narrow, path).await;
        assert_eq!(refused.problem(403), "this token is for the app `other` only", "{there}");
        assert!(refused.headers["www-authenticate"].to_str().unwrap().contains("insufficient_scope"));
    }
    assert_eq!(house.get(&narrow, "/apps").await.json, json!([]));
    house.call(&narrow, "POST", "/apps", json!({"name": "other"})).await.problem(403);
}

#[tokio::test]
async fn only_creators_create() {
    let house =
        House::with(Access { creators: vec!["group:Others".parse().unwrap()], ..Access::default() }).await;
    let ann = house.token("ann@example.org", TokenScope::All).await;
    let refused = house.call(&ann, "POST", "/apps", json!({"name": "sales"})).await;
    assert!(refused.problem(403).contains("ask an operator"));
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_by_name() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    for (method, path, body, status, why) in [
        ("POST", "/apps", json!({"name": "x2", "colour": 1}), 422, "unknown field `colour`"),
        ("POST", "/apps", json!({"name": "No"}), 422, "`No` is not an app's name"),
        ("POST", "/apps", json!({"title": "No"}), 422, "missing field `name`"),
        ("PATCH", "/apps/sales", json!({"audience": "all"}), 422, "unknown variant `all`"),
        ("PATCH", "/apps/sales", json!({"title": null}), 422, "invalid type: null"),
        ("PATCH", "/apps/sales", json!({"title": " "}), 422, "a title needs 1 to 120 characters"),
        ("PATCH", "/apps/sales", json!({"settings": {"tint": 1}}), 422, "unknown field `tint`"),
        ("POST", "/apps/sales/grants", json!([{"who": "ann", "role": "viewer"}]), 422, "`ann` names nobody"),
        ("POST", "/apps/sales/grants", json!({"who": "@x.org", "role": "god"}), 422, "unknown variant `god`"),
        ("DELETE", "/apps/sales/grants?who=ann", Value::Null, 422, "`ann` names nobody"),
        ("DELETE", "/apps/sales/grants", Value::Null, 422, "?who="),
        ("DELETE", "/apps/sales/grants?who=ann@example.org", Value::Null, 409, "stays its publisher"),
        ("POST", "/apps/sales/releases", json!({"files": {}}), 422, "at least one file"),
        ("POST", "/apps/sales/releases", json!({"files": {"../a": {"sha256": "0", "size": 1}}}), 422, "`..`"),
        (
            "POST",
            "/apps/sales/releases",
            json!({"files": {"a": {"sha256": "0", "size": 1}}}),
            422,
            "a SHA-256",
        ),
        ("POST", "/apps/sales/rollback", Value::Null, 409, "no earlier release"),
    ] {
        let answer = house.call(&ann, method, path, body).await;
        assert!(answer.problem(status).contains(why), "{method} {path}: {}", answer.json);
    }
    let torn = house.send(&ann, "POST", "/apps", b"{\"name\"".to_vec()).await;
    assert!(torn.problem(400).contains("not JSON"));
}

#[tokio::test]
async fn bodies_end_at_their_limit() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    let long = |length: usize| json!({"name": "long", "title": "x".repeat(length)});
    assert!(house.call(&ann, "POST", "/apps", long(2000)).await.problem(413).contains("2000 bytes"));
    house.call(&ann, "POST", "/apps", long(1000)).await.problem(422);
    let files = json!({"files": {}, "message": "x".repeat(3000)});
    house.call(&ann, "POST", "/apps/sales/releases", files).await.problem(422);
    let files = json!({"files": {}, "message": "x".repeat(4000)});
    house.call(&ann, "POST", "/apps/sales/releases", files).await.problem(413);
}

#[tokio::test]
async fn a_release_goes_live_when_it_is_finished() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    let digest = Digest::of(b"hello").to_string();
    let files = json!({"files": {"index.html": {"sha256": digest, "size": 5}}, "message": "First"});
    let begun = house.call(&ann, "POST", "/apps/sales/releases", files).await.json;
    assert_eq!(begun["missing"], json!([digest]));
    let release = format!("/apps/sales/releases/{}", begun["id"].as_str().unwrap());

    let early = house.call(&ann, "POST", &format!("{release}/finish"), Value::Null).await;
    early.problem(409);
    assert_eq!(early.json["missing"], json!([digest]));
    let wrong = house.send(&ann, "PUT", &format!("{release}/blobs/{digest}"), b"jello".to_vec()).await;
    assert!(wrong.problem(422).contains("another sha256"));
    assert_eq!(house.get(&ann, "/apps/sales").await.json["current"], Value::Null);

    let put = house.send(&ann, "PUT", &format!("{release}/blobs/{digest}"), b"hello".to_vec()).await;
    assert_eq!(put.status, 204);
    let done = house.call(&ann, "POST", &format!("{release}/finish"), Value::Null).await.json;
    assert_eq!((&done["id"], &done["current"]), (&begun["id"], &json!(true)));
    assert_eq!(done["url"], "http://sales.localhost:8080/");
    assert_eq!(house.get(&ann, "/apps/sales").await.json["current"], begun["id"]);
    let listed = &house.get(&ann, "/apps/sales/releases").await.json[0];
    assert_eq!((&listed["message"], &listed["size"]), (&json!("First"), &json!(5)));
}

#[tokio::test]
async fn a_draft_has_an_address_of_its_own() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    let digest = Digest::of(b"hello").to_string();
    let files = json!({"files": {"index.html": {"sha256": digest, "size": 5}}});
    let begun = house.call(&ann, "POST", "/apps/sales/releases", files).await.json;
    let id = begun["id"].as_str().unwrap();
    let release = format!("/apps/sales/releases/{id}");
    house.send(&ann, "PUT", &format!("{release}/blobs/{digest}"), b"hello".to_vec()).await;
    let draft = house.call(&ann, "POST", &format!("{release}/finish"), json!({"activate": false})).await.json;
    assert_eq!(draft["url"], format!("http://{id}--sales.localhost:8080/"));
    assert_eq!(house.get(&ann, "/apps/sales").await.json["current"], Value::Null);
    let app = house.call(&ann, "POST", &format!("{release}/activate"), Value::Null).await.json;
    assert_eq!(app["current"], begun["id"]);
}

#[tokio::test]
async fn rollback_and_activate_move_the_pointer() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    let first = house.publish(&ann, "sales", b"one").await;
    house.clock.advance(Duration::from_secs(1));
    let second = house.publish(&ann, "sales", b"two").await;
    let back = house.call(&ann, "POST", "/apps/sales/rollback", Value::Null).await.json;
    assert_eq!(back["current"], first);
    let forth = house.call(&ann, "POST", &format!("/apps/sales/releases/{second}/activate"), json!({})).await;
    assert_eq!((&forth.json["current"], &forth.json["previous"]), (&json!(second), &json!([first])));
    let listed = house.get(&ann, "/apps/sales/releases").await.json;
    assert_eq!((&listed[0]["id"], &listed[0]["current"]), (&json!(second), &json!(true)));
    assert_eq!((&listed[1]["id"], &listed[1]["current"]), (&json!(first), &json!(false)));
    let unknown =
        format!("/apps/sales/releases/{}/activate", first.replace(&first[10..], "0000000000000000"));
    house.call(&ann, "POST", &unknown, Value::Null).await.problem(404);
    house.call(&ann, "POST", "/apps/sales/releases/latest/activate", Value::Null).await.problem(404);
}

#[tokio::test]
async fn grants_come_alone_or_together_and_go() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    let grants = json!([
        {"who": "@Example.org", "role": "viewer", "until": "2030-01-01T00:00:00Z"},
        {"who": "group:Analysts", "role": "publisher"},
    ]);
    house.call(&ann, "POST", "/apps/sales/grants", grants).await;
    house.call(&ann, "POST", "/apps/sales/grants", json!({"who": "@example.org", "role": "viewer"})).await;
    let expected = json!([
        {"who": "ann@example.org", "role": "publisher"},
        {"who": "@example.org", "role": "viewer"},
        {"who": "group:Analysts", "role": "publisher"},
    ]);
    let mut told = house.get(&ann, "/apps/sales/grants").await.json;
    for line in told.as_array_mut().unwrap() {
        let line = line.as_object_mut().unwrap();
        assert_eq!(line.remove("by"), Some(json!("ann@example.org")));
        assert_eq!(line.remove("at"), Some(json!("2027-01-15T08:00:00Z")));
    }
    assert_eq!(told, expected);
    let gone = house.call(&ann, "DELETE", "/apps/sales/grants?who=group%3AAnalysts", Value::Null).await;
    assert_eq!(gone.status, 204);
    assert_eq!(house.get(&ann, "/apps/sales/grants").await.json.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn of_several_grants_one_that_is_wrong_stops_all() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    let grants = json!([{"who": "@example.org", "role": "viewer"}, {"who": "nobody", "role": "viewer"}]);
    house.call(&ann, "POST", "/apps/sales/grants", grants).await.problem(422);
    assert_eq!(house.get(&ann, "/apps/sales/grants").await.json.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_deleted_app_is_gone_and_comes_back() {
    let (house, ann, bob) = House::with_ann_and_bob().await;
    let release = house.publish(&ann, "sales", b"one").await;
    assert_eq!(house.call(&ann, "DELETE", "/apps/sales", Value::Null).await.status, 204);
    assert!(house.get(&ann, "/apps/sales").await.problem(404).contains("`loggia restore sales`"));
    assert!(!house.get(&bob, "/apps/sales").await.problem(404).contains("restore"));
    assert_eq!(house.get(&ann, "/apps").await.json, json!([]));
    house.call(&bob, "POST", "/apps/sales/restore", Value::Null).await.problem(404);
    let back = house.call(&ann, "POST", "/apps/sales/restore", Value::Null).await;
    assert_eq!(back.json["current"], release);
}

#[tokio::test]
async fn the_audit_record_says_from_where() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    house.clock.advance(Duration::from_secs(1));
    house.call(&ann, "PATCH", "/apps/sales", json!({"audience": "public"})).await;
    let mut lines = house.get(&ann, "/apps/sales/audit").await.json;
    let server = lines[0].as_object_mut().unwrap().remove("server").unwrap();
    assert_eq!(server.as_str().unwrap().len(), 26);
    let expected = json!({"when": "2027-01-15T08:00:01Z", "who": "ann@example.org", "from": "192.0.2.7",
        "app": "sales", "action": "audience-set", "audience": "public", "rule": "owner", "number": 2, "of_app": 2});
    assert_eq!(lines[0], expected);
    assert_eq!(lines[1]["action"], "created");
}

#[tokio::test]
async fn a_stale_catalog_decides_nothing() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    house.clock.advance(Duration::from_secs(61));
    for path in ["/apps", "/apps/sales"] {
        let answer = house.get(&ann, path).await;
        answer.problem(503);
        assert_eq!(answer.headers["retry-after"], "5");
    }
}

#[tokio::test]
async fn an_address_or_a_method_that_the_api_lacks_is_a_problem_too() {
    let (house, ann, _) = House::with_ann_and_bob().await;
    for nothing in ["/nothing", "", "/apps/sales/nothing", "/../v2/apps"] {
        assert!(house.get(&ann, nothing).await.problem(404).contains("openapi.json"), "{nothing}");
    }
    house.call(&ann, "PUT", "/apps", Value::Null).await.problem(405);
}
