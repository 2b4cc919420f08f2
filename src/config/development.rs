//! What development mode keeps on this machine.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use super::Secret;
use crate::model::Entropy;

/// The folder for development mode's own things, below the working directory: the session key, the
/// publishing token (`dev-token`), the address of the server (`dev-server`) and, by default, the storage.
pub const DEVELOPMENT_DIR: &str = ".loggia";

/// The session key that is kept in `dir/session-key`; the first call makes it, readable to its owner alone.
pub fn development_key(dir: &Path, entropy: &Entropy) -> io::Result<Secret> {
    std::fs::create_dir_all(dir)?;
    let path = dir.join("session-key");
    match read_key(&path)? {
        Some(key) => Ok(key),
        None => make_key(&path, entropy),
    }
}

fn read_key(path: &Path) -> io::Result<Option<Secret>> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= 32 => Ok(Some(Secret::new(text.trim().to_owned()))),
        // A key that was cut short sealed nothing: make another.
        Ok(_) => std::fs::remove_file(path).map(|()| None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn make_key(path: &Path, entropy: &Entropy) -> io::Result<Secret> {
    let key = entropy.secret();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(key.as_bytes())?;
    Ok(Secret::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("deep/.loggia");
        let first = development_key(&home, &Entropy::system()).unwrap();
        assert_eq!(development_key(&home, &Entropy::system()).unwrap(), first);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(home.join("session-key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_session_key_that_was_cut_short_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("session-key"), "short").unwrap();
        let key = development_key(dir.path(), &Entropy::system()).unwrap();
        assert!(key.reveal().len() >= 32);
    }
}
