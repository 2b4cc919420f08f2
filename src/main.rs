//! Parse arguments, run, and the only exit: 0 is done, 1 is failed, 2 is wrong usage.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use loggia::cli::{Cli, Outcome};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = Cli::try_parse().map_err(anyhow::Error::from).and_then(Cli::run);
    match done {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::FAILURE,
        Err(error) => tell(&error),
    }
}

/// Tells why it ended, and with which status.
fn tell(error: &anyhow::Error) -> ExitCode {
    if let Some(usage) = error.downcast_ref::<clap::Error>() {
        // Help and version arrive here too; nothing can be done about a terminal that went away.
        let _ = usage.print();
        return u8::try_from(usage.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
    }
    if error.chain().any(is_closed_pipe) {
        // Whoever read our output, such as `head`, has seen enough.
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(io::stderr(), "error: {error:#}");
    ExitCode::FAILURE
}

fn is_closed_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
