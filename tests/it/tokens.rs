//! API tokens over a real socket: what each may do, on every route; when it was last used; that it is kept as a hash.

use std::time::Duration;

use jiff::Timestamp;
use loggia::model::{Ability, Clock, TokenScope};
use loggia::storage::Key;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;

/// Calls the API and answers status and body.
async fn call(app: &TestApp, token: &str, method: &str, path: &str) -> (u16, Value) {
    let url = format!("http://localhost:{}/-/api/v1{path}", app.port);
    let method: Method = method.parse().unwrap();
    let answer = reqwest::Client::new().request(method, url).bearer_auth(token).json(&json!({})).send().await;
    let answer = answer.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Every operation of the API's description, on an app and a release that may be there.
async fn operations(app: &TestApp) -> Vec<(String, String)> {
    let document: Value =
        serde_json::from_str(&app.get("", "/-/api/openapi.json", &[]).await.text()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let path = path
            .replace("{name}", "figures")
            .replace("{id}", "01jd3m5wz0c9v1k8q2r4t6y8aa")
            .replace("{sha256}", &"0".repeat(64));
        for method in methods.as_object().unwrap().keys() {
            operations.push((method.to_uppercase(), path.clone()));
        }
    }
    assert!(operations.len() > 20, "the description names them all");
    operations
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_read_changes_nothing_on_any_route() {
    let app = TestApp::start().await;
    app.publish("figures", &[("index.html", b"<h1>Figures</h1>")]).await;
    let read = app.token_that_may("owner@example.org", Ability::Read, TokenScope::All).await;
    for (method, path) in operations(&app).await {
        let (status, problem) = call(&app, &read, &method, &path).await;
        if method == "GET" {
            assert!(!problem["detail"].to_string().contains("this token"), "{method} {path}: {problem}");
            assert_ne!(status, 401, "{method} {path}: {problem}");
        } else {
            assert_eq!(status, 403, "{method} {path}: {problem}");
            assert!(problem["detail"].as_str().unwrap().starts_with("this token may `read`"), "{problem}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_may_publish_shares_and_deletes_nothing() {
    let app = TestApp::start().await;
    app.publish("figures", &[("index.html", b"<h1>Figures</h1>")]).await;
    let publish = app.token_that_may("owner@example.org", Ability::Publish, TokenScope::All).await;
    for (method, path) in [
        ("POST", "/apps/figures/grants"),
        ("DELETE", "/apps/figures/grants?who=ann@example.org"),
        ("PATCH", "/apps/figures"),
        ("DELETE", "/apps/figures"),
        ("POST", "/apps/figures/restore"),
    ] {
        let (status, problem) = call(&app, &publish, method, path).await;
        assert_eq!(status, 403, "{method} {path}: {problem}");
        let detail =
            "this token may `publish`, and this takes one that may `all`; your account page makes one";
        assert_eq!(problem["detail"], detail);
    }
    for (method, path) in [("POST", "/apps"), ("POST", "/apps/figures/releases")] {
        assert_eq!(call(&app, &publish, method, path).await.0, 422, "{method} {path} is looked at");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_app_is_refused_by_name_wherever_else_it_goes() {
    let app = TestApp::start().await;
    app.publish("figures", &[("index.html", b"<h1>Figures</h1>")]).await;
    app.publish("sales", &[("index.html", b"<h1>Sales</h1>")]).await;
    let only = TokenScope::App("sales".parse().unwrap());
    let narrow = app.token_that_may("owner@example.org", Ability::All, only).await;
    for (method, path) in operations(&app).await.into_iter().filter(|(_, path)| path.contains("figures")) {
        let (status, there) = call(&app, &narrow, &method, &path).await;
        assert_eq!(status, 403, "{method} {path}: {there}");
        assert_eq!(there["detail"], "this token is for the app `sales` only");
        let (_, absent) = call(&app, &narrow, &method, &path.replace("figures", "nosuchapp")).await;
        assert_eq!(there, absent, "{method} {path}: it says nothing of what is there");
    }
    assert_eq!(call(&app, &narrow, "GET", "/apps/sales").await.0, 200);
    let (_, me) = call(&app, &narrow, "GET", "/me").await;
    assert_eq!((&me["scope"], &me["app"]), (&json!("all"), &json!("sales")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_noted_once_an_hour() {
    let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
    let app = TestApp::start_unfollowed(clock.clone()).await;
    let token = app.token("ann@example.org").await;
    let owner = Key::owner(&app.person("ann@example.org").subject);
    let used = async || app.loggia.releases.tokens_of(&owner).await.unwrap()[0].used;
    assert_eq!(used().await, None);

    let began = clock.now();
    call(&app, &token, "GET", "/me").await;
    for _ in 0..100 {
        if used().await.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(used().await, Some(began));
    clock.advance(Duration::from_mins(59));
    call(&app, &token, "GET", "/me").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(used().await, Some(began), "not again within the hour");
    clock.advance(Duration::from_mins(1));
    call(&app, &token, "GET", "/me").await;
    for _ in 0..100 {
        if used().await != Some(began) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(used().await, Some(clock.now()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_on_the_account_page_shown_once_and_taken_back_for_good() {
    let app = TestApp::start().await;
    let cookie = app.at_main("ann@example.org");
    let post =
        async |path: &str, form: &[(&str, &str)]| app.form(path, &cookie, form).await.text().await.unwrap();
    let page =
        post("/-/account/tokens", &[("label", "nightly"), ("may", "read"), ("app", ""), ("days", "7")]).await;
    let token =
        page.split("<pre tabindex=\"0\"><code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(page.contains("May read, all your apps"), "{page}");
    assert_eq!(call(&app, &token, "GET", "/me").await.1["scope"], "read");
    let again = app.get("", "/-/account/", &[("Cookie", &cookie)]).await.text();
    assert!(again.contains("nightly") && !again.contains(&token), "it is shown once");

    let refused = post("/-/account/tokens", &[("label", "x"), ("may", "rule"), ("days", "7")]).await;
    assert!(refused.contains("Not done."), "{refused}");

    let id = again.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    post("/-/account/tokens/revoke", &[("id", id)]).await;
    assert_eq!(call(&app, &token, "GET", "/me").await.0, 401);
}
