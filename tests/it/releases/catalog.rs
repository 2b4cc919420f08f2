//! Records and catalogs: servers on one bucket agree, and nothing is lost.

use super::*;

#[tokio::test]
async fn rollback_goes_back_one_release_at_a_time() {
    let (house, app) = House::with_app("sales").await;
    let mut published = Vec::new();
    for bytes in [b"one", b"two", b"six"] {
        published.push(publish(&house.releases, &app, &[("a", bytes)]).await);
        house.clock.advance(Duration::from_secs(1));
    }
    for earlier in [published[1], published[0]] {
        house.releases.rollback(&app, &ann()).await.unwrap();
        assert_eq!(current(&house.releases, &app), Some(earlier));
    }
    let nothing = house.releases.rollback(&app, &ann()).await.unwrap_err();
    assert_eq!(nothing.to_string(), "`sales` has no earlier release to go back to");
}

#[tokio::test]
async fn servers_on_one_bucket_see_each_other_after_a_poll() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    let id = publish(&house.releases, &app, &[("a", b"one")]).await;
    neighbour.grant(&app, viewer("bob@example.org"), &ann()).await.unwrap();
    neighbour.end_session("session-1").await.unwrap();
    assert_eq!(house.releases.catalog().app(&app).unwrap().grants.len(), 1);
    assert!(!house.releases.catalog().has_ended("session-1"));

    house.releases.poll().await.unwrap();
    neighbour.poll().await.unwrap();
    for server in [&house.releases, &neighbour] {
        assert_eq!(current(server, &app), Some(id));
        assert_eq!(server.catalog().app(&app).unwrap().grants.len(), 2);
        assert!(server.catalog().has_ended("session-1") && !server.catalog().has_ended("session-2"));
    }
    assert_eq!(house.releases.catalog().generation(), neighbour.catalog().generation());
}

#[tokio::test]
async fn own_changes_are_seen_at_once() {
    let (house, app) = House::with_app("sales").await;
    house.releases.set_audience(&app, Audience::Public, &ann()).await.unwrap();
    assert_eq!(house.releases.catalog().app(&app).unwrap().audience, Audience::Public);
}

#[tokio::test]
async fn a_server_that_missed_more_than_the_journal_holds_reads_everything() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    let other: AppName = "other".parse().unwrap();
    neighbour.create_app(&other, "Other", &ann()).await.unwrap();
    for second in 0..300 {
        let until = Some(Timestamp::from_second(second).unwrap());
        let grant = Grant { until, ..viewer("bob@example.org") };
        neighbour.grant(&app, grant, &ann()).await.unwrap();
    }
    house.releases.poll().await.unwrap();
    assert!(house.releases.catalog().app(&other).is_some());
}

#[tokio::test]
async fn a_lost_announcement_heals_with_the_next_listing() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    house.releases.poll().await.unwrap();
    let journal = house.storage.get(&Key::generation()).await.unwrap().unwrap();
    neighbour.set_audience(&app, Audience::Public, &ann()).await.unwrap();
    neighbour.end_session("session-1").await.unwrap();
    let lost = house.storage.put(&Key::generation(), Body::Bytes(journal.bytes), Condition::Always).await;
    assert!(matches!(lost, Ok(loggia::storage::Put::Stored(_))));

    house.releases.poll().await.unwrap();
    assert_eq!(house.releases.catalog().app(&app).unwrap().audience, Audience::Listed);
    house.releases.list().await.unwrap();
    assert_eq!(house.releases.catalog().app(&app).unwrap().audience, Audience::Public);
    assert!(house.releases.catalog().has_ended("session-1"));
}

#[tokio::test]
async fn a_record_that_cannot_be_read_admits_nobody_and_harms_no_other_app() {
    let (house, app) = House::with_app("sales").await;
    let other: AppName = "other".parse().unwrap();
    house.releases.create_app(&other, "Other", &ann()).await.unwrap();
    let torn = Body::Bytes(Bytes::from_static(b"{\"version\":9"));
    let _stored = house.storage.put(&Key::app(&app), torn, Condition::Always).await.unwrap();
    house.releases.list().await.unwrap();
    assert!(house.releases.catalog().app(&app).is_none());
    assert!(house.releases.catalog().app(&other).is_some());
}

#[tokio::test]
async fn whoever_was_taken_off_changes_nothing_by_a_server_that_has_not_heard() {
    let (house, app) = House::with_app("sales").await;
    let bob = By {
        person: Person {
            subject: Subject { iss: "x".into(), sub: "2".into() },
            email: "bob@example.org".parse().unwrap(),
            ..ann().person
        },
        from: None,
    };
    let publisher = Grant { role: Role::Publisher, ..viewer("bob@example.org") };
    house.releases.grant(&app, publisher.clone(), &ann()).await.unwrap();
    let neighbour = house.neighbour().await;
    neighbour.grant(&app, viewer("eve@example.org"), &bob).await.unwrap();
    house.releases.revoke(&app, &publisher.who, &ann()).await.unwrap();
    assert_eq!(
        neighbour.catalog().app(&app).unwrap().role_of(&bob.person, house.clock.now()),
        Some(Role::Publisher)
    );
    let refused = |tried: Result<_, ReleaseError>| assert!(matches!(tried, Err(ReleaseError::NoApp(_))));
    refused(neighbour.grant(&app, publisher, &bob).await);
    refused(neighbour.revoke(&app, &Who::Domain("example.org".into()), &bob).await);
    refused(neighbour.set_audience(&app, Audience::Public, &bob).await);
    refused(neighbour.set_network(&app, None, &bob).await);
    house.releases.poll().await.unwrap();
    let now = house.releases.catalog().app(&app).unwrap().clone();
    assert_eq!((now.audience, now.role_of(&bob.person, house.clock.now())), (Audience::Listed, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_grants_lose_nothing() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    let grants = (0..60).map(|n| {
        let server = if n % 2 == 0 { house.releases.clone() } else { neighbour.clone() };
        let app = app.clone();
        tokio::spawn(async move {
            server.grant(&app, viewer(&format!("p{n}@example.org")), &ann()).await.unwrap();
        })
    });
    for grant in grants.collect::<Vec<_>>() {
        grant.await.unwrap();
    }
    for server in [&house.releases, &neighbour] {
        server.poll().await.unwrap();
        assert_eq!(server.catalog().app(&app).unwrap().grants.len(), 61);
    }
    assert_eq!(lines(&house.releases, &app, 500).await.len(), 61);
}

#[tokio::test]
async fn of_two_who_create_one_app_one_is_told_that_it_is_taken() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    for server in [&house.releases, &neighbour] {
        let taken = server.create_app(&app, "Mine", &ann()).await.unwrap_err();
        assert_eq!(taken.to_string(), "the name `sales` is taken; choose another one");
    }
    house.releases.delete(&app, &ann()).await.unwrap();
    assert!(matches!(neighbour.create_app(&app, "Mine", &ann()).await, Err(ReleaseError::Taken(_))));
}

#[tokio::test]
async fn a_deleted_app_is_marked_and_comes_back_as_it_was() {
    let (house, app) = House::with_app("sales").await;
    let id = publish(&house.releases, &app, &[("a", b"one")]).await;
    house.releases.delete(&app, &ann()).await.unwrap();
    assert!(house.releases.catalog().live(&app).is_none());
    assert!(house.releases.catalog().app(&app).unwrap().deleted.is_some());
    assert!(matches!(house.releases.activate(&app, id, &ann()).await, Err(ReleaseError::Deleted(_))));
    let begun = house.releases.begin(&app, &files(&[("a", b"two")]), None, None, &ann()).await;
    assert!(matches!(begun, Err(ReleaseError::Deleted(_))));

    house.releases.restore(&app, &ann()).await.unwrap();
    assert_eq!(house.releases.catalog().live(&app).unwrap().current, Some(id));
}

#[tokio::test]
async fn a_grant_replaces_an_earlier_one_and_the_owner_stays() {
    let (house, app) = House::with_app("sales").await;
    let bob: Who = "bob@example.org".parse().unwrap();
    house.releases.grant(&app, viewer("bob@example.org"), &ann()).await.unwrap();
    let publisher = Grant { role: Role::Publisher, ..viewer("bob@example.org") };
    let after = house.releases.grant(&app, publisher.clone(), &ann()).await.unwrap();
    assert_eq!(after.grants[1..].iter().map(unsigned).collect::<Vec<_>>(), [publisher]);
    assert_eq!(house.releases.revoke(&app, &bob, &ann()).await.unwrap().grants.len(), 1);
    let lines = lines(&house.releases, &app, 10).await;
    assert!(lines.iter().any(|line| line.action == AuditAction::Revoked { who: bob.clone() }));
    let owner = "ann@example.org".parse().unwrap();
    assert!(matches!(house.releases.revoke(&app, &owner, &ann()).await, Err(ReleaseError::OwnerStays(_))));
}

#[tokio::test]
async fn a_catalog_is_stale_when_the_bucket_was_silent_for_a_minute() {
    let house = House::new().await;
    house.clock.advance(Duration::from_mins(1));
    assert!(!house.releases.catalog().is_stale(house.clock.now()));
    house.clock.advance(Duration::from_secs(1));
    assert!(house.releases.catalog().is_stale(house.clock.now()));
    house.releases.poll().await.unwrap();
    assert!(!house.releases.catalog().is_stale(house.clock.now()));
}

#[test]
fn many_gathered_records_are_unpacked_beside_the_event_loop() {
    // One thread for everybody, and one for what would hold it up.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let house = House::new().await;
        for number in 0..500 {
            let name: AppName = format!("app-{number}").parse().unwrap();
            house.releases.create_app(&name, "An app", &ann()).await.unwrap();
        }
        house.releases.look_over().await.unwrap();
        let packed = house.storage.get(&Key::gathered()).await.unwrap().unwrap().bytes.len();
        assert!(packed > 16 << 10, "{packed} bytes are too few to matter");

        let (done, busy) = std::sync::mpsc::channel::<()>();
        let (began, begun) = tokio::sync::oneshot::channel();
        let blocking = tokio::task::spawn_blocking(move || {
            let _ = began.send(());
            let _ = busy.recv();
        });
        begun.await.unwrap();
        let (storage, clock) = (house.storage.clone(), house.clock.clone());
        let opening = tokio::spawn(async move { serve(&storage, &clock, 2).await });
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert!(!opening.is_finished(), "it was unpacked where everybody waits");
        done.send(()).unwrap();
        blocking.await.unwrap();
        assert_eq!(opening.await.unwrap().catalog().apps().count(), 500);
    });
}
