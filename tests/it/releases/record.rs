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
    assert_eq!((told, newest.next.is_some(), newest.gaps), (last, true, Vec::new()));
}

/// Puts down that somebody was refused at this second: an object of its own.
async fn refused(house: &House, app: &AppName, second: u64) {
    let when = Timestamp::from_second(i64::try_from(second).unwrap()).unwrap();
    let line =
        format!(r#"{{"when":"{when}","who":"p{second}@example.org","app":"{app}","action":"refused"}}"#);
    let key = Key::audit(app, Ulid::from_parts(second * 1000, 7));
    let _stored = house.storage.put(&key, Body::Bytes(line.into()), Condition::Always).await.unwrap();
}

#[tokio::test]
async fn a_cursor_goes_on_where_an_answer_stopped_until_everything_was_looked_through() {
    let (house, app) = House::with_app("sales").await;
    let created = lines(&house.releases, &app, 1).await[0].when;
    let first = u64::try_from(created.as_second()).unwrap() + 10;
    for second in first..first + 3_500 {
        refused(&house, &app, second).await;
    }
    // It is the oldest of more objects than one answer reads.
    let mut sought = Sought { action: Some("created".to_owned()), most: 10, ..Sought::default() };
    let answer = house.releases.audit(&app, &sought).await.unwrap();
    assert!(answer.lines.is_empty());
    let looked = answer.looked.expect("it says how far it looked");
    assert!(
        looked > created && looked < Timestamp::from_second(i64::try_from(first + 600).unwrap()).unwrap()
    );
    sought.cursor = answer.next;
    let answer = house.releases.audit(&app, &sought).await.unwrap();
    assert_eq!((answer.lines.len(), answer.next, answer.looked), (1, None, None));

    // Page by page every line is told once, the newest first, also from the middle of an object.
    let people: Vec<_> = (0..250).map(|at| viewer(&format!("g{at}@example.org"))).collect();
    house.clock.advance(Duration::from_hours(2));
    house.releases.grant_all(&app, &people, &ann()).await.unwrap();
    let (mut told, mut cursor) = (Vec::new(), None);
    loop {
        let sought = Sought { most: 100, cursor, ..Sought::default() };
        let answer = house.releases.audit(&app, &sought).await.unwrap();
        assert!(answer.lines.len() <= 100 && answer.gaps.is_empty());
        told.extend(answer.lines);
        let Some(next) = answer.next else { break };
        cursor = Some(next.to_string().parse().unwrap());
    }
    assert_eq!(told.len(), 1 + 3_500 + 250);
    assert!(told.is_sorted_by(|a, b| a.event.when >= b.event.when), "the newest first");
    let mut lines: Vec<String> = told.iter().map(|line| format!("{:?}", line.event)).collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), told.len());
}

#[tokio::test]
async fn a_hole_between_two_answers_shows_in_the_second() {
    let (house, app) = House::with_app("sales").await;
    for at in 0..6 {
        house.clock.advance(Duration::from_secs(5));
        house.releases.grant(&app, viewer(&format!("p{at}@example.org")), &ann()).await.unwrap();
    }
    let objects = objects(&house.storage).await;
    house.storage.delete(&objects[3]).await.unwrap();
    let sought = Sought { most: 3, ..Sought::default() };
    let first = house.releases.whole_record(&sought).await.unwrap();
    assert_eq!(
        (first.lines.len(), first.gaps.len()),
        (3, 1),
        "the line behind the hole was looked at, and is to come"
    );
    let second = Sought { cursor: first.next, ..sought };
    let second = house.releases.whole_record(&second).await.unwrap();
    assert_eq!((second.lines.len(), second.gaps.len(), second.next), (3, 1, None));
}
