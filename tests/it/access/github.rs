//! Signing in with GitHub, or rather with a double of it that can be told to lie.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use loggia::access::sign_in::{SignInError, SignedIn, Visit, Ways};
use loggia::access::{Keyring, ReturnPath};
use loggia::config::{Provider, ProviderKind, Secret};
use loggia::model::Entropy;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::forger::s256;
use super::{HOST, NOW, at, sent_back, serve};

const CALLBACK: &str = "http://localhost:8080/-/sign-in/callback/github";

/// What it says, all of it true at first, and what it was asked.
struct Said {
    token: (u16, Value),
    user: (u16, Value),
    emails: Value,
    orgs: Vec<Value>,
    teams: Value,
    token_request: HashMap<String, String>,
    bearer: String,
    pages: usize,
}

/// A way of saying no, and what it is called.
type Row = (&'static str, fn(&mut Said), SignInError);

#[derive(Clone)]
struct Double {
    base: String,
    said: Arc<Mutex<Said>>,
}

impl Double {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let said = Said {
            token: (
                200,
                json!({"access_token": "gho_secret", "token_type": "bearer", "scope": "read:org,user:email"}),
            ),
            user: (200, json!({"id": 583_231, "login": "octocat", "name": "The Octocat"})),
            emails: json!([
                {"email": "other@example.net", "primary": false, "verified": true},
                {"email": "Octocat@Example.org", "primary": true, "verified": true},
            ]),
            orgs: vec![json!({"login": "Ministry"}), json!({"login": "hobby"})],
            teams: json!([
                {"slug": "data", "organization": {"login": "Ministry"}},
                {"slug": "chess", "organization": {"login": "hobby"}},
            ]),
            token_request: HashMap::new(),
            bearer: String::new(),
            pages: 0,
        };
        let double = Self {
            base: format!("http://{}", listener.local_addr().unwrap()),
            said: Arc::new(Mutex::new(said)),
        };
        let answer = |(status, body): (u16, Value)| (StatusCode::from_u16(status).unwrap(), Json(body));
        let api = Router::new()
            .route(
                "/user",
                get(move |State(double): State<Double>, headers: HeaderMap| async move {
                    let bearer = headers["authorization"].to_str().unwrap().to_owned();
                    double.said().bearer = bearer;
                    answer(double.said().user.clone())
                }),
            )
            .route(
                "/user/emails",
                get(async |State(double): State<Double>| Json(double.said().emails.clone())),
            )
            .route(
                "/user/orgs",
                get(async |State(double): State<Double>, Query(asked): Query<HashMap<String, usize>>| {
                    double.said().pages += 1;
                    let from = (asked["page"] - 1) * asked["per_page"];
                    let orgs = double.said().orgs.clone();
                    Json(orgs.into_iter().skip(from).take(asked["per_page"]).collect::<Vec<_>>())
                }),
            )
            .route(
                "/user/teams",
                get(async |State(double): State<Double>| Json(double.said().teams.clone())),
            );
        let router = Router::new()
            .route(
                "/login/oauth/access_token",
                post(move |State(double): State<Double>, body: String| async move {
                    let request = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
                    double.said().token_request = request;
                    answer(double.said().token.clone())
                }),
            )
            .nest("/api/v3", api)
            .with_state(double.clone());
        tokio::spawn(serve(listener, router));
        double
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap()
    }

    fn registration(&self, organisations: &[&str]) -> Provider {
        let kind = ProviderKind::GitHub {
            api: format!("{}/api/v3", self.base),
            organisations: organisations.iter().map(|&name| name.to_owned()).collect(),
        };
        let openid = Provider::openid(&self.base, "our-client", Some(Secret::new("our secret".into())));
        Provider { name: "github".into(), kind, ..openid }
    }

    /// A whole sign-in, of which the browser brings back `answer` made of the state.
    async fn sign_in_answering(
        &self,
        registration: Provider,
        answer: impl Fn(&str) -> String,
    ) -> Result<SignedIn, SignInError> {
        let ways = Ways::new(&[registration], "http://localhost:8080").unwrap();
        let way = ways.get("github").unwrap();
        let keyring = Keyring::new(&[Secret::new("k".repeat(32))]).unwrap();
        let headers = HeaderMap::new();
        let visit = Visit { headers: &headers, host: HOST, keyring: &keyring, now: at(NOW) };
        let wanted: ReturnPath = "/wanted".parse().unwrap();
        let begun = way.begin(visit, &wanted, &Entropy::system()).await?;
        let asked = asked(&begun.location);
        assert!(begun.location.as_str().starts_with(&format!("{}/login/oauth/authorize?", self.base)));
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["redirect_uri"], CALLBACK);
        let headers = sent_back(&begun.cookie);
        let signed_in = way.finish(&answer(&asked["state"]), Visit { headers: &headers, ..visit }).await?;
        let verifier = self.said().token_request["code_verifier"].clone();
        assert_eq!(s256(&verifier), asked["code_challenge"]);
        assert_eq!(signed_in.return_to, wanted);
        Ok(signed_in)
    }

    async fn sign_in(&self, organisations: &[&str]) -> Result<SignedIn, SignInError> {
        let back = |state: &str| format!("code=a-code&state={state}");
        self.sign_in_answering(self.registration(organisations), back).await
    }
}

fn asked(location: &Url) -> HashMap<String, String> {
    location.query_pairs().into_owned().collect()
}

#[tokio::test]
async fn somebody_is_their_number_at_github_with_their_primary_address_and_teams() {
    let github = Double::start().await;
    let person = github.sign_in(&["ministry"]).await.unwrap().person;
    assert_eq!((person.subject.iss.as_str(), person.subject.sub.as_str()), (github.base.as_str(), "583231"));
    assert_eq!(person.email.as_str(), "octocat@example.org");
    assert_eq!(person.name.as_deref(), Some("The Octocat"));
    assert_eq!(person.groups, ["Ministry", "Ministry/data"], "of the organisations that were set alone");
    assert_eq!(github.said().bearer, "Bearer gho_secret");
    assert_eq!(github.said().token_request["redirect_uri"], CALLBACK);
}

#[tokio::test]
async fn an_organisation_that_anybody_could_have_founded_is_no_group() {
    let github = Double::start().await;
    assert!(github.sign_in(&[]).await.unwrap().person.groups.is_empty());
    assert_eq!(github.said().pages, 0);
    assert_eq!(github.sign_in(&["elsewhere"]).await, Err(SignInError::Organisation));
}

#[tokio::test]
async fn organisations_are_read_page_by_page() {
    let github = Double::start().await;
    github.said().orgs = (0..250).map(|number| json!({"login": format!("o{number}")})).collect();
    assert_eq!(github.sign_in(&["o249"]).await.unwrap().person.groups, ["o249"]);
    assert_eq!(github.said().pages, 3);
}

#[tokio::test]
async fn every_way_in_which_github_says_no_is_named() {
    let rows: [Row; 8] = [
        (
            "an old code, with the status 200",
            |said| said.token.1 = json!({"error": "bad_verification_code", "error_description": "x"}),
            SignInError::Code("bad_verification_code".into()),
        ),
        (
            "a wrong secret, with the status 200",
            |said| said.token.1 = json!({"error": "incorrect_client_credentials"}),
            SignInError::Registration,
        ),
        ("something else", |said| said.token.1 = json!({"x": 1}), SignInError::Unreadable("token answer")),
        (
            "no primary address",
            |said| said.emails = json!([{"email": "a@example.org", "primary": false, "verified": true}]),
            SignInError::NoEmail,
        ),
        (
            "a primary address that is not verified",
            |said| said.emails[1]["verified"] = json!(false),
            SignInError::UnverifiedEmail,
        ),
        ("a token that is not taken", |said| said.user.0 = 401, SignInError::UserInfo),
        (
            "an account without a number",
            |said| said.user.1["id"] = json!("x"),
            SignInError::Unreadable("account"),
        ),
        ("a failure of its own", |said| said.user.0 = 502, SignInError::Unavailable),
    ];
    for (name, lie, error) in rows {
        let github = Double::start().await;
        lie(&mut github.said());
        assert_eq!(github.sign_in(&[]).await.map(|_| ()), Err(error), "{name}");
    }
}

#[tokio::test]
async fn a_state_of_another_browser_and_a_refusal_are_named() {
    let github = Double::start().await;
    for (answer, error) in [
        (
            Box::new(|_: &str| "code=c&state=another".to_owned()) as Box<dyn Fn(&str) -> String>,
            SignInError::State,
        ),
        (Box::new(|state: &str| format!("error=access_denied&state={state}")), SignInError::Denied),
        (Box::new(|state: &str| format!("state={state}")), SignInError::Incomplete),
    ] {
        let came = github.sign_in_answering(github.registration(&[]), answer).await;
        assert_eq!(came.map(|_| ()), Err(error));
    }
}

#[tokio::test]
async fn domains_hold_for_github_too() {
    let github = Double::start().await;
    let registration = Provider { domains: vec!["example.net".into()], ..github.registration(&[]) };
    let came = github.sign_in_answering(registration, |state| format!("code=c&state={state}")).await;
    assert_eq!(came, Err(SignInError::Domain("octocat@example.org".parse().unwrap())));
}
