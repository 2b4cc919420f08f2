//! A guide's text, put together from one file or several, with the way back from a place in it to a line.

use std::sync::Arc;

use super::problem::Place;

/// Markdown and where each stretch of it came from.
#[derive(Clone, Debug, Default)]
pub(super) struct Source {
    pub(super) text: String,
    pub(super) pieces: Vec<Piece>,
}

/// The text from `start` on, up to the next piece, is `file` from `line` on.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    start: usize,
    file: Arc<str>,
    line: u32,
}

impl Source {
    /// All of `file`.
    pub(super) fn of_file(file: &str, text: String) -> Self {
        Self { text, pieces: vec![Piece { start: 0, file: file.into(), line: 1 }] }
    }

    /// Appends a piece of `from`, remembering where it stood there.
    pub(super) fn push_from(&mut self, from: &Self, start: usize, text: &str) {
        if let Some((piece, line)) = from.piece_at(start) {
            self.pieces.push(Piece { start: self.text.len(), file: piece.file.clone(), line });
        }
        let end = start + text.len();
        if from.text.get(start..end) == Some(text) {
            // A stretch as it was may itself be made of pieces.
            let first = from.pieces.partition_point(|piece| piece.start <= start);
            for piece in from.pieces.iter().skip(first).take_while(|piece| piece.start < end) {
                let start = self.text.len() + (piece.start - start);
                self.pieces.push(Piece { start, file: piece.file.clone(), line: piece.line });
            }
        }
        self.text.push_str(text);
    }

    /// The file and line at a byte offset.
    pub(super) fn place(&self, offset: usize) -> Place {
        match self.piece_at(offset) {
            None => Place { file: "".into(), line: None },
            Some((piece, line)) => Place { file: piece.file.clone(), line: Some(line) },
        }
    }

    fn piece_at(&self, offset: usize) -> Option<(&Piece, u32)> {
        let after = self.pieces.partition_point(|piece| piece.start <= offset);
        let piece = self.pieces.get(after.checked_sub(1)?)?;
        let between = self.text.as_bytes().get(piece.start..offset).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', between).count();
        Some((piece, piece.line + u32::try_from(lines).unwrap_or(u32::MAX - piece.line)))
    }
}

/// The bytes of a Markdown file as text, without a byte-order mark; the error is where UTF-8 ends.
pub(super) fn decode(bytes: Vec<u8>) -> Result<String, usize> {
    let text = String::from_utf8(bytes).map_err(|error| error.utf8_error().valid_up_to())?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_through_pieces() {
        let part = Source::of_file("part.md", "…\n…\nthree\nfour\n".into());
        let mut source = Source::of_file("stub.md", "one\ntwo\n".into());
        source.push_from(&part, part.text.find("three").unwrap(), "three\nfour\n");
        assert_eq!(source.place(4), Place { file: "stub.md".into(), line: Some(2) });
        let four = source.text.find("four").unwrap();
        assert_eq!(source.place(four), Place { file: "part.md".into(), line: Some(4) });

        let mut repaired = Source::default();
        repaired.push_from(&source, 0, "one\n");
        repaired.text.push('\n');
        repaired.push_from(&source, four, "four\n");
        let four = repaired.text.find("four").unwrap();
        assert_eq!(repaired.place(four), Place { file: "part.md".into(), line: Some(4) });
    }

    #[test]
    fn what_is_not_utf8_says_where() {
        assert_eq!(decode(b"\xef\xbb\xbfhello".to_vec()).unwrap(), "hello");
        assert_eq!(decode(b"caf\xe9 au lait".to_vec()), Err(3));
    }
}
