//! Asking to be let in, and being answered.

use loggia::model::Settings;
use loggia::storage::{Prefix, Storage};

use super::*;
use crate::support::app::Answer;

async fn figures() -> TestApp {
    let house = house().await;
    house.publish("figures", &[("index.html", PAGE), ("weeks/47/index.html", PAGE)]).await;
    house
}

async fn hide(house: &TestApp, name: &str) {
    let change = |app: &mut loggia::model::App| {
        app.settings = Settings { hidden: true, ..app.settings.clone() };
        Ok(())
    };
    let action = loggia::model::AuditAction::SettingsChanged;
    house.loggia.releases.change(&name.parse().unwrap(), &owner(house), action, change).await.unwrap();
}

/// What a person reads, without what differs with every request and with the host's name.
fn read(answer: &Answer, host: &str) -> (u16, String) {
    let text = answer.text().replace(host, "HOST");
    let (before, after) = text.split_once("<p class=\"request\">").unwrap();
    (answer.status, before.to_owned() + after.split_once("</p>").unwrap().1)
}

async fn ask(house: &TestApp, host: &str, who: &str, reason: &str) -> Answer {
    let cookie = house.at_app(host, who, "s");
    let referrer = format!("http://{host}.localhost:{}/weeks/47/?x=1", house.port);
    house.post_with(host, "/-/ask", &cookie, &[("reason", reason)], &[("Referer", &referrer)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_is_seen_let_in_and_lands_where_they_wanted_to_go() {
    let house = figures().await;
    let bob = house.at_app("figures", "bob@example.org", "s");
    let refused = house.get("figures", "/weeks/47/?x=1", &[("Cookie", &bob)]).await;
    for told in ["bob@example.org", "owner@example.org", "action=\"/-/ask\"", "action=\"/-/leave\""] {
        assert!(refused.text().contains(told), "{told}");
    }
    let asked = ask(&house, "figures", "bob@example.org", "Ann <b>sent</b> me").await;
    assert_eq!(asked.status, 200);
    assert!(asked.text().contains("href=\"/weeks/47/?x=1\""), "{}", asked.text());

    let owner = house.at_main("owner@example.org");
    let page = house.get("", "/-/apps/figures/", &[("Cookie", &owner)]).await.text();
    assert!(
        page.contains("Asking to see it: 1") && page.contains("Ann &lt;b&gt;sent&lt;/b&gt; me"),
        "{page}"
    );
    let requests = house.loggia.releases.requests(&"figures".parse().unwrap()).await.unwrap();
    let id = requests[0].id();
    assert_eq!(requests[0].wanted, "/weeks/47/?x=1");
    let form = [("request", id.as_str()), ("answer", "let-in"), ("scope", "person"), ("until", "2199-12-31")];
    let let_in = house.post("", "/-/apps/figures/requests", &owner, &form).await;
    assert!(let_in.text().contains("bob@example.org can open it within seconds"), "{}", let_in.text());
    assert_eq!(house.get("figures", "/weeks/47/?x=1", &[("Cookie", &bob)]).await.status, 200);
    assert!(house.loggia.releases.requests(&"figures".parse().unwrap()).await.unwrap().is_empty());
    let told: Vec<&str> = house.record("figures").await.iter().map(|event| event.action.name()).collect();
    for action in ["refused", "asked", "granted", "approved"] {
        assert!(told.contains(&action), "{action}: {told:?}");
    }
    let again = house.post("", "/-/apps/figures/requests", &owner, &form).await;
    assert!(again.text().contains("has answered that request already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_let_in_at_once_and_one_of_everybody_is_not() {
    let house = figures().await;
    let owner = house.at_main("owner@example.org");
    for (who, granted) in [("bob@example.org", "@example.org"), ("eve@gmail.com", "eve@gmail.com")] {
        ask(&house, "figures", who, "").await;
        let id = house.loggia.releases.requests(&"figures".parse().unwrap()).await.unwrap()[0].id();
        let form = [("request", id.as_str()), ("answer", "let-in"), ("scope", "domain")];
        assert_eq!(house.post("", "/-/apps/figures/requests", &owner, &form).await.status, 200);
        let app = house.loggia.releases.catalog().app(&"figures".parse().unwrap()).unwrap().clone();
        assert!(app.grants.of(&granted.parse().unwrap()).is_some(), "{granted}");
    }
    ask(&house, "figures", "dee@elsewhere.net", "").await;
    let id = house.loggia.releases.requests(&"figures".parse().unwrap()).await.unwrap()[0].id();
    let form = [("request", id.as_str()), ("answer", "decline")];
    let declined = house.post("", "/-/apps/figures/requests", &owner, &form).await;
    assert!(declined.text().contains("was declined"));
    let dee = house.at_app("figures", "dee@elsewhere.net", "s");
    assert_eq!(house.get("figures", "/", &[("Cookie", &dee)]).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_hidden_and_one_that_is_not_there_look_alike_and_keep_alike() {
    let house = figures().await;
    house.publish("hiddenapp", &[("index.html", PAGE)]).await;
    hide(&house, "hiddenapp").await;
    let refused = async |host: &str| {
        let cookie = house.at_app(host, "bob@example.org", "s");
        read(&house.get(host, "/a", &[("Cookie", &cookie)]).await, host)
    };
    assert_eq!(refused("hiddenapp").await, refused("nosuchapp").await);
    assert_eq!(refused("hiddenapp").await.0, 404);
    let mut asked = Vec::new();
    for host in ["hiddenapp", "nosuchapp"] {
        asked.push(read(&ask(&house, host, "bob@example.org", "please").await, host));
    }
    assert_eq!(asked[0], asked[1]);
    assert_eq!(asked[0].0, 200);
    // The owner of the one hears of it, a moment later; of the other nothing is kept.
    let began = std::time::Instant::now();
    while house.loggia.releases.requests(&"hiddenapp".parse().unwrap()).await.unwrap().is_empty() {
        assert!(began.elapsed() < std::time::Duration::from_secs(5));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let storage = Storage::open(&house.loggia.config.storage).await.unwrap();
    let kept = storage.list_all(&Prefix::apps()).await.unwrap().folders;
    assert!(!kept.contains(&"nosuchapp".to_owned()), "{kept:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_is_bounded_and_needs_our_own_page_and_a_session() {
    let house = figures().await;
    for n in 0..10 {
        assert_eq!(ask(&house, "figures", "bob@example.org", &"x".repeat(n * 200)).await.status, 200);
    }
    let requests = house.loggia.releases.requests(&"figures".parse().unwrap()).await.unwrap();
    assert_eq!((requests.len(), requests[0].reason.len()), (1, 500), "one record a person and app");
    assert_eq!(ask(&house, "figures", "bob@example.org", "").await.status, 429);
    assert_eq!(ask(&house, "nosuchapp", "bob@example.org", "").await.status, 429, "whatever is asked for");
    assert_eq!(house.post("figures", "/-/ask", "a=b", &[]).await.status, 303, "sign in first");
    let bob = house.at_app("figures", "bob@example.org", "s");
    assert_eq!(house.request("POST", "figures", "/-/ask", &[("Cookie", &bob)]).await.status, 403);
    assert_eq!(house.get("figures", "/-/ask", &[]).await.status, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_enter_already_is_sent_there() {
    let house = figures().await;
    house.share("figures", "ann@example.org").await;
    let sent = ask(&house, "figures", "ann@example.org", "").await;
    assert_eq!((sent.status, sent.header("location")), (303, Some("/weeks/47/?x=1")));
}
