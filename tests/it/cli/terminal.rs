//! A terminal with a folder of its own, in which `loggia` is run.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A terminal: a working folder, a home, and what was set in the environment.
pub(super) struct Terminal {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

/// What a command left behind.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) status: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Terminal {
    pub(super) fn open() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// A terminal of somebody who may talk to `api`.
    pub(super) fn signed_in(api: &super::Api) -> Self {
        Self::open().with("LOGGIA_SERVER", api.url()).with("LOGGIA_TOKEN", super::double::TOKEN)
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(super) fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    pub(super) fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Types `loggia` and `line`, and waits for its end.
    pub(super) fn run(&self, line: &str) -> Done {
        let Output { status, stdout, stderr } = self.command(line).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Done { status: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }

    /// Types `loggia` and `line`, and leaves it running with its standard error to be read.
    pub(super) fn start(&self, line: &str) -> Child {
        self.command(line).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    fn command(&self, line: &str) -> Command {
        let home: &Path = self.folder.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_loggia"));
        command
            .args(line.split_whitespace())
            .current_dir(home)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .env("GIT_CEILING_DIRECTORIES", "/")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }
}

impl Done {
    #[track_caller]
    pub(super) fn well(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }

    #[track_caller]
    pub(super) fn failed(self) -> Self {
        assert_eq!(self.status, 1, "{self:?}");
        self
    }

    #[track_caller]
    pub(super) fn misused(self) -> Self {
        assert_eq!(self.status, 2, "{self:?}");
        self
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }
}
