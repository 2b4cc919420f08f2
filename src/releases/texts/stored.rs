//! `ID.text.zst`: JSON lines under zstd, a head and then a line for each file that was looked into.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};

use serde::{Deserialize, Serialize};

use crate::model::{AppName, AppPage, Digest, FileEntry, FilePath, ReleaseId};

/// Grows with every change to what is written, or to what is taken from the same bytes.
const FORMAT: u32 = 1;
/// The most that is read of an object once it is unpacked, in bytes.
const LONGEST: u64 = 64 << 20;
const LEVEL: i32 = 3;

/// The text of a release, and what it was taken from.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ReleaseText {
    /// Every file that was looked into, in the order of the pages' addresses.
    pub(super) files: Vec<FileText>,
}

/// What one file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileText {
    pub(super) file: FilePath,
    pub(super) sha256: Digest,
    /// `None` when it says nothing, or is not to be found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<AppPage>,
    /// Why it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unread: Option<String>,
}

impl FileText {
    /// A file that could not be read, and why.
    pub(super) fn unread(file: FilePath, entry: &FileEntry, why: &str) -> Self {
        Self { file, sha256: entry.sha256, page: None, unread: Some(why.to_owned()) }
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: u32,
    app: AppName,
    release: ReleaseId,
}

impl ReleaseText {
    /// As it is stored.
    pub(super) fn write(&self, app: &AppName, release: ReleaseId) -> std::io::Result<Vec<u8>> {
        let mut to = zstd::Encoder::new(Vec::new(), LEVEL)?;
        serde_json::to_writer(&mut to, &Head { format: FORMAT, app: app.clone(), release })?;
        for file in &self.files {
            to.write_all(b"\n")?;
            serde_json::to_writer(&mut to, file)?;
        }
        to.finish()
    }

    /// Reads what was stored of this release; `None` when another version of Loggia wrote it.
    pub(super) fn read(bytes: &[u8], app: &AppName, release: ReleaseId) -> std::io::Result<Option<Self>> {
        let mut lines = BufReader::new(zstd::Decoder::new(bytes)?.take(LONGEST)).lines();
        let head = lines.next().transpose()?.unwrap_or_default();
        let head: Head = serde_json::from_str(&head)?;
        if head.format != FORMAT {
            return Ok(None);
        }
        if head.app != *app || head.release != release {
            return Err(std::io::Error::other(format!(
                "it is of release `{}` of `{}`",
                head.release, head.app
            )));
        }
        let files = lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect::<std::io::Result<_>>()?;
        Ok(Some(Self { files }))
    }

    /// What was read of each file before: the same bytes under the same name say the same.
    pub(super) fn known(self) -> HashMap<FilePath, FileText> {
        let read = self.files.into_iter().filter(|file| file.unread.is_none());
        read.map(|file| (file.file.clone(), file)).collect()
    }
}
