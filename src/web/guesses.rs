//! How often what could be guessed, or could fill the bucket, may be tried. Each server counts for itself, in tables with a bound.

use std::time::Duration;

use crate::access::Rate;

/// The counts, by address or by the network that a request came from.
#[derive(Debug)]
pub struct Guesses {
    /// Codes asked for an address: whoever has it can be sent so many, and so many can be guessed at.
    pub(super) asked_for: Rate,
    /// Codes asked for from a network.
    pub(super) asked_from: Rate,
    /// Codes typed in a network.
    pub(super) typed_from: Rate,
    /// Answers of providers, from a network, that belong to no sign-in.
    pub(super) strays_from: Rate,
    /// Commands that begin to wait, from a network.
    pub(super) waiting_from: Rate,
    /// Codes of commands that one person types.
    pub(super) typed_by: Rate,
    /// Questions of one command that waits.
    pub(super) asked_by: Rate,
}

impl Default for Guesses {
    fn default() -> Self {
        Self {
            asked_for: Rate::new(5, Duration::from_hours(1)),
            asked_from: Rate::new(30, Duration::from_secs(20)),
            typed_from: Rate::new(60, Duration::from_secs(10)),
            strays_from: Rate::new(60, Duration::from_secs(10)),
            waiting_from: Rate::new(30, Duration::from_secs(20)),
            typed_by: Rate::new(10, Duration::from_mins(1)),
            // A second less than commands are told to wait, since the network makes some of them early.
            asked_by: Rate::new(1, Duration::from_secs(4)),
        }
    }
}
