//! Letters about sharing and asking, at a mail server that keeps them.

use std::time::Duration;

use loggia::model::{Clock, Settings};

use super::*;
use crate::support::smtp::{PostOffice, mail};

const FIGURES: &str = "/-/apps/figures/share";

/// A site with mail and an app called `figures`, at a moment that stands still.
async fn figures(office: &PostOffice) -> (TestApp, String) {
    let port = office.port;
    let clock = Clock::fixed("2026-11-24T10:00:00Z".parse().unwrap());
    let change = |config: &mut Config| {
        behind_a_proxy(config);
        config.mail = Some(mail(port));
    };
    let house = TestApp::start_at(clock, change, false).await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    let owner = house.at_main("owner@example.org");
    (house, owner)
}

async fn share(house: &TestApp, owner: &str, who: &[&str], more: &[(&str, &str)]) -> String {
    let form: Vec<(&str, &str)> = who.iter().map(|who| ("who", *who)).chain(more.iter().copied()).collect();
    let shared = house.post("", FIGURES, owner, &form).await;
    assert_eq!(shared.status, 200, "{}", shared.text());
    shared.text()
}

/// Every letter that was on its way, once the last is there: one more, to somebody else, whose turn is after them.
async fn all_letters(house: &TestApp, office: &PostOffice) -> Vec<String> {
    let last = format!("last.{}@example.org", office.letters().len());
    house.publish("last", &[("index.html", PAGE)]).await;
    let by = house.at_main("owner@example.org");
    let form = [("who", last.as_str()), ("mail", "on")];
    assert_eq!(house.post("", "/-/apps/last/share", &by, &form).await.status, 200);
    for _ in 0..1500 {
        if office.letters().iter().any(|letter| is_to(letter, &last)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    house.loggia.mailer.as_ref().unwrap().finish(Duration::from_secs(30)).await;
    office.letters().into_iter().filter(|letter| !letter.contains("To: last.")).collect()
}

fn is_to(letter: &str, address: &str) -> bool {
    letter.lines().any(|line| line == format!("To: {address}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_an_app_is_shared_with_reads_by_whom_where_and_until_when() {
    let office = PostOffice::open().await;
    let (house, owner) = figures(&office).await;
    let page = share(
        &house,
        &owner,
        &["bob@example.net", "@partner.example", "group:analysts", "owner@example.org"],
        &[("until", "2026-12-31"), ("mail", "on")],
    )
    .await;
    assert!(page.contains("1 person is told by email."), "{page}");
    let letters = all_letters(&house, &office).await;
    let [letter] = letters.as_slice() else {
        panic!("one letter, to the one person who is new: {letters:?}")
    };
    let (head, text) = letter.split_once("\n\n").unwrap();
    for line in [
        "To: bob@example.net",
        "From: Guidance <no-reply@example.org>",
        "Subject: figures was shared with you",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(head.lines().any(|held| held == line), "{line} in:\n{head}");
    }
    assert!(head.contains("\nMessage-ID: <") && !head.contains("List-"), "{head}");
    for said in [
        "owner (owner@example.org) shared \"figures\" with you".to_owned(),
        format!("\nhttp://figures.localhost:{}/\n", house.port),
        format!("\nhttp://localhost:{}/-/apps/\n", house.port),
        "until 1 January 2027, 00:00 UTC".to_owned(),
        "Sign in as bob@example.net".to_owned(),
    ] {
        assert!(text.contains(&said), "{said} in:\n{text}");
    }
    assert!(
        !text.contains('<') && text.lines().all(|line| line.len() <= 76),
        "no markup, nor long lines:\n{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_addresses_are_two_hundred_letters_and_nobody_gets_two() {
    let office = PostOffice::open().await;
    let (house, owner) = figures(&office).await;
    house.share("figures", "person.7@example.net").await;
    let people: Vec<String> = (0..200).map(|n| format!("person.{n}@example.net")).collect();
    // Twice in one form, and the whole form twice.
    let twice: Vec<&str> = people.iter().chain(&people).map(String::as_str).collect();
    let page = share(&house, &owner, &twice, &[("mail", "on")]).await;
    assert!(page.contains("199 people are told by email."), "{page}");
    share(&house, &owner, &twice, &[("mail", "on")]).await;
    let letters = all_letters(&house, &office).await;
    assert_eq!(letters.len(), 199, "whoever could open it already is told nothing");
    let mut told: Vec<&str> =
        letters.iter().filter_map(|letter| letter.lines().find(|line| line.starts_with("To: "))).collect();
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), 199);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_when_the_sharer_does_not_want_it() {
    let office = PostOffice::open().await;
    let (house, owner) = figures(&office).await;
    let page = house.get("", "/-/apps/figures/", &[("Cookie", &owner)]).await.text();
    assert!(page.contains("name=\"mail\" checked"), "{page}");
    share(&house, &owner, &["ann@example.net"], &[]).await;
    let token = house.token("owner@example.org").await;
    let api = format!("{}/-/api/v1/apps/figures/grants", house.home());
    let post = async |query: &str, who: &str| {
        let grant = serde_json::json!({ "who": who, "role": "viewer" });
        let request = reqwest::Client::new().post(format!("{api}{query}")).bearer_auth(&token).json(&grant);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(post("?mail=false", "bob@example.net").await, 200);
    assert_eq!(post("?mail=perhaps", "carol@example.net").await, 422);
    assert_eq!(post("", "dan@example.net").await, 200);
    let letters = all_letters(&house, &office).await;
    assert!(letters.len() == 1 && is_to(&letters[0], "dan@example.net"), "{letters:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sharing_floods_nobody() {
    let office = PostOffice::open().await;
    let (house, owner) = figures(&office).await;
    for n in 0..25 {
        house.publish(&format!("app-{n}"), &[("index.html", PAGE)]).await;
    }
    let mut spared = 0;
    for n in 0..25 {
        let form = [("who", "bob@example.net"), ("mail", "on")];
        let page = house.post("", &format!("/-/apps/app-{n}/share"), &owner, &form).await.text();
        assert!(page.contains("Shared with bob@example.net"), "sharing itself goes on: {page}");
        spared += usize::from(page.contains("1 person is not: they were sent many emails already"));
    }
    assert_eq!(spared, 5);
    assert_eq!(all_letters(&house, &office).await.len(), 20);
    // One app cannot be shared and taken back again and again.
    for _ in 0..3 {
        share(&house, &owner, &["carol@example.net"], &[("mail", "on")]).await;
        let gone = [("who", "carol@example.net")];
        assert_eq!(house.post("", "/-/apps/figures/share/remove", &owner, &gone).await.status, 200);
    }
    house.loggia.mailer.as_ref().unwrap().finish(Duration::from_secs(30)).await;
    let letters = office.letters();
    assert_eq!(letters.iter().filter(|letter| is_to(letter, "carol@example.net")).count(), 1);
}

async fn ask(house: &TestApp, who: &str, reason: &str) {
    let cookie = house.at_app("figures", who, "s");
    let referrer = format!("http://figures.localhost:{}/weeks/47/?x=1", house.port);
    let (form, from) = ([("reason", reason)], [("Referer", referrer.as_str())]);
    let asked = house.post_with("figures", "/-/ask", &cookie, &form, &from);
    assert_eq!(asked.await.status, 200);
}

async fn answer(house: &TestApp, owner: &str, decision: &str, words: &str) {
    let requests = house.loggia.releases.requests(&"figures".parse().unwrap()).await.unwrap();
    let id = requests[0].id();
    let form = [("request", id.as_str()), ("answer", decision), ("until", "2026-12-31"), ("words", words)];
    assert_eq!(house.post("", "/-/apps/figures/requests", owner, &form).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn publishers_are_told_who_asks_and_whoever_asked_what_came_of_it() {
    let office = PostOffice::open().await;
    let (house, owner) = figures(&office).await;
    let form = [("who", "deputy@example.org"), ("role", "publisher")];
    house.post("", FIGURES, &owner, &form).await;
    ask(&house, "bob@example.net", "Ann sent me.\r\nBcc: eve@evil.org").await;
    ask(&house, "bob@example.net", "And again").await;
    let mut letters = all_letters(&house, &office).await;
    letters.sort();
    let [one, other] = letters.as_slice() else { panic!("one to each publisher, once: {letters:?}") };
    let told = one.clone() + other;
    assert!(is_to(&told, "deputy@example.org") && is_to(&told, "owner@example.org"), "{told}");
    let link = format!("http://localhost:{}/-/apps/figures/#requests-title", house.port);
    for said in
        ["Subject: bob (bob@example.net) asks to see figures", "\n> Ann sent me. Bcc: eve@evil.org\n", &link]
    {
        assert!(one.contains(said), "{said:?} in:\n{one}");
    }
    let page = house.get("", "/-/apps/figures/", &[("Cookie", &owner)]).await.text();
    assert!(page.contains("id=\"requests-title\""), "the link leads to where it is decided");

    answer(&house, &owner, "let-in", "Welcome, Bob").await;
    ask(&house, "eve@example.net", "").await;
    answer(&house, &owner, "decline", "Not before May").await;
    let letters = all_letters(&house, &office).await;
    let to = |who: &str| {
        letters.iter().find(|letter| is_to(letter, who)).unwrap_or_else(|| panic!("{who}: {letters:?}"))
    };
    let wanted = format!("\nhttp://figures.localhost:{}/weeks/47/?x=1\n", house.port);
    for said in [
        "Subject: You can open figures",
        "owner (owner@example.org) let you in",
        "\n> Welcome, Bob\n",
        &wanted,
        "1 January 2027",
    ] {
        assert!(to("bob@example.net").contains(said), "{said:?} in:\n{}", to("bob@example.net"));
    }
    for said in ["Subject: Your request to see figures", "did not let you in", "\n> Not before May\n"] {
        assert!(to("eve@example.net").contains(said), "{said:?} in:\n{}", to("eve@example.net"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_app_that_is_not_theirs_to_know_nobody_is_told_by_being_declined() {
    let office = PostOffice::open().await;
    let (house, by) = figures(&office).await;
    let hide = |app: &mut loggia::model::App| {
        app.settings = Settings { hidden: true, ..app.settings.clone() };
        Ok(())
    };
    let name = "figures".parse().unwrap();
    let action = loggia::model::AuditAction::SettingsChanged;
    house.loggia.releases.change(&name, &owner(&house), action, hide).await.unwrap();
    ask(&house, "bob@example.net", "please").await;
    let asked = office.letter(1).await;
    assert!(is_to(&asked, "owner@example.org"), "{asked}");
    answer(&house, &by, "decline", "No").await;
    assert_eq!(all_letters(&house, &office).await.len(), 1, "and nothing to bob@");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_cannot_be_sent_is_put_down_without_its_text() {
    let office = PostOffice::open().await;
    let (house, owner) = figures(&office).await;
    office.refuse("550 no such person");
    share(&house, &owner, &["nobody@example.net"], &[("mail", "on")]).await;
    let mut lines = Vec::new();
    for _ in 0..1500 {
        lines = house.record("figures").await;
        if lines.iter().any(|line| line.action.name() == "not-told") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let line = lines.iter().find(|line| line.action.name() == "not-told").expect("it is in the record");
    assert_eq!(line.action.detail(), "nobody@example.net (shared, 550)");
    assert!(!serde_json::to_string(&line).unwrap().contains("with you"), "{line:?}");
    assert!(office.letters().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_is_silent_or_takes_nothing_holds_no_sharing_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    let house = TestApp::start_with(|config| config.mail = Some(mail(port))).await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    let owner = house.at_main("owner@example.org");
    let people: Vec<String> = (0..300).map(|n| format!("person.{n}@example.net")).collect();
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    // The client gives up after 20 s, and the silent server takes far longer for so many.
    let page = share(&house, &owner, &people, &[("mail", "on")]).await;
    assert!(page.contains("300 people are told by email."), "{page}");
    // Codes have a queue of their own, which is not full.
    let to = "pat@example.net".parse().unwrap();
    assert_eq!(house.loggia.mailer.as_ref().unwrap().send(&to, "a code", "x"), Ok(()));
}
