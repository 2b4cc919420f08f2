//! Naming every file's bytes by their SHA-256, on every core.

use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use aws_lc_rs::digest::{Context, SHA256};
use rayon::prelude::*;

use super::folder::File;
use crate::cli::client::wire::NewFile;
use crate::model::{Digest, FilePath};

/// How much of a file is in memory at a time, in bytes.
const CHUNK: usize = 128 << 10;

/// A file, and the name of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hashed {
    /// Its path in the release.
    pub path: FilePath,
    /// Where it is on this machine.
    pub from: PathBuf,
    /// The digest of its bytes.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
}

impl Hashed {
    /// The file as a release names it.
    pub(super) fn entry(&self) -> NewFile {
        NewFile { sha256: self.sha256, size: self.size }
    }
}

/// Reads every file once. All that cannot be read are told together.
pub(super) fn hash(files: Vec<File>) -> anyhow::Result<Vec<Hashed>> {
    let hashed: Vec<anyhow::Result<Hashed>> = files.into_par_iter().map(hash_file).collect();
    let (good, bad): (Vec<_>, Vec<_>) = hashed.into_iter().partition(Result::is_ok);
    if !bad.is_empty() {
        let told: Vec<String> = bad
            .iter()
            .filter_map(|bad| bad.as_ref().err())
            .take(10)
            .map(|error| format!("{error:#}"))
            .collect();
        bail!(
            "nothing was published, for {} cannot be read:\n  {}",
            super::counted(bad.len()),
            told.join("\n  ")
        );
    }
    good.into_iter().collect()
}

fn hash_file(file: File) -> anyhow::Result<Hashed> {
    let File { path, from } = file;
    let (sha256, size) = digest_of(&from).with_context(|| from.display().to_string())?;
    Ok(Hashed { path, from, sha256, size })
}

fn digest_of(path: &std::path::Path) -> io::Result<(Digest, u64)> {
    let mut file = fs::File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut chunk = vec![0; CHUNK];
    let mut size = 0;
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        context.update(&chunk[..read]);
        size += read as u64;
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    Ok((Digest::from_bytes(bytes), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_its_bytes_whatever_its_size() {
        let dir = tempfile::tempdir().unwrap();
        let big = vec![7; CHUNK * 2 + 1];
        let all: Vec<(&str, &[u8])> = vec![("a", b""), ("b", b"hello"), ("c", &big)];
        let file = |name: &str| File { path: name.parse().unwrap(), from: dir.path().join(name) };
        for (name, bytes) in &all {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        let hashed = hash(all.iter().map(|(name, _)| file(name)).collect()).unwrap();
        for (hashed, (name, bytes)) in hashed.iter().zip(&all) {
            assert_eq!(hashed.path.as_str(), *name);
            assert_eq!((hashed.sha256, hashed.size), (Digest::of(bytes), bytes.len() as u64));
        }
        let error = hash(vec![file("a"), file("gone")]).unwrap_err().to_string();
        assert!(error.contains("1 file cannot be read") && error.contains("gone"), "{error}");
    }
}
