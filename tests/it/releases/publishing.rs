//! Publishing: only what is missing is sent, and nothing is live until it is finished.

#![expect(clippy::disallowed_methods, reason = "the room behind the vault is tested without a permit")]

use super::*;

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
    let only = Grant::new("ann@example.org".parse().unwrap(), Role::Publisher, None);
    assert_eq!(app.grants.iter().map(unsigned).collect::<Vec<_>>(), [only]);
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
async fn what_an_unfinished_release_received_its_sender_need_not_send_again_and_nobody_else_has_it() {
    let (house, app) = House::with_app("sales").await;
    let named: [(&str, &[u8]); 1] = [("a", b"one")];
    let first = begin(&house.releases, &app, &named).await;
    upload(&house.releases, &app, first.id, b"one").await.unwrap();
    let person = Person { email: "bob@example.org".parse().unwrap(), ..ann().person };
    let bob = By { person, ..ann() };
    let theirs = house.releases.begin(&app, &files(&named), None, None, &bob).await.unwrap();
    assert_eq!(theirs.missing, [Digest::of(b"one")]);
    let finished = house.releases.finish(&app, theirs.id, true, &bob).await;
    assert!(matches!(finished, Err(ReleaseError::BlobsMissing { .. })), "by its digest alone");
    let again = begin(&house.releases, &app, &named).await;
    assert_eq!(again.missing, []);
    house.releases.finish(&app, again.id, true, &ann()).await.unwrap();
    assert_eq!(current(&house.releases, &app), Some(again.id));
    // A week later it counts for nothing.
    let lost = begin(&house.releases, &app, &[("b", b"two")]).await;
    upload(&house.releases, &app, lost.id, b"two").await.unwrap();
    house.clock.advance(Duration::from_hours(8 * 24));
    assert_eq!(begin(&house.releases, &app, &[("b", b"two")]).await.missing, [Digest::of(b"two")]);
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
    let audit = lines(&house.releases, &app, 100).await;
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
async fn what_arrived_together_is_finished_by_any_server_and_then_forgotten() {
    let (house, app) = House::with_app("sales").await;
    let named: [(&str, &[u8]); 3] = [("a", b"one"), ("b", b"two"), ("c", b"three")];
    let id = begin(&house.releases, &app, &named).await.id;
    upload(&house.releases, &app, id, b"one").await.unwrap();
    // As a server writes it that took the others at the same time.
    for bytes in ["two", "three"] {
        let key = Key::blob(&Digest::of(bytes.as_bytes()));
        let _stored = house.storage.put(&key, Body::Bytes(bytes.into()), Condition::Absent).await.unwrap();
    }
    let together = format!(r#"["{}","{}"]"#, Digest::of(b"two"), Digest::of(b"three"));
    let key = Key::arrived_together(&app, id, Ulid::from_parts(1, 1));
    let _stored = house.storage.put(&key, Body::Bytes(together.into()), Condition::Always).await.unwrap();

    let manifest = house.neighbour().await.finish(&app, id, true, &ann()).await.unwrap();
    assert_eq!(manifest.files.len(), 3);
    let left = house.storage.list_all(&Prefix::arrived(&app, id)).await.unwrap().objects;
    assert!(left.is_empty(), "{left:?}");
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
