//! One contract for every bucket: memory, a folder, and S3 as `moto` speaks it.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use loggia::config::{self, Secret};
use loggia::model::{AppName, Digest, Entropy};
use loggia::storage::{
    Body, Condition, Endpoint, Fetched, Key, Patience, Prefix, Put, Storage, StorageError, ordered_id,
};

fn bytes(text: &str) -> Body {
    Body::Bytes(Bytes::copy_from_slice(text.as_bytes()))
}

fn app(name: &str) -> AppName {
    name.parse().unwrap()
}

async fn stored(
    storage: &Storage,
    key: &Key,
    text: &str,
    condition: Condition,
) -> Option<loggia::storage::Etag> {
    match storage.put(key, bytes(text), condition).await.unwrap() {
        Put::Stored(etag) => Some(etag),
        Put::Lost => None,
    }
}

/// What every backend promises.
async fn keeps_its_promises(storage: Storage) {
    let key = Key::app(&app("sales"));
    assert!(storage.get(&key).await.unwrap().is_none());
    assert!(storage.get_range(&key, 0, 1).await.unwrap().is_none());
    storage.delete(&key).await.unwrap();

    let first = stored(&storage, &key, "one", Condition::Absent).await.unwrap();
    assert_eq!(stored(&storage, &key, "two", Condition::Absent).await, None);
    let held = storage.get(&key).await.unwrap().unwrap();
    assert_eq!((held.bytes.as_ref(), &held.etag), (b"one".as_slice(), &first));

    let second = stored(&storage, &key, "two", Condition::Match(first.clone())).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(stored(&storage, &key, "three", Condition::Match(first.clone())).await, None);
    assert!(matches!(storage.get_if_changed(&key, Some(&second)).await.unwrap(), Fetched::Unchanged));
    assert!(matches!(storage.get_if_changed(&key, Some(&first)).await.unwrap(), Fetched::Found(_)));

    stored(&storage, &key, "0123456789", Condition::Always).await.unwrap();
    for (start, length, part) in [(0, 3, "012"), (7, 3, "789"), (8, 100, "89"), (10, 5, ""), (99, 5, "")] {
        let read = storage.get_range(&key, start, length).await.unwrap().unwrap();
        assert_eq!(read, part, "{start}+{length}");
    }

    storage.delete(&key).await.unwrap();
    assert!(storage.get(&key).await.unwrap().is_none());
    let gone = storage.put(&key, bytes("x"), Condition::Match(second)).await.unwrap();
    assert_eq!(gone, Put::Lost, "nothing is not a version");

    let mut file = tempfile::NamedTempFile::new().unwrap();
    std::io::Write::write_all(&mut file, b"from a file").unwrap();
    let blob = Key::blob(&Digest::of(b"from a file"));
    let body = Body::File { path: file.path().to_owned(), size: 11 };
    assert!(matches!(storage.put(&blob, body, Condition::Absent).await.unwrap(), Put::Stored(_)));
    assert_eq!(storage.get(&blob).await.unwrap().unwrap().bytes, "from a file");

    for name in ["zeta", "alpha", "beta"] {
        stored(&storage, &Key::app(&app(name)), name, Condition::Always).await.unwrap();
    }
    let apps = storage.list_all(&Prefix::apps()).await.unwrap();
    assert_eq!(apps.folders, ["alpha", "beta", "zeta"]);
    assert!(apps.objects.is_empty());
    for second in 0..1_005 {
        let at = jiff::Timestamp::from_second(second).unwrap();
        let line = Key::audit(&app("alpha"), ordered_id(at, [0; 16]));
        stored(&storage, &line, "{}", Condition::Always).await.unwrap();
    }
    let page = storage.list(&Prefix::audit(&app("alpha")), None).await.unwrap();
    assert!(page.objects.len() < 1_005 && page.next.is_some(), "a page is bounded");
    let lines = storage.list_all(&Prefix::audit(&app("alpha"))).await.unwrap().objects;
    assert_eq!(lines.len(), 1_005);
    assert!(lines.windows(2).all(|two| two[0].name < two[1].name), "in order, each once");
}

/// Many writers at once, through several handles: the sum of what they were told is what is there.
async fn loses_no_update(handles: [Storage; 3], changes: u64) {
    let key = Key::generation();
    stored(&handles[0], &key, "0 start", Condition::Absent).await.unwrap();
    let first = handles[0].clone();
    let told = Arc::new(AtomicU64::new(0));
    let writers = handles
        .into_iter()
        .enumerate()
        .flat_map(|(number, storage)| (0..4).map(move |_| (number, storage.clone())).collect::<Vec<_>>());
    let mut running = tokio::task::JoinSet::new();
    for (number, storage) in writers {
        let (key, told) = (key.clone(), Arc::clone(&told));
        running.spawn(async move {
            let mut made = 0;
            while made < changes {
                let object = storage.get(&key).await.unwrap().unwrap();
                let text = String::from_utf8(object.bytes.to_vec()).unwrap();
                let count: u64 = text.split(' ').next().unwrap().parse().unwrap();
                // Unique bytes in every version, as records have by their write id.
                let next = format!("{} {number} {}", count + 1, Entropy::system().secret());
                if stored(&storage, &key, &next, Condition::Match(object.etag)).await.is_some() {
                    made += 1;
                    told.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
    assert_eq!(told.load(Ordering::SeqCst), 12 * changes);
    let object = first.get(&key).await.unwrap().unwrap();
    let count = String::from_utf8(object.bytes.to_vec()).unwrap();
    assert_eq!(count.split(' ').next(), Some((12 * changes).to_string().as_str()));
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_its_promises() {
    keeps_its_promises(Storage::memory()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_keeps_its_promises() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::open(&config::Storage::Folder(dir.path().join("bucket"))).await.unwrap();
    keeps_its_promises(storage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_loses_no_update_among_many_writers() {
    let dir = tempfile::tempdir().unwrap();
    let open = || async { Storage::open(&config::Storage::Folder(dir.path().join("bucket"))).await.unwrap() };
    loses_no_update([open().await, open().await, open().await], 100).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_loses_no_update_among_many_writers() {
    let storage = Storage::memory();
    loses_no_update([storage.clone(), storage.clone(), storage], 300).await;
}

/// A `moto` server, ended with the value.
struct Moto {
    server: Child,
    url: String,
}

impl Moto {
    /// Starts it, or says why the test is skipped.
    async fn start() -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let started = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(server) = started else {
            println!("skipped: moto_server (PyPI moto[server]) is not on the PATH");
            return None;
        };
        let moto = Self { server, url: format!("http://127.0.0.1:{port}") };
        for _ in 0..150 {
            if reqwest::Client::new().put(format!("{}/team", moto.url)).send().await.is_ok() {
                return Some(moto);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("moto_server did not start within 30 seconds");
    }

    fn endpoint(&self, bucket: &str) -> Endpoint {
        Endpoint {
            url: self.url.clone(),
            bucket: bucket.to_owned(),
            prefix: "loggia/".to_owned(),
            access_key: "key".to_owned(),
            secret_key: Secret::new("hush".to_owned()),
        }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_keeps_its_promises() {
    let Some(moto) = Moto::start().await else { return };
    keeps_its_promises(Storage::s3_at(&moto.endpoint("team"), Patience::default()).await.unwrap()).await;
    match Storage::s3_at(&moto.endpoint("nowhere"), Patience::default()).await {
        Err(StorageError::Refused(why)) => assert!(why.contains("`nowhere` does not exist"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_does_not_answer_is_unavailable() {
    let patience = Patience { attempts: 1, attempt: Duration::from_secs(2), ..Patience::default() };
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = Endpoint {
        url: format!("http://{closed}"),
        bucket: "team".to_owned(),
        prefix: String::new(),
        access_key: "key".to_owned(),
        secret_key: Secret::new("hush".to_owned()),
    };
    let opened = Storage::s3_at(&endpoint, patience).await;
    assert!(matches!(opened, Err(StorageError::Unavailable(_))), "{opened:?}");
}
