//! Between the socket and hyper: bounds in size and time, and framing that is checked before it is parsed.
//!
//! A head that must be refused is replaced by a harmless one, and the connection is marked: the pipeline answers
//! the mark ([`Connection::refusal`]) in order, after the answers that are owed already, and the connection
//! closes. A violation inside a body becomes a read error, which the pipeline answers with 400.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use http::StatusCode;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::framing::{Framing, Violation};
use crate::config::Limits;
use crate::web::Connection;

/// What takes the place of a head that is refused; never seen by anybody but the pipeline.
const REPLACEMENT: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// After a refusal: how much, and for how long, a client may go on sending so that it reads the answer rather
/// than a reset.
const LINGER_BYTES: usize = 4 << 20;
const LINGER_TIME: Duration = Duration::from_secs(1);

/// The status that answers a violation.
fn status_of(violation: Violation) -> StatusCode {
    match violation {
        Violation::Malformed => StatusCode::BAD_REQUEST,
        Violation::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        Violation::HeadTooSlow => StatusCode::REQUEST_TIMEOUT,
    }
}

pin_project! {
    /// A socket whose requests are bounded and well framed.
    pub(super) struct Guard<S> {
        #[pin]
        io: S,
        #[pin]
        alarm: Sleep,
        #[pin]
        write_alarm: Sleep,
        connection: Arc<Connection>,
        framing: Framing,
        // Bytes from the client; the first `released` of them are checked and may be passed on.
        held: BytesMut,
        released: usize,
        // When the head that is arriving began.
        head_since: Option<Instant>,
        last_read: Instant,
        // Whether writing has stopped making progress; the write alarm is set then.
        blocked: bool,
        refused: bool,
        idle: bool,
        lingered: usize,
        linger_until: Option<Instant>,
        head_timeout: Duration,
        idle_timeout: Duration,
    }
}

impl<S> Guard<S> {
    pub(super) fn new(io: S, connection: Arc<Connection>, limits: &Limits) -> Self {
        let now = Instant::now();
        Self {
            io,
            alarm: sleep_until(now + limits.idle_timeout.min(limits.head_timeout)),
            write_alarm: sleep_until(now + limits.idle_timeout),
            connection,
            framing: Framing::new(limits.head_bytes),
            held: BytesMut::new(),
            released: 0,
            head_since: None,
            last_read: now,
            blocked: false,
            refused: false,
            idle: false,
            lingered: 0,
            linger_until: None,
            head_timeout: limits.head_timeout,
            idle_timeout: limits.idle_timeout,
        }
    }
}

impl<S: AsyncRead> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let this = self.as_mut().project();
            if *this.released > 0 {
                let passed = (*this.released).min(out.remaining());
                out.put_slice(&this.held[..passed]);
                this.held.advance(passed);
                *this.released -= passed;
                return Poll::Ready(Ok(()));
            }
            if *this.refused {
                // The answer to the refusal closes the connection; nothing more is read.
                return Poll::Pending;
            }
            match poll_fill(this.io, cx, this.held) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(_)) => {
                    *this.last_read = Instant::now();
                    self.as_mut().check()?;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => ready!(self.as_mut().poll_alarm(cx))?,
            }
            if self.idle {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S> Guard<S> {
    /// Checks what has just arrived.
    fn check(self: Pin<&mut Self>) -> io::Result<()> {
        let mut this = self.project();
        let inside_body = !this.framing.between_requests();
        match this.framing.accept(&this.held[*this.released..]) {
            Ok(passed) => {
                *this.released += passed;
                let partial = this.framing.between_requests() && this.held.len() > *this.released;
                if !partial {
                    *this.head_since = None;
                } else if this.head_since.is_none() || passed > 0 {
                    *this.head_since = Some(*this.last_read);
                    this.alarm.as_mut().reset(*this.last_read + *this.head_timeout);
                }
                Ok(())
            }
            Err(violation) => {
                this.connection.refuse(status_of(violation));
                *this.refused = true;
                if inside_body {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "the body is malformed"));
                }
                replace_head(this.held, this.released);
                Ok(())
            }
        }
    }

    /// Ends what is late: a head with 408, a silent body with an error, an idle connection with its end.
    fn poll_alarm(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut this = self.as_mut().project();
            ready!(this.alarm.as_mut().poll(cx));
            let now = Instant::now();
            let due = match this.head_since {
                Some(since) => *since + *this.head_timeout,
                None => *this.last_read + *this.idle_timeout,
            };
            if now < due {
                this.alarm.reset(due.min(now + *this.head_timeout));
                continue;
            }
            if this.head_since.is_some() {
                this.connection.refuse(status_of(Violation::HeadTooSlow));
                *this.refused = true;
                replace_head(this.held, this.released);
                return Poll::Ready(Ok(()));
            }
            let expected = !this.framing.between_requests() && !this.framing.is_http2();
            if expected {
                let silent = io::Error::new(io::ErrorKind::TimedOut, "the client stopped sending");
                return Poll::Ready(Err(silent));
            }
            if !this.connection.is_busy() {
                *this.idle = true;
                return Poll::Ready(Ok(()));
            }
            *this.last_read = now;
        }
    }
}

fn replace_head(held: &mut BytesMut, released: &mut usize) {
    held.truncate(*released);
    held.extend_from_slice(REPLACEMENT);
    *released = held.len();
}

/// Reads what there is behind what is held, without clearing the room for it first.
fn poll_fill<S: AsyncRead>(
    io: Pin<&mut S>,
    cx: &mut Context<'_>,
    held: &mut BytesMut,
) -> Poll<io::Result<usize>> {
    held.reserve(8 << 10);
    tokio_util::io::poll_read_buf(io, cx, held)
}

impl<S: AsyncRead + AsyncWrite> Guard<S> {
    /// Fails a write that has made no progress for the idle time.
    fn poll_blocked<T>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut this = self.project();
        if polled.is_ready() {
            *this.blocked = false;
            return polled;
        }
        if !*this.blocked {
            *this.blocked = true;
            this.write_alarm.as_mut().reset(Instant::now() + *this.idle_timeout);
        }
        ready!(this.write_alarm.poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client stopped reading")))
    }
}

impl<S: AsyncRead + AsyncWrite> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = self.as_mut().project().io.poll_write(cx, bytes);
        self.poll_blocked(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let io = self.as_mut().project().io;
        let polled = match slices {
            // A head without a body: a plain write takes the kernel less time than a vector of one.
            [only] => io.poll_write(cx, only),
            _ => io.poll_write_vectored(cx, slices),
        };
        self.poll_blocked(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.as_mut().project().io.poll_flush(cx);
        self.poll_blocked(cx, polled)
    }

    /// Closes our side; after a refusal it reads on for a moment, so that the answer is not lost in a reset
    /// (RFC 9112, section 9.6).
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut this = self.project();
        if this.linger_until.is_none() {
            ready!(this.io.as_mut().poll_shutdown(cx))?;
            let owed = *this.refused || !this.framing.between_requests();
            if !owed || this.framing.is_http2() {
                return Poll::Ready(Ok(()));
            }
            let until = Instant::now() + LINGER_TIME;
            *this.linger_until = Some(until);
            this.alarm.as_mut().reset(until);
        }
        loop {
            this.held.clear();
            match poll_fill(this.io.as_mut(), cx, this.held) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(read)) => {
                    *this.lingered += read;
                    if *this.lingered > LINGER_BYTES {
                        return Poll::Ready(Ok(()));
                    }
                }
                Poll::Pending => {
                    ready!(this.alarm.as_mut().poll(cx));
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}
