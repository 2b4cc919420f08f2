//! The API, the command and the page: who may turn it on, and what they are told.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::*;
use crate::support::app::{Answer, TestApp};

/// A server whose operator named two places, one of them for others.
async fn server() -> TestApp {
    let app = TestApp::start_with(|config| {
        let theirs = SyncedFolders {
            name: "statistics".to_owned(),
            publishers: vec!["group:statisticians".parse().unwrap()],
            ..folders()
        };
        // Nothing listens there.
        let endpoint = Some("http://127.0.0.1:9".parse().unwrap());
        config.synced = vec![SyncedFolders { endpoint, ..folders() }, theirs];
    })
    .await;
    app.publish("tides", &[("index.html", b"<title>Tides</title>")]).await;
    app
}

async fn call(app: &TestApp, token: &str, method: &str, path: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} /-/api/v1{path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        app.port,
        body.len()
    );
    app.raw(head.into_bytes()).await
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{} {}", answer.head, answer.text()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_turns_it_on_and_off_by_the_api() {
    let app = server().await;
    let token = app.token("owner@example.org").await;
    let set =
        async |folders: Value| call(&app, &token, "PATCH", "/apps/tides", &json!({"synced": folders})).await;
    let synced = async || json_of(&call(&app, &token, "GET", "/apps/tides/synced", &Value::Null).await);
    assert_eq!(
        synced().await,
        json!({"filling": null, "places": [{"name": "analysts", "folder": "s3://gallery/incoming/tides/",
            "marker": null, "settle": 0}]})
    );
    for unknown in ["statistics", "nowhere", "../analysts", ""] {
        let refused = set(json!(unknown)).await;
        assert_eq!(refused.status, 422, "{unknown}");
        assert!(refused.text().contains("an operator names them: analysts"), "{}", refused.text());
    }
    assert_eq!(set(json!("analysts")).await.status, 200);
    let on = synced().await;
    assert_eq!(on["filling"]["folders"], "analysts");
    assert_eq!(on["filling"]["folder"], "s3://gallery/incoming/tides/");
    assert_eq!(on["filling"]["by"], "owner@example.org");
    // Saying it again changes nothing.
    assert_eq!(set(json!("analysts")).await.status, 200);
    assert_eq!(synced().await["filling"]["since"], on["filling"]["since"]);
    assert_eq!(set(Value::Null).await.status, 200);
    assert_eq!(synced().await["filling"], Value::Null);
    let lines = app.record("tides").await.into_iter().filter(|event| event.action.name() == "synced-set");
    let lines: Vec<String> = lines.map(|event| event.action.detail()).collect();
    assert_eq!(lines, ["from no folder", "analysts"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_turns_it_on() {
    let app = server().await;
    app.share("tides", "viewer@example.org").await;
    for (who, status) in [("viewer@example.org", 404), ("stranger@example.org", 404)] {
        let token = app.token(who).await;
        let set = call(&app, &token, "PATCH", "/apps/tides", &json!({"synced": "analysts"})).await;
        assert_eq!(set.status, status, "{who}");
        assert_eq!(
            call(&app, &token, "GET", "/apps/tides/synced", &Value::Null).await.status,
            status,
            "{who}"
        );
        let form = app.post("", "/-/apps/tides/synced", &app.at_main(who), &[("folders", "analysts")]).await;
        assert_eq!(form.status, status, "{who}");
    }
    let anonymous =
        call(&app, "loggia_nothing", "PATCH", "/apps/tides", &json!({"synced": "analysts"})).await;
    assert_eq!(anonymous.status, 401);
    let form = app.post("", "/-/apps/tides/synced", "", &[("folders", "analysts")]).await;
    assert!(matches!(form.status, 303 | 401 | 403), "{}", form.head);
    let token = app
        .token_that_may("owner@example.org", loggia::model::Ability::Publish, loggia::model::TokenScope::All)
        .await;
    let set = call(&app, &token, "PATCH", "/apps/tides", &json!({"synced": "analysts"})).await;
    assert_eq!(set.status, 403, "a token for publishing changes no settings");
    let tides = app.loggia.releases.catalog().app(&super::app()).unwrap().clone();
    assert_eq!(tides.synced, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_fills_it_and_what_is_wrong() {
    let app = server().await;
    let cookie = app.at_main("owner@example.org");
    let page = async || app.get("", "/-/apps/tides/", &[("Cookie", &cookie)]).await.text();
    assert!(page().await.contains("<code>s3://gallery/incoming/tides/</code>"));
    assert!(!page().await.contains("statistics"), "a place for others is not offered");
    let set =
        async |folders: &str| app.post("", "/-/apps/tides/synced", &cookie, &[("folders", folders)]).await;
    let refused = set("statistics").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Not done"), "{}", refused.text());
    let on = set("analysts").await;
    assert_eq!(on.status, 200, "{}", on.text());
    assert!(on.text().contains("It is filled from its folder"));
    assert!(page().await.contains("none yet"));
    // The bucket is not there.
    let told = until("trouble", async || {
        let page = page().await;
        page.contains("The last change is no release").then_some(page)
    });
    assert!(told.await.contains("the folder cannot be read"));
    assert!(set("").await.text().contains("It is filled from no folder"));
    assert!(!page().await.contains("The last change is no release"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_turns_it_on_and_says_how_far_it_is() {
    let app = server().await;
    let token = app.token("owner@example.org").await;
    let run = async |options: &'static [&'static str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loggia"));
        command
            .args(["sync", "tides"])
            .args(options)
            .env("LOGGIA_SERVER", app.home())
            .env("LOGGIA_TOKEN", &token)
            .stdin(Stdio::null());
        let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code().unwrap(), text(&done.stdout), text(&done.stderr))
    };
    let (status, said, _) = run(&[]).await;
    assert_eq!(status, 0);
    assert!(
        said.contains("`loggia sync tides --from analysts` fills it from s3://gallery/incoming/tides/"),
        "{said}"
    );
    let (status, _, error) = run(&["--from", "statistics"]).await;
    assert_eq!(status, 1);
    assert!(error.contains("an operator names them: analysts"), "{error}");
    let (_, said, error) = run(&["--from", "analysts"]).await;
    assert!(
        said.contains("filled from s3://gallery/incoming/tides/, turned on by owner@example.org"),
        "{said}{error}"
    );
    let failed = until("trouble", async || Some(run(&[]).await).filter(|(status, ..)| *status == 1)).await;
    assert!(failed.1.contains("The last change is no release: the folder cannot be read"), "{}", failed.1);
    let (status, said, _) = run(&["--off", "--json"]).await;
    assert_eq!(status, 0);
    assert_eq!(serde_json::from_str::<Value>(&said).unwrap()["filling"], Value::Null);
}
