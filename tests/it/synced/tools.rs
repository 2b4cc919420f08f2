//! What analysts type: `aws s3 sync`, where it is installed.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::*;

/// `aws s3 sync DIR s3://gallery/incoming/tides/ --delete`; `None` when there is no `aws`.
async fn sync(double: &S3Double, dir: &Path) -> Option<()> {
    let venv = std::env::var_os("LOGGIA_VENV").map(|venv| Path::new(&venv).join("bin/aws"));
    let program = venv.filter(|path| path.exists()).unwrap_or_else(|| "aws".into());
    let mut command = Command::new(program);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("AWS_") {
            command.env_remove(variable);
        }
    }
    let done = command
        .args(["s3", "sync", "--delete", "--no-progress", "--region", "us-east-1"])
        .arg(dir)
        .arg(format!("s3://gallery/{FOLDER}"))
        .envs(double.environment())
        .stdin(Stdio::null())
        .output()
        .await;
    let done = match done {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: no aws; install it with `pip install awscli`");
            return None;
        }
        done => done.unwrap(),
    };
    let said = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}");
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_s3_sync_brings_becomes_a_release() {
    let house = House::new().await;
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("index.html", "<title>Tides</title>");
    write("figures/été 2026 + more.csv", "1,2,3");
    write("old.txt", "old");
    if sync(&house.double, dir.path()).await.is_none() {
        return;
    }
    let _watching = Watching::start(&house.releases, place(&house.double, |_| {}));
    let first = house.next(None).await;
    let names: Vec<String> = listed(&first).into_keys().collect();
    assert_eq!(names, ["figures/été 2026 + more.csv", "index.html", "old.txt"]);

    write("index.html", "<title>Tides today</title>");
    std::fs::remove_file(dir.path().join("old.txt")).unwrap();
    sync(&house.double, dir.path()).await.unwrap();
    let second = house.next(Some(first.id)).await;
    let listed = listed(&second);
    assert_eq!((listed.len(), listed["index.html"]), (2, 26), "{listed:?}");
}
