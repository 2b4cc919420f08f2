//! `loggia serve`

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use tracing::Level;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use super::Outcome;
use crate::config::{self, Config, Flags, Logs, Storage, parse_listen};

/// Run the server
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia serve                                       try it out: development mode, on this machine alone
  loggia serve --content ../guidance --listen 127.0.0.1:9000
  loggia serve --storage s3://bucket/prefix
  loggia serve --config /etc/loggia/loggia.toml

Settings come from the file, then from LOGGIA_SECTION_KEY variables, then from these flags. Without an issuer in
`[sign_in]` this is development mode: anybody can sign in as anybody, so it listens on this machine alone.")]
pub(super) struct Args {
    /// The configuration file; else ./loggia.toml, when it is there
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen, such as 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS", value_parser = parse_listen)]
    listen: Option<SocketAddr>,
    /// Where to answer /healthz, /readyz and /metrics
    #[arg(long, value_name = "ADDRESS", value_parser = parse_listen)]
    ops_listen: Option<SocketAddr>,
    /// The folder of guides
    #[arg(long, value_name = "DIR")]
    content: Option<PathBuf>,
    /// Where apps are kept: a folder, `file:///…` or `s3://bucket/prefix`
    #[arg(long, value_name = "URL")]
    storage: Option<Storage>,
    /// A folder with templates and assets of your own
    #[arg(long, value_name = "DIR")]
    theme: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let flags = Flags {
        listen: args.listen,
        ops_listen: args.ops_listen,
        content: args.content.clone(),
        storage: args.storage.clone(),
        theme: args.theme.clone(),
    };
    let config = Config::load(args.config.as_deref(), config::variables(), &flags)?;
    start_logging(&config.logs)?;
    crate::serve::serve(config)?;
    Ok(Outcome::Done)
}

/// Logs to standard error, as the configuration says.
fn start_logging(logs: &Logs) -> anyhow::Result<()> {
    let wanted = EnvFilter::try_new(&logs.filter).context("cannot read the log filter")?;
    // Below `info`, libraries write whole requests, with the tokens and cookies in them.
    let ours_or_calm =
        filter_fn(|event| *event.level() <= Level::INFO || event.target().starts_with("loggia"));
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = if logs.json { lines.json().boxed() } else { lines.boxed() };
    tracing_subscriber::registry()
        .with(lines.with_filter(wanted).with_filter(ours_or_calm))
        .try_init()
        .map_err(|error| anyhow!("cannot start logging: {error}"))
}
