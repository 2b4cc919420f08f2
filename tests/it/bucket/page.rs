//! What an app's page says of what was cleared away, and of what search cannot read.

use loggia::config::Limits;
use loggia::model::{Clock, Entropy};
use loggia::releases::Releases;

use super::owner;
use crate::support::app::TestApp;
use crate::support::s3::S3Double;

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_was_cleared_away_is_not_offered_to_be_restored() {
    let double = S3Double::start().await;
    let app = TestApp::start_on(double.storage().await, |_| {}).await;
    app.publish("site", &[("index.html", b"page")]).await;
    app.loggia.releases.delete(&"site".parse().unwrap(), &owner(&app)).await.unwrap();
    let cookie = app.at_main("owner@example.org");
    let page = async || app.get("", "/-/apps/site/", &[("Cookie", &cookie)]).await.text();
    assert!(page().await.contains("Restore this app"));
    let later = Clock::fixed(app.loggia.clock.now() + jiff::SignedDuration::from_hours(24 * 100));
    let clearing = Releases::open(double.storage().await, &Limits::default(), later, Entropy::system()).await;
    clearing.unwrap().clear(false).await.unwrap();
    app.loggia.releases.poll().await.unwrap();
    let said = page().await;
    assert!(said.contains("nothing can bring it back") && !said.contains("Restore this app"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_search_cannot_read_are_listed_with_the_reason() {
    let app = TestApp::start().await;
    app.publish("site", &[("index.html", b"<h1>Tides</h1>"), ("annex/broken.pdf", b"%PDF-1.7 broken")]).await;
    let cookie = app.at_main("owner@example.org");
    let said = app.get("", "/-/apps/site/", &[("Cookie", &cookie)]).await.text();
    assert!(said.contains("<li><code>annex/broken.pdf</code>: "), "{said}");
    assert!(!said.contains("<code>index.html</code>: "));
}
