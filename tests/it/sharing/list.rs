//! Sharing with many at once: what was understood, the list, and the file for a spreadsheet.

use scraper::{Html, Selector};

use super::*;

async fn figures() -> (TestApp, String) {
    let house = house().await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    let owner = house.at_main("owner@example.org");
    (house, owner)
}

fn checked(html: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let boxes = Selector::parse("main input[name=who][checked]").unwrap();
    page.select(&boxes).map(|found| found.attr("value").unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_pasted_addresses_are_reviewed_before_they_are_shared_with() {
    let (house, owner) = figures().await;
    house.share("figures", "person.7@justice.gov.uk").await;
    let people: Vec<String> = (0..200).map(|n| format!("Person {n} <person.{n}@justice.gov.uk>")).collect();
    let mut paste = people.join("; ") + ";";
    paste.push_str("bob@justcie.gov.uk\nnobody\n@gmail.com");
    let form = [("who", paste.as_str()), ("role", "viewer"), ("until", "2199-12-31")];
    let reviewed = house.post("", "/-/apps/figures/share/review", &owner, &form).await;
    assert_eq!(reviewed.status, 200, "{}", reviewed.text());
    let page = reviewed.text();
    assert!(page.contains("Nothing has been shared yet") && page.contains("<code>nobody</code>"));
    assert!(page.contains("is almost"), "a mistyped domain is doubted");
    let chosen = checked(&page);
    assert_eq!(chosen.len(), 201, "two hundred, and what was probably meant");
    assert!(chosen.contains(&"bob@justice.gov.uk".to_owned()) && !chosen.contains(&"@gmail.com".to_owned()));
    assert_eq!(house.loggia.releases.catalog().app(&"figures".parse().unwrap()).unwrap().grants.len(), 2);

    let mut form: Vec<(&str, &str)> = chosen.iter().map(|who| ("who", who.as_str())).collect();
    form.extend([("role", "viewer"), ("until", "2199-12-31")]);
    let shared = house.post("", "/-/apps/figures/share", &owner, &form).await;
    assert!(shared.text().contains("Shared with 201 people"), "{}", shared.text());
    let app = house.loggia.releases.catalog().app(&"figures".parse().unwrap()).unwrap().clone();
    assert_eq!(app.grants.len(), 202);
    let bob = app.grants.of(&"bob@justice.gov.uk".parse().unwrap()).unwrap();
    assert_eq!(bob.until.unwrap().to_string(), "2200-01-01T00:00:00Z");
    assert_eq!(bob.by.as_ref().unwrap().as_str(), "owner@example.org");
    let granted = house.record("figures").await;
    assert_eq!(granted.iter().filter(|event| event.action.name() == "granted").count(), 202);

    let again =
        house.post("", "/-/apps/figures/share/review", &owner, &[("who", paste.as_str())]).await.text();
    assert!(again.contains("On the list already: 200"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_filtered_and_trimmed() {
    let (house, owner) = figures().await;
    for who in ["ann@example.org", "bob@example.org", "@justice.gov.uk"] {
        house.share("figures", who).await;
    }
    let shown = async |query: &str| {
        let page =
            house.get("", &format!("/-/apps/figures/share{query}"), &[("Cookie", &owner)]).await.text();
        let page = Html::parse_document(&page);
        let rows = Selector::parse("main .people .entry-what").unwrap();
        let mut rows: Vec<String> = page.select(&rows).map(|row| row.text().collect::<String>()).collect();
        rows.sort();
        rows.join(" ")
    };
    assert_eq!(shown("").await, "@justice.gov.uk ann@example.org bob@example.org owner@example.org");
    assert_eq!(shown("?q=JUSTICE").await, "@justice.gov.uk");
    assert_eq!(shown("?show=publishers").await, "owner@example.org");
    assert_eq!(shown("?show=ended").await, "");
    let ann = house.loggia.releases.event(
        Some(&"ann@example.org".parse().unwrap()),
        None,
        Some(&"figures".parse().unwrap()),
        loggia::model::AuditAction::Entered,
    );
    house.loggia.releases.note_often(ann);
    assert_eq!(shown("?show=unopened").await, "bob@example.org owner@example.org");

    let form = [("who", "bob@example.org"), ("who", "@justice.gov.uk")];
    assert_eq!(house.post("", "/-/apps/figures/share/remove", &owner, &form).await.status, 200);
    assert_eq!(shown("").await, "ann@example.org owner@example.org");
    let form = [("who", "owner@example.org"), ("who", "ann@example.org")];
    assert_eq!(
        house.post("", "/-/apps/figures/share/remove", &owner, &form).await.status,
        409,
        "the owner stays"
    );
    assert_eq!(shown("").await, "ann@example.org owner@example.org", "all or nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_for_a_spreadsheet_holds_no_formula() {
    let (house, owner) = figures().await;
    for who in ["@example.org", "=cmd@example.org", "group:=1+1"] {
        house.share("figures", who).await;
    }
    let file = house.get("", "/-/apps/figures/share.csv", &[("Cookie", &owner)]).await;
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let text = file.text();
    assert_eq!(text.lines().next(), Some("who,role,until,granted_by,granted_at"));
    assert!(text.contains("\n'@example.org,viewer,,owner@example.org,"), "{text}");
    assert!(text.contains("\n'=cmd@example.org,"), "{text}");
    assert!(text.lines().all(|line| !line.starts_with(['=', '+', '-', '@'])), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_publish_finds_none_of_these_pages() {
    let (house, _) = figures().await;
    house.share("figures", "ann@example.org").await;
    for viewer in ["ann@example.org", "eve@elsewhere.net"] {
        let cookie = house.at_main(viewer);
        for path in ["share", "share.csv", "audit", "audit.csv", "audit.json"] {
            let there = house.get("", &format!("/-/apps/figures/{path}"), &[("Cookie", &cookie)]).await;
            let absent = house.get("", &format!("/-/apps/nosuchapp/{path}"), &[("Cookie", &cookie)]).await;
            assert_eq!((there.status, absent.status), (404, 404), "{viewer} {path}");
        }
        for path in ["share", "share/review", "share/remove", "network", "audience", "requests"] {
            let form = [
                ("who", "eve@elsewhere.net"),
                ("rule", "none"),
                ("audience", "public"),
                ("request", "a"),
                ("answer", "let-in"),
            ];
            let there = house.post("", &format!("/-/apps/figures/{path}"), &cookie, &form).await;
            assert_eq!(there.status, 404, "{viewer} {path}");
        }
        for path in ["/-/audit", "/-/audit.csv", "/-/audit.json"] {
            assert_eq!(house.get("", path, &[("Cookie", &cookie)]).await.status, 404, "{viewer} {path}");
        }
    }
    assert_eq!(house.loggia.releases.catalog().app(&"figures".parse().unwrap()).unwrap().grants.len(), 2);
}
