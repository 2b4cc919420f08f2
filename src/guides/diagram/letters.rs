//! How much room text takes. The reader's own system font draws it, so that this can only be a good guess; it leans
//! to the generous side.

/// The size of letters.
pub(super) const SIZE: f64 = 14.0;
/// From one line to the next.
pub(super) const LINE: f64 = 19.0;
/// A longer label is cut.
const LONGEST: usize = 300;

/// A label, broken into lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Label(pub(super) Vec<String>);

impl Label {
    /// Reads a label as authors write it: in quotes, with `<br>`, entities and icons; lines no wider than `widest`.
    pub(super) fn of(text: &str, widest: f64) -> Self {
        let text = text.trim();
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        let text = text.strip_prefix('`').and_then(|text| text.strip_suffix('`')).unwrap_or(text);
        let mut text: String = text.chars().take(LONGEST).collect();
        for line_break in ["<br/>", "<br />", "<br>", "<BR>", "\\n"] {
            text = text.replace(line_break, "\n");
        }
        for (entity, character) in [
            ("#quot;", "\""),
            ("#35;", "#"),
            ("#59;", ";"),
            ("#lt;", "<"),
            ("#gt;", ">"),
            ("#amp;", "&"),
            ("&quot;", "\""),
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&nbsp;", " "),
            ("&amp;", "&"),
            ("**", ""),
        ] {
            text = text.replace(entity, character);
        }
        let mut lines = Vec::new();
        for line in text.lines() {
            let mut current = String::new();
            let words = line.split_whitespace().filter(|word| !is_icon(word) && !is_tag(word));
            for word in words {
                if !current.is_empty() && width(&current) + width(word) > widest {
                    lines.push(std::mem::take(&mut current));
                }
                if !current.is_empty() {
                    current.push(' ');
                }
                current.push_str(word);
            }
            lines.push(current);
        }
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        Self(lines)
    }

    pub(super) fn width(&self) -> f64 {
        self.0.iter().map(|line| width(line)).fold(0.0, f64::max)
    }

    pub(super) fn height(&self) -> f64 {
        f64::from(u16::try_from(self.0.len()).unwrap_or(u16::MAX)) * LINE
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// On one line, for those who listen.
    pub(super) fn spoken(&self) -> String {
        self.0.join(" ")
    }
}

fn is_icon(word: &str) -> bool {
    ["fa:", "fas:", "fab:", "far:"].iter().any(|set| word.starts_with(set))
}

fn is_tag(word: &str) -> bool {
    ["<b>", "</b>", "<i>", "</i>"].contains(&word)
}

/// How wide a line is, in px.
pub(super) fn width(line: &str) -> f64 {
    line.chars().map(letter).sum::<f64>() * SIZE
}

fn letter(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '.' | ',' | ':' | ';' | '|' | '!' => 0.30,
        'f' | 't' | 'r' | 'I' | ' ' | '(' | ')' | '[' | ']' | '/' | '-' => 0.38,
        'm' | 'M' | 'W' | '@' | '%' => 0.92,
        'w' => 0.80,
        'A'..='Z' | '&' | '+' | '=' | '<' | '>' | '_' => 0.70,
        c if c.is_ascii() => 0.58,
        c if u32::from(c) >= 0x1100 => 1.05,
        _ => 0.66,
    }
}
