//! Signing a command in by a code that is typed elsewhere (RFC 8628).

use std::time::Duration;

use jiff::Timestamp;
use loggia::access::device::GRANT;
use loggia::model::{Clock, Whom};
use serde_json::Value;

use crate::support::app::TestApp;

async fn house() -> (TestApp, Clock) {
    let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
    (TestApp::start_unfollowed(clock.clone()).await, clock)
}

async fn post(app: &TestApp, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let answer =
        reqwest::Client::new().post(format!("{}{path}", app.home())).form(form).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Begins: the code that is shown, and the one that the command keeps.
async fn begin(app: &TestApp) -> (String, String) {
    let (status, shown) =
        post(app, "/-/device/authorize", &[("client_id", "loggia-cli"), ("label", "a server")]).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["verification_uri"], format!("{}/-/device", app.home()));
    assert_eq!((shown["expires_in"].as_u64(), shown["interval"].as_u64()), (Some(600), Some(5)));
    let text = |name: &str| shown[name].as_str().unwrap().to_owned();
    (text("user_code"), text("device_code"))
}

/// Asks whether it was allowed: the error's code, or the token.
async fn ask(app: &TestApp, kept: &str) -> Result<String, String> {
    let form = [("grant_type", GRANT), ("device_code", kept), ("client_id", "loggia-cli")];
    match post(app, "/-/token", &form).await {
        (200, answer) => Ok(answer["access_token"].as_str().unwrap().to_owned()),
        (400, answer) => Err(answer["error"].as_str().unwrap().to_owned()),
        (status, answer) => panic!("{status} {answer}"),
    }
}

async fn page(app: &TestApp, path: &str, cookie: &str, form: &[(&str, &str)]) -> (u16, String) {
    let answer = app.form(path, cookie, form).await;
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_gets_a_token_when_its_code_was_typed_and_allowed() {
    let (app, clock) = house().await;
    let (code, kept) = begin(&app).await;
    assert_eq!(ask(&app, &kept).await, Err("authorization_pending".to_owned()));
    assert_eq!(ask(&app, &kept).await, Err("slow_down".to_owned()), "at once again");

    assert_eq!(app.get("", "/-/device", &[]).await.status, 303, "one signs in first");
    let ann = app.at_main("ann@example.org");
    let typed = code.to_lowercase().replace('-', " ");
    let (status, asks) = page(&app, "/-/device", &ann, &[("code", &typed)]).await;
    assert!(status == 200 && asks.contains(&code) && asks.contains("a server"), "{status} {asks}");
    let (_, done) = page(&app, "/-/device/decide", &ann, &[("code", &code), ("decision", "allow")]).await;
    assert!(done.contains("Go back to your terminal"), "{done}");

    clock.advance(Duration::from_secs(5));
    let token = ask(&app, &kept).await.unwrap();
    let me = app.get("", "/-/api/v1/me", &[("Authorization", &format!("Bearer {token}"))]).await;
    assert!(me.text().contains("ann@example.org"), "{}", me.text());
    let account = app.get("", "/-/account/", &[("Cookie", &ann)]).await.text();
    assert!(account.contains("loggia login on a server"), "{account}");
    clock.advance(Duration::from_secs(5));
    assert_eq!(ask(&app, &kept).await, Err("expired_token".to_owned()), "it works once");
    let (status, _) = page(&app, "/-/device", &ann, &[("code", &code)]).await;
    assert_eq!(status, 422, "nothing waits for it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_not_allowed_is_told() {
    let (app, _) = house().await;
    let (code, kept) = begin(&app).await;
    let ann = app.at_main("ann@example.org");
    page(&app, "/-/device/decide", &ann, &[("code", &code), ("decision", "deny")]).await;
    let (status, _) = page(&app, "/-/device/decide", &ann, &[("code", &code), ("decision", "allow")]).await;
    assert_eq!(status, 422, "what was decided stays so");
    assert_eq!(ask(&app, &kept).await, Err("access_denied".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_tokens_were_ended_gets_none_by_a_code_that_waited() {
    let (app, clock) = house().await;
    let (code, kept) = begin(&app).await;
    let ann = app.at_main("ann@example.org");
    page(&app, "/-/device/decide", &ann, &[("code", &code), ("decision", "allow")]).await;
    let email = "ann@example.org".parse().unwrap();
    app.loggia.releases.end_all(&Whom::TokensOf(&email), clock.now()).await.unwrap();
    clock.advance(Duration::from_secs(5));
    assert_eq!(ask(&app, &kept).await, Err("access_denied".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lasts_ten_minutes() {
    let (app, clock) = house().await;
    let (code, kept) = begin(&app).await;
    clock.advance(Duration::from_mins(10));
    app.loggia.releases.poll().await.unwrap();
    let ann = app.at_main("ann@example.org");
    assert_eq!(page(&app, "/-/device", &ann, &[("code", &code)]).await.0, 422);
    assert_eq!(ask(&app, &kept).await, Err("expired_token".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_not_guessed() {
    let (app, clock) = house().await;
    let (code, _) = begin(&app).await;
    let mallory = app.at_main("mallory@example.org");
    for n in 0..10 {
        let guess = format!("BBBB-BBB{}", ["B", "C", "D", "F", "G", "H", "J", "K", "L", "M"][n]);
        assert_eq!(page(&app, "/-/device", &mallory, &[("code", &guess)]).await.0, 422, "{guess}");
    }
    let (status, told) = page(&app, "/-/device", &mallory, &[("code", &code)]).await;
    assert!(status == 429 && told.contains("too many codes"), "the right one comes too late: {status}");
    let decided = [("code", code.as_str()), ("decision", "allow")];
    assert_eq!(page(&app, "/-/device/decide", &mallory, &decided).await.0, 429, "there neither");
    let ann = app.at_main("ann@example.org");
    assert_eq!(page(&app, "/-/device", &ann, &[("code", &code)]).await.0, 200, "others are not held up");
    clock.advance(Duration::from_mins(10));
    app.loggia.releases.poll().await.unwrap();
    assert_eq!(page(&app, "/-/device", &mallory, &[("code", &code)]).await.0, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ours_is_refused_by_name() {
    let (app, _) = house().await;
    let (_, kept) = begin(&app).await;
    let form = [("grant_type", GRANT), ("device_code", kept.as_str()), ("client_id", "another")];
    assert_eq!(post(&app, "/-/token", &form).await.1["error"], "invalid_client");
    assert_eq!(post(&app, "/-/device/authorize", &[("client_id", "x")]).await.1["error"], "invalid_client");
    assert_eq!(ask(&app, "made-up").await, Err("invalid_grant".to_owned()));
    let cross = reqwest::Client::new().post(format!("{}/-/device/decide", app.home()));
    let cross =
        cross.header("Cookie", app.at_main("ann@example.org")).form(&[("code", "x"), ("decision", "allow")]);
    let cross = cross.header("Origin", "http://evil.localhost").header("Sec-Fetch-Site", "same-site");
    assert_eq!(cross.send().await.unwrap().status().as_u16(), 403, "another site's form");
    for _ in 0..29 {
        begin(&app).await;
    }
    let (status, told) = post(&app, "/-/device/authorize", &[("client_id", "loggia-cli")]).await;
    assert_eq!((status, &told["error"]), (400, &Value::from("slow_down")), "a flood fills no bucket");
}
