//! Serving from a bucket: whole servers on an S3 endpoint that is counted and can be told to fail.

mod bad_days;
mod catalog;
mod disk;
mod killed;
mod page;
mod ranges;
mod replicas;
mod uploads;

use loggia::model::Audience;
use loggia::releases::By;

use crate::support::app::TestApp;

/// Bytes that differ everywhere.
fn different(size: usize) -> Vec<u8> {
    (0..size).map(|n| u8::try_from((n / 251 + n) % 256).unwrap()).collect()
}

async fn open_to_all(app: &TestApp, name: &str) {
    app.loggia.releases.set_audience(&name.parse().unwrap(), Audience::Public, &owner(app)).await.unwrap();
}

fn owner(app: &TestApp) -> By {
    By { person: app.person("owner@example.org"), from: None }
}
