//! Pages of stakeholders in the language that they like best, of those that the site has guides in.

use loggia::config::EmailCodes;

use super::*;
use crate::support::smtp::mail;

/// A site with guides in English and Welsh, where people may sign in with a code.
async fn bilingual() -> TestApp {
    let house = TestApp::start_with(|config| {
        let welsh = config.content.dir.join("cy");
        std::fs::create_dir_all(welsh.join("tools")).unwrap();
        std::fs::write(welsh.join("index.md"), "# Dechreuwch yma\n\nCroeso.\n").unwrap();
        std::fs::write(welsh.join("tools/rstudio.md"), "# RStudio\n\nDefnyddiwch fwced.\n").unwrap();
        config.mail = Some(mail(1));
        config.sign_in.email = Some(EmailCodes { domains: vec!["partner.example".into()], granted: false });
    })
    .await;
    house.publish("figures", &[("index.html", PAGE)]).await;
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_likes_welsh_best_reads_welsh_and_everybody_else_english() {
    let house = bilingual().await;
    let (bob, at_app) = (house.at_main("bob@example.org"), house.at_app("figures", "bob@example.org", "s"));
    let nobody = String::new();
    for (host, path, cookie, english, welsh) in [
        ("", "/-/apps/", &bob, "Apps and pages shared with you", "Apiau a thudalennau a rannwyd"),
        ("", "/-/account/", &bob, "Your account", "Eich cyfrif"),
        ("", "/-/sign-in", &nobody, "Send me a code", "Anfonwch god ataf"),
        ("", "/-/signed-out", &nobody, "You are signed out", "Rydych wedi allgofnodi"),
        ("figures", "/", &at_app, "You do not have access", "Nid oes gennych fynediad"),
        (
            "nosuchapp",
            "/",
            &house.at_app("nosuchapp", "bob@example.org", "s"),
            "There is nothing here",
            "Nid oes dim yma",
        ),
    ] {
        for (likes, lang, said) in [
            ("cy-GB,cy;q=0.9,en;q=0.8", "cy", welsh),
            ("en-GB,cy;q=0.5", "en", english),
            ("fr", "en", english),
            ("", "en", english),
        ] {
            let page = house.get(host, path, &[("Cookie", cookie), ("Accept-Language", likes)]).await.text();
            let marked = format!("<html lang=\"{lang}\">");
            assert!(page.contains(&marked) && page.contains(said), "{path} in {likes}: {page}");
            let main = page.split("<main").nth(1).unwrap();
            assert!(!main.contains("lang=\"en\""), "{path}: nothing of it is in English: {main}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_form_answers_is_in_the_same_language() {
    let house = bilingual().await;
    let welsh = [("Accept-Language", "cy")];
    let bob = house.at_app("figures", "bob@example.org", "s");
    let asked = house.post_with("figures", "/-/ask", &bob, &[("reason", "")], &welsh).await.text();
    assert!(asked.contains("<html lang=\"cy\">") && asked.contains("Anfonwyd eich cais"), "{asked}");
    let form = [("email", "pat"), ("return", "/")];
    let unread = house.post_with("", "/-/sign-in/email", "", &form, &welsh).await.text();
    assert!(unread.contains("Nid yw hwn yn gyfeiriad e-bost"), "{unread}");
    let ann = house.at_main("ann@example.org");
    let made = [("label", "nos"), ("days", "7")];
    let made = house.post_with("", "/-/account/tokens", &ann, &made, &welsh).await.text();
    let id = made.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let revoked = house.post_with("", "/-/account/tokens/revoke", &ann, &[("id", id)], &welsh).await.text();
    assert!(revoked.contains("Dirymwyd y tocyn.") && !revoked.contains("Done."), "{revoked}");
    let refused =
        house.post_with("", "/-/account/tokens", &ann, &[("label", ""), ("days", "7")], &welsh).await.text();
    assert!(refused.contains("<p lang=\"en\"><strong>Not done."), "what is in English says so: {refused}");
    let out = house.post_with("", "/-/sign-out", &ann, &[], &welsh).await.text();
    assert!(out.contains("Rydych wedi allgofnodi"), "{out}");
}
