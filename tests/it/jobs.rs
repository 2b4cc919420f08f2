//! Trusted publishers: jobs of continuous integration that publish by their service's word, and services that lie.

use std::process::{Command, Stdio};
use std::time::Duration;

use axum::extract::Query;
use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use loggia::access::jobs::{GRANT, ISSUED_TYPE, SUBJECT_TYPES};
use loggia::model::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use crate::access::forger::{Forger, Signing, over};
use crate::support::app::TestApp;

const NOW: i64 = 1_800_000_000;

/// A server that believes the forger of GitHub's jobs and of GitLab's, with the apps `figures` and `sales`.
async fn house(forger: &Forger) -> (TestApp, Clock) {
    let clock = Clock::fixed(jiff::Timestamp::from_second(NOW).unwrap());
    let issuer: url::Url = forger.issuer().parse().unwrap();
    let change = |config: &mut loggia::config::Config| {
        config.access.github_issuers = vec![issuer.clone()];
        config.access.gitlab_issuers = Vec::new();
    };
    let app = TestApp::start_at(clock.clone(), change, false).await;
    app.publish("figures", &[("index.html", b"<h1>Figures</h1>")]).await;
    app.publish("sales", &[("index.html", b"<h1>Sales</h1>")]).await;
    (app, clock)
}

fn line() -> Value {
    json!({
        "service": "github", "repository": "moj/report", "repository_id": "12", "repository_owner_id": "34",
        "workflow": "publish.yml",
    })
}

async fn call(app: &TestApp, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/-/api/v1{path}", app.home());
    let method: Method = method.parse().unwrap();
    let answer =
        reqwest::Client::new().request(method, url).bearer_auth(token).json(&body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Lets jobs as `line` says publish to `name`; answers which line that is.
async fn trust(app: &TestApp, name: &str, line: Value) -> String {
    let owner = app.token("owner@example.org").await;
    let (status, lines) = call(app, &owner, "POST", &format!("/apps/{name}/publishers"), line).await;
    assert_eq!(status, 200, "{lines}");
    lines.as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned()
}

/// What GitHub says of a job, with `lie` put over it.
fn vouched(app: &TestApp, forger: &Forger, lie: &Value) -> String {
    let truth = json!({
        "iss": forger.issuer(), "aud": app.home(), "iat": NOW, "nbf": NOW, "exp": NOW + 300, "jti": "one",
        "sub": "repo:moj/report:ref:refs/heads/main", "event_name": "push", "repository": "moj/report",
        "repository_id": "12", "repository_owner_id": "34",
        "job_workflow_ref": "moj/report/.github/workflows/publish.yml@refs/heads/main",
    });
    forger.sign(&over(truth, lie))
}

async fn exchange(app: &TestApp, vouched: &str, more: &[(&str, &str)]) -> Result<Value, Value> {
    let mut form = vec![
        ("grant_type", GRANT),
        ("subject_token_type", SUBJECT_TYPES[0]),
        ("requested_token_type", ISSUED_TYPE),
        ("subject_token", vouched),
    ];
    form.extend(more);
    let answer =
        reqwest::Client::new().post(format!("{}/-/token", app.home())).form(&form).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let good = answer.status().as_u16() == 200;
    let json: Value = answer.json().await.unwrap();
    if good { Ok(json) } else { Err(json) }
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_job_publishes_for_a_quarter_of_an_hour_and_does_nothing_else() {
    let forger = Forger::start(NOW).await;
    let (app, clock) = house(&forger).await;
    trust(&app, "figures", line()).await;
    let answer = exchange(&app, &vouched(&app, &forger, &json!({})), &[]).await.unwrap();
    assert_eq!(
        (answer["expires_in"].as_i64(), text(&answer, "scope")),
        (Some(900), "app:figures".to_owned())
    );
    let token = text(&answer, "access_token");

    let digest = loggia::model::Digest::of(b"<h1>Second</h1>").to_string();
    let files = json!({"files": {"index.html": {"sha256": digest, "size": 15}}});
    let (status, begun) = call(&app, &token, "POST", "/apps/figures/releases", files).await;
    assert_eq!(status, 201, "{begun}");
    let release = format!("/apps/figures/releases/{}", text(&begun, "id"));
    let put = format!("{}/-/api/v1{release}/blobs/{digest}", app.home());
    let put =
        reqwest::Client::new().put(put).bearer_auth(&token).body("<h1>Second</h1>").send().await.unwrap();
    assert!(put.status().is_success());
    let (status, _) =
        call(&app, &token, "POST", &format!("{release}/finish"), json!({"activate": true})).await;
    assert_eq!(status, 200);
    let (_, releases) = call(&app, &token, "GET", "/apps/figures/releases", json!(null)).await;
    let live = releases.as_array().unwrap().iter().find(|release| release["current"] == true).unwrap();
    assert_eq!(live["by"], "moj/report@github", "it says who published");
    assert_eq!(call(&app, &token, "GET", "/apps", json!(null)).await.1.as_array().unwrap().len(), 1);

    for (method, path, why) in [
        ("POST", "/apps", "given to a CI job"),
        ("POST", "/apps/figures/grants", "may `publish`"),
        ("PATCH", "/apps/figures", "may `publish`"),
        ("DELETE", "/apps/figures", "may `publish`"),
        ("DELETE", &release, "may `publish`"),
        ("POST", "/apps/figures/publishers", "may `publish`"),
        ("POST", "/apps/sales/releases", "for the app `figures`"),
        ("GET", "/apps/sales", "for the app `figures`"),
        ("POST", "/guides/releases", "given to a CI job"),
        ("POST", "/people/sign-out", "may `publish`"),
    ] {
        let (status, problem) = call(&app, &token, method, path, json!({})).await;
        assert_eq!(status, 403, "{method} {path}");
        assert!(text(&problem, "detail").contains(why), "{method} {path}: {problem}");
    }
    let search =
        app.get("", "/-/search.json?q=figures", &[("Authorization", &format!("Bearer {token}"))]).await;
    assert_eq!(search.status, 403, "it is nobody who searches");

    clock.advance(Duration::from_mins(15));
    assert_eq!(call(&app, &token, "GET", "/me", json!(null)).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_jobs_token_it_is_not_exchanged() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    trust(&app, "figures", line()).await;
    for (lie, why) in [
        (json!({"iss": "https://token.actions.githubusercontent.com"}), "does not believe"),
        (json!({"iss": null}), "no identity token"),
        (json!({"aud": "https://another.example"}), "another audience"),
        (json!({"aud": [app.home(), "https://another.example"]}), "another audience"),
        (json!({"aud": format!("{}/", app.home())}), "another audience"),
        (json!({"aud": null}), "another audience"),
        (json!({"exp": NOW - 30}), "is over"),
        (json!({"iat": NOW - 43_201, "exp": NOW + 300}), "is over"),
        (json!({"exp": null}), "`exp`"),
        (json!({"exp": "later"}), "`exp`"),
        (json!({"iat": NOW + 31}), "not valid yet"),
        (json!({"iat": null}), "`iat`"),
        (json!({"nbf": NOW + 31}), "not valid yet"),
        (json!({"jti": null}), "`jti`"),
        (json!({"event_name": "pull_request"}), "pull and merge requests"),
        (json!({"event_name": "pull_request_target"}), "pull and merge requests"),
        (json!({"event_name": null}), "`event_name`"),
        (json!({"repository_id": "13"}), "no app that was asked for trusts this job"),
        (json!({"repository_owner_id": "35"}), "no app that was asked for trusts this job"),
        (json!({"repository_id": "12 "}), "`repository_id`"),
        (json!({"repository_id": ["12"]}), "`repository_id`"),
        (
            json!({"job_workflow_ref": "moj/report/.github/workflows/test.yml@refs/heads/main"}),
            "trusts this job",
        ),
        (json!({"job_workflow_ref": "evil/shared/.github/workflows/publish.yml@main"}), "`job_workflow_ref`"),
        (
            json!({"job_workflow_ref": "moj/report/.github/workflows/x/publish.yml@main"}),
            "`job_workflow_ref`",
        ),
        (json!({"job_workflow_ref": "moj/report/.github/workflows/publish.yml"}), "`job_workflow_ref`"),
        (json!({"job_workflow_ref": null}), "`job_workflow_ref`"),
    ] {
        let refused = exchange(&app, &vouched(&app, &forger, &lie), &[]).await.unwrap_err();
        assert_eq!(refused["error"], "invalid_grant", "{lie}");
        assert!(text(&refused, "error_description").contains(why), "{lie}: {refused}");
    }
    for signing in [
        Signing::None,
        Signing::Hs256WithPublicKey,
        Signing::Hs256WithSecret,
        Signing::OtherKey,
        Signing::Es256,
    ] {
        forger.lies().signing = signing;
        let refused = exchange(&app, &vouched(&app, &forger, &json!({})), &[]).await.unwrap_err();
        assert_eq!(refused["error"], "invalid_grant", "{signing:?}");
    }
    forger.lies().signing = Signing::Rs256;
    let good = vouched(&app, &forger, &json!({}));
    for scope in ["app:sales", "app:No", "everything"] {
        assert!(exchange(&app, &good, &[("scope", scope)]).await.is_err(), "{scope}");
    }
    assert!(exchange(&app, &good, &[]).await.is_ok(), "and the truth is, still");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jobs_token_is_exchanged_once() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    trust(&app, "figures", line()).await;
    let once = vouched(&app, &forger, &json!({}));
    assert!(exchange(&app, &once, &[]).await.is_ok());
    let again = exchange(&app, &once, &[]).await.unwrap_err();
    assert!(text(&again, "error_description").contains("used already"), "{again}");
    let resigned = vouched(&app, &forger, &json!({"exp": NOW + 200}));
    assert!(exchange(&app, &resigned, &[]).await.is_err(), "its name is what counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_trust_away_takes_its_tokens_away() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    let id = trust(&app, "figures", line()).await;
    let token =
        text(&exchange(&app, &vouched(&app, &forger, &json!({})), &[]).await.unwrap(), "access_token");
    assert_eq!(call(&app, &token, "GET", "/apps/figures", json!(null)).await.0, 200);
    let owner = app.token("owner@example.org").await;
    let path = format!("/apps/figures/publishers/{id}");
    assert_eq!(call(&app, &owner, "DELETE", &path, json!(null)).await.0, 204);
    assert_eq!(call(&app, &token, "GET", "/apps/figures", json!(null)).await.0, 404);
    assert_eq!(call(&app, &token, "POST", "/apps/figures/releases", json!({"files": {}})).await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_and_an_app_narrow_what_a_job_may() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    trust(&app, "figures", line()).await;
    let production = over(line(), &json!({"environment": "production"}));
    trust(&app, "sales", production).await;
    let job = |jti: &str, environment: Value| {
        vouched(&app, &forger, &json!({"jti": jti, "environment": environment}))
    };

    let plain = exchange(&app, &job("1", json!(null)), &[]).await.unwrap();
    assert_eq!(text(&plain, "scope"), "app:figures");
    let both = exchange(&app, &job("2", json!("production")), &[]).await.unwrap();
    let mut apps: Vec<_> = text(&both, "scope").split(' ').map(str::to_owned).collect();
    apps.sort();
    assert_eq!(apps, ["app:figures", "app:sales"]);
    assert_eq!(call(&app, &text(&both, "access_token"), "GET", "/apps/sales", json!(null)).await.0, 200);
    let one = exchange(&app, &job("3", json!("production")), &[("scope", "app:sales")]).await.unwrap();
    assert_eq!(call(&app, &text(&one, "access_token"), "GET", "/apps/figures", json!(null)).await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_new_are_asked_for_once_a_minute() {
    let forger = Forger::start(NOW).await;
    let (app, clock) = house(&forger).await;
    trust(&app, "figures", line()).await;
    forger.lies().header = json!({"kid": "another"});
    for _ in 0..3 {
        assert!(exchange(&app, &vouched(&app, &forger, &json!({})), &[]).await.is_err());
    }
    assert_eq!(forger.lies().keys_asked, 1, "the first time they were new already");
    clock.advance(Duration::from_mins(1));
    app.loggia.releases.poll().await.unwrap();
    forger.lies().published_kid = "another";
    assert!(exchange(&app, &vouched(&app, &forger, &json!({})), &[]).await.is_ok());
    assert_eq!(forger.lies().keys_asked, 2);
    forger.lies().down = true;
    assert!(
        exchange(&app, &vouched(&app, &forger, &json!({"jti": "two"})), &[]).await.is_ok(),
        "known keys serve"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn gitlabs_jobs_are_trusted_by_project_and_branch() {
    let forger = Forger::start(NOW).await;
    let clock = Clock::fixed(jiff::Timestamp::from_second(NOW).unwrap());
    let issuer: url::Url = forger.issuer().parse().unwrap();
    let change = |config: &mut loggia::config::Config| config.access.gitlab_issuers = vec![issuer.clone()];
    let app = TestApp::start_at(clock, change, false).await;
    app.publish("figures", &[("index.html", b"<h1>Figures</h1>")]).await;
    let main = json!({"service": "gitlab", "project": "stats/report", "project_id": "7", "ref": "main"});
    trust(&app, "figures", main).await;
    let job = |lie: Value| {
        let truth = json!({
            "iss": forger.issuer(), "aud": app.home(), "iat": NOW, "exp": NOW + 300, "jti": "one",
            "project_path": "stats/report", "project_id": "7", "ref": "main", "ref_type": "branch",
            "pipeline_source": "push",
        });
        forger.sign(&over(truth, &lie))
    };
    for lie in [
        json!({"project_id": "8"}),
        json!({"ref": "feature"}),
        // A tag may be called like a branch that few may push to.
        json!({"ref_type": "tag"}),
        json!({"ref_type": null}),
        json!({"ref_type": "commit"}),
        json!({"pipeline_source": "merge_request_event"}),
        json!({"pipeline_source": null}),
    ] {
        assert!(exchange(&app, &job(lie.clone()), &[]).await.is_err(), "{lie}");
    }
    let answer = exchange(&app, &job(json!({})), &[]).await.unwrap();
    assert_eq!(text(&answer, "scope"), "app:figures");
}

#[tokio::test(flavor = "multi_thread")]
async fn publishers_are_trusted_and_removed_on_the_apps_page() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    let owner = app.at_main("owner@example.org");
    let page = async || app.get("", "/-/apps/figures/publishers", &[("Cookie", &owner)]).await.text();
    assert!(page().await.contains("No job is trusted yet."));
    let stranger = app.at_main("bob@example.org");
    assert_eq!(app.get("", "/-/apps/figures/publishers", &[("Cookie", &stranger)]).await.status, 404);

    let issuer = forger.issuer();
    let form = |number| {
        vec![
            ("issuer", issuer.as_str()),
            ("name", "moj/report"),
            ("number", number),
            ("owner", "34"),
            ("workflow", "publish.yml"),
        ]
    };
    let wrong = app.form("/-/apps/figures/publishers", &owner, &form("moj")).await;
    assert_eq!(wrong.status().as_u16(), 422);
    assert!(wrong.text().await.unwrap().contains("write the numbers of the repository"));
    app.form("/-/apps/figures/publishers", &owner, &form("12")).await;
    let shown = page().await;
    assert!(shown.contains("moj/report") && shown.contains("Trusted by owner@example.org"), "{shown}");
    assert!(exchange(&app, &vouched(&app, &forger, &json!({})), &[]).await.is_ok());
    let id = shown.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    app.form("/-/apps/figures/publishers/remove", &owner, &[("id", id)]).await;
    assert!(page().await.contains("No job is trusted yet."));
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_find_the_endpoints_by_themselves() {
    let app = TestApp::start().await;
    let found = app.get("", "/.well-known/oauth-authorization-server", &[]).await;
    assert_eq!(found.header("content-type"), Some("application/json"));
    let document: Value = serde_json::from_str(&found.text()).unwrap();
    assert_eq!(document["issuer"], app.home());
    assert_eq!(document["token_endpoint"], format!("{}/-/token", app.home()));
    assert!(document["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
}

/// `loggia publish` as a job runs it: with nothing stored, and these variables.
async fn publish(app: &TestApp, variables: Vec<(&'static str, String)>) -> (bool, String) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("index.html"), "<h1>From a job</h1>").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_loggia"));
    command
        .args(["publish", "index.html", "--app", "figures"])
        .current_dir(dir.path())
        .env_clear()
        .env("HOME", dir.path())
        .env("LOGGIA_SERVER", app.home())
        .envs(variables)
        .stdin(Stdio::null());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn loggia_publish_needs_no_token_in_a_job() {
    let forger = Forger::start(NOW).await;
    let (app, _) = house(&forger).await;
    let gitlab = vouched(&app, &forger, &json!({"jti": "gitlab"}));
    let variables = vec![("LOGGIA_ID_TOKEN", gitlab.clone())];
    let (done, told) = publish(&app, variables.clone()).await;
    assert!(!done && told.contains("does not let this job publish to figures"), "{told}");
    assert!(!told.contains(&gitlab), "the token is not told");
    trust(&app, "figures", line()).await;
    let (done, told) = publish(&app, variables).await;
    assert!(done, "{told}");

    // GitHub makes its token when it is asked, for whom it is asked.
    let signs = forger.clone();
    let ask = async move |headers: HeaderMap, Query(asked): Query<Vec<(String, String)>>| {
        assert_eq!(headers["authorization"], "Bearer ask-with-this");
        let audience = &asked.iter().find(|(name, _)| name == "audience").unwrap().1;
        let claims = json!({
            "iss": signs.issuer(), "aud": audience, "iat": NOW, "exp": NOW + 300, "jti": "github",
            "event_name": "push", "repository": "moj/report", "repository_id": "12", "repository_owner_id": "34",
            "job_workflow_ref": "moj/report/.github/workflows/publish.yml@refs/heads/main",
        });
        Json(json!({ "value": signs.sign(&claims) }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ask?api-version=2.0", listener.local_addr().unwrap());
    tokio::spawn(crate::access::serve(listener, Router::new().route("/ask", get(ask))));
    let variables = vec![
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ask-with-this".to_owned()),
    ];
    let (done, told) = publish(&app, variables).await;
    assert!(done, "{told}");
    assert_eq!(app.loggia.releases.releases_of(&"figures".parse().unwrap()).await.unwrap().len(), 3);
}
