//! Apps and releases over a bucket in memory: publishing, catalogs that see each other, blobs, the ledger.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use loggia::config::Limits;
use loggia::model::{
    AppName, Audience, AuditAction, Clock, Digest, Entropy, FileEntry, FilePath, Grant, Person, ReleaseId,
    Role, Subject, TokenRecord, TokenScope, Who,
};
use loggia::releases::{Announced, Begun, BlobError, By, ReleaseError, Releases};
use loggia::storage::{Body, Condition, Key, Storage};
use proptest::prelude::*;
use ulid::Ulid;

/// One bucket, one clock, and a server on them.
struct House {
    storage: Storage,
    clock: Clock,
    releases: Releases,
}

impl House {
    async fn new() -> Self {
        let storage = Storage::memory();
        let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
        let releases = serve(&storage, &clock, 1).await;
        Self { storage, clock, releases }
    }

    /// A house with an app.
    async fn with_app(name: &str) -> (Self, AppName) {
        let house = Self::new().await;
        let name: AppName = name.parse().unwrap();
        house.releases.create_app(&name, "An app", &ann()).await.unwrap();
        (house, name)
    }

    /// Another server on the same bucket.
    async fn neighbour(&self) -> Releases {
        serve(&self.storage, &self.clock, 2).await
    }
}

async fn serve(storage: &Storage, clock: &Clock, seed: u64) -> Releases {
    let limits = Limits { file_bytes: 16 << 20, cache_bytes: 8 << 20, ..Limits::default() };
    Releases::open(storage.clone(), &limits, clock.clone(), Entropy::seeded(seed)).await.unwrap()
}

fn ann() -> By {
    let person = Person {
        subject: Subject { iss: "https://id.example".to_owned(), sub: "1".to_owned() },
        email: "ann@example.org".parse().unwrap(),
        name: None,
        groups: Vec::new(),
    };
    By { person, from: Some([192, 0, 2, 1].into()) }
}

fn files(named: &[(&str, &[u8])]) -> BTreeMap<FilePath, Announced> {
    let announce = |(path, bytes): &(&str, &[u8])| {
        (path.parse().unwrap(), Announced { sha256: Digest::of(bytes), size: bytes.len() as u64 })
    };
    named.iter().map(announce).collect()
}

fn streamed(bytes: &[u8]) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + use<> {
    let pieces: Vec<_> = bytes.chunks(1 << 16).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

async fn begin(releases: &Releases, app: &AppName, named: &[(&str, &[u8])]) -> Begun {
    releases.begin(app, &files(named), None, None, &ann()).await.unwrap()
}

async fn upload(releases: &Releases, app: &AppName, id: ReleaseId, bytes: &[u8]) -> Result<(), ReleaseError> {
    releases.put_blob(app, id, Digest::of(bytes), streamed(bytes)).await
}

/// Publishes these files and makes them live.
async fn publish(releases: &Releases, app: &AppName, named: &[(&str, &[u8])]) -> ReleaseId {
    let begun = begin(releases, app, named).await;
    for (_, bytes) in named.iter().filter(|(_, bytes)| begun.missing.contains(&Digest::of(bytes))) {
        upload(releases, app, begun.id, bytes).await.unwrap();
    }
    releases.finish(app, begun.id, true, &ann()).await.unwrap();
    begun.id
}

fn current(releases: &Releases, app: &AppName) -> Option<ReleaseId> {
    releases.catalog().app(app).and_then(|app| app.current)
}

fn viewer(who: &str) -> Grant {
    Grant { who: who.parse().unwrap(), role: Role::Viewer, until: None }
}

#[tokio::test]
async fn a_published_file_can_be_read() {
    let (house, app) = House::with_app("sales").await;
    let id = publish(&house.releases, &app, &[("index.html", b"<p>hello"), ("a/data.csv", b"x,y")]).await;

    assert_eq!(current(&house.releases, &app), Some(id));
    let manifest = house.releases.manifest(&app, id).await.unwrap().unwrap();
    let page = &manifest.files["index.html"];
    assert_eq!(page.media_type, "text/html; charset=utf-8");
    let blob = house.releases.blobs().open(page).await.unwrap();
    assert_eq!(blob.bytes().unwrap().as_ref(), b"<p>hello");
    assert_eq!(house.releases.blobs().cached_small(&page.sha256).unwrap().as_ref(), b"<p>hello");
    assert!(house.releases.manifest_cached(&app, id).is_some());
}

#[tokio::test]
async fn a_new_app_is_listed_with_its_publisher_alone() {
    let (house, app) = House::with_app("sales").await;
    let app = house.releases.catalog().live(&app).unwrap().clone();
    assert_eq!(app.audience, Audience::Listed);
    let only = Grant { who: "ann@example.org".parse().unwrap(), role: Role::Publisher, until: None };
    assert_eq!(app.grants, [only]);
}

#[tokio::test]
async fn only_changed_blobs_are_missing() {
    let (house, app) = House::with_app("sales").await;
    publish(&house.releases, &app, &[("a", b"one"), ("b", b"two")]).await;
    let begun = begin(&house.releases, &app, &[("a", b"one"), ("b", b"changed")]).await;
    assert_eq!(begun.missing, [Digest::of(b"changed")]);
}

#[tokio::test]
async fn the_same_bytes_in_another_app_are_still_missing() {
    let (house, theirs) = House::with_app("sales").await;
    publish(&house.releases, &theirs, &[("a", b"secret")]).await;
    let mine: AppName = "mine".parse().unwrap();
    house.releases.create_app(&mine, "Mine", &ann()).await.unwrap();

    let begun = begin(&house.releases, &mine, &[("a", b"secret")]).await;
    assert_eq!(begun.missing, [Digest::of(b"secret")]);
    let refused = house.releases.finish(&mine, begun.id, true, &ann()).await.unwrap_err();
    assert!(matches!(refused, ReleaseError::BlobsMissing { .. }), "{refused}");
    upload(&house.releases, &mine, begun.id, b"secret").await.unwrap();
    house.releases.finish(&mine, begun.id, true, &ann()).await.unwrap();
}

#[tokio::test]
async fn what_an_unfinished_release_received_is_not_held_yet() {
    let (house, app) = House::with_app("sales").await;
    let first = begin(&house.releases, &app, &[("a", b"one")]).await;
    upload(&house.releases, &app, first.id, b"one").await.unwrap();
    assert_eq!(begin(&house.releases, &app, &[("a", b"one")]).await.missing, [Digest::of(b"one")]);
}

#[tokio::test]
async fn bytes_that_differ_from_their_digest_are_refused() {
    let (house, app) = House::with_app("sales").await;
    let begun = begin(&house.releases, &app, &[("a", b"right")]).await;
    for (wrong, why) in [
        (&b"wrong"[..], "another sha256"),
        (b"much too long", "more came than the 5 bytes"),
        (b"few", "3 bytes came, and 5 were announced"),
    ] {
        let put = house.releases.put_blob(&app, begun.id, Digest::of(b"right"), streamed(wrong)).await;
        let error = put.unwrap_err();
        assert!(matches!(error, ReleaseError::Differs { .. }) && error.to_string().contains(why), "{error}");
    }
    assert!(house.storage.get(&Key::blob(&Digest::of(b"right"))).await.unwrap().is_none());
    let unannounced = upload(&house.releases, &app, begun.id, b"other").await.unwrap_err();
    assert!(unannounced.to_string().contains("no file of this release"), "{unannounced}");
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let (house, app) = House::with_app("sales").await;
    let begun = begin(&house.releases, &app, &[("a", b"right")]).await;
    let broken = stream::iter([Ok(Bytes::from_static(b"ri")), Err("connection reset")]);
    let put = house.releases.put_blob(&app, begun.id, Digest::of(b"right"), broken).await;
    assert!(matches!(put, Err(ReleaseError::BrokeOff(_))));
    let finished = house.releases.finish(&app, begun.id, true, &ann()).await;
    assert!(matches!(finished, Err(ReleaseError::BlobsMissing { .. })));
}

#[tokio::test]
async fn an_unfinished_release_is_never_served() {
    let (house, app) = House::with_app("sales").await;
    let begun = begin(&house.releases, &app, &[("a", b"one")]).await;
    upload(&house.releases, &app, begun.id, b"one").await.unwrap();

    assert!(house.releases.manifest(&app, begun.id).await.unwrap().is_none());
    assert!(house.releases.releases_of(&app).await.unwrap().is_empty());
    let activated = house.releases.activate(&app, begun.id, &ann()).await;
    assert!(matches!(activated, Err(ReleaseError::NoRelease { .. })));
    assert_eq!(current(&house.releases, &app), None);
}

#[tokio::test]
async fn a_release_belongs_to_one_app() {
    let (house, app) = House::with_app("sales").await;
    let id = publish(&house.releases, &app, &[("a", b"one")]).await;
    let other: AppName = "other".parse().unwrap();
    house.releases.create_app(&other, "Other", &ann()).await.unwrap();
    assert!(house.releases.manifest_cached(&other, id).is_none());
    assert!(house.releases.manifest(&other, id).await.unwrap().is_none());
    assert!(house.releases.activate(&other, id, &ann()).await.is_err());
}

#[tokio::test]
async fn finishing_twice_is_finishing_once() {
    let (house, app) = House::with_app("sales").await;
    let first = publish(&house.releases, &app, &[("a", b"one")]).await;
    let second = publish(&house.releases, &app, &[("a", b"two")]).await;

    house.releases.finish(&app, second, true, &ann()).await.unwrap();
    house.releases.finish(&app, first, true, &ann()).await.unwrap();
    assert_eq!(current(&house.releases, &app), Some(second), "a late repetition moved the pointer back");
    let audit = house.releases.audit(&app, 100).await.unwrap();
    let published = audit.iter().filter(|event| matches!(event.action, AuditAction::Published { .. }));
    assert_eq!(published.count(), 2);
}

#[tokio::test]
async fn finishing_clears_up() {
    let (house, app) = House::with_app("sales").await;
    let id = publish(&house.releases, &app, &[("a", b"one")]).await;
    assert!(house.storage.get(&Key::pending(&app, id)).await.unwrap().is_none());
    assert!(house.storage.get(&Key::arrived(&app, id, &Digest::of(b"one"))).await.unwrap().is_none());
}

#[tokio::test]
async fn a_draft_is_finished_but_not_live() {
    let (house, app) = House::with_app("sales").await;
    let live = publish(&house.releases, &app, &[("a", b"one")]).await;
    let draft = begin(&house.releases, &app, &[("a", b"two")]).await;
    upload(&house.releases, &app, draft.id, b"two").await.unwrap();
    house.releases.finish(&app, draft.id, false, &ann()).await.unwrap();

    assert_eq!(current(&house.releases, &app), Some(live));
    let releases = house.releases.releases_of(&app).await.unwrap();
    let marked: Vec<_> = releases.iter().map(|release| (release.manifest.id, release.current)).collect();
    assert_eq!(marked.len(), 2);
    assert!(marked.contains(&(draft.id, false)) && marked.contains(&(live, true)));
}

#[tokio::test]
async fn rollback_goes_back_one_release_at_a_time() {
    let (house, app) = House::with_app("sales").await;
    let mut published = Vec::new();
    for bytes in [b"one", b"two", b"six"] {
        published.push(publish(&house.releases, &app, &[("a", bytes)]).await);
        house.clock.advance(Duration::from_secs(1));
    }
    for earlier in [published[1], published[0]] {
        house.releases.rollback(&app, &ann()).await.unwrap();
        assert_eq!(current(&house.releases, &app), Some(earlier));
    }
    let nothing = house.releases.rollback(&app, &ann()).await.unwrap_err();
    assert_eq!(nothing.to_string(), "`sales` has no earlier release to go back to");
}

#[tokio::test]
async fn servers_on_one_bucket_see_each_other_after_a_poll() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    let id = publish(&house.releases, &app, &[("a", b"one")]).await;
    neighbour.grant(&app, viewer("bob@example.org"), &ann()).await.unwrap();
    neighbour.end_session("session-1").await.unwrap();
    assert_eq!(house.releases.catalog().app(&app).unwrap().grants.len(), 1);
    assert!(!house.releases.catalog().has_ended("session-1"));

    house.releases.poll().await.unwrap();
    neighbour.poll().await.unwrap();
    for server in [&house.releases, &neighbour] {
        assert_eq!(current(server, &app), Some(id));
        assert_eq!(server.catalog().app(&app).unwrap().grants.len(), 2);
        assert!(server.catalog().has_ended("session-1") && !server.catalog().has_ended("session-2"));
    }
    assert_eq!(house.releases.catalog().generation(), neighbour.catalog().generation());
}

#[tokio::test]
async fn own_changes_are_seen_at_once() {
    let (house, app) = House::with_app("sales").await;
    house.releases.set_audience(&app, Audience::Public, &ann()).await.unwrap();
    assert_eq!(house.releases.catalog().app(&app).unwrap().audience, Audience::Public);
}

#[tokio::test]
async fn a_server_that_missed_more_than_the_journal_holds_reads_everything() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    let other: AppName = "other".parse().unwrap();
    neighbour.create_app(&other, "Other", &ann()).await.unwrap();
    for second in 0..300 {
        let until = Some(Timestamp::from_second(second).unwrap());
        let grant = Grant { until, ..viewer("bob@example.org") };
        neighbour.grant(&app, grant, &ann()).await.unwrap();
    }
    house.releases.poll().await.unwrap();
    assert!(house.releases.catalog().app(&other).is_some());
}

#[tokio::test]
async fn a_lost_announcement_heals_with_the_next_listing() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    house.releases.poll().await.unwrap();
    let journal = house.storage.get(&Key::generation()).await.unwrap().unwrap();
    neighbour.set_audience(&app, Audience::Public, &ann()).await.unwrap();
    neighbour.end_session("session-1").await.unwrap();
    let lost = house.storage.put(&Key::generation(), Body::Bytes(journal.bytes), Condition::Always).await;
    assert!(matches!(lost, Ok(loggia::storage::Put::Stored(_))));

    house.releases.poll().await.unwrap();
    assert_eq!(house.releases.catalog().app(&app).unwrap().audience, Audience::Listed);
    house.releases.list().await.unwrap();
    assert_eq!(house.releases.catalog().app(&app).unwrap().audience, Audience::Public);
    assert!(house.releases.catalog().has_ended("session-1"));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_admits_nobody_and_harms_no_other_app() {
    let (house, app) = House::with_app("sales").await;
    let other: AppName = "other".parse().unwrap();
    house.releases.create_app(&other, "Other", &ann()).await.unwrap();
    let torn = Body::Bytes(Bytes::from_static(b"{\"version\":9"));
    let _stored = house.storage.put(&Key::app(&app), torn, Condition::Always).await.unwrap();
    house.releases.list().await.unwrap();
    assert!(house.releases.catalog().app(&app).is_none());
    assert!(house.releases.catalog().app(&other).is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_grants_lose_nothing() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    let grants = (0..60).map(|n| {
        let server = if n % 2 == 0 { house.releases.clone() } else { neighbour.clone() };
        let app = app.clone();
        tokio::spawn(async move {
            server.grant(&app, viewer(&format!("p{n}@example.org")), &ann()).await.unwrap();
        })
    });
    for grant in grants.collect::<Vec<_>>() {
        grant.await.unwrap();
    }
    for server in [&house.releases, &neighbour] {
        server.poll().await.unwrap();
        assert_eq!(server.catalog().app(&app).unwrap().grants.len(), 61);
    }
    let granted = house.releases.audit(&app, 500).await.unwrap();
    assert_eq!(granted.len(), 61);
}

#[tokio::test]
async fn of_two_who_create_one_app_one_is_told_that_it_is_taken() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    for server in [&house.releases, &neighbour] {
        let taken = server.create_app(&app, "Mine", &ann()).await.unwrap_err();
        assert_eq!(taken.to_string(), "the name `sales` is taken; choose another one");
    }
    house.releases.delete(&app, &ann()).await.unwrap();
    assert!(matches!(neighbour.create_app(&app, "Mine", &ann()).await, Err(ReleaseError::Taken(_))));
}

#[tokio::test]
async fn a_deleted_app_is_marked_and_comes_back_as_it_was() {
    let (house, app) = House::with_app("sales").await;
    let id = publish(&house.releases, &app, &[("a", b"one")]).await;
    house.releases.delete(&app, &ann()).await.unwrap();
    assert!(house.releases.catalog().live(&app).is_none());
    assert!(house.releases.catalog().app(&app).unwrap().deleted.is_some());
    assert!(matches!(house.releases.activate(&app, id, &ann()).await, Err(ReleaseError::Deleted(_))));
    let begun = house.releases.begin(&app, &files(&[("a", b"two")]), None, None, &ann()).await;
    assert!(matches!(begun, Err(ReleaseError::Deleted(_))));

    house.releases.restore(&app, &ann()).await.unwrap();
    assert_eq!(house.releases.catalog().live(&app).unwrap().current, Some(id));
}

#[tokio::test]
async fn a_grant_replaces_an_earlier_one_and_the_owner_stays() {
    let (house, app) = House::with_app("sales").await;
    let bob: Who = "bob@example.org".parse().unwrap();
    house.releases.grant(&app, viewer("bob@example.org"), &ann()).await.unwrap();
    let publisher = Grant { role: Role::Publisher, ..viewer("bob@example.org") };
    let after = house.releases.grant(&app, publisher.clone(), &ann()).await.unwrap();
    assert_eq!(after.grants[1..], [publisher]);
    assert_eq!(house.releases.revoke(&app, &bob, &ann()).await.unwrap().grants.len(), 1);
    let lines = house.releases.audit(&app, 10).await.unwrap();
    assert!(lines.iter().any(|line| line.action == AuditAction::Revoked { who: bob.clone() }));
    let owner = "ann@example.org".parse().unwrap();
    assert!(matches!(house.releases.revoke(&app, &owner, &ann()).await, Err(ReleaseError::OwnerStays(_))));
}

#[tokio::test]
async fn a_catalog_is_stale_when_the_bucket_was_silent_for_a_minute() {
    let house = House::new().await;
    house.clock.advance(Duration::from_secs(60));
    assert!(!house.releases.catalog().is_stale(house.clock.now()));
    house.clock.advance(Duration::from_secs(1));
    assert!(house.releases.catalog().is_stale(house.clock.now()));
    house.releases.poll().await.unwrap();
    assert!(!house.releases.catalog().is_stale(house.clock.now()));
}

#[tokio::test]
async fn the_audit_record_says_who_did_what_from_where_newest_first() {
    let (house, app) = House::with_app("sales").await;
    house.clock.advance(Duration::from_secs(1));
    house.releases.grant(&app, viewer("@example.org"), &ann()).await.unwrap();
    let lines = house.releases.audit(&app, 10).await.unwrap();
    assert_eq!(lines[0].action, AuditAction::Granted { grant: viewer("@example.org") });
    assert_eq!(lines[1].action, AuditAction::Created);
    assert_eq!(lines[0].who.as_ref().unwrap().as_str(), "ann@example.org");
    assert_eq!(lines[0].from, ann().from);
    assert_eq!(house.releases.audit(&app, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_code_is_burnt_once_for_all_servers() {
    let house = House::new().await;
    let neighbour = house.neighbour().await;
    assert!(house.releases.burn("code").await.unwrap());
    assert!(!neighbour.burn("code").await.unwrap());
    assert!(!house.releases.burn("code").await.unwrap());
    assert!(neighbour.burn("another").await.unwrap());
}

#[tokio::test]
async fn a_token_is_found_under_its_owner_until_it_is_taken_back() {
    let house = House::new().await;
    let neighbour = house.neighbour().await;
    let person = ann().person;
    let owner = Key::owner(&person.subject);
    let now = house.clock.now();
    let record = TokenRecord {
        id: Ulid::from_parts(1, 2),
        person,
        label: "laptop".to_owned(),
        scope: TokenScope::All,
        secret_sha256: Digest::of(b"secret"),
        created: now,
        expires: now,
    };
    house.releases.put_token(&record).await.unwrap();
    assert_eq!(neighbour.token(&owner, record.id).await.unwrap().as_deref(), Some(&record));
    assert!(neighbour.token(&"0".repeat(32), record.id).await.unwrap().is_none());
    assert_eq!(neighbour.tokens_of(&owner).await.unwrap(), [record.clone()]);

    house.releases.delete_token(&owner, record.id).await.unwrap();
    assert!(house.releases.token(&owner, record.id).await.unwrap().is_none());
    house.clock.advance(Duration::from_secs(3));
    assert!(
        neighbour.token(&owner, record.id).await.unwrap().is_none(),
        "a revoked token lives on elsewhere"
    );
}

/// Bytes that differ everywhere.
fn large(size: usize) -> Vec<u8> {
    (0..size).map(|n| u8::try_from((n / 251 + n) % 256).unwrap()).collect()
}

async fn stored(storage: &Storage, bytes: &[u8]) -> FileEntry {
    let sha256 = Digest::of(bytes);
    let body = Body::Bytes(Bytes::copy_from_slice(bytes));
    let _stored = storage.put(&Key::blob(&sha256), body, Condition::Always).await.unwrap();
    FileEntry { sha256, size: bytes.len() as u64, media_type: "application/octet-stream".to_owned() }
}

#[tokio::test]
async fn a_large_file_is_published_and_read_by_ranges() {
    let (house, app) = House::with_app("sales").await;
    let bytes = large(3 << 20 | 77);
    let id = publish(&house.releases, &app, &[("big.bin", &bytes)]).await;
    let manifest = house.releases.manifest(&app, id).await.unwrap().unwrap();
    let blob = house.releases.blobs().open(&manifest.files["big.bin"]).await.unwrap();
    assert!(blob.bytes().is_none() && house.releases.blobs().cached_small(&blob.digest()).is_none());
    let size = bytes.len();
    for (start, length) in
        [(0, size), (5, 10), ((1 << 20) - 1, 2), (size - 3, 100), (size, 5), (1 << 20, 1 << 20), (7, 0)]
    {
        let pieces: Vec<Bytes> = blob.range(start as u64, length as u64).try_collect().await.unwrap();
        assert!(pieces.concat() == bytes[start..(start + length).min(size)], "{start} {length}");
    }
}

#[tokio::test]
async fn a_small_blob_is_read_by_ranges_too() {
    let house = House::new().await;
    for bytes in [&b"hello"[..], b""] {
        let blob = house.releases.blobs().open(&stored(&house.storage, bytes).await).await.unwrap();
        let pieces: Vec<Bytes> = blob.range(0, 100).try_collect().await.unwrap();
        assert_eq!(pieces.concat(), bytes);
    }
}

#[tokio::test]
async fn damaged_blobs_are_never_served_nor_kept() {
    let house = House::new().await;
    for size in [5, 2 << 20] {
        let right = large(size);
        let entry = stored(&house.storage, &right).await;
        let mut wrong = right.clone();
        wrong[size - 1] ^= 1;
        let key = Key::blob(&entry.sha256);
        let _damaged = house.storage.put(&key, Body::Bytes(wrong.into()), Condition::Always).await.unwrap();
        let opened = house.releases.blobs().open(&entry).await;
        assert!(matches!(opened, Err(BlobError::Damaged(digest)) if digest == entry.sha256), "{size}");
        let _healed = house.storage.put(&key, Body::Bytes(right.into()), Condition::Always).await.unwrap();
        house.releases.blobs().open(&entry).await.unwrap();
    }
}

#[tokio::test]
async fn a_chunk_that_is_damaged_after_the_first_read_is_found() {
    let house = House::new().await;
    let mut bytes = large(2 << 20);
    let entry = stored(&house.storage, &bytes).await;
    let blob = house.releases.blobs().open(&entry).await.unwrap();
    bytes[1 << 20] ^= 1;
    let key = Key::blob(&entry.sha256);
    let _damaged = house.storage.put(&key, Body::Bytes(bytes.into()), Condition::Always).await.unwrap();
    let pieces: Vec<Result<Bytes, BlobError>> = blob.range(0, entry.size).collect().await;
    assert!(pieces[0].is_ok());
    assert!(matches!(pieces[1], Err(BlobError::Damaged(_))));
}

#[tokio::test]
async fn a_blob_that_the_bucket_lacks_is_named() {
    let house = House::new().await;
    let entry = FileEntry { sha256: Digest::of(b"gone"), size: 4, media_type: "text/plain".to_owned() };
    let error = house.releases.blobs().open(&entry).await.unwrap_err();
    assert_eq!(error.to_string(), format!("the bucket lacks blob {}, which a release names", entry.sha256));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is announced is either refused by name or read back exactly, and only announced paths exist.
    #[test]
    fn a_manifest_holds_what_was_announced(
        announced in prop::collection::btree_map("[a-c.%é ]{1,3}(/[a-c]{1,2}){0,2}", prop::collection::vec(any::<u8>(), 0..4), 0..6)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (house, app) = House::with_app("sales").await;
            let parsed = announced.iter().filter_map(|(path, bytes)| Some((path.parse::<FilePath>().ok()?, bytes)));
            let parsed: BTreeMap<FilePath, &Vec<u8>> = parsed.collect();
            let files = parsed.iter().map(|(path, bytes)| {
                (path.clone(), Announced { sha256: Digest::of(bytes), size: bytes.len() as u64 })
            }).collect();
            let both = parsed.keys().any(|path| {
                parsed.keys().any(|other| other.as_str().starts_with(&format!("{path}/")))
            });
            match house.releases.begin(&app, &files, None, None, &ann()).await {
                Err(ReleaseError::Invalid(_)) => assert!(files.is_empty() || both),
                Err(error) => panic!("{error}"),
                Ok(begun) => {
                    assert!(!files.is_empty() && !both);
                    for bytes in parsed.values() {
                        upload(&house.releases, &app, begun.id, bytes).await.unwrap();
                    }
                    let manifest = house.releases.finish(&app, begun.id, true, &ann()).await.unwrap();
                    let neighbour = house.neighbour().await;
                    assert_eq!(neighbour.manifest(&app, begun.id).await.unwrap(), Some(manifest.clone()));
                    assert!(manifest.files.keys().eq(parsed.keys()));
                    for (path, bytes) in &parsed {
                        let blob = neighbour.blobs().open(&manifest.files[path]).await.unwrap();
                        assert_eq!(blob.bytes().unwrap().as_ref(), bytes.as_slice());
                    }
                }
            }
        });
    }
}
