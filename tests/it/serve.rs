//! The listeners: bounds, framing, hosts, and what a form must say of itself.

use std::time::Duration;

use crate::support::app::TestApp;

async fn status_of(app: &TestApp, head: &str, body: &str) -> u16 {
    let request = format!("{}\r\n{body}", head.replace("PORT", &app.port.to_string()));
    app.raw(request.into_bytes()).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_can_be_read_in_two_ways_are_refused_and_closed() {
    let app = TestApp::start().await;
    for head in [
        "GET / HTTP/1.1\r\nHost: localhost:PORT\r\nHost: localhost:PORT\r\n",
        "POST / HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "POST / HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: gzip, chunked\r\n",
        "GET / HTTP/1.1\nHost: localhost:PORT\n",
    ] {
        assert_eq!(status_of(&app, head, "0\r\n\r\n").await, 400, "{head:?}");
    }
    let chunked = "POST /-/sign-out HTTP/1.1\r\nHost: localhost:PORT\r\nTransfer-Encoding: chunked\r\n";
    for body in ["3\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3;x\ny\r\nabc\r\n0\r\n\r\n"] {
        assert_eq!(status_of(&app, chunked, body).await, 400, "{body:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_forms_have_bounds() {
    let app = TestApp::start_with(|config| config.limits.head_timeout = Duration::from_millis(300)).await;
    let long = format!("GET / HTTP/1.1\r\nHost: localhost:PORT\r\nX: {}\r\n", "a".repeat(70_000));
    assert_eq!(status_of(&app, &long, "").await, 431);
    assert_eq!(app.raw(b"GET / HTTP/1.1\r\nHost: localh".to_vec()).await.status, 408);
    let main = app.at_main("ann@example.org");
    let origin = format!("http://localhost:{}", app.port);
    let form = "label=".to_owned() + &"x".repeat(1_100_000);
    let head = format!(
        "POST /-/account/tokens HTTP/1.1\r\nHost: localhost:PORT\r\nCookie: {main}\r\nOrigin: {origin}\r\n\
         Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n",
        form.len()
    );
    assert_eq!(status_of(&app, &head, &form).await, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_not_ours_are_misdirected() {
    let app = TestApp::start().await;
    for host in ["example.org", "a.b.localhost", "127.0.0.1"] {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
        assert_eq!(status_of(&app, &head, "").await, 421, "{host}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_another_page_changes_nothing() {
    let app = TestApp::start().await;
    let main = app.at_main("ann@example.org");
    let ours = format!("http://localhost:{}", app.port);
    let sibling = format!("http://evil.localhost:{}", app.port);
    for (origin, site) in [
        (None, Some("same-origin")),
        (Some(sibling.as_str()), Some("same-site")),
        (Some("null"), Some("same-origin")),
        (Some(ours.as_str()), None),
        (Some(ours.as_str()), Some("cross-site")),
    ] {
        let mut headers = vec![("Cookie", main.as_str()), ("Content-Length", "0")];
        headers.extend(origin.map(|origin| ("Origin", origin)));
        headers.extend(site.map(|site| ("Sec-Fetch-Site", site)));
        let answer = app.request("POST", "", "/-/sign-out", &headers).await;
        assert_eq!(answer.status, 403, "{headers:?}");
        assert_eq!(answer.header("set-cookie"), None);
    }
    let headers = [
        ("Cookie", main.as_str()),
        ("Origin", &ours),
        ("Sec-Fetch-Site", "same-origin"),
        ("Content-Length", "0"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    assert_eq!(app.request("POST", "", "/-/sign-out", &headers).await.status, 200);
    assert_eq!(app.get("", "/-/account/", &[("Cookie", &main)]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn guides_are_revalidated_compressed_and_under_a_strict_policy() {
    let app = TestApp::start().await;
    let page = app.get("", "/tools/rstudio/", &[]).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("id=\"install-it\""));
    assert!(
        page.header("content-security-policy").unwrap().starts_with("default-src 'none'; script-src 'self'")
    );
    let etag = page.header("etag").unwrap();
    assert_eq!(app.get("", "/tools/rstudio/", &[("If-None-Match", etag)]).await.status, 304);
    let gzip = app.get("", "/tools/rstudio/", &[("Accept-Encoding", "gzip")]).await;
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    assert!(gzip.head.to_lowercase().contains("\r\nvary: accept-encoding"), "{}", gzip.head);
    assert_ne!(gzip.header("etag"), Some(etag));
    for (path, there) in
        [("/tools/rstudio", "/tools/rstudio/"), ("/tools/rstudio.html?x=1", "/tools/rstudio/?x=1")]
    {
        let answer = app.get("", path, &[]).await;
        assert_eq!((answer.status, answer.header("location")), (308, Some(there)), "{path}");
    }
    let source = app.get("", "/tools/rstudio.md", &[]).await;
    assert!(source.text().starts_with("# RStudio"));
    assert_eq!(app.get("", "/none/", &[]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_on_its_own_listener_only() {
    let app = TestApp::start().await;
    assert_eq!(app.get("", "/healthz", &[]).await.status, 404);
    let url = format!("http://127.0.0.1:{}", app.ops_port);
    for path in ["/healthz", "/readyz"] {
        assert_eq!(reqwest::get(format!("{url}{path}")).await.unwrap().status(), 200, "{path}");
    }
    let metrics = reqwest::get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("loggia_http_answers_total{status=\"4xx\"} 1"));
    assert_eq!(reqwest::get(format!("{url}/-/account/")).await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn search_answers_sections_whose_anchors_exist() {
    let app = TestApp::start().await;
    let found = app.get("", "/-/search.json?q=instal&limit=5", &[]).await.text();
    assert!(found.contains("\"url\":\"/tools/rstudio/#install-it\""), "{found}");
    let page = app.get("", "/-/search?q=bucket", &[]).await;
    assert!(page.status == 200 && page.text().contains("<mark>bucket</mark>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_there_says_which_and_names_the_nearest() {
    let app = TestApp::start().await;
    let missing = app.get("", "/tools/rstudo/", &[]).await;
    assert_eq!(missing.status, 404);
    assert!(missing.text().contains("/tools/rstudo/"), "{}", missing.text());
    assert!(missing.text().contains("href=\"/tools/rstudio/\""), "{}", missing.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_speaks_http_2() {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let (certificate, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    std::fs::write(&certificate, own.cert.pem()).unwrap();
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let tls = loggia::config::Tls { certificate, key };
    let app = TestApp::start_with(|config| config.server.tls = Some(tls)).await;
    let trusted = reqwest::Certificate::from_pem(own.cert.pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([trusted]).build().unwrap();
    let answer = client.get(format!("https://localhost:{}/", app.port)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_2));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_peer_says_for_whom_it_forwards() {
    for (trusted, stated, recorded) in [
        (false, "203.0.113.9", "127.0.0.1"),
        (true, "203.0.113.9", "203.0.113.9"),
        (true, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (true, "203.0.113.9, nonsense", "127.0.0.1"),
    ] {
        let app = TestApp::start_with(|config| {
            config.server.trusted_proxies =
                if trusted { vec!["127.0.0.1".parse().unwrap()] } else { Vec::new() };
        })
        .await;
        let token = format!("Bearer {}", app.token("ann@example.org").await);
        let body = r#"{"name":"sales"}"#;
        let head = format!(
            "POST /-/api/v1/apps HTTP/1.1\r\nHost: localhost:PORT\r\nAuthorization: {token}\r\n\
             X-Forwarded-For: {stated}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n",
            body.len()
        );
        assert_eq!(status_of(&app, &head, body).await, 201);
        let lines = app.record("sales").await;
        let from = lines.last().unwrap().from.unwrap().to_string();
        assert_eq!(from, recorded, "{trusted} {stated}");
    }
}
