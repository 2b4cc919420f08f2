//! Which server, and as whom: what was named, else what was stored, else what development mode left here.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use clap::CommandFactory as _;
use clap::error::ErrorKind;
use jiff::Timestamp;
use url::Url;

use super::Cli;
use super::credentials::Credentials;
use crate::config::{self, DEVELOPMENT_DIR, Secret, is_loopback, keeps_secrets, parse_site};
use crate::model::Clock;

/// Where a development server is when it does not say.
const DEVELOPMENT_SERVER: &str = "http://localhost:8080/";

/// A server, and the token that opens it.
#[derive(Clone, Debug)]
pub(super) struct Access {
    /// The main host.
    pub server: Url,
    /// The bearer token.
    pub token: Secret,
}

/// What can be found without being named.
#[derive(Clone, Debug, Default)]
struct Found {
    token: Option<Secret>,
    stored: Credentials,
    development: Option<Access>,
}

impl Access {
    /// The access for `server`, or for the server that is found when none is named.
    pub(super) fn find(server: Option<&str>) -> anyhow::Result<Self> {
        let named = server.map(parse_server).transpose()?;
        choose(named, Found::here()?, Clock::system().now())
    }
}

impl Found {
    fn here() -> anyhow::Result<Self> {
        Ok(Self {
            token: config::client_token(),
            stored: Credentials::load()?,
            development: development(Path::new(DEVELOPMENT_DIR))?,
        })
    }

    /// The server that is used when none is named.
    fn usual(&self) -> Option<Url> {
        let here = || self.development.as_ref().map(|access| access.server.clone());
        self.stored.usual.clone().or_else(here)
    }
}

fn choose_open(named: Option<Url>, found: Found, now: Timestamp) -> anyhow::Result<(Url, Option<Secret>)> {
    let Some(server) = named.or_else(|| found.usual()) else {
        bail!(
            "no server is known; name one with `--server https://…` or LOGGIA_SERVER, or sign in with `loggia login`"
        )
    };
    // A token for another server is never sent; a sign-in that ended is said, rather than answered as a stranger's.
    let ended =
        found.token.is_none() && found.stored.login(&server).is_some_and(|login| login.has_ended(now));
    match choose(Some(server.clone()), found, now) {
        Ok(access) => Ok((access.server, Some(access.token))),
        Err(error) if ended => Err(error),
        Err(_) => Ok((server, None)),
    }
}

/// The server that is named or found, and the token for it where there is one: for what strangers are answered too.
pub(super) fn find_open(server: Option<&str>) -> anyhow::Result<(Url, Option<Secret>)> {
    let named = server.map(parse_server).transpose()?;
    choose_open(named, Found::here()?, Clock::system().now())
}

/// The server to sign in to when none is named: the one signed in to last, else the development server here.
pub(super) fn usual_server() -> anyhow::Result<Option<Url>> {
    let stored = Credentials::load()?.usual;
    Ok(match stored {
        Some(server) => Some(server),
        None => development(Path::new(DEVELOPMENT_DIR))?.map(|access| access.server),
    })
}

/// Reads a server's address as people type it: `https://` may be left out. Anything else is wrong usage.
pub(super) fn parse_server(given: &str) -> anyhow::Result<Url> {
    let given = given.trim();
    let whole = if given.contains("://") { given.to_owned() } else { format!("https://{given}") };
    let mut server =
        parse_site(&whole).map_err(|error| Cli::command().error(ErrorKind::ValueValidation, error))?;
    if !given.contains("://") && is_loopback(&server) {
        let plain = format!("http://{given}");
        server = parse_site(&plain).with_context(|| format!("`{given}` is not a server"))?;
    }
    if !keeps_secrets(&server) {
        let text = format!("{server} would carry your token in the clear; use its `https://` address");
        return Err(Cli::command().error(ErrorKind::ValueValidation, text).into());
    }
    Ok(server)
}

fn choose(named: Option<Url>, found: Found, now: Timestamp) -> anyhow::Result<Access> {
    let server = named.or_else(|| found.usual()).ok_or_else(|| {
        anyhow!(
            "no server is known; sign in with `loggia login https://…`, set LOGGIA_SERVER and LOGGIA_TOKEN, or \
             start one in this folder with `loggia serve`"
        )
    })?;
    let Found { token, stored, development } = found;
    if let Some(token) = token {
        return Ok(Access { server, token });
    }
    let shown = server.as_str().trim_end_matches('/');
    match stored.login(&server) {
        Some(login) if login.has_ended(now) => {
            bail!("your sign-in to {shown} has ended; renew it with `loggia login {shown}`")
        }
        Some(login) => return Ok(Access { server, token: login.token() }),
        None => {}
    }
    match development {
        Some(here) if same_machine(&here.server, &server) => Ok(Access { server, token: here.token }),
        _ => {
            bail!("you are not signed in to {shown}; do so with `loggia login {shown}`, or set LOGGIA_TOKEN")
        }
    }
}

/// What development mode left in `dir`: its token, and its address where that is not the usual one.
fn development(dir: &Path) -> anyhow::Result<Option<Access>> {
    let read = |name: &str| match std::fs::read_to_string(dir.join(name)) {
        Ok(text) if text.len() <= 4096 => Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty())),
        Ok(_) => bail!("{} is no file of Loggia's: it is too large; remove it", dir.join(name).display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", dir.join(name).display())),
    };
    let Some(token) = read("dev-token")? else { return Ok(None) };
    let address = read("dev-server")?.unwrap_or_else(|| DEVELOPMENT_SERVER.to_owned());
    let server = parse_site(&address).ok().filter(is_loopback).with_context(|| {
        format!("{} does not name a server on this machine; remove it", dir.join("dev-server").display())
    })?;
    Ok(Some(Access { server, token: Secret::new(token) }))
}

/// Whether two addresses lead to one server, however this machine is called in them.
fn same_machine(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
        || (is_loopback(one)
            && is_loopback(other)
            && one.scheme() == other.scheme()
            && one.port_or_known_default() == other.port_or_known_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn signed_in_and_developing() -> Found {
        let mut stored = Credentials::default();
        stored.keep(&url("https://one.example"), "one".into(), None);
        stored.keep(&url("https://two.example"), "two".into(), Some(Timestamp::from_second(100).unwrap()));
        let development = Access { server: url(DEVELOPMENT_SERVER), token: Secret::new("dev".into()) };
        Found { token: None, stored, development: Some(development) }
    }

    fn chosen(named: Option<&str>, found: Found) -> Result<(String, String), String> {
        let now = Timestamp::from_second(50).unwrap();
        choose(named.map(url), found, now)
            .map(|access| (access.server.to_string(), access.token.reveal().to_owned()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_named_wins_then_what_was_stored_then_what_is_here() {
        let pair = |server: &str, token: &str| Ok((server.to_owned(), token.to_owned()));
        let found = signed_in_and_developing;
        assert_eq!(chosen(None, found()), pair("https://two.example/", "two"));
        assert_eq!(chosen(Some("https://one.example"), found()), pair("https://one.example/", "one"));
        assert_eq!(chosen(Some("http://127.0.0.1:8080"), found()), pair("http://127.0.0.1:8080/", "dev"));
        let token = Some(Secret::new("env".into()));
        let named = Found { token, ..found() };
        assert_eq!(chosen(Some("https://three.example"), named), pair("https://three.example/", "env"));
        let here = Found { stored: Credentials::default(), ..found() };
        assert_eq!(chosen(None, here), pair("http://localhost:8080/", "dev"));
    }

    #[test]
    fn a_search_asks_as_whoever_signed_in_or_as_a_stranger() {
        let open = |named: &str, found: Found, second: i64| {
            let now = Timestamp::from_second(second).unwrap();
            choose_open(Some(url(named)), found, now)
                .map(|(_, token)| token.map(|token| token.reveal().to_owned()))
        };
        let found = signed_in_and_developing;
        assert_eq!(open("https://one.example", found(), 50).unwrap().as_deref(), Some("one"));
        assert_eq!(open("https://three.example", found(), 50).unwrap(), None);
        assert!(open("https://two.example", found(), 100).unwrap_err().to_string().contains("has ended"));
        assert!(choose_open(None, Found::default(), Timestamp::UNIX_EPOCH).is_err());
    }

    #[test]
    fn a_token_is_never_sent_to_another_server() {
        for other in ["https://three.example", "http://localhost:9999", "http://one.example"] {
            let error = chosen(Some(other), signed_in_and_developing()).unwrap_err();
            assert!(error.contains("not signed in"), "{other}: {error}");
        }
    }

    #[test]
    fn a_sign_in_that_ended_is_told() {
        let found = signed_in_and_developing();
        let now = Timestamp::from_second(100).unwrap();
        let error = choose(Some(url("https://two.example")), found, now).unwrap_err();
        assert!(error.to_string().contains("has ended"), "{error}");
        assert!(chosen(None, Found::default()).unwrap_err().contains("no server is known"));
    }

    #[test]
    fn servers_are_typed_without_a_scheme() {
        assert_eq!(parse_server("loggia.example.org").unwrap().as_str(), "https://loggia.example.org/");
        assert_eq!(parse_server("localhost:8080").unwrap().as_str(), "http://localhost:8080/");
        for bad in ["http://loggia.example.org", "https://a.example/path", ""] {
            assert!(parse_server(bad).unwrap_err().downcast_ref::<clap::Error>().is_some(), "{bad}");
        }
    }

    #[test]
    fn development_files_lead_to_this_machine_alone() {
        let dir = tempfile::tempdir().unwrap();
        assert!(development(dir.path()).unwrap().is_none());
        std::fs::write(dir.path().join("dev-token"), "secret\n").unwrap();
        let access = development(dir.path()).unwrap().unwrap();
        assert_eq!((access.server.as_str(), access.token.reveal()), (DEVELOPMENT_SERVER, "secret"));
        std::fs::write(dir.path().join("dev-server"), "http://localhost:9000\n").unwrap();
        assert_eq!(development(dir.path()).unwrap().unwrap().server.port(), Some(9000));
        std::fs::write(dir.path().join("dev-server"), "https://elsewhere.example\n").unwrap();
        assert!(development(dir.path()).is_err());
    }
}
