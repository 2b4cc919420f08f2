//! `/-/review/`: who sees it, and what they see.

use crate::support::app::TestApp;

use super::write;

async fn site() -> TestApp {
    TestApp::start_with(|config| {
        write(
            &config.content.dir,
            &[
                (
                    "tools/rstudio.md",
                    "---\nowner: '#support'\n---\n\n# RStudio\n\n[x](/gone/) ![](/none.png)\n",
                ),
                ("late.md", "---\nowner: ann\nreview_by: 2020-01-01\n---\n\n# Late & <b>bold</b>\n\nText.\n"),
                ("plain.md", "# Plain\n\n#### Deep\n\nText.\n"),
            ],
        );
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn authors_see_what_is_wrong_by_owner_and_strangers_are_sent_to_sign_in() {
    let app = site().await;
    let stranger = app.get("", "/-/review/?owner=ann", &[]).await;
    assert_eq!(stranger.status, 303);
    assert!(stranger.header("location").unwrap().starts_with("/-/sign-in?"), "{}", stranger.head);

    let ann = app.at_main("ann@example.org");
    let page = app.get("", "/-/review/", &[("Cookie", &ann)]).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let html = page.text();
    for said in
        ["#support", "ann", "No owner", "/gone/", "Review due", "href=\"/tools/rstudio/\"", "Late &amp; "]
    {
        assert!(html.contains(said), "{said} in {html}");
    }
    assert!(!html.contains("<b>bold"), "titles are text");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_is_an_address_and_needs_no_script() {
    let app = site().await;
    let ann = app.at_main("ann@example.org");
    let of =
        async |query: &str| app.get("", &format!("/-/review/?{query}"), &[("Cookie", &ann)]).await.text();
    let support = of("owner=%23support").await;
    assert!(support.contains("/gone/") && !support.contains("2020-01-01"), "{support}");
    let overdue = of("kind=review-overdue&owner=").await;
    assert!(overdue.contains("2020-01-01") && !overdue.contains("/gone/"), "{overdue}");
    let nobody = of("owner=-").await;
    assert!(nobody.contains("jumps from level") && !nobody.contains("/gone/"), "{nobody}");
    let nothing = of("owner=%3Cscript%3E&kind=none").await;
    assert!(nothing.contains("Nothing of this kind is wrong") && !nothing.contains("<script>"), "{nothing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_publish_here_is_told_so() {
    let app = TestApp::start_with(|config| {
        config.access.creators = vec!["@example.org".parse().unwrap()];
        config.access.guide_publishers = vec!["writer@example.com".parse().unwrap()];
    })
    .await;
    for (email, status) in
        [("ann@example.org", 200), ("writer@example.com", 200), ("reader@example.com", 403)]
    {
        let cookie = app.at_main(email);
        let page = app.get("", "/-/review/", &[("Cookie", &cookie)]).await;
        assert_eq!(page.status, status, "{email}");
        assert_eq!(page.text().contains("This page is for authors"), status == 403);
    }
    let cookie = app.at_main("ann@example.org");
    let page = app.get("", "/-/review/", &[("Cookie", &cookie)]).await.text();
    assert!(page.contains("Nothing is wrong."), "{page}");
}
