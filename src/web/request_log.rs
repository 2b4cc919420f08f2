//! A line for every request, written in blocks so that no request waits for the disk.
//!
//! A line is the time, the client's address, method, host and path, status, bytes and milliseconds, and the request's
//! id. Queries are left out: they can hold codes. Control characters in what a client sent are escaped.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio_util::sync::CancellationToken;

use super::context::Context;

/// How long a line may wait, and how much may wait before lines are written at once, in bytes.
const INTERVAL: Duration = Duration::from_millis(500);
const BLOCK: usize = 64 << 10;

/// How many threads write lines without waiting for one another; more share places.
const PLACES: usize = 16;

thread_local! {
    /// Where this thread's lines wait.
    static PLACE: usize = {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        NEXT.fetch_add(1, Ordering::Relaxed) % PLACES
    };
}

/// The lines that wait to be written to standard output. Those of one thread are in order.
#[derive(Clone, Debug, Default)]
pub struct RequestLog(Arc<[Mutex<Waiting>; PLACES]>);

/// What waits in one place; two do not share what a processor caches together.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Waiting {
    lines: String,
    /// A second since 1970, and how it is written: thousands of lines begin alike.
    second: Option<i64>,
    written: String,
}

/// An answer, as its line says it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answered {
    pub(super) took: Duration,
    pub(super) status: StatusCode,
    /// The size of its body in bytes, where that was known.
    pub(super) size: Option<u64>,
}

impl RequestLog {
    pub(super) fn write(&self, context: &Context, answered: Answered) {
        let mut waiting = self.0[PLACE.with(|place| *place)].lock().unwrap_or_else(PoisonError::into_inner);
        waiting.add(context, answered);
        if waiting.lines.len() >= BLOCK {
            let room = String::with_capacity(BLOCK + BLOCK / 8);
            let full = std::mem::replace(&mut waiting.lines, room);
            drop(waiting);
            print(&full);
        }
    }

    /// Writes what waits.
    pub fn flush(&self) {
        for place in self.0.iter() {
            let lines = std::mem::take(&mut place.lock().unwrap_or_else(PoisonError::into_inner).lines);
            print(&lines);
        }
    }

    /// Writes what waits twice a second, until `stop`, and then once more.
    pub async fn follow(&self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(INTERVAL) => {}
            }
            self.flush();
        }
    }
}

impl Waiting {
    fn add(&mut self, context: &Context, answered: Answered) {
        let Answered { took, status, size } = answered;
        let now = context.now.checked_add(took).unwrap_or(context.now);
        let second = now.as_second();
        if self.second != Some(second) {
            self.second = Some(second);
            format!("{now:.0}").trim_end_matches('Z').clone_into(&mut self.written);
        }
        let Context { id, method, from, .. } = context;
        let (status, micros) = (status.as_u16(), u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        let line = &mut self.lines;
        line.push_str(&self.written);
        // Writing to a string cannot fail.
        let _ = write!(line, ".{:03}Z {from} {method} ", now.subsec_millisecond());
        escape(line, &context.host());
        escape(line, context.path());
        let _ = match size {
            Some(size) => write!(line, " {status} {size}"),
            None => write!(line, " {status} -"),
        };
        let _ = writeln!(line, " {}.{:03} {id}", micros / 1000, micros % 1000);
    }
}

/// A log that cannot be written must not stop what it is about.
fn print(lines: &str) {
    if !lines.is_empty() {
        let _ = std::io::stdout().write_all(lines.as_bytes());
    }
}

fn escape(line: &mut String, text: &str) {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        line.push_str(text);
    } else {
        line.extend(text.chars().flat_map(char::escape_default));
    }
}
