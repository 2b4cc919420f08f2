//! Trusted publishers from the terminal.

use serde_json::json;

use super::{Api, Terminal};

fn owner(api: &Api) -> Terminal {
    let app = super::double::App { title: "Sales".into(), audience: "listed".into(), ..Default::default() };
    api.kept(|kept| kept.apps.insert("sales".into(), app));
    Terminal::signed_in(api)
}

#[test]
fn jobs_of_both_services_are_trusted_listed_and_trusted_no_longer() {
    let api = Api::start();
    let terminal = owner(&api);
    assert!(terminal.run("trust sales").well().err.contains("sales trusts no jobs"));
    assert_eq!(terminal.run("trust sales --json").well().json(), json!([]));
    terminal
        .run("trust sales --github moj/report --id 12 --owner-id 34 --workflow publish.yml --environment production")
        .well();
    let done = terminal
        .run("trust sales --gitlab analysis/report --id 56 --ref main --issuer https://gitlab.example.org");
    insta::assert_snapshot!(done.well().out);
    let kept = api.kept(|kept| kept.apps["sales"].trusted.clone());
    assert_eq!(
        kept[0],
        json!({"service": "github", "repository": "moj/report", "repository_id": "12", "repository_owner_id": "34",
            "workflow": "publish.yml", "environment": "production", "id": kept[0]["id"],
            "issuer": "https://token.example", "by": "ann@example.org", "since": "2026-11-24T08:30:00Z"})
    );
    assert_eq!((&kept[1]["ref"], &kept[1]["issuer"]), (&json!("main"), &json!("https://gitlab.example.org")));
    let id = kept[0]["id"].as_str().unwrap().to_lowercase();
    let left = terminal.run(&format!("trust sales --remove {id} --json")).well().json();
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["service"], "gitlab");
    let gone = terminal.run(&format!("trust sales --remove {id}")).failed();
    assert!(gone.err.contains("`loggia trust sales` lists whom it trusts"), "{}", gone.err);
}

#[test]
fn what_a_service_needs_is_asked_for_before_anything_is_sent() {
    let api = Api::start();
    let terminal = owner(&api);
    for (line, named) in [
        ("trust sales --github moj/report --id 12 --workflow publish.yml", "--owner-id"),
        ("trust sales --gitlab analysis/report", "--id"),
        ("trust sales --gitlab a/b --id 1 --workflow publish.yml", "--workflow"),
        ("trust sales --github a/b --id 1 --owner-id 2 --workflow w.yml --ref main", "--ref"),
        ("trust sales --github a/b --id one --owner-id 2 --workflow w.yml", "one"),
        ("trust sales --environment production", "--github"),
        ("trust sales --remove 12", "as `loggia trust NAME` lists it"),
    ] {
        let done = terminal.run(line).misused();
        assert!(done.err.contains(named), "{line}: {}", done.err);
    }
    assert!(api.kept(|kept| kept.asked.is_empty()));
}
