//! `loggia serve`

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::{Outcome, logging};
use crate::config::{self, Config, Flags, Storage, Theme, parse_listen};

/// Run the server
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  loggia serve                                       try it out, on this machine alone
  loggia serve --content ../guidance --listen 127.0.0.1:9000
  loggia serve --storage s3://bucket/prefix
  loggia serve --config /etc/loggia/loggia.toml

Settings come from the file, then from LOGGIA_SECTION_KEY variables, then from these flags.
Without an issuer in `[sign_in]` this is development mode: anybody can sign in as anybody, so it
listens on this machine alone.")]
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
    /// `default`, `service`, or a folder with templates, styles and words of your own
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<Outcome> {
    let flags = Flags {
        listen: args.listen,
        ops_listen: args.ops_listen,
        content: args.content.clone(),
        storage: args.storage.clone(),
        theme: args.theme.as_deref().map(|theme| Theme::parse(theme, Path::new(""))),
    };
    let config = Config::load(args.config.as_deref(), config::variables(), &flags)?;
    logging::start(&config.logs)?;
    crate::serve::serve(config)?;
    Ok(Outcome::Done)
}
