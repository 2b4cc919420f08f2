//! `loggia explain`

use serde::{Deserialize, Serialize};

use super::Outcome;
use super::client::Client;
use super::output::{plain, print, print_json};
use crate::model::{AppName, EmailAddress};

/// Tell why somebody sees an app, or what they lack
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia explain prison-population ann@example.org
  loggia explain prison-population ann@example.org --group analysts
  loggia explain prison-population ann@example.org --from 10.1.2.3

The exit status is 1 where they do not see it.")]
pub(super) struct Args {
    /// The app
    name: AppName,
    /// Their address
    who: EmailAddress,
    /// A group that their provider puts them in
    #[arg(long, value_name = "GROUP")]
    group: Vec<String>,
    /// The IP address that they are at
    #[arg(long, value_name = "ADDRESS")]
    from: Option<std::net::IpAddr>,
    /// Write the reasons as JSON
    #[arg(long)]
    json: bool,
}

/// What the server says.
#[derive(Debug, Serialize, Deserialize)]
struct Explanation {
    sees: Option<bool>,
    sentences: Vec<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let (groups, from) = (args.group.join(","), args.from.map(|from| from.to_string()));
    let mut query = vec![("who", args.who.as_str())];
    query.extend((!groups.is_empty()).then_some(("groups", groups.as_str())));
    query.extend(from.as_deref().map(|from| ("from", from)));
    let explanation: Explanation = client.get_with(&["apps", args.name.as_str(), "explain"], &query).await?;
    if args.json {
        print_json(&explanation)?;
    } else {
        for sentence in &explanation.sentences {
            print(plain(sentence))?;
        }
    }
    Ok(if explanation.sees == Some(false) { Outcome::Failed } else { Outcome::Done })
}
