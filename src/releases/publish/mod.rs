//! Publishing: verify → blobs → manifest → move the pointer, last.
//!
//! 1. [`mod@check`]: what is announced is within the rules and the limits, or the error says which one is broken.
//! 2. [`begin`]: a new release is written down as pending; the answer names the blobs that no release of this
//!    app holds, whatever other apps hold: a digest alone gives nobody a file.
//! 3. [`mod@receive`]: each blob is hashed as it streams in and stored; [`arrivals`] are written down for this release.
//! 4. [`finish`]: when every blob is there, the manifest and the text for search are written; then the
//!    pointer moves.

mod arrivals;
mod begin;
mod check;
mod finish;
mod receive;

pub(super) use arrivals::Arrivals;
pub use begin::{Announced, Begun};
pub use check::{InvalidRelease, LONGEST_TITLE};
pub(super) use check::{check, check_text, check_title};
pub(super) use receive::{Unfit, receive};
