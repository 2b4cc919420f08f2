//! `loggia sync`

use std::collections::BTreeMap;

use jiff::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Outcome;
use super::client::Client;
use super::output::{plain, print, print_json};
use crate::model::{AppName, ReleaseId};

/// Fill an app from a folder that is synced to a bucket, or see how far that is
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia sync prison-population                     what fills it, and from where it may be filled
  loggia sync prison-population --from analysts     from its folder in the place that is called so
  aws s3 sync ./report s3://bucket/published/prison-population/ --delete
  loggia sync prison-population --off               its releases stay

An operator names the places. The folder is the one with the app's name. A change becomes a release when the
folder has been left alone for a while, or when the file that the operator chose as a marker changes.
The exit status is 1 where the last change could not become a release.")]
pub(super) struct Args {
    /// The app
    name: AppName,
    /// Fill it from its folder in this place
    #[arg(long, value_name = "PLACE", conflicts_with = "off")]
    from: Option<String>,
    /// Fill it from no folder any more
    #[arg(long)]
    off: bool,
    /// Write what fills it as JSON
    #[arg(long)]
    json: bool,
}

/// What the server says.
#[derive(Debug, Serialize, Deserialize)]
struct Synced {
    filling: Option<Filling>,
    places: Vec<Place>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Filling {
    folders: String,
    folder: Option<String>,
    by: String,
    since: Timestamp,
    release: Option<ReleaseId>,
    published: Option<Timestamp>,
    noticed: Option<Timestamp>,
    trouble: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Place {
    name: String,
    folder: String,
    marker: Option<String>,
    settle: Option<u64>,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let name = args.name.as_str();
    if args.off || args.from.is_some() {
        let change = BTreeMap::from([("synced", json!(args.from))]);
        client.change(Method::PATCH, &["apps", name], Some(&change)).await?;
    }
    let synced: Synced = client.get(&["apps", name, "synced"]).await?;
    if args.json {
        print_json(&synced)?;
    } else {
        show(&args.name, &synced)?;
    }
    let failed = synced.filling.is_some_and(|filling| filling.trouble.is_some() || filling.folder.is_none());
    Ok(if failed { Outcome::Failed } else { Outcome::Done })
}

fn show(name: &AppName, synced: &Synced) -> anyhow::Result<()> {
    let Some(filling) = &synced.filling else {
        print(format!("{name} is filled from no folder: it is published to"))?;
        for place in &synced.places {
            let (folder, place) = (plain(&place.folder), plain(&place.name));
            print(format!("`loggia sync {name} --from {place}` fills it from {folder}"))?;
        }
        if synced.places.is_empty() {
            print("There is no place that you may fill it from; an operator names them")?;
        }
        return Ok(());
    };
    let Some(folder) = &filling.folder else {
        let folders = plain(&filling.folders);
        print(format!(
            "{name} was filled from `{folders}`, which an operator took away; the current release stays"
        ))?;
        return Ok(());
    };
    print(format!("{name} is filled from {}, turned on by {}", plain(folder), plain(&filling.by)))?;
    if let Some(place) = synced.places.iter().find(|place| place.name == filling.folders) {
        let ready = match (&place.marker, place.settle) {
            (Some(marker), _) => format!("whenever `{}` changes there", plain(marker)),
            (None, settle) => format!("when nothing changed for {} seconds", settle.unwrap_or_default()),
        };
        print(format!("It becomes a release {ready}"))?;
    }
    match (filling.release, filling.published) {
        (Some(release), Some(published)) => print(format!("The last is {release}, made {published}"))?,
        _ => print("No release was made of it yet")?,
    }
    match (&filling.trouble, filling.noticed) {
        (Some(trouble), _) => print(format!("The last change is no release: {}", plain(trouble)))?,
        (None, Some(noticed)) => print(format!("A change was noticed at {noticed} and is no release yet"))?,
        (None, None) => {}
    }
    Ok(())
}
