//! The folder that is written: beside the one that is wanted, and in its place when it is finished.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The file that says that a folder was written by us, and may be replaced.
const MARKER: &str = ".loggia-build";

/// A site in the making; dropped without [`Folder::finish`], it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Folder {
    out: PathBuf,
    making: tempfile::TempDir,
}

impl Folder {
    /// Begins a site for `out`, which must be absent, empty, or written by us before.
    pub(super) fn begin(out: &Path) -> Result<Self> {
        let shown = out.display();
        match fs::read_dir(out) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => bail!("{shown} cannot be written: {error}; name a folder with --out"),
            Ok(mut entries) => {
                if entries.next().is_some() && !out.join(MARKER).is_file() {
                    bail!(
                        "{shown} holds files that `loggia build` did not write; empty it, or name another folder"
                    );
                }
            }
        }
        let out = std::path::absolute(out)?;
        let parent = out.parent().context("a whole disk cannot be written; name a folder with --out")?;
        fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
        let making = tempfile::Builder::new().prefix(".loggia-build-").tempdir_in(parent);
        let making = making.with_context(|| format!("{} cannot be written", parent.display()))?;
        Ok(Self { out, making })
    }

    /// Writes what is at `address`.
    pub(super) fn write(&self, address: &str, bytes: &[u8]) -> Result<()> {
        let path = self.place(address);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
            fs::write(&path, bytes)
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Reads again what was written for `address`.
    pub(super) fn read(&self, address: &str) -> Result<String> {
        let path = self.place(address);
        let bytes = fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether a page that leads on from `address` would be in nothing's way.
    pub(super) fn is_free(&self, address: &str) -> bool {
        let path = self.place(address);
        let folders = path.ancestors().skip(1).take_while(|above| above.starts_with(self.making.path()));
        !path.exists() && !folders.into_iter().any(Path::is_file)
    }

    /// Puts the finished site in the place of the one before.
    pub(super) fn finish(self) -> Result<()> {
        let Self { out, making } = self;
        fs::write(making.path().join(MARKER), "Written by `loggia build`, which replaces this folder.\n")?;
        let failed = || format!("{} cannot be replaced", out.display());
        let parent = out.parent().unwrap_or(Path::new("/"));
        let old = tempfile::Builder::new().prefix(".loggia-build-").tempdir_in(parent)?;
        if out.exists() {
            fs::rename(&out, old.path().join("before")).with_context(failed)?;
        }
        let made = making.keep();
        // Made for our eyes only until now.
        #[cfg(unix)]
        fs::set_permissions(&made, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        if let Err(error) = fs::rename(&made, &out) {
            let _ = fs::rename(old.path().join("before"), &out);
            let _ = fs::remove_dir_all(&made);
            return Err(error).with_context(failed);
        }
        Ok(())
    }

    fn place(&self, address: &str) -> PathBuf {
        self.making.path().join(file_of(address))
    }
}

/// The file that servers of files look for at `address` (decoded): `/a/` is `a/index.html`. Never outside.
pub(super) fn file_of(address: &str) -> PathBuf {
    let mut file: PathBuf =
        address.split('/').filter(|part| !matches!(*part, "" | "." | "..") && !part.contains('\0')).collect();
    if address.ends_with('/') {
        file.push("index.html");
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_file_inside() {
        for (address, file) in [
            ("/", "index.html"),
            ("/a/b/", "a/b/index.html"),
            ("/old.html", "old.html"),
            ("/../../etc/passwd", "etc/passwd"),
        ] {
            assert_eq!(file_of(address), Path::new(file));
        }
    }

    #[test]
    fn only_a_folder_of_ours_is_replaced_and_only_whole() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("site");
        fs::create_dir(&out).unwrap();
        fs::write(out.join("mine.txt"), "precious").unwrap();
        let refused = Folder::begin(&out).unwrap_err().to_string();
        assert!(refused.contains("did not write"), "{refused}");

        fs::remove_file(out.join("mine.txt")).unwrap();
        let first = Folder::begin(&out).unwrap();
        first.write("/a/", b"one").unwrap();
        first.finish().unwrap();
        assert_eq!(fs::read(out.join("a/index.html")).unwrap(), b"one");

        let broken_off = Folder::begin(&out).unwrap();
        broken_off.write("/a/", b"half").unwrap();
        drop(broken_off);
        assert_eq!(fs::read(out.join("a/index.html")).unwrap(), b"one");

        let second = Folder::begin(&out).unwrap();
        second.write("/b/", b"two").unwrap();
        assert!(second.is_free("/c/") && !second.is_free("/b/") && !second.is_free("/b/index.html/x"));
        second.finish().unwrap();
        assert!(!out.join("a").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}
