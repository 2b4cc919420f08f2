//! Guides from the bucket: the live edition is fetched into a folder of this server's own, loaded and shown.
//!
//! 1. At the start the live edition is shown, else the newest of those before it that loads, else a page that
//!    says that there is none.
//! 2. Afterwards the pointer is followed. An edition that does not load leaves the one before in place; that is
//!    logged once, counted, and told at `/-/review/`, and it is tried again after a while.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio_util::sync::CancellationToken;

use super::index;
use crate::config::{Config, Content};
use crate::guides::Library;
use crate::model::{Clock, Entropy, ReleaseId};
use crate::releases;
use crate::web::{Edition, Editions, Loggia};

/// How often it is looked whether another edition is live.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long until an edition that did not load is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(30);
/// How long an edition may take to be fetched and loaded.
const LONGEST: Duration = Duration::from_mins(10);

/// What readers find before the first edition is published.
const NONE_YET: &str = "# No guides yet\n\nNobody has published guides here. Whoever may do so runs \
                        `loggia publish FOLDER --guides`.\n";

/// Opens the editions of the bucket and shows the newest that loads.
pub(super) async fn first(config: &Config, clock: &Clock, entropy: &Entropy) -> Result<(Editions, Edition)> {
    let bucket =
        releases::Editions::open(&config.storage, &config.limits, clock.clone(), entropy.clone()).await?;
    let editions = Editions::new(bucket);
    for release in editions.bucket.wanted() {
        match load(&editions.bucket, release, config, clock).await {
            Ok(fetched) => {
                let edition = fetched.edition(config)?;
                editions.show(release);
                return Ok((editions, edition));
            }
            Err(error) => {
                if editions.trouble().is_none() {
                    editions.fail(release, format!("{error:#}"));
                }
                tracing::error!(%release, "an edition of the guides does not load, the one before is tried: {error:#}");
            }
        }
    }
    let dir = tempfile::tempdir()?;
    std::fs::write(dir.path().join("index.md"), NONE_YET)?;
    let edition = open(dir, config, clock).await?.edition(config)?;
    Ok((editions, edition))
}

/// Shows whichever edition is live, until `stop`.
pub(super) async fn follow(loggia: Arc<Loggia>, stop: CancellationToken) {
    let Some(editions) = &loggia.editions else { return };
    let following = editions.bucket.releases().clone().follow(stop.cancelled());
    let showing = async {
        let mut failed: Option<(ReleaseId, tokio::time::Instant)> = None;
        while !stop.is_cancelled() {
            match editions.bucket.wanted().first().copied() {
                Some(wanted) if editions.shown() == Some(wanted) => {
                    editions.forget_failure();
                    loggia.metrics.edition_failing.set(0);
                }
                Some(wanted) if failed.is_none_or(|(was, at)| was != wanted || at.elapsed() > TRY_AGAIN) => {
                    let shown = tokio::select! {
                        () = stop.cancelled() => break,
                        shown = show(&loggia, editions, wanted) => shown,
                    };
                    failed = (!shown).then(|| (wanted, tokio::time::Instant::now()));
                    loggia.metrics.edition_failing.set(i64::from(!shown));
                }
                _ => {}
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    };
    tokio::join!(following, showing);
}

/// Guides that were fetched, and the folder that holds their files.
struct Fetched {
    library: Library,
    dir: tempfile::TempDir,
}

impl Fetched {
    fn edition(self, config: &Config) -> Result<Edition> {
        let index = index::open(config, &self.library)?;
        Ok(Edition::new(self.library, index).kept_in(self.dir))
    }
}

/// Puts the guides in place of those that are shown; the apps stay in the index. Answers with the edition before.
fn swap(loggia: &Loggia, Fetched { library, dir }: Fetched) -> Result<Arc<Edition>> {
    let _turn = loggia.making.lock().unwrap_or_else(PoisonError::into_inner);
    let old = loggia.edition.load_full();
    let index = old.index.with_guides(library.pages().map(|page| page.guide()))?;
    let index = index.with_synonyms(index::synonyms(dir.path()));
    Ok(loggia.edition.swap(Arc::new(Edition::new(library, index).kept_in(dir))))
}

/// Loads `wanted` and shows it; false when it does not load.
async fn show(loggia: &Arc<Loggia>, editions: &Editions, wanted: ReleaseId) -> bool {
    match load(&editions.bucket, wanted, &loggia.config, &loggia.clock).await {
        Ok(fetched) => {
            let guides = fetched.library.pages().len();
            let making = Arc::clone(loggia);
            let swapped = tokio::task::spawn_blocking(move || swap(&making, fetched)).await;
            let before = match swapped.map_err(anyhow::Error::from).flatten() {
                Ok(before) => before,
                Err(error) => {
                    tracing::error!(edition = %wanted, "this edition cannot be searched, the one before stays: {error:#}");
                    return false;
                }
            };
            editions.show(wanted);
            loggia.live.changed();
            tracing::info!(edition = %wanted, guides, "another edition of the guides is shown");
            // The last to hold it removes its files, which takes a while.
            tokio::task::spawn_blocking(move || drop(before));
            true
        }
        Err(error) => {
            if editions.fail(wanted, format!("{error:#}")) {
                tracing::error!(edition = %wanted, "this edition does not load, the one before stays: {error:#}");
            }
            false
        }
    }
}

async fn load(
    bucket: &releases::Editions,
    release: ReleaseId,
    config: &Config,
    clock: &Clock,
) -> Result<Fetched> {
    let loading = async {
        let dir = tempfile::Builder::new().prefix("loggia-guides-").tempdir()?;
        bucket.fetch(release, dir.path()).await?;
        open(dir, config, clock).await
    };
    tokio::time::timeout(LONGEST, loading).await.context("it took longer than ten minutes")?
}

/// The edition whose files are in `dir`, which goes when the edition does.
async fn open(dir: tempfile::TempDir, config: &Config, clock: &Clock) -> Result<Fetched> {
    let content = Content { dir: dir.path().to_owned(), ..config.content.clone() };
    let today = jiff::tz::TimeZone::UTC.to_datetime(clock.now()).date();
    let loading = tokio::task::spawn_blocking(move || -> Result<Fetched> {
        let library = Library::load(&content, today).map_err(|error| anyhow::anyhow!(plain(&error)))?;
        Ok(Fetched { library, dir })
    });
    loading.await.context("loading was cut short")?
}

/// Without the name of the folder, which means nothing to those who read it.
fn plain(error: &crate::guides::LoadError) -> &'static str {
    match error {
        crate::guides::LoadError::Empty { .. } => "it holds no guides",
        crate::guides::LoadError::NotAFolder { .. } | crate::guides::LoadError::Unreadable { .. } => {
            "its files cannot be read"
        }
    }
}
