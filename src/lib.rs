//! Loggia: guides and apps from one binary and one bucket.
//!
//! The rooms of the house, in the order data visits them:
//!
//! 1. *content → guides → search → theme → web*: Markdown becomes a [`guides::Library`], the library
//!    an index, and both become pages.
//! 2. *publisher → releases → storage → catalog → access → web*: a folder becomes an immutable release,
//!    a pointer moves, and whoever [`access`] permits may open it.
//!
//! Who may import whom is a table in `ARCHITECTURE.md`; `tests/it/tidy/` reads the `crate::` paths and
//! checks it.

// The nouns: pure values without I/O.
pub mod model;

// Configuration: read once, checked once.
pub mod config;

// Bytes in, bytes out: five verbs over a bucket, a folder or memory.
pub mod storage;

// Markdown in, a [`guides::Library`] out.
pub mod guides;

// A library in, an index and its hits out.
pub mod search;

// Apps and their releases: publishing, the catalog, blobs.
pub mod releases;

// Who is asking, and what they may open.
pub mod access;

// Plain text mail, sent in the background.
pub mod mail;

// Templates, styles and scripts: one method a template, one typed view a page.
pub mod theme;

// HTTP in, HTTP out.
pub mod web;

// Listeners, TLS, limits and the graceful stop.
pub mod serve;

// One file a command.
pub mod cli;
