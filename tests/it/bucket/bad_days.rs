//! The bucket's bad days: each fault against what people do, over HTTP.
//!
//! What is held is served. What is not answers 503, says so, and when to come again. Publishing fails clearly and can be
//! repeated. When the bucket is back, everything works again without a restart.

use std::time::Duration;

use loggia::releases::Releases;
use loggia::storage::{Patience, Storage};

use super::open_to_all;
use crate::support::app::{Answer, TestApp};
use crate::support::s3::{Fault, Operation, S3Double, quick};

/// Every way of failing, and whether anything can be had from a bucket that fails so.
const FAULTS: [(Fault, bool); 7] = [
    (Fault::Slow, true),
    (Fault::SlowDown503, false),
    (Fault::Reset, false),
    (Fault::LostResponse, false),
    (Fault::Truncate, false),
    (Fault::Stall, false),
    (Fault::Gone, false),
];

fn patience() -> Patience {
    let attempt = Duration::from_millis(250);
    Patience { attempt, connect: attempt, operation: Duration::from_secs(1), attempts: 3, ..quick() }
}

/// A server with a public app `site`, of which its first page is held here and the second is not, and `theirs`, which
/// Bob may open.
struct House {
    double: S3Double,
    app: TestApp,
    /// Another server's view, which follows when it is told to.
    neighbour: Releases,
}

impl House {
    async fn new() -> Self {
        let double = S3Double::start().await;
        let publisher = TestApp::start_on(double.storage().await, |_| {}).await;
        let files: [(&str, &[u8]); 2] =
            [("index.html", b"<title>Held</title>"), ("later.html", b"<title>Later</title>")];
        publisher.publish("site", &files).await;
        open_to_all(&publisher, "site").await;
        publisher.publish("theirs", &[("index.html", b"<title>Theirs</title>")]).await;
        publisher.share("theirs", "bob@example.org").await;
        let storage = Storage::s3_at(&double.endpoint(), patience()).await.unwrap();
        let app = TestApp::start_on(storage.clone(), |_| {}).await;
        assert_eq!(app.get("site", "/", &[]).await.status, 200);
        let limits = loggia::config::Limits::default();
        let (clock, entropy) = (loggia::model::Clock::system(), loggia::model::Entropy::system());
        let neighbour = Releases::open(storage, &limits, clock, entropy).await.unwrap();
        Self { double, app, neighbour }
    }

    /// A call of the API as the owner, with the token that was made before the bad day.
    async fn call(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let head = format!(
            "{method} /-/api/v1{path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.app.port,
            body.len()
        );
        self.app.raw(head.into_bytes()).await
    }

    /// Bob arrives at `theirs` with a code; everything before that asks the bucket for nothing.
    async fn enter(&self) -> Answer {
        let opens = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"), ("Accept", "text/html")];
        let begun = self.app.get("theirs", "/", &opens).await;
        assert_eq!(begun.status, 303, "{}", begun.text());
        let nonce = begun.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let at_main = self.app.at_main("bob@example.org");
        let sent = self.app.get("", &path_of(&begun), &[("Cookie", &at_main)]).await;
        assert_eq!(sent.status, 303, "{}", sent.text());
        self.app.get("theirs", &path_of(&sent), &[("Cookie", &nonce)]).await
    }

    /// Waits until the bucket is asked again.
    async fn healed(&self) {
        for _ in 0..500 {
            if self.neighbour.poll().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not heal")
    }
}

fn path_of(redirect: &Answer) -> String {
    let location = redirect.header("location").unwrap();
    let url = url::Url::parse(location).unwrap();
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

/// It says that the storage does not answer, and when to come again.
fn assert_unavailable(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 503, "{what}: {} {}", answer.head, answer.text());
    let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{what}");
    let said = answer.text().to_lowercase();
    assert!(said.contains("storage") && said.contains("does not answer"), "{what}: {said}");
    assert!(said.contains("nothing was lost"), "{what}: {said}");
    assert!(!said.contains("gallery") && !said.contains("127.0.0.1:"), "{what}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_meets_everything_that_people_do() {
    for (fault, can_answer) in FAULTS {
        let house = House::new().await;
        let app = &house.app;
        let token = app.token("owner@example.org").await;
        assert_eq!(house.call(&token, "GET", "/apps/site", "").await.status, 200);
        let before = house.neighbour.catalog().generation();
        open_to_all(app, "theirs").await;
        app.loggia
            .releases
            .set_audience(&"theirs".parse().unwrap(), loggia::model::Audience::Listed, &super::owner(app))
            .await
            .unwrap();

        house.double.fail_always(fault);
        let said = format!("{fault:?}");
        // What is held.
        let held = app.get("site", "/", &[]).await;
        assert_eq!((held.status, held.text().as_str()), (200, "<title>Held</title>"), "{said}");
        assert_eq!(app.get("", "/", &[]).await.status, 200, "{said}: the guides");
        // What is not.
        let later = app.get("site", "/later", &[]).await;
        // Signing in at an app burns a code, which is a write.
        let entered = house.enter().await;
        let release = r#"{"files":{"index.html":{"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","size":5}}}"#;
        let published = house.call(&token, "POST", "/apps/site/releases", release).await;
        let refreshed = house.neighbour.poll().await;
        if can_answer {
            assert_eq!((later.status, entered.status, published.status), (200, 303, 201), "{said}");
            assert!(refreshed.is_ok() && house.neighbour.catalog().generation() > before, "{said}");
        } else {
            assert_unavailable(&later, &said);
            assert!(later.text().contains("<h1"), "{said}: a page says so");
            if fault != Fault::Truncate {
                // With half of an answer to a write, its head says that it was done.
                assert_unavailable(&entered, &said);
                assert_unavailable(&published, &said);
            }
            assert!(refreshed.is_err(), "{said}");
            assert!(
                house.neighbour.catalog().app(&"site".parse().unwrap()).is_some(),
                "{said}: what was known stays"
            );
        }

        house.double.recover();
        house.healed().await;
        assert!(house.neighbour.catalog().generation() > before, "{said}: it is current again");
        assert_eq!(app.get("site", "/later", &[]).await.text(), "<title>Later</title>", "{said}");
        assert_eq!(house.enter().await.status, 303, "{said}");
        let again = house.call(&token, "POST", "/apps/site/releases", release).await;
        assert_eq!(again.status, 201, "{said}: {}", again.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publish_that_broke_off_is_repeated_and_whole() {
    for fault in [Fault::SlowDown503, Fault::Reset, Fault::LostResponse, Fault::Truncate] {
        let house = House::new().await;
        let token = house.app.token("owner@example.org").await;
        let release = r#"{"files":{"index.html":{"sha256":"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824","size":5}}}"#;
        let begun = house.call(&token, "POST", "/apps/site/releases", release).await;
        let id = begun.text().split('"').nth(3).unwrap().to_owned();
        let blob = format!(
            "/apps/site/releases/{id}/blobs/2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        );
        for (method, path, body) in
            [("PUT", blob, "hello"), ("POST", format!("/apps/site/releases/{id}/finish"), "{}")]
        {
            house.double.fail_always(fault);
            let failed = house.call(&token, method, &path, body).await;
            assert!(matches!(failed.status, 503 | 200 | 204), "{fault:?} {path}: {}", failed.text());
            house.double.recover();
            house.healed().await;
            let repeated = house.call(&token, method, &path, body).await;
            assert!(matches!(repeated.status, 200 | 204), "{fault:?} {path}: {}", repeated.text());
        }
        assert_eq!(house.app.get("site", "/", &[]).await.text(), "hello", "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_away_is_left_alone() {
    let double = S3Double::start().await;
    let rest = Duration::from_mins(10);
    let storage = Storage::s3_at(&double.endpoint(), Patience { rest, ..patience() }).await.unwrap();
    double.set_down(true);
    let key = |n: u32| loggia::storage::Key::app(&format!("app-{n}").parse().unwrap());
    for n in 0..10 {
        assert!(storage.get(&key(n)).await.is_err());
    }
    let asked = double.total();
    for n in 0..100 {
        assert!(storage.get(&key(n)).await.is_err());
    }
    assert_eq!(double.total(), asked, "nobody waits for it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_is_asked_for_twice() {
    let double = S3Double::start().await;
    let patience = Patience { attempt: Duration::from_mins(1), operation: Duration::from_mins(1), ..quick() };
    let storage = Storage::s3_at(&double.endpoint(), patience).await.unwrap();
    let key = loggia::storage::Key::app(&"late".parse().unwrap());
    for _ in 0..40 {
        assert!(storage.get(&key).await.unwrap().is_none());
    }
    double.forget();
    double.fail_next_of(Operation::Get, 1, Fault::Stall);
    assert!(storage.get(&key).await.unwrap().is_none(), "the second question is answered");
    assert_eq!(double.count(Operation::Get), 2);
}
