//! The one table of everything that can be set. A row is a section, a name, and where the value goes.

use url::Url;

use super::given::Refusal;
use super::mail::{MailDraft, parse_mail_security, parse_mail_server, parse_port, parse_sender};
use super::network::{NetworkDraft, parse_network_name, parse_range};
use super::providers::{EmailDraft, ProviderDraft, parse_provider_kind, parse_provider_name};
use super::source::Given;
use super::synced::{
    SyncedDraft, parse_bucket, parse_endpoint, parse_folders_name, parse_marker, parse_region,
};
use super::value::{
    parse_address, parse_audience, parse_domain, parse_issuer, parse_language, parse_listen, parse_site,
    parse_source,
};
use super::{Content, ContentSource, Limits, Logs, Secret, Server, Storage};
use crate::model::{Audience, Who};

/// Sections of which there may be several: `[[sign_in.provider]]`.
pub(super) const REPEATED: [&str; 3] = ["sign_in.provider", "access.network", "storage.synced"];
/// The most tables of such a section.
pub(super) const MOST_TABLES: usize = 100;

/// A setting that exists.
#[derive(Debug)]
pub(super) struct Known {
    /// The section it stands in.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// Whether it is a secret, and so is never shown and never read from the file.
    pub secret: bool,
    /// Puts the value in its place.
    pub put: fn(&mut Draft, &Given) -> Result<(), Refusal>,
}

/// A configuration in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub server: Server,
    pub public_url: Option<Url>,
    pub apps_domain: Option<String>,
    pub tls_certificate: Option<std::path::PathBuf>,
    pub tls_key: Option<std::path::PathBuf>,
    pub content: Content,
    pub content_source: ContentSource,
    pub storage: Option<Storage>,
    pub storage_regions: Vec<String>,
    pub synced: Vec<SyncedDraft>,
    pub issuer: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<Secret>,
    pub groups_claim: Option<String>,
    pub providers: Vec<ProviderDraft>,
    pub email: EmailDraft,
    pub mail: MailDraft,
    pub session_keys: Option<Vec<Secret>>,
    pub session: std::time::Duration,
    pub app_session: std::time::Duration,
    pub creators: Vec<Who>,
    pub guide_publishers: Option<Vec<Who>>,
    pub audiences: Vec<Audience>,
    pub administrators: Vec<Who>,
    pub networks: Vec<NetworkDraft>,
    pub github_issuers: Vec<Url>,
    pub gitlab_issuers: Vec<Url>,
    pub limits: Limits,
    pub logs: Logs,
}

/// Everything that can be set, section by section.
pub(super) static KNOWN: &[Known] = &[
    open("server", "listen", |draft, given| put(&mut draft.server.listen, given.read(parse_listen))),
    open("server", "ops_listen", |draft, given| put(&mut draft.server.ops_listen, given.read(parse_listen))),
    open("server", "public_url", |draft, given| put_some(&mut draft.public_url, given.read(parse_site))),
    open("server", "apps_domain", |draft, given| put_some(&mut draft.apps_domain, given.read(parse_domain))),
    open("server", "tls_certificate", |draft, given| put_some(&mut draft.tls_certificate, given.path())),
    open("server", "tls_key", |draft, given| put_some(&mut draft.tls_key, given.path())),
    open("server", "workers", |draft, given| put(&mut draft.server.workers, given.number())),
    open("server", "trusted_proxies", |draft, given| {
        put(&mut draft.server.trusted_proxies, given.list(parse_address))
    }),
    open("server", "theme", |draft, given| put(&mut draft.server.theme, given.theme())),
    open("server", "cache", |draft, given| put_some(&mut draft.server.cache, given.path())),
    open("content", "dir", |draft, given| put(&mut draft.content.dir, given.path())),
    open("content", "title", |draft, given| put_some(&mut draft.content.title, owned(given.text()))),
    open("content", "language", |draft, given| {
        put_some(&mut draft.content.language, given.read(parse_language))
    }),
    open("content", "source", |draft, given| put(&mut draft.content_source, given.read(parse_source))),
    open("storage", "url", |draft, given| put_some(&mut draft.storage, given.storage())),
    open("storage", "regions", |draft, given| put(&mut draft.storage_regions, texts(given))),
    open("storage.synced", "name", |draft, given| {
        put_some(&mut draft.synced(given).name, given.read(parse_folders_name))
    }),
    open("storage.synced", "url", |draft, given| {
        put_some(&mut draft.synced(given).bucket, given.read(parse_bucket))
    }),
    open("storage.synced", "region", |draft, given| {
        put_some(&mut draft.synced(given).region, given.read(parse_region))
    }),
    open("storage.synced", "endpoint", |draft, given| {
        put_some(&mut draft.synced(given).endpoint, given.read(parse_endpoint))
    }),
    open("storage.synced", "marker", |draft, given| {
        put_some(&mut draft.synced(given).marker, given.read(parse_marker))
    }),
    open("storage.synced", "settle", |draft, given| {
        put_some(&mut draft.synced(given).settle, given.duration())
    }),
    open("storage.synced", "every", |draft, given| {
        put_some(&mut draft.synced(given).every, given.duration())
    }),
    open("storage.synced", "publishers", |draft, given| {
        put(&mut draft.synced(given).publishers, given.list(str::parse::<Who>))
    }),
    open("sign_in", "issuer", |draft, given| put_some(&mut draft.issuer, owned(given.text()))),
    open("sign_in", "client_id", |draft, given| put_some(&mut draft.client_id, owned(given.text()))),
    secret("sign_in", "client_secret", |draft, given| put_some(&mut draft.client_secret, given.secret())),
    open("sign_in", "client_secret_file", |draft, given| {
        put_some(&mut draft.client_secret, given.secret_file())
    }),
    open("sign_in", "groups_claim", |draft, given| {
        put_some(&mut draft.groups_claim, owned(given.text_or_nothing()))
    }),
    secret("sign_in", "session_keys", |draft, given| put_some(&mut draft.session_keys, keys(given.secret()))),
    open("sign_in", "session_keys_file", |draft, given| {
        put_some(&mut draft.session_keys, keys(given.secret_file()))
    }),
    open("sign_in", "session", |draft, given| put(&mut draft.session, given.duration())),
    open("sign_in", "app_session", |draft, given| put(&mut draft.app_session, given.duration())),
    open("sign_in.provider", "name", |draft, given| {
        put_some(&mut draft.provider(given).name, given.read(parse_provider_name))
    }),
    open("sign_in.provider", "label", |draft, given| {
        put_some(&mut draft.provider(given).label, owned(given.text()))
    }),
    open("sign_in.provider", "kind", |draft, given| {
        put(&mut draft.provider(given).github, given.read(parse_provider_kind))
    }),
    open("sign_in.provider", "issuer", |draft, given| {
        put_some(&mut draft.provider(given).issuer, owned(given.text()))
    }),
    open("sign_in.provider", "api", |draft, given| {
        put_some(&mut draft.provider(given).api, owned(given.text()))
    }),
    open("sign_in.provider", "client_id", |draft, given| {
        put_some(&mut draft.provider(given).client_id, owned(given.text()))
    }),
    secret("sign_in.provider", "client_secret", |draft, given| {
        put_some(&mut draft.provider(given).client_secret, given.secret())
    }),
    open("sign_in.provider", "client_secret_file", |draft, given| {
        put_some(&mut draft.provider(given).client_secret, given.secret_file())
    }),
    open("sign_in.provider", "groups_claim", |draft, given| {
        put_some(&mut draft.provider(given).groups_claim, owned(given.text_or_nothing()))
    }),
    open("sign_in.provider", "domains", |draft, given| {
        put(&mut draft.provider(given).domains, given.list(parse_domain))
    }),
    open("sign_in.provider", "organisations", |draft, given| {
        put(&mut draft.provider(given).organisations, texts(given))
    }),
    open("sign_in.provider", "audiences", |draft, given| {
        put(&mut draft.provider(given).audiences, texts(given))
    }),
    open("sign_in.provider", "verified_email", |draft, given| {
        put(&mut draft.provider(given).trusts_unsaid, given.switch().map(|required| !required))
    }),
    open("sign_in.email", "domains", |draft, given| {
        put_some(&mut draft.email.domains, given.list(parse_domain))
    }),
    open("sign_in.email", "granted", |draft, given| put_some(&mut draft.email.granted, given.switch())),
    open("mail", "server", |draft, given| put_some(&mut draft.mail.server, given.read(parse_mail_server))),
    open("mail", "port", |draft, given| put_some(&mut draft.mail.port, given.read(parse_port))),
    open("mail", "security", |draft, given| {
        put_some(&mut draft.mail.security, given.read(parse_mail_security))
    }),
    open("mail", "user", |draft, given| put_some(&mut draft.mail.user, owned(given.text()))),
    secret("mail", "password", |draft, given| put_some(&mut draft.mail.password, given.secret())),
    open("mail", "password_file", |draft, given| put_some(&mut draft.mail.password, given.secret_file())),
    open("mail", "ca_file", |draft, given| put_some(&mut draft.mail.ca_file, given.path())),
    open("mail", "from", |draft, given| put_some(&mut draft.mail.from, given.read(parse_sender))),
    open("access", "creators", |draft, given| put(&mut draft.creators, given.list(str::parse::<Who>))),
    open("access", "guide_publishers", |draft, given| {
        put_some(&mut draft.guide_publishers, given.list(str::parse::<Who>))
    }),
    open("access", "audiences", |draft, given| put(&mut draft.audiences, given.list(parse_audience))),
    open("access", "administrators", |draft, given| {
        put(&mut draft.administrators, given.list(str::parse::<Who>))
    }),
    open("access", "github_issuers", |draft, given| put(&mut draft.github_issuers, given.list(parse_issuer))),
    open("access", "gitlab_issuers", |draft, given| put(&mut draft.gitlab_issuers, given.list(parse_issuer))),
    open("access.network", "name", |draft, given| {
        put_some(&mut draft.network(given).name, given.read(parse_network_name))
    }),
    open("access.network", "description", |draft, given| {
        put_some(&mut draft.network(given).description, owned(given.text()))
    }),
    open("access.network", "ranges", |draft, given| {
        put_some(&mut draft.network(given).ranges, given.list(parse_range))
    }),
    open("limits", "connections", |draft, given| put(&mut draft.limits.connections, given.number())),
    open("limits", "head_bytes", |draft, given| put(&mut draft.limits.head_bytes, given.size())),
    open("limits", "head_timeout", |draft, given| put(&mut draft.limits.head_timeout, given.duration())),
    open("limits", "idle_timeout", |draft, given| put(&mut draft.limits.idle_timeout, given.duration())),
    open("limits", "stop_timeout", |draft, given| put(&mut draft.limits.stop_timeout, given.duration())),
    open("limits", "form_bytes", |draft, given| put(&mut draft.limits.form_bytes, given.size())),
    open("limits", "manifest_bytes", |draft, given| put(&mut draft.limits.manifest_bytes, given.size())),
    open("limits", "release_files", |draft, given| put(&mut draft.limits.release_files, given.number())),
    open("limits", "file_bytes", |draft, given| put(&mut draft.limits.file_bytes, given.size())),
    open("limits", "app_bytes", |draft, given| put(&mut draft.limits.app_bytes, given.size())),
    open("limits", "path_bytes", |draft, given| put(&mut draft.limits.path_bytes, given.number())),
    open("limits", "apps_per_publisher", |draft, given| {
        put(&mut draft.limits.apps_per_publisher, given.number())
    }),
    open("limits", "releases_kept", |draft, given| put(&mut draft.limits.releases_kept, given.number())),
    open("limits", "releases_age", |draft, given| put(&mut draft.limits.releases_age, given.duration())),
    open("limits", "drafts_age", |draft, given| put(&mut draft.limits.drafts_age, given.duration())),
    open("limits", "restore_days", |draft, given| put(&mut draft.limits.restore, given.days())),
    open("limits", "cache_bytes", |draft, given| put(&mut draft.limits.cache_bytes, given.size())),
    open("limits", "disk_bytes", |draft, given| put(&mut draft.limits.disk_bytes, given.size())),
    open("limits", "request_timeout", |draft, given| {
        put(&mut draft.limits.request_timeout, given.duration())
    }),
    open("logs", "filter", |draft, given| put(&mut draft.logs.filter, owned(given.text()))),
    open("logs", "json", |draft, given| put(&mut draft.logs.json, given.switch())),
    open("logs", "requests", |draft, given| put(&mut draft.logs.requests, given.switch())),
];

/// The variable that sets `known`, in the table with this number where there may be several.
pub(super) fn variable_of(known: &Known, table: usize) -> String {
    let number = if REPEATED.contains(&known.section) { format!("{}_", table + 1) } else { String::new() };
    format!("{}{number}{}", prefix_of(known.section), known.name.to_uppercase())
}

/// What the variables of a section begin with.
pub(super) fn prefix_of(section: &str) -> String {
    format!("LOGGIA_{}_", section.replace('.', "_").to_uppercase())
}

impl Draft {
    /// The provider of the table that `given` stands in.
    fn provider(&mut self, given: &Given) -> &mut ProviderDraft {
        table_of(&mut self.providers, given)
    }

    /// The network of the table that `given` stands in.
    fn network(&mut self, given: &Given) -> &mut NetworkDraft {
        table_of(&mut self.networks, given)
    }

    /// The synced folders of the table that `given` stands in.
    fn synced(&mut self, given: &Given) -> &mut SyncedDraft {
        table_of(&mut self.synced, given)
    }
}

/// The one among `tables` that `given` stands in.
fn table_of<'t, T: Default>(tables: &'t mut Vec<T>, given: &Given) -> &'t mut T {
    if tables.len() <= given.table {
        tables.resize_with(given.table + 1, T::default);
    }
    &mut tables[given.table]
}

type Put = fn(&mut Draft, &Given) -> Result<(), Refusal>;

const fn open(section: &'static str, name: &'static str, put: Put) -> Known {
    Known { section, name, secret: false, put }
}

const fn secret(section: &'static str, name: &'static str, put: Put) -> Known {
    Known { section, name, secret: true, put }
}

fn put<T>(slot: &mut T, value: Result<T, Refusal>) -> Result<(), Refusal> {
    *slot = value?;
    Ok(())
}

fn put_some<T>(slot: &mut Option<T>, value: Result<T, Refusal>) -> Result<(), Refusal> {
    *slot = Some(value?);
    Ok(())
}

fn texts(given: &Given) -> Result<Vec<String>, Refusal> {
    given.list(|text| Ok::<_, std::convert::Infallible>(text.to_owned()))
}

fn owned(text: Result<&str, Refusal>) -> Result<String, Refusal> {
    text.map(ToOwned::to_owned)
}

/// The keys in a secret, one a line or apart by commas, each at least 32 characters.
fn keys(secret: Result<Secret, Refusal>) -> Result<Vec<Secret>, Refusal> {
    let secret = secret?;
    let keys: Vec<Secret> = secret
        .reveal()
        .split(['\n', ','])
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(|key| Secret::new(key.to_owned()))
        .collect();
    if keys.is_empty() || keys.iter().any(|key| key.reveal().len() < 32) {
        return Err("a session key needs at least 32 characters, one key a line; make one with `openssl rand -base64 33`"
            .to_owned());
    }
    Ok(keys)
}
