//! How far an upload is: a bar at a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, stderr};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use crate::cli::output::say;

/// How far an upload is.
#[derive(Clone, Debug)]
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// Begins to show an upload of `blobs` blobs with `bytes` bytes together.
    pub(super) fn begin(blobs: usize, bytes: u64) -> Self {
        if blobs == 0 {
            return Self(ProgressBar::hidden());
        }
        if !stderr().is_terminal() {
            say(format!("Uploading {} ({}).", super::counted(blobs), HumanBytes(bytes)));
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(bytes);
        let template = "Uploading {bar:30} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left";
        bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Self(bar)
    }

    /// Shows that `bytes` more bytes were sent.
    pub(super) fn sent(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// Takes `bytes` back: they will be sent again.
    pub(super) fn again(&self, bytes: u64) {
        self.0.dec(bytes);
    }

    /// Takes the bar away.
    pub(super) fn end(self) {
        self.0.finish_and_clear();
    }
}
