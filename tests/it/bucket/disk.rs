//! Files stay on the server's disk from one start to the next, by chunks, and are checked.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loggia::model::Digest;
use tempfile::TempDir;

use super::{different, open_to_all};
use crate::support::app::TestApp;
use crate::support::s3::S3Double;

/// A bucket, and a cache folder that outlives the server.
struct Place {
    double: S3Double,
    cache: TempDir,
}

impl Place {
    async fn new() -> Self {
        Self { double: S3Double::start().await, cache: TempDir::new().unwrap() }
    }

    /// A server here that has not read anything yet.
    async fn server(&self) -> TestApp {
        let cache = self.cache.path().to_owned();
        TestApp::start_on(self.double.storage().await, |config| config.server.cache = Some(cache)).await
    }

    /// Another server elsewhere, which publishes `files` as the public app `site`.
    async fn publish(&self, files: &[(&str, &[u8])]) {
        let app = TestApp::start_on(self.double.storage().await, |_| {}).await;
        app.publish("site", files).await;
        open_to_all(&app, "site").await;
    }

    /// Where the file for `name` is kept, once it is written.
    async fn kept(&self, name: &str) -> PathBuf {
        let path = self.cache.path().join("files").join(&name[..2]).join(name);
        until(|| path.exists()).await;
        path
    }
}

async fn until(come: impl Fn() -> bool) {
    for _ in 0..1000 {
        if come() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it did not come true in time")
}

/// The next server may use the folder a moment after the last one ended.
async fn free(cache: &Path) {
    let lock = fs::File::open(cache.join("files/lock")).unwrap();
    until(|| lock.try_lock().is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_fetched_once_and_for_the_next_start_too() {
    let place = Place::new().await;
    let page = b"<title>Tides</title>".repeat(100);
    place.publish(&[("index.html", &page)]).await;
    for start in 0..2 {
        let app = place.server().await;
        place.double.forget();
        let (one, two) = tokio::join!(app.get("site", "/", &[]), app.get("site", "/", &[]));
        assert_eq!((one.status, one.body, two.body), (200, page.clone(), page.clone()));
        let fetched = place.double.asked("/blobs/sha256/").len();
        assert_eq!(fetched, 1 - start, "start {start}");
        place.kept(&Digest::of(&page).to_string()).await;
        drop(app);
        free(place.cache.path()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoded_form_is_kept_too() {
    let place = Place::new().await;
    let page = b"<p>The tide comes in and goes out.</p>".repeat(100);
    place.publish(&[("index.html", &page)]).await;
    let app = place.server().await;
    let answer = app.get("site", "/", &[("Accept-Encoding", "br")]).await;
    assert_eq!(answer.header("content-encoding"), Some("br"));
    let kept = fs::read(place.kept(&format!("{}.br", Digest::of(&page))).await).unwrap();
    assert_eq!(kept[..kept.len() - 32], answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_on_disk_is_fetched_anew() {
    let place = Place::new().await;
    let page = b"<title>Tides</title>".repeat(100);
    place.publish(&[("index.html", &page)]).await;
    let app = place.server().await;
    app.get("site", "/", &[]).await;
    let kept = place.kept(&Digest::of(&page).to_string()).await;
    drop(app);
    free(place.cache.path()).await;
    let mut damaged = fs::read(&kept).unwrap();
    damaged[7] ^= 1;
    fs::write(&kept, damaged).unwrap();
    let app = place.server().await;
    place.double.forget();
    assert_eq!(app.get("site", "/", &[]).await.body, page);
    assert_eq!(place.double.asked("/blobs/sha256/").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_a_large_file_costs_the_chunks_that_it_covers() {
    let place = Place::new().await;
    let bytes = different((9 << 20) + 5);
    place.publish(&[("big.parquet", &bytes)]).await;
    let app = place.server().await;
    place.double.forget();
    let range = ("Range", "bytes=5242870-5242889");
    for _ in 0..2 {
        let answer = app.get("site", "/big.parquet", &[range]).await;
        assert_eq!(answer.status, 206, "{}", answer.head);
        assert!(answer.body == bytes[5_242_870..=5_242_889]);
    }
    let mut fetched = place.double.asked("/blobs/sha256/");
    fetched.sort();
    assert_eq!(fetched.len(), 2, "{fetched:?}");
    assert!(fetched[0].ends_with("bytes=4194304-5242879") && fetched[1].ends_with("bytes=5242880-6291455"));
    assert_eq!(place.double.asked("/blobs/outlines/").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outline_that_is_missing_or_damaged_is_made_again() {
    let place = Place::new().await;
    let bytes = different(3 << 20);
    place.publish(&[("big.parquet", &bytes)]).await;
    let storage = place.double.storage().await;
    let key = loggia::storage::Key::outline(&Digest::of(&bytes));
    let right = storage.get(&key).await.unwrap().unwrap().bytes;
    for damage in [None, Some(&b"not an outline"[..])] {
        storage.delete(&key).await.unwrap();
        if let Some(damage) = damage {
            let damage = loggia::storage::Body::Bytes(bytes::Bytes::copy_from_slice(damage));
            let _ = storage.put(&key, damage, loggia::storage::Condition::Always).await.unwrap();
        }
        let app = TestApp::start_on(place.double.storage().await, |_| {}).await;
        let answer = app.get("site", "/big.parquet", &[("Range", "bytes=1-3")]).await;
        assert!(answer.body == bytes[1..=3]);
        assert_eq!(
            storage.get(&key).await.unwrap().unwrap().bytes,
            right,
            "it is written down for everybody"
        );
    }
}
