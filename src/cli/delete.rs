//! `loggia delete`

use reqwest::Method;

use super::Outcome;
use super::client::Client;
use super::output::print;
use crate::model::{AppName, ReleaseId};

/// Take an app away from everybody, or delete one release of it; `restore` brings it back
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  loggia delete prison-population\n  loggia delete prison-population 01jd3m5wz0c9v1k8q2r4t6y8ab\n\n\
                        Its name stays taken, so that nobody else's app can ever appear at its address."
)]
pub(super) struct Args {
    /// The app
    name: AppName,
    /// Not the app but this release of it, which must not be the live one
    release: Option<ReleaseId>,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    if let Some(release) = args.release {
        let path = ["apps", args.name.as_str(), "releases", &release.to_string()];
        client.change(Method::DELETE, &path, None::<&()>).await?;
        print(format!("{release} is deleted; `loggia restore {} {release}` brings it back", args.name))?;
        return Ok(Outcome::Done);
    }
    client.change(Method::DELETE, &["apps", args.name.as_str()], None::<&()>).await?;
    print(format!("{0} is deleted; `loggia restore {0}` brings it back", args.name))?;
    Ok(Outcome::Done)
}
