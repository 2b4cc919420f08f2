//! Apps and releases over a bucket in memory: publishing, catalogs that see each other, blobs, the ledger.

mod blobs;
mod catalog;
mod gc;
mod ledger;
mod publishing;
mod record;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use loggia::config::Limits;
use loggia::model::{
    Ability, AppName, Audience, AuditAction, AuditEvent, Clock, Digest, Entropy, FileEntry, FilePath, Grant,
    Person, ReleaseId, Role, Subject, TokenRecord, TokenScope, Who,
};
use loggia::releases::{Announced, Begun, BlobError, By, ReleaseError, Releases, Sought};
use loggia::storage::{Body, Condition, Key, Prefix, Storage};
use proptest::prelude::*;
use ulid::Ulid;

/// One bucket, one clock, and a server on them.
struct House {
    storage: Storage,
    clock: Clock,
    releases: Releases,
}

impl House {
    async fn new() -> Self {
        let storage = Storage::memory();
        let clock = Clock::fixed(Timestamp::from_second(1_800_000_000).unwrap());
        let releases = serve(&storage, &clock, 1).await;
        Self { storage, clock, releases }
    }

    /// A house with an app.
    async fn with_app(name: &str) -> (Self, AppName) {
        let house = Self::new().await;
        let name: AppName = name.parse().unwrap();
        house.releases.create_app(&name, "An app", &ann()).await.unwrap();
        (house, name)
    }

    /// Another server on the same bucket.
    async fn neighbour(&self) -> Releases {
        serve(&self.storage, &self.clock, 2).await
    }
}

async fn serve(storage: &Storage, clock: &Clock, seed: u64) -> Releases {
    let limits = Limits { file_bytes: 16 << 20, cache_bytes: 8 << 20, ..Limits::default() };
    Releases::open(storage.clone(), &limits, clock.clone(), Entropy::seeded(seed)).await.unwrap()
}

fn ann() -> By {
    let person = Person {
        subject: Subject { iss: "https://id.example".to_owned(), sub: "1".to_owned() },
        email: "ann@example.org".parse().unwrap(),
        name: None,
        groups: Vec::new(),
    };
    By { person, from: Some([192, 0, 2, 1].into()) }
}

fn files(named: &[(&str, &[u8])]) -> BTreeMap<FilePath, Announced> {
    let announce = |(path, bytes): &(&str, &[u8])| {
        (path.parse().unwrap(), Announced { sha256: Digest::of(bytes), size: bytes.len() as u64 })
    };
    named.iter().map(announce).collect()
}

fn streamed(bytes: &[u8]) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + use<> {
    let pieces: Vec<_> = bytes.chunks(1 << 16).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

async fn begin(releases: &Releases, app: &AppName, named: &[(&str, &[u8])]) -> Begun {
    releases.begin(app, &files(named), None, None, &ann()).await.unwrap()
}

async fn upload(releases: &Releases, app: &AppName, id: ReleaseId, bytes: &[u8]) -> Result<(), ReleaseError> {
    releases.put_blob(app, id, Digest::of(bytes), streamed(bytes)).await
}

/// Publishes these files and makes them live.
async fn publish(releases: &Releases, app: &AppName, named: &[(&str, &[u8])]) -> ReleaseId {
    let begun = begin(releases, app, named).await;
    for (_, bytes) in named.iter().filter(|(_, bytes)| begun.missing.contains(&Digest::of(bytes))) {
        upload(releases, app, begun.id, bytes).await.unwrap();
    }
    releases.finish(app, begun.id, true, &ann()).await.unwrap();
    begun.id
}

fn current(releases: &Releases, app: &AppName) -> Option<ReleaseId> {
    releases.catalog().app(app).and_then(|app| app.current)
}

/// The newest lines of an app's record.
async fn lines(releases: &Releases, app: &AppName, most: usize) -> Vec<AuditEvent> {
    let record = releases.audit(app, &Sought { most, ..Sought::default() }).await.unwrap();
    assert_eq!(record.gaps, []);
    record.lines.into_iter().map(|line| line.event).collect()
}

/// A grant without who granted it, and when.
fn unsigned(grant: &Grant) -> Grant {
    Grant { by: None, at: None, ..grant.clone() }
}

fn viewer(who: &str) -> Grant {
    Grant::new(who.parse().unwrap(), Role::Viewer, None)
}
