//! Who may keep an answer, and for how long.

use super::{get, open_to_all, public};
use crate::support::app::TestApp;

const FILES: &[(&str, &[u8])] = &[
    ("index.html", b"page"),
    ("data.3f9a1c2b.csv", b"x,y"),
    ("app.js", b"1"),
    ("app.3f9a1c2b.js", b"1"),
    ("assets/index-BX3k9a.js", b"1"),
    ("404.html", b"none"),
    ("img.png", b"1"),
];

#[tokio::test(flavor = "multi_thread")]
async fn names_with_a_hash_are_kept_and_the_rest_is_asked_for_again() {
    let app = public(FILES).await;
    let forever = "public, max-age=31536000, immutable";
    for (path, cache) in [
        ("/", "no-cache"),
        ("/app.js", "no-cache"),
        ("/data.3f9a1c2b.csv", "no-cache"),
        ("/app.3f9a1c2b.js", forever),
        ("/assets/index-BX3k9a.js", forever),
        ("/none.3f9a1c2b.js", "no-cache"),
        ("/index.html", "no-cache"),
    ] {
        let answer = get(&app, path, &[]).await;
        assert_eq!(answer.header("cache-control"), Some(cache), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_takes_a_sign_in_is_kept_by_others() {
    let app = TestApp::start().await;
    app.publish("site", FILES).await;
    app.share("site", "ann@example.org").await;
    let ann = app.at_app("site", "ann@example.org", "s1");
    for path in ["/", "/app.js", "/app.3f9a1c2b.js", "/none", "/index.html", "/img.png"] {
        for more in [
            vec![],
            vec![("Range", "bytes=0-0")],
            vec![("If-None-Match", "*")],
            vec![("Accept-Encoding", "br")],
        ] {
            let headers: Vec<_> = [("Cookie", ann.as_str())].into_iter().chain(more).collect();
            let answer = get(&app, path, &headers).await;
            let cache = answer.header("cache-control").unwrap();
            assert!(cache.starts_with("private") || cache == "no-store", "{path} {headers:?}: {cache}");
            if matches!(answer.status, 200 | 206 | 304) {
                assert!(answer.header("vary").unwrap().contains("cookie"), "{path}");
            }
        }
        let stranger = get(&app, path, &[]).await;
        assert!(stranger.header("cache-control").unwrap().contains("no-store"), "{path}");
    }
    open_to_all(&app).await;
    assert_eq!(get(&app, "/img.png", &[]).await.header("vary"), None);
}
