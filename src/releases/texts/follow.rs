//! What an index must add and remove, as apps are published, changed, deleted and restored.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::take::size_of_page;
use crate::model::{App, AppName, AppText, ReleaseId};
use crate::releases::{Catalog, Releases};

/// How many apps, and how much text in bytes, are handed over at a time.
const BATCH_APPS: usize = 64;
const BATCH_BYTES: usize = 64 << 20;
/// How soon an app whose text could not be had is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// How soon one whose text is being taken is looked at again.
const SOON: Duration = Duration::from_millis(500);

/// Follows the texts of the apps that are in search: those with a current release that are neither deleted nor
/// opted out. Who may see which is not decided here but with every question.
#[derive(Debug)]
pub struct Texts {
    releases: Releases,
    changed: watch::Receiver<()>,
    /// What was handed over.
    held: HashMap<AppName, Held>,
    /// Apps whose text could not be had, and when to try again.
    waiting: HashMap<AppName, Instant>,
}

/// What an index holds of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    release: ReleaseId,
    title: String,
}

/// What an index must do to be current.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct TextChange {
    /// The whole texts of these apps are now these.
    pub texts: Vec<AppText>,
    /// These apps are no longer in search.
    pub removed: Vec<AppName>,
}

impl Releases {
    /// The texts of all apps that are in search, and then their changes, for an index that holds none yet.
    #[must_use]
    pub fn texts(&self) -> Texts {
        let changed = self.0.apps_changed.subscribe();
        Texts { releases: self.clone(), changed, held: HashMap::new(), waiting: HashMap::new() }
    }
}

impl Texts {
    /// Waits until something changed and answers what: a bounded part of it, so that this is called again at once.
    pub async fn next(&mut self) -> TextChange {
        loop {
            self.changed.mark_unchanged();
            let catalog = self.releases.catalog();
            let change = self.step(&catalog).await;
            if change != TextChange::default() {
                return change;
            }
            let again = self.waiting.values().min().copied();
            let again = async {
                match again {
                    Some(again) => sleep_until(again).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                // It ends with the last `Releases`, of which this holds one.
                _ = self.changed.changed() => {}
                () = again => {}
            }
        }
    }

    async fn step(&mut self, catalog: &Catalog) -> TextChange {
        let gone = |name: &&AppName| catalog.app(name).is_none_or(|app| wanted(app).is_none());
        let mut change =
            TextChange { removed: self.held.keys().filter(gone).cloned().collect(), ..Default::default() };
        self.waiting.retain(|name, _| catalog.app(name).is_some_and(|app| wanted(app).is_some()));
        let now = Instant::now();
        let new: Vec<(Arc<App>, Held)> = catalog
            .apps()
            .filter_map(|app| Some((app.clone(), wanted(app)?)))
            .filter(|(app, held)| self.held.get(&app.name) != Some(held))
            .filter(|(app, _)| self.waiting.get(&app.name).is_none_or(|again| *again <= now))
            .take(BATCH_APPS)
            .collect();
        let mut room = BATCH_BYTES;
        for (app, held) in new {
            match self.releases.text_of(&app.name, held.release).await {
                Ok(Some(pages)) => {
                    let size: usize = pages.iter().map(size_of_page).sum();
                    self.waiting.remove(&app.name);
                    self.held.insert(app.name.clone(), held);
                    let (app, title) = (app.name.clone(), app.title.clone());
                    change.texts.push(AppText { app, title, pages });
                    room = room.saturating_sub(size);
                }
                not_yet => {
                    let again = match not_yet {
                        Err(error) => {
                            tracing::warn!(%error, app = %app.name, "its text cannot be had for search yet");
                            AGAIN_AFTER
                        }
                        Ok(_) => SOON,
                    };
                    self.waiting.insert(app.name.clone(), now + again);
                    // What is no longer current is not found meanwhile.
                    if self.held.contains_key(&app.name) {
                        change.removed.push(app.name.clone());
                    }
                }
            }
            if room == 0 {
                break;
            }
        }
        for name in &change.removed {
            self.held.remove(name);
        }
        change
    }
}

/// What an index should hold of an app; `None` when it is not in search.
fn wanted(app: &App) -> Option<Held> {
    let release = app.current.filter(|_| app.deleted.is_none() && app.settings.is_searched())?;
    Some(Held { release, title: app.title.clone() })
}
