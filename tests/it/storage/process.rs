//! What runs in a process of its own: this test binary, started again with one test to run. Started
//! otherwise, those tests have nothing to work with and pass at once.

use std::path::Path;

use loggia::config;
use loggia::storage::{Condition, Storage};
use tokio::process::Command;

use super::race::{self, Told};
use super::{app, bytes, text};
use crate::support::s3::{Operation, S3Double};

const FOLDER: &str = "LOGGIA_TEST_FOLDER";
const WRITER: &str = "LOGGIA_TEST_WRITER";
const ROUNDS: &str = "LOGGIA_TEST_ROUNDS";
const BUCKET: &str = "LOGGIA_TEST_BUCKET";

/// Runs a writer of [`race`] on the folder in another process.
pub(super) async fn write(folder: &Path, writer: usize, rounds: usize) -> Told {
    let output = again("storage::process::a_writer_of_its_own")
        .env(FOLDER, folder)
        .env(WRITER, format!("p{writer}"))
        .env(ROUNDS, rounds.to_string())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let mut told = Told::default();
    for line in said.lines() {
        match line.split_once(' ') {
            Some(("stored", entry)) => told.stored.insert(entry.to_owned()),
            Some(("lost", entry)) => told.lost.insert(entry.to_owned()),
            Some(("unknown", entry)) => told.unknown.insert(entry.to_owned()),
            _ => false,
        };
    }
    told
}

#[tokio::test]
async fn a_writer_of_its_own() {
    let Some(folder) = given(FOLDER) else { return };
    let storage = Storage::open(&config::Storage::Folder(folder.into())).await.unwrap();
    let told = race::write(&storage, &given(WRITER).unwrap(), given(ROUNDS).unwrap().parse().unwrap()).await;
    // The first line shares its line with the name of the test.
    println!();
    for (what, entries) in [("stored", told.stored), ("lost", told.lost), ("unknown", told.unknown)] {
        for entry in entries {
            println!("{what} {entry}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_says_where_s3_is() {
    let double = S3Double::start().await;
    let output = again("storage::process::a_bucket_from_the_environment")
        .env(BUCKET, double.endpoint().bucket)
        .envs(double.environment())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text(&double.storage().await, &app("from-afar")).await.as_deref(), Some("hello"));
    assert_eq!(double.count(Operation::Delete), 0, "the probe left nothing to remove");
}

#[tokio::test]
async fn a_bucket_from_the_environment() {
    let Some(bucket) = given(BUCKET) else { return };
    let storage = Storage::open(&config::Storage::S3 { bucket, prefix: "house/".to_owned() }).await.unwrap();
    let _ = storage.put(&app("from-afar"), bytes("hello"), Condition::Absent).await.unwrap();
}

/// This binary, to run the one test `name`, without the environment's own AWS settings.
fn again(name: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture", "--test-threads=1"]).kill_on_drop(true);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("AWS_") {
            command.env_remove(variable);
        }
    }
    command
}

/// What another test gave this process to work with.
fn given(variable: &str) -> Option<String> {
    std::env::var_os(variable)?.into_string().ok()
}
