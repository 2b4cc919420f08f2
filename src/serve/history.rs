//! Has the history of the guides read, at the start and after every commit, while the server answers.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::guides::History;
use crate::web::Loggia;

/// How often the repository is asked whether there is a new commit.
const EVERY: Duration = Duration::from_mins(1);

/// Keeps the history of the guides until `stop`. Reading is done on a thread that nobody waits for at the end.
pub(super) async fn follow(loggia: Arc<Loggia>, stop: CancellationToken) {
    loop {
        let (done, read) = oneshot::channel();
        let weak = Arc::downgrade(&loggia);
        let reading = std::thread::Builder::new().name("history".to_owned()).spawn(move || {
            if let Some(loggia) = weak.upgrade() {
                renew(&loggia);
            }
            // The other end may have stopped.
            let _ = done.send(());
        });
        if let Err(error) = reading {
            tracing::warn!(%error, "the history of the guides cannot be read");
        }
        let round = async {
            let _ = read.await;
            tokio::time::sleep(EVERY).await;
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = round => {}
        }
    }
}

fn renew(loggia: &Loggia) {
    let dir = &loggia.config.content.dir;
    if !loggia.edition.load().library.history().is_behind(dir) {
        return;
    }
    let history = Arc::new(History::read(dir));
    let _turn = loggia.making.lock().unwrap_or_else(PoisonError::into_inner);
    let old = loggia.edition.load_full();
    match old.library.with_history(history) {
        Ok(library) => {
            loggia.edition.store(Arc::new(old.next(library, old.index.clone())));
            tracing::info!("the history of the guides was read");
        }
        Err(error) => tracing::error!("the history of the guides is not used: {error}"),
    }
}
