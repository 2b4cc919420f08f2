//! A line for every request, written in blocks so that no request waits for the disk.
//!
//! A line is the time, the client's address, method, host and path, status, bytes and milliseconds, and the request's
//! id. Queries are left out: they can hold codes. Control characters in what a client sent are escaped.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::context::Context;

/// How long a line may wait, and how much may wait before lines are written at once, in bytes.
const INTERVAL: Duration = Duration::from_millis(500);
const BLOCK: usize = 64 << 10;

/// The lines that wait to be written to standard output.
#[derive(Clone, Debug, Default)]
pub struct RequestLog(Arc<Mutex<String>>);

impl RequestLog {
    pub(super) fn write(&self, context: &Context, now: Timestamp, status: StatusCode, size: Option<u64>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = &mut *waiting;
        let millis = context.begun.elapsed().as_secs_f64() * 1000.0;
        let Context { id, method, from, .. } = context;
        // Writing to a string cannot fail.
        let _ = write!(line, "{now:.3} {from} {method} ");
        escape(line, &context.host);
        escape(line, &context.path);
        let _ = match size {
            Some(size) => writeln!(line, " {} {size} {millis:.3} {id}", status.as_u16()),
            None => writeln!(line, " {} - {millis:.3} {id}", status.as_u16()),
        };
        if waiting.len() >= BLOCK {
            let full = std::mem::take(&mut *waiting);
            drop(waiting);
            print(&full);
        }
    }

    /// Writes what waits.
    pub fn flush(&self) {
        print(&std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner)));
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
