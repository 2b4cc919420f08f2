//! An app on a day of the past, and pages that stay open through a publish.

use std::time::Duration;

use jiff::Timestamp;
use loggia::model::{Audience, Clock};
use serde_json::json;

use super::{open_to_all, owner, set};
use crate::support::app::{Answer, TestApp};

const DAY: Duration = Duration::from_hours(24);

/// A server whose clock stands at noon of 30 March 2026.
async fn server() -> (TestApp, Clock) {
    let noon: Timestamp = "2026-03-30T12:00:00Z".parse().unwrap();
    let clock = Clock::fixed(noon);
    (TestApp::start_at(clock.clone(), |_| {}, true).await, clock)
}

/// What `host` answers once the server has seen the bucket at the clock's time.
async fn get(app: &TestApp, host: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    for _ in 0..100 {
        let answer = app.get(host, path, headers).await;
        if answer.status != 503 {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the catalog stays stale")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_shows_the_release_that_was_current_when_it_ended() {
    let (app, clock) = server().await;
    app.publish("site", &[("index.html", b"morning")]).await;
    clock.advance(Duration::from_hours(2));
    let first = app.publish("site", &[("index.html", b"evening")]).await;
    open_to_all(&app).await;
    clock.advance(2 * DAY);
    app.publish("site", &[("index.html", b"april")]).await;
    clock.advance(DAY);
    app.loggia.releases.activate(&"site".parse().unwrap(), first, &owner(&app)).await.unwrap();
    for (day, status, text) in [
        ("2026-03-29", 404, ""),
        ("2026-03-30", 200, "evening"),
        ("2026-03-31", 200, "evening"),
        ("2026-04-01", 200, "april"),
        ("2026-04-02", 200, "evening"),
        ("2026-04-03", 404, ""),
    ] {
        let answer = get(&app, &format!("{day}--site"), "/", &[]).await;
        assert_eq!(answer.status, status, "{day}");
        if status == 200 {
            assert_eq!(answer.text(), text, "{day}");
        }
    }
    for host in ["2026-3-30--site", "20260330--site", "2026-02-30--site", "2026-03-30--nosuchapp"] {
        let status = get(&app, host, "/", &[]).await.status;
        assert!(matches!(status, 303 | 404), "{host}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_the_past_has_todays_audience() {
    let (app, clock) = server().await;
    app.publish("site", &[("index.html", b"then")]).await;
    open_to_all(&app).await;
    clock.advance(DAY);
    let host = "2026-03-30--site";
    assert_eq!(get(&app, host, "/", &[]).await.status, 200);
    let name = "site".parse().unwrap();
    app.loggia.releases.set_audience(&name, Audience::Listed, &owner(&app)).await.unwrap();
    assert_eq!(get(&app, host, "/", &[]).await.status, 303);
    assert_eq!(
        get(&app, "2026-03-01--site", "/", &[]).await.status,
        303,
        "a day without a release looks the same"
    );
    app.share("site", "ann@example.org").await;
    let ann = app.at_app(host, "ann@example.org", "s1");
    assert_eq!(get(&app, host, "/", &[("Cookie", &ann)]).await.text(), "then");
    let elsewhere = app.at_app("site", "ann@example.org", "s2");
    assert_eq!(
        get(&app, host, "/", &[("Cookie", &elsewhere)]).await.status,
        303,
        "a session is for one host"
    );
}

/// Two releases, a day apart; the first had what the second lacks.
async fn published_twice() -> (TestApp, Clock) {
    let (app, clock) = server().await;
    let files: &[(&str, &[u8])] = &[
        ("index.html", b"1"),
        ("app.3f9a1c2b.js", b"old script"),
        ("gone.html", b"old page"),
        ("both.css", b"1"),
    ];
    app.publish("site", files).await;
    open_to_all(&app).await;
    clock.advance(DAY);
    app.publish("site", &[("index.html", b"2"), ("both.css", b"2"), ("_redirects", b"/* /index.html 200")])
        .await;
    (app, clock)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_keeps_its_files_for_a_week() {
    let (app, clock) = published_twice().await;
    let old = get(&app, "site", "/app.3f9a1c2b.js", &[]).await;
    assert_eq!((old.status, old.text().as_str()), (200, "old script"));
    assert_eq!(old.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(get(&app, "site", "/both.css", &[]).await.text(), "2", "what is there is the current one");
    let range = get(&app, "site", "/app.3f9a1c2b.js", &[("Range", "bytes=0-2")]).await;
    assert_eq!((range.status, range.text().as_str()), (206, "old"));
    let navigation = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")];
    let page = get(&app, "site", "/gone", &navigation).await;
    assert_eq!(page.text(), "2", "a page that was left out is not opened again");
    assert_eq!(get(&app, "site", "/gone", &[]).await.text(), "old page", "but what is open still reads it");
    clock.advance(6 * DAY);
    assert_eq!(get(&app, "site", "/app.3f9a1c2b.js", &[]).await.text(), "old script");
    clock.advance(DAY);
    assert_eq!(get(&app, "site", "/app.3f9a1c2b.js", &[]).await.text(), "2", "after a week the rule answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_earlier_releases_have_todays_audience_and_a_setting() {
    let (app, _clock) = published_twice().await;
    let current = app.loggia.releases.catalog().app(&"site".parse().unwrap()).unwrap().current.unwrap();
    let preview = format!("{current}--site");
    assert_eq!(
        get(&app, &preview, "/app.3f9a1c2b.js", &[]).await.text(),
        "2",
        "a release by itself is itself"
    );
    let name = "site".parse().unwrap();
    app.loggia.releases.set_audience(&name, Audience::Listed, &owner(&app)).await.unwrap();
    assert_eq!(get(&app, "site", "/app.3f9a1c2b.js", &[]).await.status, 303);
    app.share("site", "ann@example.org").await;
    let ann = app.at_app("site", "ann@example.org", "s1");
    let old = get(&app, "site", "/app.3f9a1c2b.js", &[("Cookie", &ann)]).await;
    assert_eq!(old.text(), "old script");
    assert_eq!(old.header("cache-control"), Some("private, max-age=31536000, immutable"));
    set(&app, json!({"keep_days": 0})).await;
    assert_eq!(get(&app, "site", "/app.3f9a1c2b.js", &[("Cookie", &ann)]).await.text(), "2");
    set(&app, json!({"keep_days": 30})).await;
    assert_eq!(get(&app, "site", "/app.3f9a1c2b.js", &[("Cookie", &ann)]).await.text(), "old script");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_leaves_nothing_behind() {
    let (app, clock) = server().await;
    app.publish("site", &[("index.html", b"1")]).await;
    open_to_all(&app).await;
    clock.advance(Duration::from_mins(1));
    assert_eq!(get(&app, "site", "/draft.js", &[]).await.status, 404);
    app.publish("site", &[("index.html", b"2"), ("new.js", b"new")]).await;
    assert_eq!(get(&app, "site", "/new.js", &[]).await.text(), "new");
    app.loggia.releases.rollback(&"site".parse().unwrap(), &owner(&app)).await.unwrap();
    assert_eq!(get(&app, "site", "/", &[]).await.text(), "1");
    assert_eq!(
        get(&app, "site", "/new.js", &[]).await.text(),
        "new",
        "a page of the release that was rolled back"
    );
}
