//! Configuration: read once, checked once, one struct a room. Nobody else reads a variable.
//!
//! 1. `source` reads `loggia.toml` and the `LOGGIA_…` variables ([`variables`]) into settings with their
//!    places; the table in `keys` says what can be set, and `nearest` what was meant.
//! 2. `given` and `value` turn what was written into values.
//!    `providers` and `mail` have sections of their own.
//! 3. [`Config::load`] puts them in order (file, variables, [`Flags`]), `check` looks at them together, and
//!    every [`Mistake`] is reported at once.
//! 4. Without a way to sign in this is development mode: [`development_key`], [`DEVELOPMENT_DIR`].

mod check;
mod development;
mod environment;
mod given;
mod keys;
mod load;
mod mail;
mod mistake;
mod nearest;
mod network;
mod providers;
mod source;
mod synced;
mod theme;
mod value;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

pub use development::{DEVELOPMENT_DIR, development_key};
pub use environment::{JobIdentity, client_token, job_identity, user_dir, variables};
pub use load::Flags;
pub use mail::{Mail, MailSecurity, Sender};
pub use mistake::{ConfigError, Mistake, Place};
pub use network::Network;
pub use providers::{EmailCodes, Provider, ProviderKind};
pub use synced::SyncedFolders;
pub use theme::Theme;
pub use value::{
    InvalidValue, is_loopback, keeps_secrets, parse_duration, parse_listen, parse_site, parse_size,
};

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`
    pub server: Server,
    /// `[content]`
    pub content: Content,
    /// Whether they are in that folder, or in the bucket.
    pub content_source: ContentSource,
    /// `[storage]`
    pub storage: Storage,
    /// The regions that a bucket may be in; any when it is empty.
    pub storage_regions: Vec<String>,
    /// `[[storage.synced]]`: where others put folders that apps may be filled from.
    pub synced: Vec<SyncedFolders>,
    /// `[sign_in]`
    pub sign_in: SignIn,
    /// `[mail]`; `None` sends none.
    pub mail: Option<Mail>,
    /// `[access]`
    pub access: Access,
    /// `[limits]`
    pub limits: Limits,
    /// `[logs]`
    pub logs: Logs,
    /// Development mode: the built-in identity provider, live reload, everything on loopback.
    pub development: bool,
}

/// Where it listens and how it is reached.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address for everything people open.
    pub listen: SocketAddr,
    /// The address for `/healthz`, `/readyz` and `/metrics`.
    pub ops_listen: SocketAddr,
    /// The main host as browsers write it: scheme, host, and port when it is not the scheme's own; no path.
    pub public_url: Url,
    /// Apps are at `NAME.<apps domain>`, with the scheme and port of `public_url`; without a port itself.
    pub apps_domain: String,
    /// The certificate and key for TLS, read again when they change; `None` is plain HTTP.
    pub tls: Option<Tls>,
    /// Threads that serve; each runs its own event loop.
    pub workers: usize,
    /// Peers whose `X-Forwarded-For` is believed; nobody by default.
    pub trusted_proxies: Vec<IpAddr>,
    /// The look of its pages.
    pub theme: Theme,
    /// Where the search index and files of apps are kept from one start to the next; `None` keeps neither.
    pub cache: Option<PathBuf>,
}

/// PEM files for TLS.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The certificate chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Where the guides come from.
#[derive(Clone, Debug)]
pub struct Content {
    /// The folder.
    pub dir: PathBuf,
    /// The site's name, when the content does not say it.
    pub title: Option<String>,
    /// The language of guides that do not say theirs, as a BCP 47 tag; English when it is `None`.
    pub language: Option<String>,
}

/// Where the guides are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentSource {
    /// In the folder [`Content::dir`].
    #[default]
    Folder,
    /// In the bucket, where `loggia publish --guides` puts them.
    Bucket,
}

/// Which bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Storage {
    /// A folder on this machine.
    Folder(PathBuf),
    /// `s3://bucket/prefix`; endpoint, region and credentials come from the usual `AWS_…` places.
    S3 {
        /// The bucket's name.
        bucket: String,
        /// What every key starts with: empty, or ending with a slash.
        prefix: String,
    },
}

/// How people sign in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// Where people sign in, in the order in which they choose; in development mode the built-in provider comes
    /// first.
    pub providers: Vec<Provider>,
    /// Codes by e-mail, for people outside any provider; `None` sends none.
    pub email: Option<EmailCodes>,
    /// Keys that seal sessions: the first seals, all of them open, so that keys can be changed in turn.
    /// Each has at least 32 characters. Empty in development mode unless given: `serve` then takes
    /// [`development_key`].
    pub session_keys: Vec<Secret>,
    /// How long a session on the main host lasts.
    pub session: Duration,
    /// How long a session on an app's host lasts before it is renewed by a hand-off.
    pub app_session: Duration,
}

/// What publishers may do.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Who may create apps; everyone who can sign in when it is empty.
    pub creators: Vec<crate::model::Who>,
    /// Who may publish the guides when they come from the bucket; nobody when it is empty. In development mode
    /// it is `dev@localhost` unless given.
    pub guide_publishers: Vec<crate::model::Who>,
    /// The audiences that publishers may choose; any when it is empty. [`Audience::Listed`] always is one.
    ///
    /// [`Audience::Listed`]: crate::model::Audience::Listed
    pub audiences: Vec<crate::model::Audience>,
    /// Who may read the whole record of who did what, see the list of apps as somebody else would, and end other
    /// people's sessions and tokens; nobody when it is empty.
    pub administrators: Vec<crate::model::Who>,
    /// The networks that publishers may choose.
    pub networks: Vec<Network>,
    /// The issuers of identity tokens of GitHub's jobs that are believed.
    pub github_issuers: Vec<Url>,
    /// The same of GitLab's.
    pub gitlab_issuers: Vec<Url>,
}

/// Bounds. Every wait, size and count has one.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at a time; further ones wait.
    pub connections: usize,
    /// The largest head of a request, in bytes; more is 431.
    pub head_bytes: usize,
    /// How long a head may take to arrive; longer is 408.
    pub head_timeout: Duration,
    /// How long a connection may be silent while something is expected of it.
    pub idle_timeout: Duration,
    /// How long a stop waits for answers in flight.
    pub stop_timeout: Duration,
    /// The largest form or JSON body, in bytes; more is 413.
    pub form_bytes: usize,
    /// The largest JSON list of a release's files, in bytes.
    pub manifest_bytes: usize,
    /// The most files in a release.
    pub release_files: usize,
    /// The largest file, in bytes.
    pub file_bytes: u64,
    /// The most bytes that the files of one release have together.
    pub app_bytes: u64,
    /// The longest path of a file within its release, in bytes.
    pub path_bytes: usize,
    /// How many apps one person may have created; deleted ones do not count.
    pub apps_per_publisher: usize,
    /// So many of an app's releases are kept whatever their age, the newest.
    pub releases_kept: usize,
    /// A release younger than this is kept however many there are.
    pub releases_age: Duration,
    /// A release that never was live is kept for so long.
    pub drafts_age: Duration,
    /// For how long a deleted app or release can be restored.
    pub restore: Duration,
    /// How much memory blobs may take, in bytes: three quarters as they are, a quarter encoded.
    pub cache_bytes: usize,
    /// How much room files of apps may take in the folder [`Server::cache`], in bytes.
    pub disk_bytes: usize,
    /// How long a request of another kind than an upload may take.
    pub request_timeout: Duration,
}

/// What is logged.
#[derive(Clone, Debug)]
pub struct Logs {
    /// A `tracing` filter, such as `info` or `loggia=debug`.
    pub filter: String,
    /// JSON lines rather than text.
    pub json: bool,
    /// A line for every request.
    pub requests: bool,
}

/// A value that must not be shown: it prints as `…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `value`.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// The value, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Storage {
    /// The folder called `name` in it, as a bucket of its own.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        match self {
            Self::Folder(dir) => Self::Folder(dir.join(name)),
            Self::S3 { bucket, prefix } => {
                Self::S3 { bucket: bucket.clone(), prefix: format!("{prefix}{name}/") }
            }
        }
    }
}

impl Server {
    /// Takes note of the address that listening on `listen` led to: port 0 has become a real one, and a
    /// public address that was to follow it does.
    pub fn bound(&mut self, listen: SocketAddr) {
        self.listen = listen;
        if self.public_url.port() == Some(0) {
            // Setting a port fails only where there is no host, and this has one.
            let _ = self.public_url.set_port(Some(listen.port()));
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            head_bytes: 64 << 10,
            head_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(1),
            stop_timeout: Duration::from_secs(30),
            form_bytes: 1 << 20,
            manifest_bytes: 8 << 20,
            release_files: 20_000,
            file_bytes: 1 << 30,
            app_bytes: 10 << 30,
            path_bytes: 900,
            apps_per_publisher: 500,
            releases_kept: 100,
            releases_age: Duration::from_hours(24 * 730),
            drafts_age: Duration::from_hours(24 * 90),
            restore: Duration::from_hours(24 * 90),
            cache_bytes: 256 << 20,
            disk_bytes: 4 << 30,
            request_timeout: Duration::from_mins(1),
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        let home = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        Self {
            listen: home(8080),
            ops_listen: home(9180),
            public_url: home_url(false, 8080),
            apps_domain: "localhost".to_owned(),
            tls: None,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            trusted_proxies: Vec::new(),
            theme: Theme::Default,
            cache: None,
        }
    }
}

/// `http://localhost:PORT`, or `https` with TLS.
#[expect(clippy::expect_used, reason = "a literal with a number in it is a URL")]
fn home_url(tls: bool, port: u16) -> Url {
    let scheme = if tls { "https" } else { "http" };
    Url::parse(&format!("{scheme}://localhost:{port}/")).expect("the home address is a URL")
}
