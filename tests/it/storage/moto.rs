//! A second opinion on S3: moto, which others wrote.
//!
//! It runs when `LOGGIA_MOTO` is the address of a running server, or when there is a `moto_server` in
//! `LOGGIA_VENV/bin` or on the `PATH`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use loggia::config::Secret;
use loggia::storage::{Endpoint, Patience, Storage};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::contract;

const BUCKET: &str = "second-opinion";

#[tokio::test(flavor = "multi_thread")]
async fn moto_keeps_the_contract() {
    let Some((url, _server)) = server().await else {
        println!("skipped: no moto; set LOGGIA_MOTO, or install it with `pip install 'moto[server]'`");
        return;
    };
    let created = reqwest::Client::new().put(format!("{url}/{BUCKET}")).send().await.unwrap();
    assert!(created.status().is_success() || created.status() == 409, "{created:?}");
    let endpoint = Endpoint {
        url,
        bucket: BUCKET.to_owned(),
        prefix: format!("{}/", loggia::model::Entropy::system().secret()),
        access_key: "AKMOTO".to_owned(),
        secret: Secret::new("any".to_owned()),
    };
    let storage = Storage::s3_at(&endpoint, Patience::default()).await.unwrap();
    contract::keeps(&storage).await;
    contract::large_objects_are_read_in_ranges(&storage).await;
}

async fn server() -> Option<(String, Option<Child>)> {
    if let Some(url) = std::env::var_os("LOGGIA_MOTO") {
        return Some((url.to_string_lossy().trim_end_matches('/').to_owned(), None));
    }
    let venv = std::env::var_os("LOGGIA_VENV").map(|venv| PathBuf::from(venv).join("bin/moto_server"));
    let program = venv.filter(|path| path.exists()).unwrap_or_else(|| "moto_server".into());
    // A port that was free a moment ago; moto cannot be asked to choose one and say which.
    let port = TcpListener::bind("127.0.0.1:0").await.ok()?.local_addr().ok()?.port();
    let server = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let url = format!("http://127.0.0.1:{port}");
    for _ in 0..300 {
        if reqwest::get(&url).await.is_ok() {
            return Some((url, Some(server)));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("moto did not start within 30 s");
}
