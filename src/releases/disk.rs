//! What came from the bucket, on this server's own disk: bounded, and checked whenever it is read.
//!
//! 1. A file is named by what it holds; behind its bytes stands their SHA-256. One that is damaged is removed, and
//!    whoever asked fetches it anew.
//! 2. One thread writes, and nobody waits for it: what comes faster than it can write is left out.
//! 3. What is asked for once goes before what is asked for again (S3-FIFO), so that reading everything once sweeps
//!    nothing away.
//! 4. The next start finds what is there. One server uses a folder at a time.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use bytes::Bytes;
use foyer::{Cache, CacheBuilder, Event, EventListener, S3FifoConfig};

use crate::model::Digest;

/// The most files there are, so that knowing their names takes little memory.
const MOST_FILES: usize = 200_000;
/// What a file takes on a disk is a multiple of this, in bytes.
const BLOCK: usize = 4096;
/// How much may wait to be written, in bytes, and how many files.
const WAITING_BYTES: usize = 32 << 20;
const WAITING: usize = 1024;
/// The length of the digest behind the bytes.
const SEAL: usize = 32;
/// Where a file is written before it gets its name.
const UNFINISHED: &str = "unfinished";
/// Locked by the server that uses the folder.
const LOCK: &str = "lock";

/// A folder of a server's own. Clones share it.
#[derive(Clone, Debug)]
pub struct Disk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shelf: Arc<Shelf>,
    index: Index,
    to_write: SyncSender<(DiskName, Bytes)>,
    waiting: Arc<AtomicUsize>,
    /// Whether every file that was there at the start is in the index.
    read_in: Arc<AtomicBool>,
}

/// What is there, and what it takes.
type Index = Cache<DiskName, usize>;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DiskName {
    /// The blob that it comes from.
    pub digest: Digest,
    /// What of it.
    pub form: DiskForm,
}

/// What of a blob a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiskForm {
    /// All its bytes.
    Whole,
    /// One of its chunks.
    Part(u32),
    /// The digests of its chunks.
    Outline,
    /// All its bytes in brotli.
    Brotli,
    /// All its bytes in zstd.
    Zstd,
    /// All its bytes in gzip.
    Gzip,
}

/// Forms that are told by the ending of a file's name.
const ENDINGS: [(DiskForm, &str); 4] = [
    (DiskForm::Outline, "outline"),
    (DiskForm::Brotli, "br"),
    (DiskForm::Zstd, "zst"),
    (DiskForm::Gzip, "gz"),
];

impl Disk {
    /// Uses `dir`, which is made when there is none, for at most `bytes` bytes. Another server's folder is an error.
    pub fn open(dir: &Path, bytes: usize) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let lock = File::create(dir.join(LOCK))?;
        lock.try_lock()?;
        let shelf = Arc::new(Shelf { dir: dir.to_owned(), least: bytes / MOST_FILES, largest: bytes / 4 });
        let index = CacheBuilder::new(bytes)
            .with_shards(1)
            .with_eviction_config(S3FifoConfig::default())
            .with_weighter(|_: &DiskName, weight: &usize| *weight)
            .with_event_listener(Arc::new(Removal(Arc::clone(&shelf))))
            .build();
        let (to_write, queue) = sync_channel(WAITING);
        let (waiting, read_in) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let writer = Writer {
            shelf: Arc::clone(&shelf),
            index: index.clone(),
            waiting: Arc::clone(&waiting),
            read_in: Arc::clone(&read_in),
            _lock: lock,
        };
        std::thread::Builder::new().name("disk".to_owned()).spawn(move || writer.work(&queue))?;
        Ok(Self(Arc::new(Inner { shelf, index, to_write, waiting, read_in })))
    }

    /// What is held under `name`, checked; `right` is its digest where that is known beforehand.
    pub async fn get(&self, name: DiskName, right: Option<Digest>) -> Option<Bytes> {
        let inner = &self.0;
        let known = inner.index.get(&name).is_some();
        if !known && inner.read_in.load(Ordering::Acquire) {
            return None;
        }
        let shelf = Arc::clone(&inner.shelf);
        let read = move || match shelf.read(name, right) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(%error, digest = %name.digest, "a cached file is damaged; it is fetched anew");
                let _ = fs::remove_file(shelf.path(name));
                None
            }
        };
        let read = tokio::task::spawn_blocking(read).await.ok()?;
        if read.is_none() {
            inner.index.remove(&name);
        }
        read
    }

    /// Keeps `bytes` under `name`, when there is time to write them. Nobody waits for that.
    pub fn keep(&self, name: DiskName, bytes: &Bytes) {
        let inner = &self.0;
        if bytes.len() > inner.shelf.largest || inner.index.contains(&name) {
            return;
        }
        let before = inner.waiting.fetch_add(bytes.len(), Ordering::AcqRel);
        let full = before > 0 && before + bytes.len() > WAITING_BYTES;
        if full || inner.to_write.try_send((name, bytes.clone())).is_err() {
            inner.waiting.fetch_sub(bytes.len(), Ordering::AcqRel);
        }
    }

    /// How many files are held, and how many bytes they count for.
    #[must_use]
    pub fn held(&self) -> (usize, usize) {
        (self.0.index.entries(), self.0.index.usage())
    }

    /// Whether nothing waits to be written and what was there is known.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.0.waiting.load(Ordering::Acquire) == 0 && self.0.read_in.load(Ordering::Acquire)
    }
}

impl DiskName {
    /// The name of its file: `0123…`, `0123…-7`, `0123….br`.
    fn file(self) -> String {
        let Self { digest, form } = self;
        match form {
            DiskForm::Whole => digest.to_string(),
            DiskForm::Part(index) => format!("{digest}-{index}"),
            DiskForm::Outline | DiskForm::Brotli | DiskForm::Zstd | DiskForm::Gzip => {
                let ending = ENDINGS.iter().find(|(ending, _)| *ending == form).map(|(_, ending)| *ending);
                format!("{digest}.{}", ending.unwrap_or_default())
            }
        }
    }

    fn parse(file: &str) -> Option<Self> {
        let (digest, form) = if let Some((digest, index)) = file.split_once('-') {
            (digest, DiskForm::Part(index.parse().ok()?))
        } else if let Some((digest, ending)) = file.split_once('.') {
            (digest, ENDINGS.iter().find(|(_, its)| *its == ending)?.0)
        } else {
            (file, DiskForm::Whole)
        };
        Some(Self { digest: digest.parse().ok()?, form })
    }
}

/// The files.
#[derive(Debug)]
struct Shelf {
    dir: PathBuf,
    /// What a file counts for at the least, in bytes.
    least: usize,
    /// A larger one is not kept, in bytes: it would take the room of too many others.
    largest: usize,
}

impl Shelf {
    fn path(&self, name: DiskName) -> PathBuf {
        let file = name.file();
        self.dir.join(&file[..2]).join(file)
    }

    fn read(&self, name: DiskName, right: Option<Digest>) -> io::Result<Bytes> {
        let bytes = Bytes::from(fs::read(self.path(name))?);
        let damaged = || io::Error::new(ErrorKind::InvalidData, "its bytes have another digest");
        let length = bytes.len().checked_sub(SEAL).ok_or_else(damaged)?;
        let (content, seal) = (bytes.slice(..length), &bytes[length..]);
        let found = Digest::of(&content);
        let sealed = found.as_bytes() == seal && right.is_none_or(|right| right == found);
        if sealed { Ok(content) } else { Err(damaged()) }
    }

    /// A file has its name when it is whole.
    fn write(&self, name: DiskName, bytes: &[u8]) -> io::Result<()> {
        let (unfinished, path) = (self.dir.join(UNFINISHED), self.path(name));
        let fill = || {
            let mut file = File::create(&unfinished)?;
            file.write_all(bytes)?;
            file.write_all(Digest::of(bytes).as_bytes())
        };
        if let Err(error) = fill() {
            // On a full disk, not even what was written of it is of use.
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        match fs::rename(&unfinished, &path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir_all(path.parent().unwrap_or(&self.dir))?;
                fs::rename(&unfinished, &path)
            }
            renamed => renamed,
        }
    }

    /// What a file of this length counts for.
    fn weight(&self, length: usize) -> usize {
        length.next_multiple_of(BLOCK).max(self.least)
    }
}

/// Removes the file of what has to make room.
struct Removal(Arc<Shelf>);

impl EventListener for Removal {
    type Key = DiskName;
    type Value = usize;

    fn on_leave(&self, reason: Event, name: &DiskName, _: &usize) {
        if reason == Event::Evict
            && let Err(error) = fs::remove_file(self.0.path(*name))
            && error.kind() != ErrorKind::NotFound
        {
            tracing::warn!(%error, "a cached file cannot be removed");
        }
    }
}

/// The thread that writes, and that reads in what is there first.
struct Writer {
    shelf: Arc<Shelf>,
    index: Index,
    waiting: Arc<AtomicUsize>,
    read_in: Arc<AtomicBool>,
    /// Let go of when the last file is written.
    _lock: File,
}

impl Writer {
    /// Ends when nobody holds the disk any more.
    fn work(self, queue: &Receiver<(DiskName, Bytes)>) {
        if let Err(error) = self.read_in() {
            tracing::warn!(%error, "the cache folder cannot be read");
        }
        self.read_in.store(true, Ordering::Release);
        let mut failing = false;
        while let Ok((name, bytes)) = queue.recv() {
            if !self.index.contains(&name) {
                match self.shelf.write(name, &bytes) {
                    Ok(()) => {
                        failing = false;
                        self.index.insert(name, self.shelf.weight(bytes.len() + SEAL));
                    }
                    Err(error) => {
                        if !failing {
                            tracing::warn!(%error, "the cache folder cannot be written");
                        }
                        failing = true;
                    }
                }
            }
            self.waiting.fetch_sub(bytes.len(), Ordering::AcqRel);
        }
    }

    /// Takes what an earlier server left into the index, and removes what has no place in it.
    fn read_in(&self) -> io::Result<()> {
        for folder in fs::read_dir(&self.shelf.dir)?.flatten() {
            if !folder.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            // What cannot be read, or is gone meanwhile, is not held; the rest is.
            let files = fs::read_dir(folder.path()).into_iter().flatten().flatten();
            for file in files {
                let Ok(metadata) = file.metadata() else { continue };
                let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
                match file.file_name().to_str().and_then(DiskName::parse) {
                    Some(name) if self.shelf.path(name) == file.path() => {
                        self.index.insert(name, self.shelf.weight(length));
                    }
                    // Whatever it is, it is not ours.
                    Some(_) | None => {}
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(content: &[u8]) -> DiskName {
        DiskName { digest: Digest::of(content), form: DiskForm::Whole }
    }

    async fn settled(disk: &Disk) {
        while !disk.is_settled() {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    async fn keep(disk: &Disk, content: &[u8]) {
        disk.keep(whole(content), &Bytes::copy_from_slice(content));
        settled(disk).await;
    }

    #[test]
    fn names_read_as_written() {
        let digest = Digest::of(b"x");
        let plain = [DiskForm::Whole, DiskForm::Part(0), DiskForm::Part(4_000_000_000)];
        for form in plain.into_iter().chain(ENDINGS.map(|(form, _)| form)) {
            let name = DiskName { digest, form };
            assert_eq!(DiskName::parse(&name.file()), Some(name));
        }
        for other in ["", "lock", "unfinished", "ab.br", &format!("{digest}.exe"), &format!("{digest}-x")] {
            assert_eq!(DiskName::parse(other), None, "{other}");
        }
    }

    #[tokio::test]
    async fn what_was_kept_is_there_at_the_next_start() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::open(dir.path(), 1 << 20).unwrap();
        keep(&disk, b"hello").await;
        drop(disk);
        let disk = reopened(dir.path()).await;
        assert_eq!(disk.get(whole(b"hello"), Some(Digest::of(b"hello"))).await.unwrap(), "hello");
        assert_eq!(disk.get(whole(b"other"), None).await, None);
    }

    /// The thread of the one before lets go of the folder a moment after it was dropped.
    async fn reopened(dir: &Path) -> Disk {
        loop {
            if let Ok(disk) = Disk::open(dir, 1 << 20) {
                settled(&disk).await;
                return disk;
            }
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    }

    #[tokio::test]
    async fn a_folder_has_one_server() {
        let dir = tempfile::tempdir().unwrap();
        let _first = Disk::open(dir.path(), 1 << 20).unwrap();
        assert!(Disk::open(dir.path(), 1 << 20).is_err());
    }

    #[tokio::test]
    async fn damage_is_found_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::open(dir.path(), 1 << 20).unwrap();
        for damage in [&b""[..], b"hellp", b"hello", &[0; 60]] {
            keep(&disk, b"hello").await;
            let path = disk.0.shelf.path(whole(b"hello"));
            fs::write(&path, damage).unwrap();
            assert_eq!(disk.get(whole(b"hello"), None).await, None, "{damage:?}");
            assert!(!path.exists());
        }
        keep(&disk, b"hello").await;
        assert_eq!(disk.get(whole(b"hello"), Some(Digest::of(b"other"))).await, None, "another's bytes");
    }

    #[tokio::test]
    async fn reading_everything_once_sweeps_nothing_away() {
        let dir = tempfile::tempdir().unwrap();
        // Room for 64 files.
        let disk = Disk::open(dir.path(), 64 * BLOCK).unwrap();
        let loved: Vec<[u8; 4]> = (0..20_u32).map(u32::to_le_bytes).collect();
        for content in &loved {
            keep(&disk, content).await;
            assert!(disk.get(whole(content), None).await.is_some());
        }
        for number in 1000..1500_u32 {
            keep(&disk, &number.to_le_bytes()).await;
        }
        let (files, bytes) = disk.held();
        assert!(files <= 64 && bytes <= 64 * BLOCK, "{files} {bytes}");
        for content in &loved {
            assert!(disk.get(whole(content), None).await.is_some(), "it was swept away");
        }
        let folders =
            fs::read_dir(dir.path()).unwrap().filter_map(|folder| fs::read_dir(folder.unwrap().path()).ok());
        assert_eq!(
            folders.map(Iterator::count).sum::<usize>(),
            files,
            "no file without its place in the index"
        );
    }
}
