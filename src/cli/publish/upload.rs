//! Sending the blobs that the server lacks: several at a time, straight from disk.
//!
//! One that breaks off does not stop the others. Whoever finishes the release afterwards hears which are still missing,
//! and those alone are sent in another round.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Body, Method, RequestBuilder, StatusCode};
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use super::Target;
use super::hash::Hashed;
use super::progress::Progress;
use crate::cli::client::{Client, Failure};
use crate::model::Digest;

/// How many blobs are sent at a time: small ones take the bucket's time rather than the network's.
const AT_A_TIME: usize = 24;
/// After so many that broke off, the others wait for the next round.
const MOST_FAILED: usize = 8;
/// How much of a file is in memory at a time, in bytes.
const CHUNK: usize = 64 << 10;
/// How long a blob may take beside its bytes.
const GRACE: Duration = Duration::from_mins(1);
/// The slowest connection that is put up with, in bytes a second.
const SLOWEST: u64 = 16 << 10;

/// What was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// How many files have the bytes that were sent.
    pub files: usize,
    /// How many bytes.
    pub bytes: u64,
}

/// Sends the blobs of `release` that are `missing`, all that can be sent. Answers why one could not, when that may pass;
/// what does not pass is an error at once.
pub(super) async fn upload(
    client: &Client,
    target: &Target<'_>,
    release: &str,
    missing: &HashSet<Digest>,
    files: &[Hashed],
) -> Result<Option<Failure>, Failure> {
    let by_digest: HashMap<Digest, &Hashed> = files.iter().map(|file| (file.sha256, file)).collect();
    let wanted: Vec<&Hashed> = missing.iter().filter_map(|digest| by_digest.get(digest).copied()).collect();
    let bytes = wanted.iter().map(|file| file.size).sum();
    let progress = Progress::begin(wanted.len(), bytes);
    let failed = AtomicUsize::new(0);
    let sending = async |file| {
        if failed.load(Ordering::Relaxed) >= MOST_FAILED {
            return Ok(());
        }
        let sent = send(client, target, release, file, &progress).await;
        failed.fetch_add(usize::from(sent.is_err()), Ordering::Relaxed);
        sent
    };
    let broken = stream::iter(wanted)
        .map(sending)
        .buffer_unordered(AT_A_TIME)
        .map(|sent| match sent {
            Err(failure) if failure.may_pass() => Ok(Some(failure)),
            sent => sent.map(|()| None),
        })
        .try_fold(None, |broken: Option<Failure>, failure| std::future::ready(Ok(broken.or(failure))))
        .await?;
    progress.end();
    Ok(broken)
}

/// What was sent, when these blobs were.
pub(super) fn sent(missing: &HashSet<Digest>, files: &[Hashed]) -> Sent {
    let theirs = || files.iter().filter(|file| missing.contains(&file.sha256));
    let sizes: HashMap<Digest, u64> = theirs().map(|file| (file.sha256, file.size)).collect();
    Sent { files: theirs().count(), bytes: sizes.values().sum() }
}

async fn send(
    client: &Client,
    target: &Target<'_>,
    release: &str,
    file: &Hashed,
    progress: &Progress,
) -> Result<(), Failure> {
    let digest = file.sha256.to_string();
    let path = target.path(&[release, "blobs", &digest]);
    let sent = Arc::new(AtomicU64::new(0));
    let answer = client
        .settle(|| {
            progress.again(sent.swap(0, Ordering::Relaxed));
            with_bytes(client.request(Method::PUT, &path), file, progress.clone(), Arc::clone(&sent))
        })
        .await;
    match answer {
        Err(refused) if refused.status() == Some(StatusCode::UNPROCESSABLE_ENTITY) => {
            Err(changed(&file.from, "the server found other bytes"))
        }
        answer => answer.map(drop),
    }
}

/// Puts the file's bytes on a request. They flow from disk as the network takes them.
async fn with_bytes(
    request: RequestBuilder,
    file: &Hashed,
    progress: Progress,
    sent: Arc<AtomicU64>,
) -> Result<RequestBuilder, Failure> {
    let opened = tokio::fs::File::open(&file.from).await.map_err(|error| changed(&file.from, error))?;
    let found = opened.metadata().await.map_err(|error| changed(&file.from, error))?.len();
    if found != file.size {
        return Err(changed(&file.from, format!("it had {} bytes and now has {found}", file.size)));
    }
    let bytes = ReaderStream::with_capacity(opened.take(file.size), CHUNK).inspect_ok(move |chunk| {
        progress.sent(chunk.len() as u64);
        sent.fetch_add(chunk.len() as u64, Ordering::Relaxed);
    });
    Ok(request
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(CONTENT_LENGTH, file.size)
        .timeout(GRACE + Duration::from_secs(file.size / SLOWEST))
        .body(Body::wrap_stream(bytes)))
}

fn changed(file: &Path, why: impl Display) -> Failure {
    Failure::Changed { file: file.to_owned(), why: why.to_string() }
}
