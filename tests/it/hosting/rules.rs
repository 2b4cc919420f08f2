//! `_redirects` and `_headers`.

use std::collections::BTreeMap;

use loggia::model::Digest;
use loggia::releases::Announced;

use super::{call, get, open_to_all, owner, public};
use crate::support::app::TestApp;

const REDIRECTS: &str = "
# moved
/old            /page
/old-302        /page          302
/see            /page          303
/temp           /page          307
/perm           /page          308
/search         https://example.org/find?q=a   302
/blog/:year/:slug  /news/:slug-:year  301
/docs/*         /page?from=:splat      302
/out/*          https://example.org/:splat  302
/item id=:id    /items/:id     301
/item           /page          302
/app/*          /shell.html    200
/secret/*       /404.html      404
/page-forced    /page          302!
/exists         /page          302
/data.csv       /page          302!
/bad            /page          418
";

const HEADERS: &str = "/*
  X-Frame-Options: DENY
  Set-Cookie: a=b
/*.csv
  Access-Control-Allow-Origin: *
  Cache-Control: public, max-age=60
/app/*
  X-Shell: yes
/page
  Content-Security-Policy: default-src 'self'
  ! X-Frame-Options
";

fn files() -> Vec<(&'static str, &'static [u8])> {
    vec![
        ("index.html", b"start"),
        ("page.html", b"page"),
        ("shell.html", b"shell"),
        ("404.html", b"none"),
        ("exists.html", b"exists"),
        ("data.csv", b"x,y"),
        ("other.csv", b"x,y"),
        ("_redirects", REDIRECTS.as_bytes()),
        ("_headers", HEADERS.as_bytes()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_and_rewrites_answer_in_the_order_they_are_written() {
    let app = public(&files()).await;
    for (target, status, what) in [
        ("/old", 301, "/page"),
        ("/old/", 301, "/page"),
        ("/old?x=1&y=%20", 301, "/page?x=1&y=%20"),
        ("/old-302", 302, "/page"),
        ("/see", 303, "/page"),
        ("/temp", 307, "/page"),
        ("/perm", 308, "/page"),
        ("/search?q=b", 302, "https://example.org/find?q=a"),
        ("/blog/2026/a%20b", 301, "/news/a%20b-2026"),
        ("/docs/a/b%26c", 302, "/page?from=a%2Fb%26c"),
        ("/out/a/%C3%BC", 302, "https://example.org/a/%C3%BC"),
        ("/item?id=a%2F7&x=1", 301, "/items/a/7"),
        ("/item?x=1", 302, "/page?x=1"),
        ("/app/any/route", 200, "shell"),
        ("/secret/x", 404, "none"),
        ("/exists", 200, "exists"),
        ("/data.csv", 302, "/page"),
        ("/none", 404, "none"),
        ("/bad", 404, "none"),
        ("/_redirects", 404, "none"),
        ("/_headers", 404, "none"),
    ] {
        let answer = get(&app, target, &[]).await;
        assert_eq!(answer.status, status, "{target}");
        if matches!(status, 200 | 404) {
            assert_eq!(answer.text(), what, "{target}");
        } else {
            assert_eq!(answer.header("location"), Some(what), "{target}");
            assert_eq!(answer.header("cache-control"), Some("no-cache"), "{target}: a rule can be changed");
        }
    }
    for target in ["/out//evil.example", "/docs/../x", "/out/%2f%2fevil", "/out/%0d%0aX:1"] {
        assert!(matches!(get(&app, target, &[]).await.status, 400 | 404), "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_are_added_and_those_that_break_isolation_are_not() {
    let app = public(&files()).await;
    let start = get(&app, "/", &[]).await;
    assert_eq!(start.header("x-frame-options"), Some("DENY"));
    assert_eq!(start.header("set-cookie"), None);
    let page = get(&app, "/page", &[]).await;
    assert_eq!(page.header("x-frame-options"), None);
    let policies =
        page.head.lines().filter(|line| line.to_lowercase().starts_with("content-security-policy:"));
    assert_eq!(policies.count(), 2, "ours and the publisher's: {}", page.head);
    assert_eq!(get(&app, "/app/x", &[]).await.header("x-shell"), Some("yes"));
    let data = get(&app, "/other.csv", &[]).await;
    assert_eq!(data.header("access-control-allow-origin"), Some("*"));
    assert_eq!(data.header("cache-control"), Some("public, max-age=60"));
    let held = get(&app, "/other.csv", &[("If-None-Match", "*")]).await;
    assert_eq!((held.status, held.header("cache-control")), (304, Some("public, max-age=60")));
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_open_nothing_that_takes_a_sign_in() {
    let app = TestApp::start().await;
    app.publish("site", &files()).await;
    app.share("site", "ann@example.org").await;
    let ann = app.at_app("site", "ann@example.org", "s1");
    let data = get(&app, "/other.csv", &[("Cookie", &ann)]).await;
    assert_eq!(data.header("access-control-allow-origin"), None);
    assert_eq!(data.header("cache-control"), Some("private, max-age=60"));
    assert_eq!(data.header("cross-origin-resource-policy"), Some("same-origin"));
    let moved = get(&app, "/old", &[("Cookie", &ann)]).await;
    assert_eq!((moved.status, moved.header("cache-control")), (301, Some("private, no-cache")));
    assert_eq!(get(&app, "/old", &[]).await.status, 303, "a rule is no way around the audience");
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_cannot_be_used_are_told_at_publishing_and_on_the_apps_page() {
    let app = public(&files()).await;
    let name = "site".parse().unwrap();
    let by = owner(&app);
    let announced: BTreeMap<_, _> = files()
        .iter()
        .map(|(path, bytes)| {
            (path.parse().unwrap(), Announced { sha256: Digest::of(bytes), size: bytes.len() as u64 })
        })
        .collect();
    let begun = app.loggia.releases.begin(&name, &announced, None, None, &by).await.unwrap();
    let done = call(&app, "POST", &format!("/apps/site/releases/{}/finish", begun.id), "{}").await;
    assert_eq!(done.status, 200, "{}", done.text());
    let answer: serde_json::Value = serde_json::from_slice(&done.body).unwrap();
    let warnings = answer["warnings"].as_array().unwrap();
    let expected = [
        "_redirects line 19: `418` is not a status; 200, 301, 302, 303, 307, 308 and 404 can be used",
        "_headers line 3: `Set-Cookie` is not sent: cookies are for signing in; a page can set its own by script",
    ];
    assert_eq!(warnings, &expected);
    let page = app.get("", "/-/apps/site/", &[("Cookie", &app.at_main("owner@example.org"))]).await.text();
    assert!(page.contains("_redirects line 19"), "{page}");
    assert!(page.contains("_headers line 3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_release_brings_its_own_rules() {
    let app = public(&files()).await;
    assert_eq!(get(&app, "/old", &[]).await.status, 301);
    app.publish("site", &[("index.html", b"start"), ("old.html", b"here again")]).await;
    open_to_all(&app).await;
    assert_eq!(get(&app, "/old", &[]).await.text(), "here again");
    assert_eq!(get(&app, "/", &[]).await.header("x-frame-options"), None);
}
