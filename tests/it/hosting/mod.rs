//! What an app's address answers, over real sockets: a table for each part of the protocol.

mod addresses;
mod caching;
mod encodings;
mod isolation;
mod ranges;
mod rules;
mod time;

use std::time::Duration;

use loggia::model::Audience;
use loggia::releases::{By, Change};

use crate::support::app::{Answer, TestApp};

/// A server with these files as the public app `site`.
async fn public(files: &[(&str, &[u8])]) -> TestApp {
    let app = TestApp::start().await;
    app.publish("site", files).await;
    open_to_all(&app).await;
    app
}

async fn open_to_all(app: &TestApp) {
    app.loggia.releases.set_audience(&"site".parse().unwrap(), Audience::Public, &owner(app)).await.unwrap();
}

fn owner(app: &TestApp) -> By {
    By { person: app.person("owner@example.org"), from: None }
}

/// Sets settings of `site`, as the API and the app's page do.
async fn set(app: &TestApp, settings: serde_json::Value) {
    let settings = settings.as_object().cloned();
    let change = Change { settings, ..Change::default() };
    app.loggia.releases.set(&"site".parse().unwrap(), change, &owner(app)).await.unwrap();
}

/// A GET of `site`.
async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    app.get("site", path, headers).await
}

/// A call of the API as the owner.
async fn call(app: &TestApp, method: &str, path: &str, body: &str) -> Answer {
    let token = app.token("owner@example.org").await;
    let head = format!(
        "{method} /-/api/v1{path} HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        app.port,
        body.len()
    );
    app.raw(head.into_bytes()).await
}

/// Waits until `check` holds for what `site` answers at `path`.
async fn eventually(
    app: &TestApp,
    path: &str,
    headers: &[(&str, &str)],
    check: impl Fn(&Answer) -> bool,
) -> Answer {
    for _ in 0..200 {
        let answer = get(app, path, headers).await;
        if check(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it did not come true at {path}")
}
