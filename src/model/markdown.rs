//! The text of a guide, as it is kept.

use std::cell::RefCell;
use std::fmt;

use serde::{Serialize, Serializer};

/// How hard it is compressed: loading a site must not wait for it.
const LEVEL: i32 = 1;

/// A Markdown document, compressed: it is asked for seldom, and kept for as long as its guide is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Markdown {
    packed: Box<[u8]>,
    length: usize,
}

thread_local! {
    /// Making one takes longer than packing a page with it.
    static PACKER: RefCell<Option<zstd::bulk::Compressor<'static>>> =
        RefCell::new(zstd::bulk::Compressor::new(LEVEL).ok());
}

impl Markdown {
    /// The document as its author wrote it.
    #[must_use]
    pub fn text(&self) -> String {
        if self.packed.len() == self.length {
            return String::from_utf8_lossy(&self.packed).into_owned();
        }
        let unpacked = zstd::bulk::decompress(&self.packed, self.length).unwrap_or_default();
        debug_assert_eq!(unpacked.len(), self.length, "what was packed here unpacks");
        String::from_utf8_lossy(&unpacked).into_owned()
    }
}

impl From<String> for Markdown {
    fn from(text: String) -> Self {
        let packed = PACKER.with_borrow_mut(|packer| packer.as_mut()?.compress(text.as_bytes()).ok());
        let length = text.len();
        // What gains nothing stays as it is, which its length tells.
        let packed = packed.filter(|packed| packed.len() < length).unwrap_or_else(|| text.into_bytes());
        Self { packed: packed.into(), length }
    }
}

impl fmt::Debug for Markdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Markdown({} bytes)", self.length)
    }
}

impl Serialize for Markdown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let long = "# Tides\n\nHigh tide is at noon. ".repeat(500);
        for text in ["", "x", "Ŵy 🥚", &long] {
            assert_eq!(Markdown::from(text.to_owned()).text(), text);
        }
        assert!(Markdown::from(long.clone()).packed.len() < long.len() / 10);
    }
}
