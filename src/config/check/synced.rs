//! Synced folders, looked at together and beside the storage.

use std::time::Duration;

use super::super::Storage;
use super::super::keys::Draft;
use super::super::synced::SyncedDraft;
use super::{Check, Mistake};

const TABLES: &str = "storage.synced";

/// The shortest time between two looks at a folder.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest time that a folder may have to be left alone, or that passes between two looks.
const LONGEST: Duration = Duration::from_hours(24);

impl Check<'_> {
    /// Every table of `[[storage.synced]]` is whole, called like no other, and apart from what Loggia itself keeps.
    pub(super) fn synced(&mut self, draft: &Draft) {
        for (table, folders) in draft.synced.iter().enumerate() {
            self.folders(table, folders);
            let named = folders.name.as_ref();
            if named.is_some() && draft.synced[..table].iter().any(|other| other.name.as_ref() == named) {
                let name = named.map(String::as_str).unwrap_or_default();
                let what = format!(
                    "two places for synced folders are called `{name}`; give each `[[{TABLES}]]` a name of its own"
                );
                self.report_in(TABLES, "name", table, what);
            }
            if let (Some(Storage::S3 { bucket, prefix }), Some(theirs)) = (&draft.storage, &folders.bucket)
                && *bucket == theirs.0
                && (prefix.starts_with(&theirs.1) || theirs.1.starts_with(prefix))
            {
                let what = "`url` is where Loggia itself keeps everything; name another bucket, or a prefix beside it";
                self.report_in(TABLES, "url", table, what.to_owned());
            }
        }
    }

    fn folders(&mut self, table: usize, folders: &SyncedDraft) {
        let required = [
            ("name", "what publishers choose it by, such as `analysts`"),
            ("url", "the bucket and the prefix, such as `s3://bucket/published`"),
            ("publishers", "who may show its folders, such as `[\"group:analysts\"]`"),
        ];
        for (name, what) in required {
            if self.places.contains_key(&(TABLES, name, table)) {
                continue;
            }
            let number = table + 1;
            let what = format!("`{name}` is missing in the `[[{TABLES}]]` number {number}: set it to {what}");
            self.mistakes.push(Mistake::new(self.first_of(TABLES, table), what));
        }
        for (name, length) in [("settle", folders.settle), ("every", folders.every)] {
            if length.is_some_and(|length| !(SHORTEST..=LONGEST).contains(&length)) {
                let what = format!("`{name}` is outside of what is possible; write `1s` to `24h`");
                self.report_in(TABLES, name, table, what);
            }
        }
        if folders.settle.is_some() && folders.marker.is_some() {
            let what = "`settle` says nothing beside `marker`, which alone says when; remove one of them";
            self.report_in(TABLES, "settle", table, what.to_owned());
        }
    }
}
