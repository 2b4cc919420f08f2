//! Ten thousand apps: a start reads a few objects, and every server learns of what another finds.

use futures_util::{StreamExt as _, stream};
use loggia::config::Limits;
use loggia::model::{AppName, Audience, Clock, Entropy};
use loggia::releases::Releases;
use loggia::storage::{Body, Condition, Key, Storage};
use serde_json::Value;

use super::{open_to_all, owner};
use crate::support::app::TestApp;
use crate::support::s3::{Operation, S3Double};

/// As many apps as a test has time for; `LOGGIA_TEST_APPS` for more.
fn many() -> usize {
    let given = std::env::var_os("LOGGIA_TEST_APPS").and_then(|given| given.to_str()?.parse().ok());
    given.unwrap_or(2500)
}

async fn serve(storage: &Storage) -> Releases {
    let (limits, clock) = (Limits::default(), Clock::system());
    Releases::open(storage.clone(), &limits, clock, Entropy::system()).await.unwrap()
}

/// Puts `count` apps like `model` into the bucket, without telling anybody.
async fn fill(storage: &Storage, model: &AppName, count: usize) {
    let record = storage.get(&Key::app(model)).await.unwrap().unwrap();
    let record: Value = serde_json::from_slice(&record.bytes).unwrap();
    let puts = (0..count).map(|n| {
        let mut record = record.clone();
        let name = format!("app-{n}");
        record["name"] = Value::String(name.clone());
        record["write_id"] = Value::String(format!("write {n}"));
        async move {
            let body = Body::Bytes(serde_json::to_vec(&record).unwrap().into());
            let _ = storage.put(&Key::app(&name.parse().unwrap()), body, Condition::Absent).await.unwrap();
        }
    });
    stream::iter(puts).buffer_unordered(32).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_reads_the_gathered_records_and_what_changed_since() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let app = TestApp::start_on(storage.clone(), |_| {}).await;
    app.publish("model", &[("index.html", b"one")]).await;
    let by = owner(&app);
    drop(app);
    let (model, many) = ("model".parse().unwrap(), many());
    fill(&storage, &model, many).await;
    let earlier = serve(&storage).await;
    earlier.look_over().await.unwrap();
    // After the records were gathered.
    earlier.set_audience(&"app-7".parse().unwrap(), Audience::Public, &by).await.unwrap();

    double.forget();
    let begun = std::time::Instant::now();
    let started = serve(&storage).await;
    println!("{many} apps: started in {:?}", begun.elapsed());
    assert_eq!(started.catalog().apps().count(), many + 1);
    assert_eq!(started.catalog().app(&"app-7".parse().unwrap()).unwrap().audience, Audience::Public);
    let mut asked = double.asked("");
    // One that was late is asked for twice.
    asked.dedup();
    assert!(asked.len() <= 6, "the copy, the journal, what changed, and what was ended: {asked:?}");
    assert_eq!(asked.iter().filter(|line| line.contains("app.json")).count(), 1, "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_of_several_reads_every_record() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let (one, two) = (serve(&storage).await, serve(&storage).await);
    let app = TestApp::start_on(storage.clone(), |_| {}).await;
    app.publish("model", &[("index.html", b"one")]).await;
    drop(app);
    one.look_over().await.unwrap();
    two.look_over().await.unwrap();
    // Nobody is told of these.
    fill(&storage, &"model".parse().unwrap(), 30).await;
    one.look_over().await.unwrap();
    assert_eq!(one.catalog().apps().count(), 31);
    double.forget();
    two.look_over().await.unwrap();
    assert_eq!(two.catalog().apps().count(), 31);
    assert!(double.total() <= 6, "{:?}", double.asked(""));
    assert!(double.asked("app.json").len() <= 1);

    // The one that worked is gone; the other takes its turn when nobody else did.
    double.forget();
    two.look_over().await.unwrap();
    assert!(double.asked("app.json").len() > 30);
    assert_eq!(double.count(Operation::Put), 1, "nothing changed, so the copy stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_or_damaged_copy_heals() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let app = TestApp::start_on(storage.clone(), |_| {}).await;
    app.publish("model", &[("index.html", b"one")]).await;
    let name: AppName = "model".parse().unwrap();
    app.loggia.releases.look_over().await.unwrap();
    let stale = storage.get(&Key::gathered()).await.unwrap().unwrap().bytes;
    open_to_all(&app, "model").await;
    for n in 0..300 {
        app.loggia.releases.end_session(&format!("session-{n}")).await.unwrap();
    }
    app.loggia.releases.look_over().await.unwrap();
    let right = storage.get(&Key::gathered()).await.unwrap().unwrap().bytes;
    for copy in [stale, "not a copy".into(), right.slice(..right.len() / 2)] {
        let _ = storage.put(&Key::gathered(), Body::Bytes(copy), Condition::Always).await.unwrap();
        let started = serve(&storage).await;
        assert_eq!(started.catalog().app(&name).unwrap().audience, Audience::Public);
    }
    // An app whose record was taken out of the bucket.
    storage.delete(&Key::app(&name)).await.unwrap();
    app.loggia.releases.look_over().await.unwrap();
    app.loggia.releases.look_over().await.unwrap();
    assert!(serve(&storage).await.catalog().app(&name).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_steady_state_a_page_view_asks_the_bucket_for_nothing() {
    let double = S3Double::start().await;
    let app = TestApp::start_on(double.storage().await, |_| {}).await;
    app.publish("site", &[("index.html", b"<title>Tides</title>"), ("a.css", b"p {}")]).await;
    open_to_all(&app, "site").await;
    app.publish("theirs", &[("index.html", b"<title>Theirs</title>")]).await;
    app.share("theirs", "bob@example.org").await;
    let bob = app.at_app("theirs", "bob@example.org", "session");
    let views = async || {
        for (host, path) in [("site", "/"), ("site", "/a.css"), ("theirs", "/"), ("", "/")] {
            let answer = app.get(host, path, &[("Cookie", &bob), ("Accept-Encoding", "br")]).await;
            assert_eq!(answer.status, 200, "{host}{path}: {}", answer.head);
        }
    };
    views().await;
    let asked =
        || -> Vec<_> { double.asked("").into_iter().filter(|line| !line.contains("/catalog/")).collect() };
    // What was just published is read once more by the next poll, and for search.
    for _ in 0..50 {
        double.forget();
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        if asked().is_empty() {
            break;
        }
    }
    double.forget();
    for _ in 0..25 {
        views().await;
    }
    assert_eq!(asked(), Vec::<String>::new());
}
