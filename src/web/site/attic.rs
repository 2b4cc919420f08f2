//! What earlier releases had and the current one lacks, so that a page that is open keeps working after a publish.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};

use super::{Found, Site};
use crate::model::{App, FilePath, ReleaseId};
use crate::releases::{HEADERS, REDIRECTS, ReleaseError, Releases};

use super::super::resolve::canonical;

/// How many earlier releases are looked through, the newest.
const MOST_RELEASES: usize = 50;
const AT_A_TIME: usize = 8;
/// How many names are kept.
const MOST_NAMES: usize = 20_000;

/// Files of earlier releases by address and by path.
#[derive(Debug, Default)]
pub(super) struct Attic(HashMap<Arc<str>, Kept>);

#[derive(Clone, Debug)]
struct Kept {
    release: ReleaseId,
    path: FilePath,
    /// When another release took the place of the last that had it.
    since: Timestamp,
}

impl Attic {
    /// Looks through the releases that were current before `site`, as long ago as `app` keeps them.
    pub(super) async fn gather(
        releases: &Releases,
        app: &App,
        site: &Site,
        now: Timestamp,
    ) -> Result<Self, ReleaseError> {
        let earlier = replaced(app, site.release, now);
        let manifests = stream::iter(earlier).map(|(release, since)| async move {
            Ok::<_, ReleaseError>((releases.manifest(&app.name, release).await?, since))
        });
        let manifests: Vec<_> = manifests.buffered(AT_A_TIME).try_collect().await?;
        let mut names = HashMap::new();
        for (manifest, since) in &manifests {
            // A release that was removed since is kept no longer.
            let Some(manifest) = manifest else { continue };
            let lacking = |name: &str| matches!(site.find(name), Found::Nothing);
            for path in manifest.files.keys().filter(|path| !matches!(path.as_str(), REDIRECTS | HEADERS)) {
                let address = canonical(path.as_str(), |name| manifest.files.contains_key(name));
                if names.len() >= MOST_NAMES || !lacking(path.as_str()) || !lacking(&address) {
                    continue;
                }
                let kept = Kept { release: manifest.id, path: path.clone(), since: *since };
                names.entry(Arc::from(address.as_ref())).or_insert_with(|| kept.clone());
                names.entry(path.shared()).or_insert(kept);
            }
        }
        Ok(Self(names))
    }

    /// The file at `address`, unless it was replaced longer ago than `kept`.
    #[must_use]
    pub(super) fn find(
        &self,
        address: &str,
        now: Timestamp,
        kept: SignedDuration,
    ) -> Option<(ReleaseId, FilePath)> {
        let found = self.0.get(address).filter(|found| now.duration_since(found.since) < kept)?;
        Some((found.release, found.path.clone()))
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        256 + self.0.keys().map(|name| 160 + name.len()).sum::<usize>()
    }
}

/// The releases that were replaced within the time that `app` keeps them, newest first, and when.
fn replaced(app: &App, current: ReleaseId, now: Timestamp) -> Vec<(ReleaseId, Timestamp)> {
    let kept = app.settings.kept_for();
    let mut seen = HashSet::from([current]);
    app.activations
        .windows(2)
        .map(|pair| (pair[1].release, pair[0].at))
        .take_while(|(_, since)| now.duration_since(*since) < kept)
        .filter(|(release, _)| seen.insert(*release))
        .take(MOST_RELEASES)
        .collect()
}
