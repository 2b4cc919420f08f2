//! Bytes to text, in whatever encoding they came.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// How far into a page its encoding may be declared, in bytes (HTML, section 4.2.5.4).
const DECLARED_WITHIN: usize = 1024;

/// Reads `bytes` by their byte order mark; else as UTF-8 when they are that; else in the encoding that the
/// beginning declares by `charset=`; else as Windows-1252, which Latin-1 is a part of. Nothing is an error.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0;
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let encoding = declared(bytes).filter(|declared| *declared != UTF_8);
    encoding.unwrap_or(WINDOWS_1252).decode_without_bom_handling(bytes).0
}

fn declared(bytes: &[u8]) -> Option<&'static Encoding> {
    let begin = bytes.get(..DECLARED_WITHIN.min(bytes.len()))?.to_ascii_lowercase();
    let at = memchr::memmem::find(&begin, b"charset=")?;
    let rest = begin.get(at + b"charset=".len()..)?;
    let label = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let ends = |byte: &u8| !byte.is_ascii_alphanumeric() && !b"-_:.".contains(byte);
    let label = label.get(..label.iter().position(ends).unwrap_or(label.len()))?;
    Encoding::for_label(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_encoding_is_read() {
        assert_eq!(decode("Übersicht".as_bytes()), "Übersicht");
        assert_eq!(decode("\u{feff}Übersicht".as_bytes()), "Übersicht");
        assert_eq!(decode(b"\xff\xfeh\x00i\x00"), "hi");
        assert_eq!(decode(b"caf\xe9"), "café");
        assert_eq!(decode(b"<meta charset=\"iso-8859-2\">\xb3"), "<meta charset=\"iso-8859-2\">ł");
        assert_eq!(
            decode(b"<meta content='text/html; CHARSET=koi8-r'>\xc4"),
            "<meta content='text/html; CHARSET=koi8-r'>д"
        );
        assert_eq!(decode(b"<meta charset=utf-8>\xe9"), "<meta charset=utf-8>é", "it says what it is not");
        assert_eq!(decode(b"charset=nonsense \xe9"), "charset=nonsense é");
    }
}
