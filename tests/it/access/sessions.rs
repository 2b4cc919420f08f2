//! A person's sessions: listed, ended one by one or all at once, by themselves or by an administrator.

use std::path::{Path, PathBuf};
use std::time::Duration;

use loggia::access::{Keyring, Session};
use loggia::config::{Secret, Storage};
use loggia::model::{Digest, Whom};
use scraper::{Html, Selector};

use super::NOW;
use super::forger::Forger;
use super::sign_out::{house, is_signed_in, sign_in};
use crate::support::app::TestApp;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1";

/// The sessions on the account page: what each is called, and what ends it.
async fn listed(app: &TestApp, cookies: &str) -> Vec<(String, String)> {
    let page = Html::parse_document(&app.get("", "/-/account/", &[("Cookie", cookies)]).await.text());
    let find = |selector: &str| Selector::parse(selector).unwrap();
    let (entry, what) = (find("section[aria-labelledby='sessions-title'] li"), find(".entry-what"));
    let id = find("input[name=session]");
    let named = |entry: scraper::ElementRef<'_>| {
        let words = entry.select(&what).next().unwrap().text().collect::<String>();
        (words.trim().to_owned(), entry.select(&id).next().unwrap().attr("value").unwrap().to_owned())
    };
    page.select(&entry).map(named).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_their_sessions_and_ends_one() {
    let forger = Forger::start(NOW).await;
    let (app, clock) = house(&forger).await;
    let fox = sign_in(&app, &forger, FIREFOX).await;
    clock.advance(Duration::from_secs(1));
    let phone = sign_in(&app, &forger, SAFARI).await;
    let sessions = listed(&app, &fox).await;
    let names: Vec<_> = sessions.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Safari on iPhone", "Firefox on Linux This browser"], "the newest first");

    let ended = app.form("/-/account/sessions/end", &fox, &[("session", &sessions[0].1)]).await;
    assert!(ended.text().await.unwrap().contains("The session was ended."));
    assert!(!is_signed_in(&app, &phone).await && is_signed_in(&app, &fox).await);

    let left = listed(&app, &fox).await;
    assert_eq!(left.len(), 1);
    let done = app.form("/-/account/sessions/end", &fox, &[("session", &left[0].1)]).await;
    assert!(done.text().await.unwrap().contains("You are signed out"));
    assert!(!is_signed_in(&app, &fox).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_a_session_of_somebody_else() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    let ann = sign_in(&app, &forger, FIREFOX).await;
    let of_ann = listed(&app, &ann).await[0].1.clone();
    let bob = app.at_main("bob@example.org");
    for named in [of_ann.as_str(), &Digest::of(b"none").to_string(), "nonsense"] {
        let refused = app.form("/-/account/sessions/end", &bob, &[("session", named)]).await;
        assert_eq!(refused.status().as_u16(), 400, "{named}");
    }
    assert!(is_signed_in(&app, &ann).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_a_persons_sessions_end_here_and_on_every_server() {
    let forger = Forger::start(NOW).await;
    let (app, clock) = house(&forger).await;
    let bucket = app.loggia.config.storage.clone();
    let neighbour = TestApp::start_at(clock.clone(), |config| config.storage = bucket, false).await;
    let first = sign_in(&app, &forger, FIREFOX).await;
    let second = sign_in(&app, &forger, SAFARI).await;
    let there = elsewhere(&app, &neighbour, &first);
    assert!(is_signed_in(&neighbour, &there).await);

    app.form("/-/account/sessions/end-all", &first, &[]).await;
    assert!(!is_signed_in(&app, &first).await && !is_signed_in(&app, &second).await);
    neighbour.loggia.releases.poll().await.unwrap();
    assert!(!is_signed_in(&neighbour, &there).await, "the next look at the journal tells");

    let bucket = app.loggia.config.storage.clone();
    let later = TestApp::start_at(clock.clone(), |config| config.storage = bucket, false).await;
    let there = elsewhere(&app, &later, &first);
    assert!(!is_signed_in(&later, &there).await, "a server that starts later lists them");
    let again = sign_in(&app, &forger, FIREFOX).await;
    assert!(is_signed_in(&app, &again).await, "signing in again works at once");
}

/// The session in `cookies` of one server as a cookie of another, which has the same key under another port.
fn elsewhere(app: &TestApp, other: &TestApp, cookies: &str) -> String {
    let headers = axum::http::HeaderMap::from_iter([(axum::http::header::COOKIE, cookies.parse().unwrap())]);
    let keyring = Keyring::new(&[Secret::new("k".repeat(32))]).unwrap();
    let now = app.loggia.clock.now();
    let host = app.loggia.hosts.main_authority();
    let session = Session::open(&headers, &host, &keyring, now, |_| false).unwrap();
    let cookie = session.cookie(&other.loggia.hosts.main_authority(), &keyring, now).header();
    cookie.to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bucket_holds_that_somebody_signed_in_and_nothing_that_opens_anything() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    let cookies = sign_in(&app, &forger, FIREFOX).await;
    let Storage::Folder(bucket) = &app.loggia.config.storage else { panic!("a folder") };
    let sealed = cookies.split("__Host-loggia=").nth(1).unwrap().split(';').next().unwrap();
    let mut texts = String::new();
    for file in files_in(bucket) {
        texts.push_str(&file.display().to_string());
        texts.push_str(&String::from_utf8_lossy(&std::fs::read(&file).unwrap()));
    }
    assert!(texts.contains("Firefox on Linux"), "the sign-in is written down");
    assert!(!texts.contains(sealed) && !texts.contains("145.0"), "in our words, without the session");
    app.form("/-/sign-out", &cookies, &[]).await;
    assert_eq!(std::fs::read_dir(bucket.join("sessions")).unwrap().count(), 1, "that it ended");
}

fn files_in(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_signs_somebody_out_everywhere_and_nobody_else_does() {
    let app = TestApp::start_with(|config| {
        config.access.administrators = vec!["root@example.org".parse().unwrap()];
    })
    .await;
    let (ann, bob) = (app.at_main("ann@example.org"), app.at_main("bob@example.org"));
    let token = app.token("ann@example.org").await;
    let me = async |token: &str| {
        app.get("", "/-/api/v1/me", &[("Authorization", &format!("Bearer {token}"))]).await.status
    };
    assert_eq!(app.get("", "/-/people/", &[("Cookie", &bob)]).await.status, 404);
    let refused = app.form("/-/people/sign-out", &bob, &[("who", "ann@example.org")]).await;
    assert_eq!(refused.status().as_u16(), 404);
    assert!(is_signed_in(&app, &ann).await);

    let root = app.at_main("root@example.org");
    let wrong = app.form("/-/people/sign-out", &root, &[("who", "ann")]).await;
    assert_eq!(wrong.status().as_u16(), 422);
    let done = app.form("/-/people/sign-out", &root, &[("who", "Ann@example.org")]).await;
    assert!(done.text().await.unwrap().contains("All sessions of ann@example.org were ended."));
    assert!(!is_signed_in(&app, &ann).await && is_signed_in(&app, &bob).await);
    assert_eq!(me(&token).await, 200, "tokens stay unless it is said");

    let by = async |token: String| {
        let request = reqwest::Client::new().post(format!("{}/-/api/v1/people/sign-out", app.home()));
        let body = serde_json::json!({ "who": "ann@example.org", "tokens": true });
        request.bearer_auth(token).json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(by(app.token("bob@example.org").await).await, 403);
    assert_eq!(by(app.token("root@example.org").await).await, 204);
    assert_eq!(me(&token).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_made_right_after_all_was_ended_works_and_those_from_before_do_not() {
    let forger = Forger::start(NOW).await;
    let (app, clock) = house(&forger).await;
    let token_in = async |cookies: &str| {
        let form = [("label", "nightly"), ("may", "read"), ("app", ""), ("days", "7")];
        let page = app.form("/-/account/tokens", cookies, &form).await.text().await.unwrap();
        let text = page.split("<pre tabindex=\"0\"><code>").nth(1)?;
        Some(text.split('<').next().unwrap().to_owned())
    };
    let me = async |token: &str| {
        app.get("", "/-/api/v1/me", &[("Authorization", &format!("Bearer {token}"))]).await.status
    };
    let before = sign_in(&app, &forger, FIREFOX).await;
    let old = token_in(&before).await.unwrap();
    assert_eq!(me(&old).await, 200);
    let ann = "ann@example.org".parse().unwrap();
    let ended = clock.now();
    for whom in [Whom::Address(&ann), Whom::TokensOf(&ann)] {
        app.loggia.releases.end_all(&whom, ended).await.unwrap();
    }
    assert_eq!(me(&old).await, 401);
    assert_eq!(token_in(&before).await, None, "whoever was signed out makes none");
    let after = sign_in(&app, &forger, FIREFOX).await;
    let new = token_in(&after).await.unwrap();
    assert_eq!((me(&new).await, me(&old).await), (200, 401));
    clock.advance(Duration::from_mins(10));
    app.loggia.releases.poll().await.unwrap();
    assert_eq!((me(&new).await, me(&old).await), (200, 401));
}
