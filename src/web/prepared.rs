//! Answers made once and given many times: their headers and bytes are ready, and shared.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};

use super::body::Body;
use super::conditional::{self, Outcome, Part, Validators};
use super::encoding::{Coding, Encoded};
use crate::model::Digest;

/// A representation with a strong entity tag, its encodings, and the headers it is sent with.
#[derive(Debug)]
pub(super) struct Prepared {
    bytes: Encoded,
    headers: HeaderMap,
    /// The tags of the plain bytes and of each coding, which are representations of their own (RFC 9110,
    /// section 8.8.3.3).
    etags: [HeaderValue; 4],
    compressible: bool,
}

impl Prepared {
    /// `bytes` of this media type. `headers` are sent along; they are the caller's policy.
    #[must_use]
    pub(super) fn new(bytes: Bytes, media_type: &str, mut headers: HeaderMap) -> Self {
        let tag = &Digest::of(&bytes).to_string()[..20];
        let etag = |suffix: &str| {
            HeaderValue::from_str(&format!("\"{tag}{suffix}\"")).unwrap_or(HeaderValue::from_static("\"\""))
        };
        let compressible = is_compressible(media_type);
        let fallback = HeaderValue::from_static("application/octet-stream");
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(media_type).unwrap_or(fallback));
        if compressible {
            headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        let etags = [etag(""), etag("-br"), etag("-zstd"), etag("-gzip")];
        // In its place from the start: a copy of the headers has no room for one more.
        headers.insert(header::ETAG, etags[0].clone());
        Self { bytes: Encoded::new(bytes), headers, etags, compressible }
    }

    /// About how much memory it takes, in bytes, with its encodings.
    #[must_use]
    pub(super) fn weight(&self) -> usize {
        1024 + 2 * self.bytes.plain().len()
    }

    /// The answer to a GET with these request headers; for a HEAD, drop its body.
    #[must_use]
    pub(super) fn answer(&self, request: &HeaderMap) -> Response<Body> {
        let (bytes, coding) = self.choose(request);
        let etag = &self.etags[coding.map_or(0, |coding| coding as usize + 1)];
        let size = bytes.len() as u64;
        let validators = Validators { tag: etag, forms: &self.etags, modified: None };
        let mut held = None;
        let mut response = match conditional::evaluate(request, &validators, size) {
            Outcome::Send(Part::Range { first, last }) => partial(bytes, first, last),
            // Nobody reads pages of ours by several ranges; the whole may always be answered.
            Outcome::Send(Part::Whole | Part::Ranges(_)) => Response::new(Body::bytes(bytes.clone())),
            Outcome::Send(Part::Unsatisfiable) => return unsatisfiable(size),
            Outcome::NotModified(tag) => {
                held = Some(tag);
                status(StatusCode::NOT_MODIFIED)
            }
            Outcome::Failed => return status(StatusCode::PRECONDITION_FAILED),
        };
        let partial = response.headers_mut().remove(header::CONTENT_RANGE);
        let mut headers = self.headers.clone();
        headers.insert(header::ETAG, held.unwrap_or_else(|| etag.clone()));
        if response.status() == StatusCode::NOT_MODIFIED {
            headers.remove(header::CONTENT_TYPE);
        } else if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, coding.name());
        }
        if let Some(range) = partial {
            headers.insert(header::CONTENT_RANGE, range);
        }
        *response.headers_mut() = headers;
        response
    }

    /// Ranges are of the plain bytes.
    fn choose(&self, request: &HeaderMap) -> (&Bytes, Option<Coding>) {
        if self.compressible
            && !request.contains_key(header::RANGE)
            && let Some(coding) = Coding::negotiate(request)
            && let Some(coded) = self.bytes.in_coding(coding)
        {
            return (coded, Some(coding));
        }
        (self.bytes.plain(), None)
    }
}

/// Whether bytes of this type get shorter; images, archives and parquet are compressed already.
#[must_use]
pub(super) fn is_compressible(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    essence.starts_with("text/")
        || essence.ends_with("+xml")
        || essence.ends_with("+json")
        || matches!(
            essence,
            "application/json"
                | "application/xml"
                | "application/javascript"
                | "application/wasm"
                | "application/x-ndjson"
                | "application/rtf"
                | "application/vnd.ms-fontobject"
                | "font/ttf"
                | "font/otf"
                | "image/bmp"
                | "image/x-icon"
        )
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn partial(bytes: &Bytes, first: u64, last: u64) -> Response<Body> {
    let end = usize::try_from(last).map_or(bytes.len(), |last| last + 1);
    let part = bytes.slice(usize::try_from(first).unwrap_or(end)..end);
    let mut response = Response::new(Body::bytes(part));
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    if let Some(range) = content_range(first, last, bytes.len() as u64) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}

/// `bytes FIRST-LAST/SIZE` (RFC 9110, section 14.4).
#[must_use]
pub(super) fn content_range(first: u64, last: u64, size: u64) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("bytes {first}-{last}/{size}")).ok()
}

/// 416, which says how long the representation is.
#[must_use]
pub(super) fn unsatisfiable(size: u64) -> Response<Body> {
    let mut response = status(StatusCode::RANGE_NOT_SATISFIABLE);
    if let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, range);
    }
    response
}
