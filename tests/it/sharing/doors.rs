//! Every kind of viewer × audience × network × place × method × surface, over real sockets.

use std::time::{Duration, Instant};

use loggia::config::Storage;
use loggia::model::Clock;

use super::*;

const AUDIENCES: [Audience; 3] = [Audience::Public, Audience::SignedIn, Audience::Listed];
const NETWORKS: [(&str, Option<NetworkUse>); 3] =
    [("anywhere", None), ("instead", Some(NetworkUse::Instead)), ("as-well", Some(NetworkUse::AsWell))];
const VIEWERS: [&str; 5] =
    ["", "ann@example.org", "ended@example.org", "eve@elsewhere.net", "owner@example.org"];

/// What the rules say, written a second time and differently: a list of what each viewer can do.
fn lets_in(viewer: &str, audience: Audience, network: &str, inside: bool) -> bool {
    let by_audience = match audience {
        Audience::Public => true,
        Audience::SignedIn => !viewer.is_empty(),
        Audience::Listed => ["ann@example.org", "owner@example.org"].contains(&viewer),
    };
    match network {
        "instead" => inside || by_audience,
        "as-well" => inside && by_audience,
        _ => by_audience,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_table_of_who_opens_what_from_where_and_how() {
    let house = house().await;
    let now = house.loggia.clock.now();
    let day = jiff::tz::TimeZone::UTC.to_datetime(now).date();
    let mut rows = 0;
    for audience in AUDIENCES {
        for (network, rule) in NETWORKS {
            let name = format!("{audience}-{network}");
            let release = house.publish(&name, &[("index.html", PAGE)]).await;
            house.share(&name, "ann@example.org").await;
            let over = loggia::model::Grant::new(
                "ended@example.org".parse().unwrap(),
                loggia::model::Role::Viewer,
                Some(now - jiff::SignedDuration::from_hours(1)),
            );
            house.loggia.releases.grant(&name.parse().unwrap(), over, &owner(&house)).await.unwrap();
            set(&house, &name, audience, rule).await;
            for (surface, host) in [
                ("live", name.clone()),
                ("preview", format!("{release}--{name}")),
                ("day", format!("{day}--{name}")),
            ] {
                for viewer in VIEWERS {
                    let cookie =
                        if viewer.is_empty() { String::new() } else { house.at_app(&host, viewer, "s") };
                    for (place, inside) in [(INSIDE, true), (OUTSIDE, false)] {
                        let may = lets_in(viewer, audience, network, inside);
                        for (method, extra) in [
                            ("GET", None),
                            ("HEAD", None),
                            ("GET", Some(("Range", "bytes=0-7"))),
                            ("GET", Some(("If-None-Match", "\"x\""))),
                            ("GET", Some(("Sec-Fetch-Mode", "cors"))),
                        ] {
                            let mut headers = vec![place];
                            headers.extend((!cookie.is_empty()).then_some(("Cookie", cookie.as_str())));
                            headers.extend(extra);
                            let answer = house.request(method, &host, "/", &headers).await;
                            let row = format!(
                                "{viewer} {name} {surface} {place:?} {method} {extra:?}: {}",
                                answer.status
                            );
                            assert_eq!(matches!(answer.status, 200 | 206), may, "{row}");
                            assert_eq!(answer.text().contains("<h1>F"), may && method != "HEAD", "{row}");
                            if may {
                                let everyone = audience == Audience::Public && network == "anywhere";
                                let cache = answer.header("cache-control").unwrap();
                                assert_eq!(!cache.contains("private"), everyone, "{row} {cache}");
                            } else {
                                // Nobody signed in is sent to sign in, as to an app that is not there; others are told no.
                                let told = match (viewer, extra) {
                                    ("", Some(("Sec-Fetch-Mode", _))) => 401,
                                    ("", _) => 303,
                                    _ => 403,
                                };
                                assert_eq!(answer.status, told, "{row}");
                            }
                            rows += 1;
                        }
                        let headers = [place, ("Cookie", cookie.as_str())];
                        let post = house
                            .request("POST", &host, "/", &headers[..if cookie.is_empty() { 1 } else { 2 }])
                            .await;
                        assert_eq!(post.status, 405);
                    }
                }
            }
        }
    }
    assert_eq!(rows, 3 * 3 * 3 * 5 * 2 * 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_pages_and_searches_follow_the_same_rule() {
    let house = house().await;
    for audience in AUDIENCES {
        for (network, rule) in NETWORKS {
            let name = format!("{audience}-{network}");
            house.publish(&name, &[("index.html", b"<title>Walrus</title><p>The walrus figures")]).await;
            house.share(&name, "ann@example.org").await;
            set(&house, &name, audience, rule).await;
        }
    }
    let indexed = Instant::now();
    loop {
        let owner = house.at_main("owner@example.org");
        let found =
            house.get("", "/-/search.json?q=walrus&limit=50", &[("Cookie", &owner), INSIDE]).await.text();
        if found.matches("\"kind\":\"app\"").count() >= 9 {
            break;
        }
        assert!(indexed.elapsed() < Duration::from_secs(30), "the texts of apps were not indexed: {found}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for viewer in ["", "ann@example.org", "eve@elsewhere.net", "owner@example.org"] {
        let cookie = if viewer.is_empty() { String::new() } else { house.at_main(viewer) };
        for (place, inside) in [(INSIDE, true), (OUTSIDE, false)] {
            let mut headers = vec![place];
            headers.extend((!cookie.is_empty()).then_some(("Cookie", cookie.as_str())));
            let list = house.get("", "/-/apps/", &headers).await.text();
            let found = house.get("", "/-/search.json?q=walrus&limit=50", &headers).await.text();
            for audience in AUDIENCES {
                for (network, _) in NETWORKS {
                    let name = format!("{audience}-{network}");
                    let may = lets_in(viewer, audience, network, inside);
                    let row = format!("{viewer} {name} {place:?}");
                    assert_eq!(found.contains(&format!("//{name}.")), may, "search {row}");
                    // Whoever would see it elsewhere is told where; it is no link's target for anybody else.
                    let elsewhere = !viewer.is_empty()
                        && lets_in(viewer, audience, network, true)
                        && network == "as-well";
                    assert_eq!(list.contains(&format!("//{name}.")), may || elsewhere, "list {row}");
                    if !viewer.is_empty() {
                        let page = house.get("", &format!("/-/apps/{name}/"), &headers).await.status;
                        let publishes = viewer == "owner@example.org";
                        assert_eq!(page == 200, may || publishes, "page {row}: {page}");
                    }
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_believed_from_a_trusted_proxy_and_from_nobody_else() {
    let house = TestApp::start_with(|config| {
        behind_a_proxy(config);
        config.server.trusted_proxies = Vec::new();
    })
    .await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    set(&house, "figures", Audience::Listed, Some(NetworkUse::Instead)).await;
    assert_eq!(house.get("figures", "/", &[INSIDE]).await.status, 303);
    let through = super::house().await;
    through.publish("figures", &[("index.html", PAGE)]).await;
    set(&through, "figures", Audience::Listed, Some(NetworkUse::Instead)).await;
    assert_eq!(through.get("figures", "/", &[INSIDE]).await.status, 200);
    let forged = ("X-Forwarded-For", "10.1.2.3, 192.0.2.1");
    assert_eq!(through.get("figures", "/", &[forged]).await.status, 303, "the nearest hop counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_chosen_on_the_page_and_through_the_api() {
    let house = house().await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    let owner = house.at_main("owner@example.org");
    let page = house.get("", "/-/apps/figures/", &[("Cookie", &owner)]).await.text();
    assert!(page.contains("office: The offices") && page.contains("10.0.0.0/8"), "{page}");
    let post = async |form: &[(&str, &str)]| house.post("", "/-/apps/figures/network", &owner, form).await;
    assert_eq!(post(&[("rule", "as-well"), ("name", "office")]).await.status, 200);
    let ann = house.at_app("figures", "owner@example.org", "s");
    assert_eq!(house.get("figures", "/", &[("Cookie", &ann), OUTSIDE]).await.status, 403);
    for wrong in
        [vec![("rule", "as-well")], vec![("rule", "as-well"), ("name", "moon")], vec![("rule", "maybe")]]
    {
        assert_eq!(post(&wrong).await.status, 422, "{wrong:?}");
    }
    assert_eq!(post(&[("rule", "none")]).await.status, 200);
    assert_eq!(house.get("figures", "/", &[("Cookie", &ann), OUTSIDE]).await.status, 200);

    let token = house.token("owner@example.org").await;
    let patch = async |body: &str| {
        let head = format!(
            "PATCH /-/api/v1/apps/figures HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            house.port,
            body.len()
        );
        house.raw(head.into_bytes()).await
    };
    let set = patch(r#"{"network":{"rule":"instead","names":["office"]}}"#).await;
    assert!(set.text().contains(r#""network":{"rule":"instead","names":["office"]}"#), "{}", set.text());
    assert_eq!(patch(r#"{"network":{"rule":"instead","names":["moon"]}}"#).await.status, 422);
    assert_eq!(patch(r#"{"network":null}"#).await.status, 200);
    let told: Vec<&str> = house.record("figures").await.iter().map(|event| event.action.name()).collect();
    assert_eq!(told.iter().filter(|name| **name == "network-set").count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_decide_which_audiences_can_be_chosen() {
    let house = TestApp::start_with(|config| config.access.audiences = vec![Audience::SignedIn]).await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    let owner = house.at_main("owner@example.org");
    let post =
        async |audience| house.post("", "/-/apps/figures/audience", &owner, &[("audience", audience)]).await;
    assert_eq!(post("public").await.status, 422);
    assert_eq!(post("signed-in").await.status, 200);
    // What was chosen before they decided so becomes narrower.
    house
        .loggia
        .releases
        .set_audience(&"figures".parse().unwrap(), Audience::Public, &super::owner(&house))
        .await
        .unwrap();
    assert_eq!(house.get("figures", "/", &[]).await.status, 303);
    let eve = house.at_app("figures", "eve@elsewhere.net", "s");
    let page = house.get("figures", "/", &[("Cookie", &eve)]).await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("private, no-cache")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_ends_by_the_clock_and_without_anybody_doing_anything() {
    let clock = Clock::fixed(jiff::Timestamp::from_second(1_800_000_000).unwrap());
    let house = TestApp::start_unfollowed(clock.clone()).await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    let until = Some(clock.now() + jiff::SignedDuration::from_secs(30));
    let grant =
        loggia::model::Grant::new("ann@example.org".parse().unwrap(), loggia::model::Role::Viewer, until);
    house.loggia.releases.grant(&"figures".parse().unwrap(), grant, &owner(&house)).await.unwrap();
    let ann = house.at_app("figures", "ann@example.org", "s");
    clock.advance(Duration::from_secs(29));
    assert_eq!(house.get("figures", "/", &[("Cookie", &ann)]).await.status, 200);
    clock.advance(Duration::from_secs(1));
    let refused = house.get("figures", "/", &[("Cookie", &ann)]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("until a date that has passed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_server_is_told_holds_at_another_within_five_seconds() {
    let bucket = tempfile::tempdir().unwrap();
    let shared = |config: &mut Config| config.storage = Storage::Folder(bucket.path().to_owned());
    let (one, other) = (TestApp::start_with(shared).await, TestApp::start_with(shared).await);
    one.publish("figures", &[("index.html", PAGE)]).await;
    let becomes = async |status: u16| {
        let began = Instant::now();
        let ann = other.at_app("figures", "ann@example.org", "s");
        while other.get("figures", "/", &[("Cookie", &ann)]).await.status != status {
            assert!(began.elapsed() < Duration::from_secs(5), "not {status} within five seconds");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let owner = one.at_main("owner@example.org");
    becomes(403).await;
    let confirmed = one.post("", "/-/apps/figures/share", &owner, &[("who", "ann@example.org")]).await;
    assert_eq!(confirmed.status, 200);
    becomes(200).await;
    one.post("", "/-/apps/figures/share/remove", &owner, &[("who", "ann@example.org")]).await;
    becomes(403).await;
}
