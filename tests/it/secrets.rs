//! What nobody may read in a log, at any level (invariant 4): the real server, told to log everything.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, Response, redirect};
use url::Url;

/// A browser of the plainest kind: it keeps cookies by host, and remembers every secret that went by.
#[derive(Default)]
struct Browser {
    client: Client,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    secrets: Vec<String>,
}

impl Browser {
    async fn send(&mut self, method: Method, url: &Url, form: Option<&[(String, String)]>) -> Response {
        let host = url.host_str().unwrap().to_owned();
        let held = self.cookies.entry(host.clone()).or_default();
        let cookies: Vec<_> = held.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self.client.request(method, url.clone()).header(COOKIE, cookies.join("; "));
        if let Some(form) = form {
            let origin = url.origin().ascii_serialization();
            request = request.header("Origin", origin).header("Sec-Fetch-Site", "same-origin").form(form);
        }
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.remember(value);
            self.cookies.entry(host.clone()).or_default().insert(name.to_owned(), value.to_owned());
        }
        response
    }

    /// Follows redirects to the first page.
    async fn open(&mut self, mut url: Url) -> (Url, Response) {
        for _ in 0..12 {
            let response = self.send(Method::GET, &url, None).await;
            let Some(location) = response.headers().get(LOCATION) else { return (url, response) };
            url = url.join(location.to_str().unwrap()).unwrap();
            for (name, value) in url.query_pairs() {
                if matches!(&*name, "code" | "state" | "nonce" | "code_challenge") {
                    self.remember(&value);
                }
            }
        }
        panic!("redirected without end, at last to {}", url.path());
    }

    fn remember(&mut self, secret: &str) {
        if secret.len() >= 16 {
            self.secrets.push(secret.to_owned());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_sign_in_is_in_the_log_at_any_level() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("content")).unwrap();
    std::fs::write(dir.path().join("content/index.md"), "# Start here\n").unwrap();
    let log = dir.path().join("log");
    let file = std::fs::File::create(&log).unwrap();
    let mut server = Command::new(env!("CARGO_BIN_EXE_loggia"))
        .args(["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
        .current_dir(dir.path())
        .env_clear()
        .env("LOGGIA_LOGS_FILTER", "trace")
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file)
        .spawn()
        .unwrap();
    let left =
        |name: &str| std::fs::read_to_string(dir.path().join(".loggia").join(name)).unwrap_or_default();
    for _ in 0..300 {
        if !left("dev-server").is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let main: Url = left("dev-server").trim().parse().unwrap();
    // Browsers know that names below localhost are this machine; the system's resolver may not.
    let here = ([127, 0, 0, 1], main.port().unwrap()).into();
    let client = Client::builder()
        .redirect(redirect::Policy::none())
        .resolve("hello.localhost", here)
        .build()
        .unwrap();
    let mut browser = Browser { client, ..Browser::default() };
    let token = left("dev-token").trim().to_owned();
    browser.secrets.extend([token.clone(), left("session-key").trim().to_owned()]);

    let mut app = main.clone();
    app.set_host(Some("hello.localhost")).unwrap();
    let (url, page) = browser.open(app.clone()).await;
    let page = page.text().await.unwrap();
    let mut form: Vec<(String, String)> = {
        let html = scraper::Html::parse_document(&page);
        let hidden = scraper::Selector::parse("input[type=hidden]").unwrap();
        let field = |name: &str, input: scraper::ElementRef<'_>| input.value().attr(name).unwrap().to_owned();
        html.select(&hidden).map(|input| (field("name", input), field("value", input))).collect()
    };
    form.push(("email".to_owned(), "ann@example.org".to_owned()));
    let mut there = url;
    there.set_query(None);
    let response = browser.send(Method::POST, &there, Some(&form)).await;
    let location = response.headers().get(LOCATION).unwrap().to_str().unwrap().to_owned();
    let callback: Url = location.parse().unwrap();
    for (_, value) in callback.query_pairs() {
        if !value.starts_with("http") {
            browser.remember(&value);
        }
    }
    let (landed, page) = browser.open(callback).await;
    assert_eq!((landed.as_str(), page.status().as_u16()), (app.as_str(), 200), "the sign-in went through");
    let me = browser.client.get(main.join("/-/api/v1/me").unwrap()).bearer_auth(&token).send().await.unwrap();
    assert_eq!(me.status(), 200);
    sign_in_a_command(&mut browser, &main).await;
    bring_other_tokens(&mut browser, &main).await;

    // Lines of requests are written twice a second.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    let _ = server.kill();
    let _ = server.wait();
    let mut written = String::new();
    std::fs::File::open(&log).unwrap().read_to_string(&mut written).unwrap();
    for logged in [
        "/-/sign-in/callback",
        "/-/enter",
        "somebody signed in",
        "/-/device/decide",
        "a command line was let in",
    ] {
        assert!(written.contains(logged), "{logged} was logged");
    }
    assert!(browser.secrets.len() > 12, "secrets went by: {}", browser.secrets.len());
    for secret in &browser.secrets {
        assert!(
            !written.contains(secret.as_str()),
            "a secret is in the log: {secret} in {:?}",
            written.lines().find(|line| line.contains(secret.as_str()))
        );
    }
}

/// A whole sign-in by a typed code.
async fn sign_in_a_command(browser: &mut Browser, main: &Url) {
    let at = |path: &str| main.join(path).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let form = [pair("client_id", "loggia-cli")];
    let shown = browser.send(Method::POST, &at("/-/device/authorize"), Some(&form)).await;
    let shown: serde_json::Value = shown.json().await.unwrap();
    let (code, kept) = (shown["user_code"].as_str().unwrap(), shown["device_code"].as_str().unwrap());
    browser.secrets.extend([code.to_owned(), code.replace('-', ""), kept.to_owned()]);
    let allow = [pair("code", code), pair("decision", "allow")];
    let decided = browser.send(Method::POST, &at("/-/device/decide"), Some(&allow)).await;
    assert_eq!(decided.status(), 200);
    let ask = [
        pair("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        pair("device_code", kept),
        pair("client_id", "loggia-cli"),
    ];
    let granted = browser.send(Method::POST, &at("/-/token"), Some(&ask)).await;
    let granted: serde_json::Value = granted.json().await.unwrap();
    browser.remember(granted["access_token"].as_str().unwrap());
}

/// Tokens of jobs and of providers, which are refused, and a token from the account page.
async fn bring_other_tokens(browser: &mut Browser, main: &Url) {
    let at = |path: &str| main.join(path).unwrap();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let signed = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2dpdGxhYi5leGFtcGxlIn0.a-signature-of-nobody";
    browser.secrets.extend([signed.to_owned(), "a-signature-of-nobody".to_owned()]);
    let exchange = [
        pair("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        pair("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        pair("subject_token", signed),
    ];
    let refused = browser.send(Method::POST, &at("/-/token"), Some(&exchange)).await;
    assert_eq!(refused.status(), 400);
    let logout = [pair("logout_token", signed)];
    let refused = browser.send(Method::POST, &at("/-/back-channel-logout"), Some(&logout)).await;
    assert_eq!(refused.status(), 400);
    let wanted = [pair("label", "nightly"), pair("days", "7")];
    let page =
        browser.send(Method::POST, &at("/-/account/tokens"), Some(&wanted)).await.text().await.unwrap();
    let token = page.split("<pre tabindex=\"0\"><code>").nth(1).unwrap().split('<').next().unwrap();
    browser.remember(token);
}
