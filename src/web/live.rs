//! Tells open pages that a guide changed (server-sent events), in development mode.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use tokio::sync::watch;

/// One number that grows with every change of the guides.
#[derive(Debug)]
pub struct Live(watch::Sender<u64>);

impl Default for Live {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Live {
    /// Says that something changed.
    pub fn changed(&self) {
        self.0.send_modify(|number| *number += 1);
    }

    /// The stream of changes from now on. Changes that come faster than they are read count as one.
    pub(super) fn events(&self) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
        let mut changes = self.0.subscribe();
        changes.mark_unchanged();
        let stream = futures_util::stream::unfold(changes, |mut changes| async move {
            changes.changed().await.ok()?;
            let number = *changes.borrow_and_update();
            Some((Ok(Event::default().data(number.to_string())), changes))
        });
        Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
    }
}
