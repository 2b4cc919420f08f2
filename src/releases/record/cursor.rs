//! How far somebody has looked through the record.

use std::fmt;
use std::str::FromStr;

/// The longest that one is read, in bytes.
const LONGEST: usize = 120;

/// How far was looked: up to a line of an object. It is text to whoever keeps it, and says nothing that a listing does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Which object: its name, in the order in which they were written.
    pub(super) object: String,
    /// How many of its lines were looked at, the newest first.
    pub(super) lines: usize,
}

/// Something that is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is no place in the record; begin again without `cursor`")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}~{}", self.object, self.lines)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(given: &str) -> Result<Self, InvalidCursor> {
        let (object, lines) = given.split_once('~').ok_or(InvalidCursor)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/');
        if given.len() > LONGEST || object.is_empty() || !object.bytes().all(plain) {
            return Err(InvalidCursor);
        }
        Ok(Self { object: object.to_owned(), lines: lines.parse().map_err(|_| InvalidCursor)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nothing_else_is() {
        for text in ["2026-11-24/101500-01jd3v-1~7", "01JD3M5WZ0C9V1K8Q2R4T6Y8A9~0"] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        for bad in
            ["", "~", "~1", "a~", "a~-1", "a b~1", "../a~1", "a~1~2", &format!("{}~1", "a".repeat(120))]
        {
            assert_eq!(bad.parse::<Cursor>(), Err(InvalidCursor), "{bad}");
        }
    }
}
