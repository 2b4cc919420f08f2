//! From where a request may come and to where an answer may send: every form of ours, the API, and addresses to return to.

use std::collections::BTreeSet;

use crate::support::app::{Answer, TestApp};

/// Forms that nobody's cookies go with: what is in them is what counts.
const WITHOUT_COOKIES: [&str; 4] =
    ["/-/back-channel-logout", "/-/device/authorize", "/-/token", "/-/provider/token"];

async fn house() -> TestApp {
    let app = TestApp::start_with(|config| {
        config.access.administrators = vec!["ann@example.org".parse().unwrap()];
    })
    .await;
    for name in ["figures", "sales"] {
        app.publish(name, &[("index.html", b"<h1>Figures</h1>")]).await;
        app.share(name, "ann@example.org").await;
    }
    app
}

/// Every address below `/-/` that takes a form, as the routes have it.
fn forms() -> BTreeSet<String> {
    let routes =
        [include_str!("../../src/web/main_host.rs"), include_str!("../../src/web/provider.rs")].concat();
    let mut found = BTreeSet::new();
    for route in routes.split(".route(\"").skip(1) {
        let (path, handlers) = route.split_once('"').unwrap();
        let handlers = handlers.split(".route(").next().unwrap();
        if handlers.lines().next().unwrap().contains("post(") {
            found.insert(path.replace("{name}", "figures"));
        }
    }
    found
}

async fn send(app: &TestApp, path: &str, cookie: &str, origin: &str, site: &str) -> Answer {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nCookie: {cookie}\r\n{origin}{site}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        app.port
    );
    app.raw(head.into_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_is_refused_that_another_site_sends() {
    let app = house().await;
    let forms = forms();
    assert!(forms.len() > 30, "the routes were read: {forms:?}");
    let owner = app.at_main("owner@example.org");
    let ours = format!("Origin: {}\r\n", app.home());
    let same = "Sec-Fetch-Site: same-origin\r\n";
    for path in forms.iter().filter(|path| !WITHOUT_COOKIES.contains(&path.as_str())) {
        for (origin, site) in [
            (format!("Origin: http://figures.localhost:{}\r\n", app.port), same),
            ("Origin: null\r\n".to_owned(), same),
            (String::new(), same),
            (ours.clone(), "Sec-Fetch-Site: same-site\r\n"),
            (ours.clone(), "Sec-Fetch-Site: cross-site\r\n"),
            (ours.clone(), ""),
        ] {
            let answer = send(&app, path, &owner, &origin, site).await;
            assert_eq!(answer.status, 403, "{path} from {origin}{site}{}", answer.head);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_knows_nobody_by_a_cookie() {
    let app = house().await;
    let both =
        format!("{}; {}", app.at_main("owner@example.org"), app.at_app("figures", "owner@example.org", "s"));
    for (method, path) in [
        ("GET", "/me"),
        ("GET", "/apps"),
        ("GET", "/apps/figures"),
        ("DELETE", "/apps/figures"),
        ("POST", "/apps"),
    ] {
        let headers = [("Cookie", both.as_str()), ("Origin", &app.home()), ("Sec-Fetch-Site", "same-origin")];
        let answer = app.request(method, "", &format!("/-/api/v1{path}"), &headers).await;
        assert_eq!(answer.status, 401, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_off_goes_to_no_other_host_than_an_apps() {
    let app = house().await;
    let ann = app.at_main("ann@example.org");
    let nonce = "0".repeat(64);
    let enter = async |host: &str| {
        let host: String = url::form_urlencoded::byte_serialize(host.as_bytes()).collect();
        app.get("", &format!("/-/enter?host={host}&return=%2F&nonce={nonce}"), &[("Cookie", &ann)]).await
    };
    let port = app.port;
    assert_eq!(enter(&format!("figures.localhost:{port}")).await.status, 303, "an app's host");
    for foreign in [
        "evil.example".to_owned(),
        format!("figures.localhost:{port}.evil.example"),
        format!("evil.example:{port}"),
        format!("figures.localhost:{port}/"),
        format!("figures.localhost:{port}#"),
        format!("figures.localhost:{port}@evil.example"),
        format!("evil.example/figures.localhost:{port}"),
        format!("evil.example?.localhost:{port}"),
        format!("x@figures.localhost:{port}"),
        format!("FIGURES.localhost:{port}"),
        format!("a.figures.localhost:{port}"),
        format!("figures.localhost:{}", port.wrapping_add(1)),
        format!("localhost:{port}"),
        format!("figures.localhost:{port}\r\nSet-Cookie: a=b"),
        format!(".localhost:{port}"),
        String::new(),
    ] {
        let answer = enter(&foreign).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{foreign:?}");
    }
}

/// So many hostile addresses to return to.
const HOSTILE: usize = 500;

/// The `n`th of them: pieces that have led redirects astray, put together in every order.
fn hostile(n: usize) -> String {
    const STARTS: [&str; 10] = ["/", "//", "/\\", "\\", "", "///", "/.", "/..//", "/%2f", "/\t/"];
    const MIDDLES: [&str; 10] = [
        "evil.example",
        "@evil.example",
        "%2fevil.example",
        "\\evil.example",
        ":80@evil.example",
        "http://evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "\r\nSet-Cookie: a=b",
        "\u{2028}evil.example",
    ];
    const ENDS: [&str; 5] = ["", "/..", "#@x", "?//x", "%0d%0aLocation:%20//x"];
    let pieces = [STARTS[n % 10], MIDDLES[n / 10 % 10], ENDS[n / 100 % 5]].concat();
    // Some are the same in the end, but for where they lead.
    pieces
        .replace("evil", &format!("evil{n}"))
        .replace("(1)", &format!("({n})"))
        .replace(",x", &format!(",{n}"))
        .replace("a=b", &format!("a={n}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_hostile_addresses_lead_nowhere_else() {
    let app = house().await;
    let origin = format!("http://figures.localhost:{}", app.port);
    let home = url::Url::parse(&origin).unwrap();
    let mut different = BTreeSet::new();
    for n in 0..HOSTILE {
        let given = hostile(n);
        let left = app.post("figures", "/-/leave", "", &[("return", &given)]).await;
        let location = left.header("location").unwrap_or("/").to_owned();
        let there = home.join(&location).unwrap();
        assert_eq!(there.origin(), home.origin(), "{given:?} leads to {location}");
        assert!(!location.starts_with("//") && !location.contains('\\'), "{given:?} leads to {location}");
        let set = left.head.to_lowercase().matches("\nset-cookie:").count();
        assert!(
            set <= 1 && !left.head.contains(&format!("a={n}\r")),
            "{given:?} became a header: {}",
            left.head
        );
        different.insert(given);
    }
    assert_eq!(different.len(), HOSTILE);
    // The same door stands before a sign-in, where the address is kept and comes back.
    for n in (0..HOSTILE).step_by(7) {
        let given: String = url::form_urlencoded::byte_serialize(hostile(n).as_bytes()).collect();
        let begun = app.get("", &format!("/-/sign-in?return={given}"), &[]).await;
        let location = begun.header("location").unwrap().to_owned();
        assert!(location.starts_with(&format!("{}/-/provider/authorize?", app.home())), "{location}");
        assert!(!location.contains("evil"), "{location}");
    }
}
