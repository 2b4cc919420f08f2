//! Files beside the guides: read once for each time they change, and sent from memory while there is room. Long ones
//! are read as they are sent.

use std::io::SeekFrom;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use foyer::{Cache, CacheBuilder};
use futures_util::TryStreamExt as _;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::body::Body;
use super::conditional::{self, Outcome, Part, Validators};
use super::failure::Failure;
use super::prepared::{Prepared, content_range, unsatisfiable};
use crate::guides::StaticFile;

/// Everyone's files may be kept for five minutes.
const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=300");
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");
/// What an image may do when it is opened by itself: nothing.
const INERT: HeaderValue = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// A longer file is not held in memory, in bytes.
const LONGEST_HELD: u64 = 4 << 20;
/// How much memory files may take, in bytes.
const HELD_BYTES: usize = 64 << 20;
/// How much of a long file is in memory at a time, in bytes.
const CHUNK: usize = 64 << 10;

/// One state of a file, for one kind of reader.
type State = (PathBuf, Option<Timestamp>, u64, bool);

/// The files that were asked for lately.
#[derive(Debug)]
pub(super) struct Files(Cache<State, Arc<Prepared>>);

impl Default for Files {
    fn default() -> Self {
        let weight = |state: &State, file: &Arc<Prepared>| 128 + state.0.as_os_str().len() + file.weight();
        Self(CacheBuilder::new(HELD_BYTES).with_shards(4).with_weighter(weight).build())
    }
}

impl Files {
    /// The answer to a GET with these headers. The library has vouched for the file's type and its place, and a view
    /// for the reader; `public` says whether everyone may have it.
    pub(super) async fn answer(
        &self,
        file: &StaticFile,
        public: bool,
        request: &HeaderMap,
    ) -> Result<Response<Body>, Failure> {
        if file.length > LONGEST_HELD {
            return stream(file, public, request).await;
        }
        let state = (file.path.clone(), file.modified, file.length, public);
        if let Some(held) = self.0.get(&state) {
            return Ok(held.value().answer(request));
        }
        let (path, media_type, headers) = (file.path.clone(), file.media_type, headers(public));
        let (prepared, answer) = {
            let request = request.clone();
            // Hashing and compressing would hold up the event loop.
            let reading = tokio::task::spawn_blocking(move || {
                let bytes = Bytes::from(std::fs::read(&path)?);
                let prepared = Arc::new(Prepared::new(bytes, media_type, headers));
                let answer = prepared.answer(&request);
                Ok((prepared, answer))
            });
            let read = reading.await.map_err(|error| Failure::Internal(error.to_string()))?;
            read.map_err(|error| failed(file, &error))?
        };
        self.0.insert(state, prepared);
        Ok(answer)
    }
}

fn headers(public: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, if public { PUBLIC } else { PRIVATE });
    if !public {
        headers.insert(header::VARY, HeaderValue::from_static("cookie"));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, INERT);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers
}

/// A long file, or a part of one, as it is on disk now.
async fn stream(file: &StaticFile, public: bool, request: &HeaderMap) -> Result<Response<Body>, Failure> {
    let mut opened = tokio::fs::File::open(&file.path).await.map_err(|error| failed(file, &error))?;
    let found = opened.metadata().await.map_err(|error| failed(file, &error))?;
    let (size, modified) = (found.len(), found.modified().ok());
    let since = modified.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()).unwrap_or_default();
    let etag = HeaderValue::from_str(&format!("\"{:x}-{size:x}\"", since.as_nanos()))
        .unwrap_or(HeaderValue::from_static("\"\""));
    let validators = Validators { tag: &etag, forms: std::slice::from_ref(&etag), modified: None };
    let (status, first, last) = match conditional::evaluate(request, &validators, size) {
        // Several ranges of a long file are answered with all of it, as RFC 9110, section 14.2, allows.
        Outcome::Send(Part::Whole | Part::Ranges(_)) => (StatusCode::OK, 0, size.saturating_sub(1)),
        Outcome::Send(Part::Range { first, last }) => (StatusCode::PARTIAL_CONTENT, first, last),
        Outcome::Send(Part::Unsatisfiable) => return Ok(unsatisfiable(size)),
        Outcome::NotModified(_) => (StatusCode::NOT_MODIFIED, 0, 0),
        Outcome::Failed => (StatusCode::PRECONDITION_FAILED, 0, 0),
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    *response.headers_mut() = headers(public);
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag);
    if !status.is_success() {
        return Ok(response);
    }
    let length = (last + 1).saturating_sub(first).min(size);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.media_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    if status == StatusCode::PARTIAL_CONTENT
        && let Some(range) = content_range(first, last, size)
    {
        headers.insert(header::CONTENT_RANGE, range);
    }
    opened.seek(SeekFrom::Start(first)).await.map_err(|error| failed(file, &error))?;
    let chunks = futures_util::stream::try_unfold(opened.take(length), |mut rest| async move {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = (&mut rest).take(CHUNK as u64).read_to_end(&mut chunk).await?;
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(chunk), rest)))
    });
    *response.body_mut() = Body::stream(StreamBody::new(Box::pin(chunks.map_ok(Frame::data))));
    Ok(response)
}

fn failed(file: &StaticFile, error: &std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::NotFound => Failure::NotFound,
        _ => Failure::Internal(format!("{}: {error}", file.path.display())),
    }
}
