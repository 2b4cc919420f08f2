//! What the pipeline and the listener share about one connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use http::StatusCode;

/// One client's connection.
#[derive(Debug)]
pub struct Connection {
    /// The address at the other end.
    pub peer: SocketAddr,
    /// The status of a refusal, 0 without one.
    refusal: AtomicU16,
    in_flight: AtomicUsize,
}

impl Connection {
    /// A connection from `peer`.
    #[must_use]
    pub fn new(peer: SocketAddr) -> Self {
        Self { peer, refusal: AtomicU16::new(0), in_flight: AtomicUsize::new(0) }
    }

    /// Has every answer from now on be this status, and the connection's last.
    pub fn refuse(&self, status: StatusCode) {
        self.refusal.store(status.as_u16(), Ordering::Release);
    }

    /// The status with which this connection must be answered and closed.
    #[must_use]
    pub fn refusal(&self) -> Option<StatusCode> {
        StatusCode::from_u16(self.refusal.load(Ordering::Acquire)).ok()
    }

    /// Counts a request until the value is dropped; while one is in flight, silence is not idleness.
    #[must_use]
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// Whether a request is in flight.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) > 0
    }
}

/// A request in flight.
#[derive(Debug)]
pub struct Busy(Arc<Connection>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
