//! Life lines, messages, notes and frames.

use std::fmt::Write as _;

use super::super::letters::{LINE, Label};
use super::super::svg::Drawing;
use super::{Sequence, Side, Step, Tip};

const MARGIN: f64 = 14.0;
const NAME_HEIGHT: f64 = 40.0;
/// Between the middles of two participants at needed.
const LEAST_APART: f64 = 110.0;
const STEP_GAP: f64 = 16.0;
const OWN_LOOP: f64 = 44.0;
const MOST_TOLD: usize = 40;

/// Draws a sequence diagram.
pub(in crate::guides::diagram) fn draw(sequence: &Sequence) -> Drawing {
    let columns = columns(sequence);
    let head =
        sequence.people.iter().map(|person| person.label.height()).fold(LINE, f64::max) + NAME_HEIGHT - LINE;
    let mut stage = Stage {
        columns: columns.middles,
        y: MARGIN + head + 12.0,
        left: MARGIN,
        right: columns.width - MARGIN,
        number: 0,
        frames: Vec::new(),
        active: vec![Vec::new(); sequence.people.len()],
        bars: Vec::new(),
        marks: Drawing::default(),
    };
    for step in &sequence.steps {
        stage.step(step, sequence.numbered);
    }
    for (who, open) in stage.active.iter_mut().enumerate() {
        stage.bars.extend(open.drain(..).map(|from| (who, from, stage.y)));
    }
    let bottom = stage.y + 8.0;
    let mut drawing = Drawing::new(
        columns.width,
        bottom + head + MARGIN,
        "Sequence diagram",
        &sequence.about,
        told(sequence),
    );
    for (person, x) in sequence.people.iter().zip(&stage.columns) {
        drawing.path("d-life", &format!("M{x:.1},{:.1} V{bottom:.1}", MARGIN + head));
        for top in [MARGIN, bottom] {
            let width = person.label.width() + 28.0;
            let round = if person.actor { head / 2.0 } else { 3.0 };
            drawing.rectangle("d-node", (x - width / 2.0, top), (width, head), round);
            drawing.label("d-text", &person.label, (*x, top + head / 2.0));
        }
    }
    for (who, from, to) in &stage.bars {
        let x = stage.x(*who);
        drawing.rectangle("d-bar", (x - 5.0, *from), (10.0, (to - from).max(8.0)), 1.0);
    }
    drawing.append(&stage.marks);
    drawing
}

struct Columns {
    middles: Vec<f64>,
    width: f64,
}

/// Wide enough for names, and for what is said between neighbours and farther.
fn columns(sequence: &Sequence) -> Columns {
    let people = &sequence.people;
    let half = |who: usize| people.get(who).map_or(0.0, |person| person.label.width() / 2.0 + 14.0);
    let mut gaps: Vec<f64> =
        (1..people.len()).map(|who| (half(who - 1) + half(who) + 24.0).max(LEAST_APART)).collect();
    let (mut before, mut after) = (half(0), half(people.len().saturating_sub(1)));
    let number = if sequence.numbered { 26.0 } else { 0.0 };
    let mut wide = |from: usize, to: usize, needed: f64| {
        let (from, to) = (from.min(to), from.max(to));
        let now: f64 = gaps.get(from..to).unwrap_or_default().iter().sum();
        if now < needed
            && let Some(share) = gaps.get_mut(from..to)
        {
            let each = (needed - now) / f64::from(u16::try_from(share.len().max(1)).unwrap_or(u16::MAX));
            for gap in share {
                *gap += each;
            }
        }
    };
    let last = people.len().saturating_sub(1);
    for step in &sequence.steps {
        match step {
            Step::Message { from, to, label, .. } if from == to => {
                let needed = label.width() + OWN_LOOP + 24.0 + number;
                if *from == last { after = after.max(needed) } else { wide(*from, from + 1, needed) }
            }
            Step::Message { from, to, label, .. } => wide(*from, *to, label.width() + 36.0 + number),
            Step::Note { first, side, label, .. } if *side == Side::Right => {
                let needed = label.width() + 44.0;
                if *first == last { after = after.max(needed) } else { wide(*first, first + 1, needed) }
            }
            Step::Note { first, side, label, .. } if *side == Side::Left => {
                let needed = label.width() + 44.0;
                if *first == 0 { before = before.max(needed) } else { wide(first - 1, *first, needed) }
            }
            Step::Note { first, last: to, label, .. } if first == to => {
                let needed = label.width() / 2.0 + 20.0;
                before = if *first == 0 { before.max(needed) } else { before };
                after = if *first == last { after.max(needed) } else { after };
            }
            Step::Note { first, last, label, .. } => wide(*first, *last, label.width() - 16.0),
            _ => {}
        }
    }
    let frames = sequence.steps.iter().any(|step| matches!(step, Step::Frame { .. }));
    let margin = MARGIN + if frames { 24.0 } else { 0.0 };
    let mut x = margin + before;
    let mut middles = vec![x];
    for gap in gaps {
        x += gap;
        middles.push(x);
    }
    Columns { middles, width: x + after + margin }
}

struct Frame {
    top: f64,
    depth: f64,
    kind: &'static str,
    label: Label,
    /// Where its parts begin, and what they are.
    parts: Vec<(f64, Label)>,
}

struct Stage {
    columns: Vec<f64>,
    y: f64,
    left: f64,
    right: f64,
    number: usize,
    frames: Vec<Frame>,
    /// For each participant, where its open bars began.
    active: Vec<Vec<f64>>,
    bars: Vec<(usize, f64, f64)>,
    marks: Drawing,
}

impl Stage {
    fn x(&self, who: usize) -> f64 {
        self.columns.get(who).copied().unwrap_or_default()
    }

    fn step(&mut self, step: &Step, numbered: bool) {
        match step {
            Step::Message { from, to, label, dashed, tip, both } => {
                self.number += 1;
                let number = numbered.then_some(self.number);
                self.message(
                    (*from, *to),
                    label,
                    if *dashed { "d-line d-dotted" } else { "d-line" },
                    (*tip, *both),
                    number,
                );
            }
            Step::Note { first, last, side, label } => self.note(*first, *last, *side, label),
            Step::Activate(who) => {
                let y = self.y - STEP_GAP;
                self.active.get_mut(*who).into_iter().for_each(|open| open.push(y));
            }
            Step::Deactivate(who) => {
                if let Some(from) = self.active.get_mut(*who).and_then(Vec::pop) {
                    self.bars.push((*who, from, self.y - STEP_GAP));
                }
            }
            Step::Frame { kind, label } => {
                let depth = f64::from(u8::try_from(self.frames.len()).unwrap_or(u8::MAX)) * 8.0;
                let (top, label) = (self.y, label.clone());
                self.y += if *kind == "rect" { 12.0 } else { 16.0 + label.height().max(LINE) };
                self.frames.push(Frame { top, depth, kind, label, parts: Vec::new() });
            }
            Step::Part(label) => {
                let y = self.y;
                if let Some(frame) = self.frames.last_mut() {
                    frame.parts.push((y, label.clone()));
                    self.y += 12.0 + label.height().max(LINE);
                }
            }
            Step::FrameEnds => self.frame_ends(),
        }
    }

    fn message(
        &mut self,
        (from, to): (usize, usize),
        label: &Label,
        class: &str,
        (tip, both): (Tip, bool),
        number: Option<usize>,
    ) {
        let (mut a, mut b) = (self.x(from), self.x(to));
        let own = from == to;
        if !own {
            self.y += label.height();
        }
        let y = self.y + 4.0;
        if own {
            let height = label.height().max(LINE) + 6.0;
            let path = format!("M{a:.1},{y:.1} h{OWN_LOOP} v{height:.1} h{:.1}", 8.0 - OWN_LOOP);
            self.marks.path(class, &path);
            self.marks.label_from("d-label", label, (a + OWN_LOOP + 8.0, y + height / 2.0));
            self.tip(tip, (a, y + height), -1.0);
            self.y += height;
        } else {
            let sign = if b > a { 1.0 } else { -1.0 };
            // Bars stand in the way of the line's ends.
            let bar = |open: Option<&Vec<f64>>| {
                if open.is_some_and(|open| !open.is_empty()) { 5.0 * sign } else { 0.0 }
            };
            let (before, behind) = (bar(self.active.get(from)), bar(self.active.get(to)));
            self.marks.label("d-label", label, (f64::midpoint(a, b), y - 5.0 - label.height() / 2.0));
            a += before;
            b -= behind;
            let short = if matches!(tip, Tip::None | Tip::Open) { 0.0 } else { 8.0 * sign };
            let start = if both { a + 8.0 * sign } else { a };
            self.marks.path(class, &format!("M{start:.1},{y:.1} H{:.1}", b - short));
            self.tip(tip, (b, y), sign);
            if both {
                self.tip(tip, (a, y), -sign);
            }
        }
        if let Some(number) = number {
            let label = Label(vec![number.to_string()]);
            self.marks.circle("d-number", (a, y), 9.5);
            self.marks.label("d-number-text", &label, (a, y));
        }
        self.y += 4.0 + STEP_GAP;
    }

    fn tip(&mut self, tip: Tip, (x, y): (f64, f64), sign: f64) {
        let back = x - 9.0 * sign;
        match tip {
            Tip::None => {}
            Tip::Arrow => {
                self.marks.polygon("d-head", &[(x, y), (back, y - 4.5), (back, y + 4.5)], "currentColor");
            }
            Tip::Open => self.marks.path("d-line", &format!("M{back:.1},{:.1} L{x:.1},{y:.1}", y - 6.0)),
            Tip::Cross => {
                let mut path = String::new();
                for (from, to) in [(-4.5, 4.5), (4.5, -4.5)] {
                    let middle = x - 6.0 * sign;
                    let _ = write!(
                        path,
                        "M{:.1},{:.1} L{:.1},{:.1} ",
                        middle - 4.5,
                        y + from,
                        middle + 4.5,
                        y + to
                    );
                }
                self.marks.path("d-line", path.trim_end());
            }
        }
    }

    fn note(&mut self, first: usize, last: usize, side: Side, label: &Label) {
        let (a, b) = (self.x(first), self.x(last));
        let needed = label.width() + 20.0;
        let (from, width) = match side {
            Side::Right => (a + 12.0, needed),
            Side::Left => (a - 12.0 - needed, needed),
            Side::Over => {
                let width = (b - a + 40.0).max(needed);
                (f64::midpoint(a, b) - width / 2.0, width)
            }
        };
        let height = label.height().max(LINE) + 12.0;
        self.marks.rectangle("d-note", (from, self.y), (width, height), 1.0);
        self.marks.label("d-text", label, (from + width / 2.0, self.y + height / 2.0));
        self.y += height + STEP_GAP;
    }

    fn frame_ends(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        let (left, right) = (self.left + frame.depth, self.right - frame.depth);
        let bottom = self.y;
        let class = if frame.kind == "rect" { "d-frame d-area" } else { "d-frame" };
        self.marks.rectangle(class, (left, frame.top), (right - left, bottom - frame.top), 2.0);
        if frame.kind != "rect" {
            let kind = Label(vec![frame.kind.to_owned()]);
            let width = kind.width() + 16.0;
            let tab = [
                (left, frame.top),
                (left + width, frame.top),
                (left + width, frame.top + 14.0),
                (left + width - 6.0, frame.top + 20.0),
                (left, frame.top + 20.0),
            ];
            self.marks.polygon("d-node", &tab, "none");
            self.marks.label("d-frame-kind", &kind, (left + width / 2.0 - 2.0, frame.top + 10.0));
            let middle = frame.top + 6.0 + frame.label.height().max(LINE) / 2.0;
            self.marks.label_from("d-label", &bracketed(&frame.label), (left + width + 10.0, middle));
        }
        for (y, label) in &frame.parts {
            self.marks.path("d-line d-dotted", &format!("M{left:.1},{y:.1} H{right:.1}"));
            self.marks.label_from(
                "d-label",
                &bracketed(label),
                (left + 14.0, y + 6.0 + label.height() / 2.0),
            );
        }
        self.y += STEP_GAP;
    }
}

fn bracketed(label: &Label) -> Label {
    let mut lines = label.0.clone();
    if let Some(first) = lines.first_mut() {
        first.insert(0, '[');
    }
    if let Some(last) = lines.last_mut() {
        last.push(']');
    }
    Label(lines)
}

/// The diagram in words.
fn told(sequence: &Sequence) -> String {
    let mut out = String::new();
    let name = |who: usize| sequence.people.get(who).map(|person| person.label.spoken()).unwrap_or_default();
    let said = sequence
        .steps
        .iter()
        .filter(|step| !matches!(step, Step::Activate(_) | Step::Deactivate(_) | Step::FrameEnds));
    for step in said.clone().take(MOST_TOLD) {
        let _ = match step {
            Step::Message { from, to, label, .. } => {
                write!(out, "{} to {}: {}. ", name(*from), name(*to), label.spoken())
            }
            Step::Note { first, label, .. } => write!(out, "Note at {}: {}. ", name(*first), label.spoken()),
            Step::Frame { kind, label } => write!(out, "{kind} {}: ", label.spoken()),
            Step::Part(label) => write!(out, "else {}: ", label.spoken()),
            Step::Activate(_) | Step::Deactivate(_) | Step::FrameEnds => Ok(()),
        };
    }
    if said.count() > MOST_TOLD {
        out.push_str("And more.");
    }
    out.trim().to_owned()
}
