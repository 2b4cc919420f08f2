//! The commands, as the real binary, against a small API that keeps what it is told.

mod login;
mod publish;
mod serve;
mod share;
mod terminal;
mod trust;

mod double;

use double::Api;
use terminal::Terminal;
