//! Sessions on apps' hosts that were opened already.
//!
//! Unsealing a cookie costs about as much as everything else that a request for a small file takes, and the same cookie
//! comes with every request of a page. What it holds cannot change, so it is unsealed once; whether the session still
//! stands is asked each time.

use std::sync::Arc;

use foyer::{Cache, CacheBuilder, S3FifoConfig};

use crate::access::{AppSession, Keyring};
use crate::model::Viewer;

/// How much memory they may take, in bytes: some thousands of people.
const BYTES: usize = 8 << 20;
/// What one takes besides its cookie, in bytes.
const ENTRY_BYTES: usize = 800;
const SHARDS: usize = 4;

/// A session as its cookie holds it.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) session: AppSession,
    pub(super) viewer: Viewer,
}

/// The sessions in memory, by host and cookie.
#[derive(Debug)]
pub struct OpenedSessions(Cache<String, Arc<Opened>>);

impl Default for OpenedSessions {
    fn default() -> Self {
        let weight = |name: &String, _: &Arc<Opened>| 2 * name.len() + ENTRY_BYTES;
        let sessions = CacheBuilder::new(BYTES)
            .with_shards(SHARDS)
            .with_eviction_config(S3FifoConfig::default())
            .with_weighter(weight)
            .build();
        Self(sessions)
    }
}

impl OpenedSessions {
    /// What `sealed` holds for `host`; `None` when it was not sealed by us for exactly this host.
    pub(super) fn open(&self, sealed: &str, host: &str, keyring: &Keyring) -> Option<Arc<Opened>> {
        // A host has no space in it.
        let name = [host, " ", sealed].concat();
        if let Some(held) = self.0.get(&name) {
            return Some(Arc::clone(held.value()));
        }
        let session = AppSession::unseal(sealed, host, keyring)?;
        let viewer = Viewer::SignedIn(session.person.clone());
        let opened = Arc::new(Opened { session, viewer });
        self.0.insert(name, Arc::clone(&opened));
        Some(opened)
    }
}
