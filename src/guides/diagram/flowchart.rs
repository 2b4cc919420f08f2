//! Flowcharts: nodes, links, groups.

use std::collections::HashMap;

use super::letters::Label;
use super::{About, Lines, Undrawable, not_understood};

const MOST_NODES: usize = 120;
const MOST_LINKS: usize = 240;
const DEEPEST_GROUP: usize = 6;
/// Labels are broken to lines of this width, in px.
const WIDEST_NODE: f64 = 190.0;
const WIDEST_LABEL: f64 = 150.0;

/// A flowchart as it was written.
#[derive(Clone, Debug, Default)]
pub(in crate::guides) struct Flowchart {
    pub(super) direction: Direction,
    pub(super) nodes: Vec<Node>,
    pub(super) links: Vec<Link>,
    pub(super) groups: Vec<Group>,
    pub(super) about: About,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Direction {
    #[default]
    Down,
    Up,
    Right,
    Left,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) label: Label,
    pub(super) shape: Shape,
    pub(super) group: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    #[default]
    Rectangle,
    Round,
    Stadium,
    Subroutine,
    Cylinder,
    Circle,
    DoubleCircle,
    Flag,
    Diamond,
    Hexagon,
    LeanRight,
    LeanLeft,
    Trapezoid,
    InvertedTrapezoid,
}

#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) label: Label,
    pub(super) line: Line,
    pub(super) start: Head,
    pub(super) end: Head,
    /// How many layers it spans at least.
    pub(super) length: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Solid,
    Dotted,
    Thick,
    Invisible,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    None,
    Arrow,
    Circle,
    Cross,
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) label: Label,
    pub(super) parent: Option<usize>,
}

/// The brackets of each shape, longest first.
#[rustfmt::skip]
const SHAPES: [(&str, &str, Shape); 15] = [
    ("(((", ")))", Shape::DoubleCircle), ("([", "])", Shape::Stadium), ("[[", "]]", Shape::Subroutine),
    ("[(", ")]", Shape::Cylinder), ("((", "))", Shape::Circle), ("{{", "}}", Shape::Hexagon),
    ("[/", "/]", Shape::LeanRight), ("[/", "\\]", Shape::Trapezoid), ("[\\", "\\]", Shape::LeanLeft),
    ("[\\", "/]", Shape::InvertedTrapezoid), ("[", "]", Shape::Rectangle), ("(", ")", Shape::Round),
    ("{", "}", Shape::Diamond), (">", "]", Shape::Flag), ("|", "|", Shape::Rectangle),
];

/// Reads the lines of a flowchart, its head first.
pub(super) fn parse(lines: &mut Lines) -> Result<Flowchart, Undrawable> {
    let mut reader = Reader::default();
    for (at, (number, row)) in lines.rows.iter().enumerate() {
        for statement in statements(row) {
            let statement = if at == 0 { reader.head(statement) } else { statement };
            if !statement.is_empty() {
                reader.statement(statement, *number)?;
            }
        }
    }
    reader.groups_met_before();
    let mut chart = reader.chart;
    chart.about = std::mem::take(&mut lines.about);
    if chart.nodes.is_empty() {
        return Err(Undrawable::Kind(String::new()));
    }
    Ok(chart)
}

/// A row cut at semicolons that stand in no bracket and no quotes.
fn statements(row: &str) -> Vec<&str> {
    let (mut depth, mut quoted, mut from) = (0_usize, false, 0);
    let mut out = Vec::new();
    for (at, c) in row.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '[' | '(' | '{' if !quoted => depth += 1,
            ']' | ')' | '}' if !quoted => depth = depth.saturating_sub(1),
            ';' if !quoted && depth == 0 => {
                out.push(row[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push(row[from..].trim());
    out
}

#[derive(Default)]
struct Reader {
    chart: Flowchart,
    ids: HashMap<String, usize>,
    group_ids: HashMap<String, usize>,
    open: Vec<usize>,
}

impl Reader {
    /// `flowchart LR`; what stands after it on the same line is a statement.
    fn head<'a>(&mut self, statement: &'a str) -> &'a str {
        let mut rest = statement.trim();
        for word in ["flowchart-elk", "flowchart", "graph"] {
            rest = rest.strip_prefix(word).unwrap_or(rest);
        }
        let rest = rest.trim();
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        self.chart.direction = match word {
            "TD" | "TB" | "" | "v" => Direction::Down,
            "BT" | "^" => Direction::Up,
            "LR" | ">" => Direction::Right,
            "RL" | "<" => Direction::Left,
            _ => return rest,
        };
        after.trim()
    }

    fn statement(&mut self, statement: &str, number: usize) -> Result<(), Undrawable> {
        let word = statement.split_whitespace().next().unwrap_or_default();
        match word {
            // Colours are the theme's, and links out of a drawing are not needed to read it.
            "classDef" | "class" | "style" | "linkStyle" | "click" | "direction" => return Ok(()),
            "subgraph" => return self.group(statement["subgraph".len()..].trim(), number),
            "end" if statement == "end" => {
                self.open.pop();
                return Ok(());
            }
            _ => {}
        }
        let wrong = || not_understood(number, statement);
        let mut cursor = statement;
        let mut before = self.nodes(&mut cursor).ok_or_else(wrong)?;
        while !cursor.trim_start().is_empty() {
            let link = read_link(&mut cursor).ok_or_else(wrong)?;
            let after = self.nodes(&mut cursor).ok_or_else(wrong)?;
            for from in &before {
                for to in &after {
                    self.chart.links.push(Link { from: *from, to: *to, ..link.clone() });
                }
            }
            before = after;
            if self.chart.links.len() > MOST_LINKS {
                return Err(Undrawable::TooLarge(format!("it has more than {MOST_LINKS} links")));
            }
        }
        if self.chart.nodes.len() > MOST_NODES {
            return Err(Undrawable::TooLarge(format!("it has more than {MOST_NODES} nodes")));
        }
        Ok(())
    }

    fn group(&mut self, text: &str, number: usize) -> Result<(), Undrawable> {
        if self.open.len() >= DEEPEST_GROUP || self.chart.groups.len() >= MOST_NODES {
            return Err(Undrawable::TooLarge(format!(
                "its groups are nested more than {DEEPEST_GROUP} deep"
            )));
        }
        let (id, title) = match text.split_once('[') {
            Some((id, title)) => {
                (id.trim(), title.strip_suffix(']').ok_or_else(|| not_understood(number, text))?)
            }
            None => (text, text),
        };
        let label = Label::of(title, WIDEST_NODE * 2.0);
        self.group_ids.insert(id.trim_matches('"').to_owned(), self.chart.groups.len());
        self.chart.groups.push(Group { label, parent: self.open.last().copied() });
        self.open.push(self.chart.groups.len() - 1);
        Ok(())
    }

    /// Links to groups that were written before the groups were: they lead to the group's first node.
    fn groups_met_before(&mut self) {
        for (id, group) in &self.group_ids {
            let Some(stand_in) = self.ids.get(id).copied() else { continue };
            let Some(first) = first_of(&self.chart, *group).filter(|first| *first != stand_in) else {
                continue;
            };
            let last = self.chart.nodes.len() - 1;
            self.chart.nodes.swap_remove(stand_in);
            let moved = |node: usize| {
                let node = if node == stand_in { first } else { node };
                if node == last { stand_in } else { node }
            };
            for link in &mut self.chart.links {
                (link.from, link.to) = (moved(link.from), moved(link.to));
            }
            for index in self.ids.values_mut() {
                *index = moved(*index);
            }
        }
    }

    /// `A[Text] & B`
    fn nodes(&mut self, cursor: &mut &str) -> Option<Vec<usize>> {
        let mut out = vec![self.node(cursor)?];
        while let Some(rest) = cursor.trim_start().strip_prefix('&') {
            *cursor = rest;
            out.push(self.node(cursor)?);
        }
        (out.len() <= MOST_NODES).then_some(out)
    }

    fn node(&mut self, cursor: &mut &str) -> Option<usize> {
        let text = cursor.trim_start();
        let id_end = id_length(text);
        let id = text.get(..id_end).filter(|id| !id.is_empty())?;
        let mut rest = text.get(id_end..)?;
        let mut given = None;
        for (open, close, shape) in SHAPES.iter().filter(|(open, ..)| *open != "|") {
            if let Some(inside) = rest.strip_prefix(open)
                && let Some((label, after)) = until(inside, close)
            {
                given = Some((label, *shape));
                rest = after;
                break;
            }
        }
        if given.is_none() && rest.starts_with(['[', '(', '{', '@']) {
            return None;
        }
        if let Some(class) = rest.strip_prefix(":::") {
            rest = class.get(id_length(class)..)?;
        }
        *cursor = rest;
        if given.is_none()
            && let Some(first) = self.group_ids.get(id).and_then(|group| first_of(&self.chart, *group))
        {
            return Some(first);
        }
        let index = *self.ids.entry(id.to_owned()).or_insert_with(|| {
            let (label, shape) = (Label::of(id, WIDEST_NODE), Shape::default());
            self.chart.nodes.push(Node { label, shape, group: None });
            self.chart.nodes.len() - 1
        });
        let node = self.chart.nodes.get_mut(index)?;
        if let Some((label, shape)) = given {
            node.label = Label::of(label, WIDEST_NODE);
            node.shape = shape;
        }
        if node.group.is_none() {
            node.group = self.open.last().copied();
        }
        Some(index)
    }
}

/// The first node in a group or in the groups in it: links to the group lead to it.
fn first_of(chart: &Flowchart, group: usize) -> Option<usize> {
    let around = |node: &Node| {
        let mut groups = std::iter::successors(node.group, |group| chart.groups.get(*group)?.parent);
        groups.any(|own| own == group)
    };
    chart.nodes.iter().position(around)
}

/// How long the id at the start of `text` is: letters, digits and `_`, and single `-` or `.` between them.
fn id_length(text: &str) -> usize {
    let mut end = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let joins = matches!(c, '-' | '.') && at > 0 && next.is_some_and(char::is_alphanumeric);
        if !(c.is_alphanumeric() || matches!(c, '_' | '\u{300}'..='\u{36f}') || joins) {
            break;
        }
        end = at + c.len_utf8();
    }
    end
}

/// The text before `close`, and what comes after it; quotes may hold anything.
fn until<'a>(text: &'a str, close: &str) -> Option<(&'a str, &'a str)> {
    let trimmed = text.trim_start();
    if let Some(inside) = trimmed.strip_prefix('"') {
        let end = inside.find('"')?;
        let after = inside.get(end + 1..)?.trim_start().strip_prefix(close)?;
        return Some((inside.get(..end)?, after));
    }
    let (inside, after) = text.split_once(close)?;
    let clean = !inside.contains(['[', ']', '{', '}', '"']) || close == "|";
    clean.then_some((inside, after))
}

/// Reads `-->`, `-- text -->`, `-.->|text|`, `==>`, `~~~`, `<-->`, `--o`, `--x`.
fn read_link(cursor: &mut &str) -> Option<Link> {
    let mut rest = cursor.trim_start();
    let body = |text: &str| text.starts_with("--") || text.starts_with("==") || text.starts_with("-.");
    let start = match rest.chars().next()? {
        '<' => Head::Arrow,
        'o' if body(&rest[1..]) => Head::Circle,
        'x' if body(&rest[1..]) => Head::Cross,
        _ => Head::None,
    };
    if start != Head::None {
        rest = &rest[1..];
    }
    let (line, sign) = match rest.get(..2)? {
        "--" => (Line::Solid, '-'),
        "==" => (Line::Thick, '='),
        "-." => (Line::Dotted, '.'),
        "~~" => (Line::Invisible, '~'),
        _ => return None,
    };
    let mut text = "";
    let mut length = stroke(&mut rest, line, sign);
    let mut end = head(&mut rest);
    let whole = match line {
        Line::Dotted => length.1,
        _ => length.0 >= 3,
    };
    if end == Head::None && !whole {
        // The text stands in the line, which goes on after it.
        let goes_on = match line {
            Line::Solid => "--",
            Line::Thick => "==",
            Line::Dotted => ".-",
            Line::Invisible => return None,
        };
        let at = rest.find(goes_on)?;
        text = rest.get(..at)?;
        rest = rest.get(at..)?;
        length = stroke(&mut rest, line, sign);
        end = head(&mut rest);
    }
    if let Some(inside) = rest.trim_start().strip_prefix('|') {
        let (label, after) = until(inside, "|")?;
        text = label;
        rest = after;
    }
    *cursor = rest;
    let shortest = if end == Head::None { 3 } else { 2 };
    let length = if line == Line::Dotted { length.0 } else { (length.0 + 1).saturating_sub(shortest) };
    let label = Label::of(text, WIDEST_LABEL);
    Some(Link { from: 0, to: 0, label, line, start, end, length: length.clamp(1, 5) })
}

/// Takes a line's signs; how many there were, and for a dotted one whether it is closed.
fn stroke(rest: &mut &str, line: Line, sign: char) -> (usize, bool) {
    if line == Line::Dotted {
        let inner = rest.trim_start_matches('-');
        let after = inner.trim_start_matches('.');
        let dots = inner.len() - after.len();
        let closed = after.strip_prefix('-');
        *rest = closed.unwrap_or(after);
        return (dots, closed.is_some());
    }
    let after = rest.trim_start_matches(sign);
    let count = rest.len() - after.len();
    *rest = after;
    (count, true)
}

fn head(rest: &mut &str) -> Head {
    let mut chars = rest.chars();
    let first = chars.next();
    let apart = chars.next().is_none_or(|c| c.is_whitespace() || c == '|');
    let head = match first {
        Some('>') => Head::Arrow,
        Some('o') if apart => Head::Circle,
        Some('x') if apart => Head::Cross,
        _ => return Head::None,
    };
    *rest = &rest[1..];
    head
}
