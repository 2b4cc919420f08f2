//! The index: built once, then updated guide by guide.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tantivy::indexer::IndexWriterOptions;
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, Searcher};

use super::record::{Fields, TOKENIZER};
use super::words::WordTokenizer;
use crate::model::{Guide, GuidePath};

/// How much memory new sections may take before they are written into the index, in bytes.
const WRITING_MEMORY: usize = 32 << 20;

/// Why guides could not be indexed.
#[derive(Debug, thiserror::Error)]
#[error("the search index cannot be written: {0}; restart the server to build it anew")]
pub struct SearchError(#[from] tantivy::TantivyError);

/// Every section of every guide, as it was at one moment. Cloning is cheap.
#[derive(Clone)]
pub struct Index {
    pub(super) searcher: Searcher,
    pub(super) fields: Fields,
    source: Arc<Source>,
}

/// What all the snapshots of one index share: where the next one comes from.
struct Source {
    writer: Mutex<IndexWriter>,
    reader: IndexReader,
}

impl Index {
    /// The index of `guides`, in memory.
    pub fn build<'a>(guides: impl IntoIterator<Item = &'a Guide>) -> Result<Self, SearchError> {
        let (schema, fields) = Fields::schema();
        let index = tantivy::Index::create_in_ram(schema);
        index.tokenizers().register(TOKENIZER, WordTokenizer);
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITING_MEMORY)
            .build();
        let writer = index.writer_with_options(options)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let source = Arc::new(Source { writer: Mutex::new(writer), reader });
        let searcher = source.write(&fields, guides, &[])?;
        Ok(Self { searcher, fields, source })
    }

    /// The index with `changed` guides added or replaced and `removed` ones gone; this one stays as it is.
    ///
    /// Updates follow one another: each starts from the latest, so call it on the latest.
    pub fn updated(&self, changed: &[&Guide], removed: &[&GuidePath]) -> Result<Self, SearchError> {
        let searcher = self.source.write(&self.fields, changed.iter().copied(), removed)?;
        Ok(Self { searcher, fields: self.fields, source: Arc::clone(&self.source) })
    }

    /// How many sections there are.
    #[must_use]
    pub fn sections(&self) -> u64 {
        self.searcher.num_docs()
    }
}

impl Source {
    fn write<'a>(
        &self,
        fields: &Fields,
        changed: impl IntoIterator<Item = &'a Guide>,
        removed: &[&GuidePath],
    ) -> Result<Searcher, SearchError> {
        let mut writer = self.writer();
        let written = write(&mut writer, fields, changed, removed);
        if written.is_err() {
            // Half of an update must not come with the next one.
            writer.rollback()?;
        }
        written?;
        self.reader.reload()?;
        Ok(self.reader.searcher())
    }

    fn writer(&self) -> MutexGuard<'_, IndexWriter> {
        // A panic while writing left at most an update that was not committed.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write<'a>(
    writer: &mut IndexWriter,
    fields: &Fields,
    changed: impl IntoIterator<Item = &'a Guide>,
    removed: &[&GuidePath],
) -> tantivy::Result<()> {
    for path in removed {
        writer.delete_term(fields.guide_term(path));
    }
    for guide in changed {
        writer.delete_term(fields.guide_term(&guide.path));
        for document in fields.documents(guide) {
            writer.add_document(document)?;
        }
    }
    writer.commit()?;
    Ok(())
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Index({} sections)", self.sections())
    }
}
