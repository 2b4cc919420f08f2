//! Addresses: "auto trailing slash", what is not found, and the key that is authorised being the key that is served.

use serde_json::json;

use super::{get, public, set};

/// Each file holds its own path.
const FILES: [&str; 16] = [
    "index.html",
    "page.html",
    "folder/index.html",
    "folder/404.html",
    "404.html",
    "exact",
    "exact.html",
    "both.html",
    "both/index.html",
    "a b/ü#%+.txt",
    "100%.csv",
    "a&b=c;d.txt",
    "%2e%2e",
    "deep/er/x.html",
    "evil.example/index.html",
    "x.js",
];

fn files() -> Vec<(&'static str, &'static [u8])> {
    FILES.iter().map(|path| (*path, path.as_bytes())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_answers_as_the_best_hosts_answer_it() {
    let app = public(&files()).await;
    for (target, status, what) in [
        ("/", 200, "index.html"),
        ("/index.html", 307, "/"),
        ("/index", 307, "/"),
        ("/index.html?a=b&c=%2F", 307, "/?a=b&c=%2F"),
        ("/page", 200, "page.html"),
        ("/page?q=1", 200, "page.html"),
        ("/page.html?q=1", 307, "/page?q=1"),
        ("/page/", 307, "/page"),
        ("/page/index.html", 307, "/page"),
        ("/page/index", 307, "/page"),
        ("/folder", 307, "/folder/"),
        ("/folder?q=//evil", 307, "/folder/?q=//evil"),
        ("/folder/", 200, "folder/index.html"),
        ("/folder/index.html", 307, "/folder/"),
        ("/folder/index", 307, "/folder/"),
        ("/exact", 200, "exact"),
        ("/exact.html", 200, "exact.html"),
        ("/both", 200, "both.html"),
        ("/both/", 200, "both/index.html"),
        ("/deep/er/x", 200, "deep/er/x.html"),
        ("/a%20b/%C3%BC%23%25+.txt", 200, "a b/ü#%+.txt"),
        ("/a%20b/%C3%BC%23%25%2B.txt", 200, "a b/ü#%+.txt"),
        ("/100%25.csv", 200, "100%.csv"),
        ("/a&b=c;d.txt", 200, "a&b=c;d.txt"),
        ("/%252e%252e", 200, "%2e%2e"),
        ("/p%61ge", 200, "page.html"),
        ("/folder/none", 404, "folder/404.html"),
        ("/folder/none/deeper/", 404, "folder/404.html"),
        ("/deep/er/", 404, "404.html"),
        ("/PAGE", 404, "404.html"),
    ] {
        let answer = get(&app, target, &[]).await;
        assert_eq!(answer.status, status, "{target}");
        match status {
            307 => assert_eq!(answer.header("location"), Some(what), "{target}"),
            _ => assert_eq!(answer.text(), what, "{target}"),
        }
        let head = app.request("HEAD", "site", target, &[]).await;
        let without_date = |head: &str| {
            let lines = head.lines().filter(|line| !line.to_lowercase().starts_with("date"));
            let mut lines: Vec<_> = lines.map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(without_date(&head.head), without_date(&answer.head), "HEAD {target}");
        assert_eq!(head.body.len(), 0, "HEAD {target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_of_a_path_leaves_the_host_or_the_release() {
    let app = public(&files()).await;
    for target in [
        "//evil.example",
        "//evil.example/",
        "//evil.example/..",
        "/%2fevil.example",
        "/\\evil.example",
        "/%5cevil.example",
        "/folder//",
        "/folder/..",
        "/folder/../page",
        "/%2e%2e/page",
        "/.%2e/page",
        "/%2E/page",
        "/folder%2findex.html",
        "/folder%2Findex.html",
        "/page%00",
        "/page%00.html",
        "/%ff",
        "/-/page",
        "/%2d/page",
    ] {
        let answer = get(&app, target, &[]).await;
        assert!(matches!(answer.status, 400 | 404), "{target}: {}", answer.status);
        assert_eq!(answer.header("location"), None, "{target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_asked_the_file_that_answers_is_the_one_whose_address_it_is() {
    let app = public(&files()).await;
    let pieces = [
        "/", "page", ".html", "folder", "index", "both", "exact", "..", ".", "%2e", "%2f", "%", "é", "?q",
        "404", "//", "%25", "a b",
    ];
    let mut seed: u64 = 7;
    for _ in 0..250 {
        let mut target = "/".to_owned();
        for _ in 0..4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            target.push_str(pieces[usize::try_from(seed >> 33).unwrap() % pieces.len()]);
        }
        let target = target.replace(' ', "%20").replace('é', "%C3%A9");
        let answer = get(&app, &target, &[]).await;
        let path = target.split('?').next().unwrap();
        match answer.status {
            200 => {
                let file = answer.text();
                assert!(FILES.contains(&file.as_str()), "{target} answered {file}");
                let own = file.strip_suffix("index.html").unwrap_or(&file);
                let asked = path.trim_start_matches('/');
                assert!(asked == own || Some(asked) == own.strip_suffix(".html"), "{target} answered {file}");
            }
            307 => {
                let location = answer.header("location").unwrap();
                assert!(
                    location.starts_with('/') && !location.starts_with("//"),
                    "{target} went to {location}"
                );
                let there = get(&app, location, &[]).await;
                assert_eq!(there.status, 200, "{target} went to {location}, where nothing is");
            }
            400 | 404 => {}
            other => panic!("{target}: {other}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_of_one_page_answers_its_own_routes() {
    let app = public(&[("index.html", b"the app"), ("x.js", b"script")]).await;
    assert_eq!(get(&app, "/some/route", &[]).await.status, 404);
    set(&app, json!({"fallback": "index.html"})).await;
    let route = get(&app, "/some/route?x=1", &[]).await;
    assert_eq!((route.status, route.text().as_str()), (200, "the app"));
    assert_eq!(route.header("cache-control"), Some("no-cache"));
    assert_eq!(get(&app, "/x.js", &[]).await.text(), "script");
    let script = get(&app, "/none.js", &[("Sec-Fetch-Mode", "no-cors")]).await;
    assert_eq!(script.status, 404, "a script that is missing is no page");
    assert_eq!(get(&app, "/a/../b", &[]).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_an_app_has_no_page_for_it_ours_says_what_is_not_found() {
    let app = public(&[("report.html", b"r"), ("x.csv", b"1")]).await;
    let answer = get(&app, "/none", &[]).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("href=\"/report\""), "it names the app's pages");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}
