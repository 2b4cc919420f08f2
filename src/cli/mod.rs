//! One file a command.
//!
//! 1. [`Cli`] is what can be typed; [`Cli::run`] does it and says whether it went well ([`Outcome`]).
//! 2. [`serve`], [`check`], [`build`] and [`version`] work on this machine, [`gc`] on the storage.
//! 3. The others talk to a server through [`client`]; [`access`] finds out which one and as whom, and
//!    [`credentials`] keeps what [`login`] brought; a [`job`] of continuous integration needs neither. A [`grant`] is where their tokens come from.
//! 4. [`output`] has the two ways of speaking: results on standard output, everything else on standard error.

mod access;
mod activate;
mod apps;
mod build;
mod check;
mod client;
mod credentials;
mod delete;
mod diff;
mod explain;
mod gc;
mod grant;
mod job;
mod logging;
mod login;
mod output;
mod publish;
mod releases;
mod restore;
mod rollback;
mod search;
mod searches;
mod serve;
mod share;
mod sign_out;
mod sync;
mod trust;
mod version;

#[cfg(test)]
mod tests;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use access::Access;
use client::Client;

/// Guides and apps from one binary and one bucket.
#[derive(Debug, Parser)]
#[command(name = "loggia", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    /// The Loggia to talk to; else the one you signed in to last
    #[arg(
        long,
        global = true,
        env = "LOGGIA_SERVER",
        hide_env_values = true,
        value_name = "URL",
        display_order = 100
    )]
    server: Option<String>,

    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  loggia serve                                      try it out, on this machine alone
  loggia login https://loggia.example.org           sign in, once
  loggia publish ./report --app prison-population   put a folder in front of people

LOGGIA_SERVER and LOGGIA_TOKEN name a server and a token for scripts;
they win over what `login` stored.";

/// Whether a command did what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Done,
    /// It did its work and found something wrong.
    Failed,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Check(check::Args),
    Build(build::Args),
    Login(login::Args),
    Publish(publish::Args),
    Apps(apps::Args),
    Releases(releases::Args),
    Diff(diff::Args),
    Activate(activate::Args),
    Rollback(rollback::Args),
    Share(share::Args),
    Sync(sync::Args),
    Explain(explain::Args),
    Trust(trust::Args),
    SignOut(sign_out::Args),
    Delete(delete::Args),
    Restore(restore::Args),
    Search(search::Args),
    Searches(searches::Args),
    Gc(gc::Args),
    Version(version::Args),
    /// Read a PDF from standard input, for a server that started this
    #[command(hide = true)]
    ReadPdf,
}

impl Cli {
    /// Does what was typed. A `clap::Error` inside the error is wrong usage.
    pub fn run(self) -> anyhow::Result<Outcome> {
        let server = self.server.as_deref().filter(|server| !server.trim().is_empty());
        match self.command {
            Command::Serve(args) => serve::run(&args),
            Command::Check(args) => check::run(&args),
            Command::Build(args) => build::run(&args),
            Command::Login(args) => wait(login::run(args, server)),
            Command::Publish(args) => publish::run(&args, server),
            Command::Apps(args) => wait(apps::run(args, connect(server)?)),
            Command::Releases(args) => wait(releases::run(args, connect(server)?)),
            Command::Diff(args) => wait(diff::run(args, connect(server)?)),
            Command::Gc(args) => gc::run(&args),
            Command::Activate(args) => wait(activate::run(args, connect(server)?)),
            Command::Rollback(args) => wait(rollback::run(args, connect(server)?)),
            Command::Share(args) => wait(share::run(args, connect(server)?)),
            Command::Sync(args) => wait(sync::run(args, connect(server)?)),
            Command::Explain(args) => wait(explain::run(args, connect(server)?)),
            Command::Trust(args) => wait(trust::run(args, connect(server)?)),
            Command::SignOut(args) => wait(sign_out::run(args, connect(server)?)),
            Command::Delete(args) => wait(delete::run(args, connect(server)?)),
            Command::Restore(args) => wait(restore::run(args, connect(server)?)),
            Command::Search(args) => {
                let (server, token) = access::find_open(server)?;
                wait(search::run(args, Client::open(server, token)?))
            }
            Command::Searches(args) => wait(searches::run(args, connect(server)?)),
            Command::Version(args) => version::run(&args),
            Command::ReadPdf => crate::releases::read_pdf().map(|()| Outcome::Done).context("this is no PDF"),
        }
    }
}

/// A client for the server that was named or is found, as whoever signed in there.
fn connect(server: Option<&str>) -> anyhow::Result<Client> {
    Client::new(Access::find(server)?)
}

/// Runs a client command to its end. One thread is enough: it waits for a network.
fn wait<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start waiting for the network")?.block_on(work)
}
