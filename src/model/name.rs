//! Names that are part of addresses: apps, releases, blobs, and the hosts made of them.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::Entropy;

/// A name that is not one, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not {what}: {rule}")]
pub struct InvalidName {
    given: String,
    what: &'static str,
    rule: &'static str,
}

impl InvalidName {
    fn new(given: &str, what: &'static str, rule: &'static str) -> Self {
        let given = given.chars().take(64).flat_map(char::escape_default).collect();
        Self { given, what, rule }
    }
}

/// The name of an app: `[a-z][a-z0-9-]{1,31}` without `--` and without a hyphen at the end, so that it is
/// one DNS label (RFC 1123, section 2.1) and `RELEASE--NAME` can be told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppName(String);

impl AppName {
    /// The name as it stands in addresses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AppName {
    type Err = InvalidName;

    fn from_str(given: &str) -> Result<Self, InvalidName> {
        let refuse = |rule| Err(InvalidName::new(given, "an app's name", rule));
        if !(2..=32).contains(&given.len()) {
            return refuse("it needs 2 to 32 characters");
        }
        if !given.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return refuse("only lower-case letters a to z, digits and hyphens are allowed");
        }
        if !given.starts_with(|c: char| c.is_ascii_lowercase()) {
            return refuse("it must start with a letter");
        }
        if given.contains("--") || given.ends_with('-') {
            return refuse("a hyphen must stand alone between letters or digits");
        }
        Ok(Self(given.to_owned()))
    }
}

/// The identity of a release: a ULID in lower case, 26 characters, ordered by the time it was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReleaseId(Ulid);

impl ReleaseId {
    /// A new identity, begun at `now`.
    #[must_use]
    pub fn new(now: Timestamp, entropy: &Entropy) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        Self(Ulid::from_parts(millis, u128::from_le_bytes(entropy.bytes())))
    }

    /// When the release was begun, to the millisecond.
    #[must_use]
    pub fn begun(self) -> Timestamp {
        let millis = i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }
}

impl FromStr for ReleaseId {
    type Err = InvalidName;

    fn from_str(given: &str) -> Result<Self, InvalidName> {
        let rule = "it needs 26 lower-case letters and digits, as `loggia releases` prints them";
        let refuse = || InvalidName::new(given, "a release", rule);
        if given.len() != 26 || given.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(refuse());
        }
        let id = Self(Ulid::from_string(given).map_err(|_| refuse())?);
        // Crockford's alphabet reads `o` as `0` and `i` as `1`; one release must have one name.
        if id.to_string() == given { Ok(id) } else { Err(refuse()) }
    }
}

/// The SHA-256 of some bytes (FIPS 180-4): 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(out)
    }

    /// The digest with these 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = InvalidName;

    fn from_str(given: &str) -> Result<Self, InvalidName> {
        let refuse = || InvalidName::new(given, "a SHA-256", "it needs 64 lower-case hexadecimal digits");
        let bytes = HEXLOWER.decode(given.as_bytes()).map_err(|_| refuse())?;
        Ok(Self(bytes.try_into().map_err(|_| refuse())?))
    }
}

/// What the first label of an app host names: an app, and which of its releases.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AppHost {
    /// The app.
    pub app: AppName,
    /// Which of its releases.
    pub shows: Shows,
}

/// Which release of an app a host shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shows {
    /// Whatever is current.
    Current,
    /// This one.
    Release(ReleaseId),
    /// The one that was current when this day ended, in UTC.
    Day(Date),
}

impl FromStr for AppHost {
    type Err = InvalidName;

    /// Reads `NAME`, `RELEASE--NAME` or `DATE--NAME`, the date as `2026-03-31`.
    fn from_str(label: &str) -> Result<Self, InvalidName> {
        let Some((which, app)) = label.split_once("--") else {
            return Ok(Self { app: label.parse()?, shows: Shows::Current });
        };
        // A day must have one name only, and jiff reads others too.
        let day = which.parse::<Date>().ok().filter(|day| day.to_string() == which);
        let shows = match day {
            Some(day) => Shows::Day(day),
            None => Shows::Release(which.parse()?),
        };
        Ok(Self { app: app.parse()?, shows })
    }
}

impl fmt::Display for AppHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shows {
            Shows::Current => self.app.fmt(f),
            Shows::Release(release) => write!(f, "{release}--{}", self.app),
            Shows::Day(day) => write!(f, "{day}--{}", self.app),
        }
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; 26];
        let text = self.0.array_to_str(&mut buffer);
        text.make_ascii_lowercase();
        f.write_str(text)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// `serde` reads and writes these as the strings they are in addresses.
macro_rules! as_string {
    ($($name:ident),+) => {$(
        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(given: String) -> Result<Self, InvalidName> {
                given.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }
    )+};
}

as_string!(AppName, ReleaseId, Digest);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_names_are_single_dns_labels() {
        for good in ["ab", "a1", "prison-population", "a-b-c", &"a".repeat(32)] {
            assert_eq!(good.parse::<AppName>().unwrap().as_str(), good);
        }
        for bad in ["", "a", "1a", "-a", "a-", "a--b", "Ab", "a_b", "a.b", "é", "a b", &"a".repeat(33)] {
            assert!(bad.parse::<AppName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_release_has_exactly_one_name() {
        let id = ReleaseId::new(Timestamp::from_second(1_700_000_000).unwrap(), &Entropy::seeded(7));
        let name = id.to_string();
        assert_eq!(name.len(), 26);
        assert_eq!(name.parse::<ReleaseId>().unwrap(), id);
        assert_eq!(id.begun().as_second(), 1_700_000_000);
        assert!(name.to_uppercase().parse::<ReleaseId>().is_err());
        assert!(name.replacen('0', "o", 1).parse::<ReleaseId>().is_err());
    }

    #[test]
    fn hosts_name_an_app_a_release_of_it_or_a_day() {
        let id = ReleaseId::new(Timestamp::UNIX_EPOCH, &Entropy::seeded(1));
        let preview: AppHost = format!("{id}--sales").parse().unwrap();
        assert_eq!(preview, AppHost { app: "sales".parse().unwrap(), shows: Shows::Release(id) });
        assert_eq!(preview.to_string(), format!("{id}--sales"));
        let day: AppHost = "2026-03-31--sales".parse().unwrap();
        assert_eq!(day.shows, Shows::Day(jiff::civil::date(2026, 3, 31)));
        assert_eq!(day.to_string(), "2026-03-31--sales");
        for other in ["20260331--sales", "2026-3-31--sales", "2026-02-30--sales", "2026-03-31t00--sales"] {
            assert!(other.parse::<AppHost>().is_err(), "{other}");
        }
        assert!("x--sales".parse::<AppHost>().is_err());
        assert!(format!("{id}--").parse::<AppHost>().is_err());
    }

    #[test]
    fn digests_are_lower_case_hexadecimal() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").to_string(), empty);
        assert_eq!(empty.parse::<Digest>().unwrap(), Digest::of(b""));
        assert!(empty.to_uppercase().parse::<Digest>().is_err());
        assert!(empty[1..].parse::<Digest>().is_err());
    }
}
