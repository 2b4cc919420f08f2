//! What S3 does wrong, and what we make of it.

use loggia::config::Secret;
use loggia::storage::{Body, Condition, Endpoint, Etag, Patience, Prefix, Put, Storage, StorageError};

use super::{app, blob, bytes, text};
use crate::support::s3::{Fault, Operation, S3Double, quick};

#[tokio::test]
async fn passing_faults_are_healed() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let key = app("healed");
    for fault in [Fault::SlowDown503, Fault::Reset, Fault::LostResponse] {
        double.fail_next(1, fault);
        let _ = storage.put(&key, bytes("x"), Condition::Always).await.expect("the put is repeated");
        double.fail_next(1, fault);
        assert_eq!(text(&storage, &key).await.as_deref(), Some("x"), "{fault:?}");
        double.fail_next(1, fault);
        storage.list(&Prefix::apps(), None).await.expect("the listing is repeated");
        double.fail_next(1, fault);
        storage.delete(&key).await.expect("the deletion is repeated");
        assert_eq!(text(&storage, &key).await, None);
    }
}

#[tokio::test]
async fn a_bucket_that_stays_away_is_unavailable() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let key = app("away");
    for fault in [Fault::SlowDown503, Fault::Reset] {
        double.fail_next(100, fault);
        unavailable(storage.get(&key).await);
        unavailable(storage.list(&Prefix::apps(), None).await);
        unavailable(storage.put(&key, bytes("x"), Condition::Absent).await);
        double.recover();
    }
    double.set_down(true);
    unavailable(storage.get(&key).await);
    double.set_down(false);
    assert_eq!(text(&storage, &key).await, None);
}

#[tokio::test]
async fn a_stall_ends_at_its_bound() {
    let double = S3Double::start().await;
    let patience = Patience { attempt: std::time::Duration::from_millis(200), attempts: 2, ..quick() };
    let storage = Storage::s3_at(&double.endpoint(), patience).await.unwrap();
    double.fail_next(2, Fault::Stall);
    unavailable(storage.get(&app("stalled")).await);
    double.fail_next_of(Operation::Put, 2, Fault::Stall);
    unavailable(storage.put(&app("stalled"), bytes("x"), Condition::Absent).await);
}

#[tokio::test]
async fn a_conflict_is_settled_by_trying_again() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let key = app("conflict");
    double.fail_next_of(Operation::Put, 2, Fault::Conflict409);
    assert!(matches!(storage.put(&key, bytes("x"), Condition::Absent).await.unwrap(), Put::Stored(_)));
    double.fail_next_of(Operation::Put, 2, Fault::Conflict409);
    assert_eq!(storage.put(&key, bytes("y"), Condition::Absent).await.unwrap(), Put::Lost);
    double.fail_next_of(Operation::Put, 100, Fault::Conflict409);
    unavailable(storage.put(&key, bytes("y"), Condition::Always).await);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_found_again() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let key = app("found-again");

    double.fail_next_of(Operation::Put, 1, Fault::LostResponse);
    let Put::Stored(created) = storage.put(&key, bytes("one"), Condition::Absent).await.unwrap() else {
        panic!("it was stored")
    };
    double.fail_next_of(Operation::Put, 4, Fault::LostResponse);
    let replaced = storage.put(&key, bytes("two"), Condition::Match(created)).await.unwrap();
    let Put::Stored(replaced) = replaced else { panic!("it was stored") };
    assert_eq!(storage.get(&key).await.unwrap().unwrap().etag, replaced);
}

#[tokio::test]
async fn a_lost_race_is_lost_even_when_its_answer_was() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let key = app("lost-race");
    let Put::Stored(first) = storage.put(&key, bytes("one"), Condition::Absent).await.unwrap() else {
        panic!("it was stored")
    };
    // The winner wrote the very same bytes: they prove nothing.
    let second = storage.put(&key, bytes("two"), Condition::Match(first.clone())).await.unwrap();
    double.fail_next_of(Operation::Put, 1, Fault::LostResponse);
    assert_eq!(storage.put(&key, bytes("two"), Condition::Match(first.clone())).await.unwrap(), Put::Lost);

    let marker = app("marker");
    let _ = storage.put(&marker, bytes("{}"), Condition::Absent).await.unwrap();
    double.fail_next_of(Operation::Put, 1, Fault::LostResponse);
    assert_eq!(storage.put(&marker, bytes("{}"), Condition::Absent).await.unwrap(), Put::Lost);

    // Written twice since: nobody can know.
    let Put::Stored(second) = second else { panic!("it was stored") };
    let _ = storage.put(&key, bytes("three"), Condition::Match(second)).await.unwrap();
    double.fail_next_of(Operation::Put, 1, Fault::LostResponse);
    unavailable(storage.put(&key, bytes("mine"), Condition::Match(first)).await);
    assert_eq!(text(&storage, &key).await.as_deref(), Some("three"));
}

#[tokio::test]
async fn a_certain_answer_costs_one_request() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    double.forget();
    let _ = storage.put(&app("once"), bytes("x"), Condition::Absent).await.unwrap();
    let _ = storage.put(&app("once"), bytes("y"), Condition::Absent).await.unwrap();
    let never = Condition::Match(Etag::clone(&storage.get(&app("once")).await.unwrap().unwrap().etag));
    let _ = storage.put(&app("never"), bytes("y"), never).await.unwrap();
    assert_eq!((double.count(Operation::Put), double.count(Operation::Get), double.total()), (3, 1, 4));
}

#[tokio::test]
async fn a_bucket_that_refuses_is_named_at_the_start() {
    let double = S3Double::start().await;
    let good = double.endpoint();
    let careless = S3Double::start_careless().await;
    let stranger = Secret::new("another-secret".to_owned());
    let mut sentences = Vec::new();
    for (what, endpoint) in [
        ("no such bucket", Endpoint { bucket: "nowhere".into(), ..good.clone() }),
        ("unknown key", Endpoint { access_key: "AKSTRANGER".into(), ..good.clone() }),
        ("wrong secret", Endpoint { secret: stranger, ..good.clone() }),
        ("not an address", Endpoint { url: "nowhere".into(), ..good.clone() }),
        ("ignores conditions", careless.endpoint()),
    ] {
        let error = Storage::s3_at(&endpoint, quick()).await.unwrap_err();
        assert!(matches!(error, StorageError::Refused(_)), "{what}: {error:?}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("another-secret") && !shown.contains("must-not-show"), "{shown}");
        sentences.push(format!("{what}: {error}"));
    }
    insta::assert_snapshot!(sentences.join("\n"));
    assert!(!format!("{:?} {good:?}", double.storage().await).contains("must-not-show"));
}

#[tokio::test]
async fn a_bucket_that_goes_away_is_named() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    double.fail_next(1, Fault::Gone);
    let error = storage.get(&app("gone")).await.unwrap_err();
    assert!(matches!(&error, StorageError::Refused(why) if why.contains("bucket `gallery`")), "{error}");
}

fn unavailable<T: std::fmt::Debug>(answer: Result<T, StorageError>) {
    let error = answer.expect_err("it does not answer");
    assert!(matches!(error, StorageError::Unavailable(_)), "{error:?}");
}

#[tokio::test]
async fn a_large_file_goes_in_parts_each_repeated_by_itself() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let bytes: Vec<u8> = (0..=33 << 20).map(|n: usize| u8::try_from((n / 251 + n) % 256).unwrap()).collect();
    std::fs::write(file.path(), &bytes).unwrap();
    let body = || Body::File { path: file.path().to_owned(), size: bytes.len() as u64 };
    let key = blob("large");
    for fault in [Fault::SlowDown503, Fault::Reset, Fault::LostResponse] {
        storage.delete(&key).await.unwrap();
        double.fail_next_of(Operation::Put, 2, fault);
        assert!(matches!(storage.put(&key, body(), Condition::Absent).await.unwrap(), Put::Stored(_)));
        let last = storage.get_range(&key, 33 << 20, 10).await.unwrap().unwrap();
        assert_eq!(last[..], bytes[33 << 20..], "{fault:?}");
    }
    double.forget();
    assert_eq!(storage.put(&key, body(), Condition::Absent).await.unwrap(), Put::Lost);
    assert_eq!(double.count(Operation::Put), 0, "what is there already is not sent again");
}

#[tokio::test]
async fn conflicts_of_writers_leave_the_bucket_open_to_everybody() {
    let double = S3Double::start().await;
    // One that is left alone stays so for longer than this test takes.
    let patience = Patience { rest: std::time::Duration::from_hours(1), ..quick() };
    let storage = Storage::s3_at(&double.endpoint(), patience).await.unwrap();
    let key = app("contended");
    // Far more in a row than it takes to leave a silent bucket alone.
    for _ in 0..10 {
        double.fail_next_of(Operation::Put, 4, Fault::Conflict409);
        unavailable(storage.put(&key, bytes("x"), Condition::Absent).await);
    }
    assert!(matches!(storage.put(&key, bytes("x"), Condition::Absent).await.unwrap(), Put::Stored(_)));
    for _ in 0..20 {
        assert_eq!(storage.put(&key, bytes("y"), Condition::Absent).await.unwrap(), Put::Lost);
    }
    assert_eq!(text(&storage, &key).await.as_deref(), Some("x"));
}

#[tokio::test]
async fn a_pause_that_would_end_after_its_bound_is_not_made() {
    let double = S3Double::start().await;
    let hour = std::time::Duration::from_hours(1);
    // The pause is two seconds at the most, and the bound of everything less than half of that.
    let patience = Patience { operation: std::time::Duration::from_millis(900), pause: hour, ..quick() };
    let storage = Storage::s3_at(&double.endpoint(), patience).await.unwrap();
    double.forget();
    double.fail_always(Fault::SlowDown503);
    unavailable(storage.get(&app("slow")).await);
    unavailable(storage.put(&app("slow"), bytes("x"), Condition::Absent).await);
    assert_eq!((double.count(Operation::Get), double.count(Operation::Put)), (1, 1), "no second try fits");
}

#[tokio::test]
async fn an_upload_that_met_another_is_begun_anew() {
    let double = S3Double::start().await;
    let storage = double.storage().await;
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(33 << 20).unwrap();
    let body = || Body::File { path: file.path().to_owned(), size: 33 << 20 };
    let key = blob("contended");
    double.fail_next_completions(2, Fault::Conflict409);
    assert!(matches!(storage.put(&key, body(), Condition::Absent).await.unwrap(), Put::Stored(_)));
    assert_eq!(double.asked("?uploads").len(), 3, "each conflict begins another upload");
    let completions = double.asked("POST ").into_iter().filter(|line| line.contains("uploadId="));
    let uploads: std::collections::BTreeSet<String> = completions.collect();
    assert_eq!(uploads.len(), 3, "no upload is completed twice");
    assert_eq!(double.count(Operation::Delete), 2, "the others are given up");

    // It was done, and neither that nor the next answer came.
    storage.delete(&key).await.unwrap();
    double.fail_next_completions(1, Fault::LostResponse);
    double.fail_next_completions(1, Fault::Conflict409);
    assert!(matches!(storage.put(&key, body(), Condition::Absent).await.unwrap(), Put::Stored(_)));
    storage.delete(&key).await.unwrap();
    double.fail_next_completions(1, Fault::LostResponse);
    assert!(matches!(storage.put(&key, body(), Condition::Always).await.unwrap(), Put::Stored(_)));
    storage.delete(&key).await.unwrap();
    double.fail_next_completions(100, Fault::Conflict409);
    unavailable(storage.put(&key, body(), Condition::Absent).await);
}
