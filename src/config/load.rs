//! From file, variables and flags to one checked [`Config`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use super::development::DEVELOPMENT_DIR;
use super::keys::Draft;
use super::mail::MailDraft;
use super::mistake::{ConfigError, Mistake, Place};
use super::network::NetworkDraft;
use super::providers::EmailDraft;
use super::source::{Given, read_file, read_variables};
use super::synced::SyncedDraft;
use super::{
    Access, Config, Content, ContentSource, Limits, Logs, Server, SignIn, Storage, Theme, Tls, check,
    home_url,
};
use crate::model::Who;

/// The file that is read when no other is named and it is there.
const DEFAULT_FILE: &str = "loggia.toml";

/// What the command line sets; it wins over variables, and they win over the file.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--ops-listen`
    pub ops_listen: Option<SocketAddr>,
    /// `--content`
    pub content: Option<PathBuf>,
    /// `--storage`
    pub storage: Option<Storage>,
    /// `--theme`
    pub theme: Option<Theme>,
}

/// Who vouches for the jobs of GitHub and of GitLab's own servers.
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const GITLAB: &str = "https://gitlab.com";

/// Where each setting was last written, by section, name and, in a section of several tables, its number.
pub(super) type Places = BTreeMap<(&'static str, &'static str, usize), Place>;

impl Config {
    /// Reads `file` (else `./loggia.toml` when it is there), then `env`, then `flags`, and reports every
    /// mistake in them at once. Without an issuer to sign in with this is development mode.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        flags: &Flags,
    ) -> Result<Self, ConfigError> {
        let default = Path::new(DEFAULT_FILE);
        let file = file.or_else(|| default.exists().then_some(default));
        let mut mistakes = Vec::new();
        let mut given = file.map_or_else(Vec::new, |file| read_file(file, &mut mistakes));
        given.extend(read_variables(env, &mut mistakes));

        // A name that nobody knows may be the misspelt one that the checks below would miss.
        let all_known = mistakes.is_empty();

        let mut draft = Draft::default();
        let mut places = put_all(&mut draft, &given, &mut mistakes);
        put_flags(&mut draft, flags, &mut places);
        if all_known {
            mistakes.extend(check::check(&draft, &places));
        }
        mistakes.sort_by(|one, other| one.place.cmp(&other.place));
        if mistakes.is_empty() { Ok(finish(draft)) } else { Err(ConfigError(mistakes)) }
    }
}

fn put_all(draft: &mut Draft, given: &[Given], mistakes: &mut Vec<Mistake>) -> Places {
    let mut places = Places::new();
    for setting in given {
        places.insert((setting.known.section, setting.known.name, setting.table), setting.place.clone());
        if let Err(refusal) = (setting.known.put)(draft, setting) {
            mistakes.push(Mistake::new(setting.place.clone(), refusal));
        }
    }
    places
}

fn put_flags(draft: &mut Draft, flags: &Flags, places: &mut Places) {
    if let Some(listen) = flags.listen {
        draft.server.listen = listen;
        places.insert(("server", "listen", 0), Place::Flag("--listen"));
    }
    if let Some(listen) = flags.ops_listen {
        draft.server.ops_listen = listen;
        places.insert(("server", "ops_listen", 0), Place::Flag("--ops-listen"));
    }
    if let Some(dir) = &flags.content {
        draft.content.dir.clone_from(dir);
        places.insert(("content", "dir", 0), Place::Flag("--content"));
    }
    if let Some(storage) = &flags.storage {
        draft.storage = Some(storage.clone());
        places.insert(("storage", "url", 0), Place::Flag("--storage"));
    }
    if let Some(theme) = &flags.theme {
        draft.server.theme = theme.clone();
        places.insert(("server", "theme", 0), Place::Flag("--theme"));
    }
}

/// Turns a checked draft into a configuration, with development mode's own answers where none were given.
fn finish(draft: Draft) -> Config {
    let development = !draft.lets_others_in();
    let (providers, email) = (draft.all_providers(), draft.email.clone().finish());
    let tls = draft.tls_certificate.zip(draft.tls_key).map(|(certificate, key)| Tls { certificate, key });
    let at_home = home_url(tls.is_some(), draft.server.listen.port());
    Config {
        server: Server {
            public_url: draft.public_url.unwrap_or(at_home),
            apps_domain: draft.apps_domain.unwrap_or_else(|| "localhost".to_owned()),
            tls,
            ..draft.server
        },
        content: draft.content,
        content_source: draft.content_source,
        storage: draft.storage.unwrap_or_else(|| Storage::Folder(PathBuf::from(DEVELOPMENT_DIR))),
        storage_regions: draft.storage_regions,
        synced: draft.synced.into_iter().filter_map(SyncedDraft::finish).collect(),
        sign_in: SignIn {
            providers,
            email,
            session_keys: draft.session_keys.unwrap_or_default(),
            session: draft.session,
            app_session: draft.app_session,
        },
        mail: draft.mail.finish(),
        access: Access {
            creators: draft.creators,
            guide_publishers: draft
                .guide_publishers
                .unwrap_or_else(|| if development { developer() } else { Vec::new() }),
            audiences: draft.audiences,
            administrators: draft.administrators,
            networks: draft.networks.into_iter().filter_map(NetworkDraft::finish).collect(),
            github_issuers: draft.github_issuers,
            gitlab_issuers: draft.gitlab_issuers,
        },
        limits: draft.limits,
        logs: draft.logs,
        development,
    }
}

/// Who the token that development mode leaves for the commands stands for.
fn developer() -> Vec<Who> {
    "dev@localhost".parse().into_iter().collect()
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            server: Server::default(),
            public_url: None,
            apps_domain: None,
            tls_certificate: None,
            tls_key: None,
            content: Content { dir: PathBuf::from("./content"), title: None, language: None },
            content_source: ContentSource::Folder,
            storage: None,
            storage_regions: Vec::new(),
            synced: Vec::new(),
            issuer: None,
            client_id: None,
            client_secret: None,
            groups_claim: None,
            providers: Vec::new(),
            email: EmailDraft::default(),
            mail: MailDraft::default(),
            session_keys: None,
            session: Duration::from_hours(12),
            app_session: Duration::from_hours(1),
            creators: Vec::new(),
            guide_publishers: None,
            audiences: Vec::new(),
            administrators: Vec::new(),
            networks: Vec::new(),
            github_issuers: Url::parse(GITHUB).into_iter().collect(),
            gitlab_issuers: Url::parse(GITLAB).into_iter().collect(),
            limits: Limits::default(),
            logs: Logs { filter: "info".to_owned(), json: false, requests: true },
        }
    }
}
