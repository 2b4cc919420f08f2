//! Signing out with the provider: at the person's wish, and at the provider's word.

use std::collections::HashMap;
use std::time::Duration;

use loggia::config;
use loggia::model::Clock;
use serde_json::{Value, json};
use url::Url;

use super::forger::{CLIENT_ID, Forger, Signing, over};
use super::{NOW, at, registration};
use crate::support::app::TestApp;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A server whose people sign in with the forger, and its clock.
pub(super) async fn house(forger: &Forger) -> (TestApp, Clock) {
    let clock = Clock::fixed(at(NOW));
    let providers = vec![config::Provider { name: "forger".to_owned(), ..registration(forger) }];
    let change = |config: &mut config::Config| config.sign_in.providers = providers;
    (TestApp::start_at(clock.clone(), change, false).await, clock)
}

/// Signs in with a browser of this kind: the cookies of the main host afterwards.
pub(super) async fn sign_in(app: &TestApp, forger: &Forger, agent: &str) -> String {
    let begun = app.form("/-/sign-in", "", &[("with", "forger")]).await;
    let there: Url = begun.headers()["location"].to_str().unwrap().parse().unwrap();
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let back = format!("/-/sign-in/callback/forger?{}", forger.visit(&there));
    let done = app.get("", &back, &[("Cookie", &cookie), ("User-Agent", agent)]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    set(&done.head)
}

/// The cookies that an answer sets and does not clear.
fn set(head: &str) -> String {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let set = lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let pairs = set.map(|(_, cookie)| cookie.split(';').next().unwrap());
    pairs.filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
}

/// Whether these cookies are somebody's on the main host.
pub(super) async fn is_signed_in(app: &TestApp, cookies: &str) -> bool {
    app.get("", "/-/account/", &[("Cookie", cookies)]).await.status == 200
}

/// The cookie of a session at the app `figures`, by a whole hand-off.
async fn at_app(app: &TestApp, main: &str) -> String {
    let path = |location: &str| format!("/-/enter{}", location.split_once("/-/enter").unwrap().1);
    let asked = app.get("figures", "/", &[]).await;
    let enter = path(asked.header("location").unwrap());
    let passed = app.get("", &enter, &[("Cookie", main)]).await;
    let arrive = path(passed.header("location").unwrap());
    set(&app.get("figures", &arrive, &[("Cookie", &set(&asked.head))]).await.head)
}

async fn figures(app: &TestApp) {
    app.publish("figures", &[("index.html", b"<h1>Figures</h1>")]).await;
    app.share("figures", "ann@example.org").await;
}

/// What the provider sends when somebody signs out there, with `lie` put over it.
pub(super) fn logout(forger: &Forger, lie: &Value) -> String {
    let truth = json!({
        "iss": forger.issuer(), "aud": CLIENT_ID, "iat": NOW, "exp": NOW + 120, "jti": "one",
        "sub": "1", "events": { EVENT: {} },
    });
    forger.sign(&over(truth, lie))
}

pub(super) async fn send(app: &TestApp, token: &str) -> (u16, String) {
    let request = reqwest::Client::new().post(format!("{}/-/back-channel-logout", app.home()));
    let answer = request.form(&[("logout_token", token)]).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_offers_to_sign_out_at_the_provider_too() {
    let forger = Forger::start(NOW).await;
    let ending = format!("{}/end", forger.issuer());
    forger.lies().discovery = json!({ "end_session_endpoint": ending });
    let (app, _) = house(&forger).await;
    let cookies = sign_in(&app, &forger, "").await;

    let page = app.form("/-/sign-out", &cookies, &[]).await;
    let cleared = page.headers().get_all("set-cookie").iter().map(|set| set.to_str().unwrap());
    assert_eq!(cleared.filter(|set| set.contains("=; Path=/; Max-Age=0")).count(), 2);
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    let html = scraper::Html::parse_document(&page.text().await.unwrap());
    let link = scraper::Selector::parse(&format!("a[href^='{ending}']")).unwrap();
    let there: Url = html.select(&link).next().unwrap().attr("href").unwrap().parse().unwrap();
    let asked: HashMap<_, _> = there.query_pairs().into_owned().collect();
    assert_eq!(asked["client_id"], CLIENT_ID);
    assert_eq!(asked["post_logout_redirect_uri"], format!("{}/-/signed-out", app.home()));
    assert_eq!(asked["id_token_hint"].split('.').count(), 3, "the token as it came");
    assert!(!is_signed_in(&app, &cookies).await, "the session is over already");

    let back = app.get("", &format!("/-/signed-out?state={}", asked["state"]), &[]).await.text();
    assert!(back.contains("You signed out at your sign-in provider as well."));
    let unasked = app.get("", "/-/signed-out?state=made-up", &[]).await.text();
    assert!(!unasked.contains("as well."), "only what began here is believed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_without_an_end_for_sessions_is_not_offered() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    let cookies = sign_in(&app, &forger, "").await;
    assert!(!cookies.contains("__Host-loggia-reminder"), "no cookie for nothing");
    let page = app.form("/-/sign-out", &cookies, &[]).await.text().await.unwrap();
    assert!(page.contains("On a shared computer, sign out there too.") && !page.contains(&forger.issuer()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_ends_all_sessions_of_a_person_and_those_at_apps() {
    let forger = Forger::start(NOW).await;
    let (app, clock) = house(&forger).await;
    figures(&app).await;
    let first = sign_in(&app, &forger, "").await;
    let second = sign_in(&app, &forger, "").await;
    let at_app = at_app(&app, &first).await;
    assert_eq!(app.get("figures", "/", &[("Cookie", &at_app)]).await.status, 200);

    let token = logout(&forger, &json!({}));
    assert_eq!(send(&app, &token).await, (200, String::new()));
    assert!(!is_signed_in(&app, &first).await && !is_signed_in(&app, &second).await);
    assert_eq!(app.get("figures", "/", &[("Cookie", &at_app)]).await.status, 303);

    let third = sign_in(&app, &forger, "").await;
    assert!(is_signed_in(&app, &third).await, "signing in again works at once");
    clock.advance(Duration::from_secs(90));
    app.loggia.releases.poll().await.unwrap();
    let (status, why) = send(&app, &token).await;
    assert!(status == 400 && why.contains("used already"), "{status} {why}");
    assert!(is_signed_in(&app, &third).await, "a token that is sent again ends nothing new");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_ends_one_of_its_sessions_and_leaves_the_others() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    forger.lies().claims = json!({ "sid": "laptop" });
    let laptop = sign_in(&app, &forger, "").await;
    forger.lies().claims = json!({ "sid": "phone" });
    let phone = sign_in(&app, &forger, "").await;
    assert_eq!(send(&app, &logout(&forger, &json!({ "sid": "laptop" }))).await.0, 200);
    assert!(!is_signed_in(&app, &laptop).await && is_signed_in(&app, &phone).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_logout_token_it_ends_nothing() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    let cookies = sign_in(&app, &forger, "").await;
    for (lie, claim) in [
        (json!({ "iss": "https://evil.example" }), "iss"),
        (json!({ "iss": null }), "iss"),
        (json!({ "aud": "another" }), "aud"),
        (json!({ "aud": ["another"] }), "aud"),
        (json!({ "aud": null }), "aud"),
        (json!({ "iat": null }), "iat"),
        (json!({ "iat": NOW + 61 }), "iat"),
        (json!({ "iat": NOW - 601 }), "iat"),
        (json!({ "iat": "now" }), "iat"),
        (json!({ "exp": NOW - 61 }), "exp"),
        (json!({ "events": null }), "events"),
        (json!({ "events": { "another": {} } }), "events"),
        (json!({ "events": { EVENT: true } }), "events"),
        (json!({ "nonce": "n" }), "nonce"),
        (json!({ "jti": null }), "jti"),
        (json!({ "jti": "" }), "jti"),
        (json!({ "sub": null }), "sub"),
        (json!({ "sub": 1 }), "sub"),
        (json!({ "sid": "" }), "sid"),
    ] {
        let (status, why) = send(&app, &logout(&forger, &lie)).await;
        assert!(status == 400 && why.contains(&format!("`{claim}`")), "{lie}: {status} {why}");
    }
    for signing in [Signing::None, Signing::Hs256WithPublicKey, Signing::Hs256WithSecret, Signing::OtherKey] {
        forger.lies().signing = signing;
        assert_eq!(send(&app, &logout(&forger, &json!({}))).await.0, 400, "{signing:?}");
    }
    forger.lies().signing = Signing::Rs256;
    forger.lies().header = json!({ "crit": ["exp"] });
    assert_eq!(send(&app, &logout(&forger, &json!({}))).await.0, 400, "what is critical is unknown");
    for text in ["", "a.b.c", "a.b", &"a".repeat(20_000)] {
        assert_eq!(send(&app, text).await.0, 400);
    }
    assert!(is_signed_in(&app, &cookies).await, "none of them ended anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_new_is_asked_for_once_a_minute() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    sign_in(&app, &forger, "").await;
    let asked = forger.lies().keys_asked;
    forger.lies().published_kid = "two";
    for _ in 0..3 {
        forger.lies().header = json!({ "kid": "three" });
        assert_eq!(send(&app, &logout(&forger, &json!({}))).await.0, 400);
    }
    assert_eq!(forger.lies().keys_asked, asked + 1);
    forger.lies().header = json!({ "kid": "two" });
    assert_eq!(send(&app, &logout(&forger, &json!({}))).await.0, 200, "the new key is known now");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_signs_nobody_out() {
    let forger = Forger::start(NOW).await;
    let (app, clock) = house(&forger).await;
    figures(&app).await;
    let cookies = sign_in(&app, &forger, "").await;
    forger.lies().down = true;
    clock.advance(Duration::from_secs(30));
    assert!(is_signed_in(&app, &cookies).await);
    let at_app = at_app(&app, &cookies).await;
    assert_eq!(
        app.get("figures", "/", &[("Cookie", &at_app)]).await.status,
        200,
        "a hand-off needs no provider"
    );
    let page = app.form("/-/sign-out", &cookies, &[]).await;
    assert_eq!(page.status().as_u16(), 200, "signing out needs none either");
}
