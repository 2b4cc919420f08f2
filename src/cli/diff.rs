//! `loggia diff`

use anyhow::Context as _;
use indicatif::HumanBytes;

use super::Outcome;
use super::client::{Client, wire};
use super::output::{plain, print, print_json, say};
use crate::model::{AppName, ReleaseId};

/// Tell what differs between two releases
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia diff prison-population                                  what the last publish changed
  loggia diff prison-population 01jd3m5wz0c9v1k8q2r4t6y8ab       what has changed since that release

+ added, ~ changed, - removed. `loggia releases NAME` lists the releases.")]
pub(super) struct Args {
    /// The app
    name: AppName,
    /// The release to compare with; else the one that was live before the live one
    from: Option<ReleaseId>,
    /// The release that is looked at; else the live one
    to: Option<ReleaseId>,
    /// Write what differs as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let Args { name, from, to, json } = args;
    let app = client.app(&name).await?;
    let to = to.or(app.current).with_context(|| format!("nothing of {name} is live; name two releases"))?;
    let from = from.or(app.previous.first().copied()).with_context(|| {
        format!("{name} has no earlier release to compare with; `loggia releases {name}` lists what there is")
    })?;
    let (from_text, to_text) = (from.to_string(), to.to_string());
    let path = ["apps", name.as_str(), "releases", &to_text, "diff"];
    let diff: wire::Diff = client.get_with(&path, &[("against", &from_text)]).await?;
    if json {
        print_json(&diff)?;
        return Ok(Outcome::Done);
    }
    for (sign, files) in [("+", &diff.added), ("~", &diff.changed), ("-", &diff.removed)] {
        for file in files {
            let size = match sign {
                "~" => format!("{} → {}", HumanBytes(file.before), HumanBytes(file.after)),
                "+" => HumanBytes(file.after).to_string(),
                _ => HumanBytes(file.before).to_string(),
            };
            print(format!("{sign} {}  {size}", plain(&file.path)))?;
        }
    }
    say(format!(
        "{} added, {} changed, {} removed, {} the same; {} → {}{}",
        diff.added.len(),
        diff.changed.len(),
        diff.removed.len(),
        diff.same,
        HumanBytes(diff.size_before),
        HumanBytes(diff.size),
        if diff.cut { "; the list is cut" } else { "" }
    ));
    Ok(Outcome::Done)
}
