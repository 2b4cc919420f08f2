//! Several providers at once, each with rules of its own, at a whole server.

use std::collections::HashMap;
use std::time::Duration;

use loggia::access::oidc::Provider;
use loggia::access::sign_in::SignInError;
use loggia::access::{Keyring, Session};
use loggia::config;
use loggia::model::Clock;
use serde_json::json;
use url::Url;

use super::browser::Browser;
use super::forger::{Forger, Signing};
use super::sign_out::{logout, send};
use super::{CALLBACK, CLIENT_ID, HeaderMap, NOW, Site, at, registration, sent_back, sign_in};
use crate::support::app::{Answer, TestApp};

/// A provider called `name` with whatever `change` sets.
fn called(name: &str, forger: &Forger, change: impl FnOnce(&mut config::Provider)) -> config::Provider {
    let mut provider =
        config::Provider { name: name.into(), label: format!("The {name}"), ..registration(forger) };
    change(&mut provider);
    provider
}

async fn server(providers: Vec<config::Provider>) -> TestApp {
    let change = |config: &mut config::Config| config.sign_in.providers = providers;
    TestApp::start_at(Clock::fixed(at(NOW)), change, false).await
}

/// Chooses a provider, and answers where that leads.
async fn choose(browser: &mut Browser, app: &TestApp, way: &str) -> Url {
    let form = [("with", way), ("return", "/-/account/")];
    let answer = browser.post(app, "/-/sign-in", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.head);
    answer.header("location").unwrap().parse().unwrap()
}

async fn back(browser: &mut Browser, app: &TestApp, way: &str, query: &str) -> Answer {
    browser.get(app, &format!("/-/sign-in/callback/{way}?{query}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn people_choose_and_each_provider_has_its_own_callback() {
    let (staff, partners) = (Forger::start(NOW).await, Forger::start(NOW).await);
    let providers = vec![called("staff", &staff, |_| ()), called("partners", &partners, |_| ())];
    let app = server(providers).await;
    let mut ann = Browser::default();
    let chooser = ann.get(&app, "/-/sign-in?return=%2Ftools%2F").await;
    assert_eq!(chooser.status, 200);
    for shown in ["Sign in with The staff", "Sign in with The partners", "name=\"return\" value=\"/tools/\""]
    {
        assert!(chooser.text().contains(shown), "{shown} in {}", chooser.text());
    }
    assert!(chooser.header("content-security-policy").unwrap().ends_with(" https:"));
    assert!(ann.cookies.is_empty());

    let location = choose(&mut ann, &app, "partners").await;
    assert!(location.as_str().starts_with(&partners.issuer()));
    let asked: HashMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(asked["redirect_uri"], format!("http://localhost:{}/-/sign-in/callback/partners", app.port));
    let entered = back(&mut ann, &app, "partners", &partners.visit(&location)).await;
    assert_eq!((entered.status, entered.header("location")), (303, Some("/-/account/")));
    assert!(ann.get(&app, "/-/account/").await.text().contains(&partners.issuer()));
    assert_eq!(choose_status(&mut ann, &app, "nobody").await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_provider_ends_its_own_sessions_and_no_others() {
    let (staff, partners) = (Forger::start(NOW).await, Forger::start(NOW).await);
    for provider in [&staff, &partners] {
        provider.lies().discovery = json!({ "end_session_endpoint": format!("{}/end", provider.issuer()) });
    }
    let providers = vec![called("staff", &staff, |_| ()), called("partners", &partners, |_| ())];
    let app = server(providers).await;
    let mut browsers = [Browser::default(), Browser::default()];
    for (browser, (way, provider)) in browsers.iter_mut().zip([("staff", &staff), ("partners", &partners)]) {
        let location = choose(browser, &app, way).await;
        assert_eq!(back(browser, &app, way, &provider.visit(&location)).await.status, 303);
    }
    let [ann, pat] = &mut browsers;

    // A word of the one that names the other is signed with the wrong keys.
    partners.lies().signing = Signing::OtherKey;
    let forged = logout(&partners, &json!({ "iss": staff.issuer() }));
    assert_eq!(send(&app, &forged).await.0, 400);
    partners.lies().signing = Signing::Rs256;
    assert!(ann.is_signed_in(&app).await && pat.is_signed_in(&app).await);
    assert_eq!(send(&app, &logout(&partners, &json!({}))).await.0, 200);
    assert!(ann.is_signed_in(&app).await && !pat.is_signed_in(&app).await, "both are called 1");

    let page = ann.post(&app, "/-/sign-out", &[]).await.text();
    assert!(page.contains(&format!("{}/end?", staff.issuer())), "{page}");
    assert!(!page.contains(&partners.issuer()));
}

async fn choose_status(browser: &mut Browser, app: &TestApp, way: &str) -> u16 {
    browser.post(app, "/-/sign-in", &[("with", way)]).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn one_provider_cannot_pass_off_anothers_answer_as_its_own() {
    let (staff, partners) = (Forger::start(NOW).await, Forger::start(NOW).await);
    let providers = vec![called("staff", &staff, |_| ()), called("partners", &partners, |_| ())];
    let app = server(providers).await;
    let mut ann = Browser::default();
    let location = choose(&mut ann, &app, "staff").await;
    let query = staff.visit(&location);
    let mixed = back(&mut ann, &app, "partners", &query).await;
    assert_eq!(mixed.status, 400);
    assert!(mixed.text().contains("not the answer to a sign-in that this browser began"));
    assert!(partners.lies().token_request.is_empty(), "the code was brought to nobody else");
    assert!(!ann.is_signed_in(&app).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_subject_of_two_providers_is_two_people() {
    let (staff, partners) = (Forger::start(NOW).await, Forger::start(NOW).await);
    let one = sign_in(&Site::of(&staff), &staff, NOW).await.unwrap().person;
    let other = sign_in(&Site::of(&partners), &partners, NOW).await.unwrap().person;
    assert_eq!((one.email, &one.subject.sub), (other.email, &other.subject.sub));
    assert_ne!(one.subject, other.subject);
}

/// One sign-in with a provider that has this rule and tells these claims.
async fn ruled(
    rule: impl FnOnce(&mut config::Provider),
    claims: serde_json::Value,
) -> Result<loggia::model::Person, SignInError> {
    let forger = Forger::start(NOW).await;
    forger.lies().claims = claims;
    let site = Site::with(called("staff", &forger, rule));
    sign_in(&site, &forger, NOW).await.map(|signed_in| signed_in.person)
}

#[tokio::test]
async fn each_provider_has_its_own_rules() {
    let domains = |provider: &mut config::Provider| provider.domains = vec!["example.org".into()];
    assert!(ruled(domains, json!({})).await.is_ok());
    let outside = ruled(domains, json!({"email": "eve@evil.org"})).await;
    assert_eq!(outside, Err(SignInError::Domain("eve@evil.org".parse().unwrap())));

    let unsaid = |provider: &mut config::Provider| provider.verified_email = false;
    assert!(ruled(unsaid, json!({"email_verified": null})).await.is_ok());
    let denied = ruled(unsaid, json!({"email_verified": false})).await;
    assert_eq!(denied, Err(SignInError::UnverifiedEmail), "what is called unverified is never taken");

    let path = |provider: &mut config::Provider| provider.groups_claim = "realm_access.roles".into();
    let person = ruled(path, json!({"realm_access": {"roles": ["reader", "writer"]}})).await.unwrap();
    assert_eq!(person.groups, ["reader", "writer"]);

    let audience = |provider: &mut config::Provider| provider.audiences = vec!["api".into()];
    assert!(ruled(audience, json!({"aud": [CLIENT_ID, "api"]})).await.is_ok());
    for other in [json!({"aud": "api"}), json!({"aud": [CLIENT_ID, "another"]})] {
        assert_eq!(ruled(audience, other).await, Err(SignInError::Audience));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_leaves_the_others() {
    let (staff, partners) = (Forger::start(NOW).await, Forger::start(NOW).await);
    let app = server(vec![called("staff", &staff, |_| ()), called("partners", &partners, |_| ())]).await;
    staff.lies().down = true;
    let mut ann = Browser::default();
    assert_eq!(ann.get(&app, "/-/sign-in").await.status, 200, "choosing asks nothing of them");
    let down = ann.post(&app, "/-/sign-in", &[("with", "staff"), ("return", "/tools/")]).await;
    assert_eq!(down.status, 502);
    assert!(down.text().contains("/-/sign-in?return=%2Ftools%2F"), "and tries again for the same page");
    choose(&mut ann, &app, "partners").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_planted_is_not_the_one_that_signs_in() {
    let staff = Forger::start(NOW).await;
    let app = server(vec![called("staff", &staff, |_| ())]).await;
    let mut ann = Browser::default();
    let planted = app.at_main("mallory@example.org");
    let (name, value) = planted.split_once('=').unwrap();
    ann.cookies.insert(name.into(), value.into());
    let location = choose(&mut ann, &app, "staff").await;
    assert_eq!(ann.cookies[name], value, "beginning changes no session");
    back(&mut ann, &app, "staff", &staff.visit(&location)).await;
    assert_ne!(ann.cookies[name], value);
    assert!(ann.get(&app, "/-/account/").await.text().contains("ann@example.org"));
    let mallory = app.get("", "/-/account/", &[("Cookie", &planted)]).await.text();
    assert!(mallory.contains("mallory@example.org") && !mallory.contains("ann@example.org"));
}

#[tokio::test(flavor = "multi_thread")]
async fn session_keys_that_change_sign_nobody_out_until_the_old_one_is_gone() {
    let keys = ["n", "o"].map(|letter| config::Secret::new(letter.repeat(32)));
    let old = Keyring::new(&keys[1..]).unwrap();
    for (keys, status) in [(keys.to_vec(), 200), (keys[..1].to_vec(), 303)] {
        let app = TestApp::start_with(|config| config.sign_in.session_keys = keys).await;
        let (now, host) = (app.loggia.clock.now(), app.loggia.hosts.main_authority());
        let ann = app.person("ann@example.org");
        let session = Session::begin(ann, Duration::from_hours(1), now, &app.loggia.entropy);
        let cookie = sent_back(&session.cookie(&host, &old, now));
        let cookie = cookie["cookie"].to_str().unwrap();
        assert_eq!(app.get("", "/-/account/", &[("Cookie", cookie)]).await.status, status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strays_of_a_network_are_counted_and_then_wait() {
    let staff = Forger::start(NOW).await;
    let app = server(vec![called("staff", &staff, |_| ())]).await;
    for _ in 0..60 {
        let stray = back(&mut Browser::default(), &app, "staff", "code=c&state=guessed").await;
        assert_eq!(stray.status, 400);
    }
    let many = back(&mut Browser::default(), &app, "staff", "code=c&state=guessed").await;
    assert_eq!((many.status, many.header("retry-after")), (429, Some("10")));
}

#[tokio::test]
async fn session_keys_that_change_during_a_sign_in_lose_nobody() {
    let forger = Forger::start(NOW).await;
    let old = Site::of(&forger);
    let (location, headers) = old.begin("/", NOW).await.unwrap();
    let keys = ["n", "k"].map(|letter| config::Secret::new(letter.repeat(32)));
    let both = Site {
        provider: Provider::new(registration(&forger), &Url::parse(CALLBACK).unwrap()).unwrap(),
        keyring: Keyring::new(&keys).unwrap(),
    };
    let query = forger.visit(&location);
    assert!(both.finish(&query, &headers, NOW).await.is_ok());
    let alone = Site {
        provider: Provider::new(registration(&forger), &Url::parse(CALLBACK).unwrap()).unwrap(),
        keyring: Keyring::new(&keys[..1]).unwrap(),
    };
    assert_eq!(alone.finish(&query, &headers, NOW).await, Err(SignInError::NoCookie));
    assert_eq!(alone.finish(&query, &HeaderMap::new(), NOW).await, Err(SignInError::NoCookie));
}
