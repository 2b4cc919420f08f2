//! Plain text mail by SMTP (RFC 5321), sent in the background.
//!
//! 1. [`Mailer::send`] puts a letter into a queue with a bound, and answers at once: no request ever waits for a mail
//!    server.
//! 2. Behind it a few letters at a time are written (`letter`) and brought to the server, each within a bound, and again
//!    after a pause when the server asks for that.
//! 3. [`Mailer::finish`] lets the queue run empty when the server stops.
//!
//! Neither subjects nor texts are ever logged: a letter may hold a code.

mod letter;

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::config::{Mail, MailSecurity};
use crate::model::{Clock, EmailAddress};
use letter::Letters;

/// The most letters that wait or are on their way.
const QUEUE: u32 = 200;
/// How many are on their way at a time.
const AT_A_TIME: usize = 4;
/// How long the server may take over one step, and over a whole letter.
const STEP: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(30);
/// How long to wait before each further attempt. A code is old after ten minutes, so there are few.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(15)];

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
    #[error("{QUEUE} letters are waiting for the mail server")]
    Full,
    /// No letter can be written to this address.
    #[error("no letter can be written to this address")]
    Address,
}

/// Sends mail. Clones share one queue.
#[derive(Clone)]
pub struct Mailer {
    letters: Arc<Letters>,
    places: Arc<Semaphore>,
    queue: mpsc::UnboundedSender<Queued>,
}

/// A letter, and its place in the queue until it is delivered or given up.
struct Queued {
    message: Message,
    to: EmailAddress,
    place: OwnedSemaphorePermit,
}

type Transport = AsyncSmtpTransport<Tokio1Executor>;

impl Mailer {
    /// Prepares to send by the server in `mail`; asks nothing of it yet. Must be called within a runtime, on which the
    /// letters are sent.
    pub fn open(mail: &Mail, clock: Clock) -> Result<Self, MailError> {
        let transport = transport(mail)?;
        let letters = Arc::new(Letters::from(&mail.from, clock)?);
        // The places bound it.
        let (queue, waiting) = mpsc::unbounded_channel();
        tokio::spawn(deliver_all(waiting, transport));
        Ok(Self { letters, places: Arc::new(Semaphore::new(QUEUE as usize)), queue })
    }

    /// Queues a letter of plain text; it is on its way when this has answered, or never will be.
    pub fn send(&self, to: &EmailAddress, subject: &str, text: &str) -> Result<(), Unsent> {
        let message = self.letters.write(to, subject, text).ok_or(Unsent::Address)?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Unsent::Full)?;
        self.queue.send(Queued { message, to: to.clone(), place }).map_err(|_| Unsent::Full)
    }

    /// Waits until every letter is delivered or given up, for `wait` at most.
    pub async fn finish(&self, wait: Duration) {
        if tokio::time::timeout(wait, self.places.acquire_many(QUEUE)).await.is_err() {
            let left = QUEUE as usize - self.places.available_permits();
            tracing::warn!(left, "letters are lost: the mail server takes too long");
        }
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("places", &self.places.available_permits()).finish_non_exhaustive()
    }
}

fn transport(mail: &Mail) -> Result<Transport, MailError> {
    // An IPv6 address stands in brackets where it is written, and without where it is connected to.
    let host = mail.server.trim_start_matches('[').trim_end_matches(']');
    let tls = || {
        TlsParameters::new(host.to_owned())
            .map_err(|error| MailError::Tls { server: mail.server.clone(), reason: error.to_string() })
    };
    let security = match mail.security {
        MailSecurity::StartTls => Tls::Required(tls()?),
        MailSecurity::Tls => Tls::Wrapper(tls()?),
        MailSecurity::None => Tls::None,
    };
    let mut builder = Transport::builder_dangerous(host)
        .port(mail.port)
        .tls(security)
        .timeout(Some(STEP))
        .hello_name(ClientId::Domain(mail.from.address.domain().to_owned()));
    if let Some((user, password)) = &mail.login {
        builder = builder.credentials(Credentials::new(user.clone(), password.reveal().to_owned()));
    }
    Ok(builder.build())
}

/// Delivers what is queued until the last mailer is gone.
async fn deliver_all(waiting: mpsc::UnboundedReceiver<Queued>, transport: Transport) {
    let waiting = futures_util::stream::unfold(waiting, async |mut waiting| {
        let next = waiting.recv().await?;
        Some((next, waiting))
    });
    let transport = &transport;
    waiting.for_each_concurrent(AT_A_TIME, |queued| deliver(queued, transport)).await;
}

/// One letter, with further attempts where the server may take it later.
async fn deliver(queued: Queued, transport: &Transport) {
    let Queued { message, to, place } = queued;
    let (envelope, bytes) = (message.envelope(), message.formatted());
    let mut pauses = PAUSES.into_iter();
    loop {
        let attempt = tokio::time::timeout(WHOLE, transport.send_raw(envelope, &bytes)).await;
        // What the server says may quote the letter, so only its number is logged.
        let (number, final_no) = match attempt {
            Ok(Ok(_)) => {
                tracing::debug!(%to, "a letter was sent");
                break;
            }
            // What it lacks altogether, such as TLS, it will not have in a few seconds.
            Ok(Err(error)) => (error.status().map(u16::from), error.is_permanent() || error.is_client()),
            Err(_) => (None, false),
        };
        let pause = pauses.next().filter(|_| !final_no);
        let Some(pause) = pause else {
            tracing::error!(%to, status = number, "a letter could not be sent; check [mail] and the mail server");
            break;
        };
        tracing::warn!(%to, status = number, "the mail server does not take a letter; it is tried again");
        tokio::time::sleep(pause).await;
    }
    drop(place);
}
