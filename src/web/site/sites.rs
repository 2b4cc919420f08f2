//! The sites in memory.

use std::sync::Arc;

use foyer::{Cache, CacheBuilder, S3FifoConfig};
use jiff::Timestamp;

use super::Site;
use super::attic::Attic;
use crate::access::Permit;
use crate::model::{App, AppName, FilePath, ReleaseId};
use crate::releases::{ReleaseError, Releases};

/// How much memory sites may take, in bytes, and what earlier releases had.
const SITE_BYTES: usize = 48 << 20;
const ATTIC_BYTES: usize = 16 << 20;
const SHARDS: usize = 2;

/// What an attic is made of: the current release, since when it is that, and for how many days files are kept.
type AtticKey = (ReleaseId, Timestamp, i64);

/// The releases that are being served, each made ready once.
#[derive(Debug)]
pub struct Sites {
    sites: Cache<ReleaseId, Arc<Site>>,
    attics: Cache<AtticKey, Arc<Attic>>,
}

impl Default for Sites {
    fn default() -> Self {
        let sites = CacheBuilder::new(SITE_BYTES)
            .with_shards(SHARDS)
            .with_eviction_config(S3FifoConfig::default())
            .with_weighter(|_: &ReleaseId, site: &Arc<Site>| site.weight())
            .build();
        let attics = CacheBuilder::new(ATTIC_BYTES)
            .with_shards(1)
            .with_weighter(|_: &AtticKey, attic: &Arc<Attic>| attic.weight())
            .build();
        Self { sites, attics }
    }
}

impl Sites {
    /// The release that `permit` is for; `None` when there is no such release.
    pub(in crate::web) async fn site(
        &self,
        releases: &Releases,
        permit: &Permit,
    ) -> Result<Option<Arc<Site>>, ReleaseError> {
        let target = permit.target();
        if let Some(held) = self.sites.get(&target.release) {
            return Ok((held.value().app == target.app).then(|| Arc::clone(held.value())));
        }
        Box::pin(self.make(releases, &target.app, target.release)).await
    }

    async fn make(
        &self,
        releases: &Releases,
        app: &AppName,
        release: ReleaseId,
    ) -> Result<Option<Arc<Site>>, ReleaseError> {
        let Some(manifest) = releases.manifest(app, release).await? else { return Ok(None) };
        let rules = releases.rules_of(&manifest).await?;
        let site = Arc::new(Site::new(&manifest, rules));
        self.sites.insert(release, Arc::clone(&site));
        Ok(Some(site))
    }

    /// The newest of `app`'s earlier releases that had a file at `address`, not longer ago than the app keeps them, and
    /// that file; `site` is the current release, which has none there.
    pub(in crate::web) async fn earlier(
        &self,
        releases: &Releases,
        app: &App,
        site: &Site,
        address: &str,
        now: Timestamp,
    ) -> Result<Option<(ReleaseId, FilePath)>, ReleaseError> {
        let kept = app.settings.kept_for();
        let Some(since) = app.current_since().filter(|_| !kept.is_zero() && app.activations.len() > 1) else {
            return Ok(None);
        };
        let key = (site.release, since, kept.as_secs());
        if let Some(held) = self.attics.get(&key) {
            return Ok(held.value().find(address, now, kept));
        }
        let attic = Arc::new(Attic::gather(releases, app, site, now).await?);
        self.attics.insert(key, Arc::clone(&attic));
        Ok(attic.find(address, now, kept))
    }
}
