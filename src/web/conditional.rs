//! Conditional and range requests (RFC 9110, sections 13 and 14), decided from headers alone.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderValue, header};

/// More ranges than this in one request are passed over: the answer is the whole.
const MOST_RANGES: usize = 32;
/// Ranges with a gap of fewer bytes between them are sent as one: a part of their own would cost more.
const GAP: u64 = 160;
/// A range without a byte.
const NO_BYTE: (u64, u64) = (1, 0);

/// Which part of a representation an answer carries.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Two or more ranges, in the order they were asked for: 206 with `multipart/byteranges`.
    Ranges(Vec<(u64, u64)>),
    /// No byte of it: 416.
    Unsatisfiable,
}

/// What the preconditions come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Answer with this part.
    Send(Part),
    /// The client holds it already: 304, with the entity tag of the form that it holds.
    NotModified(HeaderValue),
    /// The client wanted another version: 412.
    Failed,
}

/// What tells versions apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validators<'v> {
    /// The strong entity tag of the form that would be sent.
    pub(super) tag: &'v HeaderValue,
    /// The tags of all forms of the same bytes: who holds one of them needs no other.
    pub(super) forms: &'v [HeaderValue],
    /// When it was last modified, where that is known.
    pub(super) modified: Option<Modified>,
}

/// A modification date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Modified {
    /// Seconds since 1970.
    pub(super) at: i64,
    /// Whether nothing else had this date (RFC 9110, section 8.8.2.2), so that ranges may rest on it.
    pub(super) strong: bool,
}

impl Modified {
    /// As `Last-Modified` writes it (RFC 9110, section 5.6.7).
    #[must_use]
    pub(super) fn header(self) -> Option<HeaderValue> {
        let since = Duration::from_secs(u64::try_from(self.at).ok()?);
        HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + since)).ok()
    }
}

/// Evaluates `If-Match`, `If-Unmodified-Since`, `If-None-Match`, `If-Modified-Since`, `Range` and `If-Range` in the
/// order of section 13.2.2, for a GET or HEAD of a representation of `size` bytes.
#[must_use]
pub(super) fn evaluate(headers: &HeaderMap, validators: &Validators<'_>, size: u64) -> Outcome {
    if headers.contains_key(header::IF_MATCH) {
        let strong = |tag: &[u8]| tag == b"*" || validators.forms.iter().any(|form| form.as_bytes() == tag);
        if !tags(headers, header::IF_MATCH).any(strong) {
            return Outcome::Failed;
        }
    } else if let Some((date, modified)) = dates(headers, header::IF_UNMODIFIED_SINCE, validators)
        && modified.at > date
    {
        return Outcome::Failed;
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        for tag in tags(headers, header::IF_NONE_MATCH) {
            // Weak comparison (section 8.8.3.2).
            let tag = tag.strip_prefix(b"W/").unwrap_or(tag);
            let held = validators.forms.iter().find(|form| form.as_bytes() == tag);
            if let Some(held) = held.or((tag == b"*").then_some(validators.tag)) {
                return Outcome::NotModified(held.clone());
            }
        }
    } else if let Some((date, modified)) = dates(headers, header::IF_MODIFIED_SINCE, validators)
        && modified.at <= date
    {
        return Outcome::NotModified(validators.tag.clone());
    }
    let Some(range) = headers.get(header::RANGE) else { return Outcome::Send(Part::Whole) };
    let same = match headers.get(header::IF_RANGE) {
        None => true,
        Some(version) if version == validators.tag => true,
        Some(_) => dates(headers, header::IF_RANGE, validators)
            .is_some_and(|(date, modified)| modified.strong && modified.at == date),
    };
    Outcome::Send(if same { part(range, size) } else { Part::Whole })
}

/// The members of a list header, over all its lines.
fn tags(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line.as_bytes().split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
}

/// The date in a header, in seconds since 1970, and ours; what is no date is passed over.
fn dates(
    headers: &HeaderMap,
    name: header::HeaderName,
    validators: &Validators<'_>,
) -> Option<(i64, Modified)> {
    let modified = validators.modified?;
    let date = httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok()?;
    let since = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some((i64::try_from(since.as_secs()).ok()?, modified))
}

/// The ranges of a `Range` header. Other units, too many ranges and what does not parse are passed over, as
/// section 14.2 allows: the answer is the whole. Ranges that overlap or nearly touch are sent as one.
fn part(range: &HeaderValue, size: u64) -> Part {
    let text = range.to_str().unwrap_or_default();
    let Some((unit, ranges)) = text.split_once('=') else { return Part::Whole };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Part::Whole;
    }
    let mut satisfiable: Vec<(u64, u64)> = Vec::new();
    for (at, spec) in ranges.split(',').map(str::trim).filter(|spec| !spec.is_empty()).enumerate() {
        match one(spec, size) {
            Some(_) if at == MOST_RANGES => return Part::Whole,
            None => return Part::Whole,
            Some((first, last)) if first > last => {}
            Some(range) => join(&mut satisfiable, range),
        }
    }
    match satisfiable[..] {
        [] if ranges.split(',').all(|spec| spec.trim().is_empty()) => Part::Whole,
        [] => Part::Unsatisfiable,
        [(first, last)] => Part::Range { first, last },
        _ => Part::Ranges(satisfiable),
    }
}

/// One range: `None` does not parse; one that ends before it begins has no byte of the representation.
fn one(spec: &str, size: u64) -> Option<(u64, u64)> {
    let (first, last) = spec.split_once('-')?;
    let (first, last) = (first.trim(), last.trim());
    if first.is_empty() {
        let length = number(last)?;
        let any = length > 0 && size > 0;
        return Some(if any { (size.saturating_sub(length), size - 1) } else { NO_BYTE });
    }
    let first = number(first)?;
    let last = if last.is_empty() { u64::MAX } else { number(last)? };
    if first > last {
        return None;
    }
    Some(if first < size { (first, last.min(size - 1)) } else { NO_BYTE })
}

/// Adds a range, as one with those that it overlaps or nearly touches.
fn join(ranges: &mut Vec<(u64, u64)>, (mut first, mut last): (u64, u64)) {
    // What grows may reach others.
    while let Some(at) = ranges
        .iter()
        .position(|&(start, end)| first <= end.saturating_add(GAP) && start <= last.saturating_add(GAP))
    {
        let (start, end) = ranges.remove(at);
        (first, last) = (first.min(start), last.max(end));
    }
    ranges.push((first, last));
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
        let forms = [ETAG, HeaderValue::from_static("\"abc-br\"")];
        let modified = Some(Modified { at: 1_795_507_200, strong: true }); // Tue, 24 Nov 2026 08:00:00 GMT
        evaluate(&pairs.collect(), &Validators { tag: &ETAG, forms: &forms, modified }, size)
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let range = |first, last| Outcome::Send(Part::Range { first, last });
        let whole = || Outcome::Send(Part::Whole);
        let none = || Outcome::Send(Part::Unsatisfiable);
        for (value, outcome) in [
            ("bytes=0-0", range(0, 0)),
            ("bytes=0-", range(0, 9)),
            ("bytes=5-100", range(5, 9)),
            ("bytes=-3", range(7, 9)),
            ("bytes=-100", range(0, 9)),
            ("BYTES=2-4", range(2, 4)),
            ("bytes=10-", none()),
            ("bytes=10-12", none()),
            ("bytes=-0", none()),
            ("bytes=99999999999999999999999-", none()),
            ("bytes=4-2", whole()),
            ("bytes=a-b", whole()),
            ("bytes=--1", whole()),
            ("bytes=+1-2", whole()),
            ("lines=0-1", whole()),
            ("bytes", whole()),
        ] {
            assert_eq!(with(&[(header::RANGE, value)], 10), outcome, "{value}");
        }
        assert_eq!(with(&[(header::RANGE, "bytes=0-")], 0), none());
        assert_eq!(with(&[(header::RANGE, "bytes=-1")], 0), none());
    }

    #[test]
    fn preconditions_go_before_ranges() {
        let range = (header::RANGE, "bytes=0-1");
        assert_eq!(
            with(&[(header::IF_NONE_MATCH, "\"x\", W/\"abc\""), range.clone()], 10),
            Outcome::NotModified(ETAG)
        );
        assert_eq!(with(&[(header::IF_NONE_MATCH, "*")], 10), Outcome::NotModified(ETAG));
        let coded = HeaderValue::from_static("\"abc-br\"");
        assert_eq!(with(&[(header::IF_NONE_MATCH, "\"abc-br\"")], 10), Outcome::NotModified(coded));
        assert_eq!(with(&[(header::IF_NONE_MATCH, "\"abcd\"")], 10), Outcome::Send(Part::Whole));
        assert_eq!(with(&[(header::IF_MATCH, "\"x\""), range.clone()], 10), Outcome::Failed);
        assert_eq!(with(&[(header::IF_MATCH, "W/\"abc\"")], 10), Outcome::Failed);
        assert_eq!(with(&[(header::IF_MATCH, "\"abc\"")], 10), Outcome::Send(Part::Whole));
        assert_eq!(with(&[(header::IF_RANGE, "\"old\""), range.clone()], 10), Outcome::Send(Part::Whole));
        let same = Outcome::Send(Part::Range { first: 0, last: 1 });
        assert_eq!(with(&[(header::IF_RANGE, "\"abc\""), range], 10), same);
    }

    #[test]
    fn dates_count_where_there_is_no_tag() {
        let (before, at, after) = (
            "Tue, 24 Nov 2026 07:59:59 GMT",
            "Tue, 24 Nov 2026 08:00:00 GMT",
            "Tuesday, 24-Nov-26 09:00:00 GMT",
        );
        let send = Outcome::Send(Part::Whole);
        for (header, date, outcome) in [
            (header::IF_MODIFIED_SINCE, before, send.clone()),
            (header::IF_MODIFIED_SINCE, at, Outcome::NotModified(ETAG)),
            (header::IF_MODIFIED_SINCE, after, Outcome::NotModified(ETAG)),
            (header::IF_MODIFIED_SINCE, "yesterday", send.clone()),
            (header::IF_UNMODIFIED_SINCE, before, Outcome::Failed),
            (header::IF_UNMODIFIED_SINCE, at, send.clone()),
            (header::IF_UNMODIFIED_SINCE, after, send.clone()),
        ] {
            assert_eq!(with(&[(header.clone(), date)], 10), outcome, "{header} {date}");
        }
        let tag = (header::IF_NONE_MATCH, "\"x\"");
        assert_eq!(with(&[tag, (header::IF_MODIFIED_SINCE, after)], 10), send, "the tag decides");
        let range = (header::RANGE, "bytes=0-1");
        let part = Outcome::Send(Part::Range { first: 0, last: 1 });
        assert_eq!(with(&[range.clone(), (header::IF_RANGE, at)], 10), part);
        assert_eq!(with(&[range.clone(), (header::IF_RANGE, after)], 10), send);
        assert_eq!(with(&[range, (header::IF_RANGE, before)], 10), send);
    }

    #[test]
    fn many_ranges_are_bounded_and_joined() {
        let ranges = |value: String| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, HeaderValue::from_str(&value).unwrap());
            let validators = Validators { tag: &ETAG, forms: &[ETAG], modified: None };
            evaluate(&headers, &validators, 10_000)
        };
        let of = |value: &str| ranges(format!("bytes={value}"));
        let parts = |list: &[(u64, u64)]| Outcome::Send(Part::Ranges(list.to_vec()));
        assert_eq!(of("0-1, 5000-5001"), parts(&[(0, 1), (5000, 5001)]));
        assert_eq!(of("5000-5001,0-1,-1"), parts(&[(5000, 5001), (0, 1), (9999, 9999)]));
        assert_eq!(of("0-1,20000-"), Outcome::Send(Part::Range { first: 0, last: 1 }));
        assert_eq!(of("20000-,30000-"), Outcome::Send(Part::Unsatisfiable));
        assert_eq!(of("0-1,3-4"), Outcome::Send(Part::Range { first: 0, last: 4 }));
        assert_eq!(of("0-1,4000-4001,1-3999"), Outcome::Send(Part::Range { first: 0, last: 4001 }));
        assert_eq!(of("0-1,x"), Outcome::Send(Part::Whole));
        assert_eq!(of(","), Outcome::Send(Part::Whole));
        let many: Vec<String> = (0..=MOST_RANGES).map(|n| format!("{0}-{0}", n * 300)).collect();
        assert_eq!(of(&many.join(",")), Outcome::Send(Part::Whole));
    }
}
