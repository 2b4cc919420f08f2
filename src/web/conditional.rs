//! Conditional and range requests (RFC 9110, sections 13 and 14), decided from headers alone.

use http::{HeaderMap, HeaderValue, header};

/// Which part of a representation an answer carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// All of it: 200.
    Whole,
    /// From the first to the last byte, both included: 206.
    Range {
        /// The first byte.
        first: u64,
        /// The last byte.
        last: u64,
    },
    /// No byte of it: 416.
    Unsatisfiable,
}

/// What the preconditions come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Answer with this part.
    Send(Part),
    /// The client holds it already: 304.
    NotModified,
    /// The client wanted another version: 412.
    Failed,
}

/// Evaluates `If-Match`, `If-None-Match`, `Range` and `If-Range` in the order of section 13.2.2, for a GET or HEAD
/// of a representation of `size` bytes with the strong entity tag `etag`. There are no modification dates to compare:
/// `If-Range` with a date never matches.
#[must_use]
pub(super) fn evaluate(headers: &HeaderMap, etag: &HeaderValue, size: u64) -> Outcome {
    // Most requests carry none of the four.
    if let Some(wanted) = list(headers, header::IF_MATCH)
        && !wanted.split(',').any(|tag| tag.trim() == "*" || tag.trim().as_bytes() == etag.as_bytes())
    {
        return Outcome::Failed;
    }
    if let Some(held) = list(headers, header::IF_NONE_MATCH)
        && held.split(',').any(|tag| matches(tag.trim(), etag))
    {
        return Outcome::NotModified;
    }
    let Some(range) = headers.get(header::RANGE) else { return Outcome::Send(Part::Whole) };
    let same = headers.get(header::IF_RANGE).is_none_or(|version| version == etag);
    Outcome::Send(if same { part(range, size) } else { Part::Whole })
}

/// All lines of a list header as one, or nothing.
fn list(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    let mut lines = headers.get_all(name).iter().map(|line| String::from_utf8_lossy(line.as_bytes()));
    let first = lines.next()?.into_owned();
    Some(lines.fold(first, |all, line| all + "," + &line))
}

/// Weak comparison (section 8.8.3.2).
fn matches(tag: &str, etag: &HeaderValue) -> bool {
    tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
}

/// One byte range. Several ranges, other units and what does not parse are passed over, as section 14.2 allows: the
/// answer is the whole.
fn part(range: &HeaderValue, size: u64) -> Part {
    let parsed = range.to_str().ok().and_then(|text| {
        let (unit, ranges) = text.split_once('=')?;
        let (first, last) = ranges.trim().split_once('-')?;
        (unit.trim().eq_ignore_ascii_case("bytes") && !ranges.contains(','))
            .then_some((first.trim(), last.trim()))
    });
    match parsed {
        Some(("", suffix)) => match number(suffix) {
            Some(0) => Part::Unsatisfiable,
            Some(_) if size == 0 => Part::Unsatisfiable,
            Some(length) => Part::Range { first: size.saturating_sub(length), last: size - 1 },
            None => Part::Whole,
        },
        Some((first, last)) => match (number(first), last, number(last)) {
            (Some(first), "", _) if first < size => Part::Range { first, last: size - 1 },
            (Some(first), _, Some(last)) if first <= last && first < size => {
                Part::Range { first, last: last.min(size - 1) }
            }
            (Some(first), _, Some(last)) if first > last => Part::Whole,
            (Some(_), "", _) | (Some(_), _, Some(_)) => Part::Unsatisfiable,
            _ => Part::Whole,
        },
        None => Part::Whole,
    }
}

fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than a u64 has are beyond the end of any file.
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: HeaderValue = HeaderValue::from_static("\"abc\"");

    fn with(headers: &[(header::HeaderName, &'static str)], size: u64) -> Outcome {
        let pairs = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        evaluate(&pairs.collect(), &ETAG, size)
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let range = |first, last| Outcome::Send(Part::Range { first, last });
        let whole = Outcome::Send(Part::Whole);
        let none = Outcome::Send(Part::Unsatisfiable);
        for (value, outcome) in [
            ("bytes=0-0", range(0, 0)),
            ("bytes=0-", range(0, 9)),
            ("bytes=5-100", range(5, 9)),
            ("bytes=-3", range(7, 9)),
            ("bytes=-100", range(0, 9)),
            ("BYTES=2-4", range(2, 4)),
            ("bytes=10-", none),
            ("bytes=10-12", none),
            ("bytes=-0", none),
            ("bytes=99999999999999999999999-", none),
            ("bytes=4-2", whole),
            ("bytes=0-1,3-4", whole),
            ("bytes=a-b", whole),
            ("bytes=--1", whole),
            ("bytes=+1-2", whole),
            ("lines=0-1", whole),
            ("bytes", whole),
        ] {
            assert_eq!(with(&[(header::RANGE, value)], 10), outcome, "{value}");
        }
        assert_eq!(with(&[(header::RANGE, "bytes=0-")], 0), none);
        assert_eq!(with(&[(header::RANGE, "bytes=-1")], 0), none);
    }

    #[test]
    fn preconditions_go_before_ranges() {
        let range = (header::RANGE, "bytes=0-1");
        assert_eq!(
            with(&[(header::IF_NONE_MATCH, "\"x\", W/\"abc\""), range.clone()], 10),
            Outcome::NotModified
        );
        assert_eq!(with(&[(header::IF_NONE_MATCH, "*")], 10), Outcome::NotModified);
        assert_eq!(with(&[(header::IF_NONE_MATCH, "\"abcd\"")], 10), Outcome::Send(Part::Whole));
        assert_eq!(with(&[(header::IF_MATCH, "\"x\""), range.clone()], 10), Outcome::Failed);
        assert_eq!(with(&[(header::IF_MATCH, "W/\"abc\"")], 10), Outcome::Failed);
        assert_eq!(with(&[(header::IF_MATCH, "\"abc\"")], 10), Outcome::Send(Part::Whole));
        assert_eq!(with(&[(header::IF_RANGE, "\"old\""), range.clone()], 10), Outcome::Send(Part::Whole));
        let date = (header::IF_RANGE, "Tue, 24 Nov 2026 08:00:00 GMT");
        assert_eq!(with(&[date, range.clone()], 10), Outcome::Send(Part::Whole));
        let same = Outcome::Send(Part::Range { first: 0, last: 1 });
        assert_eq!(with(&[(header::IF_RANGE, "\"abc\""), range], 10), same);
    }
}
