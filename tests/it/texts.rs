//! What apps say: taken at publishing, stored beside the release, followed by every replica.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use loggia::config::Storage as Where;
use loggia::model::{AppName, AppText, Clock, Entropy, ReleaseId};
use loggia::releases::{By, PdfReader, Releases, TextChange, Texts};
use loggia::storage::{Body, Condition, Key, Put, Storage};
use serde_json::Value;

use crate::support::app::TestApp;

const PAGE: &[u8] =
    b"<title>Figures</title><h1>Figures</h1><p>Weekly counts.<h2 id=method>Method</h2><p>By hand.";

fn name(name: &str) -> AppName {
    name.parse().unwrap()
}

fn owner(app: &TestApp) -> By {
    By { person: app.person("owner@example.org"), from: None }
}

fn stored_at(app: &TestApp, name: &str, release: ReleaseId) -> PathBuf {
    let Where::Folder(bucket) = &app.loggia.config.storage else { unreachable!("a folder in tests") };
    bucket.join(format!("apps/{name}/releases/{release}.text.zst"))
}

/// The lines that lie beside a release: a head, and one for each file that was looked into.
fn stored(app: &TestApp, name: &str, release: ReleaseId) -> Vec<Value> {
    let packed = std::fs::read(stored_at(app, name, release)).unwrap();
    let mut text = String::new();
    zstd::Decoder::new(&packed[..]).unwrap().read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The next change, which must come soon.
async fn next(texts: &mut Texts) -> TextChange {
    tokio::time::timeout(Duration::from_secs(20), texts.next()).await.expect("a change of the texts")
}

/// Whether nothing changes for a moment.
async fn is_quiet(texts: &mut Texts) -> bool {
    tokio::time::timeout(Duration::from_millis(300), texts.next()).await.is_err()
}

fn words(text: &AppText) -> String {
    let sections = text.pages.iter().flat_map(|page| page.sections.iter());
    sections.map(|section| section.text.as_str()).collect::<Vec<_>>().join("|")
}

/// A PDF of one page that says `text`.
fn pdf(text: &str) -> Vec<u8> {
    let content = format!("BT /F1 24 Tf 72 720 Td ({text}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>".to_owned(),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut places = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        places.push(file.len());
        file.extend([&number.to_string(), " 0 obj\n", object, "\nendobj\n"]);
    }
    let start = file.len();
    file += "xref\n0 6\n0000000000 65535 f \n";
    let table: Vec<String> = places.iter().map(|place| format!("{place:010} 00000 n \n")).collect();
    let end = format!("trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n");
    [file, table.concat(), end].concat().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_release_says_lies_beside_it_when_it_is_live() {
    let app = TestApp::start().await;
    let release = app
        .publish(
            "figures",
            &[
                ("index.html", PAGE),
                ("private.html", b"<meta name=robots content=noindex><p>unlisted"),
                ("data.csv", b"a,b\n1,2\n"),
                ("docs/note.md", b"# Note\n\nRead me."),
                ("paper.pdf", &pdf("Quarterly remarks")),
                ("broken.pdf", b"%PDF-1.4 nothing more"),
            ],
        )
        .await;
    let lines = stored(&app, "figures", release);
    assert_eq!(lines[0]["release"], release.to_string());
    let files: Vec<_> = lines[1..].iter().map(|line| line["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["broken.pdf", "docs/note.md", "index.html", "paper.pdf", "private.html"]);
    assert!(lines[1]["unread"].is_string() && lines[1]["page"].is_null(), "{}", lines[1]);
    assert_eq!(lines[2]["page"]["path"], "/docs/note.md");
    assert_eq!(lines[3]["page"]["path"], "/");
    assert_eq!(lines[3]["page"]["sections"][1]["id"], "method");
    assert_eq!(lines[4]["page"]["sections"][1]["id"], "page=1");
    assert_eq!(lines[4]["page"]["sections"][1]["text"], "Quarterly remarks");
    assert!(lines[5]["page"].is_null() && lines[5]["unread"].is_null(), "{}", lines[5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_did_not_change_is_not_read_again() {
    let app = TestApp::start().await;
    let first = app.publish("figures", &[("index.html", PAGE), ("b.html", b"<p>old")]).await;
    // What the first text says of a page is what the second says of it, where its bytes are the same.
    let path = stored_at(&app, "figures", first);
    let text = String::from_utf8(zstd::decode_all(&std::fs::read(&path).unwrap()[..]).unwrap()).unwrap();
    std::fs::write(&path, zstd::encode_all(text.replace("Weekly", "Known").as_bytes(), 3).unwrap()).unwrap();
    let second = app.publish("figures", &[("index.html", PAGE), ("b.html", b"<p>new")]).await;
    let lines = stored(&app, "figures", second);
    assert_eq!(lines[1]["page"]["sections"][0]["text"], "new");
    assert_eq!(lines[2]["page"]["sections"][0]["text"], "Known counts.");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_follow_the_current_release_and_the_app() {
    let app = TestApp::start().await;
    let releases = &app.loggia.releases;
    let by = owner(&app);
    app.publish("figures", &[("index.html", b"<p>one")]).await;
    let mut texts = releases.texts();
    let change = next(&mut texts).await;
    assert_eq!((change.texts.len(), change.texts[0].app.as_str()), (1, "figures"));
    assert_eq!(words(&change.texts[0]), "one");

    app.publish("figures", &[("index.html", b"<p>two")]).await;
    assert_eq!(words(&next(&mut texts).await.texts[0]), "two");
    app.share("figures", "ann@example.org").await;
    assert!(is_quiet(&mut texts).await, "who may see it is decided with every question");

    releases.rollback(&name("figures"), &by).await.unwrap();
    assert_eq!(words(&next(&mut texts).await.texts[0]), "one");
    releases.delete(&name("figures"), &by).await.unwrap();
    assert_eq!(next(&mut texts).await.removed, [name("figures")]);
    assert!(is_quiet(&mut texts).await);
    releases.restore(&name("figures"), &by).await.unwrap();
    assert_eq!(words(&next(&mut texts).await.texts[0]), "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_opted_out_is_in_no_text_until_it_opts_in() {
    let app = TestApp::start().await;
    let releases = &app.loggia.releases;
    app.publish("figures", &[("index.html", b"<p>one")]).await;
    let mut texts = releases.texts();
    assert_eq!(next(&mut texts).await.texts.len(), 1);
    releases.set_search(&name("figures"), false, &owner(&app)).await.unwrap();
    assert_eq!(next(&mut texts).await.removed, [name("figures")]);
    let second = app.publish("figures", &[("index.html", b"<p>two")]).await;
    assert!(is_quiet(&mut texts).await);
    assert!(!stored_at(&app, "figures", second).exists(), "nothing is taken from it");
    releases.set_search(&name("figures"), true, &owner(&app)).await.unwrap();
    assert_eq!(words(&next(&mut texts).await.texts[0]), "two", "it is taken now");
    assert!(stored_at(&app, "figures", second).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_in_no_text() {
    let app = TestApp::start().await;
    let by = owner(&app);
    app.publish("figures", &[("index.html", b"<p>one")]).await;
    let mut texts = app.loggia.releases.texts();
    assert_eq!(words(&next(&mut texts).await.texts[0]), "one");
    let draft = app.draft("figures", &[("index.html", b"<p>draft")]).await;
    assert!(is_quiet(&mut texts).await);
    app.loggia.releases.activate(&name("figures"), draft, &by).await.unwrap();
    assert_eq!(words(&next(&mut texts).await.texts[0]), "draft");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_replica_follows_within_its_next_look_at_the_bucket() {
    let app = TestApp::start().await;
    let storage = Storage::open(&app.loggia.config.storage).await.unwrap();
    let limits = &app.loggia.config.limits;
    let replica = Releases::open(storage, limits, Clock::system(), Entropy::system()).await.unwrap();
    let mut texts = replica.texts();
    let release = app.publish("figures", &[("index.html", b"<p>one")]).await;
    replica.poll().await.unwrap();
    assert_eq!(words(&next(&mut texts).await.texts[0]), "one");
    // A text that is lost or damaged is taken again.
    std::fs::write(stored_at(&app, "figures", release), b"damaged").unwrap();
    assert_eq!(words(&next(&mut replica.texts()).await.texts[0]), "one");
    assert_eq!(stored(&app, "figures", release).len(), 2);
    app.loggia.releases.delete(&name("figures"), &owner(&app)).await.unwrap();
    replica.poll().await.unwrap();
    assert_eq!(next(&mut texts).await.removed, [name("figures")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_fails_no_publishing() {
    let app = TestApp::start().await;
    // A child that never answers what it should.
    let storage = Storage::memory();
    let limits = &app.loggia.config.limits;
    let releases = Releases::open(storage.clone(), limits, Clock::system(), Entropy::system()).await.unwrap();
    releases.read_pdfs_with(PdfReader::new("/bin/false".into(), &[]));
    let by = owner(&app);
    releases.create_app(&name("figures"), "Figures", &by).await.unwrap();
    let file = pdf("words");
    let digest = loggia::model::Digest::of(&file);
    let announced = loggia::releases::Announced { sha256: digest, size: file.len() as u64 };
    let files = [("a.pdf".parse().unwrap(), announced)].into();
    let begun = releases.begin(&name("figures"), &files, None, None, &by).await.unwrap();
    let bytes = futures_util::stream::iter([Ok::<_, std::io::Error>(file.into())]);
    releases.put_blob(&name("figures"), begun.id, digest, bytes).await.unwrap();
    // Somebody writes nonsense where the text will be.
    let key = Key::text(&name("figures"), begun.id);
    let nonsense = Body::Bytes("nonsense".into());
    assert!(matches!(storage.put(&key, nonsense, Condition::Always).await.unwrap(), Put::Stored(_)));
    releases.finish(&name("figures"), begun.id, true, &by).await.unwrap();
    let change = next(&mut releases.texts()).await;
    assert!(change.texts[0].pages.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publisher_opts_out_by_a_form_and_by_the_api_and_it_is_remembered_who_did() {
    let app = TestApp::start().await;
    app.publish("figures", &[("index.html", PAGE)]).await;
    let cookie = app.at_main("owner@example.org");
    let page = app.get("", "/-/apps/figures/", &[("Cookie", &cookie)]).await.text();
    assert!(page.contains(r#"action="/-/apps/figures/search""#) && page.contains("Take it out of search"));

    let origin = app.loggia.hosts.main_origin();
    let post = |cookie: String, body: &str| {
        let head = format!(
            "POST /-/apps/figures/search HTTP/1.1\r\nHost: localhost:{}\r\nCookie: {cookie}\r\nOrigin: {origin}\r\n\
             Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            app.port,
            body.len()
        );
        app.raw(head.into_bytes())
    };
    let stranger = post(app.at_main("bob@example.org"), "search=false").await;
    assert_eq!(stranger.status, 404);
    let done = post(cookie, "search=false").await;
    assert_eq!(done.status, 200);
    assert!(done.text().contains("Let search find it"), "{}", done.text());
    let settings =
        |app: &TestApp| app.loggia.releases.catalog().app(&name("figures")).unwrap().settings.is_searched();
    assert!(!settings(&app));

    let token = app.token("owner@example.org").await;
    let body = r#"{"settings":{"search":true}}"#;
    let head = format!(
        "PATCH /-/api/v1/apps/figures HTTP/1.1\r\nHost: localhost:{}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        app.port,
        body.len()
    );
    assert_eq!(app.raw(head.into_bytes()).await.status, 200);
    assert!(settings(&app));
    let audit = app.record("figures").await;
    let changes = audit.iter().filter(|line| line.action == loggia::model::AuditAction::SettingsChanged);
    assert_eq!(changes.count(), 2);
}
