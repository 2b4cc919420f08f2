//! Apps on their own hosts, over real sockets.

use std::time::Duration;

use loggia::model::{Audience, Clock};
use loggia::releases::By;

use crate::support::app::TestApp;

const PAGE: &[u8] = b"<h1>Figures</h1>";

async fn shared_app() -> TestApp {
    let app = TestApp::start().await;
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(|n| [n.to_le_bytes()[0]]).collect();
    app.publish("figures", &[("index.html", PAGE), ("data/big.bin", &large), ("a b.csv", b"x,y\n")]).await;
    app.share("figures", "ann@example.org").await;
    app
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_opens_for_whom_it_is_shared_with_and_for_nobody_else() {
    let app = shared_app().await;
    let anonymous = app.get("figures", "/", &[]).await;
    assert_eq!(anonymous.status, 303);
    assert!(anonymous.header("location").unwrap().contains("/-/enter?host=figures.localhost"));
    let script = app.get("figures", "/", &[("Sec-Fetch-Mode", "cors")]).await;
    assert_eq!(script.status, 401);

    let ann = app.at_app("figures", "ann@example.org", "s1");
    let page = app.get("figures", "/", &[("Cookie", &ann)]).await;
    assert_eq!((page.status, page.body.as_slice()), (200, PAGE));
    assert_eq!(page.header("cache-control"), Some("private, no-cache"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));

    let bob = app.at_app("figures", "bob@example.org", "s2");
    let refused = app.get("figures", "/", &[("Cookie", &bob)]).await;
    assert_eq!(refused.status, 403);
    for told in ["bob@example.org", "owner@example.org"] {
        assert!(refused.text().contains(told), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_path_and_an_absent_one_look_the_same() {
    let app = shared_app().await;
    let bob = app.at_app("figures", "bob@example.org", "s2");
    let without_id = |text: String| {
        let (before, after) = text.split_once("Request").unwrap();
        (before.to_owned(), after.len())
    };
    let there = app.get("figures", "/data/big.bin", &[("Cookie", &bob)]).await;
    let absent = app.get("figures", "/data/none.bin", &[("Cookie", &bob)]).await;
    assert_eq!((there.status, absent.status), (403, 403));
    assert_eq!(without_id(there.text()), without_id(absent.text()));
    // To somebody who is not signed in, an app that is there looks like one that is not.
    let real = app.get("figures", "/", &[]).await;
    let none = app.get("nosuchapp", "/", &[]).await;
    assert_eq!((real.status, none.status), (303, 303));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_one_host_opens_no_other() {
    let app = shared_app().await;
    app.publish("sales", &[("index.html", PAGE)]).await;
    app.share("sales", "ann@example.org").await;
    let elsewhere = app.at_app("sales", "ann@example.org", "s1");
    assert_eq!(app.get("sales", "/", &[("Cookie", &elsewhere)]).await.status, 200);
    assert_eq!(app.get("figures", "/", &[("Cookie", &elsewhere)]).await.status, 303);
    let main = app.at_main("ann@example.org");
    assert_eq!(app.get("figures", "/", &[("Cookie", &main)]).await.status, 303);
    let twice = format!("{elsewhere}; {elsewhere}");
    assert_eq!(app.get("sales", "/", &[("Cookie", &twice)]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_opens_nothing_more() {
    let app = shared_app().await;
    let ann = app.at_app("figures", "ann@example.org", "ends");
    assert_eq!(app.get("figures", "/", &[("Cookie", &ann)]).await.status, 200);
    app.loggia.releases.end_session("ends").await.unwrap();
    assert_eq!(app.get("figures", "/", &[("Cookie", &ann)]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditional_and_range_requests_pass_the_same_door() {
    let app = shared_app().await;
    let ann = app.at_app("figures", "ann@example.org", "s1");
    let whole = app.get("figures", "/data/big.bin", &[("Cookie", &ann)]).await;
    assert_eq!((whole.status, whole.body.len()), (200, 3_000_000));
    let etag = whole.header("etag").unwrap();
    let same = app.get("figures", "/data/big.bin", &[("Cookie", &ann), ("If-None-Match", etag)]).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let head = app.request("HEAD", "figures", "/data/big.bin", &[("Cookie", &ann)]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("3000000"));
    let range = [("Cookie", ann.as_str()), ("Range", "bytes=1048570-1048585")];
    let part = app.get("figures", "/data/big.bin", &range).await;
    assert_eq!(part.status, 206);
    assert_eq!(part.header("content-range"), Some("bytes 1048570-1048585/3000000"));
    assert_eq!(part.body, whole.body[1_048_570..=1_048_585]);
    let beyond = app.get("figures", "/data/big.bin", &[("Cookie", &ann), ("Range", "bytes=3000000-")]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, Some("bytes */3000000")));

    for (method, headers) in
        [("HEAD", vec![]), ("GET", vec![("Range", "bytes=0-1")]), ("GET", vec![("If-None-Match", etag)])]
    {
        let refused = app.request(method, "figures", "/data/big.bin", &headers).await;
        assert_eq!(refused.status, 303, "{method} {headers:?}");
    }
    assert_eq!(app.request("POST", "figures", "/", &[("Cookie", &ann)]).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_addresses_find_no_file() {
    let app = shared_app().await;
    let ann = app.at_app("figures", "ann@example.org", "s1");
    for path in [
        "/%2e%2e/index.html",
        "/data%2fbig.bin",
        "/data%5Cbig.bin",
        "/a%00",
        "/../index.html",
        "//index.html",
    ] {
        let status = app.get("figures", path, &[("Cookie", &ann)]).await.status;
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
    assert_eq!(app.get("figures", "/a%20b.csv", &[("Cookie", &ann)]).await.body, b"x,y\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_host_shows_one_release_to_the_same_audience() {
    let app = shared_app().await;
    let first = app.loggia.releases.catalog().app(&"figures".parse().unwrap()).unwrap().current.unwrap();
    app.publish("figures", &[("index.html", b"<h1>Second</h1>")]).await;
    let preview = format!("{first}--figures");
    let ann = app.at_app(&preview, "ann@example.org", "s1");
    assert_eq!(app.get(&preview, "/", &[("Cookie", &ann)]).await.body, PAGE);
    assert_eq!(app.get(&preview, "/", &[]).await.status, 303);
    let bob = app.at_app(&preview, "bob@example.org", "s2");
    assert_eq!(app.get(&preview, "/", &[("Cookie", &bob)]).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_main_host_serves_nothing_that_a_publisher_supplied() {
    let app = shared_app().await;
    let owner = app.at_main("owner@example.org");
    // Open to all, so that nothing but the host stands before it.
    let by = By { person: app.person("owner@example.org"), from: None };
    app.loggia.releases.set_audience(&"figures".parse().unwrap(), Audience::Public, &by).await.unwrap();
    assert_eq!(app.get("figures", "/", &[]).await.body, PAGE);
    for path in
        ["/a%20b.csv", "/figures/", "/figures/index.html", "/data/big.bin", "/-/apps/figures/index.html"]
    {
        let answer = app.get("", path, &[("Cookie", &owner)]).await;
        assert!(answer.status >= 300, "{path}: {}", answer.status);
        assert!(!answer.text().contains("<h1>Figures</h1>"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_see_is_not_decided_from_a_catalog_that_is_over_a_minute_old() {
    let clock = Clock::fixed(jiff::Timestamp::from_second(1_800_000_000).unwrap());
    let app = TestApp::start_unfollowed(clock.clone()).await;
    app.publish("figures", &[("index.html", PAGE)]).await;
    app.share("figures", "ann@example.org").await;
    let ann = app.at_app("figures", "ann@example.org", "s1");
    let token = format!("Bearer {}", app.token("owner@example.org").await);
    clock.advance(Duration::from_secs(59));
    assert_eq!(app.get("figures", "/", &[("Cookie", &ann)]).await.status, 200);
    clock.advance(Duration::from_secs(2));
    let stale = app.get("figures", "/", &[("Cookie", &ann)]).await;
    assert_eq!((stale.status, stale.header("retry-after")), (503, Some("10")));
    let publishing = app.get("", "/-/api/v1/apps/figures", &[("Authorization", &token)]).await;
    assert_eq!(publishing.status, 503);
    // Nor whether a session or a token was ended meanwhile.
    let main = app.at_main("ann@example.org");
    for path in ["/-/account/", "/-/apps/", "/-/apps/figures/", "/-/device", "/-/audit"] {
        assert_eq!(app.get("", path, &[("Cookie", &main)]).await.status, 503, "{path}");
    }
    let form = [("label", "new"), ("days", "1")];
    assert_eq!(app.post("", "/-/account/tokens", &main, &form).await.status, 503);
    for path in ["me", "apps"] {
        let asked = app.get("", &format!("/-/api/v1/{path}"), &[("Authorization", &token)]).await;
        assert_eq!(asked.status, 503, "{path}");
    }
    assert_eq!(app.get("", "/", &[]).await.status, 200, "guides are read all the same");
}
