//! Storage: one contract for every backend, and what each has of its own.
//!
//! 1. [`contract`] holds for memory, a folder, S3 through a double, and moto.
//! 2. [`race`]: many writers, lost answers, no lost update.
//! 3. [`faults`]: what S3 does wrong, and what we make of it.
//! 4. [`folder`]: links, left-overs, processes.
//! 5. [`process`]: what runs in a process of its own.

mod contract;
mod faults;
mod folder;
mod moto;
mod process;
mod race;

use bytes::Bytes;
use loggia::config;
use loggia::model::{AppName, Clock, Digest, Entropy, ReleaseId};
use loggia::storage::{Body, Key, Storage};
use tempfile::TempDir;

/// A folder as bucket, gone with the test.
async fn folder() -> (TempDir, Storage) {
    let dir = TempDir::new().unwrap();
    let storage = open(&dir).await;
    (dir, storage)
}

/// Another handle on the same folder.
async fn open(dir: &TempDir) -> Storage {
    Storage::open(&config::Storage::Folder(dir.path().to_owned())).await.unwrap()
}

fn app(name: &str) -> Key {
    Key::app(&name.parse().unwrap())
}

fn blob(name: &str) -> Key {
    Key::blob(&Digest::of(name.as_bytes()))
}

fn name(name: &str) -> AppName {
    name.parse().unwrap()
}

fn release(seed: u64) -> ReleaseId {
    ReleaseId::new(Clock::system().now(), &Entropy::seeded(seed))
}

fn bytes(text: &str) -> Body {
    Body::Bytes(Bytes::copy_from_slice(text.as_bytes()))
}

async fn text(storage: &Storage, key: &Key) -> Option<String> {
    let object = storage.get(key).await.unwrap()?;
    Some(String::from_utf8(object.bytes.to_vec()).unwrap())
}
