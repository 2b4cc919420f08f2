//! Whole configurations, good and bad. Every text that an operator can be shown is a snapshot here.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

mod sign_in;

/// A configuration to load, put together bit by bit.
#[derive(Default)]
struct Given {
    file: Option<&'static str>,
    variables: Vec<(&'static str, &'static str)>,
    flags: Flags,
    beside: Vec<(&'static str, &'static str)>,
}

/// A file that a server for other people could start with.
const WHOLE: &str = r#"
[server]
listen = "0.0.0.0:443"
public_url = "https://loggia.example.org"
apps_domain = "apps.example.org"
tls_certificate = "tls/chain.pem"
tls_key = "/etc/loggia/key.pem"
workers = 3
trusted_proxies = ["10.0.0.1", "::1"]

[content]
dir = "guides"
title = "Guidance"

[storage]
url = "s3://data/loggia"

[sign_in]
issuer = "https://id.example.org"
client_id = "loggia"
client_secret_file = "secret"
session_keys_file = "keys"
session = "8h"

[access]
creators = ["@example.org", "group:analysts"]

[limits]
head_bytes = "16KiB"
file_bytes = "2GiB"
head_timeout = "5s"

[logs]
json = true
"#;

impl Given {
    fn nothing() -> Self {
        Self::default()
    }

    fn file(text: &'static str) -> Self {
        Self { file: Some(text), ..Self::default() }
    }

    fn variable(mut self, name: &'static str, value: &'static str) -> Self {
        self.variables.push((name, value));
        self
    }

    fn listen(mut self, address: &str) -> Self {
        self.flags.listen = Some(address.parse().unwrap());
        self
    }

    fn beside(mut self, name: &'static str, text: &'static str) -> Self {
        self.beside.push((name, text));
        self
    }

    fn with_secrets(self) -> Self {
        self.beside("secret", "hunter2\n").beside(
            "keys",
            "a-first-key-of-more-than-32-characters\nanother-key-of-more-than-32-characters\n",
        )
    }

    /// Loads it; paths in messages are relative to the file's folder.
    fn load(self) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in &self.beside {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let path = dir.path().join("loggia.toml");
        if let Some(text) = self.file {
            std::fs::write(&path, text).unwrap();
        }
        let variables = self.variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let home = format!("{}/", dir.path().display());
        Config::load(self.file.map(|_| path.as_path()), variables, &self.flags)
            .map_err(|error| error.to_string().replace(&home, ""))
    }

    fn mistakes(self) -> String {
        self.load().unwrap_err()
    }
}

#[test]
fn nothing_at_all_is_development_mode() {
    let config = Given::nothing().load().unwrap();
    assert!(config.development);
    assert!(config.sign_in.providers.is_empty() && config.sign_in.email.is_none() && config.mail.is_none());
    assert_eq!(config.server.public_url.as_str(), "http://localhost:8080/");
    assert_eq!(config.server.apps_domain, "localhost");
    assert_eq!(config.storage, Storage::Folder(PathBuf::from(".loggia")));
    assert_eq!(config.content.dir, Path::new("./content"));
    assert_eq!(config.server.ops_listen.to_string(), "127.0.0.1:9180");
}

#[test]
fn in_development_mode_the_public_address_follows_the_listener() {
    let mut config = Given::nothing().listen("127.0.0.1:9000").load().unwrap();
    assert_eq!(config.server.public_url.as_str(), "http://localhost:9000/");
    config = Given::nothing().listen("127.0.0.1:0").load().unwrap();
    config.server.bound("127.0.0.1:4711".parse().unwrap());
    assert_eq!(config.server.public_url.as_str(), "http://localhost:4711/");
}

#[test]
fn a_whole_file_is_read() {
    let config = Given::file(WHOLE).with_secrets().load().unwrap();
    assert!(!config.development);
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:443");
    assert_eq!(config.server.workers, 3);
    assert_eq!(config.server.trusted_proxies.len(), 2);
    assert_eq!(config.storage, Storage::S3 { bucket: "data".into(), prefix: "loggia/".into() });
    assert_eq!(config.content.title.as_deref(), Some("Guidance"));
    let [provider] = config.sign_in.providers.as_slice() else { panic!("one provider") };
    assert_eq!(provider.client_secret.as_ref().unwrap().reveal(), "hunter2");
    assert_eq!((provider.name.as_str(), provider.callback_path().as_str()), ("main", "/-/sign-in/callback"));
    assert_eq!(config.sign_in.session_keys.len(), 2);
    assert_eq!(config.sign_in.session, Duration::from_hours(8));
    assert_eq!(config.access.creators.len(), 2);
    assert_eq!(config.limits.head_bytes, 16 << 10);
    assert_eq!(config.limits.file_bytes, 2 << 30);
    assert!(config.logs.json);
}

#[test]
fn paths_in_a_file_are_relative_to_it() {
    let config = Given::file(WHOLE).with_secrets().load().unwrap();
    let tls = config.server.tls.unwrap();
    assert!(tls.certificate.is_absolute() && tls.certificate.ends_with("tls/chain.pem"));
    assert_eq!(tls.key, Path::new("/etc/loggia/key.pem"));
    assert!(config.content.dir.is_absolute() && config.content.dir.ends_with("guides"));
}

#[test]
fn variables_win_over_the_file_and_flags_over_both() {
    let set = || {
        Given::file(
            "[server]\nlisten = \"127.0.0.1:1\"\nops_listen = \"127.0.0.1:9\"\n[logs]\nfilter = \"warn\"",
        )
        .variable("LOGGIA_SERVER_LISTEN", "127.0.0.1:2")
        .variable("LOGGIA_LOGS_FILTER", "error")
        .variable("LOGGIA_LOGS_REQUESTS", "false")
        .variable("LOGGIA_ACCESS_CREATORS", "@example.org, ann@example.org")
    };
    let config = set().load().unwrap();
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.server.ops_listen.port(), 9);
    assert_eq!(config.logs.filter, "error");
    assert!(!config.logs.requests);
    assert_eq!(config.access.creators.len(), 2);
    assert_eq!(set().listen("127.0.0.1:3").load().unwrap().server.listen.port(), 3);
}

#[test]
fn what_the_commands_read_is_not_configuration() {
    let config = Given::nothing()
        .variable("LOGGIA_SERVER", "https://loggia.example.org")
        .variable("LOGGIA_TOKEN", "secret")
        .variable("LOGGIA_SERVICE_HOST", "10.0.0.1")
        .variable("LOGGIA_PORT", "tcp://10.0.0.1:80")
        .variable("LOGGIA_PORT_80_TCP_ADDR", "10.0.0.1")
        .load();
    assert!(config.unwrap().development);
}

#[test]
fn every_mistake_of_a_file_and_of_variables_is_told_at_once() {
    let mistakes = Given::file(
        "listen = \"127.0.0.1:1\"\n\n[server]\nlisen = \"127.0.0.1:1\"\nworkers = \"many\"\nfilter = \"info\"\n\
         colour = \"red\"\n[servr]\nlisten = 1\n[stuff]\n\n[limits]\nhead_bytes = \"64KB\"\nidle_timeout = 30\n\
         connections = 0\n[logs]\njson = \"yes\"\nrequests = 1\nfilter = [\"info\"]\n",
    )
    .variable("LOGGIA_SERVER_LISTNE", "127.0.0.1:1")
    .variable("LOGGIA_COLOUR", "red")
    .variable("LOGGIA_SERVER_WORKERS", "0")
    .variable("LOGGIA_SIGN_IN_SESSION", "soon")
    .mistakes();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn what_is_not_toml_is_told_by_line() {
    insta::assert_snapshot!(
        Given::file("[server]\nlisten = 127.0.0.1:1\n\n[content\ndir = \"x\"\n").mistakes()
    );
}

#[test]
fn values_of_the_wrong_shape_are_told_with_the_right_one() {
    let mistakes = Given::file(
        "server = 3\n[content]\ndir = \"\"\ntitle = true\n[storage]\nurl = \"gs://bucket\"\n[access]\n\
         creators = [\"ann\"]\n[logs]\nfilter = 1.5\n",
    )
    .variable("LOGGIA_SERVER_LISTEN", "8080")
    .variable("LOGGIA_SERVER_PUBLIC_URL", "loggia.example.org")
    .variable("LOGGIA_SERVER_APPS_DOMAIN", "https://apps.example.org")
    .variable("LOGGIA_SERVER_TRUSTED_PROXIES", "10.0.0.1, proxy")
    .mistakes();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn secrets_in_the_file_are_refused_without_being_shown() {
    let mistakes =
        Given::file("[sign_in]\nclient_secret = \"hunter2\"\nsession_keys = [\"hunter3\"]\n").mistakes();
    assert!(!mistakes.contains("hunter"), "{mistakes}");
    insta::assert_snapshot!(mistakes);
}

#[test]
fn secret_files_must_be_there_and_hold_something() {
    let mistakes = Given::file(WHOLE).beside("keys", "too-short\n").mistakes();
    insta::assert_snapshot!(mistakes);
    let mistakes = Given::file(WHOLE).with_secrets().beside("secret", "\n").mistakes();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn a_server_for_others_needs_to_be_told_what_it_cannot_guess() {
    insta::assert_snapshot!(Given::file("[sign_in]\nissuer = \"https://id.example.org\"\n").mistakes());
}

#[test]
fn a_server_for_others_is_reached_over_https_and_apart_from_its_apps() {
    let mistakes = Given::file(WHOLE)
        .with_secrets()
        .variable("LOGGIA_SERVER_PUBLIC_URL", "http://docs.example.org")
        .variable("LOGGIA_SERVER_APPS_DOMAIN", "example.org")
        .variable("LOGGIA_SIGN_IN_ISSUER", "http://id.example.org")
        .variable("LOGGIA_SIGN_IN_SESSION", "1000d")
        .mistakes();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn development_mode_stays_on_this_machine() {
    let mistakes = Given::file(
        "[server]\nops_listen = \"[::]:9180\"\npublic_url = \"https://loggia.example.org\"\n\
         apps_domain = \"apps.example.org\"\n[sign_in]\nclient_id = \"loggia\"\n",
    )
    .listen("0.0.0.0:8080")
    .mistakes();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn settings_that_belong_together_are_asked_for_together() {
    let mistakes =
        Given::file("[server]\ntls_key = \"key.pem\"\n[logs]\nfilter = \"loggia=loud\"\n").mistakes();
    insta::assert_snapshot!(mistakes);
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let missing = Path::new("no/such/loggia.toml");
    let error = Config::load(Some(missing), std::iter::empty(), &Flags::default()).unwrap_err();
    insta::assert_snapshot!(error);
}

proptest! {
    #[test]
    fn no_file_and_no_variable_makes_it_panic(
        text in r#"(\[(server|limits|x)\]\n|listen|head_bytes|=|"|[0-9\n .\[\]'{}]|KiB|é){0,30}"#,
        name in "LOGGIA_[A-Z_]{0,12}",
        value in ".{0,12}",
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("loggia.toml");
        std::fs::write(&path, text).unwrap();
        if let Err(ConfigError(mistakes)) = Config::load(Some(&path), [(name, value)].into_iter(), &Flags::default()) {
            prop_assert!(!mistakes.is_empty());
        }
    }
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let config = Given::file(WHOLE).with_secrets().load().unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("a-first-key"), "{shown}");
}
