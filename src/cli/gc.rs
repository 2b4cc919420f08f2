//! `loggia gc`

use std::path::PathBuf;

use indicatif::HumanBytes;
use serde_json::json;

use super::output::{print, print_json, say};
use super::{Outcome, logging, wait};
use crate::config::{self, Config, Flags, Storage};
use crate::model::{Clock, Entropy};
use crate::releases::{Cleared, Editions, Releases};

/// Clear away the files that no release names any more
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia gc --dry-run                                what would go
  loggia gc --config /etc/loggia/loggia.toml
  loggia gc --storage s3://bucket/prefix --json

It works on the storage itself, beside any number of servers and while people publish. Releases beyond
`releases_kept` and `releases_age` under [limits] are deleted first, and can be restored for `restore_days`;
what was deleted before that is cleared away. Run it once a day.")]
pub(super) struct Args {
    /// The configuration file; else ./loggia.toml, when it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where apps are kept: a folder, `file:///…` or `s3://bucket/prefix`
    #[arg(long, value_name = "URL")]
    storage: Option<Storage>,
    /// Change nothing; tell what would go
    #[arg(long)]
    dry_run: bool,
    /// Write what was done as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let flags = Flags { storage: args.storage.clone(), ..Flags::default() };
    let config = Config::load(args.config.as_deref(), config::variables(), &flags)?;
    logging::start(&config.logs)?;
    let (apps, guides) = wait(clear(&config, args.dry_run))?;
    if args.json {
        print_json(&json!({ "apps": apps, "guides": guides }))?;
        return Ok(Outcome::Done);
    }
    tell("Apps", &apps)?;
    if let Some(guides) = &guides {
        tell("Guides", guides)?;
    }
    if args.dry_run {
        say("Nothing was changed.");
    }
    Ok(Outcome::Done)
}

async fn clear(config: &Config, dry_run: bool) -> anyhow::Result<(Cleared, Option<Cleared>)> {
    let (clock, entropy) = (Clock::system(), Entropy::system());
    if let Storage::Folder(dir) = &config.storage
        && !dir.is_dir()
    {
        anyhow::bail!("there is no folder {}; name the storage with --storage or --config", dir.display());
    }
    let storage = crate::storage::Storage::open(&config.storage).await?;
    let releases = Releases::open(storage, &config.limits, clock.clone(), entropy.clone()).await?;
    let apps = releases.clear(dry_run).await?;
    // A folder in which no edition was published is not made for this.
    if matches!(config.storage.below("guides"), Storage::Folder(dir) if !dir.is_dir()) {
        return Ok((apps, None));
    }
    let editions = Editions::open(&config.storage, &config.limits, clock, entropy).await?;
    Ok((apps, Some(editions.releases().clear(dry_run).await?)))
}

fn tell(what: &str, cleared: &Cleared) -> anyhow::Result<()> {
    for gone in &cleared.retired {
        print(format!("deleted for its age, can be restored: {} {}", gone.app, gone.release))?;
    }
    for gone in &cleared.releases {
        print(format!("cleared away: {} {}", gone.app, gone.release))?;
    }
    for app in &cleared.apps {
        print(format!("cleared away: all of {app}"))?;
    }
    for gone in &cleared.abandoned {
        print(format!("never finished: {} {}", gone.app, gone.release))?;
    }
    for upload in &cleared.uploads {
        print(format!("left behind in parts: {}, begun {}", upload.path, upload.begun))?;
    }
    print(format!(
        "{what}: {} blobs that nothing named, {}; {} are named, {} are younger than a day and unnamed",
        cleared.blobs,
        HumanBytes(cleared.bytes),
        cleared.kept,
        cleared.young
    ))?;
    Ok(())
}
