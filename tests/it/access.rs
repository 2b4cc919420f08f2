//! Signing in over a real socket: with the provider of development mode, and with one that lies.

mod browser;
mod certification;
mod development;
mod email;
pub(crate) mod forger;
mod github;
mod sessions;
mod several;
mod sign_out;

use std::collections::HashMap;
use std::time::Duration;

use axum::Router;
use axum::http::header::{COOKIE, LOCATION};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use loggia::access::cookie::Cookie;
use loggia::access::oidc::Provider;
use loggia::access::sign_in::{SignInError, SignedIn};
use loggia::access::{Keyring, ReturnPath};
use loggia::config::{self, Secret};
use loggia::model::Entropy;
use loggia::theme::Theme;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use forger::{CLIENT_ID, Forger, Signing};

const NOW: i64 = 1_800_000_000;
const HOST: &str = "localhost:8080";
const CALLBACK: &str = "http://localhost:8080/-/sign-in/callback";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) async fn serve(listener: TcpListener, router: Router) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

fn registration(forger: &Forger) -> config::Provider {
    let secret = Some(Secret::new("client secret".into()));
    config::Provider::openid(&forger.issuer(), CLIENT_ID, secret)
}

fn sent_back(cookie: &Cookie) -> HeaderMap {
    let set = cookie.header();
    let pair = set.to_str().unwrap().split(';').next().unwrap().to_owned();
    HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(pair).unwrap())])
}

/// A site that signs people in with some provider, at a moment that stands still.
struct Site {
    provider: Provider,
    keyring: Keyring,
}

impl Site {
    fn with(registration: config::Provider) -> Self {
        let callback = Url::parse(CALLBACK).unwrap();
        Self {
            provider: Provider::new(registration, &callback).unwrap(),
            keyring: Keyring::new(&[Secret::new("k".repeat(32))]).unwrap(),
        }
    }

    fn of(forger: &Forger) -> Self {
        Self::with(registration(forger))
    }

    async fn begin(&self, return_to: &str, now: i64) -> Result<(Url, HeaderMap), SignInError> {
        let return_to: ReturnPath = return_to.parse().unwrap();
        let begun = self
            .provider
            .begin(&HeaderMap::new(), HOST, &return_to, &self.keyring, at(now), &Entropy::system())
            .await?;
        Ok((begun.location, sent_back(&begun.cookie)))
    }

    async fn finish(&self, query: &str, headers: &HeaderMap, now: i64) -> Result<SignedIn, SignInError> {
        self.provider.finish(query, headers, HOST, &self.keyring, at(now)).await
    }
}

/// One whole sign-in with a provider that was told to lie by `lie`.
async fn signed_in(lie: impl FnOnce(&mut forger::Lies)) -> Result<SignedIn, SignInError> {
    let forger = Forger::start(NOW).await;
    lie(&mut forger.lies());
    sign_in(&Site::of(&forger), &forger, NOW).await
}

async fn sign_in(site: &Site, forger: &Forger, now: i64) -> Result<SignedIn, SignInError> {
    let (location, headers) = site.begin("/wanted?x=1", now).await?;
    site.finish(&forger.visit(&location), &headers, now).await
}

async fn refused(lie: impl FnOnce(&mut forger::Lies)) -> SignInError {
    signed_in(lie).await.unwrap_err()
}

#[tokio::test]
async fn an_honest_provider_signs_people_in() {
    let signed_in = signed_in(|_| ()).await.unwrap();
    assert_eq!(signed_in.person.email.as_str(), "ann@example.org");
    assert_eq!(signed_in.person.subject.sub, "1");
    assert_eq!(signed_in.person.name.as_deref(), Some("Ann"));
    assert_eq!(signed_in.person.groups, ["analysts"]);
    assert!(signed_in.cookie.header().to_str().unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn an_elliptic_curve_will_do() {
    assert!(signed_in(|lies| lies.signing = Signing::Es256).await.is_ok());
}

#[tokio::test]
async fn a_request_carries_pkce_and_no_secret() {
    let forger = Forger::start(NOW).await;
    let site = Site::of(&forger);
    let (location, headers) = site.begin("/wanted", NOW).await.unwrap();
    let asked: HashMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["redirect_uri"], CALLBACK);
    assert_eq!(asked["scope"], "openid email profile");
    assert!(!location.as_str().contains("secret") && !location.as_str().contains("wanted"));

    site.finish(&forger.visit(&location), &headers, NOW).await.unwrap();
    let brought = forger.lies().token_request.clone();
    assert_eq!(forger::s256(&brought["code_verifier"]), asked["code_challenge"]);
    assert_eq!(brought["redirect_uri"], CALLBACK);
    assert_eq!(brought["code"], "a-code");
    assert_eq!(brought["authorization"], "Basic bG9nZ2lhLXRlc3Q6Y2xpZW50K3NlY3JldA==");
    assert!(!brought.contains_key("client_secret"));
}

#[tokio::test]
async fn a_secret_goes_into_the_form_where_the_provider_wants_it_there() {
    let forger = Forger::start(NOW).await;
    forger.lies().discovery = json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]});
    sign_in(&Site::of(&forger), &forger, NOW).await.unwrap();
    let brought = forger.lies().token_request.clone();
    assert_eq!(brought["client_secret"], "client secret");
    assert!(!brought.contains_key("authorization"));
}

#[tokio::test]
async fn an_issuer_with_a_slash_more_is_another() {
    let forger = Forger::start(NOW).await;
    forger.lies().claims = json!({"iss": format!("{}/", forger.issuer())});
    assert_eq!(sign_in(&Site::of(&forger), &forger, NOW).await, Err(SignInError::Issuer));
}

/// A site whose provider answers every question with `answer`.
async fn site_told(answer: impl IntoResponse + Clone + Send + Sync + 'static) -> Site {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(serve(listener, Router::new().fallback(async || answer)));
    Site::with(config::Provider::openid(&issuer, CLIENT_ID, None))
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let forger = Forger::start(NOW).await;
    let elsewhere = format!("{}/.well-known/openid-configuration", forger.issuer());
    let site = site_told((StatusCode::FOUND, [(LOCATION, elsewhere)])).await;
    let error = site.begin("/", NOW).await.unwrap_err();
    assert_eq!(error, SignInError::Discovery("it is not there as JSON"));
    assert_eq!(forger.lies().discovery_asked, 0);
}

#[tokio::test]
async fn overlong_answers_are_cut_off() {
    let site = site_told("x".repeat((1 << 20) + 1)).await;
    assert_eq!(site.begin("/", NOW).await.unwrap_err(), SignInError::Unreadable("overlong answer"));
}

macro_rules! lies {
    ($($test:ident: $lie:expr => $error:expr;)+) => {
        $(#[tokio::test]
        async fn $test() {
            let lie: fn(&mut forger::Lies) = $lie;
            assert_eq!(refused(lie).await, $error);
        })+
    };
}

fn claims(lies: &mut forger::Lies, claims: Value) {
    lies.claims = claims;
}

lies! {
    another_issuer_is_refused: |lies| claims(lies, json!({"iss": "https://evil.org"})) => SignInError::Issuer;
    another_audience_is_refused: |lies| claims(lies, json!({"aud": "another-site"})) => SignInError::Audience;
    a_second_audience_is_refused:
        |lies| claims(lies, json!({"aud": [CLIENT_ID, "another-site"]})) => SignInError::Audience;
    another_authorized_party_is_refused:
        |lies| claims(lies, json!({"azp": "another-site"})) => SignInError::Audience;
    another_nonce_is_refused: |lies| claims(lies, json!({"nonce": "another"})) => SignInError::Nonce;
    a_missing_nonce_is_refused: |lies| claims(lies, json!({"nonce": null})) => SignInError::Nonce;
    an_expired_token_is_refused: |lies| claims(lies, json!({"exp": NOW - 61})) => SignInError::Expired;
    a_token_without_end_is_refused:
        |lies| claims(lies, json!({"exp": null})) => SignInError::Unreadable("token answer");
    an_end_that_is_no_number_is_refused:
        |lies| claims(lies, json!({"exp": "tomorrow"})) => SignInError::Unreadable("token answer");
    a_token_without_a_beginning_is_refused:
        |lies| claims(lies, json!({"iat": null})) => SignInError::Unreadable("token answer");
    a_token_from_the_future_is_refused: |lies| claims(lies, json!({"iat": NOW + 61})) => SignInError::IssuedAt;
    an_unsigned_token_is_refused: |lies| lies.signing = Signing::None => SignInError::Algorithm;
    the_public_key_is_no_secret: |lies| lies.signing = Signing::Hs256WithPublicKey => SignInError::Algorithm;
    symmetric_signatures_are_refused: |lies| lies.signing = Signing::Hs256WithSecret => SignInError::Algorithm;
    a_bad_signature_is_refused: |lies| lies.signing = Signing::OtherKey => SignInError::Signature;
    an_unknown_key_is_refused: |lies| lies.header = json!({"kid": "unknown"}) => SignInError::UnknownKey;
    another_type_of_token_is_refused:
        |lies| lies.header = json!({"typ": "at+jwt"}) => SignInError::Unreadable("ID token");
    an_unverified_address_is_refused:
        |lies| claims(lies, json!({"email_verified": false})) => SignInError::UnverifiedEmail;
    an_address_of_which_nothing_is_said_is_refused:
        |lies| claims(lies, json!({"email_verified": null})) => SignInError::UnverifiedEmail;
    something_else_than_an_address_is_refused:
        |lies| claims(lies, json!({"email": "ann"})) => SignInError::NoEmail;
    an_overlong_subject_is_refused:
        |lies| claims(lies, json!({"sub": "s".repeat(256)})) => SignInError::Unreadable("`sub` claim");
    an_answer_without_id_token_is_refused: |lies| lies.sends_id_token = false => SignInError::NoIdToken;
    a_refused_code_is_named:
        |lies| lies.token_error = Some((400, json!({"error": "invalid_grant"}))) => SignInError::Code("invalid_grant".into());
    a_refused_registration_is_named:
        |lies| lies.token_error = Some((401, json!({"error": "invalid_client"}))) => SignInError::Registration;
    another_issuers_description_is_refused:
        |lies| lies.discovery = json!({"issuer": "https://evil.org"}) => SignInError::DiscoveryIssuer;
    an_endpoint_without_tls_is_refused:
        |lies| lies.discovery = json!({"authorization_endpoint": "http://evil.org/a"})
            => SignInError::Discovery("an endpoint does not use https");
    a_provider_without_token_endpoint_is_refused:
        |lies| lies.discovery = json!({"token_endpoint": null}) => SignInError::Discovery("it names no token endpoint");
    a_provider_that_is_down_is_named: |lies| lies.down = true => SignInError::Unavailable;
    userinfo_about_somebody_else_is_refused: |lies| {
        lies.claims = json!({"email": null});
        lies.userinfo = json!({"sub": "2", "email": "eve@example.org", "email_verified": true});
    } => SignInError::UserInfoSubject;
    userinfo_without_address_is_refused: |lies| {
        lies.claims = json!({"email": null});
        lies.userinfo = json!({"sub": "1"});
    } => SignInError::NoEmail;
    an_address_is_verified_where_it_is_told: |lies| {
        lies.claims = json!({"email": null, "email_verified": true});
        lies.userinfo = json!({"sub": "1", "email": "ann@example.org"});
    } => SignInError::UnverifiedEmail;
}

#[tokio::test]
async fn clocks_may_differ_by_less_than_a_minute() {
    assert!(signed_in(|lies| claims(lies, json!({"exp": NOW - 59, "iat": NOW + 59}))).await.is_ok());
}

#[tokio::test]
async fn userinfo_tells_the_address_where_the_token_does_not() {
    let signed_in = signed_in(|lies| {
        lies.claims = json!({"email": null, "email_verified": null, "groups": null});
        lies.userinfo["groups"] = json!("analysts");
    });
    let person = signed_in.await.unwrap().person;
    assert_eq!(
        (person.email.as_str(), person.groups.as_slice()),
        ("ann@example.org", &["analysts".to_owned()][..])
    );
}

#[tokio::test]
async fn many_groups_still_fit_into_a_session() {
    let groups: Vec<_> = (0..500).map(|number| format!("group-{number:04}")).collect();
    let person = signed_in(|lies| claims(lies, json!({"groups": groups}))).await.unwrap().person;
    assert!(person.groups.len() > 50 && person.groups.len() < 200, "{}", person.groups.len());
}

#[tokio::test]
async fn a_new_key_is_found_and_unknown_ones_cost_one_question_a_minute() {
    let forger = Forger::start(NOW).await;
    let site = Site::of(&forger);
    sign_in(&site, &forger, NOW).await.unwrap();
    assert_eq!(forger.lies().keys_asked, 1);

    forger.lies().published_kid = "two";
    forger.lies().header = json!({"kid": "two"});
    sign_in(&site, &forger, NOW).await.unwrap();
    assert_eq!(forger.lies().keys_asked, 2);

    forger.lies().header = json!({"kid": "three"});
    for _ in 0..3 {
        assert_eq!(sign_in(&site, &forger, NOW + 1).await, Err(SignInError::UnknownKey));
    }
    assert_eq!(forger.lies().keys_asked, 2);

    forger.lies().published_kid = "three";
    sign_in(&site, &forger, NOW + 61).await.unwrap();
    assert_eq!(forger.lies().keys_asked, 3);
}

#[tokio::test]
async fn a_provider_that_failed_is_asked_again_after_a_pause() {
    let forger = Forger::start(NOW).await;
    let site = Site::of(&forger);
    forger.lies().down = true;
    for _ in 0..3 {
        assert_eq!(site.begin("/", NOW).await.unwrap_err(), SignInError::Unavailable);
    }
    assert_eq!(forger.lies().discovery_asked, 1);
    forger.lies().down = false;
    assert!(site.begin("/", NOW + 5).await.is_ok());
}

#[tokio::test]
async fn what_was_known_of_a_provider_outlives_its_failure() {
    let forger = Forger::start(NOW).await;
    let site = Site::of(&forger);
    site.begin("/", NOW).await.unwrap();
    forger.lies().down = true;
    assert!(site.begin("/", NOW + 25 * 3600).await.is_ok());
    assert_eq!(forger.lies().discovery_asked, 2);
}

#[tokio::test]
async fn an_unreachable_provider_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let site = Site::with(config::Provider::openid(&issuer, CLIENT_ID, None));
    assert_eq!(site.begin("/", NOW).await.unwrap_err(), SignInError::Unavailable);
}

#[tokio::test]
async fn only_the_browser_that_began_can_finish_within_ten_minutes() {
    let forger = Forger::start(NOW).await;
    let site = Site::of(&forger);
    let (location, headers) = site.begin("/", NOW).await.unwrap();
    let (_, other_browser) = site.begin("/", NOW).await.unwrap();
    let query = forger.visit(&location);
    assert_eq!(site.finish(&query, &HeaderMap::new(), NOW).await, Err(SignInError::NoCookie));
    assert_eq!(site.finish(&query, &other_browser, NOW).await, Err(SignInError::State));
    assert_eq!(site.finish("code=c&state=another", &headers, NOW).await, Err(SignInError::State));
    assert_eq!(site.finish(&query, &headers, NOW + 600).await, Err(SignInError::NoCookie));
    assert!(site.finish(&query, &headers, NOW + 60).await.is_ok());
}

#[tokio::test]
async fn answers_that_say_no_are_named() {
    let forger = Forger::start(NOW).await;
    let site = Site::of(&forger);
    let (location, headers) = site.begin("/", NOW).await.unwrap();
    let query = forger.visit(&location);
    let state = query.split_once('&').unwrap().1;
    for (answer, error) in [
        (format!("error=access_denied&{state}"), SignInError::Denied),
        (format!("error=server_error&{state}"), SignInError::Refused("server_error".into())),
        (format!("error=%3Cscript%3E%0A&{state}"), SignInError::Refused("script".into())),
        (format!("code=c&{state}&iss=https://evil.org"), SignInError::AnsweringIssuer),
        (state.to_owned(), SignInError::Incomplete),
        (format!("code=c&code=d&{state}"), SignInError::Incomplete),
        ("code=c".to_owned(), SignInError::Incomplete),
    ] {
        assert_eq!(site.finish(&answer, &headers, NOW).await, Err(error), "{answer}");
    }
}

#[test]
fn issuers_without_tls_stop_the_start() {
    let start = |issuer: &str| {
        let registration = config::Provider::openid(issuer, CLIENT_ID, None);
        Provider::new(registration, &Url::parse(CALLBACK).unwrap())
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    assert_eq!(start("https://id.example.org/realm"), Ok(()));
    assert_eq!(start("http://localhost:8080/-/provider"), Ok(()));
    let rule = "issuer `http://id.example.org` cannot be used: it must start with `https://`";
    assert_eq!(start("http://id.example.org"), Err(rule.into()));
    assert!(start("https://id.example.org/?x").is_err() && start("id.example.org").is_err());
}

#[test]
fn every_failure_has_a_reason_and_a_next_step_in_every_language() {
    let all = [
        SignInError::Unavailable,
        SignInError::Discovery("it cannot be read"),
        SignInError::DiscoveryIssuer,
        SignInError::Incomplete,
        SignInError::NoCookie,
        SignInError::State,
        SignInError::AnsweringIssuer,
        SignInError::Denied,
        SignInError::Refused("server_error".into()),
        SignInError::Code("invalid_grant".into()),
        SignInError::Registration,
        SignInError::Unreadable("ID token"),
        SignInError::NoIdToken,
        SignInError::Algorithm,
        SignInError::UnknownKey,
        SignInError::Signature,
        SignInError::Issuer,
        SignInError::Audience,
        SignInError::Nonce,
        SignInError::Expired,
        SignInError::IssuedAt,
        SignInError::NoEmail,
        SignInError::UnverifiedEmail,
        SignInError::Domain("ann@example.org".parse().unwrap()),
        SignInError::Organisation,
        SignInError::UserInfo,
        SignInError::UserInfoSubject,
        SignInError::NoCode,
        SignInError::CodeSpent,
        SignInError::CodeUsed,
    ];
    let theme = Theme::load(&config::Theme::Default).unwrap();
    for error in &all {
        for language in ["en", "cy"] {
            let key = format!("failed_{}", error.name());
            let line = theme.words(language, &key).unwrap_or_else(|| panic!("{key} in {language}"));
            let (reason, next) = line.split_once('|').unwrap_or_else(|| panic!("{key} in {language}"));
            assert!(reason.ends_with('.') && next.ends_with('.'), "{key} in {language}");
            assert_eq!(line.contains("{detail}"), !error.detail().is_empty(), "{key} in {language}");
        }
    }
    insta::assert_snapshot!(all.map(|error| format!("{}: {error}", error.name())).join("\n"));
}

#[tokio::test]
async fn a_sign_in_can_be_finished_on_another_task() {
    let forger = Forger::start(NOW).await;
    let task = tokio::spawn(async move { sign_in(&Site::of(&forger), &forger, NOW).await });
    assert!(tokio::time::timeout(Duration::from_secs(30), task).await.unwrap().unwrap().is_ok());
}
