//! A server that is killed in the middle of a publish, at every write that it makes: the old release or the new one is
//! live, whole, and what was left behind is cleared away.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use loggia::config::Limits;
use loggia::model::{AppName, Audience, Clock, Digest, Entropy};
use loggia::releases::Releases;
use loggia::storage::Prefix;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::s3::S3Double;

/// The real program, in a process of its own.
struct Server {
    child: Arc<Mutex<Child>>,
    url: String,
    token: String,
    client: Client,
    _dir: TempDir,
}

impl Server {
    async fn start(double: &S3Double) -> Self {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("content")).unwrap();
        fs::write(dir.path().join("content/index.md"), "# Here\n").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_loggia"));
        for (variable, _) in std::env::vars_os() {
            let name = variable.to_string_lossy();
            if name.starts_with("AWS_") || name.starts_with("LOGGIA_") {
                command.env_remove(&variable);
            }
        }
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--ops-listen", "127.0.0.1:0"])
            .args(["--storage", "s3://gallery/house"])
            .envs(double.environment())
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = Arc::new(Mutex::new(command.spawn().unwrap()));
        let said = dir.path().join(".loggia/dev-server");
        let token = dir.path().join(".loggia/dev-token");
        for _ in 0..3000 {
            if fs::read_to_string(&said).is_ok_and(|said| !said.is_empty()) {
                let url = fs::read_to_string(&said).unwrap();
                let server = Self {
                    child,
                    url,
                    token: fs::read_to_string(&token).unwrap(),
                    client: Client::builder().no_proxy().build().unwrap(),
                    _dir: dir,
                };
                if server.call(Method::GET, "/me", Vec::new()).await.is_some() {
                    return server;
                }
                panic!("it listens and does not answer");
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not start")
    }

    /// A call of the API; `None` when no good answer came.
    async fn call(&self, method: Method, path: &str, body: Vec<u8>) -> Option<Value> {
        let request = self.client.request(method, format!("{}/-/api/v1{path}", self.url));
        let answer = request.bearer_auth(&self.token).body(body).send().await.ok()?;
        let bytes = answer.error_for_status().ok()?.bytes().await.ok()?;
        Some(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Publishes two files that say `what`; `None` as soon as something fails.
    async fn publish(&self, what: &str) -> Option<()> {
        let files = files(what);
        let entry = |(path, bytes): &(&str, String)| {
            (
                (*path).to_owned(),
                json!({"sha256": Digest::of(bytes.as_bytes()).to_string(), "size": bytes.len()}),
            )
        };
        let announced: serde_json::Map<_, _> = files.iter().map(entry).collect();
        let body = json!({ "files": announced }).to_string().into_bytes();
        let begun = self.call(Method::POST, "/apps/site/releases", body).await?;
        let id = begun["id"].as_str().unwrap();
        for (_, bytes) in files {
            let path = format!("/apps/site/releases/{id}/blobs/{}", Digest::of(bytes.as_bytes()));
            self.call(Method::PUT, &path, bytes.into_bytes()).await?;
        }
        self.call(Method::POST, &format!("/apps/site/releases/{id}/finish"), b"{}".to_vec()).await?;
        Some(())
    }

    fn kill(child: &Mutex<Child>) {
        let mut child = child.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        Self::kill(&self.child);
    }
}

fn files(what: &str) -> [(&'static str, String); 2] {
    [("index.html", format!("<p>{what}")), ("a.txt", format!("a {what}"))]
}

/// What another server finds live: all of one release.
async fn live(releases: &Releases, name: &AppName) -> String {
    let app = releases.find(name).await.unwrap().unwrap();
    let manifest = releases.manifest(name, app.current.unwrap()).await.unwrap().unwrap();
    let mut said = Vec::new();
    for (path, entry) in &manifest.files {
        #[expect(clippy::disallowed_methods, reason = "what a server would send, without its door")]
        let blob = releases.blobs().open(entry).await.unwrap();
        let text = String::from_utf8(blob.bytes().unwrap().to_vec()).unwrap();
        said.push(text.replace(if path.as_str() == "a.txt" { "a " } else { "<p>" }, ""));
    }
    said.dedup();
    assert_eq!((manifest.files.len(), said.len()), (2, 1), "a mixed release: {said:?}");
    said.remove(0)
}

async fn neighbour(double: &S3Double, clock: Clock) -> Releases {
    Releases::open(double.storage().await, &Limits::default(), clock, Entropy::system()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_at_any_write_of_a_publish_harms_nothing() {
    let double = S3Double::start().await;
    let name: AppName = "site".parse().unwrap();
    {
        let server = Server::start(&double).await;
        let new = json!({"name": "site", "title": "Site"}).to_string().into_bytes();
        server.call(Method::POST, "/apps", new).await.unwrap();
        server.publish("the first").await.unwrap();
        let public = json!({"audience": "public"}).to_string().into_bytes();
        server.call(Method::PATCH, "/apps/site", public).await.unwrap();
    }
    let mut live_now = "the first".to_owned();
    let mut points = 0;
    for write in 0.. {
        let mut ended = false;
        for done in [false, true] {
            let server = Server::start(&double).await;
            let child = Arc::clone(&server.child);
            double.trap(write, done, move || Server::kill(&child));
            let next = format!("write {write}, {}", if done { "done" } else { "not done" });
            let answered = server.publish(&next).await.is_some();
            let sprung = !double.disarm();
            let releases = neighbour(&double, Clock::system()).await;
            let now = live(&releases, &name).await;
            assert!(now == live_now || now == next, "{now:?} is neither {live_now:?} nor {next:?}");
            assert!(!answered || now == next, "it said that {next:?} is live");
            assert_eq!(releases.find(&name).await.unwrap().unwrap().audience, Audience::Public);
            live_now = now;
            points += usize::from(sprung);
            ended |= !sprung;
        }
        if ended {
            break;
        }
    }
    println!("killed at {points} points");
    assert!(points >= 16, "{points} writes are fewer than a publish has");

    // Somebody else publishes; half a year later nothing is left of what broke off.
    let server = Server::start(&double).await;
    server.publish("the last").await.unwrap();
    drop(server);
    let later = Clock::system().now() + jiff::SignedDuration::from_hours(24 * 200);
    let releases = neighbour(&double, Clock::fixed(later)).await;
    let cleared = releases.clear(false).await.unwrap();
    assert!(!cleared.abandoned.is_empty() && cleared.blobs > 0, "{cleared:?}");
    let storage = double.storage().await;
    assert_eq!(storage.list_all(&Prefix::pending(&name)).await.unwrap().folders, Vec::<String>::new());
    assert_eq!(live(&releases, &name).await, "the last");
}
