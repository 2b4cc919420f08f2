//! Clearing away: what is named is there, whoever publishes, deletes, restores and clears, and wherever it breaks off.

use std::collections::{BTreeSet, HashMap};

use loggia::releases::Cleared;
use loggia::storage::Prefix;

use super::*;
use crate::support::s3::{Fault, Operation, S3Double};

const DAY: Duration = Duration::from_hours(24);

/// Keeps two releases, and others for ten days; what is deleted for ninety.
fn limits() -> Limits {
    Limits {
        releases_kept: 2,
        releases_age: 10 * DAY,
        drafts_age: 20 * DAY,
        restore: 90 * DAY,
        cache_bytes: 8 << 20,
        ..Limits::default()
    }
}

async fn open(storage: &Storage, clock: &Clock, seed: u64) -> Releases {
    Releases::open(storage.clone(), &limits(), clock.clone(), Entropy::seeded(seed)).await.unwrap()
}

async fn house() -> (House, AppName) {
    let storage = Storage::memory();
    let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
    let releases = open(&storage, &clock, 1).await;
    let name: AppName = "tides".parse().unwrap();
    releases.create_app(&name, "Tides", &ann()).await.unwrap();
    (House { storage, clock, releases }, name)
}

/// Every blob in the bucket.
async fn blobs(storage: &Storage) -> BTreeSet<Digest> {
    let mut all = BTreeSet::new();
    for first in 0..=u8::MAX {
        let listed = storage.list_all(&Prefix::blobs(first)).await.unwrap().objects;
        all.extend(listed.iter().map(|blob| blob.name.parse::<Digest>().unwrap()));
    }
    all
}

/// The blobs that finished releases name, by a look at the bucket alone.
async fn named(storage: &Storage) -> BTreeSet<Digest> {
    let mut all = BTreeSet::new();
    for app in storage.list_all(&Prefix::apps()).await.unwrap().folders {
        let app: AppName = app.parse().unwrap();
        for object in storage.list_all(&Prefix::releases(&app)).await.unwrap().objects {
            let Some(id) = object.name.strip_suffix(".json") else { continue };
            let manifest = storage.get(&Key::manifest(&app, id.parse().unwrap())).await.unwrap().unwrap();
            let manifest: loggia::model::Manifest = serde_json::from_slice(&manifest.bytes).unwrap();
            all.extend(manifest.files.values().map(|file| file.sha256));
        }
    }
    all
}

/// Nothing that is named is missing, and what every app shows is named.
async fn nothing_is_lost(storage: &Storage) {
    let (blobs, named) = (blobs(storage).await, named(storage).await);
    let lost: Vec<_> = named.difference(&blobs).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    for app in storage.list_all(&Prefix::apps()).await.unwrap().folders {
        let app: AppName = app.parse().unwrap();
        let record = storage.get(&Key::app(&app)).await.unwrap().unwrap();
        let record: loggia::model::App = serde_json::from_slice(&record.bytes).unwrap();
        for release in record.current.iter().chain(&record.previous) {
            let manifest = storage.get(&Key::manifest(&app, *release)).await.unwrap();
            assert!(manifest.is_some(), "{app} can show {release}, which is gone");
        }
    }
}

#[tokio::test]
async fn an_old_release_can_be_restored_and_is_cleared_away_when_it_no_longer_can() {
    let (house, app) = house().await;
    let releases = &house.releases;
    let mut ids = Vec::new();
    for text in ["one", "two", "three", "four"] {
        ids.push(publish(releases, &app, &[("index.html", text.as_bytes()), ("same.css", b"css")]).await);
        house.clock.advance(DAY);
    }
    assert_eq!(releases.clear(false).await.unwrap().retired, [], "all are younger than ten days");
    house.clock.advance(15 * DAY);
    let cleared = releases.clear(false).await.unwrap();
    let retired: BTreeSet<_> = cleared.retired.iter().map(|gone| gone.release).collect();
    assert_eq!(retired, ids[..2].iter().copied().collect(), "all but the newest two");
    assert_eq!((cleared.blobs, cleared.releases.len()), (0, 0), "what was deleted just now stays");
    assert!(matches!(
        releases.activate(&app, ids[0], &ann()).await,
        Err(ReleaseError::DeletedRelease { .. })
    ));

    releases.restore_release(&app, ids[0], &ann()).await.unwrap();
    house.clock.advance(91 * DAY);
    let cleared = releases.clear(false).await.unwrap();
    assert_eq!(cleared.retired, [], "what was restored is left alone");
    assert_eq!(cleared.releases.iter().map(|gone| gone.release).collect::<Vec<_>>(), [ids[1]]);
    assert_eq!((cleared.blobs, cleared.bytes), (1, 3), "only the bytes of `two` are nobody's");
    assert!(releases.restore_release(&app, ids[1], &ann()).await.is_err());
    releases.activate(&app, ids[0], &ann()).await.unwrap();
    nothing_is_lost(&house.storage).await;
}

#[tokio::test]
async fn a_dry_run_tells_what_a_run_does_and_changes_nothing() {
    let (house, app) = house().await;
    let old = publish(&house.releases, &app, &[("index.html", b"one")]).await;
    publish(&house.releases, &app, &[("index.html", b"two")]).await;
    house.releases.delete_release(&app, old, &ann()).await.unwrap();
    house.clock.advance(100 * DAY);
    let before = blobs(&house.storage).await;
    let told = house.releases.clear(true).await.unwrap();
    assert_eq!(blobs(&house.storage).await, before);
    let done = house.releases.clear(false).await.unwrap();
    assert_eq!(told, Cleared { dry_run: true, ..done });
    assert_eq!((told.blobs, told.releases.len()), (1, 1));
}

#[tokio::test]
async fn a_deleted_app_is_cleared_away_after_its_time_and_its_name_stays_taken() {
    let (house, app) = house().await;
    publish(&house.releases, &app, &[("index.html", b"one")]).await;
    house.releases.delete(&app, &ann()).await.unwrap();
    house.clock.advance(89 * DAY);
    assert_eq!(house.releases.clear(false).await.unwrap().apps, []);
    house.clock.advance(2 * DAY);
    let cleared = house.releases.clear(false).await.unwrap();
    assert_eq!((cleared.apps, cleared.blobs), (vec![app.clone()], 1));
    assert!(matches!(house.releases.restore(&app, &ann()).await, Err(ReleaseError::Cleared(_))));
    assert!(matches!(house.releases.create_app(&app, "Tides", &ann()).await, Err(ReleaseError::Taken(_))));
}

#[tokio::test]
async fn what_a_release_in_the_making_counts_on_stays_until_it_cannot_be_finished() {
    let (house, app) = house().await;
    let releases = &house.releases;
    let old = publish(releases, &app, &[("index.html", b"one")]).await;
    publish(releases, &app, &[("index.html", b"two")]).await;
    releases.delete_release(&app, old, &ann()).await.unwrap();
    house.clock.advance(91 * DAY);
    // It holds the bytes of a release that could be cleared away now.
    let begun = begin(releases, &app, &[("index.html", b"one")]).await;
    assert_eq!(begun.missing, []);
    assert_eq!(releases.clear(false).await.unwrap().releases, []);
    releases.finish(&app, begun.id, true, &ann()).await.unwrap();
    nothing_is_lost(&house.storage).await;

    let left = begin(releases, &app, &[("index.html", b"left")]).await;
    upload(releases, &app, left.id, b"left").await.unwrap();
    house.clock.advance(7 * DAY + Duration::from_secs(1));
    assert_eq!(releases.clear(false).await.unwrap().abandoned, []);
    assert!(matches!(releases.finish(&app, left.id, true, &ann()).await, Err(ReleaseError::TooLate(_))));
    house.clock.advance(DAY);
    let cleared = releases.clear(false).await.unwrap();
    assert_eq!(cleared.abandoned.len(), 1);
    assert!(!blobs(&house.storage).await.contains(&Digest::of(b"left")));
}

#[tokio::test]
async fn a_blob_younger_than_a_day_stays() {
    let storage = Storage::memory();
    // Blobs in memory have the time of the system.
    let clock = Clock::fixed(Clock::system().now());
    let releases = open(&storage, &clock, 1).await;
    let digest = Digest::of(b"stray");
    let _ =
        storage.put(&Key::blob(&digest), Body::Bytes(Bytes::from_static(b"stray")), Condition::Always).await;
    assert_eq!(releases.clear(false).await.unwrap().young, 1);
    clock.advance(DAY + Duration::from_mins(1));
    assert_eq!(releases.clear(false).await.unwrap().blobs, 1);
}

#[tokio::test]
async fn a_manifest_that_cannot_be_read_stops_the_sweep() {
    let (house, app) = house().await;
    let id = publish(&house.releases, &app, &[("index.html", b"one")]).await;
    let key = Key::manifest(&app, id);
    let _ = house.storage.put(&key, Body::Bytes(Bytes::from_static(b"{")), Condition::Always).await;
    assert!(house.releases.clear(false).await.is_err());
    assert!(blobs(&house.storage).await.contains(&Digest::of(b"one")));
}

#[tokio::test]
async fn two_clearings_do_not_meet() {
    let (house, _) = house().await;
    let key = Key::clearing();
    let until = house.clock.now() + Duration::from_mins(5);
    let notice = format!(r#"{{"run":"x","until":"{until}","blobs":[],"releases":[]}}"#);
    let _ = house.storage.put(&key, Body::Bytes(notice.into()), Condition::Always).await;
    assert!(matches!(house.releases.clear(false).await, Err(ReleaseError::Clearing(_))));
    house.clock.advance(Duration::from_mins(11));
    house.releases.clear(false).await.unwrap();
    assert!(house.storage.get(&key).await.unwrap().is_none());
}

#[derive(Clone, Debug)]
enum Step {
    Publish { app: usize, texts: Vec<u8>, live: bool },
    Begin { app: usize, texts: Vec<u8> },
    FinishBegun,
    Activate { app: usize, which: usize },
    RollBack { app: usize },
    Delete { app: usize },
    Restore { app: usize },
    DeleteRelease { app: usize, which: usize },
    RestoreRelease { app: usize, which: usize },
    Wait { days: u8 },
    Clear,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let app = 0_usize..2;
    let texts = || prop::collection::vec(0_u8..6, 1..4);
    let step = prop_oneof![
        4 => (app.clone(), texts(), any::<bool>()).prop_map(|(app, texts, live)| Step::Publish { app, texts, live }),
        2 => (app.clone(), texts()).prop_map(|(app, texts)| Step::Begin { app, texts }),
        2 => Just(Step::FinishBegun),
        1 => (app.clone(), 0_usize..8).prop_map(|(app, which)| Step::Activate { app, which }),
        1 => app.clone().prop_map(|app| Step::RollBack { app }),
        1 => app.clone().prop_map(|app| Step::Delete { app }),
        1 => app.clone().prop_map(|app| Step::Restore { app }),
        2 => (app.clone(), 0_usize..8).prop_map(|(app, which)| Step::DeleteRelease { app, which }),
        1 => (app, 0_usize..8).prop_map(|(app, which)| Step::RestoreRelease { app, which }),
        4 => prop_oneof![0_u8..9, 80_u8..100].prop_map(|days| Step::Wait { days }),
        4 => Just(Step::Clear),
    ];
    prop::collection::vec(step, 1..30)
}

/// What a history has left behind.
#[derive(Default)]
struct Past {
    ids: HashMap<usize, Vec<ReleaseId>>,
    begun: Option<(usize, Begun, Vec<u8>)>,
}

async fn act(house: &House, names: &[AppName], past: &mut Past, step: &Step) {
    let releases = &house.releases;
    let which = |past: &Past, app: &usize, which: &usize| {
        let ids = past.ids.get(app).filter(|ids| !ids.is_empty())?;
        Some(ids[which % ids.len()])
    };
    // A step that the state of an app forbids is refused, which is fine.
    match step {
        Step::Publish { app, texts, live } => {
            if let Some(begun) = announce(releases, &names[*app], texts).await {
                send(releases, &names[*app], &begun, texts).await;
                if releases.finish(&names[*app], begun.id, *live, &ann()).await.is_ok() {
                    past.ids.entry(*app).or_default().push(begun.id);
                }
            }
        }
        Step::Begin { app, texts } => {
            past.begun =
                announce(releases, &names[*app], texts).await.map(|begun| (*app, begun, texts.clone()));
        }
        Step::FinishBegun => {
            let Some((app, begun, texts)) = past.begun.take() else { return };
            send(releases, &names[app], &begun, &texts).await;
            match releases.finish(&names[app], begun.id, true, &ann()).await {
                Ok(_) => past.ids.entry(app).or_default().push(begun.id),
                Err(ReleaseError::BlobsMissing { missing, .. }) => {
                    panic!("cleared under a publish: {missing:?}")
                }
                Err(_) => {}
            }
        }
        Step::Activate { app, which: at } => {
            if let Some(id) = which(past, app, at) {
                let _ = releases.activate(&names[*app], id, &ann()).await;
            }
        }
        Step::RollBack { app } => drop(releases.rollback(&names[*app], &ann()).await),
        Step::Delete { app } => drop(releases.delete(&names[*app], &ann()).await),
        Step::Restore { app } => drop(releases.restore(&names[*app], &ann()).await),
        Step::DeleteRelease { app, which: at } => {
            if let Some(id) = which(past, app, at) {
                let _ = releases.delete_release(&names[*app], id, &ann()).await;
            }
        }
        Step::RestoreRelease { app, which: at } => {
            if let Some(id) = which(past, app, at) {
                let _ = releases.restore_release(&names[*app], id, &ann()).await;
            }
        }
        Step::Wait { days } => house.clock.advance(u32::from(*days) * DAY),
        Step::Clear => drop(releases.clear(false).await.unwrap()),
    }
}

fn texts(of: &[u8]) -> Vec<(String, Vec<u8>)> {
    of.iter().map(|text| (format!("{text}.html"), vec![b'a' + text; 3])).collect()
}

async fn announce(releases: &Releases, app: &AppName, of: &[u8]) -> Option<Begun> {
    let texts = texts(of);
    let named: Vec<(&str, &[u8])> =
        texts.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    releases.begin(app, &files(&named), None, None, &ann()).await.ok()
}

async fn send(releases: &Releases, app: &AppName, begun: &Begun, of: &[u8]) {
    for (_, bytes) in texts(of).iter().filter(|(_, bytes)| begun.missing.contains(&Digest::of(bytes))) {
        // Too late to be finished is refused here too.
        let _ = upload(releases, app, begun.id, bytes).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_history_loses_what_is_named(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (house, first) = house().await;
            let second: AppName = "winds".parse().unwrap();
            house.releases.create_app(&second, "Winds", &ann()).await.unwrap();
            let names = [first, second];
            let mut past = Past::default();
            for step in &steps {
                act(&house, &names, &mut past, step).await;
                nothing_is_lost(&house.storage).await;
            }
            // In the end, and with nobody publishing, only what is named is there.
            house.clock.advance(9 * DAY);
            house.releases.clear(false).await.unwrap();
            assert_eq!(blobs(&house.storage).await, named(&house.storage).await);
        });
    }
}

/// A bucket with something for every step of a clearing.
async fn full(clock: &Clock, storage: &Storage) -> (Releases, AppName) {
    let releases = open(storage, clock, 3).await;
    let (app, gone): (AppName, AppName) = ("tides".parse().unwrap(), "winds".parse().unwrap());
    for name in [&app, &gone] {
        releases.create_app(name, "An app", &ann()).await.unwrap();
    }
    publish(&releases, &gone, &[("index.html", b"gone"), ("x.css", b"shared")]).await;
    releases.delete(&gone, &ann()).await.unwrap();
    let old = publish(&releases, &app, &[("index.html", b"zero")]).await;
    let left = begin(&releases, &app, &[("index.html", b"left")]).await;
    upload(&releases, &app, left.id, b"left").await.unwrap();
    publish(&releases, &app, &[("index.html", b"one"), ("x.css", b"shared")]).await;
    releases.delete_release(&app, old, &ann()).await.unwrap();
    clock.advance(95 * DAY);
    for text in ["two", "three"] {
        publish(&releases, &app, &[("index.html", text.as_bytes())]).await;
    }
    (releases, app)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clearing_that_breaks_off_at_any_step_harms_nothing() {
    for step in 0.. {
        let double = S3Double::start().await;
        let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
        let storage = double.storage().await;
        let (releases, app) = full(&clock, &storage).await;
        // In the listings of 256 folders there is nothing to break: every ninth is enough.
        double.down_after(step * 9);
        let ended = releases.clear(false).await;
        double.recover();
        nothing_is_lost(&storage).await;
        publish(&releases, &app, &[("index.html", b"four")]).await;
        clock.advance(Duration::from_mins(11));
        releases.clear(false).await.unwrap();
        nothing_is_lost(&storage).await;
        assert_eq!(blobs(&storage).await, named(&storage).await, "step {step}");
        if ended.is_ok() {
            assert!(step > 10, "it took more steps than that");
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publish_of_forgotten_bytes_and_a_clearing_race() {
    let double = S3Double::start().await;
    let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
    let storage = double.storage().await;
    let clearer = open(&storage, &clock, 1).await;
    let publisher = open(&storage, &clock, 2).await;
    let app: AppName = "tides".parse().unwrap();
    publisher.create_app(&app, "Tides", &ann()).await.unwrap();
    for round in 0..12_u64 {
        let texts: Vec<Vec<u8>> = (0..6).map(|text| format!("{round} {text}").into_bytes()).collect();
        for text in &texts {
            let _ = storage
                .put(&Key::blob(&Digest::of(text)), Body::Bytes(text.clone().into()), Condition::Absent)
                .await;
        }
        let paths: Vec<String> = (0..6).map(|text| format!("{text}.html")).collect();
        let named: Vec<(&str, &[u8])> =
            paths.iter().zip(&texts).map(|(path, text)| (path.as_str(), text.as_slice())).collect();
        let late = async {
            tokio::time::sleep(Duration::from_millis(round * 25)).await;
            publish(&publisher, &app, &named).await
        };
        let (cleared, _) = tokio::join!(clearer.clear(false), late);
        cleared.unwrap();
        nothing_is_lost(&storage).await;
    }
}

#[tokio::test]
async fn a_publish_waits_until_its_bytes_are_off_the_notice() {
    let (house, app) = house().await;
    let until = house.clock.now() + Duration::from_mins(5);
    let digest = Digest::of(b"forgotten");
    let notice = format!(r#"{{"run":"x","until":"{until}","blobs":["{digest}"],"releases":[]}}"#);
    let key = Key::clearing();
    let _ = house.storage.put(&key, Body::Bytes(notice.into()), Condition::Always).await;
    let begins = begin(&house.releases, &app, &[("index.html", b"forgotten")]);
    let mut begins = std::pin::pin!(begins);
    let early = tokio::time::timeout(Duration::from_millis(500), &mut begins).await;
    assert!(early.is_err(), "it begins although its bytes are about to go");
    house.storage.delete(&key).await.unwrap();
    assert_eq!(begins.await.missing, [digest]);
}

#[tokio::test]
async fn uploads_that_were_left_behind_are_given_up_after_a_day() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let clock = Clock::fixed(Clock::system().now());
    let releases = open(&storage, &clock, 1).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(33 << 20).unwrap();
    for text in ["one", "two", "three"] {
        let body = Body::File { path: file.path().to_owned(), size: 33 << 20 };
        // Neither the end of it nor giving it up reaches the bucket.
        double.fail_next_completions(100, Fault::Reset);
        double.fail_next_of(Operation::Delete, 100, Fault::Reset);
        assert!(
            storage.put(&Key::blob(&Digest::of(text.as_bytes())), body, Condition::Always).await.is_err()
        );
        double.recover();
    }
    assert_eq!(releases.clear(false).await.unwrap().uploads, [], "they may be under way");
    clock.advance(DAY + Duration::from_mins(1));
    let told = releases.clear(true).await.unwrap().uploads;
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told.iter().all(|upload| upload.path.starts_with("blobs/sha256/")), "{told:?}");
    let done = releases.clear(false).await.unwrap().uploads;
    assert_eq!(done, told, "a dry run told what would go");
    assert_eq!(releases.clear(false).await.unwrap().uploads, [], "and it is gone");
}

#[tokio::test]
async fn a_clearing_reads_every_record_once() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
    let releases = open(&storage, &clock, 1).await;
    for number in 0..20 {
        let name: AppName = format!("app-{number}").parse().unwrap();
        releases.create_app(&name, "App", &ann()).await.unwrap();
    }
    for dry_run in [true, false] {
        double.forget();
        releases.clear(dry_run).await.unwrap();
        let records = double.asked("/app.json").len();
        assert_eq!(records, 20, "dry_run: {dry_run}");
    }
}
