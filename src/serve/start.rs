//! Opens everything that a configuration names, and runs it until a signal.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use super::{Certificates, Service, development, editions, history, index, ops, run, texts, ways};
use crate::access::{Keyring, jobs};
use crate::config::{Config, ContentSource};
use crate::guides::{self, Library, Page, Severity};
use crate::mail::Mailer;
use crate::model::{Clock, Entropy};
use crate::releases::{Disk, PdfReader, Releases, SyncedPace, SyncedPlace};
use crate::storage::Storage;
use crate::theme::Theme;
use crate::web::{
    self, Askings, Coded, Edition, Guesses, Hosts, Insights, Live, Loggia, Mailing, Metrics, Notices,
    OpenedSessions, Pipeline, RequestLog, Sites,
};

/// How long a stop waits for letters that are on their way.
const LAST_LETTERS: std::time::Duration = std::time::Duration::from_secs(10);

/// How long tasks of their own may take to end after everything was served.
const LAST_TASKS: std::time::Duration = std::time::Duration::from_secs(2);

/// Runs the server that `config` describes until it is told to stop (SIGTERM, SIGINT).
pub fn serve(mut config: Config) -> Result<()> {
    // Storage, the catalog and whatever else is not a request's runs here; requests run on the workers.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let served = runtime.block_on(async {
        let listeners = Listeners::bind(&mut config)?;
        if config.development {
            development::complete(&mut config, &Entropy::system())?;
        }
        let loggia = open(config, Clock::system(), Entropy::system()).await?;
        // The file may be replaced while this runs; the link leads to what was started.
        loggia.releases.read_pdfs_with(PdfReader::new("/proc/self/exe".into(), &["read-pdf"]));
        if loggia.config.development {
            development::prepare(&loggia).await?;
        }
        announce(&loggia);
        let checked = Arc::clone(&loggia);
        tokio::task::spawn_blocking(move || report(&checked));
        let stop = CancellationToken::new();
        tokio::spawn(cancel_on_signal(stop.clone()));
        serve_on(listeners, loggia, stop).await
    });
    // A fetch that begins in this very moment waits in foyer (0.22) for a lock that it holds itself; nothing that is still
    // under way here is worth waiting for.
    runtime.shutdown_timeout(LAST_TASKS);
    served
}

/// The sockets, bound before anything else is done, so that a port in use is said at once.
pub struct Listeners {
    /// For everything people open.
    pub main: TcpListener,
    /// For health and metrics.
    pub ops: TcpListener,
}

impl Listeners {
    /// Binds the addresses of `config`, and writes into it what a port of 0 became.
    pub fn bind(config: &mut Config) -> Result<Self> {
        let main = bind(config.server.listen, "--listen")?;
        let ops = bind(config.server.ops_listen, "--ops-listen")?;
        config.server.bound(main.local_addr()?);
        config.server.ops_listen = ops.local_addr()?;
        Ok(Self { main, ops })
    }
}

fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address).with_context(|| {
        format!("cannot listen on {address}; is another program using it? Choose another address with {flag}")
    })
}

/// Opens storage, guides and everything else behind the pipeline.
pub async fn open(config: Config, clock: Clock, entropy: Entropy) -> Result<Arc<Loggia>> {
    let storage = Storage::open(&config.storage).await?;
    storage.require_region(&config.storage_regions).await?;
    Box::pin(open_on(storage, config, clock, entropy)).await
}

/// The same on a bucket that is open already.
pub async fn open_on(
    storage: Storage,
    config: Config,
    clock: Clock,
    entropy: Entropy,
) -> Result<Arc<Loggia>> {
    let described = storage.describe();
    let secret = config.sign_in.session_keys.first();
    let insights = Insights::new(storage.clone(), clock.clone(), &entropy, secret);
    let disk = disk(&config);
    let releases =
        Releases::open_with(storage, &config.limits, disk.clone(), clock.clone(), entropy.clone()).await?;
    let theme = Arc::new(Theme::load(&config.server.theme)?);
    let today = jiff::tz::TimeZone::UTC.to_datetime(clock.now()).date();
    let (editions, edition) = match config.content_source {
        ContentSource::Bucket => {
            let (editions, edition) = editions::first(&config, &clock, &entropy).await?;
            (Some(editions), edition)
        }
        ContentSource::Folder => {
            let library = if config.development {
                Library::load_with_drafts(&config.content, today)?
            } else {
                Library::load(&config.content, today)?
            };
            let index = index::open(&config, &library)?;
            (None, Edition::new(library, index))
        }
    };
    let hosts = Hosts::new(&config.server);
    let keyring = Keyring::new(&config.sign_in.session_keys)?;
    let ways = ways::open(&config, &hosts, &entropy)?;
    let issuers = jobs::Issuers::new(&config.access)?;
    let mailer = config.mail.as_ref().map(|mail| Mailer::open(mail, clock.clone())).transpose()?;
    let request_log = config.logs.requests.then(RequestLog::default);
    let request_ids = u64::from_le_bytes(entropy.bytes());
    let assets = web::prepare_assets(&theme);
    let edition = Arc::new(ArcSwap::from_pointee(edition));
    let mailing = mailer.clone().map(|mailer| Mailing {
        mailer,
        theme: Arc::clone(&theme),
        edition: Arc::clone(&edition),
        hosts: hosts.clone(),
    });
    let notices = Notices::new(releases.clone(), clock.clone(), mailing);
    let routes =
        web::routes(&config, &releases, editions.as_ref().map(|editions| &editions.bucket), &notices, &clock);
    let metrics = Metrics::default();
    let loggia = Loggia {
        edition,
        editions,
        sites: Sites::default(),
        opened: OpenedSessions::default(),
        coded: Coded::new(config.limits.cache_bytes / 4, disk),
        making: std::sync::Mutex::default(),
        live: Live::default(),
        searches: Arc::new(tokio::sync::Semaphore::new(processors())),
        config,
        hosts,
        policies: ways.policies,
        clock,
        entropy,
        keyring,
        releases,
        theme,
        assets,
        sign_in: ways.ways,
        provider: ways.built_in,
        issuers,
        mailer,
        notices,
        guesses: Guesses::default(),
        insights,
        askings: Askings::default(),
        metrics,
        request_log,
        storage: described,
        routes,
        request_ids,
    };
    Ok(Arc::new(loggia))
}

/// The part of the cache folder for files of apps. A server that cannot have it does without.
fn disk(config: &Config) -> Option<Disk> {
    let dir = config.server.cache.as_ref()?.join("files");
    match Disk::open(&dir, config.limits.disk_bytes) {
        Ok(disk) => Some(disk),
        Err(error) => {
            let dir = dir.display();
            tracing::warn!(%error, "{dir} cannot be used, perhaps because another server does; files are not kept on disk");
            None
        }
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

/// Serves on `listeners` until `stop`, following the catalog, the content folder and the certificates meanwhile.
pub async fn serve_on(listeners: Listeners, loggia: Arc<Loggia>, stop: CancellationToken) -> Result<()> {
    let config = &loggia.config;
    let certificates = config.server.tls.clone().map(Certificates::load).transpose()?.map(Arc::new);
    if let Some(certificates) = certificates.clone() {
        let stop = stop.clone();
        tokio::spawn(async move { certificates.follow(stop).await });
    }
    if config.content_source == ContentSource::Folder {
        tokio::spawn(history::follow(Arc::clone(&loggia), stop.clone()));
    }
    tokio::spawn(texts::follow(Arc::clone(&loggia), stop.clone()));
    let synced = tokio::spawn(synced(Arc::clone(&loggia), stop.clone()));
    let recorded = tokio::spawn(loggia.releases.clone().follow_record(stop.clone()));
    let counted = tokio::spawn(loggia.insights.clone().follow(stop.clone()));
    let follower = tokio::spawn(follow(Arc::clone(&loggia), stop.clone()));
    let log = loggia.request_log.clone();
    let logger = tokio::spawn({
        let stop = stop.clone();
        async move {
            if let Some(log) = log {
                log.follow(stop).await;
            }
        }
    });
    let watcher = watch(&loggia);
    let pipeline = Arc::new(Pipeline::new(Arc::clone(&loggia)));
    let operations = tokio::spawn(ops::run(listeners.ops, Arc::clone(&pipeline), stop.clone()));
    let service = Service {
        pipeline,
        certificates,
        limits: Arc::new(config.limits.clone()),
        workers: config.server.workers,
    };
    let served = run(listeners.main, service, stop.clone()).await;
    stop.cancel();
    drop(watcher);
    let _ = tokio::join!(follower, logger, operations, counted, recorded, synced);
    if let Some(mailer) = &loggia.mailer {
        mailer.finish(LAST_LETTERS).await;
    }
    if let Some(log) = &loggia.request_log {
        log.flush();
    }
    served.context("serving ended")
}

/// Watches the synced folders. One that cannot be opened is said once, and the others are watched.
async fn synced(loggia: Arc<Loggia>, stop: CancellationToken) {
    let mut places = Vec::new();
    for folders in &loggia.config.synced {
        match SyncedPlace::open(folders.clone()).await {
            Ok(place) => places.push(place),
            Err(error) => {
                tracing::error!(%error, folders = folders.name, "these synced folders cannot be read until the next start");
            }
        }
    }
    loggia.releases.clone().follow_synced(places, SyncedPace::default(), stop).await;
}

/// Follows the catalog and keeps the gauges.
async fn follow(loggia: Arc<Loggia>, stop: CancellationToken) {
    let following = loggia.releases.clone().follow(stop.cancelled());
    let gauges = async {
        while !stop.is_cancelled() {
            let catalog = loggia.releases.catalog();
            loggia.metrics.apps.set(i64::try_from(catalog.apps().count()).unwrap_or(i64::MAX));
            let guides = loggia.edition.load().library.pages().count();
            loggia.metrics.guides.set(i64::try_from(guides).unwrap_or(i64::MAX));
            let age = loggia.clock.now().duration_since(catalog.fresh_at());
            loggia.metrics.catalog_age.set(age.as_secs_f64());
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(std::time::Duration::from_secs(5)) => {}
            }
        }
    };
    let editions = editions::follow(Arc::clone(&loggia), stop.clone());
    tokio::join!(following, gauges, editions);
}

/// Reads changed guides again and swaps the edition; what cannot be read leaves the old one in place.
fn watch(loggia: &Arc<Loggia>) -> Option<guides::Watch> {
    if loggia.config.content_source == ContentSource::Bucket {
        return None;
    }
    let dir = loggia.config.content.dir.clone();
    let weak = Arc::downgrade(loggia);
    let watcher = guides::watch(&dir, move |changed| {
        let Some(loggia) = weak.upgrade() else { return };
        if let Err(error) = refresh(&loggia, changed) {
            tracing::error!("the changed guides cannot be read, the ones before stay: {error:#}");
        }
    });
    match watcher {
        Ok(watcher) => Some(watcher),
        Err(error) => {
            tracing::warn!("changes to the guides will not be seen until the next start: {error}");
            None
        }
    }
}

fn refresh(loggia: &Loggia, changed: &[std::path::PathBuf]) -> Result<()> {
    let _turn = loggia.making.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let old = loggia.edition.load_full();
    let today = jiff::tz::TimeZone::UTC.to_datetime(loggia.clock.now()).date();
    let library = old.library.reload(changed, today)?;
    // What a reload leaves as it was, it shares.
    let before = |page: &Page| old.library.page(page.guide().path.as_str());
    let same = |page: &Arc<Page>| before(page).is_some_and(|old| std::ptr::eq(old.guide(), page.guide()));
    let changed: Vec<_> = library.pages().filter(|page| !same(page)).map(|page| page.guide()).collect();
    let gone = |page: &&Arc<Page>| library.page(page.guide().path.as_str()).is_none();
    let removed: Vec<_> = old.library.pages().filter(gone).map(|page| &page.guide().path).collect();
    let index = if changed.is_empty() && removed.is_empty() {
        old.index.clone()
    } else {
        old.index.updated(&changed, &removed)?
    };
    let index = index.with_synonyms(index::synonyms(library.dir()));
    tracing::info!(changed = changed.len(), removed = removed.len(), "guides were read again");
    loggia.edition.store(Arc::new(old.next(library, index)));
    loggia.live.changed();
    Ok(())
}

/// Says how much is wrong with the guides. Looking for it takes a while on a large site, so nothing waits for it.
fn report(loggia: &Loggia) {
    let edition = loggia.edition.load_full();
    let errors =
        edition.library.problems().iter().filter(|problem| problem.severity == Severity::Error).count();
    if errors > 0 {
        let list = match loggia.config.content_source {
            ContentSource::Folder => {
                format!("`loggia check {}` lists them", loggia.config.content.dir.display())
            }
            ContentSource::Bucket => format!("{}/-/review/ lists them", loggia.hosts.main_origin()),
        };
        tracing::warn!("{errors} errors in the guides, such as broken links: {list}");
    }
}

#[expect(clippy::print_stderr, reason = "what somebody at a terminal wants to read first")]
fn announce(loggia: &Loggia) {
    let edition = loggia.edition.load();
    let config = &loggia.config;
    eprintln!("Loggia {}", env!("CARGO_PKG_VERSION"));
    eprintln!(
        "  guides    {} in {} ({})",
        edition.library.pages().count(),
        match config.content_source {
            ContentSource::Folder => config.content.dir.display().to_string(),
            ContentSource::Bucket => "the bucket".to_owned(),
        },
        edition.library.kind()
    );
    eprintln!("  storage   {}", loggia.storage);
    eprintln!("  open      {}/", loggia.hosts.main_origin());
    if let Ok(example) = "name".parse() {
        eprintln!("  apps      {}", loggia.hosts.app_url(&example).replace("//name.", "//NAME."));
    }
    eprintln!("  health    http://{}/healthz", config.server.ops_listen);
    if config.development {
        eprintln!("\nDevelopment mode: sign in as whoever you like; only this machine can reach it.");
    }
}

async fn cancel_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupted = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
        }
        Err(error) => {
            tracing::warn!(%error, "SIGTERM cannot be awaited");
            let _ = interrupted.await;
        }
    }
    tracing::info!("stopping: answers in flight may finish");
    stop.cancel();
}
