//! The record: who did what, numbered, so that what is lost is missed.

use loggia::releases::Gap;
use loggia::storage::Prefix;

use super::*;

async fn whole(releases: &Releases) -> loggia::releases::Record {
    releases.whole_record(&Sought { most: 1000, ..Sought::default() }).await.unwrap()
}

/// The objects of the whole record, oldest first.
async fn objects(storage: &Storage) -> Vec<Key> {
    let mut keys = Vec::new();
    for day in storage.list_all(&Prefix::record()).await.unwrap().folders {
        let day = day.parse().unwrap();
        for object in storage.list_all(&Prefix::record_of(day)).await.unwrap().objects {
            let parts: Vec<_> = object.name.strip_suffix(".json").unwrap().split('-').collect();
            let time = jiff::civil::Time::strptime("%H%M%S", parts[0]).unwrap();
            let when = jiff::tz::TimeZone::UTC.to_timestamp(day.to_datetime(time)).unwrap();
            keys.push(Key::record(when, parts[1], parts[2].parse().unwrap()));
        }
    }
    keys
}

#[tokio::test]
async fn it_says_who_did_what_from_where_by_which_rule_newest_first() {
    let (house, app) = House::with_app("sales").await;
    house.clock.advance(Duration::from_secs(1));
    house.releases.grant(&app, viewer("@example.org"), &ann()).await.unwrap();
    let told = lines(&house.releases, &app, 10).await;
    let AuditAction::Granted { grant } = &told[0].action else { panic!("{:?}", told[0]) };
    assert_eq!(unsigned(grant), viewer("@example.org"));
    assert_eq!(grant.by.as_ref().unwrap().as_str(), "ann@example.org");
    assert_eq!(told[1].action, AuditAction::Created);
    assert_eq!(told[0].who.as_ref().unwrap().as_str(), "ann@example.org");
    assert_eq!((told[0].from, told[0].rule.as_deref()), (ann().from, Some("owner")));
    assert_eq!(lines(&house.releases, &app, 1).await.len(), 1);
}

#[tokio::test]
async fn lines_are_found_by_person_action_and_day() {
    let (house, app) = House::with_app("sales").await;
    house.clock.advance(Duration::from_hours(48));
    house.releases.grant(&app, viewer("bob@elsewhere.net"), &ann()).await.unwrap();
    let count = async |sought: Sought| {
        house.releases.audit(&app, &Sought { most: 10, ..sought }).await.unwrap().lines.len()
    };
    let some = |text: &str| Some(text.to_owned());
    let day = house.clock.now() - jiff::SignedDuration::from_hours(24);
    assert_eq!(count(Sought { person: some("BOB@else"), ..Sought::default() }).await, 1);
    assert_eq!(count(Sought { person: some("ann@"), ..Sought::default() }).await, 2);
    assert_eq!(count(Sought { action: some("created"), ..Sought::default() }).await, 1);
    assert_eq!(count(Sought { since: Some(day), ..Sought::default() }).await, 1);
    assert_eq!(count(Sought { until: Some(day), ..Sought::default() }).await, 1);
}

#[tokio::test]
async fn a_line_that_is_lost_is_missed() {
    let (house, app) = House::with_app("sales").await;
    for who in ["bob@example.org", "carol@example.org", "dee@example.org"] {
        house.clock.advance(Duration::from_secs(5));
        house.releases.grant(&app, viewer(who), &ann()).await.unwrap();
    }
    assert_eq!(whole(&house.releases).await.gaps, []);
    let objects = objects(&house.storage).await;
    assert_eq!(objects.len(), 4);
    house.storage.delete(&objects[2]).await.unwrap();
    let [Gap { after: 2, before: 4, .. }] = whole(&house.releases).await.gaps[..] else {
        panic!("{:?}", whole(&house.releases).await.gaps)
    };
}

#[tokio::test]
async fn the_end_of_a_server_tells_whether_its_last_lines_are_there() {
    let (house, app) = House::with_app("sales").await;
    house.clock.advance(Duration::from_secs(5));
    house.releases.grant(&app, viewer("bob@example.org"), &ann()).await.unwrap();
    let stop = tokio_util::sync::CancellationToken::new();
    stop.cancel();
    house.clock.advance(Duration::from_secs(5));
    house.releases.clone().follow_record(stop).await;
    let reader = house.neighbour().await;
    assert_eq!(whole(&reader).await.gaps, []);
    house.storage.delete(&objects(&house.storage).await[1]).await.unwrap();
    assert_eq!(whole(&reader).await.gaps.len(), 1);
}

#[tokio::test]
async fn what_nobody_waits_for_is_written_later_and_once() {
    let (house, app) = House::with_app("sales").await;
    let eve = "eve@example.org".parse().unwrap();
    for _ in 0..100 {
        let refused = house.releases.event(Some(&eve), None, Some(&app), AuditAction::Refused);
        house.releases.note_often(refused);
    }
    let before = objects(&house.storage).await.len();
    house.releases.keep_record(false).await.unwrap();
    assert_eq!(objects(&house.storage).await.len(), before, "the minute is not over");
    house.clock.advance(Duration::from_mins(1));
    house.releases.keep_record(false).await.unwrap();
    house.releases.keep_record(false).await.unwrap();
    assert_eq!(objects(&house.storage).await.len(), before + 1);
    let told = lines(&house.releases, &app, 10).await;
    assert_eq!((&told[0].action, told[0].times), (&AuditAction::Refused, 100));
}

#[tokio::test]
async fn servers_number_for_themselves_and_the_whole_record_holds_all_of_them() {
    let (house, app) = House::with_app("sales").await;
    let neighbour = house.neighbour().await;
    for (server, who) in [(&house.releases, "bob@example.org"), (&neighbour, "carol@example.org")] {
        house.clock.advance(Duration::from_secs(5));
        server.grant(&app, viewer(who), &ann()).await.unwrap();
    }
    let record = whole(&house.releases).await;
    let numbers: Vec<u64> = record.lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, [1, 2, 1]);
    assert_ne!(record.lines[0].server, record.lines[1].server);
    assert_eq!(record.gaps, []);
}

#[tokio::test]
async fn lines_from_before_they_were_numbered_are_still_told() {
    let (house, app) = House::with_app("sales").await;
    let line = r#"{"when":"2026-05-03T08:00:00Z","who":"old@example.org","app":"sales","action":"refused"}"#;
    let key = Key::audit(&app, Ulid::from_parts(1_777_795_200_000, 7));
    let body = Body::Bytes(Bytes::from_static(line.as_bytes()));
    let _stored = house.storage.put(&key, body, Condition::Always).await.unwrap();
    let told = lines(&house.releases, &app, 10).await;
    assert_eq!(told.last().unwrap().who.as_ref().unwrap().as_str(), "old@example.org");
}

#[tokio::test]
async fn many_lines_of_one_moment_are_read_in_their_order_and_without_holes() {
    let (house, app) = House::with_app("sales").await;
    let people: Vec<_> = (0..4_500).map(|at| viewer(&format!("p{at}@example.org"))).collect();
    house.releases.grant_all(&app, &people, &ann()).await.unwrap();
    let sought = Sought { most: 100, ..Sought::default() };
    let newest = house.releases.audit(&app, &sought).await.unwrap();
    let whose = |line: &loggia::model::AuditLine| match &line.event.action {
        AuditAction::Granted { grant } => grant.who.to_string(),
        other => format!("{other:?}"),
    };
    let told: Vec<String> = newest.lines.iter().map(whose).collect();
    let last: Vec<String> = (4_400..4_500).rev().map(|at| format!("p{at}@example.org")).collect();
    assert_eq!((told, newest.more, newest.gaps), (last, true, Vec::new()));
}
