//! Keeping guides: `loggia check`, the review page, editions from the bucket, the static site.

mod editions;
mod external;
mod review;
mod site;

use std::path::Path;
use std::process::{Command, Output};

/// Writes files into `dir`.
fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Runs the real binary in `dir`.
fn command(dir: &Path, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut run = Command::new(env!("CARGO_BIN_EXE_loggia"));
    run.current_dir(dir).args(args).env_clear().env("HOME", dir).env("XDG_CONFIG_HOME", dir.join("config"));
    run.envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
