//! Diagrams written as text, drawn on the server.
//!
//! 1. [`parse`] reads the two kinds that are drawn: [`flowchart`] and [`sequence`]; everything else is refused by name
//! 2. [`layout`] places a flowchart's nodes in layers; a sequence diagram is placed as it is drawn
//! 3. [`svg`] writes shapes with classes that the theme colours, and [`letters`] guesses how wide text is
//!
//! The work is bounded: so many nodes, lines and letters, and no more.

use std::fmt;

mod flowchart;
mod layout;
mod letters;
mod sequence;
mod svg;

use svg::Drawing;

/// A longer source is not read.
const LONGEST_SOURCE: usize = 32 << 10;

/// Why a diagram is not drawn: one sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Undrawable {
    /// Another kind of diagram.
    Kind(String),
    /// A line, counted from 1, that is not understood.
    Line(usize, String),
    /// More than a page can show.
    TooLarge(String),
}

/// A diagram that can be drawn.
#[derive(Clone, Debug)]
pub(super) enum Diagram {
    Flowchart(flowchart::Flowchart),
    Sequence(sequence::Sequence),
}

/// Reads a diagram.
pub(super) fn parse(source: &str) -> Result<Diagram, Undrawable> {
    if source.len() > LONGEST_SOURCE {
        let message = format!("it is {} bytes long; a diagram may have {LONGEST_SOURCE}", source.len());
        return Err(Undrawable::TooLarge(message));
    }
    let mut lines = Lines::of(source);
    let head = lines.rows.first().map(|(_, row)| row.clone()).unwrap_or_default();
    match head.split_whitespace().next().unwrap_or_default() {
        "flowchart" | "graph" | "flowchart-elk" => flowchart::parse(&mut lines).map(Diagram::Flowchart),
        "sequenceDiagram" => sequence::parse(&mut lines).map(Diagram::Sequence),
        kind => Err(Undrawable::Kind(kind.chars().take(40).collect())),
    }
}

/// Reads and draws a diagram, the page's `number`th: `<svg>` in a frame that scrolls by itself.
pub(super) fn render(source: &str, number: usize) -> Result<String, Undrawable> {
    let drawing: Drawing = match parse(source)? {
        Diagram::Flowchart(chart) => layout::draw(&chart)?,
        Diagram::Sequence(sequence) => sequence::draw(&sequence),
    };
    Ok(drawing.finish(number))
}

impl fmt::Display for Undrawable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) if kind.is_empty() => f.write_str("it is empty"),
            Self::Kind(kind) => {
                write!(
                    f,
                    "diagrams of the kind `{kind}` are not drawn, only `flowchart` and `sequenceDiagram`"
                )
            }
            Self::Line(line, what) => write!(f, "its line {line} is not understood: `{what}`"),
            Self::TooLarge(why) => f.write_str(why),
        }
    }
}

/// A diagram's lines without comments, and what stands above or between them about the whole.
#[derive(Debug, Default)]
struct Lines {
    /// Each with its number, trimmed, never empty.
    rows: Vec<(usize, String)>,
    about: About,
}

/// What a diagram says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct About {
    title: Option<String>,
    description: Option<String>,
}

impl Lines {
    fn of(source: &str) -> Self {
        let mut out = Self::default();
        let (mut front_matter, mut description) = (false, None::<String>);
        for (number, line) in (1..).zip(source.lines()) {
            let line = line.trim();
            if line == "---" && (front_matter || out.rows.is_empty()) {
                front_matter = !front_matter;
            } else if front_matter {
                if let Some(title) = line.strip_prefix("title:") {
                    out.about.title = Some(title.trim().trim_matches(['"', '\'']).to_owned());
                }
            } else if let Some(text) = &mut description {
                match line.strip_suffix('}') {
                    Some(last) => {
                        text.push_str(last);
                        out.about.description = description.take();
                    }
                    None => text.extend([line, " "]),
                }
            } else if let Some(title) = line.strip_prefix("accTitle:") {
                out.about.title = Some(title.trim().to_owned());
            } else if let Some(text) = line.strip_prefix("accDescr:") {
                out.about.description = Some(text.trim().to_owned());
            } else if let Some(text) =
                line.strip_prefix("accDescr").and_then(|rest| rest.trim().strip_prefix('{'))
            {
                match text.strip_suffix('}') {
                    Some(text) => out.about.description = Some(text.trim().to_owned()),
                    None => description = Some(text.to_owned()),
                }
            } else if !line.is_empty() && !line.starts_with("%%") {
                out.rows.push((number, line.to_owned()));
            }
        }
        out
    }
}

fn not_understood(line: usize, what: &str) -> Undrawable {
    Undrawable::Line(line, what.chars().take(60).collect())
}

#[cfg(test)]
mod tests;
