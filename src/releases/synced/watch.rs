//! Watching: which folder is due, whether it has settled, and what is done then.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::copy::{Filling, SyncError};
use super::look::{self, Look};
use super::state::{SyncedState, Trouble};
use super::{SyncedPace, SyncedPlace};
use crate::model::{App, AppName, Digest, Role, Synced};
use crate::releases::update::Record as _;
use crate::releases::{ReleaseError, Releases};
use crate::storage::Key;

/// How many folders are looked at, or copied, at a time.
const AT_A_TIME: usize = 4;

/// What the watching server remembers of a folder from one look to the next.
#[derive(Debug, Default)]
struct Memory {
    /// When it is looked at again; at once when `None`.
    due: Option<Instant>,
    /// What it held, and since when nothing changed.
    still: Option<(Digest, Instant)>,
    /// What it held when it could not be published, so that this is not tried again and again.
    refused: Option<(Digest, Option<String>)>,
    /// Faults one after another.
    faults: u32,
    /// What was written last.
    state: Option<SyncedState>,
}

/// What a look came to.
enum Came {
    /// Nothing is to be done now.
    Idle,
    /// It changed, and has to be left alone for so long yet.
    Settling(Duration),
    /// A release was made.
    Published,
}

impl Releases {
    /// Watches the synced folders in `places` until `stop`, while no other server does.
    pub async fn follow_synced(self, places: Vec<SyncedPlace>, pace: SyncedPace, stop: CancellationToken) {
        if places.is_empty() {
            return;
        }
        let server = self.0.entropy.secret();
        let (mut seen, mut failing) = (None, false);
        while !stop.is_cancelled() {
            match self.take_claim(&server, &mut seen, pace.claim).await {
                Ok(Some(mut held)) => {
                    tracing::info!("this server watches the synced folders");
                    let lost = tokio::select! {
                        () = stop.cancelled() => false,
                        () = self.keep_claim(&server, &mut held, pace.claim) => true,
                        () = self.watch(&places, pace) => false,
                    };
                    if lost {
                        tracing::warn!(
                            "this server could not renew its claim; another may watch the synced folders"
                        );
                    } else {
                        self.give_claim_up(held).await;
                    }
                    failing = false;
                }
                Ok(None) => failing = false,
                Err(error) if !failing => {
                    tracing::warn!(%error, "whether another server watches the synced folders is not known; trying again");
                    failing = true;
                }
                Err(_) => {}
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(pace.claim / 6) => {}
            }
        }
    }

    /// Looks at each folder when it is due, for ever.
    async fn watch(&self, places: &[SyncedPlace], pace: SyncedPace) {
        let mut memories: HashMap<AppName, Memory> = HashMap::new();
        let mut looking = FuturesUnordered::new();
        let mut out: HashSet<AppName> = HashSet::new();
        loop {
            let catalog = self.catalog();
            // What may no longer be so is nothing to act on.
            if !catalog.is_stale(self.0.clock.now()) {
                let filled = catalog.apps().filter(|app| app.deleted.is_none() && app.synced.is_some());
                let mut due: Vec<_> = filled.filter(|app| !out.contains(&app.name)).collect();
                due.sort_by_key(|app| memories.get(&app.name).and_then(|memory| memory.due));
                memories.retain(|name, _| catalog.live(name).is_some_and(|app| app.synced.is_some()));
                for app in due {
                    let memory = memories.get(&app.name);
                    let later = memory.and_then(|memory| memory.due).is_some_and(|due| due > Instant::now());
                    if later || looking.len() >= AT_A_TIME {
                        continue;
                    }
                    let memory = memories.remove(&app.name).unwrap_or_default();
                    out.insert(app.name.clone());
                    looking.push(self.look_at(app.clone(), places, pace, memory));
                }
            }
            tokio::select! {
                Some((name, memory)) = looking.next(), if !looking.is_empty() => {
                    out.remove(&name);
                    memories.insert(name, memory);
                }
                () = sleep(pace.tick) => {}
            }
        }
    }

    async fn look_at(
        &self,
        app: std::sync::Arc<App>,
        places: &[SyncedPlace],
        pace: SyncedPace,
        mut memory: Memory,
    ) -> (AppName, Memory) {
        let name = app.name.clone();
        let synced = app.synced.as_ref();
        let Some((synced, place)) = synced.and_then(|synced| {
            let place = places.iter().find(|place| place.folders.name == synced.folders)?;
            Some((synced, place))
        }) else {
            // The page says so from the configuration.
            memory.due = Some(Instant::now() + pace.rarest);
            return (name, memory);
        };
        let every = place.folders.every;
        let pause = match Box::pin(self.step(&app, synced, place, &mut memory)).await {
            Ok(came) => {
                memory.faults = 0;
                self.tell_healed(&name, synced, &mut memory).await;
                match came {
                    Came::Idle | Came::Published => every,
                    Came::Settling(left) => every.min(left),
                }
            }
            Err(SyncError::Changed) => every,
            Err(SyncError::Overtaken) => {
                memory = Memory::default();
                every
            }
            Err(error) => {
                let passing = is_passing(&error);
                memory.faults = if passing { memory.faults.saturating_add(1) } else { 0 };
                self.tell(&name, synced, &mut memory, &error).await;
                every.saturating_mul(1 << memory.faults.min(16)).min(pace.rarest.max(every))
            }
        };
        memory.due = Some(Instant::now() + pause);
        (name, memory)
    }

    /// One look, and whatever follows from it.
    async fn step(
        &self,
        app: &App,
        synced: &Synced,
        place: &SyncedPlace,
        memory: &mut Memory,
    ) -> Result<Came, SyncError> {
        let mut state = self.state_of(&app.name, synced, memory).await?;
        self.require_allowed(app, synced, place)?;
        if let Some(begun) = state.publishing().map(|done| done.release) {
            let filling = Filling { app, synced, place, state: &state };
            state = match self.finish_filling(&filling, begun).await {
                Ok(finished) => finished,
                Err(SyncError::Release(error)) if is_lost(&error) => {
                    self.write_synced(&app.name, &state, SyncedState::drop_publishing).await?
                }
                Err(error) => return Err(error),
            };
            memory.state = Some(state.clone());
        }
        let waits = place.folders.marker.is_some();
        if waits {
            let marker = look::marker(place, &app.name).await?;
            let as_before = state.done().is_some_and(|done| done.marker == marker);
            if marker.is_none() || as_before {
                return Ok(Came::Idle);
            }
        }
        let seen = look::look(place, &app.name, &self.0.limits).await?;
        if state.done().is_some_and(|done| done.fingerprint == seen.fingerprint) {
            (memory.still, memory.refused) = (None, None);
            let marker = seen.marker.clone();
            memory.state =
                Some(self.write_synced(&app.name, &state, |state| state.unchanged(marker.clone())).await?);
            return Ok(Came::Idle);
        }
        if seen.files.is_empty() {
            // Before the first file arrives there is nothing to say.
            if state.done().is_none() {
                return Ok(Came::Idle);
            }
            return self.refuse(memory, &seen, SyncError::Folder(EMPTY.to_owned()));
        }
        if memory.refused.as_ref() == Some(&(seen.fingerprint, seen.marker.clone())) {
            return Ok(Came::Idle);
        }
        if state.noticed.is_none() {
            let now = self.0.clock.now();
            state = self.write_synced(&app.name, &state, |state| state.noticed = Some(now)).await?;
            memory.state = Some(state.clone());
        }
        if !waits {
            let still = memory.still.filter(|(held, _)| *held == seen.fingerprint);
            let (_, since) = *memory.still.insert(still.unwrap_or((seen.fingerprint, Instant::now())));
            let left = place.folders.settle.saturating_sub(since.elapsed());
            if !left.is_zero() {
                return Ok(Came::Settling(left));
            }
        }
        match Box::pin(self.fill(&Filling { app, synced, place, state: &state }, &seen)).await {
            Ok(state) => {
                memory.state = Some(state);
                (memory.still, memory.refused) = (None, None);
                Ok(Came::Published)
            }
            Err(SyncError::Changed) => {
                memory.still = None;
                Err(SyncError::Changed)
            }
            Err(error) => self.refuse(memory, &seen, error),
        }
    }

    /// Remembers what looking again does not help.
    #[expect(clippy::unused_self, reason = "it is a step of the look")]
    fn refuse(&self, memory: &mut Memory, seen: &Look, error: SyncError) -> Result<Came, SyncError> {
        if matches!(error, SyncError::Folder(_)) {
            memory.refused = Some((seen.fingerprint, seen.marker.clone()));
        }
        Err(error)
    }

    /// Releases are made in the name of whoever turned it on, so they must still be allowed to.
    fn require_allowed(&self, app: &App, synced: &Synced, place: &SyncedPlace) -> Result<(), SyncError> {
        let who = &synced.by;
        let refused = |why: &str| {
            let what =
                format!("{}, who turned this on, {why}; another publisher can turn it on again", who.email);
            Err(SyncError::Folder(what))
        };
        if app.role_of(who, self.0.clock.now()) != Some(Role::Publisher) {
            return refused("may no longer publish to this app");
        }
        if !place.folders.may_use(who) {
            return refused("may no longer use the folders there");
        }
        Ok(())
    }

    /// The state as it was written last.
    async fn state_of(
        &self,
        name: &AppName,
        synced: &Synced,
        memory: &mut Memory,
    ) -> Result<SyncedState, SyncError> {
        if let Some(held) = memory.state.as_ref().filter(|state| state.is_of(synced)) {
            return Ok(held.clone());
        }
        *memory = Memory::default();
        let key = Key::synced(name);
        let found = match self.0.storage.get(&key).await? {
            Some(object) => Some(SyncedState::parse(&key, &object.bytes)?),
            None => None,
        };
        let state = found.filter(|state| state.is_of(synced)).unwrap_or_else(|| SyncedState::new(synced));
        memory.state = Some(state.clone());
        Ok(state)
    }

    /// Says what is wrong, in the log and for the app's page, once.
    async fn tell(&self, name: &AppName, synced: &Synced, memory: &mut Memory, error: &SyncError) {
        let what = error.to_string();
        let Some(state) = memory.state.clone().filter(|state| state.is_of(synced)) else {
            tracing::warn!(app = %name, error = what, "how far a synced folder is cannot be read");
            return;
        };
        if state.trouble.as_ref().is_some_and(|told| told.what == what) {
            return;
        }
        tracing::warn!(app = %name, error = what, "a synced folder is no release; the current release stays");
        let now = self.0.clock.now();
        let trouble = Trouble { what, since: now };
        match self.write_synced(name, &state, |state| state.trouble = Some(trouble.clone())).await {
            Ok(state) => memory.state = Some(state),
            Err(SyncError::Overtaken) => memory.state = None,
            Err(error) => {
                tracing::debug!(%error, app = %name, "what is wrong with a synced folder is not written down");
            }
        }
    }

    /// What was in the way is no more, unless it is what the folder still holds.
    async fn tell_healed(&self, name: &AppName, synced: &Synced, memory: &mut Memory) {
        let state = memory.state.clone().filter(|state| state.is_of(synced) && state.trouble.is_some());
        let Some(state) = state.filter(|_| memory.refused.is_none()) else { return };
        match self.write_synced(name, &state, |state| state.trouble = None).await {
            Ok(state) => memory.state = Some(state),
            Err(SyncError::Overtaken) => memory.state = None,
            Err(error) => {
                tracing::debug!(%error, app = %name, "that a synced folder is well again is not written down");
            }
        }
    }
}

/// What an emptied folder is.
const EMPTY: &str = "the folder is empty; to take the app away, delete it here";

/// Whether the same may work later.
fn is_passing(error: &SyncError) -> bool {
    matches!(error, SyncError::Source(_) | SyncError::Release(_))
}

/// Whether a release in the making can never be finished.
fn is_lost(error: &ReleaseError) -> bool {
    matches!(
        error,
        ReleaseError::NoRelease { .. }
            | ReleaseError::TooLate(_)
            | ReleaseError::BlobsMissing { .. }
            | ReleaseError::DeletedRelease { .. }
    )
}
