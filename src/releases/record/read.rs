//! Finding lines again: of one app, or of a whole site.

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, stream};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use crate::model::{AppName, AuditAction, AuditEvent, AuditLine};
use crate::releases::{ReleaseError, Releases};
use crate::storage::{Key, Prefix, StorageError};

use super::{Batch, Cursor};

/// How many objects are read for one answer; a cursor says where the next one goes on.
const MOST_OBJECTS: usize = 3000;
/// How many objects before a cursor are read again, so that a hole between two answers shows.
const OVERLAP: usize = 32;
/// How many at a time.
const AT_A_TIME: usize = 16;
/// How long lines may have waited before they were written, at the most that is looked for beyond an end.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// What is looked for; what is left out is everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// A part of an address: of who did it, or to whom.
    pub person: Option<String>,
    /// The name of an action.
    pub action: Option<String>,
    /// From this time on.
    pub since: Option<Timestamp>,
    /// Until before this time.
    pub until: Option<Timestamp>,
    /// From where an earlier answer stopped.
    pub cursor: Option<Cursor>,
    /// How many lines.
    pub most: usize,
}

/// Lines of the record, those that were written last first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The lines.
    pub lines: Vec<AuditLine>,
    /// Where to go on, when not all of it was looked through.
    pub next: Option<Cursor>,
    /// How far back it was looked through, in that case.
    pub looked: Option<Timestamp>,
    /// Numbers that nobody finds.
    pub gaps: Vec<Gap>,
}

/// A hole in a server's numbers: lines that were lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Which server.
    pub server: String,
    /// Its last line before the hole.
    pub after: u64,
    /// Its first line behind it.
    pub before: u64,
    /// When that one was written.
    pub when: Timestamp,
}

/// Where an object is.
struct Place {
    /// Its name, in the order of writing.
    name: String,
    key: Key,
    written: Timestamp,
}

/// One object.
struct Found {
    lines: Vec<AuditLine>,
    ended: Option<(String, u64)>,
}

impl Releases {
    /// What happened to an app, newest first.
    pub async fn audit(&self, app: &AppName, sought: &Sought) -> Result<Record, ReleaseError> {
        self.keep_record(true).await?;
        let listed = self.0.storage.list_all(&Prefix::audit(app)).await?.objects;
        let place = |name: &str| {
            let id: Ulid = name.strip_suffix(".json")?.parse().ok()?;
            let written = Timestamp::from_millisecond(i64::try_from(id.timestamp_ms()).ok()?).ok()?;
            let name = id.to_string();
            is_near(written, sought).then(|| Place { name, key: Key::audit(app, id), written })
        };
        let places = listed.iter().rev().filter_map(|object| place(&object.name)).collect();
        self.read_record(places, sought, |line| line.of_app).await
    }

    /// What happened on a whole site, newest first.
    pub async fn whole_record(&self, sought: &Sought) -> Result<Record, ReleaseError> {
        self.keep_record(true).await?;
        let storage = &self.0.storage;
        let folders = storage.list_all(&Prefix::record()).await?.folders;
        let mut days: Vec<Date> = folders.iter().filter_map(|day| day.parse().ok()).collect();
        days.sort_unstable();
        let last = sought.cursor.as_ref().and_then(|cursor| cursor.object.split_once('/')?.0.parse().ok());
        let (mut places, mut behind) = (Vec::new(), 0);
        for day in days.into_iter().rev().filter(|day| last.is_none_or(|last| *day <= last)) {
            if !has_near(day, sought) {
                continue;
            }
            let listed = storage.list_all(&Prefix::record_of(day)).await?.objects;
            for object in listed.iter().rev() {
                if let Some((written, server, first)) = place_of(day, &object.name)
                    && is_near(written, sought)
                {
                    let name = format!("{day}/{}", object.name.trim_end_matches(".json"));
                    behind += usize::from(!is_before(&name, sought.cursor.as_ref()));
                    places.push(Place { name, key: Key::record(written, server, first), written });
                }
            }
            if behind > MOST_OBJECTS {
                break;
            }
        }
        self.read_record(places, sought, |line| Some(line.number)).await
    }

    /// Reads objects, the newest first, until there are enough lines or it was looked at enough objects.
    async fn read_record(
        &self,
        places: Vec<Place>,
        sought: &Sought,
        number: impl Fn(&AuditLine) -> Option<u64>,
    ) -> Result<Record, ReleaseError> {
        let cursor = sought.cursor.as_ref();
        let start = places.partition_point(|place| is_before(&place.name, cursor));
        let end = places.len().min(start + MOST_OBJECTS);
        let again = start.saturating_sub(OVERLAP);
        // Where nothing else stops it, it stops at the first object that is too much.
        let beyond = |place: &Place| Cursor { object: place.name.clone(), lines: 0 };
        let (mut next, mut looked) = (places.get(end).map(beyond), None);
        let within = places.into_iter().take(end).skip(again);
        let mut objects = stream::iter(within)
            .map(|place| async move {
                let found = self.read_batch(&place.key).await?;
                Ok::<_, StorageError>((place, found))
            })
            .buffered(AT_A_TIME)
            .enumerate();
        let (mut read, mut ended, mut lines) = (Vec::new(), Vec::new(), Vec::new());
        'objects: while let Some((at, object)) = objects.next().await {
            let (place, found) = object?;
            ended.extend(found.ended);
            looked = Some(place.written);
            let known = cursor.filter(|cursor| cursor.object == place.name).map_or(0, |cursor| cursor.lines);
            let newest_first = found.lines.iter().rev().enumerate().skip(known);
            for (before, line) in
                newest_first.filter(|(_, line)| again + at >= start && matches(line, sought))
            {
                if lines.len() >= sought.most {
                    next = Some(Cursor { object: place.name.clone(), lines: before });
                    read.extend(found.lines);
                    break 'objects;
                }
                lines.push(line.clone());
            }
            read.extend(found.lines);
        }
        drop(objects);
        let gaps = gaps(&read, &ended, &number);
        lines.sort_by(|a, b| {
            b.event.when.cmp(&a.event.when).then_with(|| (&b.server, b.number).cmp(&(&a.server, a.number)))
        });
        let looked = looked.filter(|_| next.is_some());
        Ok(Record { lines: once(lines), next, looked, gaps })
    }

    async fn read_batch(&self, key: &Key) -> Result<Found, StorageError> {
        let Some(object) = self.0.storage.get(key).await? else {
            return Ok(Found { lines: Vec::new(), ended: None });
        };
        if let Ok(batch) = serde_json::from_slice::<Batch>(&object.bytes) {
            let server = batch.server;
            return Ok(Found { lines: batch.lines, ended: batch.ended.map(|number| (server, number)) });
        }
        // A line by itself, as they were written before lines were numbered.
        let lines = match serde_json::from_slice::<AuditEvent>(&object.bytes) {
            Ok(event) => vec![AuditLine { server: String::new(), number: 0, of_app: None, event }],
            Err(error) => {
                tracing::warn!(%key, %error, "lines of the record cannot be read");
                Vec::new()
            }
        };
        Ok(Found { lines, ended: None })
    }
}

/// When, by whom and from which number on the lines of an object are, by its name.
fn place_of(day: Date, name: &str) -> Option<(Timestamp, &str, u64)> {
    let mut parts = name.strip_suffix(".json")?.splitn(3, '-');
    let (time, server, first) = (parts.next()?, parts.next()?, parts.next()?);
    let time = jiff::civil::Time::strptime("%H%M%S", time).ok()?;
    let when = jiff::tz::TimeZone::UTC.to_timestamp(day.to_datetime(time)).ok()?;
    Some((when, server, first.parse().ok()?))
}

/// Whether an object of this name was looked through before the answer that stopped at `cursor`.
fn is_before(name: &str, cursor: Option<&Cursor>) -> bool {
    cursor.is_some_and(|cursor| name > cursor.object.as_str())
}

/// Whether lines that were written at `written` can be of the time that is looked at.
fn is_near(written: Timestamp, sought: &Sought) -> bool {
    // Names of objects know seconds or milliseconds, and lines wait a little, or longer while storage is away.
    let second = SignedDuration::from_secs(1);
    let earliest = sought.since.map(|since| since.checked_sub(second).unwrap_or(since));
    let latest = sought.until.map(|until| until.checked_add(LATE).unwrap_or(until));
    earliest.is_none_or(|earliest| written >= earliest) && latest.is_none_or(|latest| written < latest)
}

/// Whether lines that were written on `day` can be of the time that is looked at.
fn has_near(day: Date, sought: &Sought) -> bool {
    let at = |time: jiff::civil::DateTime| jiff::tz::TimeZone::UTC.to_timestamp(time).ok();
    let (start, end) = (at(day.at(0, 0, 0, 0)), at(day.at(23, 59, 59, 999_999_999)));
    start.is_some_and(|start| is_near(start, &Sought { since: None, ..sought.clone() }))
        && end.is_some_and(|end| is_near(end, &Sought { until: None, ..sought.clone() }))
}

fn matches(line: &AuditLine, sought: &Sought) -> bool {
    let event = &line.event;
    let in_time = sought.since.is_none_or(|since| event.when >= since)
        && sought.until.is_none_or(|until| event.when < until);
    let action = sought.action.as_deref().is_none_or(|action| event.action.name() == action);
    let person = sought.person.as_deref().is_none_or(|person| {
        let person = person.to_lowercase();
        let who = event.who.as_ref().is_some_and(|who| who.as_str().contains(&person));
        who || event.action.detail().to_lowercase().contains(&person)
    });
    in_time && action && person
}

/// A release is published once, however often its finishing was repeated: the first line about it stays.
fn once(lines: Vec<AuditLine>) -> Vec<AuditLine> {
    let mut published = std::collections::HashSet::new();
    let mut kept: Vec<AuditLine> = lines
        .into_iter()
        .rev()
        .filter(|line| match line.event.action {
            AuditAction::Published { release } => published.insert((line.event.app.clone(), release)),
            _ => true,
        })
        .collect();
    kept.reverse();
    kept
}

/// Holes in the numbers of each server, among the lines that were read and before the number that it ended with.
fn gaps(read: &[AuditLine], ended: &[(String, u64)], number: impl Fn(&AuditLine) -> Option<u64>) -> Vec<Gap> {
    let mut by_server: BTreeMap<&str, Vec<(u64, Timestamp)>> = BTreeMap::new();
    for line in read.iter().filter(|line| !line.server.is_empty()) {
        if let Some(number) = number(line) {
            by_server.entry(&line.server).or_default().push((number, line.event.when));
        }
    }
    let mut gaps = Vec::new();
    for (server, mut numbers) in by_server {
        numbers.sort_unstable();
        // A line behind the last one, where the server said how many it wrote.
        let last = numbers.last().map_or(Timestamp::UNIX_EPOCH, |(_, when)| *when);
        numbers.extend(ended.iter().filter(|(its, _)| its == server).map(|(_, number)| (number + 1, last)));
        for pair in numbers.windows(2) {
            let [(after, _), (before, when)] = [pair[0], pair[1]];
            if before > after + 1 {
                gaps.push(Gap { server: server.to_owned(), after, before, when });
            }
        }
    }
    gaps
}
