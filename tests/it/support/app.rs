//! A whole server in development mode on free loopback ports, with a bucket and guides in folders of its own.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use loggia::access::token::Wanted;
use loggia::access::{AppSession, Session};
use loggia::config::{Config, Flags, Secret, Storage};
use loggia::model::{
    Ability, AppHost, AuditEvent, Clock, Digest, Entropy, Grant, Person, ReleaseId, Role, Subject, TokenScope,
};
use loggia::releases::{Announced, By, PdfReader, Sought};
use loggia::serve::{self, Listeners};
use loggia::web::{Loggia, Pipeline};
use tokio_util::sync::CancellationToken;

/// A running server; it stops when the value is dropped.
pub(crate) struct TestApp {
    pub(crate) loggia: Arc<Loggia>,
    pub(crate) port: u16,
    pub(crate) ops_port: u16,
    stop: CancellationToken,
    _dir: tempfile::TempDir,
}

/// What came back over a socket.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The value of a header, in whatever case it was written.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (its_name, value) = line.split_once(':')?;
            its_name.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts with another configuration.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_at(Clock::system(), change, true).await
    }

    /// Starts at the time of `clock`, and does not look at the bucket again.
    pub(crate) async fn start_unfollowed(clock: Clock) -> Self {
        Self::start_at(clock, |_| {}, false).await
    }

    /// Starts on a bucket that is open already, with another configuration.
    pub(crate) async fn start_on(bucket: loggia::storage::Storage, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_any(Some(bucket), Clock::system(), change, true).await
    }

    /// The same on a bucket that is open already.
    pub(crate) async fn start_unfollowed_on(bucket: loggia::storage::Storage, clock: Clock) -> Self {
        Self::start_any(Some(bucket), clock, |_| {}, false).await
    }

    /// Starts at the time of `clock`; with `follow`, looks at the bucket every second.
    pub(crate) async fn start_at(clock: Clock, change: impl FnOnce(&mut Config), follow: bool) -> Self {
        Self::start_any(None, clock, change, follow).await
    }

    async fn start_any(
        bucket: Option<loggia::storage::Storage>,
        clock: Clock,
        change: impl FnOnce(&mut Config),
        follow: bool,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let content = dir.path().join("content");
        std::fs::create_dir_all(content.join("tools")).unwrap();
        std::fs::write(content.join("index.md"), "# Start here\n\nWelcome to the guidance.\n").unwrap();
        std::fs::write(content.join("tools/rstudio.md"), "# RStudio\n\n## Install it\n\nUse a bucket.\n")
            .unwrap();
        let any = Some("127.0.0.1:0".parse().unwrap());
        let flags = Flags {
            listen: any,
            ops_listen: any,
            content: Some(content),
            storage: Some(Storage::Folder(dir.path().join("bucket"))),
            theme: None,
        };
        let mut config = Config::load(None, std::iter::empty(), &flags).unwrap();
        config.sign_in.session_keys = vec![Secret::new("k".repeat(32))];
        config.server.workers = 1;
        config.logs.requests = false;
        change(&mut config);
        let listeners = Listeners::bind(&mut config).unwrap();
        let (port, ops_port) = (config.server.listen.port(), config.server.ops_listen.port());
        let loggia = match bucket {
            Some(bucket) => Box::pin(serve::open_on(bucket, config, clock, Entropy::system())).await.unwrap(),
            None => Box::pin(serve::open(config, clock, Entropy::system())).await.unwrap(),
        };
        let pdfs = PdfReader::new(env!("CARGO_BIN_EXE_loggia").into(), &["read-pdf"]);
        loggia.releases.read_pdfs_with(pdfs);
        let stop = CancellationToken::new();
        if follow {
            tokio::spawn(serve::serve_on(listeners, Arc::clone(&loggia), stop.clone()));
        } else {
            let service = serve::Service {
                pipeline: Arc::new(Pipeline::new(Arc::clone(&loggia))),
                certificates: None,
                limits: Arc::new(loggia.config.limits.clone()),
                workers: 1,
            };
            tokio::spawn(serve::run(listeners.main, service, stop.clone()));
        }
        Self { loggia, port, ops_port, stop, _dir: dir }
    }

    /// Somebody as the built-in provider knows them, or as another would that is named in its place.
    pub(crate) fn person(&self, email: &str) -> Person {
        let email = email.parse().unwrap();
        match &self.loggia.provider {
            Some(provider) => provider.person(&email),
            None => Person {
                subject: Subject { iss: "https://id.example".to_owned(), sub: email.to_string() },
                email,
                name: None,
                groups: Vec::new(),
            },
        }
    }

    /// The main host's origin.
    pub(crate) fn home(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Sends a form as one of our own pages does, with this cookie.
    pub(crate) async fn form(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let request = client.post(format!("{}{path}", self.home())).form(fields);
        let request = request.header("Cookie", cookie).header("Origin", self.home());
        request.header("Sec-Fetch-Site", "same-origin").send().await.unwrap()
    }

    /// Publishes files as `owner@example.org`, live.
    pub(crate) async fn publish(&self, app: &str, files: &[(&str, &[u8])]) -> ReleaseId {
        self.release(app, files, true).await
    }

    /// Publishes files as `owner@example.org`, as a draft.
    pub(crate) async fn draft(&self, app: &str, files: &[(&str, &[u8])]) -> ReleaseId {
        self.release(app, files, false).await
    }

    async fn release(&self, app: &str, files: &[(&str, &[u8])], live: bool) -> ReleaseId {
        let by = By { person: self.person("owner@example.org"), from: None };
        let name = app.parse().unwrap();
        let releases = &self.loggia.releases;
        if releases.catalog().app(&name).is_none() {
            releases.create_app(&name, app, &by).await.unwrap();
        }
        let mut announced = BTreeMap::new();
        for (path, bytes) in files {
            let file = Announced { sha256: Digest::of(bytes), size: bytes.len() as u64 };
            announced.insert(path.parse().unwrap(), file);
        }
        let begun = releases.begin(&name, &announced, None, None, &by).await.unwrap();
        for (_, bytes) in files.iter().filter(|(_, bytes)| begun.missing.contains(&Digest::of(bytes))) {
            let whole = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::copy_from_slice(bytes))]);
            releases.put_blob(&name, begun.id, Digest::of(bytes), whole).await.unwrap();
        }
        releases.finish(&name, begun.id, live, &by).await.unwrap();
        begun.id
    }

    pub(crate) async fn share(&self, app: &str, who: &str) {
        let by = By { person: self.person("owner@example.org"), from: None };
        let grant = Grant::new(who.parse().unwrap(), Role::Viewer, None);
        self.loggia.releases.grant(&app.parse().unwrap(), grant, &by).await.unwrap();
    }

    /// What happened to an app, newest first.
    pub(crate) async fn record(&self, app: &str) -> Vec<AuditEvent> {
        let sought = Sought { most: 500, ..Sought::default() };
        let record = self.loggia.releases.audit(&app.parse().unwrap(), &sought).await.unwrap();
        record.lines.into_iter().map(|line| line.event).collect()
    }

    /// Sends a form as a browser does from a page of ours; `host` is an app's label, or empty for the main host.
    pub(crate) async fn post(&self, host: &str, path: &str, cookie: &str, form: &[(&str, &str)]) -> Answer {
        self.post_with(host, path, cookie, form, &[]).await
    }

    pub(crate) async fn post_with(
        &self,
        host: &str,
        path: &str,
        cookie: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let dot = if host.is_empty() { "" } else { "." };
        let authority = format!("{host}{dot}localhost:{}", self.port);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut head = format!(
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nOrigin: http://{authority}\r\n\
             Sec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n",
            body.len()
        );
        for (name, value) in headers {
            head.extend([*name, ": ", *value, "\r\n"]);
        }
        self.raw((head + "Connection: close\r\n\r\n" + &body).into_bytes()).await
    }

    /// The cookie of somebody who is signed in at an app's host.
    pub(crate) fn at_app(&self, host: &str, email: &str, session: &str) -> String {
        let host: AppHost = host.parse().unwrap();
        let now = self.loggia.clock.now();
        let session = AppSession {
            session: session.to_owned(),
            host: self.loggia.hosts.app_authority(&host),
            person: self.person(email),
            begun: now,
            provider_session: None,
            issued: now,
            expires: now + jiff::SignedDuration::from_hours(1),
        };
        cookie(&session.cookie(&self.loggia.keyring, now))
    }

    /// The cookie of somebody who is signed in on the main host.
    pub(crate) fn at_main(&self, email: &str) -> String {
        let now: Timestamp = self.loggia.clock.now();
        let session = Session::begin(self.person(email), Duration::from_hours(1), now, &self.loggia.entropy);
        cookie(&session.cookie(&self.loggia.hosts.main_authority(), &self.loggia.keyring, now))
    }

    /// The cookie of somebody who is signed in on the main host, and whose provider puts them in these groups.
    pub(crate) fn at_main_in(&self, email: &str, groups: &[&str]) -> String {
        let now: Timestamp = self.loggia.clock.now();
        let groups = groups.iter().map(|&group| group.to_owned()).collect();
        let person = Person { groups, ..self.person(email) };
        let session = Session::begin(person, Duration::from_hours(1), now, &self.loggia.entropy);
        cookie(&session.cookie(&self.loggia.hosts.main_authority(), &self.loggia.keyring, now))
    }

    /// An API token of somebody.
    pub(crate) async fn token(&self, email: &str) -> String {
        self.token_that_may(email, Ability::All, TokenScope::All).await
    }

    /// An API token of somebody, which may do less than they.
    pub(crate) async fn token_that_may(&self, email: &str, may: Ability, scope: TokenScope) -> String {
        let person = self.person(email);
        let owner = loggia::storage::Key::owner(&person.subject);
        let now = self.loggia.clock.now();
        let wanted = Wanted { label: "test", may, scope, days: 1, since: now };
        let (text, record) =
            loggia::access::token::mint(&person, &owner, wanted, now, &self.loggia.entropy).unwrap();
        self.loggia.releases.put_token(&record).await.unwrap();
        text.reveal().to_owned()
    }

    /// One GET on a connection of its own. `host` is an app's label, or empty for the main host.
    pub(crate) async fn get(&self, host: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", host, path, headers).await
    }

    pub(crate) async fn request(
        &self,
        method: &str,
        host: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let dot = if host.is_empty() { "" } else { "." };
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}{dot}localhost:{}\r\n", self.port);
        for (name, value) in headers {
            head.extend([*name, ": ", *value, "\r\n"]);
        }
        self.raw((head + "Connection: close\r\n\r\n").into_bytes()).await
    }

    /// Sends these bytes and reads until the server closes the connection.
    pub(crate) async fn raw(&self, bytes: Vec<u8>) -> Answer {
        let port = self.port;
        tokio::task::spawn_blocking(move || exchange(port, &bytes)).await.unwrap()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn cookie(cookie: &loggia::access::cookie::Cookie) -> String {
    cookie.header().to_str().unwrap().split(';').next().unwrap().to_owned()
}

fn exchange(port: u16, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // A server that refuses may stop reading before everything is sent.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(answer.len());
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, head, body: answer.get(end + 4..).unwrap_or_default().to_vec() }
}
