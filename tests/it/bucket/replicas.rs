//! Three servers on one bucket: publishing at once loses nothing and mixes nothing.

use std::time::{Duration, Instant};

use loggia::model::ReleaseId;

use super::open_to_all;
use crate::support::app::TestApp;
use crate::support::s3::{Fault, S3Double};

/// How many releases each server publishes.
const ROUNDS: usize = 6;
const PATHS: [&str; 3] = ["index.html", "data/a.json", "style.css"];

/// Publishes a release whose every file says `what`.
async fn publish(app: &TestApp, what: &str) -> ReleaseId {
    let files: Vec<(&str, &[u8])> = PATHS.iter().map(|path| (*path, what.as_bytes())).collect();
    app.publish("site", &files).await
}

/// What every file at `host` says; they must all say the same.
async fn says(app: &TestApp, host: &str) -> String {
    let mut said = Vec::new();
    for path in ["/", "/data/a.json", "/style.css"] {
        let answer = app.get(host, path, &[]).await;
        assert_eq!(answer.status, 200, "{host}{path}: {} {}", answer.head, answer.text());
        said.push(answer.text());
    }
    said.dedup();
    assert_eq!(said.len(), 1, "a mixed release at {host}: {said:?}");
    said.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_servers_publish_at_once_and_nothing_is_lost_or_mixed() {
    let double = S3Double::start().await;
    let mut servers = Vec::new();
    for _ in 0..3 {
        servers.push(TestApp::start_on(double.storage().await, |_| {}).await);
    }
    publish(&servers[0], "the first").await;
    open_to_all(&servers[0], "site").await;
    for server in &servers {
        server.loggia.releases.poll().await.unwrap();
    }
    // Answers that come twice, late or not at all.
    double.fail_at_random(7, 5, &[Fault::Conflict409, Fault::LostResponse, Fault::SlowDown503]);
    let publishing = servers.iter().enumerate().map(|(number, server)| async move {
        let mut published = Vec::new();
        for round in 0..ROUNDS {
            let what = format!("server {number}, round {round}");
            published.push((publish(server, &what).await, what));
            // Whatever is live just now is one of ours.
            let seen = server.get("site", "/", &[]).await.text();
            assert!(seen.starts_with("server ") || seen == "the first", "{seen}");
        }
        published
    });
    let published: Vec<_> = futures_util::future::join_all(publishing).await.concat();
    double.recover();
    let done = Instant::now();

    // Every server shows what the record says, soon.
    let record = servers[0].loggia.releases.find(&"site".parse().unwrap()).await.unwrap().unwrap();
    let mut slowest = Duration::ZERO;
    for server in &servers {
        loop {
            let shown: Vec<_> = servers.iter().map(current).collect();
            if shown.iter().all(|current| *current == shown[0]) && shown[0].is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert!(done.elapsed() < Duration::from_mins(1), "they never agree: {shown:?}");
        }
        slowest = slowest.max(done.elapsed());
        let (_, what) = published.iter().find(|(id, _)| Some(*id) == current(server)).unwrap();
        assert_eq!(says(server, "site").await, *what);
    }
    println!("all servers agreed {slowest:?} after the last publish");
    assert_eq!(record.owner.email.to_string(), "owner@example.org");

    // No update was lost: every release is in the history, and each is whole on every server.
    let app = servers[1].loggia.releases.catalog().app(&"site".parse().unwrap()).unwrap().clone();
    let history: Vec<_> = app.previous.iter().chain(&app.current).collect();
    for (id, what) in &published {
        assert!(history.contains(&id), "{what} was lost");
        let id = id.to_string();
        for server in &servers {
            assert_eq!(says(server, &format!("{id}--site")).await, *what);
        }
    }
    assert_eq!(history.len(), published.len() + 1);
}

fn current(server: &TestApp) -> Option<ReleaseId> {
    server.loggia.releases.catalog().app(&"site".parse().unwrap())?.current
}
