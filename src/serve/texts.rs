//! Puts what apps say into the search index, as their releases come and go.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio_util::sync::CancellationToken;

use crate::releases::TextChange;
use crate::search::Changes;
use crate::web::Loggia;

/// How long until an index that could not be changed is tried again, from the beginning.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// Keeps the index at the current releases, until `stop`.
pub(super) async fn follow(loggia: Arc<Loggia>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let following = async {
            // Begins with every app: what an earlier round had put into the index is put there again.
            let mut texts = loggia.releases.texts();
            loop {
                let change = texts.next().await;
                let loggia = Arc::clone(&loggia);
                tokio::task::spawn_blocking(move || take(&loggia, &change))
                    .await
                    .context("a thread ended")??;
            }
        };
        let failed: Result<()> = tokio::select! {
            () = stop.cancelled() => return,
            failed = following => failed,
        };
        if let Err(error) = failed {
            tracing::error!("search does not know what apps say: {error:#}; it is tried again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TRY_AGAIN) => {}
        }
    }
}

fn take(loggia: &Loggia, change: &TextChange) -> Result<()> {
    let _turn = loggia.making.lock().unwrap_or_else(PoisonError::into_inner);
    let old = loggia.edition.load_full();
    let (apps, removed_apps): (Vec<_>, Vec<_>) =
        (change.texts.iter().collect(), change.removed.iter().collect());
    let changes = Changes { apps: &apps, removed_apps: &removed_apps, ..Changes::default() };
    loggia.edition.store(Arc::new(old.indexed(old.index.changed(&changes)?)));
    Ok(())
}
