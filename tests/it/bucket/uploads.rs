//! Uploads over connections that break: only what is missing is sent again, and nothing is taken for whole that is not.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use loggia::model::Digest;
use loggia::releases::{Announced, ReleaseError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{different, owner};
use crate::support::app::TestApp;

/// Between a client and a server: breaks connections off in the middle of an upload.
struct Wire {
    port: u16,
    /// How many uploads are yet to be broken off.
    breaks: Arc<AtomicUsize>,
    /// How many bytes went through towards the server.
    sent: Arc<AtomicUsize>,
    listener: Option<TcpListener>,
}

/// So much of an upload goes through before it is broken off.
const FIRST: usize = 200_000;

impl Wire {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, breaks: Arc::default(), sent: Arc::default(), listener: Some(listener) }
    }

    fn lead_to(&mut self, server: u16) {
        let listener = self.listener.take().unwrap();
        let (breaks, sent) = (Arc::clone(&self.breaks), Arc::clone(&self.sent));
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                tokio::spawn(pass(client, server, Arc::clone(&breaks), Arc::clone(&sent)));
            }
        });
    }
}

async fn pass(client: TcpStream, server: TcpStream, breaks: Arc<AtomicUsize>, sent: Arc<AtomicUsize>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let forth = async {
        let (mut buffer, mut passed) = (vec![0; 64 << 10], 0);
        while let Ok(read) = from_client.read(&mut buffer).await {
            if read == 0 || to_server.write_all(&buffer[..read]).await.is_err() {
                return;
            }
            passed += read;
            sent.fetch_add(read, Ordering::Relaxed);
            let less = |left: usize| left.checked_sub(1);
            if passed > FIRST && breaks.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok() {
                return;
            }
        }
    };
    let back = async {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    };
    // Whichever ends first takes both with it.
    tokio::select! { () = forth => {}, () = back => {} }
}

/// `loggia publish` in a process of its own.
async fn publish(port: u16, token: &str, dir: &std::path::Path) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loggia"));
    command
        .args(["publish", dir.to_str().unwrap(), "--app", "site"])
        .env("LOGGIA_SERVER", format!("http://localhost:{port}"))
        .env("LOGGIA_TOKEN", token)
        .stdin(Stdio::null());
    let done = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (done.status.success(), String::from_utf8_lossy(&done.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_broke_off_is_sent_again_and_nothing_else() {
    let mut wire = Wire::new().await;
    let port = wire.port;
    let app = TestApp::start_with(|config| {
        config.server.public_url = format!("http://localhost:{port}").parse().unwrap();
    })
    .await;
    wire.lead_to(app.port);
    let token = app.token("owner@example.org").await;
    let dir = tempfile::tempdir().unwrap();
    let (large, small) = (different(3 << 20), b"<title>Tides</title>");
    std::fs::write(dir.path().join("large.bin"), &large).unwrap();
    std::fs::write(dir.path().join("index.html"), small).unwrap();

    // More often than one request is tried.
    wire.breaks.store(6, Ordering::Release);
    let (published, said) = publish(port, &token, dir.path()).await;
    assert!(published, "{said}");
    assert!(said.contains("Sending what is still missing."), "{said}");
    assert_eq!(wire.breaks.load(Ordering::Acquire), 0);
    assert!(wire.sent.load(Ordering::Relaxed) < large.len() + 6 * (FIRST + (128 << 10)) + (1 << 20));
    let bob = app.at_app("site", "owner@example.org", "s");
    let answer = app.raw(
        format!("GET /large.bin HTTP/1.1\r\nHost: site.localhost:{port}\r\nCookie: {bob}\r\nConnection: close\r\n\r\n")
            .into_bytes(),
    );
    let answer = answer.await;
    assert!(answer.status == 200 && answer.body == large, "{}", answer.head);
}

#[tokio::test]
async fn whoever_begins_again_sends_only_what_did_not_arrive() {
    let app = TestApp::start().await;
    let (releases, by, name) = (&app.loggia.releases, owner(&app), "site".parse().unwrap());
    releases.create_app(&name, "Site", &by).await.unwrap();
    let (first, second) = (b"one".as_slice(), b"two".as_slice());
    let announce = |bytes: &[u8]| Announced { sha256: Digest::of(bytes), size: bytes.len() as u64 };
    let files =
        [("a.txt".parse().unwrap(), announce(first)), ("b.txt".parse().unwrap(), announce(second))].into();
    let send = async |id, bytes: &'static [u8]| {
        let whole = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(bytes))]);
        releases.put_blob(&name, id, Digest::of(bytes), whole).await
    };
    let broken = releases.begin(&name, &files, None, None, &by).await.unwrap();
    send(broken.id, b"one").await.unwrap();
    let finished = releases.finish(&name, broken.id, true, &by).await;
    let missing = |result| match result {
        Err(ReleaseError::BlobsMissing { missing, .. }) => missing,
        other => panic!("{other:?}"),
    };
    assert_eq!(missing(finished), [Digest::of(second)], "the server says what is missing");

    let again = releases.begin(&name, &files, None, None, &by).await.unwrap();
    assert_eq!(again.missing, [Digest::of(second)]);
    send(again.id, b"two").await.unwrap();
    releases.finish(&name, again.id, true, &by).await.unwrap();

    // Another app has to send its bytes itself.
    let other = "other".parse().unwrap();
    releases.create_app(&other, "Other", &by).await.unwrap();
    assert_eq!(releases.begin(&other, &files, None, None, &by).await.unwrap().missing.len(), 2);
}
