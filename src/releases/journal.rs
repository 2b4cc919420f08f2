//! `catalog/generation`: counts the changes and names the latest, so that a replica re-reads only those.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::model::{AppName, Digest};
use crate::storage::{Key, StorageError};

use super::Releases;
use super::update::{Record, update};

/// How many changes are remembered; whoever missed more reads everything.
const REMEMBERED: usize = 256;
/// How many changes may wait to be announced; a listing finds whatever is beyond.
const WAITING: usize = 4096;

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Changed {
    /// This app's record.
    App(AppName),
    /// The session with an identity of this digest ended.
    Session(Digest),
    /// What `whom` names ended, as far as it began up to the second `until`.
    Everything {
        /// A digest of whom.
        whom: Digest,
        /// In seconds since 1970.
        until: i64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    generation: u64,
    #[serde(flatten)]
    changed: Changed,
}

/// The record at `catalog/generation`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    pub(super) generation: u64,
    changes: VecDeque<Line>,
    write_id: String,
}

impl Journal {
    /// What changed after generation `held`; `None` when that is not remembered.
    pub(super) fn since(&self, held: u64) -> Option<Vec<Changed>> {
        if self.generation == held {
            return Some(Vec::new());
        }
        let oldest = self.changes.front()?.generation;
        if held > self.generation || oldest > held.checked_add(1)? {
            return None;
        }
        let later = self.changes.iter().filter(|line| line.generation > held);
        Some(later.map(|line| line.changed.clone()).collect())
    }

    /// One generation later, with these changes; whole generations are forgotten, the oldest first.
    fn add(&mut self, changes: &[Changed], seen: u64) {
        self.generation = self.generation.max(seen).saturating_add(1);
        let generation = self.generation;
        self.changes.extend(changes.iter().map(|changed| Line { generation, changed: changed.clone() }));
        while self.changes.len() > REMEMBERED {
            let oldest = self.changes.front().map(|line| line.generation);
            while self.changes.front().map(|line| line.generation) == oldest && oldest.is_some() {
                self.changes.pop_front();
            }
        }
    }
}

impl Record for Journal {
    fn write_id(&self) -> &str {
        &self.write_id
    }

    fn set_write_id(&mut self, write_id: String) {
        self.write_id = write_id;
    }

    /// A journal that cannot be read remembers nothing: everybody lists everything, and the next change
    /// starts it anew.
    fn parse(_: &Key, bytes: &[u8]) -> Result<Self, StorageError> {
        Ok(serde_json::from_slice(bytes).unwrap_or_default())
    }
}

impl Releases {
    /// Tells the other replicas. A failure is no error for the change itself, which is written: the
    /// announcement is repeated with the next poll, and a listing would find the change without it.
    pub(super) async fn announce(&self, changed: Changed) {
        {
            let mut waiting = self.unannounced();
            if waiting.len() < WAITING {
                waiting.push(changed);
            }
        }
        self.announce_waiting().await;
    }

    /// Announces whatever waits, in one write.
    pub(super) async fn announce_waiting(&self) {
        if self.unannounced().is_empty() {
            return;
        }
        let _turn = self.0.announcing.lock().await;
        let batch = std::mem::take(&mut *self.unannounced());
        if batch.is_empty() {
            return;
        }
        let seen = self.catalog().generation();
        let inner = &self.0;
        let written = update(&inner.storage, &inner.entropy, &Key::generation(), |held: Option<Journal>| {
            let mut journal = held.unwrap_or_default();
            journal.add(&batch, seen);
            Ok::<_, StorageError>(Some(journal))
        })
        .await;
        if let Err(error) = written {
            tracing::warn!(%error, "a change could not be announced to other replicas; trying again");
            self.unannounced().extend(batch);
        }
    }

    fn unannounced(&self) -> std::sync::MutexGuard<'_, Vec<Changed>> {
        self.0.unannounced.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(name: &str) -> Changed {
        Changed::App(name.parse().unwrap())
    }

    #[test]
    fn a_journal_tells_what_came_after() {
        let mut journal = Journal::default();
        journal.add(&[app("one")], 0);
        journal.add(&[app("two"), app("three")], 0);
        assert_eq!(journal.since(2), Some(vec![]));
        assert_eq!(journal.since(1), Some(vec![app("two"), app("three")]));
        assert_eq!(journal.since(0).unwrap().len(), 3);
        assert_eq!(journal.since(3), None, "a journal behind the catalog says nothing");
    }

    #[test]
    fn a_journal_forgets_whole_generations() {
        let mut journal = Journal::default();
        for _ in 0..100 {
            journal.add(&[app("one"), app("two"), app("three")], 0);
        }
        assert!(journal.changes.len() <= REMEMBERED && journal.changes.len() % 3 == 0);
        assert_eq!(journal.since(0), None);
        assert_eq!(
            journal.since(15),
            Some(journal.changes.iter().map(|line| line.changed.clone()).collect())
        );
        assert_eq!(journal.since(14), None);
    }

    #[test]
    fn a_journal_reads_as_written() {
        let mut journal = Journal::default();
        let everything = Changed::Everything { whom: Digest::of(b"w"), until: 7 };
        journal.add(&[app("one"), Changed::Session(Digest::of(b"s")), everything], 41);
        let text = serde_json::to_string(&journal).unwrap();
        assert!(text.contains(r#"{"generation":42,"app":"one"}"#), "{text}");
        assert_eq!(Journal::parse(&Key::generation(), text.as_bytes()).unwrap(), journal);
        assert_eq!(Journal::parse(&Key::generation(), b"{").unwrap(), Journal::default());
    }
}
