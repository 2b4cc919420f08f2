//! Publishing: verify → blobs → manifest → move the pointer, last. Until the last step nothing is live; after it
//! everything is.
//!
//! A release that is begun stands under `pending/`, with a marker for each blob whose bytes arrived, so that any
//! replica can take any step. A blob enters an app only by its bytes or from the app's own releases, never by its
//! digest alone (invariant 10).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use tokio::io::AsyncWriteExt as _;

use super::records::{checked_text, json, point};
use super::{Actor, ReleaseError, Releases, manifests, media_type};
use crate::model::{
    App, AppName, AuditAction, Digest, FileEntry, FilePath, Manifest, ReleaseId, Source,
};
use crate::storage::{Body, Condition, Key, Prefix, Put, StorageError};

/// Files up to this size are taken in memory, larger ones through a temporary file.
const IN_MEMORY: u64 = 1 << 20;
/// How many objects are removed at a time when a release is finished.
const REMOVERS: usize = 16;

/// A release that somebody wants to publish.
#[derive(Clone, Debug)]
pub struct NewRelease {
    /// Path → what is there.
    pub files: BTreeMap<FilePath, NewFile>,
    /// What its publisher says of it.
    pub message: Option<String>,
    /// Where it was made.
    pub source: Option<Source>,
}

/// A file of a release that somebody wants to publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewFile {
    /// Its digest.
    pub sha256: Digest,
    /// Its size in bytes.
    pub size: u64,
}

impl Releases {
    /// Begins a release. Answers its identity and the digests whose bytes must be sent: all that no finished release
    /// of this app holds, whatever other apps hold.
    pub async fn begin(
        &self,
        app: &AppName,
        new: NewRelease,
        actor: Actor<'_>,
    ) -> Result<(ReleaseId, Vec<Digest>), ReleaseError> {
        self.check(&new)?;
        let now = self.0.clock.now();
        let id = ReleaseId::new(now, &self.0.entropy);
        let entry = |(path, file): (FilePath, NewFile)| {
            let media_type = media_type(path.as_str());
            (path, FileEntry { sha256: file.sha256, size: file.size, media_type })
        };
        let manifest = Manifest {
            app: app.clone(),
            id,
            files: new.files.into_iter().map(entry).collect(),
            by: actor.person.email.clone(),
            when: now,
            message: new.message.map(|message| checked_text("message", &message)).transpose()?,
            source: new.source,
        };
        let held = self.held_by(app).await?;
        let wanted: BTreeSet<Digest> = manifest.files.values().map(|file| file.sha256).collect();
        let missing = wanted.into_iter().filter(|digest| !held.contains(digest)).collect();
        let body = Body::Bytes(json(&manifest)?);
        match self.0.storage.put(&Key::pending(app, id), body, Condition::Absent).await? {
            Put::Stored(_) => Ok((id, missing)),
            Put::Lost => Err(ReleaseError::Conflict(format!("release {id} exists already; publish again"))),
        }
    }

    /// Takes the bytes of one blob of a release that is not finished, verifying them as they stream in.
    pub async fn put_blob<S>(&self, app: &AppName, id: ReleaseId, digest: Digest, bytes: S) -> Result<(), ReleaseError>
    where
        S: Stream<Item = io::Result<Bytes>> + Unpin,
    {
        let pending = self.pending(app, id).await?;
        let file = pending.files.values().find(|file| file.sha256 == digest);
        let size = file.map(|file| file.size).ok_or_else(|| {
            ReleaseError::NotFound(format!("release {id} of `{app}` has no file with the digest {digest}"))
        })?;
        // Kept until the put has answered: the temporary file goes when this does.
        let received = receive(bytes, size, digest).await?;
        let _ = self.0.storage.put(&Key::blob(&digest), received.body(size), Condition::Absent).await?;
        let marker = Body::Bytes(Bytes::new());
        let _ = self.0.storage.put(&Key::arrived(app, id, &digest), marker, Condition::Always).await?;
        Ok(())
    }

    /// Finishes a release and, with `activate`, makes it current. Repeating it is fine.
    pub async fn finish(
        &self,
        app: &AppName,
        id: ReleaseId,
        activate: bool,
        actor: Actor<'_>,
    ) -> Result<Arc<App>, ReleaseError> {
        let fresh = self.manifest(app, id).await?.is_none();
        if fresh {
            let pending = self.pending(app, id).await?;
            self.check_arrived(app, &pending).await?;
            let body = Body::Bytes(json(&*pending)?);
            // Lost means that the same call, repeated, was here before.
            let _ = self.0.storage.put(&Key::manifest(app, id), body, Condition::Absent).await?;
        }
        let finished = self
            .change(app, actor, |app| {
                let published = fresh.then_some(AuditAction::Published { release: id });
                let moved = activate && point(app, id);
                Ok(published.into_iter().chain(moved.then_some(AuditAction::Activated { release: id })).collect())
            })
            .await?;
        self.clear_pending(app, id).await;
        Ok(finished)
    }

    fn check(&self, new: &NewRelease) -> Result<(), ReleaseError> {
        let limits = &self.0.limits;
        if new.files.is_empty() {
            let sentence = "the release has no files; give it at least one";
            return Err(ReleaseError::Invalid(sentence.to_owned()));
        }
        if new.files.len() > limits.release_files {
            let (given, most) = (new.files.len(), limits.release_files);
            let sentence = format!("the release has {given} files; the limit is {most} (`release_files`)");
            return Err(ReleaseError::TooLarge(sentence));
        }
        let mut sizes = BTreeMap::new();
        for (path, file) in &new.files {
            if file.size > limits.file_bytes {
                let (given, most) = (file.size, limits.file_bytes);
                let sentence = format!("`{path}` has {given} bytes; the limit is {most} (`file_bytes`)");
                return Err(ReleaseError::TooLarge(sentence));
            }
            if *sizes.entry(file.sha256).or_insert(file.size) != file.size {
                let sentence = format!("`{path}` has the digest of another file, but not its size; hash it again");
                return Err(ReleaseError::Invalid(sentence));
            }
        }
        let source = new.source.iter().flat_map(|source| [&source.repository, &source.commit]).flatten();
        for text in source {
            checked_text("source", text)?;
        }
        Ok(())
    }

    /// Every blob must have arrived in this release or stand in a finished one of this app.
    async fn check_arrived(&self, app: &AppName, pending: &Manifest) -> Result<(), ReleaseError> {
        let arrived = self.0.storage.list_all(&Prefix::arrived(app, pending.id)).await?.objects;
        let mut here: BTreeSet<Digest> = arrived.iter().filter_map(|marker| marker.name.parse().ok()).collect();
        here.extend(self.held_by(app).await?);
        let mut absent = pending.files.iter().filter(|(_, file)| !here.contains(&file.sha256));
        let Some((path, _)) = absent.next() else { return Ok(()) };
        let others = absent.count();
        let sentence = match others {
            0 => format!("the bytes of `{path}` are missing; send them, and finish again"),
            _ => format!("the bytes of `{path}` and {others} more files are missing; send them, and finish again"),
        };
        Err(ReleaseError::Invalid(sentence))
    }

    /// The digests of all finished releases of an app.
    async fn held_by(&self, app: &AppName) -> Result<BTreeSet<Digest>, ReleaseError> {
        let manifests = self.releases_of(app).await?;
        Ok(manifests.iter().flat_map(|manifest| manifest.files.values().map(|file| file.sha256)).collect())
    }

    async fn pending(&self, app: &AppName, id: ReleaseId) -> Result<Arc<Manifest>, ReleaseError> {
        let at = (app.clone(), id);
        if let Some(entry) = self.0.pending.get(&at) {
            return Ok(Arc::clone(entry.value()));
        }
        let absent = || {
            let sentence = format!("`{app}` has no release {id} that was begun and is not finished; publish again");
            ReleaseError::NotFound(sentence)
        };
        let object = self.0.storage.get(&Key::pending(app, id)).await?.ok_or_else(absent)?;
        let manifest = Arc::new(manifests::parse(&Key::pending(app, id), &object.bytes)?);
        self.0.pending.insert(at, Arc::clone(&manifest));
        Ok(manifest)
    }

    /// Removes what publishing needed. What cannot be removed is rubbish, not harm.
    async fn clear_pending(&self, app: &AppName, id: ReleaseId) {
        self.0.pending.remove(&(app.clone(), id));
        let storage = &self.0.storage;
        let cleared = async {
            let arrived = storage.list_all(&Prefix::arrived(app, id)).await?.objects;
            let digests: Vec<Digest> = arrived.iter().filter_map(|marker| marker.name.parse().ok()).collect();
            stream::iter(&digests)
                .map(|digest| async move { storage.delete(&Key::arrived(app, id, digest)).await })
                .buffer_unordered(REMOVERS)
                .try_collect::<()>()
                .await?;
            storage.delete(&Key::pending(app, id)).await
        };
        if let Err(error) = cleared.await {
            let error: StorageError = error;
            tracing::warn!(%app, release = %id, %error, "what a finished release leaves behind was not removed");
        }
    }
}

/// Bytes that were received whole and are what their digest says.
enum Received {
    Memory(Bytes),
    File(tempfile::TempPath),
}

impl Received {
    fn body(&self, size: u64) -> Body {
        match self {
            Self::Memory(bytes) => Body::Bytes(bytes.clone()),
            Self::File(path) => Body::File { path: path.to_path_buf(), size },
        }
    }
}

async fn receive<S>(mut bytes: S, size: u64, digest: Digest) -> Result<Received, ReleaseError>
where
    S: Stream<Item = io::Result<Bytes>> + Unpin,
{
    let spooled = |error: io::Error| StorageError::Unavailable(format!("an upload could not be kept: {error}"));
    let mut file = None;
    if size > IN_MEMORY {
        let (opened, path) = tempfile::NamedTempFile::new().map_err(spooled)?.into_parts();
        file = Some((tokio::fs::File::from_std(opened), path));
    }
    let mut memory = BytesMut::new();
    let mut context = Context::new(&SHA256);
    let mut received = 0;
    while let Some(part) = bytes.next().await {
        let broken = |error| ReleaseError::Invalid(format!("the upload of {digest} broke off: {error}; send it again"));
        let part = part.map_err(broken)?;
        received += part.len() as u64;
        if received > size {
            let sentence = format!("{digest} has more bytes than the {size} that the release says; hash the file again");
            return Err(ReleaseError::Invalid(sentence));
        }
        context.update(&part);
        match &mut file {
            Some((file, _)) => file.write_all(&part).await.map_err(spooled)?,
            None => memory.extend_from_slice(&part),
        }
    }
    if received != size || context.finish().as_ref() != digest.as_bytes() {
        let sentence = format!("the {received} bytes sent do not have the digest {digest}; hash the file again");
        return Err(ReleaseError::Invalid(sentence));
    }
    match file {
        Some((mut file, path)) => {
            file.flush().await.map_err(spooled)?;
            Ok(Received::File(path))
        }
        None => Ok(Received::Memory(memory.freeze())),
    }
}
