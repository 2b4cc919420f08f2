//! Values as people write them: `30s`, `64KiB`, `s3://bucket/prefix`. Each refusal says how to write it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use url::{Host, Url};

use super::Storage;
use crate::model::Audience;

/// A value that cannot be read, and how to write it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {what}; write {fix}")]
pub struct InvalidValue {
    given: String,
    what: &'static str,
    fix: &'static str,
}

impl InvalidValue {
    pub(super) fn new(given: &str, what: &'static str, fix: &'static str) -> Self {
        let given = given.chars().take(80).flat_map(char::escape_debug).collect();
        Self { given, what, fix }
    }
}

/// Reads a length of time: a whole number and one of `ms`, `s`, `m`, `h`, `d`; more than nothing.
pub fn parse_duration(given: &str) -> Result<Duration, InvalidValue> {
    let refuse = || {
        InvalidValue::new(
            given,
            "a length of time",
            "a whole number and its unit, such as `30s`, `5m` or `12h`",
        )
    };
    let (number, unit) = split_number(given).ok_or_else(refuse)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 3600 * 1000,
        "d" => 24 * 3600 * 1000,
        _ => return Err(refuse()),
    };
    let millis = number.checked_mul(millis).filter(|millis| *millis > 0).ok_or_else(refuse)?;
    Ok(Duration::from_millis(millis))
}

/// Reads a size in bytes: a whole number, plain or with one of `B`, `KiB`, `MiB`, `GiB`, `TiB`; more than
/// nothing.
pub fn parse_size(given: &str) -> Result<u64, InvalidValue> {
    let refuse =
        || InvalidValue::new(given, "a size", "a whole number and its unit, such as `64KiB` or `1MiB`");
    let (number, unit) = split_number(given).ok_or_else(refuse)?;
    let shift = match unit {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        "TiB" => 40,
        _ => return Err(refuse()),
    };
    number.checked_mul(1 << shift).filter(|bytes| *bytes > 0).ok_or_else(refuse)
}

fn split_number(given: &str) -> Option<(u64, &str)> {
    let given = given.trim();
    let end = given.find(|c: char| !c.is_ascii_digit()).unwrap_or(given.len());
    let (number, unit) = given.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

/// Reads an address to listen on: `ADDRESS:PORT`, or `localhost:PORT` for 127.0.0.1.
pub fn parse_listen(given: &str) -> Result<SocketAddr, InvalidValue> {
    if let Some(port) = given.strip_prefix("localhost:").and_then(|port| port.parse().ok()) {
        return Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    }
    let fix = "an IP address and a port, such as `127.0.0.1:8080` or `[::]:443`";
    given.parse().map_err(|_| InvalidValue::new(given, "an address to listen on", fix))
}

/// Reads where guides are.
pub(super) fn parse_source(given: &str) -> Result<super::ContentSource, InvalidValue> {
    match given {
        "folder" => Ok(super::ContentSource::Folder),
        "bucket" => Ok(super::ContentSource::Bucket),
        _ => Err(InvalidValue::new(given, "where guides are", "`folder` or `bucket`")),
    }
}

/// Reads an audience.
pub(super) fn parse_audience(given: &str) -> Result<Audience, InvalidValue> {
    let known = [Audience::Public, Audience::SignedIn, Audience::Listed];
    known
        .into_iter()
        .find(|audience| audience.to_string() == given)
        .ok_or_else(|| InvalidValue::new(given, "an audience", "`public`, `signed-in` or `listed`"))
}

/// Reads an IP address.
pub(super) fn parse_address(given: &str) -> Result<IpAddr, InvalidValue> {
    given.parse().map_err(|_| InvalidValue::new(given, "an IP address", "it like `10.0.0.1` or `fd00::1`"))
}

/// Reads the address of a site: scheme and host, and nothing behind the port.
pub fn parse_site(given: &str) -> Result<Url, InvalidValue> {
    let refuse = || {
        let fix = "a scheme and a host without a path, such as `https://loggia.example.org`";
        InvalidValue::new(given, "the address of a site", fix)
    };
    let url = Url::parse(given).map_err(|_| refuse())?;
    let plain = url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain && url.has_host() && matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(refuse()) }
}

/// Reads an issuer's address: `https`, perhaps a path, and nothing behind it; plain HTTP on this machine alone.
pub(super) fn parse_issuer(given: &str) -> Result<Url, InvalidValue> {
    let refuse = || {
        let fix = "an `https://` address without a query, such as `https://gitlab.example.org`";
        InvalidValue::new(given, "an issuer", fix)
    };
    let url = Url::parse(given).map_err(|_| refuse())?;
    let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if plain && keeps_secrets(&url) && url.has_host() { Ok(url) } else { Err(refuse()) }
}

/// Reads a domain: a host's name, without scheme, port or `*.`.
pub(super) fn parse_domain(given: &str) -> Result<String, InvalidValue> {
    let refuse = || {
        InvalidValue::new(
            given,
            "a domain",
            "a host's name alone, such as `apps.example.org`, without scheme or port",
        )
    };
    match Host::parse(given).map_err(|_| refuse())? {
        Host::Domain(domain) if !given.contains(['*', '%', ':']) && !domain.ends_with('.') => Ok(domain),
        _ => Err(refuse()),
    }
}

/// Reads a language as a BCP 47 tag: `en`, `cy`, `pt-BR`.
pub(super) fn parse_language(given: &str) -> Result<String, InvalidValue> {
    let mut parts = given.split('-');
    let language = parts.next().unwrap_or_default();
    let letters = (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase());
    let rest = parts
        .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if letters && rest {
        return Ok(given.to_owned());
    }
    Err(InvalidValue::new(given, "a language", "a tag such as `en`, `cy` or `pt-BR`"))
}

impl FromStr for Storage {
    type Err = InvalidValue;

    /// Reads a folder's path, `file:///path` or `s3://bucket/prefix`.
    fn from_str(given: &str) -> Result<Self, InvalidValue> {
        let refuse = || {
            let fix = "a folder's path, `file:///srv/loggia` or `s3://bucket/prefix`";
            InvalidValue::new(given, "a place to store things", fix)
        };
        if let Some(rest) = given.strip_prefix("s3://") {
            let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
            let clean = (3..=63).contains(&bucket.len())
                && bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
            let prefix = prefix.trim_matches('/');
            let known = !prefix.contains(['?', '#', '\\'])
                && !prefix.chars().any(char::is_control)
                && prefix.split('/').all(|segment| prefix.is_empty() || !matches!(segment, "" | "." | ".."));
            if !clean || !known {
                return Err(refuse());
            }
            let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
            return Ok(Self::S3 { bucket: bucket.to_owned(), prefix });
        }
        if given.starts_with("file:") {
            let url = Url::parse(given).map_err(|_| refuse())?;
            return url.to_file_path().map(Self::Folder).map_err(|()| refuse());
        }
        if given.is_empty() || given.contains("://") {
            return Err(refuse());
        }
        Ok(Self::Folder(PathBuf::from(given)))
    }
}

/// Whether a URL leads to this machine and nowhere else: to `localhost`, a name below it, or a loopback
/// address.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_local_name(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether secrets may travel to a URL: over TLS, or in the clear within this machine.
#[must_use]
pub fn keeps_secrets(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

/// Whether a domain is `localhost` or below it (RFC 6761, section 6.3).
pub(super) fn is_local_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_need_a_unit() {
        assert_eq!(parse_duration("30s").unwrap(), Duration::from_secs(30));
        assert_eq!(parse_duration("12h").unwrap(), Duration::from_hours(12));
        assert_eq!(parse_duration(" 250 ms ").unwrap(), Duration::from_millis(250));
        for bad in ["30", "s", "", "0s", "-1s", "1.5h", "1w", "99999999999999999999s", "9999999999999999d"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_are_in_powers_of_1024() {
        assert_eq!(parse_size("64KiB").unwrap(), 64 << 10);
        assert_eq!(parse_size("1 MiB").unwrap(), 1 << 20);
        assert_eq!(parse_size("123").unwrap(), 123);
        for bad in ["64KB", "KiB", "", "0", "-1", "99999999999TiB"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn storage_is_a_folder_or_a_bucket() {
        let s3 = |bucket: &str, prefix: &str| Storage::S3 { bucket: bucket.into(), prefix: prefix.into() };
        assert_eq!("s3://data/team/a/".parse::<Storage>().unwrap(), s3("data", "team/a/"));
        assert_eq!("s3://data".parse::<Storage>().unwrap(), s3("data", ""));
        assert_eq!("file:///srv/x".parse::<Storage>().unwrap(), Storage::Folder("/srv/x".into()));
        assert_eq!("./x".parse::<Storage>().unwrap(), Storage::Folder("./x".into()));
        for bad in ["", "s3://", "s3://a", "s3://data/../x", "s3://data/a//b", "gs://data", "file://host/x"] {
            assert!(bad.parse::<Storage>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_site_is_a_scheme_and_a_host() {
        assert_eq!(parse_site("https://Loggia.example.org").unwrap().as_str(), "https://loggia.example.org/");
        for bad in
            ["loggia.example.org", "https://a.org/x", "ftp://a.org", "https://u:p@a.org", "https://a.org/?x"]
        {
            assert!(parse_site(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_domain("Apps.Example.org").unwrap(), "apps.example.org");
        for bad in ["*.example.org", "https://example.org", "example.org:80", "127.0.0.1", "", "example.org/"]
        {
            assert!(parse_domain(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_this_machine_alone() {
        for (url, alone) in [
            ("http://localhost:8080", true),
            ("http://a.localhost", true),
            ("http://127.0.0.9", true),
            ("http://[::1]:1", true),
            ("http://0.0.0.0", false),
            ("http://localhost.example.org", false),
            ("http://notlocalhost", false),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(is_loopback(&url), alone, "{url}");
        }
    }
}
