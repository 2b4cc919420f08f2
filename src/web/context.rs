//! What is known of a request before anybody looks at it closely.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderValue, Method, Request, Uri};
use jiff::Timestamp;
use tokio::time::Instant;

use super::connection::Connection;
use super::state::Loggia;

/// One request's identity and circumstances.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// Names the request in the log and on pages that say no.
    pub id: RequestId,
    /// GET, POST, …
    pub method: Method,
    /// Its target. Only the path is ever logged: queries can hold codes.
    target: Uri,
    /// Its `Host`, as the client wrote it, for the log.
    host: Option<HeaderValue>,
    /// Its `Accept-Language`: which languages whoever reads likes.
    languages: Option<HeaderValue>,
    /// The client's address: the peer's, or what a trusted proxy says.
    pub from: IpAddr,
    /// When it began.
    pub begun: Instant,
    /// The same by the clock: what "now" is for the whole request.
    pub now: Timestamp,
}

/// A number that names one request of one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RequestId(u64);

impl RequestId {
    fn next(start: u64) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Context {
    pub(super) fn of<B>(request: &Request<B>, connection: &Connection, loggia: &Loggia) -> Self {
        Self {
            id: RequestId::next(loggia.request_ids),
            method: request.method().clone(),
            target: request.uri().clone(),
            host: request.headers().get(http::header::HOST).cloned(),
            languages: request.headers().get(http::header::ACCEPT_LANGUAGE).cloned(),
            from: client(request, connection, loggia),
            begun: Instant::now(),
            now: loggia.clock.now(),
        }
    }
}

impl Context {
    /// Its path, as the client wrote it, without the query.
    pub(super) fn path(&self) -> &str {
        self.target.path()
    }

    /// The languages that whoever reads likes, as the client wrote them (RFC 9110, section 12.5.4).
    pub(super) fn languages(&self) -> &str {
        self.languages.as_ref().and_then(|languages| languages.to_str().ok()).unwrap_or_default()
    }

    /// Its host: what HTTP/2 calls the authority, or the `Host` header.
    pub(super) fn host(&self) -> Cow<'_, str> {
        match self.target.authority() {
            Some(authority) => authority.as_str().into(),
            None => {
                String::from_utf8_lossy(self.host.as_ref().map(HeaderValue::as_bytes).unwrap_or_default())
            }
        }
    }
}

/// The peer, or what the nearest peers that we trust say in `X-Forwarded-For`, read from its end.
fn client<B>(request: &Request<B>, connection: &Connection, loggia: &Loggia) -> IpAddr {
    let peer = connection.peer.ip().to_canonical();
    let trusted = &loggia.config.server.trusted_proxies;
    if trusted.is_empty() || !trusted.contains(&peer) {
        return peer;
    }
    let stated: Vec<_> = request.headers().get_all("x-forwarded-for").iter().collect();
    let mut client = peer;
    for hop in stated.iter().rev().flat_map(|line| line.as_bytes().rsplit(|&byte| byte == b',')) {
        let parsed = std::str::from_utf8(hop).ok().and_then(|hop| hop.trim().parse::<IpAddr>().ok());
        let Some(address) = parsed else { break };
        client = address.to_canonical();
        if !trusted.contains(&client) {
            break;
        }
    }
    client
}
