//! Apps that are filled from folders which others sync.
//!
//! 1. [`folders`]: what becomes a release, when, and what does not.
//! 2. [`servers`]: of several servers one does it, and one that dies leaves nothing half done.
//! 3. [`surfaces`]: the API, the command and the page.
//! 4. [`tools`]: what analysts type.

mod folders;
mod servers;
mod surfaces;
mod tools;

use std::collections::BTreeMap;
use std::time::Duration;

use loggia::config::{Limits, SyncedFolders};
use loggia::model::{AppName, Clock, EmailAddress, Entropy, FilePath, Manifest, Person, ReleaseId, Subject};
use loggia::releases::{By, Change, Releases, SyncedPace, SyncedPlace, SyncedState};
use loggia::storage::{Endpoint, SourceBucket, Storage};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::s3::{S3Double, quick};

/// The folder of the app that the tests fill, in the double's bucket.
const FOLDER: &str = "incoming/tides/";

/// Servers that look often.
fn pace() -> SyncedPace {
    SyncedPace {
        tick: Duration::from_millis(5),
        claim: Duration::from_secs(2),
        rarest: Duration::from_millis(50),
    }
}

fn person(email: &str) -> Person {
    let email: EmailAddress = email.parse().unwrap();
    let subject = Subject { iss: "https://id.example".to_owned(), sub: email.to_string() };
    Person { subject, email, name: None, groups: Vec::new() }
}

fn by(email: &str) -> By {
    By { person: person(email), from: None }
}

fn app() -> AppName {
    "tides".parse().unwrap()
}

/// What an operator wrote.
fn folders() -> SyncedFolders {
    SyncedFolders {
        name: "analysts".to_owned(),
        bucket: "gallery".to_owned(),
        prefix: "incoming/".to_owned(),
        region: None,
        endpoint: None,
        marker: None,
        settle: Duration::from_millis(30),
        every: Duration::from_millis(10),
        publishers: vec!["@example.org".parse().unwrap()],
    }
}

fn place(double: &S3Double, change: impl FnOnce(&mut SyncedFolders)) -> SyncedPlace {
    let mut folders = folders();
    change(&mut folders);
    let endpoint = Endpoint { prefix: "incoming/".to_owned(), ..double.endpoint() };
    SyncedPlace { folders, bucket: SourceBucket::at(&endpoint, quick()).unwrap() }
}

async fn open(storage: &Storage, limits: &Limits) -> Releases {
    Releases::open(storage.clone(), limits, Clock::system(), Entropy::system()).await.unwrap()
}

/// A server that watches; it stops when it is dropped.
struct Watching {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Watching {
    fn start(releases: &Releases, place: SyncedPlace) -> Self {
        Self::at(releases, place, pace())
    }

    fn at(releases: &Releases, place: SyncedPlace, pace: SyncedPace) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(releases.clone().follow_synced(vec![place], pace, stop.clone()));
        Self { stop, task }
    }

    /// Stops it as a signal does.
    async fn stop(mut self) {
        self.stop.cancel();
        (&mut self.task).await.unwrap();
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A bucket that analysts fill, and a server with the app `tides`, which is filled from it.
struct House {
    double: S3Double,
    releases: Releases,
}

impl House {
    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let releases = open(&Storage::memory(), &limits).await;
        create(&releases).await;
        let house = Self { double: S3Double::start().await, releases };
        house.turn(Some("analysts")).await;
        house
    }

    async fn turn(&self, folders: Option<&str>) {
        turn(&self.releases, folders, "ann@example.org").await;
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        self.double.put_by_others(&format!("{FOLDER}{name}"), bytes, 0);
    }

    fn current(&self) -> Option<ReleaseId> {
        current(&self.releases)
    }

    async fn state(&self) -> SyncedState {
        self.releases.synced_state(&app()).await.unwrap().unwrap_or_default()
    }

    async fn trouble(&self) -> Option<String> {
        self.state().await.trouble.map(|trouble| trouble.what)
    }

    /// Waits until another release than `before` is live, and answers it.
    async fn next(&self, before: Option<ReleaseId>) -> Manifest {
        let id = until("another release", async || self.current().filter(|now| Some(*now) != before)).await;
        Manifest::clone(&*self.releases.manifest(&app(), id).await.unwrap().unwrap())
    }

    /// Waits until the folder was looked at so many times more.
    async fn looks(&self, times: usize) {
        let listings = || self.double.asked("list-type=2").len() + self.double.asked("HEAD ").len();
        let before = listings();
        until("a look", async || (listings() >= before + times).then_some(())).await;
    }

    /// Waits until nobody looks at the folder any more: ten times as long as it takes to look again.
    async fn silence(&self) {
        until("silence", async || {
            self.double.forget();
            tokio::time::sleep(Duration::from_millis(100)).await;
            (self.double.total() == 0).then_some(())
        })
        .await;
    }

    /// The requests for the bytes of files.
    fn read(&self) -> Vec<String> {
        self.double.asked("GET /gallery/incoming/")
    }
}

/// The app, of which search takes no text: a test may end while that is under way.
async fn create(releases: &Releases) {
    releases.create_app(&app(), "Tides", &by("ann@example.org")).await.unwrap();
    releases.set_search(&app(), false, &by("ann@example.org")).await.unwrap();
}

async fn turn(releases: &Releases, folders: Option<&str>, who: &str) {
    let change = Change { synced: Some(folders.map(str::to_owned)), ..Change::default() };
    releases.set(&app(), change, &by(who)).await.unwrap();
}

fn current(releases: &Releases) -> Option<ReleaseId> {
    releases.catalog().app(&app())?.current
}

/// Waits for what `ask` finds.
async fn until<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    for _ in 0..4000 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} did not come")
}

/// The paths and sizes of a release.
fn listed(manifest: &Manifest) -> BTreeMap<String, u64> {
    manifest.files.iter().map(|(path, file): (&FilePath, _)| (path.to_string(), file.size)).collect()
}
