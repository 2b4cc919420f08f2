//! Many writers of one record, and no lost update.
//!
//! The record is the list of the writes that made it, so that every answer can be checked afterwards: a write
//! that was said to be stored is in it once, one that was said to be lost is not, and one that ended in an
//! error may be either. With the number of entries as a counter: it is the number of successes.

use std::collections::BTreeSet;

use loggia::storage::{Condition, Key, Put, Storage, StorageError};

use super::{bytes, folder, open, process, text};
use crate::support::s3::{Fault, S3Double};

/// What writers were told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) stored: BTreeSet<String>,
    pub(super) lost: BTreeSet<String>,
    pub(super) unknown: BTreeSet<String>,
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_loses_no_update() {
    let storage = Storage::memory();
    let told = write_together([storage.clone(), storage.clone(), storage.clone()], 1000).await;
    check(&storage, &told).await;
    assert!(told.unknown.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_loses_no_update_among_handles() {
    let (dir, storage) = folder().await;
    let told = write_together([open(&dir).await, open(&dir).await, open(&dir).await], 200).await;
    check(&storage, &told).await;
    assert!(told.unknown.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_loses_no_update_among_processes() {
    let (dir, storage) = folder().await;
    let writers = (0..3).map(|writer| process::write(dir.path(), writer, 150));
    let mut told = Told::default();
    for writer in futures_util::future::join_all(writers).await {
        told.add(writer);
    }
    check(&storage, &told).await;
    assert_eq!(told.stored.len(), 450);
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_loses_no_update_whatever_becomes_of_the_answers() {
    for seed in [1, 2, 3] {
        let double = S3Double::start().await;
        let writers = [double.storage().await, double.storage().await, double.storage().await];
        let faults = [Fault::Conflict409, Fault::LostResponse, Fault::SlowDown503, Fault::Reset];
        double.fail_at_random(seed, 25, &faults);
        let told = write_together(writers, 200).await;
        assert!(double.failed() > 100, "the faults were met");
        double.recover();
        check(&double.storage().await, &told).await;
        // Doubt stays only where two others wrote between a lost answer and its repetition.
        assert!(told.unknown.len() < double.failed() / 2, "{} of {}", told.unknown.len(), double.failed());
    }
}

/// Three writers at a time, until each has stored `rounds` writes.
async fn write_together(writers: [Storage; 3], rounds: usize) -> Told {
    let writers = writers.into_iter().enumerate().map(|(writer, storage)| {
        tokio::spawn(async move { write(&storage, &format!("w{writer}"), rounds).await })
    });
    let mut told = Told::default();
    for writer in futures_util::future::join_all(writers).await {
        told.add(writer.unwrap());
    }
    told
}

/// Adds `rounds` entries to the record, each under the condition that nobody wrote meanwhile.
pub(super) async fn write(storage: &Storage, writer: &str, rounds: usize) -> Told {
    let mut told = Told::default();
    let mut tries = 0;
    while told.stored.len() < rounds {
        tries += 1;
        let entry = format!("{writer}.{tries}");
        let held = match storage.get(&record()).await {
            Ok(held) => held,
            Err(StorageError::Unavailable(_)) => continue,
            Err(error) => panic!("{error}"),
        };
        let (before, condition) = match held {
            None => (String::new(), Condition::Absent),
            Some(object) => {
                (String::from_utf8(object.bytes.to_vec()).unwrap(), Condition::Match(object.etag))
            }
        };
        match storage.put(&record(), bytes(&format!("{before}{entry}\n")), condition).await {
            Ok(Put::Stored(_)) => told.stored.insert(entry),
            Ok(Put::Lost) => told.lost.insert(entry),
            Err(StorageError::Unavailable(_)) => told.unknown.insert(entry),
            Err(error) => panic!("{error}"),
        };
    }
    told
}

async fn check(storage: &Storage, told: &Told) {
    let record = text(storage, &record()).await.unwrap();
    let entries: Vec<_> = record.lines().map(ToOwned::to_owned).collect();
    let there: BTreeSet<_> = entries.iter().cloned().collect();
    assert_eq!(entries.len(), there.len(), "a write was done twice");
    let missing: Vec<_> = told.stored.difference(&there).collect();
    assert!(missing.is_empty(), "stored, and lost afterwards: {missing:?}");
    let denied: Vec<_> = told.lost.intersection(&there).collect();
    assert!(denied.is_empty(), "called lost, but done: {denied:?}");
    let settled = told.unknown.intersection(&there).count();
    assert_eq!(entries.len(), told.stored.len() + settled);
}

fn record() -> Key {
    Key::generation()
}

impl Told {
    fn add(&mut self, other: Self) {
        self.stored.extend(other.stored);
        self.lost.extend(other.lost);
        self.unknown.extend(other.unknown);
    }
}
