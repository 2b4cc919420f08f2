//! Publishing, and what follows from it: apps, releases, activate, rollback.

use super::{Api, Terminal};

/// A terminal with a report of three files in it.
fn analyst(api: &Api) -> Terminal {
    let terminal = Terminal::signed_in(api);
    terminal
        .write("report/index.html", "<h1>Report</h1>")
        .write("report/a/style.css", "body {}")
        .write("report/data.csv", "x,y");
    terminal
}

#[test]
fn the_address_is_the_only_line_on_standard_output() {
    let api = Api::start();
    let done = analyst(&api).run("publish ./report --app prison-population").well();
    assert_eq!(done.out, "http://prison-population.localhost:8080/\n");
    assert!(done.err.contains("Made the app prison-population"), "{}", done.err);
    assert!(!done.err.contains(super::double::TOKEN));
}

#[test]
fn a_missing_app_is_made_once() {
    let api = Api::start();
    let terminal = analyst(&api);
    terminal.run("publish report --app prison-population").well();
    terminal.run("publish report --app prison-population").well();
    assert_eq!(api.count("POST /apps "), 0);
    assert_eq!(api.kept(|kept| kept.asked.iter().filter(|asked| asked.as_str() == "POST /apps").count()), 1);
    assert_eq!(api.kept(|kept| kept.apps["prison-population"].title.clone()), "Prison population");
}

#[test]
fn publishing_again_sends_only_what_changed() {
    let api = Api::start();
    let terminal = analyst(&api);
    let first = terminal.run("publish report --app sales --json").well().json();
    assert_eq!(
        (&first["uploaded"], &first["unchanged"], &first["bytes"]),
        (&3.into(), &0.into(), &25.into())
    );
    terminal.write("report/data.csv", "x,y,z");
    let second = terminal.run("publish report --app sales --json").well().json();
    assert_eq!(
        (&second["uploaded"], &second["unchanged"], &second["bytes"]),
        (&1.into(), &2.into(), &5.into())
    );
    assert_eq!(second["app"], "sales");
    assert_eq!(second["url"], "http://sales.localhost:8080/");
    assert_eq!(second["release"], "01jd3m5wz0c9v1k8q2r4t6y8a1");
    assert_eq!(api.count("PUT "), 4);
}

#[test]
fn a_draft_prints_its_previews_address_and_goes_not_live() {
    let api = Api::start();
    let done = analyst(&api).run("publish report --app sales --draft").well();
    assert_eq!(done.out, "http://01jd3m5wz0c9v1k8q2r4t6y8a0--sales.localhost:8080/\n");
    assert!(api.kept(|kept| kept.apps["sales"].live.is_empty()));
}

#[test]
fn one_page_is_published_as_the_start_page() {
    let api = Api::start();
    let terminal = Terminal::signed_in(&api);
    terminal.write("report.html", "<h1>Report</h1>");
    terminal.run("publish report.html --app sales --message October").well();
    let release = api.kept(|kept| kept.apps["sales"].releases[0].clone());
    assert_eq!(release["paths"], serde_json::json!(["index.html"]));
    assert_eq!(release["message"], "October");
}

#[test]
fn what_cannot_be_published_is_told_before_anything_is_sent() {
    let api = Api::start();
    let terminal = analyst(&api);
    terminal.write("reserved/-/x.html", "").write("hidden/.git/HEAD", "");
    std::fs::create_dir(terminal.path("empty")).unwrap();
    let told: Vec<String> = ["missing", "empty", "hidden", "reserved", "report/data.csv"]
        .map(|path| terminal.run(&format!("publish {path} --app sales")).failed().err)
        .into();
    insta::assert_snapshot!(told.concat());
    assert!(api.kept(|kept| kept.asked.is_empty()));
}

#[test]
fn what_is_left_out_is_said() {
    let api = Api::start();
    let terminal = analyst(&api);
    terminal.write("report/.git/HEAD", "").write("report/a/.DS_Store", "");
    let done = terminal.run("publish report --app sales").well();
    assert!(done.err.contains("Left out: .git (hidden), a/.DS_Store (hidden)"), "{}", done.err);
    assert_eq!(api.count("PUT "), 3);
}

#[test]
fn a_name_that_somebody_else_has_is_told() {
    let api = Api::start();
    api.kept(|kept| {
        kept.apps.insert("sales".into(), super::double::App { foreign: true, ..Default::default() })
    });
    let done = analyst(&api).run("publish report --app sales").failed();
    assert!(
        done.err.contains("`sales` is taken by an app that you may not publish to; choose another"),
        "{}",
        done.err
    );
}

#[test]
fn a_server_that_is_busy_for_a_moment_is_asked_again() {
    let api = Api::start();
    let terminal = analyst(&api);
    api.kept(|kept| kept.failing = 2);
    terminal.run("publish report --app sales").well();
}

#[test]
fn a_server_that_stays_busy_is_given_up() {
    let api = Api::start();
    api.kept(|kept| kept.failing = 100);
    let done = analyst(&api).run("publish report --app sales").failed();
    assert_eq!(
        done.err,
        "error: Storage does not answer; try again in a minute, and tell the operator if it goes on\n"
    );
    assert_eq!(api.kept(|kept| kept.asked.len()), 4);
}

#[test]
fn apps_and_releases_are_listed_with_the_live_one_marked() {
    let api = Api::start();
    let terminal = analyst(&api);
    terminal.run("publish report --app sales --message First").well();
    terminal.write("report/index.html", "<h1>New</h1>").run("publish report --app sales").well();
    insta::assert_snapshot!(terminal.run("apps").well().out);
    insta::assert_snapshot!(terminal.run("releases sales").well().out);
    let releases = terminal.run("releases sales --json").well().json();
    assert_eq!((&releases[0]["current"], &releases[1]["current"]), (&true.into(), &false.into()));
    assert_eq!(terminal.run("apps --json").well().json()[0]["name"], "sales");
}

#[test]
fn a_rollback_goes_to_the_release_before() {
    let api = Api::start();
    let terminal = analyst(&api);
    terminal.run("publish report --app sales").well();
    let done = terminal.run("rollback sales").failed();
    assert!(done.err.contains("sales has no earlier release to go back to"), "{}", done.err);
    terminal.run("publish report --app sales").well();
    let done = terminal.run("rollback sales").well();
    assert_eq!(done.out, "01jd3m5wz0c9v1k8q2r4t6y8a0 is live at http://sales.localhost:8080/\n");
    let forward = terminal.run("activate sales 01jd3m5wz0c9v1k8q2r4t6y8a1 --json").well().json();
    assert_eq!(forward["release"], "01jd3m5wz0c9v1k8q2r4t6y8a1");
    assert_eq!(api.kept(|kept| kept.apps["sales"].live.len()), 4);
}
