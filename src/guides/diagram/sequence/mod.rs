//! Sequence diagrams: who says what to whom, from top to bottom.

use std::collections::HashMap;

use super::letters::Label;
use super::{About, Lines, Undrawable, not_understood};

mod draw;

pub(super) use draw::draw;

const MOST_PEOPLE: usize = 24;
const MOST_STEPS: usize = 250;
const DEEPEST_FRAME: usize = 8;
const WIDEST_MESSAGE: f64 = 320.0;
const WIDEST_NOTE: f64 = 200.0;
const WIDEST_NAME: f64 = 140.0;

/// A sequence diagram as it was written.
#[derive(Clone, Debug, Default)]
pub(in crate::guides) struct Sequence {
    pub(super) people: Vec<Participant>,
    pub(super) steps: Vec<Step>,
    pub(super) numbered: bool,
    pub(super) about: About,
}

#[derive(Clone, Debug)]
pub(super) struct Participant {
    pub(super) label: Label,
    /// A person, drawn as one.
    pub(super) actor: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Message {
        from: usize,
        to: usize,
        label: Label,
        dashed: bool,
        tip: Tip,
        both: bool,
    },
    Note {
        first: usize,
        last: usize,
        side: Side,
        label: Label,
    },
    Activate(usize),
    Deactivate(usize),
    /// A frame opens: what it is (`loop`), and its condition.
    Frame {
        kind: &'static str,
        label: Label,
    },
    /// The next part of the frame: `else`.
    Part(Label),
    FrameEnds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tip {
    None,
    Arrow,
    Cross,
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
    Over,
}

/// The arrows, longest first: dashed, tip, at both ends.
const ARROWS: [(&str, bool, Tip, bool); 10] = [
    ("<<-->>", true, Tip::Arrow, true),
    ("<<->>", false, Tip::Arrow, true),
    ("-->>", true, Tip::Arrow, false),
    ("->>", false, Tip::Arrow, false),
    ("-->", true, Tip::None, false),
    ("->", false, Tip::None, false),
    ("--x", true, Tip::Cross, false),
    ("-x", false, Tip::Cross, false),
    ("--)", true, Tip::Open, false),
    ("-)", false, Tip::Open, false),
];

/// Reads the lines of a sequence diagram, its head first.
pub(super) fn parse(lines: &mut Lines) -> Result<Sequence, Undrawable> {
    let mut reader = Reader::default();
    for (number, row) in lines.rows.iter().skip(1) {
        for statement in row.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            reader.statement(statement).ok_or_else(|| not_understood(*number, statement))?;
        }
        if reader.sequence.steps.len() > MOST_STEPS {
            return Err(Undrawable::TooLarge(format!("it has more than {MOST_STEPS} steps")));
        }
        if reader.sequence.people.len() > MOST_PEOPLE {
            return Err(Undrawable::TooLarge(format!("it has more than {MOST_PEOPLE} participants")));
        }
    }
    while let Some(open) = reader.open.pop() {
        if open == Open::Frame {
            reader.sequence.steps.push(Step::FrameEnds);
        }
    }
    let mut sequence = reader.sequence;
    let title = lines.about.title.take().or(reader.title);
    sequence.about = About { title, description: lines.about.description.take() };
    if sequence.people.is_empty() {
        return Err(Undrawable::Kind(String::new()));
    }
    Ok(sequence)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Frame,
    /// A box around participants, which is not drawn.
    Box,
}

#[derive(Default)]
struct Reader {
    sequence: Sequence,
    ids: HashMap<String, usize>,
    open: Vec<Open>,
    title: Option<String>,
}

impl Reader {
    fn statement(&mut self, statement: &str) -> Option<()> {
        let (word, rest) = statement.split_once(char::is_whitespace).unwrap_or((statement, ""));
        let rest = rest.trim();
        let frames = ["loop", "alt", "opt", "par", "critical", "break", "rect"];
        match word {
            "participant" | "actor" => self.participant(rest, word == "actor"),
            "create" => {
                let (word, rest) = rest.split_once(char::is_whitespace)?;
                self.participant(rest.trim(), word == "actor")
            }
            "autonumber" => {
                self.sequence.numbered = true;
                Some(())
            }
            "title" | "title:" => {
                self.title = Some(rest.to_owned());
                Some(())
            }
            "destroy" | "link" | "links" => Some(()),
            "box" => {
                self.open.push(Open::Box);
                Some(())
            }
            "activate" => {
                let who = self.person(rest)?;
                self.push(Step::Activate(who))
            }
            "deactivate" => {
                let who = self.person(rest)?;
                self.push(Step::Deactivate(who))
            }
            "Note" | "note" => self.note(rest),
            "else" | "and" | "option" => {
                (self.open.last() == Some(&Open::Frame)).then_some(())?;
                self.push(Step::Part(Label::of(rest, WIDEST_MESSAGE)))
            }
            "end" => match self.open.pop()? {
                Open::Frame => self.push(Step::FrameEnds),
                Open::Box => Some(()),
            },
            word => match frames.into_iter().find(|frame| *frame == word) {
                Some(kind) => {
                    (self.open.len() < DEEPEST_FRAME).then_some(())?;
                    self.open.push(Open::Frame);
                    let text = if kind == "rect" { "" } else { rest };
                    self.push(Step::Frame { kind, label: Label::of(text, WIDEST_MESSAGE) })
                }
                None => self.message(statement),
            },
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "every way through a statement ends alike")]
    fn push(&mut self, step: Step) -> Option<()> {
        self.sequence.steps.push(step);
        Some(())
    }

    /// `A`, `A as Ann`
    fn participant(&mut self, text: &str, actor: bool) -> Option<()> {
        let (id, label) = text.split_once(" as ").unwrap_or((text, text));
        let index = self.person(id)?;
        let person = self.sequence.people.get_mut(index)?;
        person.label = Label::of(label, WIDEST_NAME);
        person.actor = actor;
        Some(())
    }

    fn person(&mut self, id: &str) -> Option<usize> {
        let id = id.trim();
        if id.is_empty() || id.contains([':', '{', '}', '<', '>']) {
            return None;
        }
        if let Some(index) = self.ids.get(id) {
            return Some(*index);
        }
        let index = self.sequence.people.len();
        self.sequence.people.push(Participant { label: Label::of(id, WIDEST_NAME), actor: false });
        self.ids.insert(id.to_owned(), index);
        Some(index)
    }

    /// `right of A: text`, `over A,B: text`
    fn note(&mut self, rest: &str) -> Option<()> {
        let (place, text) = rest.split_once(':')?;
        let place = place.trim();
        let (side, who) = if let Some(who) = place.strip_prefix("right of") {
            (Side::Right, who)
        } else if let Some(who) = place.strip_prefix("left of") {
            (Side::Left, who)
        } else {
            (Side::Over, place.strip_prefix("over")?)
        };
        let (first, last) = who.split_once(',').unwrap_or((who, who));
        let (first, last) = (self.person(first)?, self.person(last)?);
        let label = Label::of(text, WIDEST_NOTE);
        self.push(Step::Note { first: first.min(last), last: first.max(last), side, label })
    }

    /// `A->>+B: text`
    fn message(&mut self, statement: &str) -> Option<()> {
        let (ends, text) = statement.split_once(':').unwrap_or((statement, ""));
        let found = ARROWS.into_iter().filter_map(|arrow| Some((ends.find(arrow.0)?, arrow)));
        let (at, (sign, dashed, tip, both)) =
            found.min_by_key(|(at, (sign, ..))| (*at, usize::MAX - sign.len()))?;
        let (from, to) = (ends.get(..at)?, ends.get(at + sign.len()..)?.trim());
        let (starts, stops) = (to.starts_with('+'), to.starts_with('-'));
        let (from, to) = (self.person(from)?, self.person(to.trim_start_matches(['+', '-']))?);
        self.sequence.steps.push(Step::Message {
            from,
            to,
            label: Label::of(text, WIDEST_MESSAGE),
            dashed,
            tip,
            both,
        });
        if starts {
            self.sequence.steps.push(Step::Activate(to));
        } else if stops {
            self.sequence.steps.push(Step::Deactivate(from));
        }
        Some(())
    }
}
