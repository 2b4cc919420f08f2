//! How templates put values into words: days, moments, sizes, queries, and code in sentences.

use jiff::Timestamp;
use jiff::civil::Date;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tera::{Kwargs, State, Tera, TeraResult, Value, escape_html};

/// What RFC 3986, section 2.3, leaves as it is.
const UNRESERVED_KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Makes the filters known to `templates`.
pub(super) fn register(templates: &mut Tera) {
    templates.register_filter("day", |given: &str, _: Kwargs, _: &State<'_>| day(given));
    templates.register_filter("moment", |given: &str, _: Kwargs, _: &State<'_>| moment(given));
    templates.register_filter("size", |given: u64, _: Kwargs, _: &State<'_>| size(given));
    templates.register_filter("query", |given: &str, _: Kwargs, _: &State<'_>| query(given));
    templates.register_filter("code", |given: &str, _: Kwargs, _: &State<'_>| code(given));
}

/// `2026-11-24` and `2026-11-24T08:34:05Z` are "24 November 2026", in UTC.
fn day(given: &str) -> TeraResult<String> {
    let form = "%-d %B %Y";
    match given.parse::<Timestamp>() {
        Ok(at) => Ok(at.strftime(form).to_string()),
        Err(_) => Ok(given.parse::<Date>().map_err(tera::Error::message)?.strftime(form).to_string()),
    }
}

/// `2026-11-24T08:34:05Z` is "24 November 2026, 08:34 UTC".
fn moment(given: &str) -> TeraResult<String> {
    let at: Timestamp = given.parse().map_err(tera::Error::message)?;
    Ok(at.strftime("%-d %B %Y, %H:%M UTC").to_string())
}

/// 1,536 is "1.5 kB": powers of a thousand (ISO/IEC 80000-13), one decimal below ten.
fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} {}", if bytes == 1 { "byte" } else { "bytes" });
    }
    // In tenths of the unit, so that no rounding error shows.
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "";
    for next in units {
        if tenths < 9995 {
            break;
        }
        tenths = (tenths + 500) / 1000;
        unit = next;
    }
    match tenths {
        0..100 => format!("{}.{} {unit}", tenths / 10, tenths % 10),
        _ => format!("{} {unit}", (tenths + 5) / 10),
    }
}

/// Text as one value of a query, percent-encoded (RFC 3986, section 2.1).
fn query(given: &str) -> String {
    utf8_percent_encode(given, UNRESERVED_KEPT).to_string()
}

/// A sentence with `code` in backticks as HTML; everything else is escaped.
fn code(given: &str) -> TeraResult<Value> {
    let mut html = Vec::with_capacity(given.len() + 32);
    let mut parts = given.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        // A backtick that nothing closes is only a character.
        let lone = is_code && parts.peek().is_none();
        let (before, after): (&[u8], &[u8]) = match (is_code, lone) {
            (true, false) => (b"<code>", b"</code>"),
            (true, true) => (b"`", b""),
            (false, _) => (b"", b""),
        };
        html.extend_from_slice(before);
        escape_html(part, &mut html).map_err(tera::Error::message)?;
        html.extend_from_slice(after);
        is_code = !is_code;
    }
    let html = String::from_utf8(html).map_err(tera::Error::message)?;
    Ok(Value::safe_string(&html))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_written_out() {
        assert_eq!(day("2026-03-04").unwrap(), "4 March 2026");
        assert_eq!(day("2026-11-24T23:59:59Z").unwrap(), "24 November 2026");
        assert_eq!(moment("2026-11-24T08:34:05.1Z").unwrap(), "24 November 2026, 08:34 UTC");
        assert!(day("soon").is_err());
    }

    #[test]
    fn sizes_have_two_digits_or_three() {
        for (bytes, words) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1000, "1.0 kB"),
            (1536, "1.5 kB"),
            (99_949, "100 kB"),
            (999_400, "999 kB"),
            (999_500, "1.0 MB"),
            (12_345_678, "12 MB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(size(bytes), words, "{bytes}");
        }
    }

    #[test]
    fn code_in_a_sentence_is_marked_and_escaped() {
        let html = |given| code(given).unwrap().as_str().unwrap().to_owned();
        assert_eq!(html("`a<b` links to <x>"), "<code>a&lt;b</code> links to &lt;x&gt;");
        assert_eq!(html("a lone ` stays"), "a lone ` stays");
        assert_eq!(html("``"), "<code></code>");
    }

    #[test]
    fn a_query_holds_nothing_that_ends_it() {
        assert_eq!(query("a b&c=d\"é/~"), "a%20b%26c%3Dd%22%C3%A9%2F~");
    }
}
