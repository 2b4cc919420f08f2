//! Why somebody sees an app; and what somebody else sees.

use serde_json::Value;

use super::*;

async fn figures() -> (TestApp, String) {
    let house = house().await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    house.share("figures", "@justice.gov.uk").await;
    let owner = house.at_main("owner@example.org");
    (house, owner)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_the_api_say_by_which_line_and_who_granted_it() {
    let (house, owner) = figures().await;
    let path = "/-/apps/figures/?who=bob%40justice.gov.uk&from=10.9.9.9";
    let page = house.get("", path, &[("Cookie", &owner)]).await.text();
    let by = "bob@justice.gov.uk sees it by <code>@justice.gov.uk</code>, granted by owner@example.org on ";
    assert!(page.contains("<strong>Yes.</strong>") && page.contains(by), "{page}");
    let bad = house.get("", "/-/apps/figures/?from=10.9", &[("Cookie", &owner)]).await.text();
    assert!(bad.contains("is no IP address"), "{bad}");

    let token = format!("Bearer {}", house.token("owner@example.org").await);
    let api = async |query: &str| {
        let answer = house
            .get("", &format!("/-/api/v1/apps/figures/explain{query}"), &[("Authorization", &token)])
            .await;
        (answer.status, serde_json::from_slice::<Value>(&answer.body).unwrap())
    };
    let (status, told) = api("?who=bob%40justice.gov.uk").await;
    assert_eq!(
        (status, &told["sees"], &told["because"][0]["who"]),
        (200, &Value::Bool(true), &"@justice.gov.uk".into())
    );
    assert_eq!(told["because"][0]["by"], "owner@example.org");
    let (_, told) = api("?who=eve%40elsewhere.net").await;
    assert_eq!((&told["sees"], &told["missing"][0]["kind"]), (&Value::Bool(false), &"not-listed".into()));
    set(&house, "figures", Audience::Listed, Some(NetworkUse::AsWell)).await;
    assert_eq!(api("?who=bob%40justice.gov.uk").await.1["sees"], Value::Null);
    assert_eq!(api("?who=bob%40justice.gov.uk&from=192.0.2.1").await.1["sees"], false);
    assert_eq!(api("?who=bob").await.0, 422);
    let eve = format!("Bearer {}", house.token("eve@elsewhere.net").await);
    let none = house.get("", "/-/api/v1/apps/figures/explain?who=a%40b.c", &[("Authorization", &eve)]).await;
    assert_eq!(none.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_reads_why_they_see_it() {
    let (house, _) = figures().await;
    let bob = house.at_main("bob@justice.gov.uk");
    let page = house.get("", "/-/apps/figures/", &[("Cookie", &bob)]).await.text();
    assert!(
        page.contains("You see it by <code>@justice.gov.uk</code>, granted by owner@example.org on"),
        "{page}"
    );
    assert!(!page.contains("Would they get in?"), "that is for publishers");
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_as_somebody_shows_ones_own_apps_marks_it_and_is_put_down() {
    let (house, owner) = figures().await;
    house.publish("closed", &[("index.html", PAGE)]).await;
    let by = By { person: house.person("zoe@example.org"), from: None };
    house.loggia.releases.create_app(&"zoes-app".parse().unwrap(), "The app of Zoe", &by).await.unwrap();
    house.loggia.releases.set_audience(&"zoes-app".parse().unwrap(), Audience::SignedIn, &by).await.unwrap();

    let look = async |cookie: &str| {
        house.get("", "/-/view-as?who=bob%40justice.gov.uk", &[("Cookie", cookie)]).await
    };
    let page = look(&owner).await;
    let text = page.text();
    assert!(text.contains("You are looking as <strong>bob@justice.gov.uk</strong>"), "{text}");
    assert!(text.contains("They see 1") && text.contains("They do not see 1"), "{text}");
    assert!(!text.contains("The app of Zoe"), "another publisher's app is not theirs to know");
    assert!(page.header("set-cookie").is_none(), "nobody's session but one's own");
    let all = look(&house.at_main("admin@example.org")).await.text();
    assert!(all.contains("The app of Zoe"), "an administrator is told of all");
    assert_eq!(
        look(&house.at_main("bob@justice.gov.uk")).await.status,
        404,
        "who publishes nothing looks at nothing"
    );
    let admin = house.at_main("admin@example.org");
    let record = house.get("", "/-/audit?action=viewed-as", &[("Cookie", &admin)]).await.text();
    assert_eq!(record.matches(": Looked as somebody").count(), 2, "{record}");
}
