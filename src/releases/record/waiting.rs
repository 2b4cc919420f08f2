//! Lines that wait to be written, within bounds.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use jiff::Timestamp;

use crate::model::{AppName, AuditAction, AuditEvent, AuditLine, EmailAddress};

/// How many lines wait while storage does not answer; further ones are lost, and counted.
const MOST_WAITING: usize = 20_000;
/// How many different things are counted at a time; further ones are lost, and counted.
const MOST_COUNTED: usize = 2000;

#[derive(Debug)]
pub(super) struct Waiting {
    server: String,
    lines: VecDeque<AuditLine>,
    /// The number of the last line.
    number: u64,
    /// The same for each app.
    of_app: HashMap<AppName, u64>,
    counted: HashMap<Sort, AuditEvent>,
    lost: u64,
    /// The batch that is being written: how many lines, and since when. A repeated write writes the same.
    writing: Option<(usize, Timestamp)>,
}

/// What is counted together, within a minute.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Sort {
    minute: i64,
    app: Option<AppName>,
    who: Option<EmailAddress>,
    /// Of somebody who is not known, from where.
    from: Option<IpAddr>,
    action: &'static str,
    detail: String,
}

impl Waiting {
    pub(super) fn new(server: String) -> Self {
        let (lines, of_app, counted) = (VecDeque::new(), HashMap::new(), HashMap::new());
        Self { server, lines, number: 0, of_app, counted, lost: 0, writing: None }
    }

    pub(super) fn add(&mut self, event: AuditEvent) {
        if self.lines.len() >= MOST_WAITING {
            self.lost += 1;
            self.numbers(event.app.as_ref());
            return;
        }
        self.push(event);
    }

    pub(super) fn count(&mut self, event: AuditEvent) {
        let sort = Sort {
            minute: event.when.as_second().div_euclid(60),
            app: event.app.clone(),
            who: event.who.clone(),
            from: event.from.filter(|_| event.who.is_none()),
            action: event.action.name(),
            detail: event.action.detail(),
        };
        if let Some(held) = self.counted.get_mut(&sort) {
            held.times = held.times.saturating_add(1);
        } else if self.counted.len() < MOST_COUNTED {
            self.counted.insert(sort, event);
        } else {
            self.lost += 1;
            self.numbers(event.app.as_ref());
        }
    }

    /// Makes lines of what was counted in minutes that are over, or with `all` of everything, and of what was lost.
    pub(super) fn gather(&mut self, now: Timestamp, all: bool) {
        let minute = now.as_second().div_euclid(60);
        let over = self.counted.extract_if(|sort, _| all || sort.minute < minute);
        let mut over: Vec<AuditEvent> = over.map(|(_, event)| event).collect();
        over.sort_by_key(|event| event.when);
        for event in over {
            self.add(event);
        }
        if self.lost > 0 {
            let lines = std::mem::take(&mut self.lost);
            let action = AuditAction::Lost { lines };
            self.push(AuditEvent {
                when: now,
                who: None,
                from: None,
                app: None,
                rule: None,
                times: 1,
                action,
            });
        }
    }

    /// The first lines, `most` at the most, and the time that they are written under: the same until they are forgotten.
    pub(super) fn batch(&mut self, most: usize, now: Timestamp) -> (Timestamp, Vec<AuditLine>) {
        let (count, when) = *self.writing.get_or_insert((self.lines.len().min(most), now));
        if count == 0 {
            self.writing = None;
        }
        (when, self.lines.iter().take(count).cloned().collect())
    }

    /// The batch is written.
    pub(super) fn forget_batch(&mut self) {
        if let Some((count, _)) = self.writing.take() {
            self.lines.drain(..count.min(self.lines.len()));
        }
    }

    /// The server, and the number of its last line.
    pub(super) fn position(&self) -> (String, u64) {
        (self.server.clone(), self.number)
    }

    fn push(&mut self, event: AuditEvent) {
        let (number, of_app) = self.numbers(event.app.as_ref());
        self.lines.push_back(AuditLine { server: self.server.clone(), number, of_app, event });
    }

    /// The next number, and the next of the app's. A line that is lost has them too.
    fn numbers(&mut self, app: Option<&AppName>) -> (u64, Option<u64>) {
        self.number += 1;
        let of_app = app.map(|app| {
            let number = self.of_app.entry(app.clone()).or_default();
            *number += 1;
            *number
        });
        (self.number, of_app)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(second: i64, who: &str, action: AuditAction) -> AuditEvent {
        AuditEvent {
            when: Timestamp::from_second(second).unwrap(),
            who: who.parse().ok(),
            from: Some([192, 0, 2, 1].into()),
            app: Some("sales".parse().unwrap()),
            rule: None,
            times: 1,
            action,
        }
    }

    fn refused(second: i64, who: &str) -> AuditEvent {
        event(second, who, AuditAction::Refused)
    }

    fn all(waiting: &Waiting) -> Vec<AuditLine> {
        waiting.lines.iter().cloned().collect()
    }

    #[test]
    fn a_batch_stays_the_same_until_it_is_written() {
        let mut waiting = Waiting::new("s".into());
        let at = |second| Timestamp::from_second(second).unwrap();
        waiting.add(event(1, "ann@example.org", AuditAction::Created));
        let first = waiting.batch(10, at(5));
        waiting.add(event(2, "ann@example.org", AuditAction::Deleted));
        assert_eq!(waiting.batch(10, at(6)), first);
        waiting.forget_batch();
        let (when, lines) = waiting.batch(10, at(7));
        assert_eq!((when, lines[0].number), (at(7), 2));
    }

    #[test]
    fn a_person_who_is_refused_again_and_again_is_one_line_a_minute() {
        let mut waiting = Waiting::new("s".into());
        for second in 0..60 {
            waiting.count(refused(second, "eve@example.org"));
        }
        waiting.count(refused(59, "bob@example.org"));
        waiting.count(refused(60, "eve@example.org"));
        waiting.gather(Timestamp::from_second(70).unwrap(), false);
        let lines = all(&waiting);
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.event.who.clone().unwrap().to_string(), line.event.times))
            .collect();
        assert_eq!(told, [("eve@example.org".to_owned(), 60), ("bob@example.org".to_owned(), 1)]);
        waiting.gather(Timestamp::from_second(70).unwrap(), true);
        assert_eq!(all(&waiting).len(), 3, "the minute that is not over");
    }

    #[test]
    fn a_full_queue_says_how_much_it_lost_and_leaves_a_hole_in_the_numbers() {
        let mut waiting = Waiting::new("s".into());
        for second in 0..i64::try_from(MOST_WAITING).unwrap() + 3 {
            waiting.add(event(second, "ann@example.org", AuditAction::Created));
        }
        waiting.gather(Timestamp::from_second(0).unwrap(), false);
        let last = all(&waiting).pop().unwrap();
        assert_eq!(last.event.action, AuditAction::Lost { lines: 3 });
        assert_eq!(last.number, u64::try_from(MOST_WAITING).unwrap() + 4);
        let (_, written) = waiting.batch(MOST_WAITING, Timestamp::UNIX_EPOCH);
        assert_eq!(written.len(), MOST_WAITING);
        waiting.forget_batch();
        waiting.add(event(0, "ann@example.org", AuditAction::Created));
        assert_eq!(all(&waiting)[1].of_app, Some(u64::try_from(MOST_WAITING).unwrap() + 4));
    }

    #[test]
    fn a_crowd_of_strangers_is_counted_within_a_bound() {
        let mut waiting = Waiting::new("s".into());
        for number in 0..3 * MOST_COUNTED {
            waiting.count(refused(1, &format!("p{number}@example.org")));
        }
        assert_eq!(waiting.counted.len(), MOST_COUNTED);
        waiting.gather(Timestamp::from_second(100).unwrap(), false);
        let lost = AuditAction::Lost { lines: 2 * MOST_COUNTED as u64 };
        assert_eq!(all(&waiting).pop().unwrap().event.action, lost);
    }
}
