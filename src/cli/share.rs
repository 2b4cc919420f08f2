//! `loggia share`

mod until;

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde::Serialize;
use serde_json::json;

use super::Outcome;
use super::client::{CALL, Client};
use super::output::{plain, print, print_json, say, table};
use crate::model::{AppName, Audience, Clock, Grant, NetworkRule, NetworkUse, Role, Who};
use until::{Until, parse_until};

/// See or change who may see an app
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option that is there or not")]
#[command(after_help = "Examples:
  loggia share prison-population                                 who sees it
  loggia share prison-population --add bob@example.org --until 2026-12-31
  loggia share prison-population --add @example.org --add group:analysts
  loggia share prison-population --add ann@example.org --publisher
  loggia share prison-population --remove bob@example.org
  loggia share prison-population --audience signed-in
  loggia share prison-population --only-from office              as well as signing in
  loggia share prison-population --search off                    take its pages out of search")]
pub(super) struct Args {
    /// The app
    name: AppName,
    /// Let somebody see it: an address, @domain or group:NAME
    #[arg(long, value_name = "WHO", conflicts_with_all = ["remove", "audience"])]
    add: Vec<Who>,
    /// Let those who are added publish to it too
    #[arg(long, requires = "add")]
    publisher: bool,
    /// End this for those who are added: with a day (UTC), or at an RFC 3339 time
    #[arg(long, value_name = "DATE", requires = "add", value_parser = parse_until)]
    until: Option<Until>,
    /// Tell nobody by e-mail that it was shared with them
    #[arg(long, requires = "add")]
    no_mail: bool,
    /// Take somebody off the list
    #[arg(long, value_name = "WHO", conflicts_with = "audience")]
    remove: Vec<Who>,
    /// Set who sees it: everybody, everybody who signed in, or those listed
    #[arg(long, value_name = "AUDIENCE", value_parser = parse_audience)]
    audience: Option<Audience>,
    /// Let nobody open it but from this network, as well as being in the audience
    #[arg(long, value_name = "NETWORK", conflicts_with_all = ["also_from", "from_anywhere"])]
    only_from: Vec<String>,
    /// Let everybody in this network open it, instead of signing in
    #[arg(long, value_name = "NETWORK", conflicts_with = "from_anywhere")]
    also_from: Vec<String>,
    /// Let it be opened from anywhere
    #[arg(long)]
    from_anywhere: bool,
    /// Whether search finds its pages, for those who may open it
    #[arg(long, value_name = "on|off", value_parser = parse_switch)]
    search: Option<bool>,
    /// Write who sees it as JSON
    #[arg(long)]
    json: bool,
}

/// Who sees an app.
#[derive(Debug, Serialize)]
struct Sharing {
    app: AppName,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    audience: Audience,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<NetworkRule>,
    search: bool,
    grants: Vec<Grant>,
}

pub(super) async fn run(args: Args, client: Client) -> anyhow::Result<Outcome> {
    let grants = ["apps", args.name.as_str(), "grants"];
    if !args.add.is_empty() {
        add(&client, &args).await?;
    }
    for who in &args.remove {
        remove(&client, &args.name, who).await?;
    }
    // At once: an audience without the network that goes with it would let others in for a moment.
    let audience = args.audience.map(|audience| ("audience", json!(audience)));
    let network = wanted_network(&args).map(|network| ("network", network));
    let search = args.search.map(|search| ("settings", json!({ "search": search })));
    let changes: BTreeMap<_, _> = [audience, network, search].into_iter().flatten().collect();
    if !changes.is_empty() {
        client.change(Method::PATCH, &["apps", args.name.as_str()], Some(&changes)).await?;
    }
    let app = client.app(&args.name).await?;
    let grants = client.get(&grants).await?;
    let search = app.settings.search.unwrap_or(true);
    let sharing = Sharing {
        app: app.name,
        owner: app.owner,
        audience: app.audience,
        network: app.network,
        search,
        grants,
    };
    if args.json {
        print_json(&sharing)?;
    } else {
        show(&sharing)?;
    }
    if !args.add.is_empty() && !args.publisher && sharing.audience != Audience::Listed {
        say(format!(
            "Its audience is `{}`, so the list does not decide who sees it; `loggia share {} --audience listed` makes it.",
            sharing.audience, args.name
        ));
    }
    Ok(Outcome::Done)
}

fn wanted_grants(args: &Args) -> anyhow::Result<Vec<Grant>> {
    let until = args.until.map(|until| until.0);
    if let Some(over) = until.filter(|until| *until <= Clock::system().now()) {
        bail!("{over} is over already; name a later date with --until");
    }
    let role = if args.publisher { Role::Publisher } else { Role::Viewer };
    Ok(args.add.iter().map(|who| Grant::new(who.clone(), role, until)).collect())
}

/// The condition of networks that is to be set; null takes it away.
fn wanted_network(args: &Args) -> Option<serde_json::Value> {
    let rule = |rule, names: &[String]| Some(json!(NetworkRule { rule, names: names.to_vec() }));
    match (args.only_from.as_slice(), args.also_from.as_slice(), args.from_anywhere) {
        ([], [], false) => None,
        ([], [], true) => Some(serde_json::Value::Null),
        ([], names, _) => rule(NetworkUse::Instead, names),
        (names, ..) => rule(NetworkUse::AsWell, names),
    }
}

async fn add(client: &Client, args: &Args) -> anyhow::Result<()> {
    let wanted = wanted_grants(args)?;
    let make = || {
        let request =
            client.request(Method::POST, &["apps", args.name.as_str(), "grants"]).timeout(CALL).json(&wanted);
        let request = if args.no_mail { request.query(&[("mail", "false")]) } else { request };
        std::future::ready(Ok(request))
    };
    client.settle(make).await?;
    Ok(())
}

async fn remove(client: &Client, name: &AppName, who: &Who) -> anyhow::Result<()> {
    let make = || {
        let request = client.request(Method::DELETE, &["apps", name.as_str(), "grants"]);
        std::future::ready(Ok(request.query(&[("who", who.to_string())])))
    };
    client.settle(make).await.with_context(|| format!("cannot remove {who}"))?;
    Ok(())
}

fn show(sharing: &Sharing) -> anyhow::Result<()> {
    let seen_by = match sharing.audience {
        Audience::Public => "everybody, without signing in",
        Audience::SignedIn => "everybody who signed in",
        Audience::Listed => "those listed",
    };
    let owner =
        sharing.owner.as_deref().map(|owner| format!(", owned by {}", plain(owner))).unwrap_or_default();
    print(format!("{}{owner}, is seen by {seen_by}", sharing.app))?;
    if let Some(network) = &sharing.network {
        print(format!("It opens {}", plain(&network.to_string())))?;
    }
    if !sharing.search {
        print("Search does not find its pages")?;
    }
    if !sharing.grants.is_empty() {
        let row = |grant: &Grant| {
            let role = if grant.role == Role::Publisher { "publisher" } else { "viewer" };
            let until = grant.until.map_or_else(|| "-".to_owned(), |until| until.to_string());
            [grant.who.to_string(), role.to_owned(), until]
        };
        let rows: Vec<_> = sharing.grants.iter().map(row).collect();
        print("")?;
        print(table(["WHO", "ROLE", "UNTIL"], &rows))?;
    }
    Ok(())
}

fn parse_switch(given: &str) -> Result<bool, String> {
    match given {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("write `on` or `off`".to_owned()),
    }
}

fn parse_audience(given: &str) -> Result<Audience, String> {
    let known = [Audience::Public, Audience::SignedIn, Audience::Listed];
    known
        .into_iter()
        .find(|audience| audience.to_string() == given)
        .ok_or_else(|| "write `public`, `signed-in` or `listed`".to_owned())
}
