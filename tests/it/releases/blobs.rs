//! Blobs: read by chunks, verified, never damaged.

#![expect(clippy::disallowed_methods, reason = "the room behind the vault is tested without a permit")]

use super::*;

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
    let bytes = large((3 << 20) + 77);
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
async fn what_is_stored_under_a_digest_is_never_overwritten() {
    let (house, app) = House::with_app("sales").await;
    let begun = begin(&house.releases, &app, &[("a.txt", b"right")]).await;
    let key = Key::blob(&Digest::of(b"right"));
    let there = Body::Bytes(Bytes::from_static(b"there"));
    let _stored = house.storage.put(&key, there, Condition::Always).await.unwrap();
    upload(&house.releases, &app, begun.id, b"right").await.unwrap();
    let held = house.storage.get(&key).await.unwrap().unwrap();
    assert_eq!(held.bytes, "there", "whoever reads it finds that it is damaged");
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
