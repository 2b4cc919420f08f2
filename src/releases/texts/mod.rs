//! What apps say, for search.
//!
//! 1. [`extract`] knows which files of a release are pages, and reads one: [`html`] (with [`elements`]),
//!    [`markdown`] and notebooks, plain text ([`decode`]) and [`pdf`], each into an [`outline`] that cannot grow
//!    beyond its bounds.
//! 2. [`take`] reads all pages of a release, a few at a time, and reuses what an earlier release's text has.
//! 3. [`stored`] is how that lies beside the release's manifest. It is written before the pointer moves; where it
//!    is missing, whoever needs it takes it then. Nothing here ever fails a publishing.
//! 4. [`follow`]: what a replica's index must add and remove, as releases come and go.

mod decode;
mod elements;
mod extract;
mod follow;
mod html;
mod markdown;
mod outline;
mod pdf;
mod stored;
mod take;

#[cfg(test)]
mod tests;

pub use follow::{TextChange, Texts};
pub use pdf::{PdfReader, child as read_pdf};

use std::collections::HashSet;

use tokio::sync::Semaphore;

use crate::model::ReleaseId;

/// How much of files may be held at a time to read them, in MiB.
const MEBIBYTES: u32 = 64;
/// How many PDFs are read at a time.
const PDFS: usize = 2;

/// What taking texts shares in a server.
#[derive(Debug)]
pub(super) struct Taking {
    /// In MiB: the memory that files may take while they are read.
    memory: Semaphore,
    pdfs: Semaphore,
    /// The releases whose text is being taken here.
    under_way: std::sync::Mutex<HashSet<ReleaseId>>,
    reader: std::sync::OnceLock<PdfReader>,
}

impl Default for Taking {
    fn default() -> Self {
        Self {
            memory: Semaphore::new(MEBIBYTES as usize),
            pdfs: Semaphore::new(PDFS),
            under_way: std::sync::Mutex::default(),
            reader: std::sync::OnceLock::new(),
        }
    }
}

impl Taking {
    fn releases_under_way(&self) -> std::sync::MutexGuard<'_, HashSet<ReleaseId>> {
        self.under_way.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
