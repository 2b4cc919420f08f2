//! What becomes a release, when, and what does not.

use std::time::Duration;

use loggia::config::Limits;
use loggia::model::{AuditAction, Digest, Grant, Role};
use loggia::releases::Sought;

use super::*;

#[tokio::test]
async fn a_change_becomes_a_release_and_only_what_changed_is_read() {
    let house = House::new().await;
    house.put("index.html", b"<title>Tides</title>");
    house.put("data/a b+c.csv", b"1,2,3");
    house.put(".git/config", b"hidden");
    house.put("data/", b"");
    let watching = Watching::start(&house.releases, place(&house.double, |_| {}));
    let first = house.next(None).await;
    assert_eq!(listed(&first), [("data/a b+c.csv".to_owned(), 5), ("index.html".to_owned(), 20)].into());
    assert_eq!(first.message.as_deref(), Some("Synced from s3://gallery/incoming/tides/"));
    assert_eq!(first.by.as_str(), "ann@example.org");
    let index = &first.files["index.html"];
    assert_eq!(
        (index.sha256, index.media_type.as_str()),
        (Digest::of(b"<title>Tides</title>"), "text/html; charset=utf-8")
    );

    house.double.forget();
    house.put("index.html", b"<title>Tides today</title>");
    house.put("new.txt", b"new");
    house.double.remove_by_others(&format!("{FOLDER}data/a b+c.csv"));
    let second = house.next(Some(first.id)).await;
    assert_eq!(listed(&second), [("index.html".to_owned(), 26), ("new.txt".to_owned(), 3)].into());
    assert_eq!(house.read().len(), 2, "{:?}", house.read());
    house.put("third.txt", b"third");
    house.next(Some(second.id)).await;
    assert_eq!(house.read().iter().filter(|line| line.contains("index.html")).count(), 1);

    // The releases before are there to go back to, and that is not undone by the next look.
    house.releases.rollback(&app(), &by("ann@example.org")).await.unwrap();
    house.looks(5).await;
    assert_eq!(house.current(), Some(second.id));
    watching.stop().await;
    let record = house.releases.audit(&app(), &Sought { most: 100, ..Sought::default() }).await.unwrap();
    let published: Vec<_> = record
        .lines
        .iter()
        .filter(|line| matches!(line.event.action, AuditAction::Published { .. }))
        .map(|line| (line.event.who.as_ref().unwrap().to_string(), line.event.rule.clone().unwrap()))
        .collect();
    assert_eq!(published, vec![("ann@example.org".to_owned(), "synced folder in `analysts`".to_owned()); 3]);
}

#[tokio::test]
async fn a_folder_that_still_changes_is_left_alone() {
    let house = House::new().await;
    let _watching = Watching::start(
        &house.releases,
        place(&house.double, |folders| folders.settle = Duration::from_hours(1)),
    );
    house.looks(2).await;
    assert_eq!(house.state().await.noticed, None, "an empty folder is nothing yet");
    house.put("index.html", b"one");
    until("a notice", async || house.state().await.noticed).await;
    for round in 0..3_u8 {
        house.put("index.html", &[b'x', round]);
        house.looks(3).await;
    }
    assert_eq!(house.current(), None);
    assert!(house.read().is_empty(), "nothing is copied before it has settled");
}

#[tokio::test]
async fn a_marker_says_when_and_what_for() {
    let house = House::new().await;
    house.put("index.html", b"half");
    let marked = |folders: &mut loggia::config::SyncedFolders| {
        folders.marker = Some("_PUBLISH".parse().unwrap());
    };
    let _watching = Watching::start(&house.releases, place(&house.double, marked));
    house.looks(4).await;
    assert_eq!(house.current(), None, "nothing is published without the marker");
    house.put("index.html", b"whole");
    house.put("_PUBLISH", b"Figures for March\n");
    let first = house.next(None).await;
    assert_eq!(listed(&first), [("index.html".to_owned(), 5)].into(), "the marker is no file of the app");
    assert_eq!(first.message.as_deref(), Some("Figures for March"));

    house.put("index.html", b"April, half");
    house.looks(6).await;
    assert_eq!(house.current(), Some(first.id));
    // The same words again, later.
    house.double.put_by_others(&format!("{FOLDER}_PUBLISH"), b"Figures for March\n", 60);
    assert_eq!(listed(&house.next(Some(first.id)).await)["index.html"], 11);
}

#[tokio::test]
async fn a_change_while_it_is_copied_is_no_mixture() {
    // At the first, the second or the third file that is read, or when all of them were.
    for after in 0..4 {
        let house = House::new().await;
        let write = |bucket: &S3Double, version: &str| {
            for file in ["a.txt", "b.txt", "c.txt"] {
                bucket.put_by_others(&format!("{FOLDER}{file}"), version.as_bytes(), 0);
            }
        };
        write(&house.double, "version 1");
        let bucket = house.double.beside().await;
        let (mut read, mut done) = (0, false);
        house.double.watch(move |line| {
            let is_file = line.starts_with("GET /gallery/incoming/");
            let all = read == 3 && line.contains("list-type=2");
            if !done && ((is_file && read == after) || (all && after == 3)) {
                done = true;
                for file in ["a.txt", "b.txt", "c.txt"] {
                    bucket.put_by_others(&format!("{FOLDER}{file}"), b"version 2", 0);
                }
            }
            read += usize::from(is_file);
        });
        let _watching = Watching::start(&house.releases, place(&house.double, |_| {}));
        let first = house.next(None).await;
        let digests: Vec<_> = first.files.values().map(|file| file.sha256).collect();
        assert_eq!(digests, [Digest::of(b"version 2"); 3], "changed after {after} files");
        assert_eq!(house.releases.releases_of(&app()).await.unwrap().len(), 1);
        assert_eq!(house.trouble().await, None, "a change is no trouble");
    }
}

#[tokio::test]
async fn what_is_over_a_limit_is_named_and_the_current_release_stays() {
    let limits = Limits { release_files: 2, file_bytes: 100, app_bytes: 150, ..Limits::default() };
    let house = House::with(limits).await;
    house.put("index.html", b"one");
    let _watching = Watching::start(&house.releases, place(&house.double, |_| {}));
    let first = house.next(None).await;
    house.double.forget();
    let told = async |part: &str| {
        until(part, async || house.trouble().await.filter(|what| what.contains(part))).await;
        house.looks(3).await;
        assert_eq!(house.current(), Some(first.id), "{part}");
        assert!(house.read().is_empty(), "{part}: nothing is read of it: {:?}", house.read());
    };
    house.put("large.bin", &[0; 101]);
    told("`large.bin` has 101 bytes; 100 is the most").await;
    house.put("large.bin", &[0; 100]);
    house.put("index.html", &[b'x'; 60]);
    told("(`app_bytes`)").await;
    house.put("third.txt", b"3");
    told("(`release_files`)").await;
    house.double.remove_by_others(&format!("{FOLDER}large.bin"));
    assert_eq!(listed(&house.next(Some(first.id)).await).len(), 2);
    until("an end of the trouble", async || house.trouble().await.is_none().then_some(())).await;

    // Nothing at all is no release either.
    for file in ["index.html", "third.txt"] {
        house.double.remove_by_others(&format!("{FOLDER}{file}"));
    }
    until("empty", async || house.trouble().await.filter(|what| what.contains("the folder is empty"))).await;
}

#[tokio::test]
async fn an_app_reaches_its_own_folder_and_nothing_else() {
    let house = House::new().await;
    for (key, bytes) in [
        ("incoming/tides-2/index.html", "another app's"),
        ("incoming/secret.txt", "beside it"),
        ("outside/index.html", "elsewhere"),
        ("house/apps/tides/app.json", "what Loggia keeps"),
    ] {
        house.double.put_by_others(key, bytes.as_bytes(), 0);
    }
    house.put("index.html", b"mine");
    let _watching = Watching::start(&house.releases, place(&house.double, |_| {}));
    let first = house.next(None).await;
    assert_eq!(listed(&first), [("index.html".to_owned(), 4)].into());
    for name in
        ["../secret.txt", "a/../../secret.txt", "/outside/index.html", "a//b.txt", "-/enter", "bell\u{7}"]
    {
        house.put(name, b"not a file");
        let what = until(name, async || house.trouble().await).await;
        assert!(what.contains("cannot be used"), "{name}: {what}");
        assert_eq!(house.current(), Some(first.id));
        house.double.remove_by_others(&format!("{FOLDER}{name}"));
        until("an end", async || house.trouble().await.is_none().then_some(())).await;
    }
    let others = house.double.asked("").into_iter().filter(|line| !line.contains("incoming%2Ftides%2F"));
    let others: Vec<_> = others.filter(|line| !line.contains("/gallery/incoming/tides/index.html")).collect();
    assert_eq!(others, Vec::<String>::new(), "nothing else was asked for");
}

#[tokio::test]
async fn whoever_turned_it_on_must_still_be_allowed_to() {
    let house = House::new().await;
    let grant = |who: &str| Grant::new(who.parse().unwrap(), Role::Publisher, None);
    house.releases.grant(&app(), grant("bob@example.org"), &by("ann@example.org")).await.unwrap();
    house.turn(None).await;
    turn(&house.releases, Some("analysts"), "bob@example.org").await;
    house.put("index.html", b"one");
    let watching = Watching::start(&house.releases, place(&house.double, |_| {}));
    let first = house.next(None).await;
    assert_eq!(first.by.as_str(), "bob@example.org");

    let bob = "bob@example.org".parse().unwrap();
    house.releases.revoke(&app(), &bob, &by("ann@example.org")).await.unwrap();
    house.put("index.html", b"two");
    let what = until("a refusal", async || house.trouble().await).await;
    assert!(
        what.contains("bob@example.org, who turned this on, may no longer publish to this app"),
        "{what}"
    );
    house.looks(0).await;
    assert_eq!(house.current(), Some(first.id));
    watching.stop().await;

    // Another publisher turns it on, and the operator takes the place from them.
    turn(&house.releases, None, "ann@example.org").await;
    turn(&house.releases, Some("analysts"), "ann@example.org").await;
    let nobody = |folders: &mut loggia::config::SyncedFolders| {
        folders.publishers = vec!["somebody@example.net".parse().unwrap()];
    };
    let watching = Watching::start(&house.releases, place(&house.double, nobody));
    let what = until("a refusal", async || house.trouble().await).await;
    assert!(what.contains("may no longer use the folders there"), "{what}");
    watching.stop().await;
    let _watching = Watching::start(&house.releases, place(&house.double, |_| {}));
    assert_eq!(house.next(Some(first.id)).await.by.as_str(), "ann@example.org");
}

#[tokio::test]
async fn turning_it_off_keeps_the_releases_and_turning_it_on_shows_the_folder() {
    let house = House::new().await;
    house.put("index.html", b"one");
    let _watching = Watching::start(&house.releases, place(&house.double, |_| {}));
    let first = house.next(None).await;
    house.turn(None).await;
    house.put("index.html", b"two");
    house.silence().await;
    assert_eq!(house.current(), Some(first.id));
    assert!(house.releases.synced_state(&app()).await.unwrap().is_none());

    house.turn(Some("analysts")).await;
    let second = house.next(Some(first.id)).await;
    // The same once more: whoever turns it on wants to see the folder, whatever was published by hand meanwhile.
    house.turn(None).await;
    house.turn(Some("analysts")).await;
    house.next(Some(second.id)).await;
    house.releases.delete(&app(), &by("ann@example.org")).await.unwrap();
    house.put("index.html", b"three");
    let last = house.current();
    house.silence().await;
    assert_eq!(house.current(), last);
}

#[tokio::test]
async fn a_bucket_that_is_away_is_named_and_heals() {
    let house = House::new().await;
    house.put("index.html", b"one");
    let _watching = Watching::start(&house.releases, place(&house.double, |_| {}));
    let first = house.next(None).await;
    house.double.set_down(true);
    let what = until("trouble", async || house.trouble().await).await;
    assert!(what.starts_with("the folder cannot be read: storage does not answer"), "{what}");
    house.double.set_down(false);
    house.put("index.html", b"two");
    house.next(Some(first.id)).await;
    until("an end of the trouble", async || house.trouble().await.is_none().then_some(())).await;
}

#[tokio::test]
async fn a_large_file_is_read_in_parts_and_is_whole() {
    let house = House::new().await;
    let bytes: Vec<u8> = (0..=9 << 20).map(|n: usize| u8::try_from((n / 251 + n) % 256).unwrap()).collect();
    house.put("large.bin", &bytes);
    house.put("empty.txt", b"");
    let _watching = Watching::start(&house.releases, place(&house.double, |_| {}));
    let release = house.next(None).await;
    assert_eq!(release.files["large.bin"].sha256, Digest::of(&bytes));
    assert_eq!(release.files["empty.txt"].sha256, Digest::of(b""));
    assert_eq!(house.read().len(), 2, "{:?}", house.read());
}
