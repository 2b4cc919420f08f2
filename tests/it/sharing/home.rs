//! The list of what is shared with somebody.

use std::time::Duration;

use loggia::model::Clock;
use scraper::{Html, Selector};

use super::*;

fn titles(html: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let found = Selector::parse(".cards h2").unwrap();
    page.select(&found).map(|title| title.text().collect::<String>()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_holds_what_is_shared_and_nothing_else_the_newest_change_first() {
    let clock = Clock::fixed(jiff::Timestamp::from_second(1_800_000_000).unwrap());
    let house = TestApp::start_at(clock.clone(), |_| {}, false).await;
    for name in ["first", "second", "third", "not-shared"] {
        house.publish(name, &[("index.html", PAGE)]).await;
        clock.advance(Duration::from_secs(1));
    }
    for name in ["second", "first"] {
        house.share(name, "ann@example.org").await;
        clock.advance(Duration::from_secs(1));
    }
    let ann = house.at_main("ann@example.org");
    let list = async |query: &str, cookie: &str| {
        house.get("", &format!("/-/apps/{query}"), &[("Cookie", cookie)]).await
    };
    let page = list("", &ann).await;
    assert_eq!(titles(&page.text()), ["first", "second"], "what was shared last is the newest");
    assert!(page.text().contains("<span>Owner: owner</span>"), "{}", page.text());

    // Another release is news; a setting that nobody sees is not.
    house.publish("second", &[("index.html", b"<h1>New</h1>")]).await;
    clock.advance(Duration::from_secs(1));
    house.loggia.releases.set_search(&"first".parse().unwrap(), false, &owner(&house)).await.unwrap();
    assert_eq!(titles(&list("", &ann).await.text()), ["second", "first"]);
    assert_eq!(titles(&list("?q=SECO", &ann).await.text()), ["second"]);
    assert_eq!(titles(&list("?q=owner+first", &ann).await.text()), ["first"]);
    assert!(
        list("?q=not-shared", &ann)
            .await
            .text()
            .contains("No app that is shared with you holds all of these words")
    );
    let eve = house.at_main("eve@elsewhere.net");
    assert!(list("", &eve).await.text().contains("Nothing has been shared with you yet"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_since_the_last_visit_is_marked_until_the_next_one() {
    let clock = Clock::fixed(jiff::Timestamp::from_second(1_800_000_000).unwrap());
    let house = TestApp::start_at(clock.clone(), |_| {}, false).await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    house.share("figures", "ann@example.org").await;
    let mut visit = String::new();
    let mut look = async |after: Duration| {
        clock.advance(after);
        house.loggia.releases.poll().await.unwrap();
        // Sessions last an hour here.
        let ann = house.at_main("ann@example.org");
        let page = house.get("", "/-/apps/", &[("Cookie", &format!("{ann}; {visit}"))]).await;
        let set = page.header("set-cookie").unwrap();
        assert!(
            set.starts_with("__Host-loggia-visit=") && set.contains("; Secure; HttpOnly; SameSite=Lax"),
            "{set}"
        );
        set.split(';').next().unwrap().clone_into(&mut visit);
        titles(&page.text()).concat().contains("New")
    };
    let hour = Duration::from_hours(1);
    assert!(!look(hour).await, "on the first visit nothing is new");
    assert!(!look(hour).await);
    clock.advance(Duration::from_secs(1));
    house.publish("figures", &[("index.html", b"<h1>New</h1>")]).await;
    assert!(look(hour).await);
    assert!(look(Duration::from_mins(1)).await, "looking twice leaves it new");
    assert!(!look(hour).await);
}
