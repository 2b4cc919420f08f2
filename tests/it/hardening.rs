//! Attacks over a real socket: hand-offs that are replayed or stolen, hosts that are confused, headers that name somebody.

use std::time::Duration;

use jiff::Timestamp;
use loggia::model::Clock;

use crate::support::app::{Answer, TestApp};

const PAGE: &[u8] = b"<h1>Figures</h1>";

async fn house() -> (TestApp, Clock) {
    let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
    let app = TestApp::start_unfollowed(clock.clone()).await;
    for name in ["figures", "sales"] {
        app.publish(name, &[("index.html", PAGE)]).await;
        app.share(name, "ann@example.org").await;
    }
    (app, clock)
}

/// The pairs of cookies that an answer sets.
fn set(answer: &Answer) -> String {
    let lines = answer.head.lines().filter_map(|line| line.split_once(": "));
    let set = lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    set.map(|(_, cookie)| cookie.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

fn path(answer: &Answer) -> String {
    format!("/-/enter{}", answer.header("location").unwrap().split_once("/-/enter").unwrap().1)
}

/// A hand-off on its way: where the browser is sent to at `figures`, and the nonce that it holds there.
async fn on_its_way(app: &TestApp, main: &str) -> (String, String) {
    let asked = app.get("figures", "/", &[]).await;
    let passed = app.get("", &path(&asked), &[("Cookie", main)]).await;
    (path(&passed), set(&asked))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_off_that_is_replayed_opens_nothing() {
    let (app, _) = house().await;
    let main = app.at_main("ann@example.org");
    let (code, nonce) = on_its_way(&app, &main).await;
    let first = app.get("figures", &code, &[("Cookie", &nonce)]).await;
    assert_eq!(first.status, 303);
    let again = app.get("figures", &code, &[("Cookie", &nonce)]).await;
    assert_eq!(again.status, 400);
    assert!(!set(&again).contains("loggia-app="), "{}", again.head);
    // Many at once: one of them gets in.
    let (code, nonce) = on_its_way(&app, &main).await;
    let cookie = [("Cookie", nonce.as_str())];
    let all = futures_util::future::join_all((0..8).map(|_| app.get("figures", &code, &cookie))).await;
    assert_eq!(all.iter().filter(|answer| set(answer).contains("__Host-loggia-app=")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_off_that_is_stolen_opens_nothing() {
    let (app, clock) = house().await;
    let main = app.at_main("ann@example.org");
    let (code, nonce) = on_its_way(&app, &main).await;
    let thiefs = set(&app.get("figures", "/", &[]).await);
    let twice = format!("{nonce}; {nonce}");
    for (what, cookie) in [("no nonce", ""), ("the thief's own", thiefs.as_str()), ("two", &twice)] {
        let stolen = app.get("figures", &code, &[("Cookie", cookie)]).await;
        assert!(!set(&stolen).contains("__Host-loggia-app="), "{what}: {}", stolen.head);
    }
    assert_eq!(app.get("sales", &code, &[("Cookie", &nonce)]).await.status, 400, "at another app");
    assert_eq!(app.get("", &code, &[("Cookie", &nonce)]).await.status, 400, "on the main host");
    let rest = code.split_once("code=").unwrap().1;
    for other in [&rest[1..], &rest[..rest.len() - 1], &rest.to_uppercase(), "", "code"] {
        let forged = app.get("figures", &format!("/-/enter?code={other}"), &[("Cookie", &nonce)]).await;
        assert_eq!(forged.status, 400, "{other}");
    }
    clock.advance(Duration::from_mins(1));
    let late = app.get("figures", &code, &[("Cookie", &nonce)]).await;
    assert!(
        late.status == 303 && !set(&late).contains("__Host-loggia-app="),
        "a minute later it begins again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_host_gives_away_nothing_of_what_let_somebody_in() {
    let (app, _) = house().await;
    let main = app.at_main("ann@example.org");
    let (code, nonce) = on_its_way(&app, &main).await;
    let entered = app.get("figures", &code, &[("Cookie", &nonce)]).await;
    let session = set(&entered);
    let page = app.get("figures", "/", &[("Cookie", &session)]).await;
    assert_eq!((page.status, page.body.as_slice()), (200, PAGE));
    let bob = app.at_app("figures", "bob@example.org", "s2");
    let refused = app.get("figures", "/", &[("Cookie", &bob)]).await;
    let value = |cookie: &str| cookie.split_once('=').unwrap().1.to_owned();
    let secrets = [
        code.split_once("code=").unwrap().1.to_owned(),
        value(&nonce),
        value(&session),
        value(&main),
        value(&bob),
    ];
    assert_eq!(entered.header("location"), Some("/"), "the code is in the address no longer");
    assert_eq!(entered.header("referrer-policy"), Some("no-referrer"));
    for answer in [&entered, &page, &refused] {
        let said = answer.head.lines().filter(|line| !line.to_lowercase().starts_with("set-cookie:"));
        let said = said.collect::<Vec<_>>().join("\n") + &answer.text();
        assert!(secrets.iter().all(|secret| secret.len() > 20 && !said.contains(secret.as_str())), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_an_app_opens_neither_its_previews_nor_its_days() {
    let (app, _) = house().await;
    let draft = app.draft("figures", &[("index.html", b"draft")]).await;
    let live = app.at_app("figures", "ann@example.org", "s1");
    let preview = format!("{draft}--figures");
    let day = format!("{}--figures", "2027-01-15");
    assert_eq!(app.get("figures", "/", &[("Cookie", &live)]).await.status, 200);
    for other in [&preview, &day] {
        assert_eq!(app.get(other, "/", &[("Cookie", &live)]).await.status, 303, "{other}");
        let own = app.at_app(other, "ann@example.org", "s1");
        assert_eq!(app.get(other, "/", &[("Cookie", &own)]).await.status, 200, "{other}");
        assert_eq!(app.get("figures", "/", &[("Cookie", &own)]).await.status, 303, "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_off_of_a_session_that_ended_opens_nothing() {
    let (app, _) = house().await;
    let main = app.at_main("ann@example.org");
    let (code, nonce) = on_its_way(&app, &main).await;
    app.form("/-/account/sessions/end-all", &main, &[]).await;
    let arrived = set(&app.get("figures", &code, &[("Cookie", &nonce)]).await);
    assert_eq!(app.get("figures", "/", &[("Cookie", &arrived)]).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_what_the_one_host_header_says() {
    let (app, _) = house().await;
    let figures = app.at_app("figures", "ann@example.org", "s1");
    let port = app.port;
    let send = async |head: String| app.raw((head + "Connection: close\r\n\r\n").into_bytes()).await;
    for forwarded in ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-Host", "X-Forwarded-Server"] {
        let value = format!("figures.localhost:{port}");
        let value = if forwarded == "Forwarded" { format!("host={value}") } else { value };
        let answer = app.get("sales", "/", &[("Cookie", &figures), (forwarded, &value)]).await;
        assert_eq!(answer.status, 303, "{forwarded} makes no host of another");
        assert!(answer.header("location").unwrap().contains("host=sales."), "{forwarded}");
    }
    for hosts in [
        format!("Host: sales.localhost:{port}\r\nHost: figures.localhost:{port}\r\n"),
        format!("Host: figures.localhost:{port}, sales.localhost:{port}\r\n"),
        "Host: figures.localhost.evil.example\r\n".to_owned(),
        format!("Host: figures.localhost:{port}@evil.example\r\n"),
        format!("Host: a.figures.localhost:{port}\r\n"),
        format!("Host: figures.localhost.:{port}\r\n"),
        format!("Host : figures.localhost:{port}\r\n"),
        String::new(),
    ] {
        let answer = send(format!("GET / HTTP/1.1\r\n{hosts}Cookie: {figures}\r\n")).await;
        // What cannot be read as a request at all is cut off without an answer.
        assert!(matches!(answer.status, 0 | 400 | 404 | 421), "{hosts:?}: {}", answer.head);
        assert_ne!(answer.body, PAGE, "{hosts:?}");
    }
    // The target wins over the header (RFC 9112, section 3.2.2), so that a cookie of one cannot reach the other's bytes.
    let absolute =
        format!("GET http://sales.localhost:{port}/ HTTP/1.1\r\nHost: figures.localhost:{port}\r\n");
    let answer = send(format!("{absolute}Cookie: {figures}\r\n")).await;
    assert_ne!(answer.body, PAGE, "{}", answer.head);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_name_somebody_sign_nobody_in() {
    let (app, _) = house().await;
    for name in [
        "X-Forwarded-User",
        "X_Forwarded_User",
        "x-forwarded-email",
        "X-Forwarded-Preferred-Username",
        "X-Auth-Request-Email",
        "X-Auth-Request-User",
        "Remote-User",
        "REMOTE_USER",
        "X-Remote-User",
        "X-User",
        "X-WebAuth-User",
        "X-Loggia-User",
        "X-Loggia-Email",
        "Loggia-User",
        "X-Amzn-Oidc-Identity",
        "X-Goog-Authenticated-User-Email",
        "Cf-Access-Authenticated-User-Email",
    ] {
        for value in ["ann@example.org", "owner@example.org"] {
            let headers = [(name, value), ("Connection", name)];
            assert_eq!(app.get("figures", "/", &headers).await.status, 303, "{name}: {value}");
            assert_eq!(app.get("", "/-/account/", &headers).await.status, 303, "{name}: {value}");
            assert_eq!(app.get("", "/-/api/v1/me", &headers).await.status, 401, "{name}: {value}");
        }
    }
    let bob = app.at_app("figures", "bob@example.org", "s2");
    let headers = [("Cookie", bob.as_str()), ("X-Forwarded-User", "ann@example.org")];
    assert_eq!(app.get("figures", "/", &headers).await.status, 403, "nor anybody else than they are");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_somebody_brings_along_stays_nobodys() {
    let (app, _) = house().await;
    // Fixing a session: a browser is given a session of the attacker's before its owner signs in.
    let mallory = app.at_main("mallory@example.org");
    let begun = app.get("", "/-/sign-in", &[("Cookie", &mallory)]).await;
    assert_eq!(begun.status, 303);
    assert!(!set(&begun).contains("__Host-loggia="), "beginning makes no session");
    let twice = format!("{mallory}; {}", app.at_main("ann@example.org"));
    assert_eq!(app.get("", "/-/account/", &[("Cookie", &twice)]).await.status, 303, "of two, none counts");
}
