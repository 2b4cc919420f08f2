//! What holds for every backend.

use std::io::{Seek, Write};

use bytes::Bytes;
use loggia::model::Digest;
use loggia::storage::{Body, Condition, Etag, Fetched, Key, Prefix, Put, Storage, StorageError};

use super::{app, blob, bytes, folder, name, release, text};
use crate::support::s3::S3Double;

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    let storage = Storage::memory();
    keeps(&storage).await;
    keeps_at_size(&storage).await;
    assert_eq!(storage.describe(), "memory");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_keeps_the_contract() {
    let (dir, storage) = folder().await;
    keeps(&storage).await;
    keeps_at_size(&storage).await;
    assert_eq!(storage.describe(), format!("folder {}", dir.path().display()));
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_keeps_the_contract() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    keeps(&storage).await;
    keeps_at_size(&storage).await;
    assert_eq!(storage.describe(), "s3://gallery/house");
}

/// Everything but the clauses that take many or large objects.
pub(super) async fn keeps(storage: &Storage) {
    nothing_is_there_at_first(storage).await;
    what_is_put_is_what_is_got(storage).await;
    creating_happens_once(storage).await;
    replacing_needs_the_version_that_is_there(storage).await;
    one_of_many_creators_wins(storage).await;
    a_version_that_is_held_is_not_fetched_again(storage).await;
    ranges_end_where_the_object_ends(storage).await;
    files_are_stored_as_they_were(storage).await;
    listings_are_in_the_order_of_keys(storage).await;
    deleting_leaves_no_trace(storage).await;
}

async fn nothing_is_there_at_first(storage: &Storage) {
    let key = app("nothing");
    assert!(storage.get(&key).await.unwrap().is_none());
    assert!(storage.get_range(&key, 0, 10).await.unwrap().is_none());
    assert!(storage.get_range(&key, 0, 0).await.unwrap().is_none());
    let held = Etag::clone(&put(storage, &app("something"), "x").await);
    assert!(matches!(storage.get_if_changed(&key, Some(&held)).await.unwrap(), Fetched::Missing));
    assert_eq!(storage.list_all(&Prefix::audit(&name("nothing"))).await.unwrap().objects, []);
    storage.delete(&key).await.unwrap();
}

async fn what_is_put_is_what_is_got(storage: &Storage) {
    let key = app("written");
    let first = put(storage, &key, "one").await;
    assert_eq!(text(storage, &key).await.as_deref(), Some("one"));
    let second = put(storage, &key, "two").await;
    let object = storage.get(&key).await.unwrap().unwrap();
    assert_eq!((object.bytes, object.etag), (Bytes::from("two"), second.clone()));
    assert_ne!(first, second);
    put(storage, &key, "").await;
    assert_eq!(text(storage, &key).await.as_deref(), Some(""));
}

async fn creating_happens_once(storage: &Storage) {
    let key = app("created");
    assert!(matches!(storage.put(&key, bytes("one"), Condition::Absent).await.unwrap(), Put::Stored(_)));
    assert_eq!(storage.put(&key, bytes("two"), Condition::Absent).await.unwrap(), Put::Lost);
    // Markers have no write id: equal bytes are nobody's proof.
    assert_eq!(storage.put(&key, bytes("one"), Condition::Absent).await.unwrap(), Put::Lost);
    assert_eq!(text(storage, &key).await.as_deref(), Some("one"));
}

async fn replacing_needs_the_version_that_is_there(storage: &Storage) {
    let key = app("replaced");
    let stale = put(storage, &key, "one").await;
    let replaced = storage.put(&key, bytes("two"), Condition::Match(stale.clone())).await.unwrap();
    let Put::Stored(current) = replaced else { panic!("the version was right") };
    assert_eq!(storage.put(&key, bytes("three"), Condition::Match(stale)).await.unwrap(), Put::Lost);
    assert_eq!(text(storage, &key).await.as_deref(), Some("two"));
    storage.delete(&key).await.unwrap();
    assert_eq!(storage.put(&key, bytes("four"), Condition::Match(current)).await.unwrap(), Put::Lost);
    assert_eq!(text(storage, &key).await, None);
}

async fn one_of_many_creators_wins(storage: &Storage) {
    let mut creators = tokio::task::JoinSet::new();
    for creator in 0..12 {
        let storage = storage.clone();
        creators.spawn(async move {
            storage.put(&app("contested"), bytes(&format!("{creator}")), Condition::Absent).await.unwrap()
        });
    }
    let answers = creators.join_all().await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Put::Stored(_))).count(), 1, "{answers:?}");
}

async fn a_version_that_is_held_is_not_fetched_again(storage: &Storage) {
    let key = app("held");
    let held = put(storage, &key, "one").await;
    assert!(matches!(storage.get_if_changed(&key, Some(&held)).await.unwrap(), Fetched::Unchanged));
    put(storage, &key, "two").await;
    let Fetched::Found(object) = storage.get_if_changed(&key, Some(&held)).await.unwrap() else {
        panic!("it changed")
    };
    assert_eq!(object.bytes, "two");
}

async fn ranges_end_where_the_object_ends(storage: &Storage) {
    let key = blob("range");
    put(storage, &key, "0123456789").await;
    for (start, length, part) in
        [(0, 10, "0123456789"), (2, 3, "234"), (8, 100, "89"), (10, 1, ""), (99, 9, ""), (3, 0, "")]
    {
        let got = storage.get_range(&key, start, length).await.unwrap().unwrap();
        assert_eq!(got, part, "{length} bytes from {start}");
    }
    assert_eq!(storage.get_range(&key, u64::MAX, 1).await.unwrap().unwrap(), "");
    let empty = blob("empty");
    put(storage, &empty, "").await;
    assert_eq!(storage.get_range(&empty, 0, 5).await.unwrap().unwrap(), "");
}

async fn files_are_stored_as_they_were(storage: &Storage) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"from a file").unwrap();
    let body = |size| Body::File { path: file.path().to_owned(), size };
    let key = blob("file");
    assert!(matches!(storage.put(&key, body(11), Condition::Absent).await.unwrap(), Put::Stored(_)));
    assert_eq!(storage.put(&key, body(11), Condition::Absent).await.unwrap(), Put::Lost);
    let wrong = storage.put(&blob("wrong"), body(12), Condition::Always).await;
    assert!(matches!(wrong, Err(StorageError::Unexpected { .. })), "{wrong:?}");
    assert_eq!(text(storage, &blob("wrong")).await, None);

    file.rewind().unwrap();
    file.write_all(b"changed").unwrap();
    assert_eq!(text(storage, &key).await.as_deref(), Some("from a file"));
}

async fn listings_are_in_the_order_of_keys(storage: &Storage) {
    let sales = name("listed");
    let releases = [release(1), release(2)];
    for id in releases {
        put(storage, &Key::manifest(&sales, id), "manifest").await;
        put(storage, &Key::text(&sales, id), "text").await;
    }
    // `-` sorts before `/`: by their keys, this app comes first.
    put(storage, &app("listed-2"), "x").await;
    let page = storage.list(&Prefix::releases(&sales), None).await.unwrap();
    let names: Vec<_> = page.objects.iter().map(|object| object.name.clone()).collect();
    let mut expected: Vec<_> =
        releases.iter().flat_map(|id| [format!("{id}.json"), format!("{id}.text.zst")]).collect();
    expected.sort();
    assert_eq!(names, expected);
    assert_eq!(page.next, None);
    let listed = &page.objects[0];
    let manifest = storage.get(&Key::manifest(&sales, releases[0].min(releases[1]))).await.unwrap().unwrap();
    assert_eq!((listed.size, &listed.etag), (8, &manifest.etag));
    assert!(listed.modified.as_second() > 1_600_000_000);

    let apps = storage.list_all(&Prefix::apps()).await.unwrap();
    assert_eq!(apps.objects, []);
    let place = |wanted: &str| apps.folders.iter().position(|folder| folder == wanted).unwrap();
    assert_eq!(place("listed-2") + 1, place("listed"));
    assert_eq!(apps.folders.iter().filter(|folder| *folder == "listed").count(), 1);
}

async fn deleting_leaves_no_trace(storage: &Storage) {
    let pending = Key::pending(&name("deleted"), release(3));
    put(storage, &pending, "x").await;
    assert!(folders(storage).await.contains(&"deleted".to_owned()));
    storage.delete(&pending).await.unwrap();
    storage.delete(&pending).await.unwrap();
    assert_eq!(text(storage, &pending).await, None);
    assert!(!folders(storage).await.contains(&"deleted".to_owned()));
}

/// The clauses that take many or large objects.
async fn keeps_at_size(storage: &Storage) {
    listings_go_on_where_a_page_ends(storage).await;
    large_objects_are_read_in_ranges(storage).await;
}

async fn listings_go_on_where_a_page_ends(storage: &Storage) {
    let mut sessions: Vec<_> =
        (0..1003).map(|n| Key::ended_session(&Digest::of(&u32::to_le_bytes(n)))).collect();
    let mut writes = tokio::task::JoinSet::new();
    for keys in sessions.chunks(101) {
        let (storage, keys) = (storage.clone(), keys.to_vec());
        writes.spawn(async move {
            for key in keys {
                put(&storage, &key, "{}").await;
            }
        });
    }
    writes.join_all().await;
    sessions.sort_by(|a, b| a.path().cmp(b.path()));

    let first = storage.list(&Prefix::ended_sessions(), None).await.unwrap();
    assert_eq!(first.objects.len(), 1000);
    let rest = storage.list(&Prefix::ended_sessions(), first.next.as_deref()).await.unwrap();
    assert_eq!((rest.objects.len(), &rest.next), (3, &None));
    let all = storage.list_all(&Prefix::ended_sessions()).await.unwrap();
    let listed: Vec<_> = all.objects.iter().map(|object| format!("sessions/{}", object.name)).collect();
    let expected: Vec<_> = sessions.iter().map(|key| key.path().to_owned()).collect();
    assert_eq!(listed, expected);
}

pub(super) async fn large_objects_are_read_in_ranges(storage: &Storage) {
    const SIZE: u64 = (64 << 20) + 1;
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(SIZE).unwrap();
    let key = blob("large");
    let body = Body::File { path: file.path().to_owned(), size: SIZE };
    assert!(matches!(storage.put(&key, body, Condition::Absent).await.unwrap(), Put::Stored(_)));
    let whole = storage.get(&key).await.unwrap_err().to_string();
    assert!(whole.contains("64 MiB") && whole.contains("read it in ranges"), "{whole}");
    assert!(storage.get_range(&key, 0, SIZE).await.is_err());
    assert_eq!(storage.get_range(&key, SIZE - 2, 10).await.unwrap().unwrap(), "\0\0");
}

async fn folders(storage: &Storage) -> Vec<String> {
    storage.list_all(&Prefix::apps()).await.unwrap().folders
}

async fn put(storage: &Storage, key: &Key, text: &str) -> Etag {
    match storage.put(key, bytes(text), Condition::Always).await.unwrap() {
        Put::Stored(etag) => etag,
        Put::Lost => panic!("an unconditional put lost"),
    }
}
