//! What keeps an app apart: from those who would frame it, from other origins, and from what stood there before.

use serde_json::json;

use super::{call, get, open_to_all, owner, public, set};
use crate::support::app::{Answer, TestApp};

fn policies(answer: &Answer) -> Vec<String> {
    let named = answer.head.lines().filter_map(|line| line.split_once(": "));
    named
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-security-policy"))
        .map(|(_, value)| value.to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_decide_who_may_frame_it_and_whether_it_is_isolated() {
    let app = public(&[("index.html", b"page"), ("404.html", b"none"), ("sw.js", b"1")]).await;
    let plain = get(&app, "/", &[]).await;
    assert_eq!(policies(&plain), ["frame-ancestors 'self'"]);
    assert_eq!(plain.header("cross-origin-opener-policy"), None);

    let patch = json!({"settings": {
        "isolated": true,
        "frame_ancestors": ["'self'", "https://intranet.example.org"],
        "csp": "default-src 'self' data:",
        "description": "kept",
    }});
    let changed = call(&app, "PATCH", "/apps/site", &patch.to_string()).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    for path in ["/", "/none", "/index.html", "/sw.js"] {
        let answer = get(&app, path, &[]).await;
        assert_eq!(
            policies(&answer),
            ["frame-ancestors 'self' https://intranet.example.org", "default-src 'self' data:"],
            "{path}"
        );
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{path}");
        assert_eq!(answer.header("cross-origin-embedder-policy"), Some("require-corp"), "{path}");
        assert_eq!(answer.header("service-worker-allowed"), None, "{path}");
    }
    let back = json!({"settings": {"isolated": null, "frame_ancestors": [], "csp": null}});
    let changed = call(&app, "PATCH", "/apps/site", &back.to_string()).await;
    assert!(changed.text().contains("\"kept\""), "what is left out stays: {}", changed.text());
    let answer = get(&app, "/", &[]).await;
    assert_eq!(policies(&answer), ["frame-ancestors 'none'"]);
    assert_eq!(answer.header("cross-origin-embedder-policy"), None);

    for bad in [
        json!({"csp": "x\r\nSet-Cookie: a=b"}),
        json!({"frame_ancestors": ["https://a.example; script-src *"]}),
        json!({"keep_days": 1000}),
        json!({"fallback": "../x"}),
    ] {
        let refused = call(&app, "PATCH", "/apps/site", &json!({ "settings": bad }).to_string()).await;
        assert_eq!(refused.status, 422, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_page_sets_how_it_is_served() {
    let app = public(&[("index.html", b"page")]).await;
    let cookie = app.at_main("owner@example.org");
    let origin = format!("http://localhost:{}", app.port);
    let post = async |form: &str| {
        let head = format!(
            "POST /-/apps/site/settings HTTP/1.1\r\nHost: localhost:{}\r\nCookie: {cookie}\r\nOrigin: {origin}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{form}",
            app.port,
            form.len()
        );
        app.raw(head.into_bytes()).await
    };
    let form =
        "isolated=on&fallback=index.html&frame_ancestors=%27self%27+https%3A%2F%2Fx.example&csp=&keep_days=3";
    let done = post(form).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.text().contains("https://x.example"));
    let answer = get(&app, "/any/route", &[]).await;
    assert_eq!((answer.status, answer.header("cross-origin-opener-policy")), (200, Some("same-origin")));
    let refused = post("keep_days=99").await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("30 days are the most"), "{}", refused.text());
    let cleared = post("fallback=&frame_ancestors=&csp=&keep_days=").await;
    assert_eq!(cleared.status, 200);
    assert_eq!(get(&app, "/any/route", &[]).await.status, 404);
    assert_eq!(policies(&get(&app, "/", &[]).await), ["frame-ancestors 'self'"]);
}

const CLEARED: Option<&str> = Some("\"cache\", \"storage\"");

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_apps_origin_is_cleared_and_a_restored_one_once_more() {
    let app = public(&[("index.html", b"page"), ("x.js", b"1")]).await;
    let name = "site".parse().unwrap();
    let page = get(&app, "/", &[]).await;
    assert_eq!((page.header("clear-site-data"), page.header("set-cookie")), (None, None));
    app.loggia.releases.delete(&name, &owner(&app)).await.unwrap();
    for path in ["/", "/x.js"] {
        assert_eq!(get(&app, path, &[]).await.header("clear-site-data"), CLEARED, "{path}");
    }
    app.loggia.releases.restore(&name, &owner(&app)).await.unwrap();
    let again = get(&app, "/", &[]).await;
    assert_eq!((again.status, again.header("clear-site-data")), (200, CLEARED));
    let set = again.header("set-cookie").unwrap();
    assert!(set.starts_with("__Host-loggia-origin=1; Path=/; "), "{set}");
    assert!(set.contains("Secure; HttpOnly; SameSite=Lax"), "{set}");
    assert_eq!(again.header("cache-control"), Some("private, no-cache"));
    let known = [("Cookie", "__Host-loggia-origin=1")];
    let told = get(&app, "/", &known).await;
    assert_eq!((told.header("clear-site-data"), told.header("set-cookie")), (None, None));
    let script = get(&app, "/x.js", &[("Sec-Fetch-Mode", "no-cors")]).await;
    assert_eq!(script.header("clear-site-data"), None, "when a page is opened, not in its middle");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_a_name_was_deleted_is_told_only_to_whom_it_could_be_known() {
    let app = TestApp::start().await;
    app.publish("site", &[("index.html", b"page")]).await;
    app.loggia.releases.delete(&"site".parse().unwrap(), &owner(&app)).await.unwrap();
    let deleted = get(&app, "/", &[]).await;
    let absent = app.get("nosuchapp", "/", &[]).await;
    assert_eq!((deleted.status, absent.status), (303, 303));
    assert_eq!((deleted.header("clear-site-data"), absent.header("clear-site-data")), (None, None));
    let ann = app.at_app("site", "ann@example.org", "s1");
    let told = get(&app, "/", &[("Cookie", &ann)]).await;
    assert_eq!((told.status, told.header("clear-site-data")), (404, CLEARED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_setting_changes_nothing_of_who_may_see() {
    let app = TestApp::start().await;
    app.publish("site", &[("index.html", b"page")]).await;
    set(&app, json!({"fallback": "index.html"})).await;
    assert_eq!(get(&app, "/any", &[]).await.status, 303);
    open_to_all(&app).await;
    assert_eq!(get(&app, "/any", &[]).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_owner_means_another_origin() {
    let app = public(&[("index.html", b"page")]).await;
    let name = "site".parse().unwrap();
    let give = async |to: &str| {
        let to = app.person(to);
        let change = |app: &mut loggia::model::App| {
            app.owner = to.clone();
            Ok(())
        };
        let action = loggia::model::AuditAction::SettingsChanged;
        app.loggia.releases.change(&name, &owner(&app), action, change).await.unwrap();
    };
    give("owner@example.org").await;
    assert_eq!(get(&app, "/", &[]).await.header("clear-site-data"), None, "it is the same owner");
    give("bob@example.org").await;
    let first = get(&app, "/", &[]).await;
    assert_eq!((first.status, first.header("clear-site-data")), (200, CLEARED));
    assert!(first.header("set-cookie").unwrap().starts_with("__Host-loggia-origin=1; "));
    give("owner@example.org").await;
    let known = [("Cookie", "__Host-loggia-origin=1")];
    assert_eq!(get(&app, "/", &known).await.header("clear-site-data"), CLEARED, "and again with the next");
}
