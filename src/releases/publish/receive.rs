//! The second step: blobs arrive, and are what they were announced to be.

use std::fmt::Display;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, pin_mut};
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::sync::SemaphorePermit;

use crate::model::{AppName, Digest, ReleaseId};
use crate::releases::outline::{self, Outline, Outliner};
use crate::releases::{ReleaseError, Releases};
use crate::storage::{Body, Condition, Key};

/// Up to this size, in bytes, an upload is kept in memory; a larger one goes to a file.
const IN_MEMORY: u64 = 1 << 20;

impl Releases {
    /// Takes the bytes of one blob of a release in the making, checking them as they come. What is stored
    /// already is checked all the same: whoever sends a blob must have its bytes.
    pub async fn put_blob<E: Display>(
        &self,
        app: &AppName,
        release: ReleaseId,
        digest: Digest,
        bytes: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<(), ReleaseError> {
        self.require_timely(release)?;
        let pending = self.pending(app, release).await?;
        let pending = pending.ok_or_else(|| ReleaseError::NoRelease { app: app.clone(), release })?;
        let size = pending.sizes.get(&digest).copied();
        let size = size.ok_or_else(|| differs(digest, "no file of this release has this digest"))?;

        let _turn = self.turn_to_receive().await;
        let received = receive(size, bytes).await.map_err(|why| match why {
            Unfit::BrokeOff(error) => ReleaseError::BrokeOff(error.to_string()),
            Unfit::NoRoom(error) => ReleaseError::NoRoom(error),
            Unfit::Size(what) => differs(digest, what),
        })?;
        if received.digest != digest {
            return Err(differs(digest, "they have another sha256"));
        }
        self.store_blob(app, received).await?;
        self.mark_arrived(app, release, &pending.arrivals, digest).await
    }

    /// Waits until few enough uploads are under way.
    pub(in crate::releases) async fn turn_to_receive(&self) -> Option<SemaphorePermit<'_>> {
        // A closed semaphore cannot be: it lives as long as `self`.
        self.0.uploads.acquire().await.ok()
    }

    /// Stores bytes of an app's release under their digest, and their outline beside them; what is stored already stays
    /// as it is.
    pub(in crate::releases) async fn store_blob(
        &self,
        app: &AppName,
        mut received: Received,
    ) -> Result<(), ReleaseError> {
        let Received { digest, size, .. } = received;
        let body = received.upload.body(size);
        let _stored_or_there =
            self.0.storage.put(&Key::blob(&digest), body.clone(), Condition::Absent).await?;
        let searched = self.catalog().app(app).is_some_and(|app| app.settings.is_searched());
        if let Body::Bytes(bytes) = body
            && searched
        {
            // Its text is taken when the release is finished.
            self.0.blobs.keep(digest, bytes);
        }
        if !received.outline.is_empty() {
            let outline = Body::Bytes(outline::write(&digest, size, &received.outline));
            let _stored = self.0.storage.put(&Key::outline(&digest), outline, Condition::Always).await?;
        }
        Ok(())
    }
}

/// Where an upload is kept until it is known to be right.
enum Upload {
    Memory(BytesMut),
    File { file: File, path: NamedTempFile },
}

impl Upload {
    fn new(size: u64) -> std::io::Result<Self> {
        if size <= IN_MEMORY {
            // As much as it will take, and no more: it stays in memory for a while.
            let size = usize::try_from(size).unwrap_or_default();
            return Ok(Self::Memory(BytesMut::with_capacity(size)));
        }
        let path = NamedTempFile::new()?;
        Ok(Self::File { file: File::from_std(path.reopen()?), path })
    }

    async fn add(&mut self, piece: &Bytes) -> std::io::Result<()> {
        match self {
            Self::Memory(bytes) => {
                bytes.extend_from_slice(piece);
                Ok(())
            }
            Self::File { file, .. } => file.write_all(piece).await,
        }
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::File { file, .. } => file.flush().await,
        }
    }

    fn body(&mut self, size: u64) -> Body {
        match self {
            Self::Memory(bytes) => Body::Bytes(std::mem::take(bytes).freeze()),
            Self::File { path, .. } => Body::File { path: path.path().to_owned(), size },
        }
    }
}

/// Bytes that came, kept until they are stored.
pub(in crate::releases) struct Received {
    /// What they are named by.
    pub(in crate::releases) digest: Digest,
    size: u64,
    outline: Outline,
    upload: Upload,
}

/// Why bytes are not taken.
#[derive(Debug)]
pub(in crate::releases) enum Unfit<E> {
    /// Whoever sent them stopped.
    BrokeOff(E),
    /// They cannot be kept while they are checked.
    NoRoom(std::io::Error),
    /// There are more or fewer than was said.
    Size(String),
}

/// Takes `size` bytes as they come, hashing them.
pub(in crate::releases) async fn receive<E>(
    size: u64,
    bytes: impl Stream<Item = Result<Bytes, E>>,
) -> Result<Received, Unfit<E>> {
    pin_mut!(bytes);
    let mut upload = Upload::new(size).map_err(Unfit::NoRoom)?;
    let mut hash = Outliner::new(size);
    let mut received = 0_u64;
    while let Some(piece) = bytes.next().await {
        let piece = piece.map_err(Unfit::BrokeOff)?;
        received = received.saturating_add(piece.len() as u64);
        if received > size {
            return Err(Unfit::Size(format!("more came than the {size} bytes that were announced")));
        }
        hash.add(&piece);
        upload.add(&piece).await.map_err(Unfit::NoRoom)?;
    }
    upload.flush().await.map_err(Unfit::NoRoom)?;
    if received < size {
        return Err(Unfit::Size(format!("{received} bytes came, and {size} were announced")));
    }
    let (digest, outline) = hash.finish();
    Ok(Received { digest, size, outline, upload })
}

fn differs(digest: Digest, what: impl Into<String>) -> ReleaseError {
    ReleaseError::Differs { digest, what: what.into() }
}
