//! Bringing letters to the mail server: a few at a time, each within a bound, and again after a pause.

use std::time::Duration;

use futures_util::StreamExt as _;
use lettre::address::Envelope;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::MailError;
use crate::config::{Mail, MailSecurity};
use crate::model::EmailAddress;

/// How long the server may take over one step, and over a whole letter.
const STEP: Duration = Duration::from_secs(10);
const WHOLE: Duration = Duration::from_secs(30);

/// How fast a queue empties.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// The most letters that wait or are on their way.
    pub(super) most: u32,
    /// How many are on their way at a time.
    pub(super) at_a_time: usize,
    /// How long to wait before each further attempt.
    pub(super) pauses: &'static [Duration],
}

/// Called when a letter is given up.
pub(super) type GivenUp = Box<dyn FnOnce(Option<u16>) + Send>;
pub(super) type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// A letter, and its place in the queue until it is delivered or given up.
pub(super) struct Queued {
    envelope: Envelope,
    bytes: Vec<u8>,
    to: EmailAddress,
    /// How often it was tried.
    tried: usize,
    given_up: GivenUp,
    _place: OwnedSemaphorePermit,
}

impl Queued {
    pub(super) fn new(
        message: &Message,
        to: &EmailAddress,
        given_up: GivenUp,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let (envelope, bytes) = (message.envelope().clone(), message.formatted());
        Self { envelope, bytes, to: to.clone(), tried: 0, given_up, _place: place }
    }
}

/// How the server in `mail` is spoken to.
pub(super) fn transport(mail: &Mail) -> Result<Transport, MailError> {
    // An IPv6 address stands in brackets where it is written, and without where it is connected to.
    let host = mail.server.trim_start_matches('[').trim_end_matches(']');
    let security = match mail.security {
        MailSecurity::StartTls => Tls::Required(tls(mail, host)?),
        MailSecurity::Tls => Tls::Wrapper(tls(mail, host)?),
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

fn tls(mail: &Mail, host: &str) -> Result<TlsParameters, MailError> {
    let mut parameters = TlsParameters::builder(host.to_owned());
    if let Some(file) = &mail.ca_file {
        let unusable = |reason: String| MailError::Authorities { file: file.clone(), reason };
        let pem = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
        if !pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
            return Err(unusable("it holds no certificate; write them in PEM".to_owned()));
        }
        let authorities = Certificate::from_pem(&pem).map_err(|error| unusable(error.to_string()))?;
        parameters = parameters.add_root_certificate(authorities);
    }
    parameters
        .build()
        .map_err(|error| MailError::Tls { server: mail.server.clone(), reason: error.to_string() })
}

/// How a certificate in PEM begins (RFC 7468, section 5.1).
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Delivers what is queued until the last mailer is gone. What is to be tried again goes to the end of the queue.
pub(super) async fn deliver_all(
    waiting: mpsc::UnboundedReceiver<Queued>,
    queue: mpsc::WeakUnboundedSender<Queued>,
    pace: Pace,
    transport: Transport,
) {
    let waiting = futures_util::stream::unfold(waiting, async |mut waiting| {
        let next = waiting.recv().await?;
        Some((next, waiting))
    });
    let (queue, transport) = (&queue, &transport);
    waiting.for_each_concurrent(pace.at_a_time, |queued| attempt(queued, queue, pace, transport)).await;
}

/// One attempt. Where the server may take the letter later, it is queued again after a pause, in which others go ahead.
async fn attempt(
    mut queued: Queued,
    queue: &mpsc::WeakUnboundedSender<Queued>,
    pace: Pace,
    transport: &Transport,
) {
    let to = &queued.to;
    // What the server says may quote the letter, so only its number is logged.
    let attempt = tokio::time::timeout(WHOLE, transport.send_raw(&queued.envelope, &queued.bytes)).await;
    let (number, final_no) = match attempt {
        Ok(Ok(_)) => {
            tracing::debug!(%to, "a letter was sent");
            return;
        }
        Ok(Err(error)) => {
            // What it lacks altogether, such as TLS that is believed, it will not have in a few seconds.
            let final_no = error.is_permanent() || error.is_client() || error.is_tls();
            (error.status().map(u16::from), final_no)
        }
        Err(_) => (None, false),
    };
    let Some(pause) = pace.pauses.get(queued.tried).filter(|_| !final_no) else {
        tracing::error!(%to, status = number, "a letter could not be sent; check [mail] and the mail server");
        (queued.given_up)(number);
        return;
    };
    tracing::warn!(%to, status = number, "the mail server does not take a letter; it is tried again");
    queued.tried += 1;
    let queue = queue.clone();
    tokio::spawn(async move {
        tokio::time::sleep(*pause).await;
        if let Some(queue) = queue.upgrade() {
            let _gone_with_the_mailer = queue.send(queued);
        }
    });
}
