//! A range of a file that is larger than any memory costs the parts that it covers, from the first request on.

use bytes::Bytes;
use loggia::model::{AppName, Clock, Digest, Entropy, FileEntry, Manifest, ReleaseId};
use loggia::storage::{Body, Condition, Key};

use super::{open_to_all, owner};
use crate::support::app::TestApp;
use crate::support::s3::{Operation, S3Double};

const CHUNK: u64 = 1 << 20;
/// Ten gigabytes and a short chunk at the end.
const SIZE: u64 = (10 << 30) + 12_345;

/// What is kept beside a large file: the digests of its chunks, and one that seals them.
fn outline(digest: &Digest) -> Bytes {
    let zeros = vec![0; usize::try_from(CHUNK).unwrap()];
    let (full, last) = (Digest::of(&zeros), Digest::of(&zeros[..usize::try_from(SIZE % CHUNK).unwrap()]));
    let mut chunks = full.as_bytes().repeat(usize::try_from(SIZE / CHUNK).unwrap());
    chunks.extend_from_slice(last.as_bytes());
    let sealed = [digest.as_bytes().as_slice(), &SIZE.to_le_bytes(), &chunks].concat();
    chunks.extend_from_slice(Digest::of(&sealed).as_bytes());
    chunks.into()
}

/// A server with the public app `site`, whose one file is as large as [`SIZE`]; and the blob's path.
async fn house() -> (S3Double, TestApp, String) {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let app = TestApp::start_on(storage.clone(), |_| {}).await;
    app.publish("site", &[("index.html", b"small")]).await;
    open_to_all(&app, "site").await;
    // Put there as a publish leaves it, for nobody can send that much in a test.
    let name: AppName = "site".parse().unwrap();
    let digest = Digest::of(b"ten gigabytes of nothing");
    let blob = Key::blob(&digest).path().to_owned();
    double.put_zeros(&format!("house/{blob}"), SIZE);
    let id = ReleaseId::new(Clock::system().now(), &Entropy::system());
    let media_type = "application/vnd.apache.parquet".to_owned();
    let entry = FileEntry { sha256: digest, size: SIZE, media_type };
    let manifest = Manifest {
        app: name.clone(),
        id,
        files: [("large.parquet".parse().unwrap(), entry)].into(),
        by: "owner@example.org".parse().unwrap(),
        when: Clock::system().now(),
        message: None,
        source: None,
    };
    let manifest = Body::Bytes(serde_json::to_vec(&manifest).unwrap().into());
    let _ = storage.put(&Key::manifest(&name, id), manifest, Condition::Absent).await.unwrap();
    let outline = Body::Bytes(outline(&digest));
    let _ = storage.put(&Key::outline(&digest), outline, Condition::Absent).await.unwrap();
    app.loggia.releases.activate(&name, id, &owner(&app)).await.unwrap();
    (double, app, blob)
}

/// How many bytes of the blob were asked of the bucket, by the ranges of the requests; a request without one asks for all.
fn asked(double: &S3Double, blob: &str) -> u64 {
    let lines = double.asked(blob);
    let bytes = lines.iter().filter(|line| line.starts_with("GET ")).map(|line| {
        let range = line.split_once("bytes=").and_then(|(_, range)| range.split_once('-'));
        range.map_or(SIZE, |(first, last)| {
            last.parse::<u64>().unwrap().min(SIZE - 1) - first.parse::<u64>().unwrap() + 1
        })
    });
    bytes.sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_ten_gigabytes_costs_the_chunks_that_it_covers() {
    let (double, app, blob) = house().await;
    let middle = 5 * 1024 * CHUNK;
    let last = SIZE - SIZE % CHUNK;
    for (range, first, length, cost) in [
        ("bytes=0-65535".to_owned(), 0, 65_536, CHUNK),
        // Across the border of two.
        (format!("bytes={}-{}", middle - 10, middle + 9), middle - 10, 20, 2 * CHUNK),
        ("bytes=-100".to_owned(), SIZE - 100, 100, SIZE % CHUNK),
        (format!("bytes={}-", last - 5), last - 5, SIZE - last + 5, CHUNK),
    ] {
        double.forget();
        let answer = app.get("site", "/large.parquet", &[("Range", &range)]).await;
        assert_eq!(answer.status, 206, "{range}: {} {}", answer.head, answer.text());
        let content_range = format!("bytes {first}-{}/{SIZE}", first + length - 1);
        assert_eq!(answer.header("content-range"), Some(content_range.as_str()));
        assert_eq!(answer.body.len() as u64, length, "{range}");
        assert_eq!(asked(&double, &blob), cost, "{range}: {:?}", double.asked(&blob));
        double.forget();
        assert_eq!(app.get("site", "/large.parquet", &[("Range", &range)]).await.status, 206);
        assert_eq!(asked(&double, &blob), 0, "{range} is held now");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_of_ten_gigabytes_costs_none_of_them() {
    let (double, app, blob) = house().await;
    double.forget();
    let answer = app.request("HEAD", "site", "/large.parquet", &[]).await;
    assert_eq!((answer.status, answer.header("content-length")), (200, Some(SIZE.to_string().as_str())));
    let range = ("Range", "bytes=1000000000-1000065535");
    let answer = app.request("HEAD", "site", "/large.parquet", &[range]).await;
    assert_eq!((answer.status, answer.header("content-length")), (206, Some("65536")), "{}", answer.head);
    let etag = app.request("HEAD", "site", "/large.parquet", &[]).await;
    let etag = etag.header("etag").unwrap().to_owned();
    let unchanged = app.get("site", "/large.parquet", &[("If-None-Match", &etag)]).await;
    assert_eq!(unchanged.status, 304);
    let behind = app.get("site", "/large.parquet", &[("Range", &format!("bytes={SIZE}-"))]).await;
    assert_eq!(behind.status, 416);
    assert_eq!(double.asked(&blob), Vec::<String>::new(), "not even whether it is there");
    assert!(double.count(Operation::Get) > 0, "the manifest was asked for");
}
