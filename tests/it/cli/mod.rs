//! The commands, as the real binary, against a small API that keeps what it is told.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by failing")]

mod login;
mod publish;
mod serve;
mod share;
mod terminal;

mod double;

use double::Api;
use terminal::Terminal;
