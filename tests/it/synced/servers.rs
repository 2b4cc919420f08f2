//! Of several servers one does it, and one that dies leaves nothing half done.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use loggia::model::{Digest, ReleaseId};

use super::*;
use crate::support::s3::{Fault, Operation};

/// The releases of the app, and what its one file says in each.
async fn releases(releases: &Releases) -> Vec<(ReleaseId, Digest)> {
    let all = releases.releases_of(&app()).await.unwrap();
    all.iter().map(|one| (one.manifest.id, one.manifest.files.values().next().unwrap().sha256)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_one_watches_and_the_other_takes_over() {
    let storage = Storage::memory();
    let one = open(&storage, &Limits::default()).await;
    create(&one).await;
    turn(&one, Some("analysts"), "ann@example.org").await;
    let other = open(&storage, &Limits::default()).await;
    let double = S3Double::start().await;
    let of_other = double.beside().await;
    double.put_by_others(&format!("{FOLDER}index.html"), b"one", 0);

    let first = Watching::start(&one, place(&double, |_| {}));
    until("a release", async || current(&one)).await;
    let second = Watching::start(&other, place(&of_other, |_| {}));
    double.put_by_others(&format!("{FOLDER}index.html"), b"two", 0);
    until("another", async || (releases(&one).await.len() == 2).then_some(())).await;
    assert_eq!(of_other.total(), 0, "one of them watches");

    // It dies without a word.
    drop(first);
    double.put_by_others(&format!("{FOLDER}index.html"), b"three", 0);
    until("a takeover", async || (releases(&one).await.len() == 3).then_some(())).await;
    assert!(of_other.total() > 0);
    double.forget();

    // It stops as it should, and another need not wait for its claim to die.
    second.stop().await;
    let never = SyncedPace { claim: Duration::from_hours(1), ..pace() };
    let third = Watching::at(&one, place(&double, |_| {}), never);
    double.put_by_others(&format!("{FOLDER}index.html"), b"four", 0);
    until("the next", async || (releases(&one).await.len() == 4).then_some(())).await;
    third.stop().await;
    let said: BTreeSet<_> = releases(&one).await.into_iter().map(|(_, digest)| digest).collect();
    let all = ["one", "two", "three", "four"].map(|said| Digest::of(said.as_bytes()));
    assert_eq!(said, all.into(), "each change is one release");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_take_the_claim_from_each_other_publish_each_change_once() {
    let storage = Storage::memory();
    let one = open(&storage, &Limits::default()).await;
    create(&one).await;
    turn(&one, Some("analysts"), "ann@example.org").await;
    let double = S3Double::start().await;
    double.put_by_others(&format!("{FOLDER}index.html"), b"0", 0);
    // A claim that is dead as soon as it is made.
    let hasty = SyncedPace { claim: Duration::from_millis(2), ..pace() };
    let mut servers = Vec::new();
    for _ in 0..3 {
        let server = open(&storage, &Limits::default()).await;
        let eager = |folders: &mut SyncedFolders| folders.settle = Duration::from_millis(1);
        servers.push(Watching::at(&server, place(&double, eager), hasty));
    }
    for round in 1..8 {
        let so_far = async || (releases(&one).await.len() >= round).then_some(());
        until("the next release", so_far).await;
        double.put_by_others(&format!("{FOLDER}index.html"), round.to_string().as_bytes(), 0);
    }
    until("the last release", async || (releases(&one).await.len() >= 8).then_some(())).await;
    for server in servers {
        server.stop().await;
    }
    let all = releases(&one).await;
    let said: BTreeSet<_> = all.iter().map(|(_, digest)| digest).collect();
    assert_eq!((all.len(), said.len()), (8, 8), "no change is published twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_at_any_step_leaves_one_whole_release() {
    for (step, done) in (0..40).flat_map(|step| [(step, false), (step, true)]) {
        let kept = S3Double::start().await;
        let folder = S3Double::start().await;
        let one = open(&kept.storage().await, &Limits::default()).await;
        create(&one).await;
        turn(&one, Some("analysts"), "ann@example.org").await;
        folder.put_by_others(&format!("{FOLDER}index.html"), b"one", 0);
        folder.put_by_others(&format!("{FOLDER}later.html"), b"two", 0);

        let sprung = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&sprung);
        kept.trap(step, done, move || stop.store(true, Ordering::Release));
        let hasty = SyncedPace { claim: Duration::from_millis(300), ..pace() };
        let first = Watching::at(&one, place(&folder, |_| {}), hasty);
        let ended = async || {
            let live = current(&one).is_some();
            (sprung.load(Ordering::Acquire) || live).then_some(())
        };
        until("an end", ended).await;
        drop(first);
        let all_steps = kept.disarm();

        let other = open(&kept.storage().await, &Limits::default()).await;
        let _second = Watching::at(&other, place(&folder, |_| {}), hasty);
        let name = app();
        let done_with = async || {
            let state = other.synced_state(&name).await.unwrap()?;
            state.published().map(|(release, _)| release)
        };
        let release = until("a release", done_with).await;
        other.poll().await.unwrap();
        let all = other.releases_of(&name).await.unwrap();
        assert_eq!(all.len(), 1, "after {step} writes, {done}");
        assert_eq!((current(&other), all[0].manifest.id), (Some(release), release));
        assert_eq!(all[0].manifest.files.len(), 2);
        if all_steps {
            println!("{step} writes make a release");
            assert!(step > 5, "the trap was at every write before");
            return;
        }
    }
    panic!("it takes more writes than were tried");
}

#[tokio::test]
async fn faults_of_the_own_bucket_are_survived() {
    let kept = S3Double::start().await;
    let folder = S3Double::start().await;
    let one = open(&kept.storage().await, &Limits::default()).await;
    create(&one).await;
    turn(&one, Some("analysts"), "ann@example.org").await;
    kept.fail_at_random(11, 20, &[Fault::Conflict409, Fault::LostResponse, Fault::SlowDown503]);
    let _watching = Watching::start(&one, place(&folder, |_| {}));
    for round in 1..4 {
        folder.put_by_others(&format!("{FOLDER}index.html"), round.to_string().as_bytes(), 0);
        let wanted = Digest::of(round.to_string().as_bytes());
        let live = async || {
            let id = current(&one)?;
            let manifest = one.manifest(&app(), id).await.ok()??;
            (manifest.files.values().next()?.sha256 == wanted).then_some(())
        };
        until("the next release", live).await;
    }
    kept.recover();
    assert!(kept.count(Operation::Put) > 0);
    assert_eq!(releases(&one).await.len(), 3);
}
