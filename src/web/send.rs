//! Sending a file of an app: preconditions, ranges and encodings first, then the headers.

use std::borrow::Cow;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::{self, HeaderMap, HeaderValue};
use http::{Response, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;

use super::body::{Body, BodyError};
use super::conditional::{self, Modified, Outcome, Part, Validators};
use super::encoding::Coding;
use super::failure::Failure;
use super::prepared::{content_range, unsatisfiable};
use super::site::{File, Site};
use super::state::Loggia;
use super::vault::{self, Content, Opened};
use crate::access::Permit;
use crate::releases::Named;

/// Room for the headers of nearly every answer, so that they are not moved about while they are put together.
const HEADERS: usize = 12;

/// A file to send, and as what.
pub(super) struct Sending<'s> {
    pub(super) site: &'s Site,
    pub(super) file: &'s File,
    /// 200; or another when it is shown in place of what was asked for.
    pub(super) status: StatusCode,
    /// Whether it is sent at its own address.
    pub(super) at_home: bool,
    pub(super) modified: Modified,
    /// What `_headers` adds.
    pub(super) extra: Cow<'s, [Named]>,
}

impl Sending<'_> {
    /// The answer to a GET with these request headers; for a HEAD, drop its body. `permit` names the file.
    pub(super) async fn answer(
        &self,
        loggia: &Loggia,
        request: &HeaderMap,
        permit: &Permit,
    ) -> Result<Response<Body>, Failure> {
        let (file, found) = (self.file, self.status == StatusCode::OK);
        let wanted = self.coding(request, found);
        let tags = file.tags();
        let tag = &tags[form(wanted)];
        let validators = Validators { tag, forms: tags, modified: Some(self.modified) };
        let outcome = if found {
            conditional::evaluate(request, &validators, file.entry.size)
        } else {
            Outcome::Send(Part::Whole)
        };
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = HeaderMap::with_capacity(HEADERS);
        match outcome {
            Outcome::NotModified(held) => {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                response.headers_mut().insert(header::ETAG, held);
            }
            Outcome::Failed => *response.status_mut() = StatusCode::PRECONDITION_FAILED,
            Outcome::Send(Part::Unsatisfiable) => response = unsatisfiable(file.entry.size),
            Outcome::Send(part) => {
                let opened = vault::open(&loggia.releases, &loggia.coded, permit, self.site, wanted).await?;
                self.fill(&mut response, opened, &part);
            }
        }
        self.finish(&mut response, permit.is_public());
        Ok(response)
    }

    /// The coding to send it in; ranges are of the plain bytes.
    fn coding(&self, request: &HeaderMap, found: bool) -> Option<Coding> {
        let whole = !found || !request.contains_key(header::RANGE);
        let encoded = self.file.compressible && whole;
        encoded
            .then(|| Coding::negotiate_for(request, |coding| self.file.sibling(coding).is_some()))
            .flatten()
    }

    fn fill(&self, response: &mut Response<Body>, Opened { content, coding }: Opened, part: &Part) {
        let size = match &content {
            Content::Small(bytes) => bytes.len() as u64,
            Content::Large(blob) => blob.size(),
        };
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.file.content_type.clone());
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, coding.name());
        }
        if self.status == StatusCode::OK {
            headers.insert(header::ETAG, self.file.tags()[form(coding)].clone());
            headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        }
        let (status, length, body) = match part {
            Part::Range { first, last } => {
                if let Some(range) = content_range(*first, *last, size) {
                    headers.insert(header::CONTENT_RANGE, range);
                }
                (StatusCode::PARTIAL_CONTENT, last - first + 1, slice(&content, *first, *last))
            }
            Part::Ranges(ranges) => {
                let parts = Parts::new(self.file, ranges, size);
                headers.insert(header::CONTENT_TYPE, parts.content_type.clone());
                (StatusCode::PARTIAL_CONTENT, parts.length, parts.body(&content))
            }
            Part::Whole | Part::Unsatisfiable if size == 0 => (self.status, 0, Body::empty()),
            Part::Whole | Part::Unsatisfiable => (self.status, size, slice(&content, 0, size - 1)),
        };
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        *response.status_mut() = status;
        *response.body_mut() = body;
    }

    /// What every answer for this file carries, and what its publisher adds.
    fn finish(&self, response: &mut Response<Body>, public: bool) {
        let multipart = response.status() == StatusCode::PARTIAL_CONTENT
            && !response.headers().contains_key(header::CONTENT_RANGE);
        let typed = response.headers().contains_key(header::CONTENT_TYPE) && !multipart;
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, self.cache_control(public));
        let vary = match (self.file.compressible, public) {
            (true, true) => Some("accept-encoding"),
            (true, false) => Some("accept-encoding, cookie"),
            (false, false) => Some("cookie"),
            (false, true) => None,
        };
        if let Some(vary) = vary {
            headers.insert(header::VARY, HeaderValue::from_static(vary));
        }
        if self.status == StatusCode::OK
            && let Some(modified) = self.site.last_modified(self.modified)
        {
            headers.insert(header::LAST_MODIFIED, modified);
        }
        for (name, value) in self.extra.iter() {
            if *name == header::CACHE_CONTROL && !public {
                headers.insert(name, private(value));
            } else if *name == header::CONTENT_SECURITY_POLICY {
                headers.append(name, value.clone());
            } else if (*name != header::CONTENT_TYPE || typed) && (public || !is_for_others(name.as_str())) {
                headers.insert(name, value.clone());
            }
        }
    }

    fn cache_control(&self, public: bool) -> HeaderValue {
        let immutable = self.file.immutable && self.at_home && self.status == StatusCode::OK;
        HeaderValue::from_static(match (immutable, public) {
            (true, true) => "public, max-age=31536000, immutable",
            (true, false) => "private, max-age=31536000, immutable",
            (false, true) => "no-cache",
            (false, false) => "private, no-cache",
        })
    }
}

/// Where the tag of a form is among [`File::tags`].
fn form(coding: Option<Coding>) -> usize {
    coding.map_or(0, |coding| coding as usize + 1)
}

/// What a publisher says of caching, so that nobody but the viewer keeps it.
fn private(value: &HeaderValue) -> HeaderValue {
    let text = value.to_str().unwrap_or_default();
    let shared = |directive: &&str| {
        let name = directive.split('=').next().unwrap_or_default().trim();
        !["public", "private", "s-maxage", "proxy-revalidate"]
            .iter()
            .any(|other| name.eq_ignore_ascii_case(other))
    };
    let kept = text.split(',').map(str::trim).filter(|directive| !directive.is_empty()).filter(shared);
    let all = std::iter::once("private").chain(kept).collect::<Vec<_>>().join(", ");
    HeaderValue::from_str(&all).unwrap_or(HeaderValue::from_static("private, no-cache"))
}

/// Headers that let other origins in; only what is public says them.
fn is_for_others(name: &str) -> bool {
    name.starts_with("access-control-")
        || matches!(name, "cross-origin-resource-policy" | "timing-allow-origin")
}

/// The bytes from the first to the last, both included.
fn slice(content: &Content, first: u64, last: u64) -> Body {
    match content {
        Content::Small(bytes) => Body::bytes(cut(bytes, first, last)),
        Content::Large(blob) => {
            let chunks = blob.range(first, last - first + 1);
            Body::stream(StreamBody::new(chunks.map(|chunk| chunk.map(Frame::data))))
        }
    }
}

fn cut(bytes: &Bytes, first: u64, last: u64) -> Bytes {
    let first = usize::try_from(first).unwrap_or(bytes.len()).min(bytes.len());
    let end = usize::try_from(last).map_or(bytes.len(), |last| last.saturating_add(1)).min(bytes.len());
    bytes.slice(first..end.max(first))
}

/// `multipart/byteranges` (RFC 9110, section 14.6).
struct Parts {
    content_type: HeaderValue,
    /// The head of each part, and its range.
    pieces: Vec<(Bytes, u64, u64)>,
    end: Bytes,
    length: u64,
}

impl Parts {
    fn new(file: &File, ranges: &[(u64, u64)], size: u64) -> Self {
        // Bytes that hold their own digest are not to be found, so no part can hold the boundary.
        let boundary = data_encoding::HEXLOWER.encode(&file.entry.sha256.as_bytes()[16..]);
        let media_type = &file.entry.media_type;
        let head = |&(first, last): &(u64, u64)| {
            let head = format!(
                "\r\n--{boundary}\r\nContent-Type: {media_type}\r\nContent-Range: bytes {first}-{last}/{size}\r\n\r\n"
            );
            (Bytes::from(head), first, last)
        };
        let pieces: Vec<_> = ranges.iter().map(head).collect();
        let end = Bytes::from(format!("\r\n--{boundary}--\r\n"));
        let lengths = pieces.iter().map(|(head, first, last)| head.len() as u64 + last - first + 1);
        let length = lengths.sum::<u64>() + end.len() as u64;
        let content_type = HeaderValue::from_str(&format!("multipart/byteranges; boundary={boundary}"));
        let content_type = content_type.unwrap_or(HeaderValue::from_static("multipart/byteranges"));
        Self { content_type, pieces, end, length }
    }

    fn body(self, content: &Content) -> Body {
        let whole = |bytes| Ok::<_, BodyError>(Frame::data(bytes));
        match content {
            Content::Small(bytes) => {
                let pieces =
                    self.pieces.into_iter().flat_map(|(head, first, last)| [head, cut(bytes, first, last)]);
                let all: Vec<Bytes> = pieces.chain([self.end]).collect();
                Body::stream(StreamBody::new(stream::iter(all.into_iter().map(whole))))
            }
            Content::Large(blob) => {
                let blob = blob.clone();
                let pieces = stream::iter(self.pieces).flat_map(move |(head, first, last)| {
                    let range = blob.range(first, last - first + 1);
                    let range = range.map(|chunk| chunk.map(Frame::data).map_err(BodyError::from));
                    stream::once(std::future::ready(whole(head))).chain(range)
                });
                Body::stream(StreamBody::new(pieces.chain(stream::once(std::future::ready(whole(self.end))))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_public_is_kept_by_the_viewer_alone() {
        for (given, sent) in [
            ("public, max-age=60", "private, max-age=60"),
            ("max-age=60, S-MaxAge=9, immutable", "private, max-age=60, immutable"),
            ("PUBLIC", "private"),
            ("no-store", "private, no-store"),
        ] {
            assert_eq!(private(&HeaderValue::from_static(given)), sent, "{given}");
        }
    }
}
