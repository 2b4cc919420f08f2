//! The search index at the start: as it was kept, brought up to date; or built anew.

use std::path::Path;

use anyhow::Result;

use crate::config::Config;
use crate::guides::Library;
use crate::search::{Index, Synonyms, SynonymsError};

/// The file in the cache folder.
const KEPT: &str = "search-index";

/// The index of `library`, and its synonyms. What changed since it was kept is kept for the next start, meanwhile.
pub(super) fn open(config: &Config, library: &Library) -> Result<Index> {
    let guides = || library.pages().map(|page| page.guide());
    let file = config.server.cache.as_ref().map(|cache| cache.join(KEPT));
    let index = match file.as_deref().and_then(|file| Index::reopen(file, guides(), [])) {
        Some(kept) => kept?,
        None => Index::build(guides())?,
    };
    if let Some(file) = file.filter(|_| !index.is_as_read()) {
        let index = index.clone();
        // Nothing waits for it, and a server that stops before leaves the file of before.
        std::thread::spawn(move || {
            if let Err(error) = index.save(&file) {
                let file = file.display();
                tracing::warn!(%error, "the search index cannot be kept in {file}: the next start builds it anew");
            }
        });
    }
    Ok(index.with_synonyms(synonyms(library.dir())))
}

/// The synonyms of the content folder; none when they cannot be used, which is said.
pub(super) fn synonyms(content: &Path) -> Synonyms {
    Synonyms::of_folder(content).unwrap_or_else(|error| {
        tracing::error!(
            "{}:{}: {error}",
            content.join(SynonymsError::FILE).display(),
            error.line.unwrap_or(1)
        );
        Synonyms::default()
    })
}
