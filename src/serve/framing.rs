//! The framing of HTTP/1 requests (RFC 9112, sections 2.2, 3.2, 6 and 7.1), read strictly before hyper reads it.
//!
//! hyper drops a `Content-Length` beside a `Transfer-Encoding`, keeps the first of two `Host` headers and takes a
//! bare LF for a line's end. A proxy in front of us may see such a request otherwise than we do, which is how
//! requests are smuggled; so whatever is ambiguous is refused here. This scanner only counts and checks; it passes
//! bytes on as they are.

use memchr::memchr;

/// Longest line that opens a chunk, and longest trailer section, in bytes.
const CHUNK_LINE: usize = 256;
const TRAILERS: usize = 8 << 10;

/// Why a connection's bytes are not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Violation {
    /// Ambiguous or malformed framing: 400.
    Malformed,
    /// A head over its limit: 431.
    HeadTooLarge,
    /// A head that did not arrive in time: 408.
    HeadTooSlow,
}

/// Where in a request the next byte belongs.
#[derive(Debug)]
enum Place {
    /// In a head, of which nothing is passed on until it is whole.
    Head,
    /// In a body of known length, with this much to come.
    Body(u64),
    /// In the line that opens a chunk, with its bytes so far.
    ChunkLine(Vec<u8>),
    /// In a chunk's data, with this much to come.
    ChunkData(u64),
    /// After a chunk's data: CRLF, of which `true` says that CR was seen.
    ChunkEnd(bool),
    /// In the trailer section: bytes so far, and those of the line.
    Trailers { total: usize, line: usize, after_cr: bool },
    /// HTTP/2 took over.
    Http2,
}

/// Follows the bytes of one connection.
#[derive(Debug)]
pub(super) struct Framing {
    place: Place,
    first: bool,
    longest_head: usize,
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl Framing {
    pub(super) fn new(longest_head: usize) -> Self {
        Self { place: Place::Head, first: true, longest_head }
    }

    /// Whether the next byte would be the first of a new head.
    pub(super) fn between_requests(&self) -> bool {
        matches!(self.place, Place::Head)
    }

    pub(super) fn is_http2(&self) -> bool {
        matches!(self.place, Place::Http2)
    }

    /// How many of `bytes`, which start where the last call's answer ended, may be passed on.
    pub(super) fn accept(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let mut done = 0;
        while done < bytes.len() {
            let step = self.step(&bytes[done..])?;
            if step == 0 {
                break;
            }
            done += step;
        }
        Ok(done)
    }

    fn step(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        match &mut self.place {
            Place::Http2 => Ok(bytes.len()),
            Place::Head => self.head(bytes),
            Place::Body(left) => {
                let taken = take(left, bytes.len());
                if *left == 0 {
                    self.place = Place::Head;
                }
                Ok(taken)
            }
            Place::ChunkData(left) => {
                let taken = take(left, bytes.len());
                if *left == 0 {
                    self.place = Place::ChunkEnd(false);
                }
                Ok(taken)
            }
            Place::ChunkEnd(after_cr) => match (*after_cr, bytes[0]) {
                (false, b'\r') => {
                    *after_cr = true;
                    Ok(1)
                }
                (true, b'\n') => {
                    self.place = Place::ChunkLine(Vec::new());
                    Ok(1)
                }
                _ => Err(Violation::Malformed),
            },
            Place::ChunkLine(line) => {
                let end = memchr(b'\n', bytes);
                line.extend_from_slice(&bytes[..end.map_or(bytes.len(), |end| end + 1)]);
                if line.len() > CHUNK_LINE {
                    return Err(Violation::Malformed);
                }
                let Some(end) = end else { return Ok(bytes.len()) };
                self.place = match chunk_size(line)? {
                    0 => Place::Trailers { total: 0, line: 0, after_cr: false },
                    size => Place::ChunkData(size),
                };
                Ok(end + 1)
            }
            Place::Trailers { total, line, after_cr } => {
                let byte = bytes[0];
                *total += 1;
                if *total > TRAILERS || (byte == b'\n') != *after_cr {
                    return Err(Violation::Malformed);
                }
                let empty_line = byte == b'\n' && *line == 0;
                *after_cr = byte == b'\r';
                *line = match byte {
                    b'\n' => 0,
                    b'\r' => *line,
                    _ => *line + 1,
                };
                if empty_line {
                    self.place = Place::Head;
                }
                Ok(1)
            }
        }
    }

    /// Passes on a head when all of it is there.
    fn head(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        if self.first && PREFACE.starts_with(&bytes[..bytes.len().min(PREFACE.len())]) {
            if bytes.len() < PREFACE.len() {
                return Ok(0);
            }
            self.place = Place::Http2;
            return Ok(bytes.len());
        }
        // Empty lines before a request are passed over, as section 2.2 asks.
        if bytes.starts_with(b"\r\n") {
            return Ok(2);
        }
        let Some(length) = head_length(bytes)? else {
            return if bytes.len() > self.longest_head { Err(Violation::HeadTooLarge) } else { Ok(0) };
        };
        if length > self.longest_head {
            return Err(Violation::HeadTooLarge);
        }
        self.first = false;
        self.place = body_of(&bytes[..length])?;
        Ok(length)
    }
}

fn take(left: &mut u64, available: usize) -> usize {
    let taken = usize::try_from(*left).map_or(available, |left| left.min(available));
    *left -= taken as u64;
    taken
}

/// The length of the head that `bytes` starts with, its empty line included; every line must end with CRLF.
fn head_length(bytes: &[u8]) -> Result<Option<usize>, Violation> {
    let mut start = 0;
    while let Some(offset) = memchr(b'\n', &bytes[start..]) {
        let end = start + offset;
        if end == 0 || bytes[end - 1] != b'\r' {
            return Err(Violation::Malformed);
        }
        if end - start == 1 {
            return Ok(Some(end + 1));
        }
        start = end + 1;
    }
    Ok(None)
}

/// What follows a head (RFC 9112, section 6.3), refusing what two readers could read in two ways.
fn body_of(head: &[u8]) -> Result<Place, Violation> {
    let mut lines = head.split(|&byte| byte == b'\n');
    let request_line = lines.next().unwrap_or_default();
    let (mut hosts, mut length, mut chunked) = (0, None, false);
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        // A line that starts with white space continues the one before it (obs-fold), for some readers.
        if matches!(line.first(), Some(b' ' | b'\t')) || line.contains(&b'\r') {
            return Err(Violation::Malformed);
        }
        let Some(colon) = memchr(b':', line) else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"host") {
            hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let digits = !value.is_empty() && value.len() <= 18 && value.iter().all(u8::is_ascii_digit);
            if length.is_some() || !digits {
                return Err(Violation::Malformed);
            }
            length = Some(value.iter().fold(0, |sum: u64, digit| sum * 10 + u64::from(digit - b'0')));
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") || !request_line.ends_with(b"HTTP/1.1\r") {
                return Err(Violation::Malformed);
            }
            chunked = true;
        }
    }
    match (hosts, length, chunked) {
        (2.., _, _) | (_, Some(_), true) => Err(Violation::Malformed),
        (_, _, true) => Ok(Place::ChunkLine(Vec::new())),
        (_, None | Some(0), false) => Ok(Place::Head),
        (_, Some(length), false) => Ok(Place::Body(length)),
    }
}

/// The size that a chunk's first line gives; extensions are passed over, a bare CR or LF is refused.
fn chunk_size(line: &[u8]) -> Result<u64, Violation> {
    let line = line.strip_suffix(b"\r\n").ok_or(Violation::Malformed)?;
    if line.contains(&b'\r') || line.contains(&b'\n') {
        return Err(Violation::Malformed);
    }
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default();
    let digits = digits.strip_suffix(b" ").unwrap_or(digits);
    let text = std::str::from_utf8(digits).map_err(|_| Violation::Malformed)?;
    let plain = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !plain {
        return Err(Violation::Malformed);
    }
    u64::from_str_radix(text, 16).map_err(|_| Violation::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8]) -> Result<usize, Violation> {
        Framing::new(64 << 10).accept(bytes)
    }

    #[test]
    fn whole_requests_pass_and_partial_heads_wait() {
        let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(all(get), Ok(get.len()));
        assert_eq!(all(&get[..get.len() - 1]), Ok(0));
        let two = [get.as_slice(), b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET"].concat();
        assert_eq!(all(&two), Ok(two.len() - 3));
    }

    #[test]
    fn chunks_pass_with_extensions_and_trailers() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let good =
            format!("{head}3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\n\r\n");
        assert_eq!(all(good.as_bytes()), Ok(good.len()));
        for bad in [
            "3\nabc\r\n0\r\n\r\n",
            "3\r\nabc\n0\r\n\r\n",
            "3\r\nabcd\r\n0\r\n\r\n",
            "3;a\nb\r\nabc\r\n0\r\n\r\n",
            "3;a\rb\r\nabc\r\n",
            "0\r\nX: y\n\r\n",
            "0\r\n\n",
            "-1\r\n",
            "+3\r\nabc\r\n",
            "0x3\r\nabc\r\n",
            "\r\n",
            "fffffffffffffffff\r\n",
        ] {
            let request = format!("{head}{bad}");
            assert_eq!(all(request.as_bytes()), Err(Violation::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn ambiguous_heads_are_refused() {
        for bad in [
            "Host: a\r\nHost: a\r\n",
            "Host: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n",
            "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n",
            "Host: a\r\nTransfer-Encoding: identity\r\n",
            "Host: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
            "Host: a\r\nContent-Length: 1, 1\r\n",
            "Host: a\r\nContent-Length: +1\r\n",
            "Host: a\r\nContent-Length:\r\n",
            "Host: a\nX: y\r\n",
            "Host: a\r\n folded: x\r\n",
            "Host: a\rX: y\r\n",
        ] {
            let request = format!("POST / HTTP/1.1\r\n{bad}\r\n");
            assert_eq!(all(request.as_bytes()), Err(Violation::Malformed), "{bad:?}");
        }
        let old = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(all(old), Err(Violation::Malformed));
    }

    #[test]
    fn a_head_has_a_limit() {
        let head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(100));
        assert_eq!(Framing::new(100).accept(head.as_bytes()), Err(Violation::HeadTooLarge));
        assert_eq!(Framing::new(100).accept(&head.as_bytes()[..101]), Err(Violation::HeadTooLarge));
        assert_eq!(Framing::new(200).accept(head.as_bytes()), Ok(head.len()));
    }

    #[test]
    fn http2_is_passed_through() {
        let mut framing = Framing::new(100);
        assert_eq!(framing.accept(&PREFACE[..10]), Ok(0));
        assert_eq!(framing.accept(PREFACE), Ok(PREFACE.len()));
        assert_eq!(framing.accept(&[0; 500]), Ok(500));
    }

    proptest! {
        #[test]
        fn the_answer_does_not_depend_on_how_the_bytes_arrive(
            requests in prop::collection::vec(prop::sample::select(vec![
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4;e\r\nabcd\r\n0\r\nT: v\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\nabcd\r\n0\r\n\r\n",
            ]), 1..4),
            size in 1_usize..20,
        ) {
            let bytes = requests.concat().into_bytes();
            let whole = all(&bytes);
            let mut framing = Framing::new(64 << 10);
            let (mut passed, mut arrived, mut piecewise) = (0, 0, Ok(0));
            while arrived < bytes.len() {
                arrived = (arrived + size).min(bytes.len());
                match framing.accept(&bytes[passed..arrived]) {
                    Ok(more) => { passed += more; piecewise = Ok(passed); }
                    Err(violation) => { piecewise = Err(violation); break; }
                }
            }
            prop_assert_eq!(whole, piecewise);
        }
    }
}
