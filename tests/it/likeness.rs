//! What is not there and what is not theirs: the same answer after the same work. Time itself is not measured here. What
//! takes long enough to be noticed is the bucket, so what it is asked must not tell the two apart.

use jiff::Timestamp;
use loggia::model::{AuditAction, Clock, Settings};
use loggia::releases::{By, Sought};

use crate::support::app::{Answer, TestApp};
use crate::support::s3::S3Double;

const HIDDEN: &str = "hiddenapp";
const ABSENT: &str = "nosuchapp";

/// A server that asks the bucket only when a request makes it, with an app that Bob is not to know of.
async fn house() -> (S3Double, TestApp) {
    let double = S3Double::start().await;
    let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
    let house = TestApp::start_unfollowed_on(double.storage().await, clock).await;
    house.publish(HIDDEN, &[("index.html", b"<h1>Figures</h1>")]).await;
    let change = |app: &mut loggia::model::App| {
        app.settings = Settings { hidden: true, ..app.settings.clone() };
        Ok(())
    };
    let by = By { person: house.person("owner@example.org"), from: None };
    let name = HIDDEN.parse().unwrap();
    house.loggia.releases.change(&name, &by, AuditAction::SettingsChanged, change).await.unwrap();
    house.loggia.releases.keep_record(true).await.unwrap();
    (double, house)
}

/// What there was to see: the status, the headers' names, and the page without the number of the request.
fn seen(answer: &Answer, name: &str) -> (u16, Vec<String>, String) {
    let names = answer.head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_lowercase()));
    let text = answer.text().replace(name, "NAME");
    let text = match text.split_once("<p class=\"request\">") {
        Some((before, after)) => before.to_owned() + after.split_once("</p>").unwrap().1,
        None => text,
    };
    (answer.status, names.collect(), text)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_asks_the_bucket_the_same_for_an_app_of_others_and_for_none() {
    let (double, house) = house().await;
    let authorization = format!("Bearer {}", house.token("bob@example.org").await);
    let call = async |method: &str, path: &str, name: &str| {
        double.forget();
        let path = format!("/-/api/v1/apps/{name}{path}");
        let answer = house.request(method, "", &path, &[("Authorization", &authorization)]).await;
        // That the token was used is put down behind the answer, once an hour.
        let asked = double.asked("").into_iter().filter(|line| !line.contains("/tokens/"));
        let asked: Vec<_> = asked.map(|line| line.replace(name, "NAME")).collect();
        (seen(&answer, name), asked)
    };
    call("GET", "", ABSENT).await;
    for (method, path) in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/restore"),
        ("POST", "/rollback"),
        ("GET", "/audit"),
        ("GET", "/explain"),
        ("GET", "/grants"),
        ("DELETE", "/grants?who=ann@example.org"),
        ("GET", "/publishers"),
        ("GET", "/releases"),
        ("POST", "/releases"),
        ("POST", "/releases/01jj0000000000000000000000/finish"),
    ] {
        let theirs = call(method, path, HIDDEN).await;
        assert_eq!(theirs, call(method, path, ABSENT).await, "{method} {path}");
        assert_eq!(theirs.0.0, 404, "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_about_apps_ask_the_bucket_nothing_before_they_say_no() {
    let (double, house) = house().await;
    let bob = house.at_main("bob@example.org");
    double.forget();
    for path in ["", "share", "share.csv", "publishers", "audit", "audit.csv", "audit.json"] {
        let ask = async |name: &str| {
            let answer = house.get("", &format!("/-/apps/{name}/{path}"), &[("Cookie", &bob)]).await;
            seen(&answer, name)
        };
        let theirs = ask(HIDDEN).await;
        assert_eq!((theirs.0, &theirs), (404, &ask(ABSENT).await), "{path}");
    }
    for path in
        ["grants", "grants/remove", "audience", "network", "requests", "share/review", "delete", "restore"]
    {
        let form = [
            ("who", "bob@example.org"),
            ("audience", "public"),
            ("rule", "none"),
            ("request", "x"),
            ("answer", "let-in"),
        ];
        let ask = async |name: &str| {
            seen(&house.post("", &format!("/-/apps/{name}/{path}"), &bob, &form).await, name)
        };
        let theirs = ask(HIDDEN).await;
        assert_eq!((theirs.0, &theirs), (404, &ask(ABSENT).await), "{path}");
    }
    assert_eq!(double.asked(""), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_host_does_the_same_for_an_app_that_is_hidden_and_for_none() {
    let (double, house) = house().await;
    let mut both = Vec::new();
    for name in [HIDDEN, ABSENT] {
        let bob = house.at_app(name, "bob@example.org", "s");
        double.forget();
        let answer = house.get(name, "/a", &[("Cookie", &bob)]).await;
        assert_eq!(double.asked(""), Vec::<String>::new(), "{name}");
        house.loggia.releases.keep_record(true).await.unwrap();
        let sought = Sought { most: 500, ..Sought::default() };
        let record = house.loggia.releases.whole_record(&sought).await.unwrap();
        let refused = record.lines.iter().filter(|line| line.event.action == AuditAction::Refused);
        both.push((seen(&answer, name), refused.count()));
    }
    let (hidden, absent) = (both.remove(0), both.remove(0));
    assert_eq!((hidden.0.0, &hidden.0), (404, &absent.0));
    assert_eq!((hidden.1, absent.1), (1, 2), "a line of the record each");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_there_was_a_hidden_app_is_told_only_to_whom_it_was_shared_with() {
    let (_double, house) = house().await;
    house.share(HIDDEN, "ann@example.org").await;
    let by = By { person: house.person("owner@example.org"), from: None };
    house.loggia.releases.delete(&HIDDEN.parse().unwrap(), &by).await.unwrap();
    let ask = async |name: &str, who: &str| {
        let cookie = house.at_app(name, who, "s");
        house.get(name, "/", &[("Cookie", &cookie)]).await
    };
    let bobs = seen(&ask(HIDDEN, "bob@example.org").await, HIDDEN);
    assert_eq!(bobs, seen(&ask(ABSENT, "bob@example.org").await, ABSENT));
    let anns = ask(HIDDEN, "ann@example.org").await;
    assert_eq!(anns.header("clear-site-data"), Some("\"cache\", \"storage\""));
}
