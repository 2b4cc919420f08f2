//! What a folder has of its own.

use std::fs;

use loggia::config;
use loggia::storage::{Condition, Key, Prefix, Put, Storage, StorageError};

use super::{app, blob, bytes, folder, name, open, text};

#[tokio::test]
async fn objects_outlive_the_handle() {
    let (dir, storage) = folder().await;
    let _ = storage.put(&app("kept"), bytes("x"), Condition::Absent).await.unwrap();
    drop(storage);
    assert_eq!(text(&open(&dir).await, &app("kept")).await.as_deref(), Some("x"));
    assert_eq!(fs::read(dir.path().join("apps/kept/app.json")).unwrap(), b"x");
}

#[tokio::test]
async fn what_a_dead_writer_left_is_not_listed() {
    let (dir, storage) = folder().await;
    fs::write(dir.path().join(".tmp/left"), "half").unwrap();
    fs::create_dir_all(dir.path().join("apps/empty/releases")).unwrap();
    fs::create_dir_all(dir.path().join("apps/real")).unwrap();
    fs::write(dir.path().join("apps/real/.hidden"), "x").unwrap();
    let _ = storage.put(&app("real"), bytes("x"), Condition::Absent).await.unwrap();
    assert_eq!(storage.list_all(&Prefix::apps()).await.unwrap().folders, ["real"]);
}

#[tokio::test]
async fn old_temporary_files_are_swept_and_new_ones_stay() {
    let (dir, _storage) = folder().await;
    let (old, new) = (dir.path().join(".tmp/old"), dir.path().join(".tmp/new"));
    fs::write(&old, "x").unwrap();
    fs::write(&new, "x").unwrap();
    let long_ago = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    fs::File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
    open(&dir).await;
    assert_eq!((old.exists(), new.exists()), (false, true));
}

#[tokio::test]
async fn no_temporary_file_stays() {
    let (dir, storage) = folder().await;
    let key = blob("x");
    let _ = storage.put(&key, bytes("x"), Condition::Absent).await.unwrap();
    assert_eq!(storage.put(&key, bytes("y"), Condition::Absent).await.unwrap(), Put::Lost);
    assert_eq!(fs::read_dir(dir.path().join(".tmp")).unwrap().count(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn links_out_of_the_folder_are_not_followed() {
    let (dir, storage) = folder().await;
    let outside = tempfile::TempDir::new().unwrap();
    fs::write(outside.path().join("app.json"), "outside").unwrap();
    fs::create_dir(dir.path().join("apps")).unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join("apps/linked")).unwrap();
    for answer in [
        storage.get(&app("linked")).await.map(drop),
        storage.put(&app("linked"), bytes("x"), Condition::Always).await.map(drop),
        storage.delete(&app("linked")).await,
        storage.list(&Prefix::audit(&name("linked")), None).await.map(drop),
    ] {
        assert!(matches!(answer, Err(StorageError::Unexpected { .. })), "{answer:?}");
    }
    assert_eq!(fs::read(outside.path().join("app.json")).unwrap(), b"outside");
    assert!(storage.list(&Prefix::apps(), None).await.unwrap().folders.is_empty());
}

#[tokio::test]
async fn keys_that_climb_are_refused() {
    let (dir, storage) = folder().await;
    let id = ulid::Ulid::from_parts(1, 2);
    for owner in ["..", "../../etc", "", ".locks", "a\\b", "a\0b"] {
        let answer = storage.put(&Key::token(owner, id), bytes("x"), Condition::Always).await;
        assert!(matches!(answer, Err(StorageError::Unexpected { .. })), "{owner:?}: {answer:?}");
    }
    assert!(!dir.path().parent().unwrap().join("etc").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_named() {
    let (dir, _storage) = folder().await;
    let file = dir.path().join("a-file");
    fs::write(&file, "x").unwrap();
    let error = Storage::open(&config::Storage::Folder(file.clone())).await.unwrap_err();
    assert!(
        matches!(&error, StorageError::Refused(why) if why.contains("a-file") && why.contains("; ")),
        "{error}"
    );
}
