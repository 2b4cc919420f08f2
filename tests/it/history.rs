//! The releases an app has had: compared, deleted, restored; the limits; and what a bucket says of itself.

use loggia::storage::{BucketSettings, Promise, StorageError};

use crate::support::app::TestApp;
use crate::support::s3::S3Double;

async fn call(house: &TestApp, token: &str, method: &str, path: &str) -> (u16, serde_json::Value) {
    let bearer = format!("Bearer {token}");
    let path = format!("/-/api/v1/{path}");
    let answer =
        house.request(method, "", &path, &[("Authorization", &bearer), ("Content-Length", "0")]).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_compares_deletes_and_restores_releases() {
    let house = TestApp::start().await;
    let token = house.token("owner@example.org").await;
    let first = house.publish("tides", &[("index.html", b"<p>one"), ("old.txt", b"old")]).await;
    let second = house.publish("tides", &[("index.html", b"<p>two!"), ("new.txt", b"new")]).await;

    let (status, diff) =
        call(&house, &token, "GET", &format!("apps/tides/releases/{second}/diff?against={first}")).await;
    assert_eq!(status, 200);
    assert_eq!(diff["added"], serde_json::json!([{"path": "new.txt", "before": 0, "after": 3}]));
    assert_eq!(diff["changed"], serde_json::json!([{"path": "index.html", "before": 6, "after": 7}]));
    assert_eq!(diff["removed"], serde_json::json!([{"path": "old.txt", "before": 3, "after": 0}]));
    assert_eq!(call(&house, &token, "GET", &format!("apps/tides/releases/{second}/diff")).await.0, 422);
    let stranger = house.token("stranger@example.org").await;
    let path = format!("apps/tides/releases/{second}/diff?against={first}");
    assert_eq!(call(&house, &stranger, "GET", &path).await.0, 404, "not theirs is not there");

    let release = format!("apps/tides/releases/{first}");
    assert_eq!(call(&house, &token, "DELETE", &format!("apps/tides/releases/{second}")).await.0, 409, "live");
    assert_eq!(call(&house, &token, "DELETE", &release).await.0, 204);
    assert_eq!(call(&house, &token, "DELETE", &release).await.0, 204, "again is fine");
    assert_eq!(call(&house, &token, "POST", &format!("{release}/activate")).await.0, 409);
    assert_eq!(call(&house, &token, "POST", "apps/tides/rollback").await.0, 409, "nothing earlier is left");
    let cookie = house.at_app(&format!("{first}--tides"), "owner@example.org", "s");
    let shown = house.get(&format!("{first}--tides"), "/", &[("Cookie", &cookie)]).await;
    assert_eq!(shown.status, 404, "a deleted release is shown nowhere");
    let (_, listed) = call(&house, &token, "GET", "apps/tides/releases").await;
    assert!(listed[1]["deleted"].is_string(), "{listed}");

    assert_eq!(call(&house, &token, "POST", &format!("{release}/restore")).await.0, 200);
    assert_eq!(call(&house, &token, "POST", &format!("{release}/activate")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_of_an_app_says_what_changed_and_how_it_is_kept() {
    let house = TestApp::start().await;
    house.publish("tides", &[("index.html", b"one")]).await;
    house.publish("tides", &[("index.html", b"two"), ("new.txt", b"new")]).await;
    let cookie = house.at_main("owner@example.org");
    let page = house.get("", "/-/apps/tides/", &[("Cookie", &cookie)]).await.text();
    assert!(page.contains("1 added, 1 changed"), "{page}");
    assert!(page.contains("+ new.txt") && page.contains("a folder on this server"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_creates_more_apps_than_allowed() {
    let house = TestApp::start_with(|config| config.limits.apps_per_publisher = 2).await;
    for app in ["one", "two"] {
        house.publish(app, &[("index.html", b"x")]).await;
    }
    let by = loggia::releases::By { person: house.person("owner@example.org"), from: None };
    let releases = &house.loggia.releases;
    let refused = releases.create_app(&"three".parse().unwrap(), "Three", &by).await.unwrap_err();
    assert!(refused.to_string().contains("`apps_per_publisher`"), "{refused}");
    releases.delete(&"one".parse().unwrap(), &by).await.unwrap();
    releases.create_app(&"three".parse().unwrap(), "Three", &by).await.unwrap();
}

#[tokio::test]
async fn a_bucket_says_what_it_promises_and_must_be_where_it_may_be() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let promise = Promise::Bucket(BucketSettings {
        region: Some("eu-west-1".to_owned()),
        versioning: Some(true),
        encryption: Some("AES256".to_owned()),
        // The endpoint does not answer that question.
        lifecycle: None,
    });
    assert_eq!(storage.promise().await, promise);
    double.forget();
    assert_eq!(storage.promise().await, promise);
    assert_eq!(double.total(), 0, "it is asked once an hour");

    let regions = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    storage.require_region(&[]).await.unwrap();
    storage.require_region(&regions(&["eu-central-1", "eu-west-1"])).await.unwrap();
    let refused = storage.require_region(&regions(&["us-east-1"])).await;
    assert!(matches!(refused, Err(StorageError::Refused(why)) if why.contains("eu-west-1")));
}
