//! Sharing, deleting and restoring; and the ways in which a server says no.

use serde_json::json;

use super::{Api, Terminal};

/// A terminal of somebody whose app `sales` is there.
fn owner(api: &Api) -> Terminal {
    let app = super::double::App { title: "Sales".into(), audience: "listed".into(), ..Default::default() };
    api.kept(|kept| kept.apps.insert("sales".into(), app));
    Terminal::signed_in(api)
}

#[test]
fn without_options_it_says_who_sees_the_app() {
    let api = Api::start();
    let terminal = owner(&api);
    terminal.run("share sales --add bob@example.org --add @example.com --until 2199-12-31").well();
    insta::assert_snapshot!(terminal.run("share sales").well().out);
    let sharing = terminal.run("share sales --json").well().json();
    assert_eq!(sharing["audience"], "listed");
    assert_eq!(
        sharing["grants"][0],
        json!({ "who": "bob@example.org", "role": "viewer", "until": "2199-12-31T23:59:59Z" })
    );
}

#[test]
fn somebody_can_be_a_publisher_and_be_taken_off_again() {
    let api = Api::start();
    let terminal = owner(&api);
    terminal.run("share sales --add group:analysts --publisher").well();
    assert_eq!(
        api.kept(|kept| kept.apps["sales"].grants.clone()),
        [json!({ "who": "group:analysts", "role": "publisher" })]
    );
    terminal.run("share sales --remove group:analysts").well();
    assert!(api.kept(|kept| kept.apps["sales"].grants.is_empty()));
    let done = terminal.run("share sales --remove group:analysts").failed();
    assert!(
        done.err.contains("cannot remove group:analysts: `group:analysts` is not on the list"),
        "{}",
        done.err
    );
}

#[test]
fn an_audience_is_set_and_a_list_without_effect_is_told() {
    let api = Api::start();
    let terminal = owner(&api);
    let done = terminal.run("share sales --audience signed-in").well();
    assert!(done.out.contains("is seen by everybody who signed in"), "{}", done.out);
    let done = terminal.run("share sales --add bob@example.org").well();
    assert!(done.err.contains("Its audience is `signed-in`"), "{}", done.err);
}

#[test]
fn an_audience_and_the_network_that_goes_with_it_are_set_at_once() {
    let api = Api::start();
    let terminal = owner(&api);
    terminal.run("share sales --audience public --only-from office --search off").well();
    let app = api.kept(|kept| kept.apps["sales"].clone());
    assert_eq!((&*app.audience, &app.network["names"]), ("public", &json!(["office"])));
    let changes = api.kept(|kept| kept.asked.iter().filter(|line| line.starts_with("PATCH ")).count());
    assert_eq!(changes, 1, "in between it would be open to everybody, from anywhere");
}

#[test]
fn from_where_it_opens_is_set_and_told() {
    let api = Api::start();
    let terminal = owner(&api);
    let done = terminal.run("share sales --only-from office --only-from vpn").well();
    assert!(done.out.contains("It opens only from office, vpn"), "{}", done.out);
    assert_eq!(
        api.kept(|kept| kept.apps["sales"].network.clone()),
        json!({ "rule": "as-well", "names": ["office", "vpn"] })
    );
    let done = terminal.run("share sales --also-from office").well();
    assert!(done.out.contains("It opens without signing in from office"), "{}", done.out);
    let done = terminal.run("share sales --from-anywhere").well();
    assert!(!done.out.contains("It opens"), "{}", done.out);
    terminal.run("share sales --from-anywhere --only-from office").misused();
}

#[test]
fn explaining_says_why_and_has_a_status() {
    let api = Api::start();
    let terminal = owner(&api);
    terminal.run("share sales --add bob@example.org").well();
    let done = terminal.run("explain sales bob@example.org --group a --group b --from 10.1.2.3").well();
    assert_eq!(
        done.out,
        "bob@example.org sees it ({\"from\": \"10.1.2.3\", \"groups\": \"a,b\", \"who\": \"bob@example.org\"}).\n"
    );
    assert_eq!(
        terminal.run("explain sales bob@example.org --json").well().json()["because"][0]["who"],
        "bob@example.org"
    );
    let done = terminal.run("explain sales eve@example.org").failed();
    assert!(done.out.contains("eve@example.org does not see it"), "{done:?}");
}

#[test]
fn a_date_that_is_over_is_refused_before_anything_is_sent() {
    let api = Api::start();
    let done = owner(&api).run("share sales --add bob@example.org --until 2020-01-01").failed();
    assert!(done.err.contains("is over already"), "{}", done.err);
    assert!(api.kept(|kept| kept.asked.is_empty()));
}

#[test]
fn deleting_says_how_to_restore() {
    let api = Api::start();
    let terminal = owner(&api);
    let done = terminal.run("delete sales").well();
    assert_eq!(done.out, "sales is deleted; `loggia restore sales` brings it back\n");
    let done = terminal.run("restore sales").well();
    assert_eq!(done.out, "sales is back at http://sales.localhost:8080/\n");
}

#[test]
fn every_way_of_saying_no_names_the_next_step() {
    let api = Api::start();
    let terminal = owner(&api);
    let stranger = Terminal::open().with("LOGGIA_SERVER", api.url()).with("LOGGIA_TOKEN", "wrong");
    let told = [
        terminal.run("share other").failed().err,
        terminal.run("delete kept-app").failed().err,
        terminal.run("activate sales 01jd3m5wz0c9v1k8q2r4t6y8a9").failed().err,
        stranger.run("apps").failed().err,
        Terminal::open().run("apps").failed().err,
        Terminal::open().with("LOGGIA_SERVER", api.url()).run("apps").failed().err,
        Terminal::open().with("LOGGIA_TOKEN", "x").run("apps --server localhost:1").failed().err,
    ];
    insta::assert_snapshot!(told.concat().replace(api.url(), "http://SERVER"));
}

#[test]
fn wrong_usage_has_a_status_of_its_own() {
    let terminal = Terminal::open();
    for line in
        ["", "publsh", "publish", "share a1 --until soon --add a@b.org", "apps --server http://example.org"]
    {
        let done = terminal.run(line).misused();
        assert!(done.out.is_empty() && !done.err.is_empty(), "{line}: {done:?}");
    }
    assert!(terminal.run("--help").well().out.contains("Usage: loggia"));
    assert!(terminal.run("version --json").well().json()["version"].is_string());
}

#[test]
fn nobody_is_told_by_mail_when_that_is_not_wanted() {
    let api = Api::start();
    let terminal = owner(&api);
    terminal.run("share sales --add bob@example.org").well();
    terminal.run("share sales --add ann@example.org --no-mail").well();
    let posts = api.kept(|kept| {
        let posts = kept.asked.iter().filter(|line| line.starts_with("POST "));
        posts.map(|line| line.rsplit('/').next().unwrap().to_owned()).collect::<Vec<_>>()
    });
    assert_eq!(posts, ["grants", "grants?mail=false"]);
    terminal.run("share sales --no-mail").misused();
}
