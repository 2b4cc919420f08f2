//! The record, on pages and as files.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn publishers_read_their_apps_and_administrators_everything() {
    let house = house().await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    house.publish("sales", &[("index.html", PAGE)]).await;
    house.share("figures", "ann@example.org").await;
    let bob = house.at_app("figures", "bob@example.org", "s");
    for _ in 0..5 {
        assert_eq!(house.get("figures", "/", &[("Cookie", &bob), OUTSIDE]).await.status, 403);
    }
    let owner = house.at_main("owner@example.org");
    let page = house.get("", "/-/apps/figures/audit", &[("Cookie", &owner)]).await.text();
    assert!(
        page.contains("Shared it") && page.contains("ann@example.org") && page.contains("5 times"),
        "{page}"
    );
    assert!(page.contains("not on the list") && page.contains("192.0.2.1"), "{page}");
    assert!(!page.contains("/-/apps/sales/"), "{page}");
    let one =
        house.get("", "/-/apps/figures/audit?who=bob&action=refused", &[("Cookie", &owner)]).await.text();
    assert!(
        one.contains("bob@example.org: Was refused") && !one.contains("owner@example.org: Shared it"),
        "{one}"
    );
    let wrong = house.get("", "/-/apps/figures/audit?since=soon", &[("Cookie", &owner)]).await;
    assert_eq!(wrong.status, 422);

    let csv = house.get("", "/-/apps/figures/audit.csv", &[("Cookie", &owner)]).await.text();
    assert_eq!(csv.lines().next(), Some("when,who,action,detail,app,rule,from,times,server,number"));
    assert!(csv.contains(",bob@example.org,refused,,figures,not on the list,192.0.2.1,5,"), "{csv}");
    let json = house.get("", "/-/apps/figures/audit.json?action=refused", &[("Cookie", &owner)]).await;
    let lines: serde_json::Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!((&lines[0]["who"], &lines[0]["times"]), (&"bob@example.org".into(), &5.into()));

    let admin = house.at_main("admin@example.org");
    let whole = house.get("", "/-/audit", &[("Cookie", &admin)]).await.text();
    assert!(whole.contains("figures") && whole.contains("sales"), "{whole}");
    let sales = house.get("", "/-/audit.csv?app=sales", &[("Cookie", &admin)]).await.text();
    assert!(sales.contains(",sales,") && !sales.contains(",figures,"), "{sales}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_leaving_are_put_down_and_never_their_secrets() {
    let house = house().await;
    let ann = house.at_main("ann@example.org");
    let made = house.post("", "/-/account/tokens", &ann, &[("label", "laptop"), ("days", "30")]).await.text();
    let token = made.split("<code>loggia_").nth(1).unwrap().split('<').next().unwrap().to_owned();
    house.post("", "/-/sign-out", &ann, &[]).await;
    let admin = house.at_main("admin@example.org");
    let told = house.get("", "/-/audit.json", &[("Cookie", &admin)]).await.text();
    for action in ["token-made", "signed-out"] {
        assert!(told.contains(&format!("\"action\":\"{action}\"")), "{action}: {told}");
    }
    let (_, secret) = token.split_once('_').unwrap();
    assert!(secret.len() > 20 && !told.contains(secret), "the record holds a token's secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_is_sent_to_sign_in_leaves_no_line() {
    let house = house().await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    let before = house.record("figures").await.len();
    for _ in 0..20 {
        assert_eq!(house.get("figures", "/", &[]).await.status, 303);
    }
    assert_eq!(house.record("figures").await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_record_says_that_it_is_one_and_where_the_rest_is() {
    let house = house().await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    let name = "figures".parse().unwrap();
    let people = |from: usize| -> Vec<_> {
        let who = (from..from + 20_000).map(|at| format!("p{at}@example.org").parse().unwrap());
        who.map(|who| loggia::model::Grant::new(who, loggia::model::Role::Viewer, None)).collect()
    };
    for _ in 0..3 {
        let who: Vec<loggia::model::Who> =
            people(0).into_iter().take(19_000).map(|grant| grant.who).collect();
        house.loggia.releases.grant_all(&name, &people(0)[..19_000], &owner(&house)).await.unwrap();
        house.loggia.releases.revoke_all(&name, &who, &owner(&house)).await.unwrap();
    }
    let by = house.at_main("owner@example.org");
    let get = async |path: &str| house.get("", path, &[("Cookie", &by)]).await;
    let next = |answer: &crate::support::app::Answer| {
        let link = answer.header("link")?.strip_prefix('<')?.strip_suffix(">; rel=\"next\"")?;
        Some(link.strip_prefix(&house.home()).expect("of this server").to_owned())
    };
    let csv = get("/-/apps/figures/audit.csv?action=granted").await;
    let rest = next(&csv).expect("a link to the rest");
    let text = csv.text();
    assert_eq!(text.lines().count(), 1 + 50_000 + 1);
    assert!(text.lines().last().unwrap().starts_with(",,cut-here,http"), "{:?}", text.lines().last());
    assert!(csv.header("content-disposition").unwrap().contains("figures-record-part.csv"));
    let whole = get(&rest).await;
    assert!(next(&whole).is_none() && !whole.text().contains("cut-here"));
    assert_eq!(whole.text().lines().count(), 1 + 7_000);

    let json = get("/-/apps/figures/audit.json?action=granted").await;
    let lines: Vec<serde_json::Value> = serde_json::from_slice(&json.body).unwrap();
    let last = lines.last().unwrap();
    assert_eq!((&last["action"], lines.len()), (&"cut-here".into(), 50_001));
    assert!(last["next"].as_str().unwrap().ends_with(&next(&json).unwrap()));

    let page = get("/-/apps/figures/audit?action=granted").await.text();
    let older = page.split("href=\"").find(|link| link.contains("cursor=")).unwrap();
    let older = older.split('"').next().unwrap().replace("&amp;", "&");
    assert!(get(&older).await.text().contains("The newest lines"));
    assert_eq!(get("/-/apps/figures/audit?cursor=nowhere").await.status, 422);

    let token = format!("Bearer {}", house.token("owner@example.org").await);
    let api = async |path: &str| house.get("", path, &[("Authorization", &token)]).await;
    let first = api("/-/api/v1/apps/figures/audit?action=revoked").await;
    let second = api(&next(&first).unwrap()).await;
    let lines = |answer: &crate::support::app::Answer| -> Vec<serde_json::Value> {
        serde_json::from_slice(&answer.body).unwrap()
    };
    assert_eq!((lines(&first).len(), lines(&second).len()), (200, 200));
    assert_ne!(lines(&first).last(), lines(&second).first());
}
