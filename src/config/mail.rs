//! `[mail]`: the server that sends our mail.

use std::path::PathBuf;

use url::Host;

use super::Secret;
use super::value::{InvalidValue, is_loopback};
use crate::model::EmailAddress;

/// The longest name of a sender, in characters.
const LONGEST_NAME: usize = 100;

/// The SMTP server that takes our mail, and who it is from.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its host.
    pub server: String,
    /// Its port.
    pub port: u16,
    /// How the conversation is protected.
    pub security: MailSecurity,
    /// Who we are there; without, it must take our mail from anybody.
    pub login: Option<(String, Secret)>,
    /// A file of certificates in PEM (RFC 7468): authorities that are believed beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Who the mail is from.
    pub from: Sender,
}

/// How a conversation with a mail server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailSecurity {
    /// It begins in the clear and must turn to TLS before anything is said (RFC 3207).
    #[default]
    StartTls,
    /// TLS from the first byte (RFC 8314, section 3.3).
    Tls,
    /// Not at all: for a server on this machine.
    None,
}

/// Who mail is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The name that people see.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

/// `[mail]` in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct MailDraft {
    pub server: Option<String>,
    pub port: Option<u16>,
    pub security: Option<MailSecurity>,
    pub user: Option<String>,
    pub password: Option<Secret>,
    pub ca_file: Option<PathBuf>,
    pub from: Option<Sender>,
}

impl MailDraft {
    /// The server, when it and the sender were given.
    pub(super) fn finish(self) -> Option<Mail> {
        let security = self.security.unwrap_or_default();
        let usual = match security {
            MailSecurity::StartTls => 587,
            MailSecurity::Tls => 465,
            MailSecurity::None => 25,
        };
        Some(Mail {
            server: self.server?,
            port: self.port.unwrap_or(usual),
            security,
            login: self.user.zip(self.password),
            ca_file: self.ca_file,
            from: self.from?,
        })
    }

    /// Whether what is said may be read on the way.
    pub(super) fn is_exposed(&self) -> bool {
        let home =
            |server: &String| url::Url::parse(&format!("http://{server}")).is_ok_and(|url| is_loopback(&url));
        self.security == Some(MailSecurity::None) && !self.server.as_ref().is_some_and(home)
    }
}

/// Reads the host of a mail server.
pub(super) fn parse_mail_server(given: &str) -> Result<String, InvalidValue> {
    let fix = "a host's name alone, such as `smtp.example.org`, and the port as `port`";
    let refuse = || InvalidValue::new(given, "a mail server", fix);
    match Host::parse(given).map_err(|_| refuse())? {
        Host::Domain(domain) if !domain.ends_with('.') => Ok(domain),
        Host::Domain(_) => Err(refuse()),
        address => Ok(address.to_string()),
    }
}

/// Reads a port.
pub(super) fn parse_port(given: &str) -> Result<u16, InvalidValue> {
    let port = given.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| InvalidValue::new(given, "a port", "a whole number between 1 and 65535"))
}

/// Reads how the conversation is protected.
pub(super) fn parse_mail_security(given: &str) -> Result<MailSecurity, InvalidValue> {
    match given {
        "starttls" => Ok(MailSecurity::StartTls),
        "tls" => Ok(MailSecurity::Tls),
        "none" => Ok(MailSecurity::None),
        _ => Err(InvalidValue::new(given, "a kind of protection", "`starttls`, `tls` or `none`")),
    }
}

/// Reads a sender: an address, or `Name <address>`.
pub(super) fn parse_sender(given: &str) -> Result<Sender, InvalidValue> {
    let fix = "an address, or a name and an address, such as `Guidance <no-reply@example.org>`";
    let refuse = || InvalidValue::new(given, "a sender", fix);
    let (name, address) = match given.trim().strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"').to_owned()), address),
        None => (None, given),
    };
    let plain = |name: &String| {
        name.chars().count() <= LONGEST_NAME && !name.chars().any(|c| c.is_control() || "<>\"".contains(c))
    };
    if !name.iter().all(plain) {
        return Err(refuse());
    }
    let address = address.parse().map_err(|_| refuse())?;
    Ok(Sender { name: name.filter(|name| !name.is_empty()), address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_an_address_and_perhaps_a_name() {
        let read = |given| parse_sender(given).map(|from| (from.name, from.address.to_string()));
        let address = || "no-reply@example.org".to_owned();
        assert_eq!(read("no-reply@example.org").unwrap(), (None, address()));
        assert_eq!(read("Guidance <no-reply@example.org>").unwrap(), (Some("Guidance".into()), address()));
        assert_eq!(read("\"A, B\" <no-reply@example.org>").unwrap(), (Some("A, B".into()), address()));
        assert_eq!(read("<no-reply@example.org>").unwrap(), (None, address()));
        for bad in ["", "Guidance", "Guidance <>", "a\r\nBcc: x <a@b.org>", "<a@b.org> <c@d.org>"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_a_server_on_this_machine_may_go_without_protection() {
        let exposed = |server: &str| {
            let draft = MailDraft {
                server: Some(parse_mail_server(server).unwrap()),
                security: Some(MailSecurity::None),
                ..MailDraft::default()
            };
            draft.is_exposed()
        };
        assert!(!exposed("127.0.0.1") && !exposed("localhost") && !exposed("[::1]"));
        assert!(exposed("smtp.example.org") && exposed("10.0.0.1") && exposed("localhost.example.org"));
        for bad in ["", "smtp://example.org", "smtp.example.org:25", "a b", "example.org."] {
            assert!(parse_mail_server(bad).is_err(), "{bad}");
        }
    }
}
