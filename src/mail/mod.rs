//! Plain text mail by SMTP (RFC 5321), sent in the background.
//!
//! 1. [`Mailer::send`] and [`Mailer::send_in_turn`] put a letter into a queue with a bound, and answer at once: no request
//!    ever waits for a mail server. There are two queues, so that somebody who waits for a code does not wait behind
//!    thousands of notices.
//! 2. Behind each a few letters at a time are brought to the server (`delivery`), each within a bound, and again after a
//!    pause when the server asks for that. How letters are written is in `letter`.
//! 3. [`Mailer::finish`] lets the queues run empty when the server stops.
//!
//! Neither subjects nor texts are ever logged: a letter may hold a code.

mod delivery;
mod letter;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

use crate::config::Mail;
use crate::model::{Clock, EmailAddress};
use delivery::{GivenUp, Pace, Queued};
use letter::Letters;

/// Letters that somebody waits for. A code is old after ten minutes, so there are few attempts.
const URGENT: Pace =
    Pace { most: 200, at_a_time: 4, pauses: &[Duration::from_secs(2), Duration::from_secs(15)] };
/// Letters that may take a while: more than one paste of addresses can name.
const IN_TURN: Pace = Pace {
    most: 6000,
    at_a_time: 2,
    pauses: &[
        Duration::from_secs(5),
        Duration::from_mins(1),
        Duration::from_mins(10),
        Duration::from_hours(1),
    ],
};

/// What stops the start.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Certificates cannot be checked.
    #[error("mail: TLS to `{server}` cannot be prepared: {reason}")]
    Tls {
        /// The mail server.
        server: String,
        /// Why.
        reason: String,
    },
    /// The authorities that were named cannot be used.
    #[error("mail: `ca_file` {} cannot be used: {reason}", file.display())]
    Authorities {
        /// Their file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The sender is nobody's address.
    #[error(
        "mail: `from` is `{0}`, which no mail can be from; write an address such as `no-reply@example.org`"
    )]
    From(EmailAddress),
}

/// A letter that is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsent {
    /// The queue is full: the mail server does not keep up.
    #[error("{0} letters are waiting for the mail server")]
    Full(u32),
    /// No letter can be written to this address.
    #[error("no letter can be written to this address")]
    Address,
}

/// Sends mail. Clones share the queues.
#[derive(Clone)]
pub struct Mailer {
    letters: Arc<Letters>,
    urgent: Lane,
    in_turn: Lane,
}

/// One of the queues.
#[derive(Clone)]
struct Lane {
    most: u32,
    places: Arc<Semaphore>,
    queue: mpsc::UnboundedSender<Queued>,
}

impl Mailer {
    /// Prepares to send by the server in `mail`; asks nothing of it yet. Must be called within a runtime, on which the
    /// letters are sent.
    pub fn open(mail: &Mail, clock: Clock) -> Result<Self, MailError> {
        let transport = delivery::transport(mail)?;
        let letters = Arc::new(Letters::from(&mail.from, clock)?);
        let lane = |pace: Pace| {
            // The places bound it.
            let (queue, waiting) = mpsc::unbounded_channel();
            tokio::spawn(delivery::deliver_all(waiting, queue.downgrade(), pace, transport.clone()));
            Lane { most: pace.most, places: Arc::new(Semaphore::new(pace.most as usize)), queue }
        };
        Ok(Self { letters, urgent: lane(URGENT), in_turn: lane(IN_TURN) })
    }

    /// Queues a letter of plain text that somebody waits for; it is on its way when this has answered, or never will be.
    pub fn send(&self, to: &EmailAddress, subject: &str, text: &str) -> Result<(), Unsent> {
        self.queue(&self.urgent, to, subject, text, Box::new(|_| {}))
    }

    /// Queues a letter that may take a while. `given_up` is called when it is given up later, with the number that the mail
    /// server answered last (RFC 5321, section 4.2), where it answered.
    pub fn send_in_turn(
        &self,
        to: &EmailAddress,
        subject: &str,
        text: &str,
        given_up: impl FnOnce(Option<u16>) + Send + 'static,
    ) -> Result<(), Unsent> {
        self.queue(&self.in_turn, to, subject, text, Box::new(given_up))
    }

    fn queue(
        &self,
        lane: &Lane,
        to: &EmailAddress,
        subject: &str,
        text: &str,
        given_up: GivenUp,
    ) -> Result<(), Unsent> {
        let full = Unsent::Full(lane.most);
        let place = Arc::clone(&lane.places).try_acquire_owned().map_err(|_| full)?;
        let message = self.letters.write(to, subject, text).ok_or(Unsent::Address)?;
        lane.queue.send(Queued::new(&message, to, given_up, place)).map_err(|_| full)
    }

    /// Waits until every letter is delivered or given up, for `wait` at most.
    pub async fn finish(&self, wait: Duration) {
        let lanes = [&self.urgent, &self.in_turn];
        let all = async {
            for lane in lanes {
                let _every_place = lane.places.acquire_many(lane.most).await;
            }
        };
        if tokio::time::timeout(wait, all).await.is_err() {
            let left: usize =
                lanes.iter().map(|lane| lane.most as usize - lane.places.available_permits()).sum();
            tracing::warn!(left, "letters are lost: the mail server takes too long");
        }
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer")
            .field("urgent", &self.urgent.places.available_permits())
            .field("in_turn", &self.in_turn.places.available_permits())
            .finish_non_exhaustive()
    }
}
