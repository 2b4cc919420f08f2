//! The provider of development mode, over a real socket.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::LOCATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use loggia::access::Parameters;
use loggia::access::provider::{self, BuiltIn};
use loggia::access::sign_in::SignInError;
use loggia::model::Entropy;
use serde_json::json;
use tokio::net::TcpListener;
use url::Url;

use super::{CALLBACK, NOW, Site, at, serve};

/// The provider of development mode, mounted as `web` mounts it.
async fn built_in() -> (Arc<BuiltIn>, Url) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let home = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let built_in = Arc::new(BuiltIn::new(&home, &Url::parse(CALLBACK).unwrap(), Entropy::system()));
    let router = Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(async |State(p): State<Arc<BuiltIn>>| Json(p.discovery())),
        )
        .route("/jwks", get(async |State(p): State<Arc<BuiltIn>>| Json(p.jwks())))
        .route(
            "/authorize",
            get(async |State(p): State<Arc<BuiltIn>>, RawQuery(query): RawQuery| {
                let asked = p.authorize(&Parameters::parse(&query.unwrap())).unwrap();
                Json(json!(p.fields(&asked)))
            })
            .post(async |State(p): State<Arc<BuiltIn>>, body: String| {
                let there = p.submit(&Parameters::parse(&body), at(NOW)).unwrap();
                (StatusCode::SEE_OTHER, [(LOCATION, there.to_string())])
            }),
        )
        .route(
            "/token",
            post(async |State(p): State<Arc<BuiltIn>>, headers: HeaderMap, body: String| {
                match p.token(&headers, &Parameters::parse(&body), at(NOW)) {
                    Ok(answer) => (StatusCode::OK, Json(answer)),
                    Err(error) => (StatusCode::BAD_REQUEST, Json(json!({"error": error.to_string()}))),
                }
            }),
        )
        .with_state(Arc::clone(&built_in));
    tokio::spawn(serve(listener, Router::new().nest(provider::PATH, router)));
    (built_in, home)
}

#[tokio::test]
async fn the_provider_of_development_mode_signs_people_in() {
    let (built_in, _) = built_in().await;
    let site = Site::with(built_in.registration());
    let (location, headers) = site.begin("/wanted?x=1", NOW).await.unwrap();

    let browser =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let fields: Vec<(String, String)> =
        browser.get(location.clone()).send().await.unwrap().json().await.unwrap();
    let mut form = fields;
    form.push(("email".into(), "Ann@Example.org".into()));
    form.push(("groups".into(), "analysts, makers".into()));
    let mut action = location;
    action.set_query(None);
    let answer = browser.post(action).form(&form).send().await.unwrap();
    let there = Url::parse(answer.headers()[LOCATION].to_str().unwrap()).unwrap();
    assert!(there.as_str().starts_with(CALLBACK));

    let signed_in = site.finish(there.query().unwrap(), &headers, NOW).await.unwrap();
    assert_eq!(signed_in.person.email.as_str(), "ann@example.org");
    assert_eq!(signed_in.person.groups, ["analysts", "makers"]);
    assert_eq!(signed_in.person.subject.iss, built_in.registration().issuer);
    assert_eq!(signed_in.return_to.as_str(), "/wanted?x=1");

    let again = site.finish(there.query().unwrap(), &headers, NOW).await.unwrap_err();
    assert_eq!(again, SignInError::Code("invalid_grant".into()));
}

#[tokio::test]
async fn the_development_provider_must_name_itself_in_its_answer() {
    let (built_in, _) = built_in().await;
    let site = Site::with(built_in.registration());
    let (location, headers) = site.begin("/", NOW).await.unwrap();
    let state = location.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    for query in [format!("code=c&state={state}"), format!("code=c&state={state}&iss=https://evil.org")] {
        assert_eq!(site.finish(&query, &headers, NOW).await, Err(SignInError::AnsweringIssuer));
    }
}
