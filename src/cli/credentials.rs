//! What `login` stored: one token a server, in a file that its owner alone can read.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::{self, Secret};

/// The stored sign-ins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Credentials {
    /// The server that was signed in to last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<Url>,
    /// Sign-ins by origin, such as `https://loggia.example.org`.
    #[serde(default)]
    servers: BTreeMap<String, Login>,
}

/// One sign-in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Login {
    token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ends: Option<Timestamp>,
}

impl Credentials {
    /// Reads the stored sign-ins; there being none is fine.
    pub(super) fn load() -> anyhow::Result<Self> {
        config::user_dir()
            .map_or_else(|| Ok(Self::default()), |dir| Self::read(&dir.join("credentials.toml")))
    }

    /// Remembers a sign-in and makes its server the usual one; gives back where that was written.
    pub(super) fn store(server: &Url, token: String, ends: Option<Timestamp>) -> anyhow::Result<String> {
        let Some(dir) = config::user_dir() else {
            bail!("there is no home folder to keep the sign-in in; set HOME or XDG_CONFIG_HOME")
        };
        let path = dir.join("credentials.toml");
        let mut credentials = Self::read(&path)?;
        credentials.keep(server, token, ends);
        credentials.write(&path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path.display().to_string())
    }

    /// The sign-in to `server`.
    pub(super) fn login(&self, server: &Url) -> Option<&Login> {
        self.servers.get(&origin(server))
    }

    /// Adds a sign-in and makes its server the usual one.
    pub(super) fn keep(&mut self, server: &Url, token: String, ends: Option<Timestamp>) {
        self.servers.insert(origin(server), Login { token, ends });
        self.usual = Some(server.clone());
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        // The parser's own message would quote the line, and a token with it.
        let Ok(credentials) = toml::from_str(&text) else {
            bail!("{} is damaged; remove it and sign in again with `loggia login`", path.display())
        };
        Ok(credentials)
    }

    /// Replaces the file whole, so that a reader never finds half of it. A temporary file is its owner's
    /// alone (mode 0600) from the start.
    fn write(&self, path: &Path) -> anyhow::Result<()> {
        let dir = path.parent().context("it has no folder")?;
        std::fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(toml::to_string(self)?.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

impl Login {
    /// The token.
    pub(super) fn token(&self) -> Secret {
        Secret::new(self.token.clone())
    }

    /// Whether it is over at `now`.
    pub(super) fn has_ended(&self, now: Timestamp) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("ends", &self.ends).finish_non_exhaustive()
    }
}

fn origin(server: &Url) -> String {
    server.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_servers_are_remembered_and_the_last_is_the_usual_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("loggia/credentials.toml");
        let (one, two) =
            (Url::parse("https://one.example").unwrap(), Url::parse("http://localhost:8080").unwrap());
        let mut kept = Credentials::read(&path).unwrap();
        kept.keep(&one, "first".into(), Some(Timestamp::from_second(100).unwrap()));
        kept.write(&path).unwrap();
        let mut kept = Credentials::read(&path).unwrap();
        kept.keep(&two, "second".into(), None);
        kept.write(&path).unwrap();

        let read = Credentials::read(&path).unwrap();
        assert_eq!(read.usual, Some(two));
        assert_eq!(read.login(&one).unwrap().token().reveal(), "first");
        assert!(read.login(&one).unwrap().has_ended(Timestamp::from_second(100).unwrap()));
        assert!(!format!("{read:?}").contains("first"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_file_is_told_without_its_secrets() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("credentials.toml");
        std::fs::write(&path, "token = \"secret").unwrap();
        let error = format!("{:#}", Credentials::read(&path).unwrap_err());
        assert!(error.contains("is damaged") && !error.contains("secret"), "{error}");
    }
}
