//! How a letter is written (RFC 5322).

use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use ulid::Ulid;

use super::MailError;
use crate::config::Sender;
use crate::model::{Clock, EmailAddress, Entropy};

/// Writes letters from one sender.
pub(super) struct Letters {
    from: Mailbox,
    domain: String,
    clock: Clock,
    entropy: Entropy,
}

impl Letters {
    pub(super) fn from(from: &Sender, clock: Clock) -> Result<Self, MailError> {
        let address = address(&from.address).ok_or_else(|| MailError::From(from.address.clone()))?;
        Ok(Self {
            from: Mailbox::new(from.name.clone(), address),
            domain: from.address.domain().to_owned(),
            clock,
            entropy: Entropy::system(),
        })
    }

    /// A letter of plain text; `None` when none can be written to this address.
    pub(super) fn write(&self, to: &EmailAddress, subject: &str, text: &str) -> Option<Message> {
        let now = self.clock.now();
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let id = Ulid::from_parts(seconds * 1000, u128::from_le_bytes(self.entropy.bytes()));
        // A line of a header ends nothing but itself.
        let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address(to)?))
            .subject(subject)
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{}@{}>", id.to_string().to_lowercase(), self.domain)))
            // No machine answers a machine (RFC 3834, section 5).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            // What Exchange minds in its stead (MS-OXCMAIL, section 2.1.3.2.4).
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"),
                "All".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned())
            .ok()
    }
}

fn address(address: &EmailAddress) -> Option<Address> {
    address.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(subject: &str, text: &str) -> String {
        let clock = Clock::fixed("2026-11-24T10:00:00Z".parse().unwrap());
        let from = Sender { name: Some("Guidance".into()), address: "no-reply@example.org".parse().unwrap() };
        let letters = Letters::from(&from, clock).unwrap();
        let letter = letters.write(&"ann@example.net".parse().unwrap(), subject, text).unwrap();
        String::from_utf8(letter.formatted()).unwrap()
    }

    #[test]
    fn a_letter_is_plain_text_that_no_machine_answers() {
        let letter = letter("Your code", "It is\n\n123456\n");
        for line in [
            "From: Guidance <no-reply@example.org>\r\n",
            "To: ann@example.net\r\n",
            "Subject: Your code\r\n",
            "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "X-Auto-Response-Suppress: All\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "@example.org>\r\n",
            "\r\n\r\nIt is\r\n\r\n123456\r\n",
        ] {
            assert!(letter.contains(line), "{line:?} in:\n{letter}");
        }
    }

    #[test]
    fn nothing_in_a_subject_becomes_a_header() {
        let letter = letter("Hello\r\nBcc: eve@evil.org\r\n\r\nAnd more", "x");
        assert!(!letter.contains("\r\nBcc"), "{letter}");
        assert!(letter.contains("Hello  Bcc: eve@evil.org"), "{letter}");
    }

    #[test]
    fn other_letters_than_ascii_arrive() {
        let letter = letter("Eich côd", "Dyma'r côd\n");
        assert!(letter.contains("Subject: Eich =?utf-8?b?Y8O0ZA==?="), "{letter}");
    }
}
