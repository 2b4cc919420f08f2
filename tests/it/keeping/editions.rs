//! Guides from the bucket: two servers on one store, the real command, and editions that do not load.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use loggia::config::{ContentSource, Storage};
use loggia::model::ReleaseId;

use crate::support::app::TestApp;

use super::{command, text, write};

/// A server whose guides come from the bucket at `store`.
async fn server(store: &Path) -> TestApp {
    TestApp::start_with(|config| {
        config.content_source = ContentSource::Bucket;
        config.storage = Storage::Folder(store.to_owned());
        config.access.guide_publishers = vec!["writer@example.org".parse().unwrap()];
    })
    .await
}

async fn run(app: &TestApp, dir: &Path, args: &[&str], token: &str) -> Output {
    let (dir, server) = (dir.to_owned(), format!("http://localhost:{}", app.port));
    let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let token = token.to_owned();
    let run = move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        command(&dir, &args, &[("LOGGIA_SERVER", &server), ("LOGGIA_TOKEN", &token)])
    };
    tokio::task::spawn_blocking(run).await.unwrap()
}

async fn well(app: &TestApp, dir: &Path, args: &[&str], token: &str) -> serde_json::Value {
    let done = run(app, dir, &[args, &["--json"]].concat(), token).await;
    assert!(done.status.success(), "{args:?}: {}", text(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// Waits until the page at `path` says `what` on each of these servers.
async fn says(apps: &[&TestApp], path: &str, what: &str) {
    for app in apps {
        let mut last = String::new();
        let mut told = false;
        for _ in 0..150 {
            last = app.get("", path, &[]).await.text();
            told = last.contains(what);
            if told {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(told, "{path} does not say {what}: {last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edition_goes_live_on_every_server_and_back_again() {
    let store = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    let (one, two) = (server(store.path()).await, server(store.path()).await);
    says(&[&one, &two], "/", "No guides yet").await;

    let token = one.token("writer@example.org").await;
    write(
        work.path(),
        &[("content/index.md", "# Harbour\n\nFirst edition.\n\n![m](/m.svg)\n"), ("content/m.svg", "<svg/>")],
    );
    let first =
        well(&one, work.path(), &["publish", "content", "--guides", "--message", "One"], &token).await;
    assert_eq!(first["uploaded"], 2);
    says(&[&one, &two], "/", "First edition").await;
    assert_eq!(two.get("", "/m.svg", &[]).await.text(), "<svg/>");
    let (here, there) = (one.get("", "/m.svg", &[]).await, two.get("", "/m.svg", &[]).await);
    assert_eq!(here.header("etag"), there.header("etag"));

    write(work.path(), &[("content/index.md", "# Harbour\n\nSecond edition, with a foghorn.\n")]);
    let draft = well(&two, work.path(), &["publish", "content", "--guides", "--draft"], &token).await;
    assert_eq!((&draft["uploaded"], &draft["unchanged"]), (&1.into(), &1.into()));
    tokio::time::sleep(Duration::from_secs(2)).await;
    says(&[&one, &two], "/", "First edition").await;
    let id = draft["release"].as_str().unwrap().to_owned();
    well(&one, work.path(), &["activate", "--guides", &id], &token).await;
    says(&[&one, &two], "/", "Second edition").await;
    says(&[&one, &two], "/-/search?q=foghorn", "Harbour").await;

    well(&two, work.path(), &["rollback", "--guides"], &token).await;
    says(&[&one, &two], "/", "First edition").await;
    let listed = well(&one, work.path(), &["releases", "--guides"], &token).await;
    let current: Vec<bool> =
        listed.as_array().unwrap().iter().map(|one| one["current"].as_bool().unwrap()).collect();
    assert_eq!(current, [false, true]);

    // A server that starts now begins with the live edition.
    let third = server(store.path()).await;
    assert!(third.get("", "/", &[]).await.text().contains("First edition"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_named_publish_guides_and_only_where_the_bucket_has_them() {
    let store = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    write(work.path(), &[("content/index.md", "# Harbour\n")]);
    let publish = ["publish", "content", "--guides"];
    let app = server(store.path()).await;
    let reader = app.token("reader@example.org").await;
    let refused = run(&app, work.path(), &publish, &reader).await;
    assert!(text(&refused.stderr).contains("you may not publish guides here"), "{}", text(&refused.stderr));
    says(&[&app], "/", "No guides yet").await;

    let folder = TestApp::start().await;
    let token = folder.token("dev@localhost").await;
    let refused = run(&folder, work.path(), &publish, &token).await;
    assert!(text(&refused.stderr).contains("come from a folder"), "{}", text(&refused.stderr));

    let empty = tempfile::tempdir().unwrap();
    write(empty.path(), &[("content/notes.txt", "none")]);
    let writer = app.token("writer@example.org").await;
    let refused = run(&app, empty.path(), &publish, &writer).await;
    assert!(text(&refused.stderr).contains("holds no guides"), "{}", text(&refused.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edition_that_does_not_load_leaves_the_last_good_one_and_is_told() {
    let store = tempfile::tempdir().unwrap();
    let work = tempfile::tempdir().unwrap();
    let app = server(store.path()).await;
    let token = app.token("writer@example.org").await;
    write(work.path(), &[("content/index.md", "# Harbour\n\nGood.\n")]);
    well(&app, work.path(), &["publish", "content", "--guides"], &token).await;
    says(&[&app], "/", "Good.").await;

    write(work.path(), &[("content/index.md", "# Harbour\n\nDamaged in the bucket.\n")]);
    let bad = well(&app, work.path(), &["publish", "content", "--guides", "--draft"], &token).await;
    let id: ReleaseId = bad["release"].as_str().unwrap().parse().unwrap();
    let digest = loggia::model::Digest::of(b"# Harbour\n\nDamaged in the bucket.\n").to_string();
    let blob = store.path().join(format!("guides/blobs/sha256/{}/{digest}", &digest[..2]));
    let whole = std::fs::read(&blob).unwrap();
    std::fs::write(&blob, [&whole[..whole.len() - 6], b"other\n"].concat()).unwrap();
    well(&app, work.path(), &["activate", "--guides", &id.to_string()], &token).await;

    let cookie = app.at_main("writer@example.org");
    let mut review = String::new();
    for _ in 0..150 {
        review = app.get("", "/-/review/", &[("Cookie", &cookie)]).await.text();
        if review.contains("does not load") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(review.contains("does not load") && review.contains("is damaged"), "{review}");
    says(&[&app], "/", "Good.").await;
    let metrics = reqwest::get(format!("http://127.0.0.1:{}/metrics", app.ops_port)).await.unwrap();
    assert!(metrics.text().await.unwrap().contains("loggia_guides_edition_failing 1"));

    // A server that starts now shows the edition before.
    let late = server(store.path()).await;
    assert!(late.get("", "/", &[]).await.text().contains("Good."));

    well(&app, work.path(), &["rollback", "--guides"], &token).await;
    for _ in 0..100 {
        review = app.get("", "/-/review/", &[("Cookie", &cookie)]).await.text();
        if !review.contains("does not load") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!review.contains("does not load"), "{review}");
}
